"""Sheet Practitioners: what was found on each one's lines, beside the whole batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report import practitioners
from auditor.report.rates import LEAST_CASES
from auditor.report.sheet import Book, Column, Sheet
from auditor.report.words import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.report.view import View

TITLE = "Practitioners"
MOST = 5_000
NO_NPI = "no rendering NPI"
LOOKS = {
    practitioners.ABOVE_CERTAIN: "certain",
    practitioners.ABOVE_REVIEW: "review",
    practitioners.FEW: "grey",
    practitioners.NOBODY: "grey",
    practitioners.UNKNOWN: "grey",
}


def _count(header: str, width: float, name: str) -> Column:
    return Column(header, width, "count", pl.col(name))


def _rate(header: str, width: float, name: str) -> Column:
    return Column(header, width, "percent", pl.col(name))


def _money(header: str, width: float, name: str) -> Column:
    return Column(header, width, "money", pl.col(name) / 100)


COLUMNS = (
    Column("Rendering NPI", 16, "text", pl.col("rendering_npi").fill_null(NO_NPI)),
    Column("Compared with the batch", 26, "text", pl.col("compared"), LOOKS),
    _count("Lines audited", 9, "lines"),
    _count("Lines with certain", 9, "lines_certain"),
    _rate("Rate certain", 9, "certain_rate"),
    _rate("Batch's rate certain", 9, "certain_batch"),
    _count("Lines with certain or review", 10, "lines_flagged"),
    _rate("Rate certain or review", 10, "flagged_rate"),
    _rate("Batch's rate certain or review", 10, "flagged_batch"),
    Column("Rules most often named (findings)", 40, "wrapped", pl.col("top")),
    _money("At risk certain (estimate)", 13, "risk_certain"),
    _rate("Dollar rate certain", 9, "money_certain"),
    _rate("Batch's dollar rate certain", 9, "money_certain_batch"),
    Column("Amounts taken from", 11, "text", pl.col("basis")),
    _money("At risk review (estimate)", 13, "risk_review"),
    _rate("Dollar rate review", 9, "money_review"),
    _rate("Batch's dollar rate review", 9, "money_review_batch"),
    _money("Amount of the lines", 15, "amount"),
    _count("Claims", 9, "claims"),
    _count("Patients", 9, "patients"),
    _count("Certain findings", 9, "certain"),
    _count("Review findings", 9, "review"),
    _count("Info findings", 9, "info"),
)
PRINTED = 14
"""Columns on paper: with all of them it would be too small to read."""


def write(book: Book, view: View) -> None:
    """Write the sheet."""
    sheet = Sheet(book, TITLE, [c.width for c in COLUMNS])
    sheet.add(["Practitioners: what was found on their lines"], ["section"], height=24)
    cards = practitioners.scorecard(view.result)
    for sentence in _meaning(cards):
        sheet.paragraph(sentence, "soft", 1, PRINTED)
    sheet.skip()
    head = sheet.row + 1
    sheet.table("Practitioners", COLUMNS, cards.head(MOST))
    sheet.ws.freeze_panes = f"B{head + 1}"
    sheet.print_columns(sheet.letters[PRINTED - 1])


def _meaning(cards: pl.DataFrame) -> Iterator[str]:
    """What the sheet shows and what it does not say."""
    if cards["lines"].is_null().all():
        yield (
            "The lines behind these findings are not known, so no rate can be stated; findings"
            " are counted alone."
        )
    else:
        yield (
            "Rate: lines with a finding out of all lines audited of the practitioner. A line"
            " counts once; info findings do not count. A rate tells where to look first; each"
            " finding still has to be judged by itself."
        )
        yield (
            "Above or below the batch (all practitioners of these files together): at least"
            f" {practitioners.LEAST_LINES} lines (for above, {LEAST_CASES} of them with a finding),"
            " and the 99% interval (Wilson) around the"
            " practitioner's rate leaves the batch's rate out, and the one is at least"
            f" {practitioners.APART:g} times the other. Practices of another kind differ for other"
            " reasons too, so a mark says where to look and not who errs."
        )
        yield (
            "Dollar rate: the amount at risk out of the amount of the practitioner's lines, on the"
            " basis that most of them have (allowed, else paid, else charge), without lines already"
            " denied; never added across bases or tiers. Amounts at risk are estimates for review."
        )
    if cards.height > MOST:
        yield f"The first {MOST:,} of {number(cards.height, 'practitioner')}."
