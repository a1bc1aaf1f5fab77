"""59 and the X modifiers where there is nothing to separate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.state import business_tier
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State
    from auditor.reference.interface import Reference

STAGE = Stage.POLICY


def _unproved(reference: Reference) -> tuple[tuple[str, pl.Expr], ...]:
    """The absence of a pair proves something of a whole table and its own quarters only."""
    release = reference.release("ptp-practitioner")
    if release is None:
        return ()
    if release.starter:
        return (("the starter set has few of the pairs", pl.lit(value=True)),)
    late = pl.col("date") > release.vouches_to
    return (("pairs may have been added since the release loaded", late),)


RULES = (
    Rule(
        id="PTP-4",
        name="separation-without-cause",
        tier="review",
        shape="day",
        precedence=142,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
        tables=("ptp-practitioner",),
        blind=_unproved,
        amount="none",
        flags="59, XE, XS, XP or XU on a line that no NCCI pair joins to any other line of the "
        "patient's day, by whichever practitioner, whose code stands on no other line that day, "
        "and whose units are within the MUE value.",
        why="The modifier says that an edit is to be passed over and there is none: a habit of the "
        "billing system most often, and a practitioner's rate of 59 is what payers look at.",
        not_flagged="Visits and other E/M codes (MOD-59EM); commercial payers and Medicaid, which "
        "have edits of their own; dates after the quarter of the pairs loaded, which may have "
        "edits added since; the starter set, which has few of the pairs; files that date claims "
        "and not lines; lines that do not ask for payment.",
        remedy="Remove the modifier if the record names nothing that it separates.",
        citation="NCCI Policy Manual ch. I E (modifier 59 is for edits); CMS practitioner PTP "
        "table",
        example_flag=("73030-RT-59",),
        example_ok=("45385", "45380-59"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """PTP-4."""
    reference = state.batch.reference
    release = reference.release("ptp-practitioner")
    if release is None or release.starter:
        return no_hits()
    spans = pl.col("days") > 1
    # By number: a visit code that has ended is no procedure either.
    visits = state.batch.facts.table["code"].str.contains("^99[2-4][0-9]{2}$")
    separated = state.lines.lazy().filter(
        pl.col("has_separate") & ~pl.col("is_em") & pl.col("day").is_not_null(),
        ~pl.lit(visits).gather(pl.col("ce")),
        pl.col("live") & ~pl.col("denied") & ~pl.col("dup") & ~pl.col("vague"),
        business_tier(state, RULES[0]).is_not_null(),
        ~spans & (pl.col("date") <= release.vouches_to),
        (pl.col("units") <= pl.col("mue_value").cast(pl.Int64) * 1000).fill_null(value=True),
    )
    lines = separated.select("row", "patient", "date", "c", "ce", "m").collect()
    if lines.is_empty():
        return no_hits()
    patients = pl.col("patient").is_in(lines["patient"].unique().implode())
    others = state.by_day(
        state.lines.lazy()
        .filter(patients, pl.col("live") & ~pl.col("dup"))
        .select("row", "patient", "day", "date", "days", "c", "ce")
        .collect()
    )
    others = others.select("patient", "date", c_="c", row_="row")
    others = others.join(lines.select("patient", "date").unique(), on=["patient", "date"])
    met = lines.join(others, on=["patient", "date"]).filter(pl.col("row") != pl.col("row_"))
    excused = pl.concat([met.filter(pl.col("c") == pl.col("c_"))["row"], _paired(state, met)])
    found = lines.filter(~pl.col("row").is_in(excused.unique().implode()))
    found = state.with_mods(state.with_facts(found, "code"), "tokens").with_columns(
        lacking=pl.col("row").is_in(state.batch.lacking.implode()),
        carried=pl.col("tokens").list.set_intersection(["59", "XE", "XS", "XP", "XU"]).list.first(),
    )
    return hits(
        found,
        "PTP-4",
        tier=REVIEW,
        message=pl.format(
            "{} on {} carries {}, and no NCCI edit joins it to another line of the patient's day."
            "{}",
            pl.col("code"),
            pl.col("date"),
            pl.col("carried"),
            pl.when("lacking")
            .then(pl.lit(" A line of that claim or day could not be read and may be the other."))
            .otherwise(pl.lit("")),
        ),
        remedy=pl.lit("Remove the modifier if the record names nothing that it separates."),
        kind="ptp-practitioner",
    )


def _paired(state: State, met: pl.DataFrame) -> pl.Series:
    """Rows of lines that a pair in force joins to a line of the day, in either direction."""
    batch = state.batch
    used = pl.concat([met["c"], met["c_"]]).unique()
    codes = batch.facts.codes[used]
    table = batch.reference.ptp(codes).filter(
        pl.col("modifier_indicator") != 9,  # noqa: PLR2004 - indicator 9: never in force
        pl.col("deletion").is_null() | (pl.col("effective") != pl.col("deletion")),
    )
    one, two = batch.code_index(table["column1"]), batch.code_index(table["column2"])
    terms = table.select("effective", "deletion")
    both = pl.concat([terms.with_columns(c=one, c_=two), terms.with_columns(c=two, c_=one)])
    near = met.select("row", "date", "c", "c_").join(both, on=["c", "c_"])
    in_force = (pl.col("effective") <= pl.col("date")) & (
        pl.col("deletion").is_null() | (pl.col("date") <= pl.col("deletion"))
    )
    return near.filter(in_force)["row"]
