"""Modifiers of facilities on a practitioner's claim: 27, 73 and 74."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.rules.interface import Rule, Stage
from auditor.rules.specialties import FORM, of_kind

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
_MODIFIERS = ("27", "73", "74")
_CENTER = "24"
RULES = (
    Rule(
        id="MOD-73",
        name="facility-modifier",
        tier="certain",
        shape="line",
        precedence=94,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("modifiers",),
        tables=(),
        amount="not determined",
        flags="27, 73 or 74 on a professional claim. 73 or 74 is review where the line may be an "
        "ambulatory surgical center's own: place of service 24, or none, and a specialty that is "
        "missing or no code.",
        why="27 tells visits of a hospital outpatient apart, and 73 and 74 a procedure that a "
        "hospital or surgical center broke off; a practitioner's claim has other modifiers.",
        not_flagged="73 and 74 on lines of an ambulatory surgical center (specialty 49 or its "
        "taxonomy), which bills on this form.",
        remedy="For a discontinued procedure the practitioner reports 53 (or 52); for a separate "
        "visit 25; else remove the modifier.",
        citation="CPT modifiers of hospital outpatient and ASC use, by number; CMS 100-04 ch. 4 s. "
        "20.6.4, ch. 14 s. 40.4",
        example_flag=("45378-73",),
        example_ok=("45378-53", "45378-73 pos=24 spec=49"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Lines with a facility modifier that are not a surgical center's."""
    chosen = state.modifiers(*_MODIFIERS)
    if chosen.is_empty():
        return no_hits()
    lines = state.lines[["row", "m", "ce", "pos"]].filter(pl.col("m").is_in(chosen.implode()))
    center = of_kind(state, "asc", lines["row"]).fill_null(value=False)
    lines = state.with_facts(state.with_mods(lines.with_columns(center=center), "tokens"), "code")
    lines = state.with_raw(lines, "specialty")
    # An excuse of the center holds for 73 and 74 and not for 27.
    used = pl.when("center").then(["27"]).otherwise([*_MODIFIERS])
    lines = lines.with_columns(
        wrong=pl.col("tokens").list.set_intersection(used).list.unique().list.sort()
    ).filter(pl.col("wrong").list.len() > 0)
    maybe_center = (
        ~pl.col("specialty").str.to_uppercase().str.contains(FORM).fill_null(value=False)
        & (pl.col("pos") == _CENTER).fill_null(value=True)
        & ~pl.col("wrong").list.contains("27")
    )
    return hits(
        lines,
        "MOD-73",
        tier=pl.when(maybe_center).then(REVIEW).otherwise(CERTAIN),
        message=pl.format(
            "{} on {} is for a hospital's or surgical center's claim.{}",
            pl.col("wrong").list.join(" and "),
            pl.col("code"),
            pl.when(maybe_center)
            .then(pl.lit(" The file does not say whether the line is a surgical center's own."))
            .otherwise(pl.lit("")),
        ),
        remedy=pl.when(pl.col("wrong").list.contains("27"))
        .then(pl.lit("Remove it; if the record shows a separate visit report 25."))
        .otherwise(
            pl.lit("If the record shows a procedure that was broken off report 53, else remove it.")
        ),
    )
