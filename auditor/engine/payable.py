"""What pays by itself: before any pair, unit or add-on rule is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from auditor.engine.batch import Batch

PAID_UNDER_SCHEDULE = ("A", "C", "R")
"""Status codes whose payable line stops a status T line (SPEC 7.3)."""
FLAGS = ("pays_as_column1", "pays_as_primary")


class Payable(NamedTuple):
    """Lines with dup, alone_blocked, pays_as_column1 and pays_as_primary."""

    lines: pl.DataFrame
    """Batch.lines; a span line pays where it pays on any of its days in its first epoch."""
    later: pl.DataFrame
    """Batch.later, likewise."""
    lone: pl.DataFrame
    """row, date, FLAGS: status T lines that span several days, day by day."""


def payability(lines: pl.DataFrame, duplicates: pl.Series, batch: Batch) -> Payable:
    """Add what makes a line unpayable by itself, before any pair, unit or add-on rule.

    A status that never pays bars a column 1 line of every line of business, because the edit
    is a Medicare one; it bars a primary only on Medicare lines, where the status decides.
    """
    dup = pl.col("row").is_in(duplicates.implode()) if len(duplicates) else pl.lit(value=False)
    # A line that a reversal takes back is billed no more, and a credit claims no service, whatever
    # it takes back: like a duplicate they are out of the game.
    lines = lines.with_columns(dup=dup | pl.col("cancelled") | pl.col("credit"))
    later = lines.clear()
    if batch.later.height:
        later = batch.later.join(lines.select("row", "dup"), on="row").select(lines.columns)
    days = _lone_days(pl.concat([lines, later]) if later.height else lines, batch)
    if days.is_empty():
        free = pl.lit(value=False)
        lines, later = (_pays(some.with_columns(alone_blocked=free)) for some in (lines, later))
        return Payable(lines, later, lines.head(0).select("row", "date", *FLAGS))
    key = ["row", "ce"]
    whole = days.group_by(key).agg(alone_blocked=pl.col("blocked").all()).filter("alone_blocked")
    first = lines.select(key).filter(pl.col("row").is_in(whole["row"].implode()))
    rows = first.join(whole, on=key, how="semi")["row"]
    lines = lines.with_columns(alone_blocked=pl.col("row").is_in(rows.implode()))
    later = later.join(whole, on=key, how="left")
    later = later.with_columns(pl.col("alone_blocked").fill_null(value=False))
    several = (pl.col("days") > 1) & pl.col("row").is_in(days["row"].unique().implode())
    spans = pl.concat([lines.filter(several), later.filter(several)])
    lone = spans.drop("date", "alone_blocked").join(
        days.select(*key, "date", alone_blocked="blocked"), on=key
    )
    return Payable(_pays(lines), _pays(later), _pays(lone).select("row", "date", *FLAGS))


def _lone_days(lines: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """row, ce, date, blocked: status T lines day by day, and where something else pays."""
    need = ["row", "day", "date", "days", "c", "ce"]
    every = lines.lazy()
    alone = every.filter(pl.col("status") == "T", pl.col("day").is_not_null(), ~pl.col("dup"))
    lone = _that_epoch(alone.select(need).collect(), batch)
    if lone.is_empty():
        return lone.select("row", "ce", "date", blocked=pl.lit(value=False))
    near = (pl.col("days") > 1) | pl.col("day").is_in(lone["day"].unique().implode())
    paid = every.filter(
        pl.col("status").is_in(PAID_UNDER_SCHEDULE) & near,
        pl.col("live") & ~pl.col("dup") & ~pl.col("denied") & ~pl.col("mue_zero"),
    )
    payable = _that_epoch(paid.select(need).collect(), batch).select("day", other="row")
    met = lone.join(payable, on="day").filter(pl.col("row") != pl.col("other"))
    met = met.select("row", "date", blocked=pl.lit(value=True)).unique()
    days = lone.select("row", "ce", "date").join(met, on=["row", "date"], how="left")
    return days.with_columns(pl.col("blocked").fill_null(value=False))


def _that_epoch(lines: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """`lines` once for each of their days that is in the epoch of their facts."""
    if not batch.has_spans:
        return lines
    return batch.by_day(lines.with_columns(at="ce")).filter(pl.col("ce") == pl.col("at")).drop("at")


def _pays(lines: pl.DataFrame) -> pl.DataFrame:
    """Add FLAGS."""
    barred = pl.col("never_pays") | pl.col("mue_zero") | pl.col("alone_blocked")
    gone = pl.col("denied") | pl.col("dup") | ~pl.col("live")
    return lines.with_columns(
        pays_as_column1=~gone & ~barred,
        pays_as_primary=~gone & ~(barred & pl.col("medicare")),
    )
