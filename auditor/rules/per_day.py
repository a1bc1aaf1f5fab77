"""Units a day of one line, as the MUE rules count them."""

from __future__ import annotations

import polars as pl

_HALF_OVER = 1500
"""Thousandths of a unit above which a day's share rounds to two without a doubt."""


def several_a_day() -> pl.Expr:
    """The line's units over its days are more than one, whichever way an exact half rounds."""
    return pl.col("units") > _HALF_OVER * pl.col("span").cast(pl.Int64)
