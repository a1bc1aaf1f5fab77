"""The words of the add-on findings: expected primaries, the deciding table rows, the advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import listed
from auditor.engine.policies import in_force

if TYPE_CHECKING:
    from auditor.engine.state import State

_SPINE = " For the spine the guidance code is 77003."
_WITH_IMAGING = {"62320": "62321", "62322": "62323", "62324": "62325", "62326": "62327"}
"""Spinal injections without imaging, and the code that includes it (SPEC 3.4)."""


def row_words(lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add code, table_row (the add-on's rows in force, in words) and expected to row, ce, date."""
    lines = lines.with_columns(state.batch.facts.table["code"][lines["ce"]])
    # Once a code and date, not once a line: a million lines hold a few hundred of these.
    asked = lines.select("code", "date").unique()
    rows = asked.join(state.batch.facts.addons, left_on="code", right_on="addon").filter(
        in_force("date", "effective", "deletion")
    )
    named = pl.col("primary").filter(pl.col("primary") != "CCCCC").unique().sort()
    words = (
        rows.group_by("code", "date")
        .agg(
            pl.col("edit_type").unique().sort(),
            n=pl.len(),
            since=pl.col("effective").min(),
            named=named,
        )
        .select(
            "code",
            "date",
            table_row=pl.format(
                "{}: type {}, rows in force: {}, the oldest since {}",
                pl.col("code"),
                pl.col("edit_type").cast(pl.List(pl.String)).list.join(" and "),
                pl.col("n"),
                pl.col("since"),
            ),
            expected=listed("named"),
        )
    )
    return lines.join(words, on=["code", "date"], how="left")


def orphan_words(orphans: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add message, remedy and table_row to the orphans."""
    orphans = row_words(orphans, state)
    orphans = orphans.join(_spine_days(orphans, state), on=["row", "day"], how="left")
    orphans = orphans.join(_with_imaging(orphans, state), on=["row", "day"], how="left")
    spinal = (pl.col("code") == "77002") & pl.col("spine").fill_null(value=False)
    return orphans.with_columns(
        message=pl.format(
            "Add-on {} on {} has no qualifying primary by the same practitioner. Expected one of: "
            "{}.{}",
            pl.col("code"),
            pl.col("date"),
            pl.col("expected"),
            pl.col("near"),
        ),
        remedy=pl.when(pl.col("imaged").is_not_null())
        .then(
            pl.format(
                "Remove {}: with imaging the injection {} is {}, which includes the guidance.",
                pl.col("code"),
                pl.col("plain"),
                pl.col("imaged"),
            )
        )
        .otherwise(
            pl.format(
                "Add the missing primary, correct the practitioner or the date, or remove {}.{}",
                pl.col("code"),
                pl.when(spinal).then(pl.lit(_SPINE)).otherwise(pl.lit("")),
            )
        ),
    )


def _spine_days(orphans: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day, spine: orphans on whose day a primary of 77003 stands (SPEC 3.4)."""
    wanted = orphans.filter(pl.col("code") == "77002").select("row", "day")
    if wanted.is_empty():
        return wanted.hstack([pl.Series("spine", [], pl.Boolean)])
    primaries = state.batch.reference.addons(pl.Series(["77003"]))["primary"].unique()
    places = state.batch.code_index(primaries).drop_nulls()
    days = state.lines_with(places, "day").drop_nulls().unique()
    return wanted.join(days, on="day", how="semi").with_columns(spine=pl.lit(value=True))


def _with_imaging(orphans: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day, plain, imaged: orphan guidance beside a spinal injection without imaging."""
    if not state.batch.facts.holds(*_WITH_IMAGING):
        nothing = [pl.Series(name, [], pl.String) for name in ("plain", "imaged")]
        return orphans[["row", "day"]].clear().hstack(nothing)
    codes = pl.DataFrame({"plain": list(_WITH_IMAGING), "imaged": list(_WITH_IMAGING.values())})
    codes = codes.with_columns(c=state.batch.code_index(codes["plain"])).drop_nulls("c")
    wanted = orphans.filter(pl.col("code").is_in(["77002", "77003"])).select("row", "day")
    days = (
        state.lines.lazy()
        .filter(pl.col("day").is_not_null() & pl.col("c").is_in(codes["c"].implode()))
        .select("day", "c")
        .collect()
        .join(codes, on="c")
    )
    days = days.select("day", "plain", "imaged").sort("plain").unique("day", keep="first")
    return wanted.join(days, on="day")
