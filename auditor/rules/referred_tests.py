"""Modifier 90: a test that another laboratory did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.state import business_tier
from auditor.rules.interface import Rule, Stage
from auditor.rules.specialties import FORM, of_kind

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
_PATHOLOGY = r"^(?:22|207Z.*)$"
"""A pathologist may be the named practitioner of an independent laboratory."""
RULES = (
    Rule(
        id="LAB-90",
        name="referred-test-incomplete",
        tier="review",
        shape="line",
        precedence=97,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("code", "modifiers"),
        tables=(),
        amount="not determined",
        aliases=("LAB90",),
        flags="90 on a laboratory test without any CLIA number, in files that have CLIA numbers; "
        "or billed by a specialty that is no laboratory.",
        why="A referred test is billed with the CLIA numbers of the referring and of the "
        "performing laboratory, and Medicare takes it from independent laboratories only.",
        not_flagged="Laboratories (specialty 69 and its taxonomies) and pathologists with a CLIA "
        "number; lines without specialty, in files without CLIA numbers; other payers.",
        remedy="Add the CLIA numbers. Where the practice is no independent laboratory the "
        "laboratory that did the test bills it.",
        citation="CMS 100-04 ch. 16 s. 40.1 (referred tests, modifier 90); Social Security Act "
        "1833(h)(5)(A)",
        example_flag=("80061-90",),
        example_ok=("80061-90 spec=69 clia=11D0000001", "80061"),
    ),
)
_RULE = RULES[0]


def find(state: State) -> pl.DataFrame:
    """Lines with 90 that lack what a referred test needs."""
    chosen = state.modifiers("90")
    if chosen.is_empty():
        return no_hits()
    lab = state.batch.facts.table["is_lab"]
    lines = state.lines[["row", "ce", "lob", "m"]].filter(pl.col("m").is_in(chosen.implode()))
    lines = lines.filter(lab[lines["ce"]])
    lines = lines.filter(business_tier(state, _RULE).is_not_null())
    laboratory = of_kind(state, "laboratory", lines["row"])
    lines = state.with_raw(lines, "clia_number", "specialty").with_columns(
        laboratory=laboratory.fill_null(value=False)
    )
    text = pl.col("specialty").str.to_uppercase()
    outside = (
        text.str.contains(FORM) & ~pl.col("laboratory") & ~text.str.contains(_PATHOLOGY)
    ).fill_null(value=False)
    blank = pl.lit(state.batch.laboratories) & pl.col("clia_number").is_null()
    lines = lines.with_columns(outside=outside, blank=blank).filter(
        pl.col("outside") | pl.col("blank")
    )
    return hits(
        state.with_facts(lines, "code"),
        "LAB-90",
        tier=REVIEW,
        message=pl.when("outside")
        .then(
            pl.format(
                "90 says that another laboratory did {}; Medicare takes referred tests from "
                "independent laboratories only, and the line's specialty is {}.",
                pl.col("code"),
                pl.col("specialty").fill_null(""),
            )
        )
        .otherwise(
            pl.format(
                "90 says that another laboratory did {}, and the line names no CLIA number.",
                pl.col("code"),
            )
        ),
        remedy=pl.when("outside")
        .then(
            pl.lit(
                "If the practice is no independent laboratory, the laboratory that did the test "
                "bills it; else correct the specialty."
            )
        )
        .otherwise(
            pl.lit("Add the CLIA numbers of the referring and of the performing laboratory.")
        ),
    )
