"""Sided procedures that do not say which side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import INFO, REVIEW, hits, no_hits
from auditor.engine.modifiers import ANATOMIC
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
_SHOWN = 6
"""Modifiers that a remedy names before it trails off."""
RULES = (
    Rule(
        id="MOD-LAT",
        name="missing-side",
        tier="review",
        shape="line",
        precedence=97,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("modifiers",),
        tables=(),
        flags="A procedure on a paired organ or a digit without LT, RT, 50 or the modifier of the "
        "digit, eyelid or vessel. Imaging and supply codes are info.",
        why="Many payers deny a sided procedure without its side, and the side decides whether a "
        "later service is a repeat. There is no national Medicare edit: hence review.",
        not_flagged="Codes whose bilateral indicator is 2; add-on codes; lines with one of the "
        "modifiers that the table names, or with a digit where it names a side.",
        remedy="Add the modifier of the side or digit that the record names.",
        citation="NCCI Policy Manual ch. I E (anatomic modifiers); payer policy",
        example_flag=("27447",),
        example_ok=("27447-RT", "20610-50"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Lines of sided codes none of whose modifiers names a side."""
    asked = (
        pl.col("sided")
        & (pl.col("bilateral") != "2").fill_null(value=True)
        & (pl.col("global_days") != "ZZZ").fill_null(value=True)
        & ~pl.col("addon")
    )
    lines = state.lines_of(asked, "row", "m", "ce")
    if lines.is_empty():
        return no_hits()
    lines = state.with_facts(lines, "code", "sides", "sides_tier")
    mods = state.batch.mods.select("mods", "tokens").with_row_index("m")
    pairs = lines.select("m", "sides").unique().join(mods, on="m")
    tokens, listed = pl.col("tokens"), pl.col("sides").str.split(" ")
    # A digit or vessel says the side as well; a side does not say the digit.
    sided = pl.col("sides").str.contains("LT")
    pairs = pairs.with_columns(
        told=(tokens.list.set_intersection(listed).list.len() > 0)
        | (sided & (tokens.list.set_intersection([*ANATOMIC, "50"]).list.len() > 0)),
        side=tokens.list.set_intersection(["LT", "RT", "50"]).list.first(),
    )
    lines = lines.join(pairs.filter(~pl.col("told")), on=["m", "sides"])
    few = listed.list.head(_SHOWN).list.join(", ")
    digits = (
        pl.when(listed.list.len() > _SHOWN)
        .then(pl.format("{} ...", few))
        .otherwise(pl.format("{}.", few))
    )
    part = (
        pl.when(pl.col("sides").str.contains("LC"))
        .then(pl.lit("vessel"))
        .when(pl.col("sides").str.contains("E1"))
        .then(pl.lit("eyelid"))
        .otherwise(pl.lit("digit"))
    )
    return hits(
        lines,
        "MOD-LAT",
        tier=pl.when(pl.col("sides_tier") == "info").then(INFO).otherwise(REVIEW),
        message=pl.when(pl.col("side").is_not_null())
        .then(
            pl.format(
                "{} is a procedure on one {}; the line names {}, and not the {}.",
                pl.col("code"),
                part,
                pl.col("side"),
                part,
            )
        )
        .otherwise(
            pl.format(
                "{} is a service with a side or digit, and the line names none.", pl.col("code")
            )
        ),
        remedy=pl.format(
            "Add the modifier that the record supports: {}",
            pl.when(sided).then(pl.lit("LT, RT or 50.")).otherwise(digits),
        ),
    )
