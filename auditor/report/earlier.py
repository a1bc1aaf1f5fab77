"""What the sheets Still open and Closed have in common: findings that tonight did not make.

They stand there with their facts and not with their words: the report of the run that is named
tells each in full, with its witness and its lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report import nights
from auditor.report.sheet import Column, Sheet
from auditor.report.style import TIER_LOOKS
from auditor.report.words import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.report.sheet import Book
    from auditor.report.view import View

UNWRITTEN = (
    " The others were not written, because a file beside this workbook would not be encrypted."
)
FACTS = (
    Column("Tier", 9, "text", pl.col("tier"), TIER_LOOKS),
    Column("Rule", 11, "text", pl.col("rule_id")),
    Column("Claim", 18, "wrapped", pl.col("claim_id")),
    Column("Line", 6, "number", pl.col("line_number")),
    Column("Patient", 16, "wrapped", pl.col("patient_id")),
    Column("Rendering NPI", 13, "text", pl.col("rendering_npi")),
    Column("Date of service", 11, "date", pl.col("service_date")),
    Column("Code", 8, "text", pl.col("code")),
    Column("Modifiers", 10, "text", pl.col("modifiers")),
)
"""What a finding is about."""
CLOCK = (
    Column("First seen", 11, "date", pl.col("first_seen")),
    Column("Days since first seen", 11, "number", pl.col("days")),
)
MONEY = (
    Column("At risk (estimate)", 12, "money", pl.col("amount_at_risk")),
    Column("Amount taken from", 13, "wrapped", pl.col("amount_basis")),
)
REST = (
    Column("Told in run", 22, "text", pl.col("told_in")),
    Column("Told on", 11, "date", pl.col("told_on")),
    Column("Counterpart", 12, "text", pl.col("counterpart_code")),
    Column("Also", 14, "wrapped", pl.col("also")),
    Column("Payer", 16, "wrapped", pl.col("payer")),
    Column("Runs that found it", 9, "number", pl.col("runs_found")),
    Column("Finding id", 34, "text", pl.col("finding_id")),
)
"""Where it is told in full, and what else is known of it."""


def write(  # noqa: PLR0913 - what differs between the two sheets, by name
    book: Book,
    view: View,
    *,
    title: str,
    meaning: str,
    columns: Sequence[Column],
    listed: pl.DataFrame,
    beside: str,
    last_printed: str,
) -> None:
    """Write the sheet `title` with what is certain or review of `listed`, at most view.cap rows.

    `listed` is schemas.CarriedFindings or schemas.ClosedFindings, `beside` the name of the file
    that has all of them, '' for none. On paper the columns after `last_printed` are left out.
    """
    sheet = Sheet(book, title, [c.width for c in columns], freeze="D4")
    frame = nights.shown(listed)
    sheet.add([_held(view, frame.height, listed.height, beside)], ["note"], height=20)
    printed = [c.header for c in columns].index(last_printed) + 1
    sheet.paragraph(meaning, "soft", 1, printed)
    sheet.table(title.replace(" ", ""), columns, frame.head(view.cap))
    sheet.print_columns(sheet.letters[printed - 1])


def _held(view: View, work: int, listed: int, beside: str) -> str:
    """How many there are, how many the sheet holds, and where the others are."""
    told = f"{number(work, 'finding')}, certain before review, then the oldest."
    if work > view.cap:
        where = f" All of them are in {beside}, beside this workbook." if beside else UNWRITTEN
        told = f"{told} The sheet holds the first {view.cap:,}.{where}"
    info = listed - work
    if info:
        told = f"{told} {number(info, 'more finding')} for information (info) are not listed."
    return told
