"""Sheet Worklist: the claims to look at, in the order to take them, each with its reasons.

The sheet is not protected, so that it can be sorted and filtered. Answers are given on Findings;
the column Note is the reviewer's own and is not read back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report.sheet import Column, Sheet
from auditor.report.style import TIER_LOOKS
from auditor.report.words import number

if TYPE_CHECKING:
    from auditor.report.sheet import Book
    from auditor.report.view import View

COLUMNS = (
    Column("No.", 6, "number", pl.col("order")),
    Column("Tier", 9, "text", pl.col("tier"), TIER_LOOKS),
    Column("Claim", 18, "link", pl.col("claim_id"), link=pl.col("lines_place")),
    Column("Patient", 16, "wrapped", pl.col("patient_id")),
    Column("Service from", 11, "date", pl.col("first_date")),
    Column("Service to", 11, "date", pl.col("last_date")),
    Column("Why", 76, "wrapped", pl.col("why")),
    Column("Findings", 10, "link number", pl.col("findings"), link=pl.col("finding_place")),
    Column("Certain", 9, "count", pl.col("certain")),
    Column("At risk (estimate)", 12, "money", pl.col("amount")),
    Column("What the amount is", 22, "wrapped", pl.col("basis")),
    Column("Days since service", 10, "number", pl.col("days")),
    Column("Received", 11, "date", pl.col("received")),
    Column("Rendering NPI", 14, "wrapped", pl.col("npis")),
    Column("Payer", 18, "wrapped", pl.col("payer")),
    Column("Decided before", 30, "wrapped", pl.col("decision")),
    Column("Note", 36, "entry", pl.lit(None, pl.String)),
)
_LETTERS = {c.header: n for n, c in enumerate(COLUMNS)}
LAST_PRINTED = "Payer"
"""On paper the columns after it would make the rest too small to read."""


def write(book: Book, view: View) -> None:
    """Write the sheet."""
    sheet = Sheet(book, "Worklist", [c.width for c in COLUMNS], freeze="D3", protected=False)
    claims = view.worklist
    sheet.add([_note(claims.height, view.cap)], ["note"], height=20)
    sheet.table("Worklist", COLUMNS, claims.head(view.cap))
    if claims["received"].null_count() == claims.height:
        sheet.ws.column_dimensions[sheet.letters[_LETTERS["Received"]]].hidden = True
    sheet.print_columns(sheet.letters[_LETTERS[LAST_PRINTED]])


def _note(claims: int, cap: int) -> str:
    """What the sheet holds and how to use it."""
    if not claims:
        return "No claim waits for a decision: there is no open finding that is certain or review."
    shown = f" The sheet holds the first {cap:,}." if claims > cap else ""
    return (
        f"{number(claims, 'claim')} to look at: certain before review, then the highest amount,"
        f" then the oldest.{shown} Claim leads to its lines, Findings to its findings, where"
        " answers are given. An amount is that of the strongest tier alone. Note is yours: it is"
        " not read back."
    )
