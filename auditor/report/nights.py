"""The figures of a night among nights: what came, what went, how old the open ones are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.report.figures import TIERS, by_tier
from auditor.report.seen import FRESH

if TYPE_CHECKING:
    from datetime import date

    from auditor.ledger.life import Life
    from auditor.result import AuditResult

AGES = (30, 45, 60)
"""Days since a finding was first found. A Medicare overpayment is reported and returned within 60
days of its identification, unless the deadline is suspended (42 CFR 401.305(b)); the first two
leave time to look."""
WORK = TIERS[:2]
"""Tiers that somebody has to look at."""


class Age(NamedTuple):
    """The open findings of a tier, by days since they were first found."""

    tier: str
    found: int
    settled: int
    """Of these, by a decision that stands."""
    older: tuple[int, ...]
    """More days than each of AGES."""
    oldest: date | None


def moves(result: AuditResult, life: Life) -> dict[str, dict[str, int]]:
    """new, reopened, standing, resolved, carried, open -> findings of each tier."""
    states = result.findings.select("finding_id", "tier").join(life.findings, on="finding_id")
    told = {state: _by_tier(states.filter(pl.col("state") == state)) for state in FRESH}
    told |= {"resolved": _by_tier(life.closed), "carried": _by_tier(life.carried)}
    still = (*FRESH, "carried")
    return told | {"open": {tier: sum(told[s][tier] for s in still) for tier in TIERS}}


def _by_tier(findings: pl.DataFrame) -> dict[str, int]:
    """Number of `findings` (tier) of each tier."""
    return by_tier(findings.group_by("tier").agg(findings=pl.len()))


def fresh(result: AuditResult, life: Life) -> pl.DataFrame:
    """The new findings of `result` (schemas.Findings)."""
    new = life.findings.filter(pl.col("state") == "new")
    return result.findings.join(new, on="finding_id", how="semi", maintain_order="left")


def ages(result: AuditResult, life: Life) -> tuple[Age, ...]:
    """The ages of everything that is open, tonight's findings and those carried on."""
    settled = result.standing.filter(pl.col("state") == "standing").select("finding_id")
    tonight = result.findings.select("finding_id", "tier").join(
        life.findings.select("finding_id", "first_seen", "days"), on="finding_id"
    )
    tonight = tonight.join(
        settled.with_columns(settled=pl.lit(value=True)), on="finding_id", how="left"
    )
    columns = ("tier", "first_seen", "days", "settled")
    before = life.carried.with_columns(settled=pl.col("decided") == "standing")
    every = pl.concat([tonight.select(columns), before.select(columns)])
    return tuple(_age(tier, every.filter(pl.col("tier") == tier)) for tier in WORK)


def _age(tier: str, found: pl.DataFrame) -> Age:
    older = tuple(int((found["days"] > days).sum()) for days in AGES)
    oldest: date | None = found["first_seen"].min()  # type: ignore[assignment] # a column of dates
    return Age(tier, found.height, int(found["settled"].sum()), older, oldest)


def shown(listed: pl.DataFrame) -> pl.DataFrame:
    """Carried or closed findings that somebody looks at, in order: tier, age, amount, claim."""
    rank = pl.col("tier").replace_strict(TIERS, range(len(TIERS)), return_dtype=pl.Int8)
    return listed.filter(pl.col("tier").is_in(WORK)).sort(
        rank,
        "first_seen",
        -pl.col("amount_at_risk"),
        "claim_id",
        "line_number",
        "finding_id",
        nulls_last=[False, False, True, False, False, False],
    )
