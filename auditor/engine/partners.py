"""Who belongs to one group: expressions over a line and another one, suffixed `_` (SPEC 2.2).

The group is the tax id; where one of the two lines has none, the billing NPI.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from auditor.rules.options import Key

KEYS = ("s1", "tax", "billing", "specialty")


def others(frame: pl.DataFrame, **columns: str | pl.Expr) -> pl.DataFrame:
    """`frame` as the other side of a join: its KEYS suffixed, and `columns`."""
    return frame.select(**{k + "_": pl.col(k) for k in KEYS}, **columns)


def _tax_known() -> pl.Expr:
    return pl.col("tax").is_not_null() & pl.col("tax_").is_not_null()


def one_group() -> pl.Expr:
    """Known to bill under one tax id, or, where one is missing, under one billing NPI."""
    return (
        pl.when(_tax_known())
        .then(pl.col("tax") == pl.col("tax_"))
        .otherwise((pl.col("billing") == pl.col("billing_")).fill_null(value=False))
    )


def strangers() -> pl.Expr:
    """Known to bill under different tax ids or, where one is missing, different billing NPIs."""
    return (
        pl.when(_tax_known())
        .then(pl.col("tax") != pl.col("tax_"))
        .otherwise((pl.col("billing") != pl.col("billing_")).fill_null(value=False))
    )


def one_physician() -> pl.Expr:
    """S1, or S2: one group and one known specialty bill as one physician."""
    s2 = one_group() & (pl.col("specialty") == pl.col("specialty_"))
    return ((pl.col("s1") == pl.col("s1_")) | s2).fill_null(value=False)


def same_practitioner(key: Key) -> pl.Expr:
    """Counts as one practitioner by `key`: rendering (S1), group-specialty (S2), group (S3)."""
    s1 = (pl.col("s1") == pl.col("s1_")).fill_null(value=False)
    if key == "rendering":
        return s1
    return one_physician() if key == "group-specialty" else s1 | one_group()


def someone_else() -> pl.Expr:
    """Not known to be the same practitioner (S1)."""
    return pl.col("s1").is_null() | pl.col("s1_").is_null() | (pl.col("s1") != pl.col("s1_"))
