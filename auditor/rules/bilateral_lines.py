"""Bilateral surgery told by two units or by two lines, in place of 50 and one unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.rules.interface import Rule, Stage
from auditor.rules.specialties import of_kind

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.AFTER
_LIMITS = ("MUE-0", "MUE-1", "MUE-2", "MUE-3", "DUP-1")
RULES = (
    Rule(
        id="MOD-BIL2",
        name="bilateral-by-lines-or-units",
        tier="review",
        shape="day",
        precedence=98,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=(
            "patient_id",
            "rendering_npi",
            "service_date_from",
            "code",
            "modifiers",
            "units",
        ),
        tables=("fee-schedule",),
        amount="not determined",
        flags="A surgical code (10004-69990) of bilateral indicator 1 on one day by the same "
        "practitioner with LT on one line and RT on another, or with two units and no side, "
        "and without 50.",
        why="Bilateral surgery is one line with 50 and one unit; told in another way the "
        "bilateral price may be missed, and the units exceed the limit.",
        not_flagged="Lines that a unit limit already names (MUE says the same with more proof); "
        "codes whose unit limit is two or more, which may be several joints or levels; codes of "
        "digits and eyelids; add-ons; lines with 50, 58, 59, 76, 77, 78, 79, 91 or an X modifier; "
        "an ambulatory surgical center's own lines, which it reports side by side.",
        remedy="If the record shows both sides of one procedure report one line with 50 and one "
        "unit.",
        citation="NCCI Policy Manual ch. I V, ch. III K; MPFS bilateral indicator; CMS 100-04 ch. "
        "12 s. 40.7",
        example_flag=("29881-LT lob=medicaid", "29881-RT lob=medicaid"),
        example_ok=("29881-50 lob=medicaid",),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Lines that tell two sides without 50, each day apart."""
    surgery = (
        pl.col("code").is_between(pl.lit("10004"), pl.lit("69990"))
        & pl.col("code").str.contains(r"^[0-9]{5}$")
        & (pl.col("bilateral") == "1")
        & (pl.col("mue_value").is_null() | (pl.col("mue_value") == 1))
        & ~pl.col("addon")
        & (pl.col("global_days") != "ZZZ")
        & ~pl.col("sides").str.contains(r"\b(?:FA|TA|E1)\b").fill_null(value=False)
    )
    named = state.hits_of(*_LIMITS)["row"].implode()
    lines = state.lines_of(
        surgery,
        *("row", "day", "date", "days", "span", "c", "ce", "m", "units", "claim", "dup"),
        *("live", "denied", "has_50", "has_repeat", "component"),
    ).filter(
        pl.col("day").is_not_null() & pl.col("live"),
        ~pl.col("dup") & ~pl.col("denied"),
        ~pl.col("has_50") & ~pl.col("has_repeat") & (pl.col("component") == 0),
        ~pl.col("m").is_in(state.modifiers("58", "78", "79").implode()),
    )
    if lines.is_empty():
        return no_hits()
    center = of_kind(state, "asc", lines["row"]).fill_null(value=False)
    lines = state.with_mods(lines.filter(~center), "anatomic").with_columns(
        left=pl.col("m").is_in(state.modifiers("LT").implode()),
        right=pl.col("m").is_in(state.modifiers("RT").implode()),
    )
    lines = state.by_day(lines)
    both = (pl.col("units") == 2000 * pl.col("span").cast(pl.Int64)) & (pl.col("anatomic") == 0)
    key = ["day", "c"]
    doubled = lines.filter(both.fill_null(value=False))
    sides = lines.filter(pl.col("left") != pl.col("right"))
    if doubled.is_empty() and sides.is_empty():
        return no_hits()
    pairs = sides.group_by(key).agg(pl.col("left", "right").any())
    paired = sides.join(pairs.filter("left", "right").select(key), on=key)
    found = pl.concat(
        [
            doubled.with_columns(paired=pl.lit(value=False)),
            paired.with_columns(paired=pl.lit(value=True)),
        ]
    ).filter(~pl.col("row").is_in(named))
    if found.is_empty():
        return no_hits()
    found = found.join(places(state.batch, found["row"]), on="row").sort("place", "date")
    found = _with_partner(found, key).sort("row", "date")
    found = state.with_facts(
        found.unique("row", keep="first", maintain_order=True), "code", "fee_release"
    )
    return hits(
        found,
        "MOD-BIL2",
        tier=REVIEW,
        other=pl.col("other"),
        other_code=pl.when(pl.col("other").is_not_null()).then("code"),
        root=pl.col("root"),
        message=pl.format(
            "{} on {} is told as {}; bilateral surgery is one line with 50 and one unit.",
            pl.col("code"),
            pl.col("date"),
            pl.when("paired")
            .then(pl.lit("a left and a right line"))
            .otherwise(pl.lit("two units without a side")),
        ),
        remedy=pl.lit(
            "If the record shows both sides of one procedure report one line with 50 and one unit; "
            "if it shows two sites or sessions say so with the modifier for it."
        ),
        kind="fee-schedule",
        release=pl.col("fee_release"),
        table_row=pl.format("{}: bilateral indicator 1", pl.col("code")),
    )


def _with_partner(found: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Add root, the first line of the pair, and other, a line of the other side."""
    sides = found.filter("paired")
    firsts = sides.group_by(*key, "left", maintain_order=True).agg(other=pl.col("row").first())
    firsts = firsts.with_columns(left=~pl.col("left"))
    roots = sides.group_by(key, maintain_order=True).agg(root=pl.col("row").first())
    wanted = found.with_columns(left=pl.when("paired").then("left"))
    wanted = wanted.join(firsts, on=[*key, "left"], how="left")
    return wanted.join(roots, on=key, how="left").with_columns(root=pl.when("paired").then("root"))
