"""What divides the segments, elements and components of an interchange: its ISA says so.

The ISA is the one segment of fixed width, so its places tell the characters. A file may be one
line, one segment a line, or cut into lines of any width without regard to segments, so line ends
count as nothing unless they are the segment terminator themselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from auditor.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK = 512
"""Bytes from an ISA on that surely hold all of it, line ends and the next segment's id too."""
BLANKS = b"\xef\xbb\xbf\0 \t\r\n"
"""What may stand before the first ISA."""

_ISA = rb"I[\r\n]*S[\r\n]*A[\r\n]*(?:[^\w\s]|\t)"
_START = re.compile(rb"[\xef\xbb\xbf\xff\xfe\s]*" + _ISA)
_ANY = re.compile(_ISA)
_WIDTH = 105  # characters of the ISA before its terminator
_ELEMENTS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_COMPONENT = 104
_GAP = 64  # blanks between two interchanges
_NEXT_ID = re.compile(r"[A-Z][A-Z0-9]{1,2}")


class Delimiters(NamedTuple):
    """The characters of one interchange."""

    element: str
    component: str
    segment: str


def begins(start: bytes) -> bool:
    """Whether a file of which `start` are the first bytes is X12, well formed or not."""
    return _START.match(start[:LOOK].replace(b"\0", b"")) is not None


def places(text: bytes, begin: int, marks: Delimiters) -> Iterator[int]:
    """Where interchanges begin in `text` behind `begin`, each after a segment's end."""
    end = marks.segment.encode()
    for found in _ANY.finditer(text, begin + 1):
        before = text[max(begin, found.start() - _GAP) : found.start()]
        if before.rstrip(BLANKS.replace(end, b"")).endswith(end):
            yield found.start()


def alike(start: bytes, marks: Delimiters) -> bool:
    """Whether an interchange plainly has the delimiters `marks`: a cheap look, for many of them."""
    mark = f"{marks.element}{marks.component}{marks.segment}".encode()
    return start[_ELEMENTS[-1] : _COMPONENT + 2] == mark and start[3:4] == mark[:1]


def read(start: bytes, where: str, which: str) -> Delimiters:
    """The delimiters of the interchange that begins with `start`.

    Raises InputRejected where its ISA is not laid out as the standard has it; `which` names the
    interchange.
    """
    text = start[:LOOK].decode(errors="replace")
    at = [place for place, mark in enumerate(text) if mark not in "\r\n"]
    marks = None
    if len(at) > _WIDTH:
        line_end = text[at[_WIDTH - 1] + 1] in "\r\n" and _NEXT_ID.match(text[at[_WIDTH] :])
        marks = _checked(text, at, "\n" if line_end else text[at[_WIDTH]])
    elif len(at) == _WIDTH:
        marks = _checked(text, at, "\n")
    if marks is None:
        raise InputRejected(
            f"The ISA segment of {which} is damaged or cut short: its elements do not stand in the"
            " places that the X12 standard fixes.",
            where=where,
            next_step="Get the file again from where it comes from.",
        )
    return marks


def _checked(text: str, at: list[int], segment: str) -> Delimiters | None:
    """The delimiters, where the ISA that stands in the places `at` of `text` is sound."""
    isa = [text[place] for place in at[:_WIDTH]]
    marks = Delimiters(isa[_ELEMENTS[0]], isa[_COMPONENT], segment)
    sound = (
        isa[:3] == ["I", "S", "A"]
        and all(isa[place] == marks.element for place in _ELEMENTS)
        and isa.count(marks.element) == len(_ELEMENTS)
        and len(set(marks)) == len(marks)
        and not any(mark.isalnum() or mark in " \0\r" for mark in marks)
        and "\n" not in marks[:2]
    )
    return marks if sound else None
