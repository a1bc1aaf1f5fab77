"""Rows that earlier nights rejected: a line is missing until its claim comes whole without one.

What comes line by line (delta) clears nothing: nobody knows which line the rejected row was.
"""

from __future__ import annotations

import polars as pl

from schemas import RejectedKeys, dtypes

KEYS = list(dtypes(RejectedKeys))


def standing(told: pl.DataFrame) -> pl.DataFrame:
    """schemas.RejectedKeys that still hold, each once.

    told: run, the keys, cleared. A claim that came without a rejected row in a run clears what
    earlier runs rejected of it; a key without a claim is never cleared.
    """
    last = told.filter("cleared").group_by("claim_id").agg(_cleared=pl.col("run").max())
    rows = told.filter(~pl.col("cleared")).join(last, on="claim_id", how="left")
    holds = pl.col("_cleared").is_null() | (pl.col("run") > pl.col("_cleared"))
    return rows.filter(holds).select(KEYS).unique().sort(KEYS)


def keys(rejected: pl.DataFrame) -> pl.DataFrame:
    """schemas.RejectedKeys of tonight's rejected rows, each once."""
    return rejected.select(KEYS).unique().sort(KEYS)


def cleared(held: pl.DataFrame, tonight: pl.DataFrame, claims: pl.Series) -> pl.DataFrame:
    """Those of `held` whose claim came whole (`claims`) and without a rejected row `tonight`."""
    again = pl.col("claim_id").is_in(claims.implode())
    return held.filter(again).join(tonight.select("claim_id").unique(), on="claim_id", how="anti")


def matter(held: pl.DataFrame, lines: list[pl.DataFrame]) -> pl.DataFrame:
    """Those of `held` that name a claim or a patient of `lines`."""
    if held.is_empty():
        return held
    among = [
        pl.col(name).is_in(pl.concat([each[name] for each in lines]).unique().implode())
        for name in ("claim_id", "patient_id")
    ]
    return held.filter(among[0].fill_null(value=False) | among[1].fill_null(value=False))
