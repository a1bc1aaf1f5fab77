"""The tables with reviewers' columns on a sheet, found by their headers wherever they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.review.grids import Grid

FACTS: Mapping[str, str] = {
    "rule_id": "Rule",
    "tier": "Tier",
    "code": "Code",
    "modifiers": "Modifiers",
    "units": "Units",
    "charge_amount": "Charge",
    "amount_at_risk": "At risk (estimate)",
    "counterpart_code": "Counterpart",
}
"""What the fingerprint is made of -> the header over it."""
PLACE: Mapping[str, str] = {
    "claim_id": "Claim",
    "line_number": "Line",
    "patient_id": "Patient",
    "service_date": "Date of service",
    "also": "Also",
}
"""The same for the place."""
ANSWERS: Mapping[str, str] = {
    "disposition": "Disposition",
    "reason": "Reason",
    "reviewer": "Reviewer",
    "decided_on": "Decided on",
    "valid_until": "Valid until",
}
"""The reviewer's columns."""
KEYS: Mapping[str, str] = {"finding_id": "Finding id", "check": "Check"}
NEEDED = ("finding_id", "check", "disposition")
HEADERS: Mapping[str, str] = {**KEYS, **ANSWERS, **FACTS, **PLACE}


@dataclass(frozen=True, slots=True)
class Row:
    """One row that a reviewer wrote in."""

    sheet: str
    number: int
    """As a person sees it, the first row being 1."""
    cells: Mapping[str, tuple[str | None, ...]]
    """Name of HEADERS -> its cells: one, or several where two columns have the same header."""

    def one(self, name: str) -> str:
        """The text of a cell without blanks at its ends; '' where there is none."""
        for cell in self.cells.get(name, ()):
            if cell is not None:
                return cell.strip()
        return ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: from its header to the next one, or to the end of the sheet."""

    sheet: str
    header: int
    """Row of the header."""
    columns: Mapping[str, tuple[int, ...]]
    """Name of HEADERS -> where its columns are."""
    cells: pl.DataFrame
    """The rows below the header."""

    @property
    def double(self) -> tuple[str, ...]:
        """Headers that must be there once and are there twice."""
        wanted = (*KEYS, *ANSWERS)
        return tuple(HEADERS[name] for name in wanted if len(self.columns.get(name, ())) > 1)

    def answered(self) -> Iterator[Row]:
        """The rows in which any of the reviewer's columns holds something."""
        own = [str(place) for name in ANSWERS for place in self.columns.get(name, ())]
        filled = pl.any_horizontal(pl.col(own).str.strip_chars().fill_null("") != "")
        first = self.header + 1
        numbers = pl.int_range(first, first + self.cells.height, dtype=pl.UInt32, eager=True)
        kept = self.cells.with_columns(numbers.alias("row")).filter(filled)
        places = {name: tuple(map(str, at)) for name, at in self.columns.items()}
        for row in kept.iter_rows(named=True):
            cells = {name: tuple(row[at] for at in found) for name, found in places.items()}
            yield Row(self.sheet, row["row"], cells)


def find(grid: Grid) -> list[Table]:
    """Every table of a sheet, in its order."""
    headers = list(_headers(grid.cells))
    ends = [*(row for row, _ in headers), grid.cells.height + 1][1:]
    return [
        Table(grid.sheet, row, columns, grid.cells.slice(row, end - row - 1))
        for (row, columns), end in zip(headers, ends, strict=True)
    ]


def _headers(cells: pl.DataFrame) -> Iterator[tuple[int, dict[str, tuple[int, ...]]]]:
    """(1-based row, what stands where) of each row that has every needed header."""
    if cells.is_empty():
        return
    key = KEYS["finding_id"].casefold()
    may_be = pl.any_horizontal(pl.all().str.strip_chars().str.to_lowercase() == key)
    rows = cells.with_row_index("row", offset=1).filter(
        cells.select(may_be.fill_null(value=False)).to_series()
    )
    for row, *texts in rows.iter_rows():
        columns = _columns(texts)
        if all(name in columns for name in NEEDED):
            yield row, columns


def _columns(texts: Sequence[str | None]) -> dict[str, tuple[int, ...]]:
    names = {header.casefold(): name for name, header in HEADERS.items()}
    found: dict[str, tuple[int, ...]] = {}
    for place, text in enumerate(texts):
        name = names.get(" ".join((text or "").split()).casefold())
        if name is not None:
            found[name] = (*found.get(name, ()), place)
    return found
