"""Radiographs of one body part billed by two codes where one code covers all views."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.rules.interface import Rule, Stage
from auditor.rules.restated import code_pairs, doubts, meetings

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.AFTER
_SPLIT = Rule(
    id="IMG-3",
    name="views-split",
    tier="review",
    shape="day",
    precedence=138,
    denies=True,
    profiles=("medicare", "medicaid", "commercial", "unknown"),
    columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
    tables=(),
    flags="Two radiograph codes of one body part that differ in the number of views, on one day "
    "by one practitioner, without a modifier that separates them. The code of fewer views is "
    "named.",
    why="All views of one body part at one encounter are one study, reported with the one code "
    "for their number.",
    not_flagged="Different sides; 59, an X modifier, 76 or 77 on either line; other body parts, "
    "days and practitioners. Where PTP names the line this rule is in its 'also'.",
    remedy="Report the one code for all views taken; keep both only where the record shows two "
    "studies.",
    citation="NCCI Policy Manual ch. I A, ch. I L; CPT view counts, by number",
    example_flag=("73560-RT", "73562-RT"),
    example_ok=("73560-RT", "73562-LT"),
)
RULES = (_SPLIT,)


def find(state: State) -> pl.DataFrame:
    """Lines of the code of fewer views."""
    rows = state.batch.facts.rows.of("view_counts").select(
        "code", "body_part", "effective", "deletion", least=pl.col("views_min").cast(pl.Int32)
    )
    if rows.is_empty():
        return no_hits()
    policy = (
        code_pairs(rows, rows, on="body_part")
        .filter(pl.col("least") > pl.col("least_"))
        .select(
            "code1",
            "code2",
            "effective",
            "deletion",
            "body_part",
            base=pl.lit(REVIEW, pl.UInt8),
            hard=pl.lit(value=False),
            silent=pl.lit(value=False),
            firm=pl.lit(value=False),
        )
    )
    found = meetings(state, _SPLIT, policy, leave_out=state.modifiers("76", "77"))
    if found.is_empty():
        return no_hits()
    return hits(
        found,
        "IMG-3",
        tier=pl.col("tier"),
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        message=pl.format(
            "{} and {} are view counts of one body part ({}), both billed on {}.{}",
            pl.col("code2"),
            pl.col("code1"),
            pl.col("body_part").str.replace_all("_", " "),
            pl.col("date"),
            doubts(),
        ),
        remedy=pl.lit(
            "Report the one code for all views taken; keep both only where the record shows two "
            "studies, and say so with a modifier."
        ),
        table_row=pl.format("{}: {}, {}", pl.col("body_part"), pl.col("code1"), pl.col("code2")),
    )
