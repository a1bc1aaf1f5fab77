"""Hearing tests: one unit is both ears."""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import Rule, Stage
from auditor.rules.per_day import several_a_day

STAGE = Stage.LINES
_TWO_SIDED = pl.col("bilateral").is_in(["0", "2", "9"]).fill_null(value=False)
"""The fee schedule says that 50 does not apply: MOD-BIL names such a line."""
_TWICE = pl.col("has_50") & ~_TWO_SIDED

RULES = (
    Rule(
        id="EAR-1",
        name="hearing-test-both-ears",
        tier="certain",
        shape="line",
        precedence=161,
        denies=True,
        profiles=("medicare",),
        review_for=("medicaid", "commercial", "unknown"),
        columns=("units", "modifiers"),
        tables=(),
        flags="A hearing test (92550 to 92588) with more than one unit a day on a line, or with 50 "
        "where no loaded fee schedule says that 50 does not apply (else MOD-BIL says it).",
        why="These codes are tests of both ears; a second unit or 50 asks twice for one service.",
        not_flagged="One unit; one ear reported with 52; lines that the payer denied already. "
        "Where an MUE release is loaded, MUE-2 is the headline and this rule stands in its "
        "'also'.",
        remedy="Report one unit; one ear alone is reported with 52.",
        citation="NCCI Policy Manual ch. XI V 19; CMS practitioner MUE table (value 1, "
        "adjudication indicator 2)",
        example_flag=("92557 units=2",),
        example_ok=("92557 units=1", "92557-52"),
        when=lambda: (
            pl.col("code").str.contains(r"^925[5-8][0-9]$")
            & pl.col("code").is_between(pl.lit("92550"), pl.lit("92588"))
        ),
        refine=lambda _: (
            ~pl.col("denied") & pl.col("live") & (several_a_day().fill_null(value=False) | _TWICE)
        ),
        says=lambda: {
            "message": pl.format(
                "{} tests both ears with one unit; the line has {}.",
                pl.col("code"),
                pl.when(_TWICE)
                .then(pl.lit("50"))
                .otherwise(
                    pl.format(
                        "{} units",
                        (pl.col("units") / 1000).round(1).cast(pl.String).str.replace(r"\.0$", ""),
                    )
                ),
            ),
            "remedy": pl.lit("Report one unit; one ear alone is reported with 52."),
        },
    ),
)
