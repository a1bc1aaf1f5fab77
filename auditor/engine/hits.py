"""Hits: what rules answer, before headlines, money and identities are worked out."""

from __future__ import annotations

from functools import cache

import polars as pl

CERTAIN, REVIEW, INFO = 0, 1, 2
TIER_NAMES = ("certain", "review", "info")
DENIALS = ("PTP-0", "PTP-1", "MUE-0", "MUE-1", "MUE-2", "MUE-3")
"""What denies a line to others that need it: an add-on falls with its primary."""

HITS: dict[str, pl.DataType | type[pl.DataType]] = {
    "row": pl.UInt32,  # anchor line
    "rule_id": pl.String,
    "tier": pl.UInt8,
    "other": pl.UInt32,  # counterpart line, null where there is none
    "other_code": pl.String,
    "root": pl.UInt32,  # line whose story this hit belongs to, null: its own
    "message": pl.String,
    "remedy": pl.String,
    "kind": pl.String,  # kind of reference table that decides, null for none
    "release": pl.String,  # its release where that varies by row, else null: the newest
    "table_row": pl.String,
    "fact": pl.String,  # what is wrong beyond the line, told once of all its lines; null: the line
}


def hits(frame: pl.DataFrame, rule_id: str, **columns: pl.Expr | int | str | None) -> pl.DataFrame:
    """A HITS table from `frame` (with `row`); columns not given are null.

    The frame is made of one chunk first: pl.format fails on a filtered frame whose columns have
    different chunks (seen with polars 2.1.0).
    """
    if frame.is_empty():
        return no_hits()
    frame = frame.rechunk()
    given = {
        name: value if isinstance(value, pl.Expr) else pl.lit(value)
        for name, value in {"rule_id": rule_id, **columns}.items()
    }
    return frame.select(
        [
            (given[name] if name in given else pl.col(name) if name == "row" else pl.lit(None))
            .cast(dtype)
            .alias(name)
            for name, dtype in HITS.items()
        ]
    )


@cache
def no_hits() -> pl.DataFrame:
    """An empty HITS table, one for all: hundreds are asked for in an audit."""
    return pl.DataFrame(schema=HITS)


def at_least(tier: pl.Expr, floor: int, when: pl.Expr) -> pl.Expr:
    """`tier`, weakened to `floor` where `when` holds."""
    return pl.when(when & (tier < floor)).then(pl.lit(floor, pl.UInt8)).otherwise(tier)


def until(end: str) -> pl.Expr:
    """An end date in words: the date, or 'open'."""
    return pl.col(end).dt.to_string("%Y-%m-%d").fill_null("open")


def listed(codes: str) -> pl.Expr:
    """A list column of codes as text, the first eight and how many more."""
    few = pl.col(codes).list.head(8).list.join(", ")
    more = pl.col(codes).list.len().cast(pl.Int64) - 8
    return pl.when(more > 0).then(pl.format("{} and {} more", few, more)).otherwise(few)
