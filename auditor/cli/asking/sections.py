"""A page of short sections: a heading, and paragraphs below it that fit the width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

INDENT = 2


def section(title: str, paragraphs: Iterable[str]) -> Iterator[str]:
    """The heading and what stands under it; nothing where that is nothing."""
    told = [text for text in paragraphs if text]
    if told:
        yield f"\n{title}"
        for text in told:
            yield from paragraph(text)


def paragraph(text: str) -> Iterator[str]:
    """`text` broken to the width; parts that a blank line parts stay apart."""
    for part in text.split("\n\n"):
        yield output.wrapped(" ".join(part.split()), INDENT)


def codes(found: Sequence[str], most: int | None) -> str:
    """Codes in a row, and how many more there are where `most` cuts them off."""
    if most is None or len(found) <= most:
        return ", ".join(found)
    return f"{', '.join(found[:most])} and {len(found) - most:,} more (--all shows them)"


def sentence(text: str) -> str:
    """`text` with a capital letter and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def counted(number: int, one: str, several: str = "") -> str:
    """'1 pair', '2 pairs'."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
