"""What the lines of each practitioner come to: figures that add up over parts of a batch."""

from __future__ import annotations

import polars as pl

WHO = "rendering_npi"
MONEY_BASES = ("allowed", "paid", "charge")
"""The bases that carry an amount; amounts are never added across them."""
_AMOUNTS = [f"{basis}_amount" for basis in MONEY_BASES]
COLUMNS = (WHO, "payer", "patient_id", "claim_id", "paid_status", *_AMOUNTS)
"""What of schemas.ClaimLines is looked at."""
SUMS = ("lines", "claims", "patients", "amount")


def practice(lines: pl.DataFrame) -> pl.DataFrame:
    """Of `lines` (COLUMNS) that were audited: rendering_npi, basis, and SUMS.

    basis null: all lines of the practitioner with their claims and patients; else the lines that
    count by that basis and their amount in cents. As with the amount at risk (DESIGN: Money) a line
    counts by its allowed, else paid, else charge, and one that was denied or paid nothing has
    nothing at risk, so it is left out there.
    """
    counted = lines.group_by(WHO).agg(pl.len().cast(pl.Int64).alias("lines"))
    left = lines
    for name, key in (
        ("claims", ["payer", "patient_id", "claim_id"]),
        ("patients", ["payer", "patient_id"]),
    ):
        left = left.select(WHO, *key).unique()  # the patients are among the fewer claims
        each = left.group_by(WHO).agg(pl.len().cast(pl.Int64).alias(name))
        counted = counted.join(each, on=WHO, nulls_equal=True)
    refused = (pl.col("paid_status") == "denied").fill_null(value=False)
    nothing = (pl.col("paid_amount") == 0) & (pl.col("allowed_amount").fill_null(0) == 0)
    basis = pl.coalesce(
        pl.when(pl.col(c).is_not_null()).then(pl.lit(b))
        for b, c in zip(MONEY_BASES, _AMOUNTS, strict=True)
    )
    sums = (
        lines.filter(~refused & ~nothing.fill_null(value=False))
        .select(WHO, basis=basis, amount=pl.coalesce(_AMOUNTS))
        .drop_nulls("basis")
        .group_by(WHO, "basis")
        .agg(pl.len().cast(pl.Int64).alias("lines"), pl.col("amount").sum())
    )
    return pl.concat([counted, sums], how="diagonal").select(
        WHO, pl.col("basis").cast(pl.String), pl.col(SUMS).cast(pl.Int64)
    )


def added(parts: pl.DataFrame) -> pl.DataFrame:
    """What `practice` says of all lines, from what it said of parts of whole patients."""
    return parts.group_by(WHO, "basis").agg(pl.col(SUMS).sum())
