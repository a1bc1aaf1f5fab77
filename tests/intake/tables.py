"""Claim tables of a few columns, for tests of how columns are found."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING

import polars as pl

from auditor.intake import header as headers
from auditor.intake import mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from auditor.intake.mapping import Columns

ROWS = 24
BASE = {
    "Claim ID": [f"C{n}" for n in range(ROWS)],
    "Patient ID": [f"P{n % 7}" for n in range(ROWS)],
    "Rendering NPI": ["1234567893", "1003000126"],
    "DOS": [f"2024-03-{n % 28 + 1:02}" for n in range(ROWS)],
    "CPT": ["99213", "20610", "G0008", "0001U", "36415"],
}
"""What every file needs; shorter lists are repeated."""
NPI, CODES, DATES = BASE["Rendering NPI"], BASE["CPT"], BASE["DOS"]
WORDS = ["Office visit", "Injection", "Blood draw"]


def find(table: Mapping[str, Sequence[str]], rows: int = ROWS, **mapped: str) -> Columns:
    cells = [list(islice(cycle(column), rows)) for column in table.values()]
    frame = pl.DataFrame(
        {str(n): [cell or None for cell in column] for n, column in enumerate(cells)},
        schema={str(n): pl.String for n in range(len(cells))},
    )
    return mapping.resolve(headers.unique(list(table)), frame, mapped, "claims.csv")


def without(*names: str) -> dict[str, list[str]]:
    return {name: column for name, column in BASE.items() if name not in names}
