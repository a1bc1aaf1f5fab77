"""Figures of the scorecard: what was found on each practitioner's lines, beside the whole batch.

A practitioner is a rendering NPI as the lines have it; null stands for lines without one. Lines
are those audited, so neither history nor what was set aside. Info findings are no errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.practice import COLUMNS, MONEY_BASES, WHO, practice
from auditor.report.figures import TIERS
from auditor.report.rates import beyond_chance, share

if TYPE_CHECKING:
    from auditor.result import AuditResult

LEAST_LINES = 100
"""Fewer lines of one practitioner say nothing about a habit."""
APART = 1.5
"""A rate must also be so many times the batch's, or less than it by as much, to be marked: lines of
one claim go wrong together, so that chance reaches farther than the interval says."""
ABOVE_CERTAIN = "Above the batch (certain)"
ABOVE_REVIEW = "Above the batch (with review)"
BELOW, ALIKE = "Below the batch", "No clear difference"
FEW, NOBODY, UNKNOWN = "Too few lines to judge", "No NPI: not judged", "Rates are not known"
ORDER = (ABOVE_CERTAIN, ABOVE_REVIEW, ALIKE, BELOW, FEW, NOBODY, UNKNOWN)
"""Practitioners stand in this order."""
TOP_RULES = 3
_WHO = WHO


def scorecard(result: AuditResult) -> pl.DataFrame:
    """One row a rendering NPI, those above the batch first.

    rendering_npi, compared (a word of ORDER); lines, claims, patients (audited); certain, review,
    info (findings); lines_certain, lines_flagged (lines with a certain, with a certain or a review
    finding), certain_rate, flagged_rate, certain_batch, flagged_batch (shares of lines, the
    practitioner's and the batch's); basis (of most of the practitioner's lines, null for none),
    amount (cents of the lines of that basis that were not denied), risk_certain, risk_review
    (cents on that basis), and for both tiers money_<tier> and money_<tier>_batch (shares of the
    amount); top (the rules with most certain and review findings, in words). What rests on lines is
    null where the lines are not known. A part has its row of the whole scorecard: beside its own
    lines alone nobody would be above or below.
    """
    if result.card is not None:
        return result.card
    of_lines, findings = practices(result), errors(result)
    known = not of_lines.is_empty()
    table = _counts(of_lines, findings).join(
        _flagged(result, findings), on=_WHO, how="left", nulls_equal=True
    )
    table = table.join(_top(findings), on=_WHO, how="left", nulls_equal=True)
    table = table.join(_money(of_lines, findings), on=_WHO, how="left", nulls_equal=True)
    table = table.with_columns(pl.col("top").fill_null(""))
    if known:
        table = table.with_columns(pl.col("lines_certain", "lines_flagged").fill_null(0))
    whole = table.select(pl.col("lines", "lines_certain", "lines_flagged").sum()).row(0)
    shares = [n / whole[0] if whole[0] else None for n in whole[1:]]
    names = ("certain", "flagged")
    table = table.with_columns(
        *(share(pl.col(f"lines_{n}"), pl.col("lines")).alias(f"{n}_rate") for n in names),
        *(pl.lit(s, pl.Float64).alias(f"{n}_batch") for n, s in zip(names, shares, strict=True)),
    )
    return _compared(table)


def errors(result: AuditResult) -> pl.DataFrame:
    """The findings that count: result.findings with `row`, the place of the line, or null.

    A finding that a reviewer called wrong, and whose decision stands, is no error.
    """
    wrong = result.standing.filter(
        pl.col("state") == "standing", pl.col("disposition") == "disagree"
    )
    findings, rows = result.findings, result.places["row"]
    unknown = len(rows) != findings.height
    findings = findings.with_columns(row=pl.lit(None, pl.UInt32) if unknown else rows)
    return findings.filter(~pl.col("finding_id").is_in(wrong["finding_id"].implode()))


def practices(result: AuditResult) -> pl.DataFrame:
    """auditor.practice of the lines judged; no rows where they are not known."""
    if result.practice is not None:
        return result.practice
    lines = result.lines.select(COLUMNS).head(result.lines_of_files + result.lines_of_earlier)
    if not result.lines_gone.is_empty():
        gone = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(result.lines_gone.implode())
        lines = lines.filter(~gone)
    return practice(lines)


def _flagged(result: AuditResult, findings: pl.DataFrame) -> pl.DataFrame:
    """rendering_npi, lines_certain, lines_flagged: lines with an error, each once."""
    if result.lines.is_empty():
        findings = findings.clear()
    certain = pl.col("tier") == "certain"
    return (
        findings.filter(pl.col("tier") != "info")
        .group_by(_WHO)
        .agg(
            pl.col("row").filter(certain).n_unique().cast(pl.Int64).alias("lines_certain"),
            pl.col("row").n_unique().cast(pl.Int64).alias("lines_flagged"),
        )
    )


def _counts(practices: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """Lines, claims and patients of each practitioner, and findings by tier."""
    found = findings.group_by(_WHO).agg(
        (pl.col("tier") == tier).sum().cast(pl.Int64).alias(tier) for tier in TIERS
    )
    of_lines = practices.filter(pl.col("basis").is_null()).drop("basis", "amount")
    return of_lines.join(found, on=_WHO, how="full", coalesce=True, nulls_equal=True).with_columns(
        pl.col(TIERS).fill_null(0)
    )


def _top(findings: pl.DataFrame) -> pl.DataFrame:
    """rendering_npi, top: the rules with most certain and review findings, in words."""
    return (
        findings.filter(pl.col("tier") != "info")
        .group_by(_WHO, "rule_id")
        .len()
        .sort(_WHO, -pl.col("len").cast(pl.Int64), "rule_id")
        .group_by(_WHO, maintain_order=True)
        .head(TOP_RULES)
        .group_by(_WHO, maintain_order=True)
        .agg(top=pl.format("{} ({})", "rule_id", "len").str.join(", "))
    )


def _money(practices: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    """rendering_npi and what `scorecard` says of money, on each one's own basis."""
    sums = practices.drop_nulls("basis").select(_WHO, "basis", "amount", on="lines")
    risks = findings.group_by(_WHO, pl.col("amount_basis").alias("basis")).agg(
        _cents(pl.col("amount_at_risk").filter(pl.col("tier") == tier).sum()).alias(f"risk_{tier}")
        for tier in TIERS[:2]
    )
    sums = sums.join(risks, on=[_WHO, "basis"], how="left", nulls_equal=True)
    risk = [f"risk_{tier}" for tier in TIERS[:2]]
    sums = sums.with_columns(pl.col(risk).fill_null(0))
    whole = sums.group_by("basis").agg(pl.col("amount", *risk).sum())
    rank = pl.col("basis").replace_strict(MONEY_BASES, range(len(MONEY_BASES)))
    main = sums.sort(_WHO, -pl.col("on").cast(pl.Int64), rank).unique(
        _WHO, keep="first", maintain_order=True
    )
    return main.join(whole, on="basis", suffix="_of_all").select(
        _WHO,
        "basis",
        "amount",
        *risk,
        *(
            share(pl.col(f"risk_{tier}{of}"), pl.col(f"amount{of}")).alias(f"money_{tier}{name}")
            for tier in TIERS[:2]
            for of, name in (("", ""), ("_of_all", "_batch"))
        ),
    )


def _cents(dollars: pl.Expr) -> pl.Expr:
    return (dollars * 100).cast(pl.Int64)


def _compared(table: pl.DataFrame) -> pl.DataFrame:
    """`table` with the word of ORDER for each practitioner, and in that order."""
    lines = pl.col("lines")
    certain, flagged = (
        beyond_chance(pl.col(f"lines_{n}"), lines, pl.col(f"{n}_batch"), APART)
        for n in ("certain", "flagged")
    )
    word = (
        pl.when(lines.is_null())
        .then(pl.lit(UNKNOWN))
        .when(pl.col(_WHO).is_null())
        .then(pl.lit(NOBODY))
        .when(lines < LEAST_LINES)
        .then(pl.lit(FEW))
        .when(certain == 1)
        .then(pl.lit(ABOVE_CERTAIN))
        .when(flagged == 1)
        .then(pl.lit(ABOVE_REVIEW))
        .when((certain == -1) | (flagged == -1))
        .then(pl.lit(BELOW))
        .otherwise(pl.lit(ALIKE))
    )
    most = [-pl.col(c) for c in ("lines_certain", "certain", "lines_flagged", "review", "lines")]
    return table.with_columns(compared=word).sort(
        pl.col("compared").replace_strict(ORDER, range(len(ORDER))), *most, _WHO
    )
