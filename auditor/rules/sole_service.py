"""Port flush and blood draw from a line: codes that CPT and NCCI allow only without others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.codes import NEVER_PAYS
from auditor.engine.hits import CERTAIN, REVIEW, at_least, hits, no_hits
from auditor.engine.state import business_tier
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.meeting import (
    beside,
    days_apart,
    first_each,
    unsure,
    with_other_facts,
    zero_limit,
)

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
CODES = (CodePolicy(table="sole_service", columns=(("sole_rule", "rule"),)),)
_FLUSH, _DRAW = "only_service_of_encounter", "only_with_lab"
_SERVICE = r"^(?:[0-9]{4}[0-9TUM]|G[0-7][0-9]{3})$"
"""Services: no drugs, supplies, equipment, products or quality codes."""
RULES = (
    Rule(
        id="SOLE-1",
        name="not-with-other-services",
        tier="certain",
        shape="day",
        precedence=130,
        denies=True,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
        tables=(),
        flags="96523 (flush of a port) with another service of the same practitioner and day; "
        "36591 or 36592 (blood drawn from a port or line) with one that is not laboratory.",
        why="96523 is reported only where it is the only service of the encounter, and 36591 and "
        "36592 only where laboratory tests are the only others; their work is part of the rest.",
        not_flagged="Drugs, supplies, equipment and quality codes beside them; 36591 and 36592 "
        "beside laboratory codes or each other; 96523 beside 36591 or 36592, where those are the "
        "ones that go; other lines that do not pay themselves. It is review with 59, XE, XS, XP "
        "or XU on either line or another place of service (another encounter), for 96523 with "
        "laboratory alone, and where the practitioner or the day is not sure. Where a pair or "
        "status T names the line this is in its 'also'.",
        remedy="Remove the line, unless the record shows another encounter.",
        citation="NCCI Policy Manual ch. III L 20, 21; CPT notes to 36591, 36592, 96523",
        example_flag=("96523", "99213"),
        example_ok=("36591", "80053"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Each such line, against the service that most plainly belongs to the encounter."""
    columns = [*state.lines.columns]
    lines = state.lines_of(pl.col("sole_rule").is_in([_FLUSH, _DRAW]), *columns)
    lines = lines.filter(~pl.col("dup") & pl.col("live") & ~pl.col("denied"))
    if lines.is_empty():
        return no_hits()
    others = state.lines_of(pl.col("code").str.contains(_SERVICE), *columns)
    others = others.filter(~pl.col("denied") & ~pl.col("dup") & pl.col("live"))
    met = beside(state, lines, others, "pos", "has_separate", "is_lab")
    met = state.with_facts(met, "code", "sole_rule")
    met = with_other_facts(state, met, "code", "sole_rule", "status", "mue_value")
    never = pl.col("status_").is_in(NEVER_PAYS).fill_null(value=False)
    met = met.filter(~never & ~zero_limit())
    draw, other_draw = pl.col("sole_rule") == _DRAW, pl.col("sole_rule_") == _DRAW
    met = met.filter(
        ~other_draw.fill_null(value=False),
        pl.col("c") != pl.col("c_"),
        ~(draw & pl.col("is_lab_")),
    )
    elsewhere = (pl.col("pos") != pl.col("pos_")).fill_null(value=False)
    apart = elsewhere | pl.col("has_separate") | pl.col("has_separate_")
    doubt = unsure() | apart | pl.col("is_lab_")
    scope = business_tier(state, RULES[0]).fill_null(CERTAIN)
    met = met.with_columns(apart=apart, tier=at_least(scope, REVIEW, doubt))
    met = first_each(state, met, "tier", "date", other_code_first=False)
    return hits(
        met,
        "SOLE-1",
        tier=pl.col("tier"),
        other=pl.col("row_"),
        other_code=pl.col("code_"),
        message=pl.format(
            "{} is reported only {}, and {} was billed on {} too.{}{}",
            pl.col("code"),
            pl.when(draw)
            .then(pl.lit("where laboratory tests are the only other services"))
            .otherwise(pl.lit("where it is the only service of the encounter")),
            pl.col("code_"),
            pl.col("date"),
            pl.when("apart")
            .then(pl.lit(" A modifier or the place of service says that it was another encounter."))
            .otherwise(pl.lit("")),
            days_apart(),
        ),
        remedy=pl.format(
            "Remove {}, unless the record shows that it was another encounter.", pl.col("code")
        ),
        table_row=pl.format("sole_service {}: {}", pl.col("code"), pl.col("sole_rule")),
    )
