"""Sheet Findings: one row a finding, certain first, what a coder needs first on the left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report.figures import TIERS
from auditor.report.sheet import Book, Column, Sheet
from auditor.report.style import TIER_LOOKS
from auditor.report.words import number

if TYPE_CHECKING:
    from auditor.result import AuditResult


def _text(header: str, width: float, name: str) -> Column:
    return Column(header, width, "text", pl.col(name))


def _wrapped(header: str, width: float, name: str) -> Column:
    return Column(header, width, "wrapped", pl.col(name))


def _number(header: str, width: float, name: str) -> Column:
    return Column(header, width, "number", pl.col(name))


def _counterpart() -> pl.Expr:
    """'20610, line 2', with the claim where it is another one."""
    other = pl.col("counterpart_claim_id").ne_missing(pl.col("claim_id"))
    parts = [
        pl.col("counterpart_code"),
        pl.format("line {}", "counterpart_line_number"),
        pl.when(other).then(pl.format("claim {}", "counterpart_claim_id")),
    ]
    joined = pl.concat_str(parts, separator=", ", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


COLUMNS = (
    Column("Tier", 9, "text", pl.col("tier"), TIER_LOOKS),
    _text("Rule", 10, "rule_id"),
    _wrapped("Claim", 18, "claim_id"),
    _number("Line", 6, "line_number"),
    _wrapped("Patient", 18, "patient_id"),
    Column("Date of service", 11, "date", pl.col("service_date")),
    _text("Code", 8, "code"),
    _text("Modifiers", 10, "modifiers"),
    _wrapped("What is wrong", 50, "message"),
    _wrapped("What to do", 44, "remedy"),
    Column("At risk (estimate)", 12, "money", pl.col("amount_at_risk")),
    _wrapped("Amount taken from", 13, "amount_basis"),
    Column("Counterpart", 17, "wrapped", _counterpart()),
    _wrapped("Citation", 30, "citation"),
    _wrapped("Table release", 24, "table_release"),
    _wrapped("Table row", 34, "table_row"),
    _wrapped("File", 26, "source_file"),
    _number("Row", 8, "source_row"),
    _wrapped("Also", 14, "also"),
    _wrapped("Rule name", 24, "rule_name"),
    _text("Rendering NPI", 14, "rendering_npi"),
    _wrapped("Payer", 16, "payer"),
    _number("Units", 8, "units"),
    Column("Charge", 12, "money", pl.col("charge_amount")),
    _number("Quarters past release", 11, "release_gap_quarters"),
    Column("First seen", 11, "date", pl.col("first_seen")),
    _text("Finding id", 34, "finding_id"),
    _text("Story id", 34, "story_id"),
)
LAST_PRINTED = "M"
"""Counterpart: on paper the columns after it would make the rest too small to read."""


def certain_first(findings: pl.DataFrame) -> pl.DataFrame:
    """The findings by tier, else in the order given: a cut must never lose a certain one."""
    rank = pl.col("tier").replace_strict(TIERS, range(len(TIERS)))
    return findings.sort(rank, maintain_order=True)


def shown_of(result: AuditResult, cap: int) -> str:
    """One sentence: how many findings there are, and how many of them the sheet holds."""
    total = result.findings.height
    if total <= cap:
        return f"{number(total, 'finding')}."
    return f"{total:,} findings, of which the sheet holds the first {cap:,}, certain ones first."


def write(book: Book, result: AuditResult, *, cap: int, companion: str) -> None:
    """Write the sheet: the first `cap` findings; `companion` names the file that has all."""
    sheet = Sheet(book, "Findings", [c.width for c in COLUMNS], freeze="D3")
    whole = f" All of them are in {companion}, beside this workbook." if companion else ""
    note = (
        f"{shown_of(result, cap)}{whole} Use the arrows in the header to filter. Amounts are"
        " estimates for review. Identifiers and codes are texts, so no digit is lost."
    )
    sheet.add([note], ["note"], height=20)
    shown = certain_first(result.findings).head(cap)
    sheet.table("Findings", COLUMNS, shown)
    sheet.print_columns(LAST_PRINTED)
