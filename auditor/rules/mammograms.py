"""A screening and a diagnostic mammogram of one day: GG on the one, 59 or XU on the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.engine.state import business_tier
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.AFTER
_DIAGNOSTIC = ("77065", "77066")
_SCREENING = "77067"
_PAIRS = ("PTP-0", "PTP-1", "PTP-2")
RULES = (
    Rule(
        id="GG-1",
        name="mammograms-of-one-day",
        tier="review",
        shape="day",
        precedence=97,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
        tables=(),
        amount="not determined",
        flags="A diagnostic mammogram (77065, 77066) without GG on the day of a screening one "
        "(77067) by the same practitioner; and the screening one where neither has 59 or an X "
        "modifier.",
        why="Where a screening leads to a diagnostic mammogram the same day Medicare pays both; GG "
        "tells it so on the diagnostic one, and 59 or XU lifts the pair edit.",
        not_flagged="Mammograms of one kind only; other practitioners and days; a screening line "
        "that a PTP finding already names; lines that the payer has denied; other payers.",
        remedy="If the record shows both, report GG on the diagnostic and 59 or XU on the "
        "screening mammogram.",
        citation="NCCI Policy Manual ch. IX C 16; CMS 100-04 ch. 18 s. 20.2",
        example_flag=("77067", "77065-RT"),
        example_ok=("77067-59", "77065-GG-RT"),
    ),
)
_RULE = RULES[0]


def find(state: State) -> pl.DataFrame:
    """Days with both kinds, each line that lacks its modifier."""
    lines = state.lines_of(
        pl.col("code").is_in([*_DIAGNOSTIC, _SCREENING]),
        *("row", "day", "date", "days", "c", "ce", "m", "lob", "dup", "live", "denied"),
        "has_separate",
    ).filter(
        pl.col("day").is_not_null() & pl.col("live") & ~pl.col("dup") & ~pl.col("denied"),
        business_tier(state, _RULE).is_not_null(),
    )
    if lines.is_empty():
        return no_hits()
    lines = state.with_facts(state.by_day(lines), "code")
    lines = lines.with_columns(
        screening=pl.col("code") == _SCREENING,
        gg=pl.col("m").is_in(state.modifiers("GG").implode()),
    )
    days = lines.group_by("day").agg(
        both=pl.col("screening").any() & ~pl.col("screening").all(),
        separate=pl.col("has_separate").any(),
    )
    lines = lines.join(days.filter("both"), on="day")
    named = state.hits_of(*_PAIRS)["row"].implode()
    wrong = (
        pl.when("screening")
        .then(~pl.col("separate") & ~pl.col("row").is_in(named))
        .otherwise(~pl.col("gg"))
    )
    lines = lines.join(places(state.batch, lines["row"]), on="row").sort("place")
    partner = lines.group_by("day", "screening", maintain_order=True).agg(
        other=pl.col("row").first(), other_code=pl.col("code").first()
    )
    found = lines.filter(wrong).join(
        partner.with_columns(screening=~pl.col("screening")), on=["day", "screening"]
    )
    found = found.sort("row", "date").unique("row", keep="first", maintain_order=True)
    return hits(
        found,
        "GG-1",
        tier=REVIEW,
        other=pl.col("other"),
        other_code=pl.col("other_code"),
        message=pl.when("screening")
        .then(
            pl.format(
                "{} stands beside {} on {}, and neither has 59 or XU.",
                pl.col("code"),
                pl.col("other_code"),
                pl.col("date"),
            )
        )
        .otherwise(
            pl.format(
                "{} stands beside the screening mammogram {} on {} without GG.",
                pl.col("code"),
                pl.col("other_code"),
                pl.col("date"),
            )
        ),
        remedy=pl.when("screening")
        .then(pl.lit("If the record shows both, report 59 or XU on the screening mammogram."))
        .otherwise(
            pl.lit("If the screening led to the diagnostic mammogram that day, report GG on it.")
        ),
    )
