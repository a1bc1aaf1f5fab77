"""What earlier nights know of tonight's findings and claims: new, standing since when, reopened.

The words are about the finding. What was decided about it is another matter, and stands in another
column: a finding may be standing and settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import date

    from auditor.result import AuditResult

FRESH = {"new": 0, "reopened": 1, "standing": 2}
"""In which order findings are told: a night is about what it brought."""

OF_CLAIM = {
    "fresh": pl.col("fresh").min(),
    "first_seen": pl.col("first_seen").min(),
    "new_": (pl.col("life") == "new").sum(),
    "reopened_": (pl.col("life") == "reopened").sum(),
    "standing_": (pl.col("life") == "standing").sum(),
    "standing_since_": pl.col("first_seen").filter(pl.col("life") == "standing").min(),
}
"""What is summed up of a claim's findings; `in_words` makes a text of it."""


def of_findings(result: AuditResult) -> tuple[pl.Series, ...]:
    """The columns life (new, standing, reopened), fresh (its order) and days (since first_seen).

    A row for each of the findings. Without memory of nights life and days are null, and fresh is
    the same for all.
    """
    height = result.findings.height
    if result.life is None:
        return (
            pl.Series("life", [None], pl.String).new_from_index(0, height),
            pl.Series("fresh", [0], pl.UInt8).new_from_index(0, height),
            pl.Series("days", [None], pl.Int32).new_from_index(0, height),
        )
    known = result.findings.select("finding_id").join(
        result.life.findings, on="finding_id", how="left", maintain_order="left"
    )
    order = known["state"].replace_strict(FRESH, return_dtype=pl.UInt8)
    return known["state"].alias("life"), order.alias("fresh"), known["days"]


def one() -> pl.Expr:
    """Of a finding: 'new', 'reopened', or 'standing since 2026-11-01'."""
    since = pl.format("standing since {}", pl.col("first_seen").dt.to_string("%Y-%m-%d"))
    return pl.when(pl.col("life") == "standing").then(since).otherwise("life")


def in_words(claims: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """`claims`, which have OF_CLAIM, with seen ('2 new, 1 standing since DATE') and since (days).

    A count stands only where a claim has findings of several kinds.
    """
    kinds = [pl.col("new_"), pl.col("reopened_"), pl.col("standing_")]
    several = sum(((k > 0).cast(pl.Int8) for k in kinds), pl.lit(0, pl.Int8)) > 1
    since = pl.format("standing since {}", pl.col("standing_since_").dt.to_string("%Y-%m-%d"))
    words = [pl.lit("new"), pl.lit("reopened"), since]
    parts = [
        pl.when(kind > 0).then(
            pl.concat_str(pl.when(several).then(pl.format("{} ", kind)).otherwise(pl.lit("")), word)
        )
        for kind, word in zip(kinds, words, strict=True)
    ]
    told = pl.concat_str(parts, separator=", ", ignore_nulls=True)
    return claims.with_columns(
        seen=pl.when(told != "").then(told),
        since=(pl.lit(as_of) - pl.col("first_seen")).dt.total_days().clip(lower_bound=0),
    ).drop(name for name in OF_CLAIM if name.endswith("_"))
