"""The words of the add-on findings: expected primaries, the deciding table rows, the advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import listed
from auditor.rules.add_on_days import addon_rows

if TYPE_CHECKING:
    from auditor.engine.state import State

_SPINE = " For the spine the guidance code is 77003."


def row_words(lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add code and table_row (the add-on's rows in force, in words) to row, ce, date."""
    lines = lines.with_columns(state.batch.facts.table["code"].gather(lines["ce"]))
    return lines.join(_rows(lines, state), on=["row", "date"], how="left")


def _rows(lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, date, table_row."""
    table = state.batch.facts.addons
    rows = (
        lines.select("row", "date", "code")
        .join(table, left_on="code", right_on="addon")
        .filter(
            pl.col("effective") <= pl.col("date"),
            pl.col("deletion").is_null() | (pl.col("date") <= pl.col("deletion")),
        )
    )
    return (
        rows.group_by("row", "date")
        .agg(
            pl.col("code").first(),
            pl.col("edit_type").unique().sort(),
            n=pl.len(),
            since=pl.col("effective").min(),
        )
        .select(
            "row",
            "date",
            table_row=pl.format(
                "{}: type {}, {} rows in force, the oldest since {}",
                pl.col("code"),
                pl.col("edit_type").cast(pl.List(pl.String)).list.join(" and "),
                pl.col("n"),
                pl.col("since"),
            ),
        )
    )


def orphan_words(orphans: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add message, remedy and table_row to the orphans."""
    orphans = row_words(orphans, state)
    own = orphans.join(state.lines.select("row", "c"), on="row", how="left")
    expected = addon_rows(own, state).filter(pl.col("primary") != "CCCCC")
    expected = (
        expected.sort("row", "day", "primary")
        .group_by("row", "day", maintain_order=True)
        .agg(pl.col("primary"))
    )
    own = own.join(expected, on=["row", "day"], how="left")
    spine = _spine_days(own, state)
    own = own.join(spine, on=["row", "day"], how="left")
    spinal = (pl.col("code") == "77002") & pl.col("spine").fill_null(value=False)
    return own.with_columns(
        message=pl.format(
            "Add-on {} on {} has no qualifying primary by the same practitioner. Expected one of: "
            "{}.{}",
            pl.col("code"),
            pl.col("date"),
            listed("primary"),
            pl.col("near"),
        ),
        remedy=pl.format(
            "Add the missing primary, correct the practitioner or the date, or remove {}.{}",
            pl.col("code"),
            pl.when(spinal).then(pl.lit(_SPINE)).otherwise(pl.lit("")),
        ),
    )


def _spine_days(orphans: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day, spine: orphans on whose day a primary of 77003 stands (SPEC 3.4)."""
    wanted = orphans.filter(pl.col("code") == "77002").select("row", "day")
    primaries = state.batch.reference.addons(pl.Series(["77003"]))["primary"].unique()
    places = state.batch.code_index(primaries).drop_nulls()
    days = (
        state.lines.filter(pl.col("day").is_not_null() & pl.col("c").is_in(places.implode()))
        .select("day")
        .unique()
    )
    return wanted.join(days, on="day", how="semi").with_columns(spine=pl.lit(value=True))
