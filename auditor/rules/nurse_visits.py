"""99211 beside the administration of a drug, a vaccine or an allergen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.policies import in_force, spread
from auditor.engine.state import business_tier
from auditor.rules.interface import Rule, Stage
from auditor.rules.meeting import (
    DOUBT,
    WHO,
    days_apart,
    first_each,
    join_lines,
    paying,
    said_when,
    unsure,
    with_codes,
)

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
RULES = (
    Rule(
        id="EM-99211",
        name="nurse-visit-with-administration",
        tier="certain",
        shape="day",
        precedence=102,
        denies=True,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
        tables=(),
        flags="99211 on the day of an injection, infusion, chemotherapy, vaccine or allergen "
        "administration or photochemotherapy (96360-96379, 96401-96425, 90460-90474, 90480, "
        "90481, G0008-G0010, 95115, 95117, 96910-96913) by the same practitioner.",
        why="The administration includes the work of 99211.",
        not_flagged="Visits of other levels; other practitioners. With 25 beside a vaccine, an "
        "allergen or an intralesional injection, where the CMS pair allows a modifier, the "
        "finding is review.",
        remedy="Remove 99211.",
        citation="NCCI Policy Manual ch. XI B 8, B 15, N 3, O 1; CMS practitioner PTP table",
        example_flag=("99211", "96372"),
        example_ok=("99212-25", "96372"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """99211 lines with the administration of their day."""
    rule = RULES[0]
    visits = _lines(state, pl.col("code") == "99211", "lob")
    if visits.is_empty():
        return no_hits()
    given = _given(state)
    patients = pl.col("patient").is_in(visits["patient"].unique().implode())
    others = _lines(
        state, pl.col("code").is_in(given["code"].unique().implode()), "pays_as_primary"
    ).filter(patients)
    others = paying(state, others).join(
        given.select("indicator", "effective", "deletion", c=state.batch.code_index(given["code"])),
        on="c",
    )
    others = others.filter(in_force("date", "effective", "deletion"))
    met = join_lines(state.by_day(visits), others.drop("patient", "date"), ["day"]).with_columns(
        tier=business_tier(state, rule)
    )
    if met.is_empty():
        return no_hits()
    apart = (pl.col("indicator_") == "1") & pl.col("has_2457")
    met = met.with_columns(
        apart=apart,
        tier=pl.when(apart | unsure())
        .then(pl.max_horizontal("tier", pl.lit(REVIEW)))
        .otherwise("tier"),
    )
    found = with_codes(state, first_each(state, met, "tier"))
    return hits(
        found,
        rule.id,
        tier=pl.col("tier"),
        other=pl.col("row_"),
        other_code=pl.col("code_"),
        message=pl.format(
            "99211 on {} is included in {} by the same practitioner.{}{}",
            pl.col("date"),
            pl.col("code_"),
            said_when(
                pl.col("apart"), " It carries 25; only the record can show a visit of its own."
            ),
            days_apart(),
        ),
        remedy=pl.lit(
            "Remove 99211; a visit that the physician held is a higher level with 25, if the "
            "record shows one."
        ),
        table_row=pl.format(
            "99211 and {}: one of them a day, modifier indicator {}",
            pl.col("code_"),
            pl.col("indicator_"),
        ),
    )


def _given(state: State) -> pl.DataFrame:
    """Administration codes of the batch: code, indicator, effective, deletion."""
    rows = state.batch.reference.policy("em_same_day").filter(pl.col("code_low") == "99211")
    rows = rows.select(
        "indicator",
        pl.col("effective", "deletion").str.to_date("%Y-%m-%d"),
        code_low="code_low_b",
        code_high="code_high_b",
    )
    return spread(rows, state.batch.facts.codes)


def _lines(state: State, codes: pl.Expr, *more: str) -> pl.DataFrame:
    """Lines of codes that satisfy `codes` and meet others on their day."""
    return state.lines_of(codes, *WHO, *DOUBT, "dup", "live", "has_2457", *more).filter(
        pl.col("day").is_not_null() & ~pl.col("dup") & pl.col("live")
    )
