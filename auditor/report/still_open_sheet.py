"""Sheet Still open: findings of earlier nights that nothing cleared and that wait elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report import earlier
from auditor.report.sheet import Column
from auditor.report.view import STATES

if TYPE_CHECKING:
    from auditor.report.sheet import Book
    from auditor.report.view import View

TITLE = "Still open"
MEANING = (
    "Open findings of earlier nights whose lines were not judged tonight. They are not on the"
    " Worklist and not on Findings: each stands in full in the report of the run in Told in run,"
    " and answers given there count. Days count from the first run that found it."
)
COLUMNS = (
    *earlier.FACTS,
    *earlier.CLOCK,
    Column(
        "Decided before",
        34,
        "wrapped",
        pl.format(
            "{}: {}", pl.col("decided").replace_strict(STATES, return_dtype=pl.String), "decision"
        ),
    ),
    *earlier.MONEY,
    *earlier.REST,
)


def write(book: Book, view: View) -> None:
    """Write the sheet, where nights are known."""
    if view.result.life is not None:
        earlier.write(
            book,
            view,
            title=TITLE,
            meaning=MEANING,
            columns=COLUMNS,
            listed=view.result.life.carried,
            beside=view.names.still_open,
            last_printed="Told on",
        )
