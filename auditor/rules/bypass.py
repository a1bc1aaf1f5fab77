"""The bypass test: whether a modifier separates a pair of indicator 1 (NCCI manual ch. I E)."""

from __future__ import annotations

from datetime import date

import polars as pl

EITHER_LINE = date(2019, 7, 1)
"""From this date 59 and the X modifiers count on either line (CR 11168)."""
NONE, WEAK, OK = 0, 1, 2
_CRITICAL_CARE = ("99291", "99292")
"""Beside an earlier visit of the day Medicare wants 25 on these (CY 2022 physician fee schedule
final rule); either line separates the pair."""
FACTS = ("is_visit", "is_soft", "is_lab", "global_days", "sided", "bilateral")
"""Of the code, for both lines (suffix 1 and 2)."""
FLAGS = (
    "has_24",
    "has_25",
    "has_57",
    "has_2457",
    "has_separate",
    "has_5879",
    "has_91",
    "anatomic",
    "places",
    "overlaps",
)
"""Of the modifiers, for both lines."""


def strength() -> pl.Expr:
    """2 ok, 1 weak, 0 none, for a frame with FACTS and FLAGS of both lines, and `date`."""
    em_any = pl.col("has_24571") | pl.col("has_24572")
    separate = pl.col("has_separate1") | pl.col("has_separate2")
    visit1, visit2 = pl.col("is_visit1"), pl.col("is_visit2")
    soft = pl.col("is_soft1") | pl.col("is_soft2")
    visit_on_2 = (
        pl.when(pl.col("has_242") | pl.col("has_252"))
        .then(OK)
        # Where no fee schedule tells the global days, nobody can say that 57 is the wrong one.
        .when(pl.col("has_572") & (pl.col("global_days1") == "090").fill_null(value=True))
        .then(OK)
        .when(pl.col("has_572") | separate)
        .then(WEAK)
        .otherwise(NONE)
    )
    visit_on_1 = (
        pl.when(pl.col("has_24571") | pl.col("has_separate2"))
        .then(OK)
        .when(pl.col("has_separate1"))
        .then(WEAK)
        .otherwise(NONE)
    )
    by_59 = pl.col("has_separate2") | (pl.col("has_separate1") & (pl.col("date") >= EITHER_LINE))
    anatomic = (pl.col("anatomic1") | pl.col("anatomic2")) != 0
    proven = (
        (pl.col("anatomic1") != 0)
        & (pl.col("anatomic2") != 0)
        & ((pl.col("places1") & pl.col("overlaps2")) == 0)
    )
    procedures = (
        pl.when(
            by_59
            | pl.col("has_58791")
            | pl.col("has_58792")
            | (pl.col("has_912") & pl.col("is_lab1") & pl.col("is_lab2"))
            | proven
        )
        .then(OK)
        .when(anatomic)
        .then(WEAK)
        .otherwise(NONE)
    )
    return (
        pl.when(soft)
        .then(pl.when(em_any | separate).then(OK).otherwise(NONE))
        .when(visit1 & visit2)
        .then(pl.when(em_any).then(OK).otherwise(NONE))
        .when(visit2)
        .then(visit_on_2)
        .when(visit1)
        .then(visit_on_1)
        .otherwise(procedures)
        .cast(pl.UInt8)
    )


def suggestion() -> pl.Expr:
    """What to report where the record shows a separate service, for a pair that has none."""
    return (
        pl.when(pl.col("is_visit2") & (pl.col("global_days1") == "090").fill_null(value=False))
        .then(pl.format("57 (decision for surgery) or 25 on {}", pl.col("code2")))
        .when(pl.col("is_visit1") & pl.col("is_visit2") & pl.col("code1").is_in(_CRITICAL_CARE))
        .then(
            pl.format(
                "25 on {}, where Medicare wants it (some other payers: on {})",
                pl.col("code1"),
                pl.col("code2"),
            )
        )
        .when(pl.col("is_visit1") & pl.col("is_visit2"))
        .then(pl.lit("25 on the separate visit"))
        .when(pl.col("is_visit2"))
        .then(pl.format("25 on {}", pl.col("code2")))
        .when(pl.col("is_visit1"))
        .then(pl.format("25 on {}", pl.col("code1")))
        .when("is_soft2")
        .then(pl.format("25 on {}", pl.col("code2")))
        .when(pl.col("is_lab1") & pl.col("is_lab2"))
        .then(pl.format("91 (repeat test) or 59 on {}", pl.col("code2")))
        .when(_sided("1") & _sided("2"))
        .then(
            pl.format(
                "LT and RT or the digit modifiers where the sites differ, else XE (other "
                "encounter), XS (other structure) or XU, and 59 last, on {}",
                pl.col("code2"),
            )
        )
        .otherwise(
            pl.format(
                "XE (other encounter), XS (other structure) or XU, and 59 last, on {}",
                pl.col("code2"),
            )
        )
    )


def _sided(line: str) -> pl.Expr:
    """True for a code with sides: by the table of sided codes or its bilateral indicator."""
    bilateral = pl.col(f"bilateral{line}").is_in(["1", "3"]).fill_null(value=False)
    return pl.col(f"sided{line}") | bilateral
