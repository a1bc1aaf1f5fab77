"""Sheet Tables: what each reference table judged, and the codes that none of its rows knew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report.coverage_sheet import STATE_LOOKS, STATES
from auditor.report.sheet import Book, Column, Sheet

if TYPE_CHECKING:
    from auditor.report.view import View

WIDTHS = (22, 20, 12, 13, 13, 80)
MEANING = (
    "Seen from the tables: how many audited lines each one could judge at all. A code without a row"
    " is neither clean nor flagged by the rules that need the table."
)
CODES = (
    "Up to 25 codes a table, those on most lines first. Loading the CMS release of their dates, or"
    " CMS files in place of the starter set, is what makes them judged."
)


def write(book: Book, view: View) -> None:
    """Write the sheet."""
    sheet = Sheet(book, "Tables", WIDTHS)
    sheet.add(["Tables: what they judged, and the codes they do not know"], ["section"], height=24)
    sheet.paragraph(MEANING, "soft", 1, len(WIDTHS))
    frame = view.result.table_coverage.sort(
        "reference", pl.col("state").replace_strict(STATES, range(len(STATES))), "reason"
    )
    headers = ("Table", "State", "Lines", "First date", "Last date", "Why")
    values = ("reference", "state", "lines", "first_date", "last_date", "reason")
    looks = ("strong", "wrapped", "count", "date", "date", "wrapped")
    columns = [
        Column(header, width, look, pl.col(value), STATE_LOOKS if header == "State" else {})
        for header, width, look, value in zip(headers, WIDTHS, looks, values, strict=True)
    ]
    sheet.listing(columns, frame)
    sheet.skip()
    sheet.add(["Codes most often not judged"], ["section"], height=24)
    sheet.paragraph(CODES, "soft", 1, len(WIDTHS))
    codes = [
        Column("Table", WIDTHS[0], "strong", pl.col("reference")),
        Column("Code", WIDTHS[1], "wrapped", pl.col("code")),
        Column("Lines", WIDTHS[2], "count", pl.col("lines")),
        Column(" ", WIDTHS[3], "wrapped", pl.lit("")),
        Column("  ", WIDTHS[4], "wrapped", pl.lit("")),
        Column("Why", WIDTHS[5], "wrapped", pl.col("reason")),
    ]
    sheet.listing(codes, view.result.unjudged_codes)
