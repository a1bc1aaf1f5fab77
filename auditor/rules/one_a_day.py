"""Services that one encounter has once: more than one unit of them on a day."""

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
_COLUMNS = ("patient_id", "rendering_npi", "service_date_from", "code", "modifiers", "units")
_ONE = 1000
"""One unit, in thousandths."""
_DRAW = Rule(
    id="LAB-4",
    name="venipuncture-more-than-once",
    tier="review",
    shape="day",
    precedence=181,
    denies=True,
    profiles=("medicare",),
    review_for=("unknown",),
    columns=_COLUMNS,
    tables=(),
    flags="More than one unit of venipuncture 36415 for one patient and day by one practitioner "
    "or laboratory, on lines without 59, an X modifier, 76, 77 or 91.",
    why="Medicare allows one collection fee for each encounter, however many specimens are drawn; "
    "a series for one test counts as one encounter.",
    not_flagged="One draw a day; lines with 59, an X modifier, 76, 77 or 91 (another encounter); "
    "other practitioners and places of service; lines of several days; lines the payer denied; "
    "payers other than Medicare.",
    remedy="Report 36415 once for each encounter; if the record shows two encounters mark the "
    "second.",
    citation="CMS 100-04 ch. 16 s. 60.1 (one specimen collection fee an encounter)",
    example_flag=("36415 units=2",),
    example_ok=("36415",),
)
_CONCURRENT = Rule(
    id="INF-4",
    name="concurrent-infusion-more-than-once",
    tier="review",
    shape="day",
    precedence=182,
    denies=True,
    profiles=("medicare", "medicaid", "commercial", "unknown"),
    columns=_COLUMNS,
    tables=(),
    flags="More than one unit of concurrent infusion 96368 for one patient and day by one "
    "practitioner, on lines without 59, an X modifier, 76 or 77.",
    why="96368 is reported once an encounter, however many drugs run at the same time.",
    not_flagged="One unit a day; lines with 59, an X modifier, 76 or 77 (another encounter); other "
    "practitioners and places of service; lines of several days; lines the payer denied. Whether "
    "hydration ran beside an infusion is in the record and not on the claim.",
    remedy="Report 96368 once for each encounter.",
    citation="NCCI Policy Manual ch. XI N 6",
    example_flag=("96365", "96368 units=2"),
    example_ok=("96365", "96368"),
)
RULES = (_DRAW, _CONCURRENT)
_OF = {"36415": _DRAW, "96368": _CONCURRENT}


def find(state: State) -> pl.DataFrame:
    """Every line of a day's sum that is over one unit."""
    lines = state.lines_of(pl.col("code").is_in([*_OF])).filter(
        pl.col("day").is_not_null() & ~pl.col("dup") & pl.col("live") & ~pl.col("denied"),
        ~pl.col("has_repeat"),
        pl.col("days") == 1,
    )
    if lines.is_empty():
        return no_hits()
    # Two places of service are two encounters.
    lines = state.with_facts(lines, "code").with_columns(
        total=pl.col("units").fill_null(_ONE).sum().over("day", "code", "pos")
    )
    lines = lines.filter(pl.col("total") > _ONE)
    return pl.concat([_told(lines, code, state) for code in _OF])


def _told(lines: pl.DataFrame, code: str, state: State) -> pl.DataFrame:
    """Hits of one code; the first line of the day is the root of the story."""
    rule = _OF[code]
    found = lines.filter(pl.col("code") == code, business_tier(state, rule).is_not_null())
    if found.is_empty():
        return no_hits()
    found = found.join(places(state.batch, found["row"]), on="row").sort("day", "place")
    found = found.with_columns(root=pl.col("row").first().over("day", "pos"))
    return hits(
        found,
        rule.id,
        tier=REVIEW,
        root=pl.col("root"),
        message=pl.format(
            "{} units of {} on {}; an encounter has one{}.",
            (pl.col("total") / _ONE).round(3).cast(pl.String).str.strip_suffix(".0"),
            pl.col("code"),
            pl.col("date"),
            pl.lit(", however many specimens are drawn" if rule is _DRAW else ""),
        ),
        remedy=pl.format(
            "Report {} once for each encounter; if the record shows two encounters mark the "
            "second with 59 or an X modifier.",
            pl.col("code"),
        ),
        table_row=pl.format("{}: once an encounter", pl.col("code")),
    )
