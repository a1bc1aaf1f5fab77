"""Visits with surgery by the same physician, without the modifier that separates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import INFO, REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.engine.partners import KEYS, others, someone_else
from auditor.rules.interface import Rule, Stage
from auditor.rules.meeting import WHO, by_whom, paying

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
_COLUMNS = ("patient_id", "rendering_npi", "service_date_from", "code", "modifiers")
_FURTHER_CRITICAL_CARE = "99292"
"""An add-on, which follows the 99291 it belongs to: the modifier stands there."""
_NOT_THE_SURGEON = ("55", "56", "80", "81", "82", "AS")
RULES = (
    Rule(
        id="GLB-25",
        name="visit-with-minor-procedure",
        tier="review",
        shape="day",
        precedence=81,
        denies=True,
        practitioner="group-specialty",
        profiles=("medicare",),
        review_for=("unknown",),
        columns=_COLUMNS,
        tables=("fee-schedule",),
        flags="A visit without 25 on the day of a procedure with global days 000 or 010 by the "
        "same practitioner, or by a partner of the same group and specialty. New-patient visits "
        "are info.",
        why="The decision to do a minor procedure is part of it; Medicare pays a visit that day "
        "only when 25 says that it was significant and separate.",
        not_flagged="Visits with 25 or 57; procedures with other global days; E/M services that "
        "are not visits; 99292, which follows its 99291; a visit that a PTP finding already names "
        "(it is in that finding's 'also').",
        remedy="If the record shows a significant, separate visit add 25; else remove the visit.",
        citation="NCCI Policy Manual ch. I D; CMS 100-04 ch. 12 s. 30.6.6, 40.1; MPFS global days",
        example_flag=("99213", "11102"),
        example_ok=("99213-25", "11102"),
    ),
    Rule(
        id="GLB-57",
        name="visit-with-major-procedure",
        tier="review",
        shape="span",
        precedence=82,
        denies=True,
        practitioner="group-specialty",
        profiles=("medicare",),
        review_for=("unknown",),
        columns=_COLUMNS,
        tables=("fee-schedule",),
        flags="A visit without 57 on the day of, or the day before, a procedure with global days "
        "090 by the same practitioner, or by a partner of the same group and specialty. A visit "
        "with 25 instead is info.",
        why="The global period of major surgery begins the day before; Medicare pays a visit then "
        "only when it made the decision for surgery.",
        not_flagged="Visits with 57; earlier visits; E/M services that are not visits; 99292, "
        "which follows its 99291; a visit that a PTP finding already names.",
        remedy="If this visit made the decision for surgery add 57; else remove the visit.",
        citation="NCCI Policy Manual ch. I D; CMS 100-04 ch. 12 s. 40.1, 40.2; MPFS global days",
        example_flag=("99214 dos=2025-11-03", "27447-RT dos=2025-11-04 pos=22"),
        example_ok=("99214-57 dos=2025-11-03", "27447-RT dos=2025-11-04 pos=22"),
    ),
)
_FINDS = {
    "GLB-25": (["000", "010"], ["has_25", "has_57"]),
    "GLB-57": (["090"], ["has_57"]),
}


def find(state: State) -> pl.DataFrame:
    """Hits of both rules."""
    lines = state.lines.lazy().filter(
        pl.col("patient").is_not_null()
        & ~pl.col("dup")
        & ~pl.col("crowded")
        & pl.col("lob").is_in(["medicare", "unknown"])
    )
    surgery = (
        lines.filter(pl.col("global_days").is_in(["000", "010", "090"]) & ~pl.col("is_em"))
        .select(*WHO, "pays_as_primary", "global_days")
        .collect()
    )
    visits = (
        lines.filter("is_visit", pl.col("patient").is_in(surgery["patient"].unique().implode()))
        .select("row", "patient", "date", *KEYS, "has_25", "has_57", "is_new", "ce")
        .collect()
    )
    if visits.is_empty() or surgery.is_empty():
        return no_hits()
    skip = state.modifiers(*_NOT_THE_SURGEON)
    surgery = paying(state, surgery.filter(~pl.col("m").is_in(skip.implode())))
    surgery = others(
        surgery, patient="patient", date="date", other="row", days_="global_days", ce_="ce"
    )
    before = surgery.filter(pl.col("days_") == "090").with_columns(
        date=pl.col("date") - pl.duration(days=1), eve=pl.lit(value=True)
    )
    surgery = pl.concat([surgery.with_columns(eve=pl.lit(value=False)), before])
    near = visits.join(surgery, on=["patient", "date"]).filter(
        state.practitioner("GLB-25") | state.practitioner("GLB-57")
    )
    if near.is_empty():
        return no_hits()
    near = near.join(places(state.batch, near["other"]), left_on="other", right_on="row")
    table = state.batch.facts.table
    near = near.with_columns(
        table["code"][near["ce"]],
        table["code"][near["ce_"]].alias("procedure"),
        table["fee_release"][near["ce_"]],
        partner=someone_else(),
    ).sort("row", "partner", "eve", "procedure", "place")
    near = near.filter(pl.col("code") != _FURTHER_CRITICAL_CARE)
    return pl.concat([_told(near.filter(state.practitioner(rule)), rule) for rule in _FINDS])


def _told(near: pl.DataFrame, rule: str) -> pl.DataFrame:
    """The hits of one rule: a visit once, against the first procedure."""
    days, accepted = _FINDS[rule]
    found = near.filter(pl.col("days_").is_in(days), ~pl.any_horizontal(accepted)).unique(
        "row", keep="first", maintain_order=True
    )
    minor = rule == "GLB-25"
    modifier = "25" if minor else "57"
    return hits(
        found,
        rule,
        tier=pl.when(pl.col("is_new") if minor else pl.col("has_25")).then(INFO).otherwise(REVIEW),
        other=pl.col("other"),
        other_code=pl.col("procedure"),
        message=pl.format(
            "{} on {} has no {}, and {} (global days {}) was done {} by {}.{}",
            pl.col("code"),
            pl.col("date"),
            pl.lit(modifier),
            pl.col("procedure"),
            pl.col("days_"),
            pl.when("eve").then(pl.lit("the next day")).otherwise(pl.lit("that day")),
            by_whom(),
            pl.when(pl.col("is_new") & minor)
            .then(
                pl.lit(
                    " Medicare does not need 25 on a new-patient visit; other payers may. That "
                    "the patient is new is no ground by itself for a visit beside the procedure."
                )
            )
            .when(pl.col("has_25") & (not minor))
            .then(pl.lit(" It carries 25, which some payers accept."))
            .otherwise(pl.lit("")),
        ),
        remedy=pl.lit(
            "If the record shows a significant, separate visit add 25; else remove the visit."
            if minor
            else "If this visit made the decision for surgery add 57; else remove the visit."
        ),
        kind="fee-schedule",
        release=pl.col("fee_release"),
        table_row=pl.format("{}: global days {}", pl.col("procedure"), pl.col("days_")),
    )
