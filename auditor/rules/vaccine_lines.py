"""Lines of vaccines and of their administration, and who billed them with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.partners import KEYS, one_group, others, strangers

if TYPE_CHECKING:
    from auditor.engine.state import State

PRODUCT_LIKE = (
    r"^(?:9028[1-9]|9029\d|903\d\d"  # immune globulins
    r"|9047[6-9]|9048[2-9]|9049\d|90[56]\d\d|907[0-5]\d|913\d\d|Q203\d)$"
)
"""Vaccines and immune globulins by their ranges, of codes too new for the table as well."""
COLUMNS = (
    "row",
    "day",
    "date",
    "days",
    "c",
    "ce",
    "patient",
    "person",
    "units",
    "lob",
    "pos",
    "m",
    "birth",
    "denied",
    "dup",
    "live",
    *KEYS,
)


def billed(state: State, codes: pl.Expr) -> pl.DataFrame:
    """Lines of `codes` (facts) of known patients that stand, once for each day they span."""
    lines = state.lines_of(codes, *COLUMNS)
    if lines.is_empty():
        return lines
    return state.by_day(
        lines.filter(pl.col("patient").is_not_null() & ~pl.col("dup") & pl.col("live"))
    )


def together(lines: pl.DataFrame, there: pl.DataFrame, **columns: str | pl.Expr) -> pl.DataFrame:
    """`lines` beside each line of `there`: one person and date, not known to be of two groups.

    By person, whatever the payer: a vaccine and its administration may go to two of them. `own`
    is True where the two are known to be one practitioner's or one group's.
    """
    other = others(there, person="person", date="date", row_="row", **columns)
    met = lines.join(other, on=["person", "date"])
    same = (pl.col("s1") == pl.col("s1_")).fill_null(value=False)
    return met.filter(~strangers() | same).with_columns(own=same | one_group())


def lacking_words(state: State, what: str) -> pl.Expr:
    """A sentence on lines whose claim or patient-day has a rejected row."""
    return (
        pl.when(pl.col("row").is_in(state.batch.lacking.implode()))
        .then(pl.lit(f" A rejected row of this claim or patient-day may be {what}."))
        .otherwise(pl.lit(""))
    )
