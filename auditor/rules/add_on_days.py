"""Which add-ons of a day are supported, orphaned, fallen with their primary, or bare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.bits import marks
from auditor.engine.hits import CERTAIN, DENIALS, REVIEW
from auditor.engine.order import places
from auditor.rules.add_on_near import excused, near
from auditor.rules.add_on_table import FOR_GOOD, listed_pairs
from auditor.rules.meeting import unsure_who

if TYPE_CHECKING:
    from auditor.engine.state import State


_LINE = (
    *("row", "day", "date", "days", "c", "ce", "is_em", "addon", "pays_as_primary"),
    *("firm", "loose", "claim", "vague"),
)
_CANDIDATE = pl.col("day").is_not_null() & ~pl.col("dup") & pl.col("live")


@dataclass(frozen=True, slots=True)
class AddOnDays:
    """The judged add-on lines, sorted into what is wrong with them."""

    orphans: pl.DataFrame
    """Type 1, no listed primary on the day: row, ce, date, tier, near_row, near_code, near."""
    fallen: pl.DataFrame
    """Type 1, primaries all denied: row, ce, date, tier, primary_row, primary_code, primaries."""
    bare: pl.DataFrame
    """Type 2 or 3 without another procedure: row, ce, date, tier."""
    shaken: pl.DataFrame
    """Type 1, only primaries that an unmatched credit may take back: row, ce, date, primary_row,
    primary_code; of no other tier than review."""


def read_days(rows: pl.Series, state: State) -> AddOnDays:
    """Judge the lines `rows` (whose code has add-on rows in force, payable by themselves)."""
    batch = state.batch
    addons = state.lines_at(rows, *_LINE).filter(pl.col("day").is_not_null())
    addons = state.by_day(addons).filter("pays_as_primary")
    # A span may go on when the last row of its code has ended.
    addons = addons.filter(batch.facts.table["addon"].gather(addons["ce"]))
    wanted = addons.select("day").unique()
    # A span line may reach a day that its own first day is not.
    on_day = pl.col("day").is_in(wanted["day"].implode())
    lines = state.lines.lazy().filter(_CANDIDATE)
    days = lines.filter(on_day, pl.col("days") == 1).select(_LINE).collect()
    if batch.has_spans:
        spans = state.by_day(lines.filter(pl.col("days") > 1).select(_LINE).collect())
        spans = state.with_facts(spans.join(wanted, on="day", how="semi"), "is_em", "addon")
        days = pl.concat([days, spans])
    # A line on a day is told by its place among these.
    days = _with_denials(days, state).with_row_index("at")
    addons = addons.join(days[["row", "day", "at"]], on=["row", "day"], maintain_order="left")
    edges = _edges(addons, days, state)
    types = addons.select("row", "day", "ce", "date", "at").with_columns(
        [batch.facts.table[f"addon_{n}"][addons["ce"]].alias(f"type_{n}") for n in (1, 2, 3)]
    )
    # The type belongs to the row: with any open row beside the listed ones the list is not closed.
    closed = pl.col("type_1") & ~pl.col("type_2") & ~pl.col("type_3")
    ones = types.filter(closed)
    asking = ones.join(excused(ones, state), on=["row", "day"], how="anti", maintain_order="left")
    standing = _standing(ones["at"], asking["at"], days, edges)
    carrying = edges.filter(standing.gather(edges["primary_at"]))
    carried = marks(days.height, carrying["at"])
    open_ = types.filter(~closed)
    bare = _bare(open_.filter(~carried.gather(open_["at"])), days.filter(standing), state)
    unsupported = asking.filter(~carried.gather(asking["at"]))
    listed = edges.filter(marks(days.height, unsupported["at"]).gather(edges["at"]))
    there = marks(days.height, listed["at"]).gather(unsupported["at"])
    orphans = _downgrade(unsupported.filter(~there), state)
    fallen = _fallen(unsupported.filter(there), listed, days, orphans, state)
    shaken = _shaken(asking, carrying, state)
    return AddOnDays(_worst(orphans), _worst(fallen), _worst(bare), shaken)


def _shaken(asking: pl.DataFrame, carrying: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add-ons that stand and all of whose primaries an unmatched credit may take back."""
    taken = state.batch.shaken
    if taken.is_empty():
        return (
            asking.select("row", "ce", "date")
            .clear()
            .with_columns(primary_row=pl.lit(None, pl.UInt32), primary_code=pl.lit(None, pl.String))
        )
    firm = carrying.filter(~pl.col("primary_row").is_in(taken.implode()))
    found = (
        asking.filter(~pl.col("row").is_in(taken.implode()))
        .join(firm, on=["row", "day"], how="anti")
        .join(carrying, on=["row", "day"])
    )
    codes = state.batch.raw["code"]
    found = found.with_columns(codes[found["primary_row"]].alias("primary_code"))
    ranks = places(state.batch, found["primary_row"]).rename({"row": "primary_row"})
    found = found.join(ranks, on="primary_row").sort("row", "date", "primary_code", "place")
    return found.unique("row", keep="first", maintain_order=True).drop("place")


def _worst(found: pl.DataFrame) -> pl.DataFrame:
    """A span line is hit if any of its days is; its worst day is told."""
    if found.is_empty():
        return found
    return found.sort("row", "tier", "date").unique("row", keep="first", maintain_order=True)


def _with_denials(days: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add `payable`, and `fell_for_good` for lines that do not pay, whatever comes."""
    denials = state.hits_of(*DENIALS).join(days.select("row").unique(), on="row", how="semi")
    if denials.is_empty():
        return days.with_columns(
            denied_by_edit=pl.lit(value=False),
            for_good=pl.lit(value=False),
            payable=pl.col("pays_as_primary"),
            fell_for_good=~pl.col("pays_as_primary"),
        )
    said = denials.group_by("row").agg(
        denied_by_edit=pl.lit(value=True),
        for_good=(pl.col("rule_id").is_in(FOR_GOOD) & (pl.col("tier") == CERTAIN)).any(),
    )
    return (
        days.join(said, on="row", how="left")
        .with_columns(pl.col("denied_by_edit", "for_good").fill_null(value=False))
        .with_columns(
            payable=pl.col("pays_as_primary") & ~pl.col("denied_by_edit"),
            fell_for_good=~pl.col("pays_as_primary") | pl.col("for_good"),
        )
    )


def _edges(addons: pl.DataFrame, days: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, day, at, primary_row, primary_at: listed primaries that are there on the add-on's day.

    The few lines of the day are met first and the table is asked about those pairs only, because
    an add-on may list a hundred primaries.
    """
    present = days.select("day", primary_c="c", primary_row="row", primary_at="at")
    met = addons.select("row", "day", "at", "date", "c").join(present, on="day")
    listed = listed_pairs(met, state).select("row", "day", "at", "primary_row", "primary_at")
    return listed.unique(["at", "primary_at"])


def _standing(
    ones: pl.Series, asking: pl.Series, days: pl.DataFrame, edges: pl.DataFrame
) -> pl.Series:
    """For each of `days` whether it can support an add-on: the least fixpoint.

    ones: places of type 1 add-ons; asking: those of them that need a primary. A span line that is
    an orphan on one of its days is one on all: it supports nothing.
    """
    payable, closed = days["payable"], marks(days.height, asking)
    held = payable
    while True:
        standing = _fixpoint(held, closed, edges)
        fell = ones.filter((payable & ~standing).gather(ones))
        orphaned = days["row"].is_in(days["row"].gather(fell).implode())
        if not (standing & orphaned).any():
            return standing
        held = held & ~(standing & orphaned)


def _fixpoint(payable: pl.Series, closed: pl.Series, edges: pl.DataFrame) -> pl.Series:
    """Lines that are no type 1 add-ons, and the add-ons that these support, and so on."""
    standing = payable & ~closed
    edges = edges.filter((payable & closed).gather(edges["at"]))
    while True:
        admitted = edges["at"].filter(standing.gather(edges["primary_at"]))
        if admitted.is_empty():
            return standing
        standing = standing.scatter(admitted, values=True)
        edges = edges.filter(~standing.gather(edges["at"]))


def _fallen(
    fallen: pl.DataFrame,
    listed: pl.DataFrame,
    days: pl.DataFrame,
    orphans: pl.DataFrame,
    state: State,
) -> pl.DataFrame:
    """AOC-6 with its tier: certain only when every listed primary fell for good."""
    if fallen.is_empty():
        return fallen.with_columns(
            tier=pl.lit(0),
            primary_row=pl.lit(None, pl.UInt32),
            primary_code=pl.lit(None, pl.String),
            primaries=pl.lit(0),
        )
    soft = _soft(fallen, listed, days, orphans, state)
    softness = soft.with_columns(soft=pl.lit(value=True))
    ids = state.batch.raw.select("claim_id", "line_number")
    there = state.with_facts(days.select("day", "ce", primary_row="row"), "code")
    first = listed.join(there.rename({"code": "primary_code"}), on=["primary_row", "day"])
    first = (
        pl.concat([first, ids[first["primary_row"]]], how="horizontal")
        .sort("primary_code", "claim_id", "line_number")
        .group_by("row", "day")
        .agg(pl.col("primary_row", "primary_code").first(), primaries=pl.len())
    )
    return (
        fallen.join(softness, on=["row", "day"], how="left")
        .join(first, on=["row", "day"], how="left")
        .with_columns(
            tier=pl.when(pl.col("soft").fill_null(value=False)).then(REVIEW).otherwise(CERTAIN)
        )
    )


def _soft(
    fallen: pl.DataFrame,
    listed: pl.DataFrame,
    days: pl.DataFrame,
    orphans: pl.DataFrame,
    state: State,
) -> pl.DataFrame:
    """row, day of fallen add-ons that a modifier, an appeal or a record may yet save.

    One reason for good is enough for a primary: an orphan over a curable limit is still an orphan.
    """
    lacking = state.batch.lacking.implode()
    who = days.select("row", "day", "firm", "loose", "claim", "vague", "fell_for_good")
    edges = listed.join(fallen.select("row", "day"), on=["row", "day"], how="semi")
    edges = edges.join(who, on=["row", "day"]).join(
        who, left_on=["primary_row", "day"], right_on=["row", "day"], suffix="_"
    )
    doubtful = unsure_who() | pl.col("vague") | pl.col("row").is_in(lacking)
    soft = edges.filter(doubtful).select("row", "day").unique()
    # An add-on is as soft as its softest primary. One that is a certain orphan on any of its days,
    # or falls there for good, is none of the soft.
    orphaned = orphans.filter(pl.col("tier") == CERTAIN)["row"].implode()
    edges = edges.filter(~pl.col("fell_for_good_") & ~pl.col("primary_row").is_in(orphaned))
    while True:
        firm = fallen.join(soft, on=["row", "day"], how="anti")["row"].implode()
        more = (
            edges.filter(~pl.col("primary_row").is_in(firm))
            .select("row", "day")
            .unique()
            .join(soft, on=["row", "day"], how="anti")
        )
        if more.is_empty():
            return soft
        soft = pl.concat([soft, more])


def _bare(bare: pl.DataFrame, payable: pl.DataFrame, state: State) -> pl.DataFrame:
    """AOC-2: type 2 and 3 add-ons, and what else the practitioner did for the patient that day.

    bare: those without a listed primary that pays; payable: the lines that support an add-on. The
    other procedure is any payable line that is neither E/M nor add-on (SPEC 2.8, point 12); an
    add-on without a primary of its own is no listed primary that pays.
    """
    if bare.is_empty():
        return bare.select("row", "day", "ce", "date", tier=pl.lit(1))
    procedures = payable.filter(~pl.col("is_em") & ~pl.col("addon")).select("day").unique()
    visits = payable.filter("is_em").select("day").unique()
    bare = state.with_facts(bare, "code")
    visit_code = bare.filter(pl.col("code") == "G0501").join(visits, on="day", how="semi")
    bare = bare.join(visit_code[["row", "day"]], on=["row", "day"], how="anti")
    beside = bare.join(procedures, on="day", how="semi").filter("type_3")
    alone = bare.join(procedures, on="day", how="anti")
    return pl.concat(
        [
            alone.select("row", "day", "ce", "date", tier=pl.lit(1)),
            beside.select("row", "day", "ce", "date", tier=pl.lit(2)),
        ]
    )


def _downgrade(orphans: pl.DataFrame, state: State) -> pl.DataFrame:
    """AOC-1's tier: what could make an orphan right, and the 99292 exception."""
    if orphans.is_empty():
        return orphans.select("row", "day", "ce", "date").with_columns(
            tier=pl.lit(0),
            near_row=pl.lit(None, pl.UInt32),
            near_code=pl.lit(None, pl.String),
            near=pl.lit(None, pl.String),
        )
    return near(orphans, state)
