"""Sheet Rules: the catalogue, so that the workbook explains itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report.figures import TIERS
from auditor.report.sheet import Column, Sheet
from auditor.report.style import TIER_LOOKS
from auditor.report.words import KINDS

if TYPE_CHECKING:
    from auditor.report.sheet import Book
    from auditor.report.view import View
    from auditor.rules import Rule

_HEADERS = {
    "Rule": (11, "strong"),
    "Name": (20, "wrapped"),
    "Tier": (9, "wrapped"),
    "Certain found": (9, "count"),
    "Review found": (9, "count"),
    "Info found": (9, "count"),
    "What it flags": (48, "wrapped"),
    "What to do": (42, "wrapped"),
    "Citation": (30, "wrapped"),
    "Why it matters": (60, "wrapped"),
    "Not flagged": (60, "wrapped"),
    "Example that is flagged": (30, "wrapped"),
    "Example that is not": (30, "wrapped"),
    "Line of business": (18, "wrapped"),
    "Tables needed": (26, "wrapped"),
}
_COUNTS = tuple(f"{tier.capitalize()} found" for tier in TIERS)
LAST_PRINTED = "I"
"""Citation: on paper the columns after it would make the rest too small to read."""
MEANING = (
    "Every rule of this release. Tier is the strongest one a rule gives; a single finding may be"
    " lower. Found: the findings of this run. Examples: code, modifiers, then what differs from a"
    " plain line."
)


def write(book: Book, view: View) -> None:
    """Write the sheet, one row a rule in the catalogue's order."""
    widths = [width for width, _ in _HEADERS.values()]
    sheet = Sheet(book, "Rules", widths, freeze="C4")
    sheet.add(["Rules: what each one flags, why, and what to do"], ["section"], height=24)
    sheet.paragraph(MEANING, "soft", 1, 9)
    found = {
        (rule, tier): n
        for rule, tier, n in view.result.findings.group_by("rule_id", "tier").len().iter_rows()
    }
    rows = [_row(rule, [found.get((rule.id, tier), 0) for tier in TIERS]) for rule in view.rules]
    types = {h: pl.Int64() if h in _COUNTS else pl.String() for h in _HEADERS}
    frame = pl.DataFrame(rows, schema=types, orient="row")
    columns = [
        Column(h, width, look, pl.col(h), TIER_LOOKS if h == "Tier" else {})
        for h, (width, look) in _HEADERS.items()
    ]
    sheet.table("RuleCatalogue", columns, frame)
    sheet.print_columns(LAST_PRINTED)


def _row(rule: Rule, found: list[int]) -> tuple[str | int, ...]:
    """A rule in the order of the columns."""
    review = [f"{b} (review)" for b in rule.review_for]
    return (
        rule.id,
        rule.name,
        rule.tier,
        *found,
        rule.flags,
        rule.remedy,
        rule.citation,
        rule.why,
        rule.not_flagged,
        "\n".join(rule.example_flag),
        "\n".join(rule.example_ok),
        ", ".join([*rule.profiles, *review]),
        "\n".join(KINDS.get(t, t) for t in rule.tables),
    )
