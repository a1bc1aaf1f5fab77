"""Amounts at risk: an estimate for review, counted once a line, in integer cents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import INFO

if TYPE_CHECKING:
    from auditor.engine.state import State


def at_risk(frame: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add amount_at_risk (cents, null: not determined) and amount_basis to findings-to-be.

    The amount is the line's allowed, else paid, else charge, and basis says which. Of several
    findings on one line only the first in rank counts it. A line already denied, or paid zero,
    has nothing at risk; info neither. Negative lines net within their claim, code and date.
    """
    basis = (
        pl.when(pl.col("allowed_amount").is_not_null())
        .then(pl.lit("allowed"))
        .when(pl.col("paid_amount").is_not_null())
        .then(pl.lit("paid"))
        .otherwise(pl.lit("charge"))
    )
    amount = pl.coalesce("allowed_amount", "paid_amount", "charge_amount")
    refused = (pl.col("paid_status") == "denied").fill_null(value=False)
    # Paid nothing though something was allowed is the patient's share, and still at risk.
    nothing = (pl.col("paid_amount") == 0) & (pl.col("allowed_amount").fill_null(0) == 0)
    unpaid = ~refused & nothing.fill_null(value=False)
    denied = refused | unpaid
    counts = (pl.col("tier") < INFO) & (pl.col("amount") == "line")
    # One finding a line counts the amount: the first in tier, then rank.
    frame = frame.sort(
        "row",
        counts,
        "tier",
        "precedence",
        "rule_id",
        descending=[False, True, False, False, False],
    )
    first = counts & (pl.col("row") != pl.col("row").shift(1)).fill_null(value=True)
    frame = frame.with_columns(_net(frame, amount, state))
    return frame.with_columns(
        amount_at_risk=pl.when((pl.col("amount") == "not determined") & (pl.col("tier") < INFO))
        .then(None)
        .when(denied | ~first)
        .then(0)
        .when(amount.is_null())
        .then(None)
        .otherwise("_net"),
        amount_basis=pl.when((pl.col("tier") == INFO) | (pl.col("amount") == "none"))
        .then(pl.lit("none"))
        .when(pl.col("amount") == "not determined")
        .then(pl.lit("not determined"))
        .when(unpaid)
        .then(pl.lit("paid zero"))
        .when(refused)
        .then(pl.lit("already denied"))
        .when(~first)
        .then(pl.lit("counted in another finding"))
        .when(amount.is_null())
        .then(pl.lit("not determined"))
        .otherwise(basis),
    )


def _net(frame: pl.DataFrame, amount: pl.Expr, state: State) -> pl.Expr:
    """What is left of each line's amount when reversals of its claim, code and date are netted.

    Of one patient: some offices number the claims of each patient from 1.
    """
    raw = state.batch.standing()
    key = ["claim_id", "patient_id", "code", "service_date_from"]
    negative = raw.filter(amount < 0).select(key).unique().collect()
    if negative.is_empty():
        return amount.alias("_net")
    lines = (
        raw.join(negative.lazy(), on=key, how="semi")
        .select("row", *key, "line_number", amount.alias("amount"))
        .sort(*key, "line_number", "amount", nulls_last=False)
        .collect()
    )
    total = pl.col("amount").sum().over(key)
    owed = pl.when(pl.col("amount") > 0).then("amount").otherwise(0)
    before = owed.cum_sum().over(key) - owed
    left = lines.select(
        "row", left=pl.max_horizontal(pl.min_horizontal(owed, total - before), pl.lit(0))
    )
    netted = frame.select("row").join(left, on="row", how="left", maintain_order="left")["left"]
    return pl.coalesce(pl.lit(netted), amount).alias("_net")
