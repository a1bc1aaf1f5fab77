"""Modifiers by class: their order on the line, the overflow modifier, the region they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import INFO, REVIEW, hits, no_hits
from auditor.engine.policies import spread
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
_ALL = ("medicare", "medicaid", "commercial", "unknown")
_FEW = 3
"""99 stands alone or after three others; with one or two others it fits no instruction."""
RULES = (
    Rule(
        id="MOD-ORDER",
        name="pricing-modifier-not-first",
        tier="info",
        shape="line",
        precedence=99,
        denies=False,
        profiles=_ALL,
        columns=("modifiers",),
        tables=(),
        amount="none",
        flags="A modifier that sets the price (26, TC, 50, 62, 80, AA, QW and the like) after one "
        "that only informs or separates (RT, 59, 25, GC and the like).",
        why="Medicare's claim system reads pricing modifiers from the first places; behind others "
        "they may be overlooked and the line priced wrong.",
        not_flagged="Modifiers that change payment but whose place contractors leave open (22, 51, "
        "52, JW and others); a pricing modifier after another pricing one.",
        remedy="Put the pricing modifier first.",
        citation="Part B contractors' lists of pricing modifiers; CMS 100-04 ch. 12 s. 50 "
        "(anesthesia)",
        example_flag=("73030-RT-26 pos=22",),
        example_ok=("73030-26-RT pos=22",),
    ),
    Rule(
        id="MOD-99",
        name="overflow-modifier-misplaced",
        tier="review",
        shape="line",
        precedence=99,
        denies=False,
        profiles=_ALL,
        columns=("modifiers",),
        tables=(),
        amount="not determined",
        flags="99 on a line together with only one or two other modifiers.",
        why="99 says that more than four modifiers apply. Part B contractors want it alone, with "
        "all modifiers in the note; DME contractors want it in the fourth place, after three.",
        not_flagged="99 alone, because the others may stand in the note of the claim; 99 with "
        "three or more others.",
        remedy="If four modifiers or fewer apply, report them and remove 99; else report 99 as "
        "the payer asks, with the others in the note.",
        citation="CMS 100-04 ch. 26 (items 19 and 24D); Part B and DME contractors on modifier 99",
        example_flag=("17311-79-99",),
        example_ok=("17311-99", "17311-79-59-RT-76"),
    ),
    Rule(
        id="MOD-CLS",
        name="modifier-of-another-region",
        tier="review",
        shape="line",
        precedence=99,
        denies=False,
        profiles=_ALL,
        columns=("modifiers",),
        tables=(),
        amount="not determined",
        flags="A finger, toe, eyelid or coronary modifier on a code of a part of the body that "
        "has no finger, toe, eyelid or coronary vessel.",
        why="The modifier names a place that the procedure does not reach: either the modifier or "
        "the code is wrong, and an edit may be bypassed by it.",
        not_flagged="Skin procedures; hand, foot and nerve codes for fingers and toes; eye and "
        "face codes for eyelids; heart and vessel codes for coronary modifiers; anesthesia; "
        "codes outside the table's ranges.",
        remedy="Report the modifier of the site that the record names (LT, RT or 50), or correct "
        "the code.",
        citation="NCCI Policy Manual ch. I E (anatomic modifiers); the policy table of regions",
        example_flag=("27447-F1",),
        example_ok=("26055-F1", "27447-LT"),
    ),
)
_REGION = {
    "digit": "a finger or toe",
    "eyelid": "an eyelid",
    "coronary": "a coronary vessel",
}


def find(state: State) -> pl.DataFrame:
    """Hits of all three rules; each looks at the few modifier combinations that may have it."""
    return pl.concat([_order(state), _overflow(state), _regions(state)])


def _lines(state: State, m: pl.Series) -> pl.DataFrame:
    """Lines of these modifier combinations, with the text of their codes."""
    lines = state.lines[["row", "m", "ce"]].filter(pl.col("m").is_in(m.implode()))
    return state.with_facts(lines, "code")


def _order(state: State) -> pl.DataFrame:
    """MOD-ORDER."""
    classes = state.batch.reference.policy("modifier_class")
    places = (
        state.batch.mods.select("tokens")
        .with_row_index("m")
        .explode("tokens", empty_as_null=False)
        .with_columns(place=pl.int_range(pl.len()).over("m"))
        .join(
            classes.select(tokens="modifier", kind="position_class"),
            on="tokens",
            maintain_order="left",
        )
    )
    pricing = places.filter(pl.col("kind") == "pricing")
    if pricing.is_empty():
        return no_hits()
    other = places.filter(pl.col("kind").is_in(["statistical", "informational"]))
    other = other.sort("m", "place").unique("m", keep="first", maintain_order=True)
    late = (
        pricing.join(other, on="m", suffix="_")
        .filter(pl.col("place") > pl.col("place_"))
        .sort("m", "place")
        .unique("m", keep="first", maintain_order=True)
        .select("m", late="tokens", early="tokens_")
    )
    if late.is_empty():
        return no_hits()
    lines = _lines(state, late["m"]).join(late, on="m")
    return hits(
        lines,
        "MOD-ORDER",
        tier=INFO,
        message=pl.format(
            "{} sets the price of {} and stands after {}.",
            pl.col("late"),
            pl.col("code"),
            pl.col("early"),
        ),
        remedy=pl.format("Put {} first.", pl.col("late")),
    )


def _overflow(state: State) -> pl.DataFrame:
    """MOD-99."""
    tokens = pl.col("tokens")
    others = tokens.list.len() - 1
    mods = state.batch.mods.select("tokens").with_row_index("m")
    mods = mods.filter(tokens.list.contains("99"), others > 0, others < _FEW)
    if mods.is_empty():
        return no_hits()
    lines = _lines(state, mods["m"]).join(mods.select("m", n=others), on="m")
    return hits(
        lines,
        "MOD-99",
        tier=REVIEW,
        message=pl.format(
            "99 says that more than four modifiers apply to {}; the line has {} beside it.",
            pl.col("code"),
            pl.when(pl.col("n") == 1).then(pl.lit("one")).otherwise(pl.lit("two")),
        ),
        remedy=pl.lit(
            "If four modifiers or fewer apply, report them and remove 99; else report 99 as the "
            "payer asks (alone, or fourth after three), with the others in the note."
        ),
    )


def _regions(state: State) -> pl.DataFrame:
    """MOD-CLS."""
    batch = state.batch
    classes = batch.reference.policy("modifier_class").filter(pl.col("region_class") != "")
    held = (
        batch.mods.select("tokens")
        .with_row_index("m")
        .explode("tokens", empty_as_null=False)
        .join(classes.select(tokens="modifier", kind="region_class"), on="tokens")
    )
    if held.is_empty():
        return no_hits()
    lines = _lines(state, held["m"].unique())
    ranges = spread(batch.reference.policy("modifier_regions"), lines["code"].unique())
    ranges = ranges.select("code", "code_low", "code_high", kind="class")
    found = (
        lines.join(held, on="m")
        .join(ranges, on=["code", "kind"])
        .sort("row", "kind", "tokens")
        .group_by("row", "kind", maintain_order=True)
        .agg(pl.col("code", "code_low", "code_high").first(), pl.col("tokens").unique().sort())
        .unique("row", keep="first", maintain_order=True)
    )
    return hits(
        found,
        "MOD-CLS",
        tier=REVIEW,
        message=pl.format(
            "{} names {}, which {} does not reach.",
            pl.col("tokens").list.join(" and "),
            pl.col("kind").replace_strict(_REGION, default="", return_dtype=pl.String),
            pl.col("code"),
        ),
        remedy=pl.lit(
            "Report the modifier of the site that the record names (LT, RT or 50), or correct the "
            "code."
        ),
        table_row=pl.format(
            "{} to {}: no {}", pl.col("code_low"), pl.col("code_high"), pl.col("kind")
        ),
    )
