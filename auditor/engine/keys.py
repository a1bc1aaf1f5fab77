"""Keys by which lines meet, and what keeps a line from meeting others."""

from __future__ import annotations

import polars as pl

CROWD, SEVERAL_BIRTHS, BUSY_DAY = 200, 2, 10


def keys(lines: pl.DataFrame, first: object, implausible: int, in_all: int) -> pl.DataFrame:
    """Add `day`, `n_day` (lines of the day) and blank what cannot be joined.

    `patient` becomes null for a placeholder, `day` for an implausible day as well, which
    `crowded` marks.
    """
    crowd = _crowd(lines, in_all)
    if len(crowd):
        lines = lines.with_columns(
            patient=pl.when(~pl.col("patient").is_in(crowd.implode())).then("patient")
        )
    lines = lines.with_columns(day=_day(lines, first))
    lines = lines.with_columns(n_day=pl.len().over("day"))
    full = pl.col("day").is_not_null() & (pl.col("n_day") > implausible)
    return lines.with_columns(day=pl.when(~full).then(pl.col("day")), crowded=full)


def keys_again(lines: pl.DataFrame, first: object) -> pl.DataFrame:
    """Add `day` to `lines` of which `keys` said the rest before (auditor.engine.known)."""
    return lines.with_columns(day=pl.when(~pl.col("crowded")).then(_day(lines, first)))


def _day(lines: pl.DataFrame, first: object) -> pl.Expr:
    """Patient, practitioner and date in one number."""
    offset = (pl.col("date") - pl.lit(first)).dt.total_days()
    # Span lines are shifted along the key by up to a year, so the field must hold them.
    width: int = lines.select((offset + pl.col("days")).max()).item() + 2
    practitioners: int = (lines["s1"].max() or 0) + 1  # type: ignore[operator, assignment]
    return (pl.col("patient") * practitioners + pl.col("s1")) * width + offset + 1


def _crowd(lines: pl.DataFrame, in_all: int) -> pl.Series:
    """Patients who are a crowd: one id on over 1% of all lines (`in_all`) and on at least 200.

    In a file of a year a sick patient has as many, so the id must also stand for several birth
    dates or for more lines a day than one person has.
    """
    counts = lines["patient"].drop_nulls().value_counts(name="n")
    many = counts.filter(pl.col("n") >= max(CROWD, in_all // 100 + 1))["patient"]
    if not len(many):
        return many
    people = (
        lines.filter(pl.col("patient").is_in(many.implode()))
        .group_by("patient")
        .agg(
            births=pl.col("birth").drop_nulls().n_unique(),
            busy=pl.len() / pl.col("date").n_unique(),
        )
    )
    crowd = (pl.col("births") > SEVERAL_BIRTHS) | (pl.col("busy") > BUSY_DAY)
    return people.filter(crowd)["patient"]
