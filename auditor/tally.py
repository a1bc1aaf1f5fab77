"""What findings add up to: figures that add up over parts of a batch, too."""

from __future__ import annotations

import polars as pl

KEY = ("rule_id", "rule_name", "tier", "amount_basis")
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    **dict.fromkeys(KEY, pl.String),
    "findings": pl.Int64,
    "amounts": pl.Int64,
    "amount": pl.Decimal(38, 2),
}
"""KEY, findings: how many; amounts: how many of them have an amount; amount: the sum of it."""


def tally(findings: pl.DataFrame) -> pl.DataFrame:
    """SCHEMA of `findings` (schemas.Findings), a row for each KEY that they have, in its order."""
    amount = pl.col("amount_at_risk")
    return _kept(
        findings.group_by(KEY).agg(
            findings=pl.len(),
            amounts=amount.is_not_null().sum(),
            amount=amount.sum(),
        )
    )


def added(parts: pl.DataFrame) -> pl.DataFrame:
    """What `tally` says of all findings, from what it said of parts of them, stacked."""
    return _kept(parts.group_by(KEY).agg(pl.col("findings", "amounts", "amount").sum()))


def _kept(sums: pl.DataFrame) -> pl.DataFrame:
    """In one order, with the types of SCHEMA."""
    return sums.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items()).sort(KEY)
