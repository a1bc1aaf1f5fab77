"""Which of the first rows is the header.

The row that names most fields, unless it holds values: a line that says Paid and Void names two
fields, and its dates and amounts give it away. Titles name none or one; of a row of group names
above the real one, the real one names more.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from auditor.intake import names

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

LOOKED_AT = 30
"""Rows that may hold the header; real exports have up to eleven lead rows."""

_ENOUGH = 2  # recognised names: fewer, and a title or a line of data could pass for a header
_VALUE = re.compile(  # dates, amounts, numbers of three and more digits, HCPCS and ICD-10 codes
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:\D.*)?|[-+$(]*\d[\d,]*\.\d+\)?|\$?-?\d{3,}|[A-Z]\d{4}"
    r"|[A-Z]\d[0-9A-Z]\.[0-9A-Z]{1,4}|\d{1,2}-[A-Za-z]{3}-\d{2,4}"
)


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
    given = {" ".join(cell.split()) for cell in cells}
    seen: Counter[str] = Counter()
    result: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = " ".join(cell.split()) or f"(column {place})"
        seen[name] += 1
        while seen[name] > 1 and f"{name} ({seen[name]})" in given:
            seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(result)


def score(cells: Sequence[str], mapped: Collection[str] = ()) -> int:
    """How many different fields `cells` name; `mapped` are headers that the operator named.

    0 where the row holds values. Names that say too little (Provider, Status) do not count.
    """
    asked = {names.plain(header) for header in mapped}
    known: set[str] = set()
    recognised = valued = 0
    for cell in cells:
        if not cell:
            continue
        if _VALUE.fullmatch(cell):
            valued += 1
            continue
        fields = [match.field for match in names.matches(cell) if not match.weak]
        if asked and names.plain(cell) in asked:
            fields.append(f"--map {names.plain(cell)}")
        recognised += bool(fields)
        known.update(fields)
    return 0 if valued * 2 > recognised else len(known)


def present(cells: Sequence[str], mapped: Mapping[str, str]) -> dict[str, str]:
    """Those of `mapped` (field -> header, or headers joined by commas) that `cells` have any of."""
    known = {names.plain(cell) for cell in cells}
    return {
        name: column
        for name, column in mapped.items()
        if any(names.plain(part) in known for part in (column, *column.split(",")))
    }


def find(head: Sequence[Record], mapped: Collection[str] = ()) -> HeaderRow | None:
    """The row of `head` that names most fields; of equals the fullest, then the first.

    None where no row names enough.
    """
    best: HeaderRow | None = None
    fullest = 0
    for record in head[:LOOKED_AT]:
        points = score(record.cells, mapped)
        filled = sum(1 for cell in record.cells if cell)
        least = (best.score, fullest) if best else (_ENOUGH, -1)
        if (points, filled) > least:
            best, fullest = HeaderRow(record, points), filled
    return best
