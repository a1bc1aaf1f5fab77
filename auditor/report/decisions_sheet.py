"""Sheet Decisions: what reviewers decided before, and what it means for this run's findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report.sheet import Column, Sheet, place_of
from auditor.report.view import FIRST_FINDING, STATES

if TYPE_CHECKING:
    from auditor.report.sheet import Book
    from auditor.report.view import View

MEANING = (
    "Decisions about claims of this run. A settled finding is off the Worklist. One that is open"
    " again was decided, but what was judged has changed, or the decision's time is over. No longer"
    " found: the claim, a table or a rule has changed; for a corrected claim that is good news."
)
COLUMNS = (
    Column("What stands", 20, "strong", pl.col("state")),
    Column("Rule", 11, "text", pl.col("rule_id")),
    Column("Claim", 18, "link", pl.col("claim_id"), link=pl.col("to")),
    Column("Line", 6, "number", pl.col("line_number")),
    Column("Date of service", 12, "date", pl.col("service_date")),
    Column("Code", 8, "text", pl.col("code")),
    Column("Disposition", 18, "wrapped", pl.col("disposition")),
    Column("Reviewer", 18, "wrapped", pl.col("reviewer")),
    Column("Decided on", 12, "date", pl.col("decided_on")),
    Column("Valid until", 12, "date", pl.col("valid_until")),
    Column("Reason", 40, "wrapped", pl.col("reason")),
    Column("In a sentence", 60, "wrapped", pl.col("told")),
)
GONE = "No longer found"


def write(book: Book, view: View) -> None:
    """Write the sheet, where a ledger of decisions was looked at."""
    if not view.result.consulted:
        return
    sheet = Sheet(book, "Decisions", [c.width for c in COLUMNS], freeze="D4")
    sheet.add(["Decisions made before"], ["section"], height=24)
    sheet.paragraph(MEANING, "soft", 1, len(COLUMNS))
    sheet.table("Decisions", COLUMNS, decisions(view))


def decisions(view: View) -> pl.DataFrame:
    """Every finding of the run that was decided before, then the decisions that match none."""
    result = view.result
    row = pl.int_range(FIRST_FINDING, FIRST_FINDING + pl.len(), dtype=pl.UInt32)
    at = view.findings.select(
        "finding_id", to=pl.format("{}{}", pl.lit(place_of("Findings", "A")), row)
    )
    facts = ("finding_id", "rule_id", "claim_id", "line_number", "service_date", "code")
    found = (
        result.standing.join(result.findings.select(facts), on="finding_id", maintain_order="left")
        .join(at, on="finding_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("state").replace_strict(STATES),
            nth=pl.col("state").replace_strict(_ORDER, return_dtype=pl.Int8),
        )
    )
    gone = result.unmatched.with_columns(
        state=pl.lit(GONE), to=pl.lit(None, pl.String), nth=pl.lit(len(_ORDER), pl.Int8)
    )
    both = pl.concat([found, gone.select(found.columns)])
    return both.sort("nth", "rule_id", "claim_id", "line_number", "finding_id")


_ORDER = {"disputed": 0, "reopened": 1, "expired": 2, "pending": 3, "standing": 4}
