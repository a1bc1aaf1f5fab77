"""Therapy lines that do not name their discipline."""

from __future__ import annotations

from datetime import date

import polars as pl

from auditor.rules.interface import Rule, Stage

STAGE = Stage.LINES
_SINCE = date(2018, 1, 1)  # CR 10176: the edit on always-therapy codes begins
RULES = (
    Rule(
        id="THR-1",
        name="missing-therapy-discipline",
        tier="certain",
        shape="line",
        precedence=89,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("modifiers",),
        tables=(),
        flags="An always-therapy code without GP (physical therapy), GO (occupational therapy) or "
        "GN (speech-language pathology), from 2018-01-01.",
        why="Medicare returns such a line unpaid: the modifier says under which plan of care the "
        "service was given.",
        not_flagged="Sometimes-therapy codes; lines with one of the three; dates before 2018; "
        "other payers.",
        remedy="Add GP, GO or GN, as the plan of care says.",
        citation="CMS CR 10176 (always-therapy codes); CMS 100-04 ch. 5 s. 20.1",
        example_flag=("97110",),
        example_ok=("97110-GP", "97161-GP"),
        when=lambda: pl.col("always_therapy") & ~pl.col("has_therapy"),
        refine=lambda _: pl.col("date") >= pl.lit(_SINCE),
        says=lambda: {
            "message": pl.format(
                "{} is always a therapy service and the line names no discipline (GP, GO or GN).",
                pl.col("code"),
            ),
            "remedy": pl.format(
                "Add {}, as the plan of care says.",
                pl.col("therapy").str.replace_all(" ", " or "),
            ),
        },
    ),
)
