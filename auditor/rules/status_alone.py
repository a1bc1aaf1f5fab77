"""Codes that Medicare pays only where it pays the practitioner nothing else that day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, at_least, hits, no_hits
from auditor.engine.payable import PAID_UNDER_SCHEDULE
from auditor.engine.state import business_tier
from auditor.rules.interface import Rule, Stage
from auditor.rules.meeting import (
    beside,
    days_apart,
    first_each,
    unsure,
    with_other_facts,
    zero_limit,
)
from auditor.rules.status import asks_for_payment

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
RULES = (
    Rule(
        id="STA-T",
        name="paid-only-alone",
        tier="certain",
        shape="day",
        precedence=27,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("patient_id", "rendering_npi", "service_date_from", "code"),
        tables=("fee-schedule",),
        flags="A line whose code has status T in the Medicare fee schedule, on a day on which the "
        "same practitioner has another line that the fee schedule pays (status A, C or R).",
        why="Status T: the code is paid only if nothing else that is payable under the fee "
        "schedule is billed on the same date by the same practitioner; no modifier changes that.",
        not_flagged="The code alone on its day; beside laboratory, drug and other lines that "
        "another schedule pays (status X, E); beside lines that do not pay themselves (denied, "
        "MUE 0, zero units, GY, GX or GZ); lines at a charge of 0 or one cent; credits (units or "
        "charge below 0), on either side; other payers. It is review where the practitioner is "
        "not known, where the file dates the claim and not the line, and where one claim may "
        "replace the other.",
        remedy="Remove the line; its payment is part of the other service.",
        citation="Medicare Physician Fee Schedule, status code T (CMS 100-04 ch. 12)",
        example_flag=("94760", "99213"),
        example_ok=("94760",),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Each status T line, against the first other line that pays."""
    facts = state.batch.facts.table
    alone = facts.filter(pl.col("status") == "T")["code"].unique()
    paid = facts.filter(pl.col("status").is_in(PAID_UNDER_SCHEDULE))["code"].unique()
    if alone.is_empty() or paid.is_empty():
        return no_hits()
    standing = state.lines.lazy().filter(~pl.col("dup"), pl.col("day").is_not_null())
    lines = (
        standing.filter(pl.col("c").is_in(state.batch.code_index(alone).implode()))
        .with_columns(scope=business_tier(state, RULES[0]))
        .filter(pl.col("scope").is_not_null() & asks_for_payment())
        .collect()
    )
    if lines.is_empty():
        return no_hits()
    refused = state.modifiers("GX", "GY", "GZ")
    # Cheap first: those of patients who have such a line.
    others = standing.filter(
        pl.col("patient").is_in(lines["patient"].unique().implode()),
        pl.col("c").is_in(state.batch.code_index(paid).implode()),
        pl.col("live") & ~pl.col("denied") & ~pl.col("m").is_in(refused.implode()),
    ).collect()
    met = with_other_facts(state, beside(state, lines, others), "code", "status", "mue_value")
    met = state.with_facts(met, "code", "status", "fee_release").filter(
        pl.col("status") == "T",
        pl.col("status_").is_in(PAID_UNDER_SCHEDULE),
        ~zero_limit(),
    )
    met = met.with_columns(tier=at_least(pl.col("scope"), REVIEW, unsure()))
    met = first_each(state, met, "tier", "date", other_code_first=False)
    return hits(
        met,
        "STA-T",
        tier=pl.col("tier"),
        other=pl.col("row_"),
        other_code=pl.col("code_"),
        message=pl.format(
            "{} has status T: the fee schedule pays it only where it pays nothing else of the "
            "practitioner that day, and {} on {} has status {}.{}",
            pl.col("code"),
            pl.col("code_"),
            pl.col("date"),
            pl.col("status_"),
            days_apart(),
        ),
        remedy=pl.lit("Remove the line; its payment is part of the other service."),
        kind="fee-schedule",
        release=pl.col("fee_release"),
        table_row=pl.format("{}: status T", pl.col("code")),
    )
