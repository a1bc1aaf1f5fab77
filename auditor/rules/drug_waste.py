"""Drugs of single-dose containers: JW for what was thrown away, JZ for nothing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.state import business_tier
from auditor.rules.interface import CodePolicy, Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
CODES = (CodePolicy(table="single_dose_drugs", flag="single_dose"),)
_SINCE = date(2023, 7, 1)
_PACKAGED = ("19", "21", "22", "23")
_COLUMNS = ("patient_id", "service_date_from", "code", "modifiers")
_NEITHER = Rule(
    id="DRG-1",
    name="waste-modifier-missing",
    tier="review",
    shape="day",
    precedence=94,
    denies=False,
    profiles=("medicare",),
    review_for=("unknown",),
    columns=(*_COLUMNS, "place_of_service"),
    tables=(),
    flags="A drug that is sold in single-dose containers only, with neither JW nor JZ, from "
    "2023-07-01. The list is short and grows with what was checked.",
    why="Medicare wants one of the two on every such drug: JW on a line of its own for the amount "
    "thrown away, JZ where nothing was; it returns claims with neither since 2023-10-01.",
    not_flagged="The given dose beside a JW line of the same drug that day; hospital places (19, "
    "21, 22, 23); drugs that are not on the list; lines with GX or GY; other payers.",
    remedy="Add JZ, or bill the waste on a line of its own with JW, as the record shows.",
    citation="CMS 100-04 ch. 17 s. 40",
    example_flag=("J0897 units=60",),
    example_ok=("J0897-JZ units=60",),
)
_ALONE = Rule(
    id="DRG-3",
    name="waste-without-dose",
    tier="review",
    shape="day",
    precedence=95,
    denies=False,
    profiles=("medicare",),
    review_for=("unknown",),
    columns=_COLUMNS,
    tables=(),
    flags="A drug line with JW (thrown away) and no line of the same drug without JW for the "
    "patient that day.",
    why="Waste is paid beside the dose that was given from the same container; alone it says that "
    "nothing was given.",
    not_flagged="A dose on another claim or by another practitioner of that day; lines of zero "
    "units; other payers.",
    remedy="Bill the dose that was given on a line of its own; if all was given, report JZ.",
    citation="CMS 100-04 ch. 17 s. 40",
    example_flag=("J0897-JW units=10",),
    example_ok=("J0897 units=50", "J0897-JW units=10"),
)
RULES = (_NEITHER, _ALONE)
_DRUG = pl.col("code").str.contains(r"^[A-Z][0-9]{4}$")


def find(state: State) -> pl.DataFrame:
    """Hits of both rules."""
    lines = state.lines_of(
        _DRUG,
        *("row", "day", "date", "days", "c", "ce", "m", "lob", "pos"),
        *("patient", "dup", "live", "has_jw", "has_gxgy"),
    )
    lines = lines.filter(pl.col("patient").is_not_null(), ~pl.col("dup") & pl.col("live"))
    if lines.is_empty():
        return no_hits()
    zero_waste = pl.col("m").is_in(state.modifiers("JZ").implode())
    listed = state.with_facts(lines, "single_dose").filter(
        pl.col("single_dose"),
        pl.col("date") >= pl.lit(_SINCE),
        ~pl.col("has_jw") & ~zero_waste & ~pl.col("has_gxgy"),
        ~pl.col("pos").is_in(_PACKAGED).fill_null(value=False),
        business_tier(state, _NEITHER).is_not_null(),
    )
    wasted = lines.filter(pl.col("has_jw"))
    alone = wasted.filter(business_tier(state, _ALONE).is_not_null())
    neither = _without(listed, wasted, state)
    dose = lines.filter(~pl.col("has_jw"), pl.col("c").is_in(alone["c"].unique().implode()))
    alone = _without(alone, dose, state)
    return pl.concat([_told_neither(neither, state), _told_alone(alone, state)])


def _without(lines: pl.DataFrame, others: pl.DataFrame, state: State) -> pl.DataFrame:
    """`lines` on none of whose days the patient has a line of the same drug among `others`."""
    key = ["patient", "date", "c"]
    met = state.by_day(lines).join(state.by_day(others).select(key), on=key, how="semi")
    return state.with_facts(lines.join(met.select("row"), on="row", how="anti"), "code")


def _rejected(state: State, what: str) -> pl.Expr:
    """A sentence where a rejected line may be the one that is missed."""
    return (
        pl.when(pl.col("row").is_in(state.batch.lacking.implode()))
        .then(pl.lit(f" A rejected line of this patient-day or claim may be {what}."))
        .otherwise(pl.lit(""))
    )


def _told_neither(found: pl.DataFrame, state: State) -> pl.DataFrame:
    """DRG-1."""
    return hits(
        found,
        _NEITHER.id,
        tier=REVIEW,
        message=pl.format(
            "{} comes in single-dose containers, and the line carries neither JW nor JZ.{}",
            pl.col("code"),
            _rejected(state, "the waste"),
        ),
        remedy=pl.lit(
            "If the record shows no waste add JZ; else bill the waste on a line of its own with JW."
        ),
        table_row=pl.format("{}: single-dose containers only", pl.col("code")),
    )


def _told_alone(found: pl.DataFrame, state: State) -> pl.DataFrame:
    """DRG-3."""
    return hits(
        found,
        _ALONE.id,
        tier=REVIEW,
        message=pl.format(
            "{}-JW on {} bills waste, and no line bills a dose of the drug that day.{}",
            pl.col("code"),
            pl.col("date"),
            _rejected(state, "the dose"),
        ),
        remedy=pl.lit(
            "Bill the dose that was given on a line of its own; if all was given, report JZ."
        ),
    )
