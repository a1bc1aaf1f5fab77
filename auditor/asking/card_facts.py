"""What the rules know of one code on one date: facts of its kind, and rows of policy tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from auditor.engine.codes import code_facts
from auditor.reference.policy import TABLES
from auditor.rules.interface import code_policies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from auditor.reference.interface import Reference

_RANGES = (
    ("code_low", "code_high", "own"),
    ("code_low_a", "code_high_a", "own"),
    ("code_low_b", "code_high_b", "other"),
)
"""Columns that name a range of codes, and whether the row is about it or names it as the other."""
_CODES = {"code": "own", "component": "component", "column2": "other", "with_code": "other"}
_LISTS = ("requires_initial", "medicare_admin", "other_admin", "use")
"""Columns that name several codes in one cell, as others than the row's own."""


class Row(NamedTuple):
    """A row of a policy table that names the code."""

    side: str
    """own: it is about the code; component, or other: it names the code beside its own."""
    cells: dict[str, str]
    """Every column as text; blank for an empty cell."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one code on one date, beside CMS's rows."""

    code: str
    day: date
    kind: dict[str, Any]
    """Row of auditor.engine.codes.CodeFacts.table, with what the rules ask of policy tables."""
    table: pl.DataFrame
    """The same as a table of one row."""
    policy: dict[str, tuple[Row, ...]]
    """Policy table -> its rows in force that name the code, where there are any."""

    def own(self, table: str) -> list[dict[str, str]]:
        """Cells of the rows of `table` that are about the code."""
        return [row.cells for row in self.policy.get(table, ()) if row.side == "own"]

    def others(self, table: str) -> list[dict[str, str]]:
        """Cells of the rows of `table` that name the code beside their own."""
        return [row.cells for row in self.policy.get(table, ()) if row.side != "own"]


def facts(code: str, day: date, reference: Reference) -> Facts:
    """The facts of `code` on `day`, as an audit of a line of that day has them."""
    codes = pl.Series("code", [code], dtype=pl.String)
    table = code_facts(codes, day, day, reference, code_policies()).table
    found = {name: tuple(_rows(reference.policy(name), code, day)) for name in TABLES}
    return Facts(
        code, day, table.row(0, named=True), table, {n: rows for n, rows in found.items() if rows}
    )


def shape(code: str) -> str:
    """The form that a range of codes stays in: digits made equal."""
    return re.sub(r"[0-9]", "9", code)


def _rows(table: pl.DataFrame, code: str, day: date) -> Iterator[Row]:
    """The rows of `table` that name `code`, in force on `day`."""
    ranges = [each for each in _RANGES if each[0] in table.columns]
    cells = [(name, side) for name, side in _CODES.items() if name in table.columns]
    lists = [name for name in _LISTS if name in table.columns]
    if not (ranges or cells):
        return
    form, iso = shape(code), day.isoformat()
    for raw in table.iter_rows(named=True):
        row = {name: cell or "" for name, cell in raw.items()}
        sides = [
            side
            for low, high, side in ranges
            if row[low] <= code <= row[high] and shape(row[low]) == form
        ]
        sides += [side for name, side in cells if row[name] == code]
        sides += ["other" for name in lists if code in row[name].split()]
        if sides and _applies(row, iso):
            yield Row(sides[0], row)


def _applies(row: dict[str, str], iso: str) -> bool:
    first = row.get("effective", "") or row.get("from", "")
    last = row.get("deletion", "") or row.get("to", "")
    return first <= iso and (not last or iso <= last)
