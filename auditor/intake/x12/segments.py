"""From the bytes of an X12 file to frames of segments, a bounded piece at a time.

Every interchange may have delimiters of its own. They are replaced by control characters of one
kind on the way, so that everything after this module splits the same way, whatever the file uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import InputRejected
from auditor.intake.textfile import decoded
from auditor.intake.x12 import delimiters
from auditor.intake.x12.delimiters import LOOK, Delimiters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.intake.content import Content
    from auditor.intake.scanning import Scan

ELEMENT, COMPONENT, _SEGMENT = "\x1f", "\x1e", "\x1d"
BLOCK = 16 << 20  # bytes of text that are split at one time
MOST_SEGMENT = 1 << 20  # bytes; the longest honest one (K3, NTE, PWK) has a few hundred

_OURS = (ELEMENT, COMPONENT, _SEGMENT)
_STRAY = "\x01"  # stands for those of our marks that an element holds; no honest one does
_BLANK = " \t\0\x1a\x0b\x0c\r\n"
_ASCII = 128

ENVELOPE = ("ISA", "TA1", "GS", "ST", "SE", "GE", "IEA")
_KNOWN = (
    *ENVELOPE, "BHT", "NM1", "N2", "N3", "N4", "PER", "HL", "PRV", "CUR", "REF", "SBR", "PAT",
    "DMG", "CLM", "DTP", "PWK", "CN1", "AMT", "K3", "NTE", "CR1", "CR2", "CR3", "CR4", "CR5",
    "CR6", "CR7", "CR8", "CRC", "HI", "HCP", "HSD", "CAS", "OI", "MIA", "MOA", "LX", "SV1", "SV2",
    "SV3", "SV4", "SV5", "SV6", "SV7", "QTY", "MEA", "PS1", "LIN", "CTP", "SVD", "LQ", "FRM",
    "CL1", "DN1", "DN2", "DSB", "UR", "TOO", "IMM",
)  # fmt: skip
ID = pl.Enum(_KNOWN)
"""The segments that the 837 of version 5010 has, and those around it."""


def segments(content: Content, scan: Scan) -> Iterator[pl.DataFrame]:
    """All segments in order, some at a time: n (from 1), text, id (ID; null: unknown).

    Blank segments are left out, and not counted. Raises InputRejected where what should be a
    segment has no end, or an ISA does not say its delimiters.
    """
    n = 1
    parts: list[bytes] = []
    size = 0
    for text in _texts(content, scan):
        parts.append(text)
        size += len(text)
        if size >= BLOCK:
            yield (frame := _split(b"".join(parts), n))
            n += frame.height
            parts, size = [], 0
    if parts:
        yield _split(b"".join(parts), n)


def _split(text: bytes, first: int) -> pl.DataFrame:
    parts = pl.Series("text", [text.decode()]).str.split(_SEGMENT).explode()
    frame = parts.str.strip_chars_start(_BLANK).to_frame().filter(pl.col("text") != "")
    # The fourth character of an id of three is a delimiter: 'CLMX' is no CLM.
    name = pl.col("text").str.head(4).str.split_exact(ELEMENT, 1).struct.field("field_0")
    return frame.with_row_index("n", first).select("n", "text", id=name.cast(ID, strict=False))


def _texts(content: Content, scan: Scan) -> Iterator[bytes]:
    """The text in pieces of whole segments, with delimiters of our own.

    What is within LOOK bytes of the end of what was read so far waits for more of it.
    """
    marks: Delimiters | None = None
    held, at = b"", 0
    for piece, last in _pieces(content, scan):
        held, at = held[at:] + piece, 0
        ready = len(held) if last else max(len(held) - LOOK, 0)
        while at < ready:
            if marks is None:
                at = len(held) - len(held.lstrip(delimiters.BLANKS))
                marks = delimiters.read(held[at : at + LOOK], content.name, "the file")
            elif delimiters.begins(held[at : at + LOOK]):
                start = held[at : at + LOOK].lstrip(delimiters.BLANKS)
                marks = delimiters.read(start, content.name, "a later interchange")
            end = _foreign(held, at, ready, marks, content.name)
            if not end:
                end = len(held) if last else held.rfind(marks.segment.encode(), at, ready) + 1
            if not end:
                break
            yield _ours(held[at:end], marks)
            at = end
        if len(held) - at > MOST_SEGMENT:
            raise InputRejected(
                f"A segment of the X12 file is longer than {MOST_SEGMENT >> 20} MiB: the file is"
                " damaged, or no claim file.",
                where=content.name,
                next_step="Get the file again from where it comes from.",
            )


def _pieces(content: Content, scan: Scan) -> Iterator[tuple[bytes, bool]]:
    """The decoded text in pieces that end anywhere, and whether it is the last one."""
    held = b""
    for piece in decoded(content, scan):
        if held:
            yield held, False
        held = piece
    yield held, True


def _foreign(text: bytes, begin: int, end: int, marks: Delimiters, where: str) -> int:
    """Where the first interchange with other delimiters begins before `end`; 0 for none."""
    for at in delimiters.places(text, begin, marks):
        if at >= end:
            break
        start = text[at : at + LOOK]
        if delimiters.alike(start, marks):
            continue
        if delimiters.read(start, where, "a later interchange") != marks:
            return at
    return 0


def _ours(text: bytes, marks: Delimiters) -> bytes:
    """`text` with our delimiters; line ends go, unless they end segments."""
    gone = b"\r" if marks.segment == "\n" else b"\r\n"
    table = dict.fromkeys(map(ord, _OURS), _STRAY)
    table |= dict(zip(map(ord, marks), _OURS, strict=True))
    if max(table) < _ASCII:  # each mark is one byte of the text
        every = bytearray(range(256))
        for code, own in table.items():
            every[code] = ord(own)
        return text.translate(bytes(every), gone)
    return text.decode().translate(dict.fromkeys(gone) | table).encode()
