"""The figures every output shows: what became of the lines, and what the findings add up to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import AuditorError, ExitCode
from auditor.practice import MONEY_BASES
from auditor.report import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from auditor.reference.interface import Release
    from auditor.result import Audited

TIERS = ("certain", "review", "info")


@dataclass(frozen=True, slots=True)
class FileCount:
    """What became of the lines of one file: read = audited + set aside + rejected."""

    name: str
    sha256: tuple[str, ...]
    """One digest; several where files of one name from several folders were read."""
    rows: int
    lines_read: int
    audited: int
    set_aside: int
    rejected: int


def warnings(result: Audited, most: int = 5) -> list[str]:
    """What the files' own warnings say, each after its file's name; at most `most` of them."""
    said = [f"{f.name}: {warning}" for f in result.files for warning in f.warnings]
    if len(said) <= most:
        return said
    left = len(said) - most
    return [*said[:most], f"{left:,} more remarks on files stand on the sheet Input."]


def reconcile(result: Audited) -> tuple[FileCount, ...]:
    """What became of every file's lines, in the order read.

    Raises AuditorError (exit code INTERNAL) where the lines do not add up: a report that lost
    a line must not be written.
    """
    aside = dict(result.set_aside["source_file"].value_counts().iter_rows())
    names = list(dict.fromkeys(f.name for f in result.files))
    counts = []
    for name in names:
        files = [f for f in result.files if f.name == name]
        read = sum(f.lines_read for f in files)
        rejected = sum(f.rejected for f in files)
        set_aside = aside.get(name, 0)
        counts.append(
            FileCount(
                name=name,
                sha256=tuple(dict.fromkeys(f.sha256 for f in files)),
                rows=sum(f.rows for f in files),
                lines_read=read,
                audited=read - set_aside - rejected,
                set_aside=set_aside,
                rejected=rejected,
            )
        )
    adds_up = (
        sum(c.lines_read for c in counts) == result.lines_read
        and sum(c.audited for c in counts) == result.lines_audited
        and sum(c.set_aside for c in counts) == result.set_aside.height
        and all(c.audited >= 0 for c in counts)
    )
    if not adds_up:
        error = AuditorError(
            f"Lines do not add up: {result.lines_read} read, {result.lines_audited} audited,"
            f" {result.set_aside.height} set aside,"
            f" {sum(c.rejected for c in counts)} rejected. No output was written.",
            next_step="This is a fault of the program: please report these four figures.",
        )
        error.exit_code = ExitCode.INTERNAL
        raise error
    return tuple(counts)


def by_tier(tally: pl.DataFrame) -> dict[str, int]:
    """Number of findings of each tier, every tier named.

    tally: auditor.tally of them, or whatever has `tier` and `findings`.
    """
    counts = dict(tally.group_by("tier").agg(pl.col("findings").sum()).iter_rows())
    return {tier: counts.get(tier, 0) for tier in TIERS}


def claims_by_tier(findings: pl.DataFrame) -> dict[str, int]:
    """Number of claims with a finding of each tier; one claim may count under several."""
    counts = dict(findings.group_by("tier").agg(pl.col("claim_id").n_unique()).iter_rows())
    return {tier: counts.get(tier, 0) for tier in TIERS}


def by_rule(tally: pl.DataFrame) -> pl.DataFrame:
    """rule_id, rule_name, certain, review, info: number of findings, in rule order."""
    keys = ["rule_id", "rule_name"]
    of_tiers = [
        pl.col("findings").filter(pl.col("tier") == tier).sum().alias(tier) for tier in TIERS
    ]
    return tally.group_by(keys).agg(of_tiers).sort(keys)


def leading_basis(tally: pl.DataFrame) -> str:
    """The basis most amounts are taken from; tables that show one basis alone show this one."""
    found = dict(tally.group_by("amount_basis").agg(pl.col("amounts").sum()).iter_rows())
    return max(MONEY_BASES, key=lambda basis: found.get(basis, 0))


def amounts(tally: pl.DataFrame) -> pl.DataFrame:
    """tier, amount_basis, findings, amount (decimal dollars): the sums that may be stated.

    In order of tier, then basis. There is no row for all of them: DESIGN forbids that sum.
    """
    return (
        tally.group_by("tier", "amount_basis")
        .agg(pl.col("findings", "amount").sum())
        .sort(pl.col("tier").replace_strict(TIERS, range(len(TIERS))), "amount_basis")
    )


def by_family(findings: pl.DataFrame, basis: str) -> pl.DataFrame:
    """family, certain, review, info (findings), certain_amount, review_amount (dollars by `basis`).

    The family is AOC of AOC-1. The family with most certain findings first.
    """
    family = pl.col("rule_id").str.split("-").list.first().alias("family")
    return (
        findings.with_columns(family)
        .group_by("family")
        .agg(*_counts(), *(_amount(tier, basis).alias(f"{tier}_amount") for tier in TIERS[:2]))
        .sort("certain", "review", "info", "family", descending=[True, True, True, False])
    )


def costliest(findings: pl.DataFrame, basis: str, most: int) -> pl.DataFrame:
    """rule, certain, review: dollars at risk by `basis` of the `most` rules with the largest."""
    sums = [_amount(tier, basis).alias(tier) for tier in TIERS[:2]]
    frame = _named(findings).group_by("rule").agg(sums)
    larger = pl.max_horizontal(TIERS[:2])  # and not their sum: tiers are never added
    return frame.filter(larger > 0).sort(larger, "rule", descending=[True, False]).head(most)


def commonest(findings: pl.DataFrame, most: int) -> pl.DataFrame:
    """rule, certain, review: number of findings of the `most` rules with most of them."""
    frame = _named(findings).group_by("rule").agg(_counts()[:2])
    total = pl.sum_horizontal(TIERS[:2])
    return frame.filter(total > 0).sort(total, "rule", descending=[True, False]).head(most)


def by_practitioner(findings: pl.DataFrame, most: int) -> pl.DataFrame:
    """practitioner, certain, review: number of findings of the `most` with most of them."""
    who = pl.col("rendering_npi").fill_null("no rendering NPI").alias("practitioner")
    frame = findings.with_columns(who).group_by("practitioner").agg(_counts()[:2])
    total = pl.sum_horizontal(TIERS[:2])
    return frame.filter(total > 0).sort(total, "practitioner", descending=[True, False]).head(most)


def decided(releases: Sequence[Release], last: date | None) -> list[tuple[Release, int]]:
    """The release of each kind that judged the `last` service, and how many older ones there are.

    A table without row dates judges from its release's first day on: a release that begins after
    the last service is named only where there is no other.
    """
    kinds = dict.fromkeys(r.kind for r in releases if r.used and r.kind in words.COVERED_AS)
    told = []
    for kind in kinds:
        of_kind = sorted((r for r in releases if r.used and r.kind == kind), key=_age)
        begun = [r for r in of_kind if last is None or r.effective <= last]
        served = begun if begun and kind in _BY_RELEASE else of_kind
        told.append((served[-1], len(served) - 1))
    return told


_BY_RELEASE = ("mue-practitioner", "fee-schedule")
"""Kinds of table whose rows have no dates of their own."""


def judged_by(kind: str, covered: pl.DataFrame) -> str:
    """What the tables of one kind judged: 'judged 439 of 467 lines', or that it is none, and why.

    `covered` is schemas.TableCoverage; nothing is said where it is empty.
    """
    if covered.is_empty():
        return ""
    mine = covered.filter(reference=words.COVERED_AS[kind])
    if mine.is_empty():
        return "no rule of this run needs it"
    judged = mine.filter(pl.col("state") != "not judged")["lines"].sum()
    if judged:
        return f"judged {judged:,} of {words.number(int(mine['lines'].sum()), 'line')}"
    return f"judged no line: {mine.sort('lines', 'reason', descending=[True, False])['reason'][0]}"


def _age(release: Release) -> date:
    return release.effective


def _named(findings: pl.DataFrame) -> pl.DataFrame:
    return findings.with_columns(rule=pl.format("{} {}", "rule_id", "rule_name"))


def _counts() -> list[pl.Expr]:
    return [(pl.col("tier") == tier).sum().cast(pl.Int64).alias(tier) for tier in TIERS]


def _amount(tier: str, basis: str) -> pl.Expr:
    mine = (pl.col("tier") == tier) & (pl.col("amount_basis") == basis)
    return pl.col("amount_at_risk").filter(mine).sum()


_NO_COLUMN = "no column was recognised for "


def not_judged(coverage: pl.DataFrame) -> pl.DataFrame:
    """state, reason, rules (space-joined), lines: what could not be judged, grouped by reason.

    `lines` is the largest count of any one rule, since the rules share their lines. Columns that
    the files lack are one reason here; the sheet Coverage has them rule by rule.
    """
    lacking = pl.col("reason").str.starts_with(_NO_COLUMN)
    names = pl.col("reason").str.strip_prefix(_NO_COLUMN).str.split(", ")
    columns = coverage.filter(lacking).select(names.explode(empty_as_null=False).unique().sort())
    merged = pl.lit(_NO_COLUMN + ", ".join(columns.to_series()))
    return (
        coverage.filter(pl.col("state") != "judged")
        .with_columns(reason=pl.when(lacking).then(merged).otherwise("reason"))
        .group_by("state", "reason")
        .agg(
            pl.col("rule_id").unique().sort().str.join(" ").alias("rules"),
            pl.col("lines").max(),
        )
        .sort(pl.col("state") != "not judged", -pl.col("lines").cast(pl.Int64), "reason")
    )
