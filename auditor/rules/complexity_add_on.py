"""G2211, the add-on for continuing care, beside a visit with 25."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.meeting import WHO, first_each, join_lines, paying, said_when, with_codes

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
CODES = (CodePolicy(table="preventive_part_b", flag="em_preventive_part_b"),)
_PAYABLE = date(2024, 1, 1)
"""G2211 pays from this day on (CY 2024 physician fee schedule final rule)."""
_EXCEPTION = date(2025, 1, 1)
"""From this day on 25 does no harm beside a preventive service (CY 2025 final rule)."""
_HOME_BASE = date(2026, 1, 1)
"""Home and residence visits became base visits with this day (CMS add-on table 2026)."""
RULES = (
    Rule(
        id="EM-G2211",
        name="complexity-add-on-with-25",
        tier="review",
        shape="day",
        precedence=105,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
        tables=(),
        flags="G2211 from 2024 on where the visit that it belongs to (99202-99215; from 2026 also "
        "99341-99350) carries 25 and every other such visit of the practitioner that day does "
        "too.",
        why="Medicare does not pay G2211 when the visit is reported with 25.",
        not_flagged="A base visit without 25; from 2025 on a day with an annual wellness visit, a "
        "vaccine administration or another Part B preventive service for the patient.",
        remedy="Remove G2211, or 25 if nothing on the day needs it.",
        citation="CY 2024 and CY 2025 physician fee schedule final rules; CMS MM13473",
        example_flag=("99214-25", "G2211", "20610-RT"),
        example_ok=("99214", "G2211"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """G2211 lines whose base visits all carry 25."""
    addons = _lines(state, pl.col("code") == "G2211", "lob").filter(
        pl.col("date") >= pl.lit(_PAYABLE), pl.col("lob").is_in(["medicare", "unknown"])
    )
    if addons.is_empty():
        return no_hits()
    patients = pl.col("patient").is_in(addons["patient"].unique().implode())
    home = pl.col("code").is_between(pl.lit("99341"), pl.lit("99350"))
    base = pl.col("code").is_between(pl.lit("99202"), pl.lit("99215")) | home
    visits = paying(state, _lines(state, base, "has_25", "pays_as_primary").filter(patients))
    visits = state.with_facts(visits, "code")
    visits = visits.filter((pl.col("date") >= pl.lit(_HOME_BASE)) | ~home)
    met = join_lines(state.by_day(addons), visits.drop("patient", "date"), ["day"]).with_columns(
        all_25=pl.col("has_25_").all().over("row", "day")
    )
    met = met.filter("all_25")
    if met.is_empty():
        return no_hits()
    preventive = _lines(state, pl.col("em_preventive_part_b")).filter(patients)
    days = state.by_day(preventive).select("patient", "date").unique()
    days = days.filter(pl.col("date") >= pl.lit(_EXCEPTION))
    met = met.join(days, on=["patient", "date"], how="anti")
    found = with_codes(state, first_each(state, met.drop("code_"), "date"))
    later = pl.col("date") >= pl.lit(_EXCEPTION)
    lacking = later & pl.col("row").is_in(state.batch.lacking.implode())
    return hits(
        found,
        "EM-G2211",
        tier=REVIEW,
        other=pl.col("row_"),
        other_code=pl.col("code_"),
        message=pl.format(
            "G2211 on {} belongs to {}, which carries 25{}; Medicare does not pay it then.{}",
            pl.col("date"),
            pl.col("code_"),
            said_when(later, ", and no Part B preventive service was billed that day"),
            said_when(lacking, " A rejected line of this patient-day or claim may be one."),
        ),
        remedy=pl.lit("Remove G2211, or 25 if nothing on the day needs it."),
        table_row=pl.lit("G2211: not paid with 25 on the base visit"),
    )


def _lines(state: State, codes: pl.Expr, *more: str) -> pl.DataFrame:
    """Lines of codes that satisfy `codes` and meet others on their day."""
    return state.lines_of(codes, *WHO, "dup", "live", *more).filter(
        pl.col("day").is_not_null() & ~pl.col("dup") & pl.col("live")
    )
