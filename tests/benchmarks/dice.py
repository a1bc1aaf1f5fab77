"""Random numbers that are the same for a seed on every machine and in every release of polars.

Counter-based splitmix64 (Steele, Lea, Flood 2014): the n-th number of a stream is a function of
the seed, the stream's name and n, so whole columns are drawn at once and no draw depends on how
many came before it.
"""

from __future__ import annotations

import hashlib

import polars as pl

_GOLDEN = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


class Dice:
    """Columns of random numbers; every draw names its stream."""

    def __init__(self, seed: int, batch: int = 0) -> None:
        """Keep the seed; each batch has streams of its own, the first those of the seed alone."""
        self.seed = f"{seed}.{batch}" if batch else f"{seed}"

    def uniform(self, stream: str, n: int) -> pl.Series:
        """`n` floats in [0, 1)."""
        text = f"{self.seed} {stream}".encode()
        start = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
        z = pl.int_range(1, n + 1, dtype=pl.UInt64) * _u64(_GOLDEN) + _u64(start)
        z = (z ^ (z // _u64(1 << 30))) * _u64(0xBF58476D1CE4E5B9)
        z = (z ^ (z // _u64(1 << 27))) * _u64(0x94D049BB133111EB)
        z = z ^ (z // _u64(1 << 31))
        # 53 bits: every one of them is a float of its own
        return pl.select((z // _u64(1 << 11)).cast(pl.Float64) / float(1 << 53)).to_series()

    def below(self, stream: str, n: int, bound: int) -> pl.Series:
        """`n` integers in [0, bound)."""
        return (self.uniform(stream, n) * bound).cast(pl.Int64)

    def coin(self, stream: str, n: int, chance: float | pl.Series) -> pl.Series:
        """`n` booleans, True with probability `chance` (one for all, or one each)."""
        return self.uniform(stream, n) < chance

    def choice(self, stream: str, groups: pl.Series, weights: pl.DataFrame) -> pl.Series:
        """For each of `groups` a row number of `weights` (group, weight) of that group.

        `weights` is sorted by group, and its groups count from 0 without a gap. The shares of
        group g lie in [g, g + 1) one after the other, so one search finds all rows.
        """
        share = pl.col("weight").cum_sum().over("group") / pl.col("weight").sum().over("group")
        last = pl.col("group") != pl.col("group").shift(-1).fill_null(-1)
        # the last end is exact, so that no rounding hands a draw on to the next group
        ends = weights.select(
            pl.when(last).then(1.0).otherwise(share) + pl.col("group").cast(pl.Float64)
        ).to_series()
        where = groups.cast(pl.Float64) + self.uniform(stream, len(groups))
        row = ends.search_sorted(where, side="right")
        return row.clip(upper_bound=weights.height - 1)


def _u64(value: int) -> pl.Expr:
    return pl.lit(value & _WORD, pl.UInt64)
