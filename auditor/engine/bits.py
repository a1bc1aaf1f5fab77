"""Sets of small numbers as fields of bits: what is in one is found sooner than in a hash table."""

from __future__ import annotations

import polars as pl


def marks(height: int, *places: pl.Series) -> pl.Series:
    """So many bits, true at each of `places`."""
    bits = pl.repeat(value=False, n=height, dtype=pl.Boolean, eager=True)
    for each in places:
        bits = bits.scatter(each, values=True)
    return bits
