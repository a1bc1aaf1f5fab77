"""Services that critical care includes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.state import business_tier
from auditor.rules.interface import CodePolicy, Rule, Stage
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
CODES = (
    CodePolicy(
        table="critical_care_bundled",
        flag="em_in_critical_care",
        columns=(("em_critical_indicator", "indicator"),),
    ),
)
_CRITICAL = ("99291", "99292")
RULES = (
    Rule(
        id="EM-CC",
        name="included-in-critical-care",
        tier="certain",
        shape="day",
        precedence=104,
        denies=True,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
        tables=(),
        flags="A service that critical care includes (vascular access 36000, 36410, 36415, 36600; "
        "gastric tubes 43752, 43753; chest films 71045, 71046; pacing 92953; ventilation and "
        "oximetry 94002-94004, 94660, 94760-94762 and more) on the day of 99291 or 99292 by the "
        "same practitioner.",
        why="The payment for critical care covers these services.",
        not_flagged="Other practitioners; technical components; intubation, central lines and "
        "resuscitation, which pay beside critical care. Where a modifier may separate the two "
        "(59, XE, XS, XP or XU, or 25 on the critical care) the finding is review.",
        remedy="Remove the included service.",
        citation="NCCI Policy Manual ch. XI U; CPT critical care guidelines",
        example_flag=("99291 pos=21", "71045-26 pos=21"),
        example_ok=("99291-25 pos=21", "31500 pos=21"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Included lines with the critical care of their day."""
    rule = RULES[0]
    care = paying(state, _lines(state, pl.col("code").is_in(_CRITICAL), "pays_as_primary"))
    if care.is_empty():
        return no_hits()
    parts = _lines(state, pl.col("em_in_critical_care"), "lob", "has_tc").filter(
        ~pl.col("has_tc"), pl.col("patient").is_in(care["patient"].unique().implode())
    )
    met = join_lines(state.by_day(parts), care.drop("patient", "date"), ["day"]).with_columns(
        tier=business_tier(state, rule)
    )
    if met.is_empty():
        return no_hits()
    met = state.with_facts(met, "em_critical_indicator")
    open_ = pl.col("em_critical_indicator") == "1"
    apart = open_ & (pl.col("has_separate") | pl.col("has_separate_") | pl.col("has_2457_"))
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
            "{} is included in critical care {} on {} by the same practitioner.{}{}",
            pl.col("code"),
            pl.col("code_"),
            pl.col("date"),
            said_when(
                pl.col("apart"),
                " A modifier says that it was separate; only the record can show that.",
            ),
            days_apart(),
        ),
        remedy=pl.format(
            "Remove {}{}.",
            pl.col("code"),
            said_when(
                open_, ", unless the record shows that it was outside the time of critical care"
            ),
        ),
        table_row=pl.format(
            "{}: included in critical care, modifier indicator {}",
            pl.col("code"),
            pl.col("em_critical_indicator"),
        ),
    )


def _lines(state: State, codes: pl.Expr, *more: str) -> pl.DataFrame:
    """Lines of codes that satisfy `codes` and meet others on their day."""
    wanted = [*WHO, *DOUBT, "dup", "live", "has_separate", "has_2457", *more]
    return state.lines_of(codes, *wanted).filter(
        pl.col("day").is_not_null() & ~pl.col("dup") & pl.col("live")
    )
