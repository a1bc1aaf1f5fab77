"""Therapy evaluations more than once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.engine.state import business_tier
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
_RANK = {
    "97163": 0,
    "97162": 1,
    "97161": 2,
    "97164": 3,
    "97167": 0,
    "97166": 1,
    "97165": 2,
    "97168": 3,
}
"""Evaluations as CMS pairs them: the lower number is column 1 over those behind it; a
re-evaluation (97164, 97168) is behind every evaluation."""
_OCCUPATIONAL = ("97165", "97166", "97167", "97168")
_RULE = Rule(
    id="THR-5",
    name="therapy-evaluation-twice",
    tier="review",
    shape="day",
    precedence=162,
    denies=True,
    profiles=("medicare",),
    review_for=("unknown",),
    columns=("patient_id", "rendering_npi", "service_date_from", "code"),
    tables=(),
    flags="A second evaluation or re-evaluation of one discipline by the same practitioner on one "
    "day: two lines of 97161 to 97164, or two of 97165 to 97168. The more complex one stays.",
    why="One evaluation a day is paid for a discipline; a re-evaluation belongs to a later day.",
    not_flagged="A physical therapy and an occupational therapy evaluation on one day; two "
    "practitioners; lines that the payer denied already; several units on one line (MUE).",
    remedy="Keep the evaluation that the record supports and remove the other.",
    citation="NCCI Policy Manual ch. XI P 1",
    example_flag=("97161-GP", "97164-GP"),
    example_ok=("97161-GP", "97165-GO"),
)
RULES = (_RULE,)


def find(state: State) -> pl.DataFrame:
    """Every evaluation but the highest of its discipline, practitioner and day."""
    lines = state.lines_of(
        pl.col("code").is_in([*_RANK]),
        "row",
        "day",
        "date",
        "days",
        "c",
        "ce",
        "lob",
        "dup",
        "live",
        "denied",
    )
    lines = lines.filter(
        pl.col("day").is_not_null(),
        ~pl.col("dup") & pl.col("live") & ~pl.col("denied"),
        business_tier(state, _RULE).is_not_null(),
    )
    if lines.is_empty():
        return no_hits()
    lines = state.with_facts(state.by_day(lines), "code").with_columns(
        rank=pl.col("code").replace_strict(_RANK, return_dtype=pl.Int64),
        occupational=pl.col("code").is_in(_OCCUPATIONAL),
    )
    lines = lines.join(places(state.batch, lines["row"]), on="row").sort("rank", "place")
    group = ["day", "occupational"]
    lines = lines.with_columns(
        kept=pl.col("row").first().over(group), kept_code=pl.col("code").first().over(group)
    )
    found = (
        lines.filter(pl.col("row") != pl.col("kept"))
        .sort("row", "date")
        .unique("row", keep="first", maintain_order=True)
    )
    return hits(
        found,
        _RULE.id,
        tier=REVIEW,
        other=pl.col("kept"),
        other_code=pl.col("kept_code"),
        message=pl.format(
            "{} and {} on {}: one evaluation a day is paid for a discipline.",
            pl.col("code"),
            pl.col("kept_code"),
            pl.col("date"),
        ),
        remedy=pl.format(
            "Remove {}, or {} if the record supports the other one.",
            pl.col("code"),
            pl.col("kept_code"),
        ),
    )
