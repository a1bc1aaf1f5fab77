"""Codes that are therapy when a therapist gives them, without the discipline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.state import business_tier
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.specialties import therapist

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
CODES = (
    CodePolicy(
        table="therapy_class",
        flag="therapy_sometimes",
        only=("therapy_class", ("sometimes",)),
    ),
)
_RULE = Rule(
    id="THR-4",
    name="therapist-without-discipline",
    tier="review",
    shape="line",
    precedence=87,
    denies=False,
    profiles=("medicare",),
    review_for=("unknown",),
    columns=("modifiers", "specialty"),
    tables=(),
    flags="A code that is sometimes therapy (wound care, swallowing tests, remote therapeutic "
    "monitoring), billed by a physical, occupational or speech therapist without GP, GO or GN.",
    why="Such a code is always therapy when a therapist gives it, and needs the modifier of the "
    "plan of care.",
    not_flagged="Physicians and other practitioners; lines whose specialty is not known; "
    "always-therapy codes (THR-1); lines with GX or GY; other payers.",
    remedy="Add GP, GO or GN, as the plan of care says.",
    citation="CMS therapy code list (sometimes therapy); CMS 100-04 ch. 5 s. 20",
    example_flag=("97597 spec=225100000X",),
    example_ok=("97597-GP spec=225100000X", "97597 spec=207Q00000X"),
)
RULES = (_RULE,)


def find(state: State) -> pl.DataFrame:
    """Lines of therapists, whom the text of the specialty tells, without a discipline."""
    lines = state.lines_of(pl.col("therapy_sometimes"), "row", "ce", "m", "lob", "has_gxgy")
    if lines.is_empty():
        return no_hits()
    lines = state.with_mods(lines, "has_therapy").filter(
        ~pl.col("has_therapy") & ~pl.col("has_gxgy"),
        business_tier(state, _RULE).is_not_null(),
    )
    lines = state.with_raw(lines, "specialty").filter(therapist(state.options))
    return hits(
        state.with_facts(lines, "code"),
        _RULE.id,
        tier=REVIEW,
        message=pl.format(
            "{} is a therapy service when a therapist gives it; the practitioner's specialty is "
            "{} and the line names no discipline (GP, GO or GN).",
            pl.col("code"),
            pl.col("specialty"),
        ),
        remedy=pl.lit("Add GP, GO or GN, as the plan of care says."),
        table_row=pl.format("{}: sometimes therapy", pl.col("code")),
    )
