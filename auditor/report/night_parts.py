"""The head of a nightly Summary: what became of earlier findings, how old the open ones are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.report import closed_sheet, nights, still_open_sheet, words
from auditor.report.figures import TIERS
from auditor.report.sheet import place_of

if TYPE_CHECKING:
    from auditor.ledger.life import Life
    from auditor.report.sheet import Sheet
    from auditor.result import AuditResult

LAST = 8
_ROWS = {
    "standing": ("Standing", "Found before and again tonight."),
    "reopened": ("Reopened", "Closed in an earlier night, and found again."),
    "resolved": ("Closed tonight", "The sheet Closed has each with the reason."),
    "carried": ("Still open, not judged tonight", "Told in earlier reports; listed on Still open."),
    "open": ("Open after tonight", "New, standing, reopened and still open together."),
}
_LINKS = {"resolved": closed_sheet.TITLE, "carried": still_open_sheet.TITLE}


def earlier_findings(sheet: Sheet, result: AuditResult, life: Life) -> None:
    """What became of the findings of earlier nights, by tier."""
    sheet.section("Findings of earlier nights, and what is open in all", LAST)
    sheet.spans(
        (2, 2, "", "head"),
        *((n, n, tier.capitalize(), "head number") for n, tier in enumerate(TIERS, 3)),
        (6, LAST, "What it means", "head"),
    )
    counts = nights.moves(result, life)
    for key, (name, meaning) in _ROWS.items():
        strong = key == "open"
        sheet.spans(
            (2, 2, name, "strong" if strong else "wrapped"),
            *(
                (n, n, counts[key][tier], "total" if strong else "count")
                for n, tier in enumerate(TIERS, 3)
            ),
            (6, LAST, meaning, "wrapped"),
        )
        if key in _LINKS:
            sheet.link(2, place_of(_LINKS[key]))


def clock(sheet: Sheet, result: AuditResult, life: Life) -> None:
    """How long the open findings have been known."""
    sheet.section("Open findings by days since they were first seen", LAST)
    over = [f"Over {days} days" for days in nights.AGES]
    sheet.header(2, ["", "Open", "Settled", *over, "Oldest from"], range(3, LAST))
    for age in nights.ages(result, life):
        sheet.spans(
            (2, 2, words.TIER_ANSWER[age.tier], "strong"),
            (3, 3, age.found, "count"),
            (4, 4, age.settled, "count"),
            *((n, n, older, "count") for n, older in enumerate(age.older, 5)),
            (LAST, LAST, age.oldest, "date"),
        )
    sheet.paragraph(words.CLOCK_MEANING, "small", 2, LAST)
