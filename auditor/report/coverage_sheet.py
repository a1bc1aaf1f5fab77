"""Sheet Coverage: what each rule judged, what it could not judge, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report.sheet import Book, Column, Sheet

if TYPE_CHECKING:
    from auditor.report.view import View

WIDTHS = (11, 30, 20, 12, 13, 13, 80)
STATES = ("not judged", "judged with caution", "judged")
STATE_LOOKS = {"not judged": "review", "judged with caution": "info"}
MEANING = (
    "A line that a rule could not judge is neither clean nor flagged by it. Judged with caution:"
    " judged, but later than the table release vouches for, or with a lowered tier."
)


def write(book: Book, view: View) -> None:
    """Write the sheet, what could not be judged first."""
    sheet = Sheet(book, "Coverage", WIDTHS, freeze="C4")
    sheet.add(["Coverage: what each rule judged, and what it could not"], ["section"], height=24)
    sheet.paragraph(MEANING, "soft", 1, len(WIDTHS))
    names = {rule.id: rule.name for rule in view.rules}
    frame = view.result.coverage.with_columns(
        name=pl.col("rule_id").replace_strict(names, default="", return_dtype=pl.String)
    ).sort(pl.col("state").replace_strict(STATES, range(len(STATES))), "rule_id", "reason")
    headers = ("Rule", "Name", "State", "Lines", "First date", "Last date", "Why")
    values = ("rule_id", "name", "state", "lines", "first_date", "last_date", "reason")
    looks = ("strong", "wrapped", "wrapped", "count", "date", "date", "wrapped")
    columns = [
        Column(header, width, look, pl.col(value), STATE_LOOKS if header == "State" else {})
        for header, width, look, value in zip(headers, WIDTHS, looks, values, strict=True)
    ]
    sheet.table("Coverage", columns, frame)
