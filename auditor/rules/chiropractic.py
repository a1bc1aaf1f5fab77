"""Chiropractic manipulation without the modifier of active treatment."""

from __future__ import annotations

from datetime import date

import polars as pl

from auditor.rules.interface import Rule, Stage, any_of

STAGE = Stage.LINES
_SINCE = date(2004, 10, 1)  # SE1602: lines without AT are denied from this date of service on

RULES = (
    Rule(
        id="CHI-1",
        name="missing-active-treatment",
        tier="certain",
        shape="line",
        precedence=94,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("modifiers",),
        tables=(),
        flags="Spinal manipulation (98940, 98941, 98942) without AT, from 2004-10-01.",
        why="Medicare pays manipulation as active treatment only; without AT the line counts as "
        "maintenance and is denied.",
        not_flagged="Lines with GA, GX, GY or GZ, which declare maintenance or no coverage; 98943, "
        "which Medicare does not cover; other payers. AT with GA is MOD-CONF.",
        remedy="Add AT if the record shows active treatment; else declare maintenance.",
        citation="CMS MLN SE1602; CMS 100-02 ch. 15 s. 240",
        example_flag=("98941",),
        example_ok=("98941-AT", "98941-GA"),
        when=lambda: (
            pl.col("code").is_in(["98940", "98941", "98942"])
            & ~any_of("AT", "GA", "GX", "GY", "GZ")
        ),
        refine=lambda _: pl.col("date") >= pl.lit(_SINCE),
        says=lambda: {
            "message": pl.format(
                "{} carries neither AT nor GA, GX, GY or GZ: Medicare takes it as maintenance and "
                "denies it.",
                pl.col("code"),
            ),
            "remedy": pl.lit(
                "Add AT if the record shows active treatment; for maintenance use GA with a notice "
                "on file, or GZ without."
            ),
        },
    ),
)
