"""Modifier 51 where there is no second procedure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.partners import KEYS, others, strangers
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
RULES = (
    Rule(
        id="MOD-51",
        name="multiple-procedure-modifier-alone",
        tier="review",
        shape="day",
        precedence=96,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
        tables=(),
        amount="not determined",
        flags="51 on an E/M service, or on a procedure that is the practitioner's only one for "
        "the patient that day.",
        why="51 says that another procedure was done in the session, and halves the payment; "
        "without a second procedure the line is underpaid.",
        not_flagged="51 beside another procedure of the day, on any claim, by the same "
        "practitioner or by one who may be a partner of the same specialty; 51 with two or more "
        "units; lines that span days; add-on codes (AOC-4).",
        remedy="Remove 51. Medicare adds it by itself where it applies.",
        citation="CMS 100-04 ch. 12 s. 40.6; Medicare Quarterly Provider Compliance Newsletter "
        "vol. 3 no. 4 (51 without a second procedure); Part B contractors on modifier 51",
        example_flag=("99213-51",),
        example_ok=("20610-51-RT", "11102"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Lines with 51 that are visits, or stand alone on their day."""
    chosen = (
        state.lines.lazy()
        .filter(pl.col("has_51") & ~pl.col("addon") & ~pl.col("dup") & pl.col("live"))
        .select("row", "day", "date", "days", "ce", "units", "is_em", "person", *KEYS)
        .collect()
    )
    if chosen.is_empty():
        return no_hits()
    visits = chosen.filter("is_em").select("row", "date", "ce", visit=pl.lit(value=True))
    alone = _alone(chosen.filter(~pl.col("is_em")), state)
    found = state.with_facts(pl.concat([visits, alone]), "code")
    lacking = ~pl.col("visit") & pl.col("row").is_in(state.batch.lacking.implode())
    return hits(
        found,
        "MOD-51",
        tier=REVIEW,
        message=pl.when("visit")
        .then(pl.format("51 is for procedures, and {} is an E/M service.", pl.col("code")))
        .otherwise(
            pl.format(
                "{} on {} carries 51, and the file shows no other procedure by the practitioner "
                "that day (visits, tests, drugs and add-ons aside).{}",
                pl.col("code"),
                pl.col("date"),
                pl.when(lacking)
                .then(pl.lit(" A rejected line of this patient-day or claim may be it."))
                .otherwise(pl.lit("")),
            )
        ),
        remedy=pl.when("visit")
        .then(pl.lit("Remove 51."))
        .otherwise(
            pl.lit("Remove 51, unless the record shows another procedure that is not in the file.")
        ),
    )


def _alone(procedures: pl.DataFrame, state: State) -> pl.DataFrame:
    """row, date, ce, visit of procedures without another one that 51 could speak of."""
    single = procedures.filter(
        pl.col("day").is_not_null() & (pl.col("days") == 1),
        (pl.col("units") <= 1000).fill_null(value=True),  # noqa: PLR2004 - one unit, in thousandths
    ).select("row", "date", "ce", "person", *KEYS)
    table = state.batch.facts.table
    # A visit, a test of blood, a drug or a supply is no second procedure.
    counts = table.select(
        (
            ~pl.col("is_em")
            & ~pl.col("addon")
            & ~pl.col("is_lab")
            & ~pl.col("code").str.contains(r"^[ABEJKLQ]")
        ).fill_null(value=True)
    ).to_series()
    near = (
        state.lines.lazy()
        .filter(
            pl.col("person").is_in(single["person"].unique().implode()),
            pl.col("live") & ~pl.col("dup"),
        )
        .select("row", "day", "date", "days", "c", "ce", "person", *KEYS)
        .collect()
    )
    near = state.batch.by_day(near)
    near = others(near.filter(counts[near["ce"]]), person="person", date="date", other="row")
    met = single.join(near, on=["person", "date"]).filter(pl.col("row") != pl.col("other"))
    same = (pl.col("s1") == pl.col("s1_")).fill_null(value=False)
    another = (pl.col("specialty") != pl.col("specialty_")).fill_null(value=False)
    met = met.filter(same | (~strangers() & ~another))
    alone = single.join(met.select("row").unique(), on="row", how="anti")
    return alone.select("row", "date", "ce", visit=pl.lit(value=False))
