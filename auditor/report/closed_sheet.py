"""Sheet Closed: findings of earlier nights that came to an end tonight, each with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report import earlier
from auditor.report.sheet import Column

if TYPE_CHECKING:
    from auditor.report.sheet import Book
    from auditor.report.view import View

TITLE = "Closed"
MEANING = (
    "Findings of earlier nights that came to an end tonight, and why. One that is found after all"
    " comes back as reopened. Closed means that the rule finds nothing now; what was paid before"
    " that, this sheet does not know."
)
COLUMNS = (
    *earlier.FACTS,
    Column("Why it is closed", 52, "wrapped", pl.col("why")),
    *earlier.CLOCK,
    Column("Decided before", 34, "wrapped", pl.col("decision")),
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
            listed=view.result.life.closed,
            beside=view.names.closed,
            last_printed="Decided before",
        )
