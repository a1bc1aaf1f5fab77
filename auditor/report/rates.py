"""Shares beside the batch's share: when a difference says something, and when chance may make it.

The interval is Wilson's score interval (E. B. Wilson, Probable inference, the law of succession,
and statistical inference, JASA 22, 1927), which stays right for small counts and shares near 0 or
1. At 99% about one practitioner in 200 lies above the batch by chance alone, and one in 200 below.
"""

from __future__ import annotations

import polars as pl

Z99 = 2.5758293035489004
"""The 99.5% quantile of the normal distribution: both sides together leave 1%."""
LEAST_CASES = 5
"""Fewer cases than that are never called too many: one or two lie above a very low rate at once."""
_NEAR = 1e-9
"""Nearer than that two shares are one: the last digits of floats are no difference."""


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Part / whole; null where there is no whole, or less than nothing."""
    return pl.when(whole > 0).then(part / whole)


def wilson(part: pl.Expr, whole: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """The ends of the 99% interval of the share of counts `part` in `whole` (null for whole 0)."""
    p, n = share(part, whole), whole.cast(pl.Float64)
    middle = p + Z99**2 / (2 * n)
    reach = Z99 * (p * (1 - p) / n + Z99**2 / (4 * n * n)).sqrt()
    scale = 1 + Z99**2 / n
    return (middle - reach) / scale, (middle + reach) / scale


def beyond_chance(part: pl.Expr, whole: pl.Expr, batch: pl.Expr, apart: float = 1) -> pl.Expr:
    """1 where the share lies above `batch` beyond chance, -1 below, else 0.

    Above asks for LEAST_CASES in `part`. The share must also be `apart` times `batch` or more, or
    as many times less.
    """
    low, high = wilson(part, whole)
    p = share(part, whole)
    return (
        pl.when((part >= LEAST_CASES) & (low > batch + _NEAR) & (p >= batch * apart - _NEAR))
        .then(1)
        .when((high < batch - _NEAR) & (p * apart <= batch + _NEAR))
        .then(-1)
        .otherwise(0)
        .cast(pl.Int8)
    )
