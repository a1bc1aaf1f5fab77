"""Therapy modifiers that contradict the code or each other."""

from __future__ import annotations

from datetime import date

import polars as pl

from auditor.rules.interface import Rule, Stage, any_of

STAGE = Stage.LINES
_EDITED = date(2018, 1, 1)  # CR 10176: the edit on always-therapy codes begins
_ASSISTANTS = date(2020, 1, 1)  # CQ and CO are required, and edited, from here on
_SERVICE = pl.col("therapy")
_LOCKED = _SERVICE.str.len_chars() == 2  # noqa: PLR2004 - one modifier, not a list of three


def _assistant_without_plan() -> pl.Expr:
    """CQ without GP or CO without GO; other payers only where the line names another discipline."""
    lone = any_of("CQ") ^ any_of("CO")
    missing = (any_of("CQ") & ~any_of("GP")) | (any_of("CO") & ~any_of("GO"))
    medicare = pl.col("lob").is_in(["medicare", "unknown"])
    return lone & missing & (medicare | pl.col("has_therapy"))


RULES = (
    Rule(
        id="THR-2",
        name="wrong-therapy-discipline",
        tier="certain",
        shape="line",
        precedence=89,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("modifiers",),
        tables=(),
        flags="A therapy code of one discipline with the modifier of another: 97161 to 97164 "
        "without GP but with GO or GN, 97165 to 97168 without GO, 92521 to 92524, 92597 and 92607 "
        "without GN; from 2018-01-01.",
        why="These codes belong to one plan of care, and Medicare returns the line when the "
        "modifier names another.",
        not_flagged="Codes that several disciplines use; lines that carry the code's own modifier "
        "(two disciplines on one line are MOD-CONF); lines without any of the three (THR-1); other "
        "payers.",
        remedy="Correct the modifier, or the code if the other discipline gave the service.",
        citation="CMS CR 10176 (always-therapy codes); CMS 100-04 ch. 5 s. 20.1",
        example_flag=("97161-GO",),
        example_ok=("97161-GP", "97165-GO", "97110-GN"),
        when=lambda: (
            _LOCKED
            & pl.col("has_therapy")
            & ~pl.col("padded").str.contains(pl.format(" {} ", _SERVICE), literal=True)
        ),
        refine=lambda _: pl.col("date") >= pl.lit(_EDITED),
        says=lambda: {
            "message": pl.format(
                "{} belongs to one discipline and takes {}; the line carries {}.",
                pl.col("code"),
                _SERVICE,
                pl.col("padded").str.extract(r" (GP|GO|GN) "),
            ),
            "remedy": pl.format(
                "Replace it by {}, or correct the code if the other discipline gave the service.",
                _SERVICE,
            ),
            "table_row": pl.format("{}: {}", pl.col("code"), _SERVICE),
        },
    ),
    Rule(
        id="THR-3",
        name="assistant-without-discipline",
        tier="certain",
        shape="line",
        precedence=88,
        denies=False,
        profiles=("medicare",),
        review_for=("medicaid", "commercial", "unknown"),
        columns=("modifiers",),
        tables=(),
        flags="CQ (physical therapist assistant) without GP, or CO (occupational therapy "
        "assistant) without GO, from 2020-01-01. For other payers only where the line names "
        "another discipline, and at review.",
        why="CQ and CO say which assistant gave the service under which plan of care, and lower "
        "the payment; Medicare takes CQ with GP and CO with GO only.",
        not_flagged="Lines with CQ and CO together (MOD-CONF); dates before 2020.",
        remedy="Correct the discipline or the assistant modifier.",
        citation="CMS therapy services page (CQ and CO); CMS 100-04 ch. 5 s. 20.1",
        example_flag=("97110-GO-CQ",),
        example_ok=("97110-GP-CQ", "97110-GO-CO"),
        when=_assistant_without_plan,
        refine=lambda _: pl.col("date") >= pl.lit(_ASSISTANTS),
        says=lambda: {
            "message": pl.format(
                "{} goes with {}, and the line {}.",
                pl.when(any_of("CQ")).then(pl.lit("CQ")).otherwise(pl.lit("CO")),
                pl.when(any_of("CQ")).then(pl.lit("GP")).otherwise(pl.lit("GO")),
                pl.when(pl.col("has_therapy"))
                .then(pl.format("carries {}", pl.col("padded").str.extract(r" (GP|GO|GN) ")))
                .otherwise(pl.lit("names no discipline")),
            ),
            "remedy": pl.when(any_of("CQ"))
            .then(pl.lit("Report CQ with GP, or CO with GO, as the record shows."))
            .otherwise(pl.lit("Report CO with GO, or CQ with GP, as the record shows.")),
        },
    ),
)
