"""Lines that meet others of the same practitioner's day: for rules of what may not stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.order import places

if TYPE_CHECKING:
    from auditor.engine.state import State

_DAY = ("row", "day", "date", "days", "c", "ce")
_OTHER = ("s1_known", "vague", "loose", "claim", "units", "lob", "has_gxgy")


def beside(state: State, lines: pl.DataFrame, others: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Each of `lines` with each of `others` on one day by one practitioner, day by day.

    Both are cut out of state.lines; what comes of the other line is suffixed `_`: row, c, ce,
    what the expressions below ask for, and `columns`. Lines that span several days meet on each.
    """
    lines = state.by_day(lines.filter(pl.col("day").is_not_null()))
    wanted = [*_DAY, *_OTHER, *columns]
    near = (pl.col("days") > 1) | pl.col("day").is_in(lines["day"].unique().implode())
    others = state.by_day(others.filter(near & pl.col("day").is_not_null()).select(wanted))
    others = others.drop("date", "days").rename(
        {name: name + "_" for name in wanted if name not in ("day", "date", "days")}
    )
    return lines.join(others, on="day").filter(pl.col("row") != pl.col("row_"))


def with_other_facts(state: State, met: pl.DataFrame, *names: str) -> pl.DataFrame:
    """`met` with code facts of the other line on that day, suffixed `_`."""
    table = state.batch.facts.table
    return met.with_columns(table[name].gather(met["ce_"]).alias(name + "_") for name in names)


def zero_limit() -> pl.Expr:
    """MUE-0 of the other line on that day (needs mue_value_): it never pays."""
    expected_none = (pl.col("mue_value_") == 0) & (pl.col("units_") > 0)
    judged = ~pl.col("has_gxgy_") & (pl.col("lob_") != "medicaid")
    return (expected_none & judged).fill_null(value=False)


def unsure() -> pl.Expr:
    """Nobody can say that the two lines are one practitioner's, of one day, and both stand.

    A rendering NPI is missing, the file dates the claim and not the line, or one claim may be the
    replacement of the other.
    """
    return (
        ~pl.col("s1_known")
        | ~pl.col("s1_known_")
        | pl.col("vague")
        | pl.col("vague_")
        | ((pl.col("loose") | pl.col("loose_")) & (pl.col("claim") != pl.col("claim_")))
    )


def one_each(state: State, met: pl.DataFrame) -> pl.DataFrame:
    """Of what each line met, the strongest in `tier`, then the first in the order of all lines."""
    met = met.join(places(state.batch, met["row_"]), left_on="row_", right_on="row")
    return met.sort("row", "tier", "date", "place").unique("row", keep="first", maintain_order=True)


def days_apart() -> pl.Expr:
    """The sentence that goes with dates of claims."""
    return (
        pl.when(pl.col("vague") | pl.col("vague_"))
        .then(pl.lit(" The file dates the claim and not the line, so they may be days apart."))
        .otherwise(pl.lit(""))
    )
