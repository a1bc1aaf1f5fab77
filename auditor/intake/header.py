"""Which of the first rows is the header."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from auditor.intake import names

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

LOOKED_AT = 30
"""Rows that may hold the header; real exports have up to eleven lead rows."""

_ENOUGH = 2  # recognised names: fewer, and a title or a line of data could pass for a header


class Record(NamedTuple):
    """One row of the head of a file."""

    row: int
    """1-based record of a text file (blank lines count), row of a worksheet."""
    cells: tuple[str, ...]
    lines: int = 0
    """Physical lines of a text file up to and with this record."""


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """The header that was found."""

    record: Record
    score: int
    """How many different fields its names stand for."""

    @property
    def names(self) -> tuple[str, ...]:
        """One name a column, none twice: blank ones by place, repeated ones numbered."""
        return unique(self.record.cells)


def unique(cells: Sequence[str]) -> tuple[str, ...]:
    """Names for the columns: 'Mod', 'Mod (2)' for a repeated one, '(column 7)' for a blank."""
    seen: Counter[str] = Counter()
    result: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = " ".join(cell.split()) or f"(column {place})"
        seen[name] += 1
        while seen[name] > 1 and f"{name} ({seen[name]})" in cells:
            seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(result)


def score(cells: Sequence[str], mapped: Collection[str] = ()) -> int:
    """How many different fields `cells` name; `mapped` are headers that the operator named."""
    known = {match.field for cell in cells if cell for match in names.matches(cell)}
    asked = {names.plain(header) for header in mapped}
    return len(known | {f"--map {name}" for name in map(names.plain, cells) if name in asked})


def present(cells: Sequence[str], mapped: Mapping[str, str]) -> dict[str, str]:
    """Those of `mapped` (field -> header, or headers joined by commas) that `cells` have any of."""
    known = {names.plain(cell) for cell in cells}
    return {
        name: column
        for name, column in mapped.items()
        if any(names.plain(part) in known for part in (column, *column.split(",")))
    }


def find(head: Sequence[Record], mapped: Collection[str] = ()) -> HeaderRow | None:
    """The row of `head` that names most fields, the first of equals; None where none does."""
    best: HeaderRow | None = None
    for record in head[:LOOKED_AT]:
        points = score(record.cells, mapped)
        if points >= _ENOUGH and (best is None or points > best.score):
            best = HeaderRow(record, points)
    return best
