"""The sampling frame: every claim line that has a finding, once, however many findings it has.

The unit is the claim line and not the finding: a line is paid once, so two findings of it would
count its money twice, and their answers would not be independent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import ConfigError
from auditor.sampling.interface import LeftOut

if TYPE_CHECKING:
    from auditor.sampling.interface import Basis, By

DENIED = ("already denied", "paid zero")
NO_PRACTITIONER = "(no practitioner)"
WHOLE = "all lines"
_TIERS = ("certain", "review", "info")
_LINE = ("source_file", "source_row", "line_number", "claim_id", "code")
"""What tells one claim line of a findings file from another: a wide row holds several lines, and
there the line number is the place in the row. Two folders may have files of one name, so claim and
code belong to it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The claim lines to draw from, and how they came to be these."""

    lines: pl.DataFrame
    """One row a line, in the order of claim, line number, date, code and line id:
    position (from 1), line_id (the smallest finding_id of the line), stratum (name),
    source_file, source_row, claim_id, line_number, patient_id, rendering_npi, service_date, code,
    modifiers, units, charge_cents (nullable only on the basis paid), rules (ids, joined by a
    blank), message (of the leading finding)."""
    left_out: tuple[LeftOut, ...]
    """Lines that have a finding and are not in the frame."""
    findings: int
    tiers: tuple[str, ...]


def build(
    findings: pl.DataFrame,
    *,
    by: By | None = None,
    basis: Basis = "charge",
    with_info: bool = False,
    with_denied: bool = False,
) -> Frame:
    """The frame of `findings` (auditor.sampling.source.COLUMNS).

    Left out, each with its count: lines with nothing but ledger entries (tier info) and lines
    that were denied or paid nothing, unless asked for; lines of which the charge is unknown, where
    it is what is examined; reversals. The stratum of a line is the rule of its leading finding
    (the strongest tier, then the largest amount, then rule and id), or its practitioner.

    Raises ConfigError where no line is left.
    """
    tiers = _TIERS if with_info else _TIERS[:2]
    rank = pl.col("tier").replace_strict(dict(zip(_TIERS, range(3), strict=True)))
    named = pl.concat_str("rule_id", "also", separator=" ")
    ordered = findings.with_columns(
        rank=rank, rules=pl.when(pl.col("tier").is_in(tiers)).then(named)
    ).sort(
        "rank",
        pl.col("amount_at_risk").fill_null(-1),
        "rule_id",
        "finding_id",
        descending=[False, True, False, False],
    )
    lines = (
        ordered.group_by(_LINE, maintain_order=True)
        .agg(
            pl.col("finding_id").min().alias("line_id"),
            pl.col("rank").min(),
            pl.col("amount_basis").is_in(DENIED).any().alias("denied"),
            pl.col(
                "rule_id",
                "message",
                "patient_id",
                "rendering_npi",
                "service_date",
                "modifiers",
                "units",
                "charge_amount",
            ).first(),
            pl.col("rules").str.join(" "),
        )
        .with_columns(
            (pl.col("charge_amount") * 100).cast(pl.Int64).alias("charge_cents"),
            pl.col("rules")
            .str.split(" ")
            .list.unique()
            .list.sort()
            .list.join(" ")
            .str.strip_chars(),
        )
    )
    reasons = [
        ("nothing but a ledger entry (tier info)", pl.col("rank") >= len(tiers)),
        ("denied already, or paid nothing", pl.col("denied") & pl.lit(value=not with_denied)),
        (
            "the charge is not known",
            pl.col("charge_cents").is_null() & pl.lit(value=basis == "charge"),
        ),
        (
            "a reversal: the charge is below zero",
            (pl.col("charge_cents") < 0).fill_null(value=False),
        ),
    ]
    left_out = []
    for reason, out in reasons:
        kept = lines.filter(~out)
        if kept.height < lines.height:
            left_out.append(LeftOut(reason, lines.height - kept.height))
        lines = kept
    if lines.is_empty():
        told = "; ".join(f"{each.lines:,}: {each.reason}" for each in left_out)
        raise ConfigError(
            f"No claim line is left to sample ({told}).",
            next_step="Say --with-info or --with-denied where those lines are to be sampled too.",
        )
    ready = (
        lines.sort("claim_id", "line_number", "service_date", "code", "line_id")
        .with_row_index("position", offset=1)
        .with_columns(_stratum(by).alias("stratum"))
    )
    return Frame(
        ready.drop("rank", "denied", "charge_amount", "rule_id"),
        tuple(left_out),
        findings.height,
        tiers,
    )


def _stratum(by: By | None) -> pl.Expr:
    if by == "rule":
        return pl.col("rule_id")
    if by == "practitioner":
        return pl.col("rendering_npi").fill_null(NO_PRACTITIONER)
    return pl.lit(WHOLE)
