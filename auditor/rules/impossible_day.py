"""A practitioner's whole day: more minutes of timed services than a day of work holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.order import BY
from auditor.engine.whole import Joining
from auditor.rules.interface import CodePolicy, Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State
    from auditor.rules.options import RuleOptions

STAGE = Stage.POLICY
CODES = (
    CodePolicy(
        table="timed_codes",
        flag="em_timed",
        columns=(
            ("em_unit_minutes", "unit_minutes"),
            ("em_minimum_minutes", "minimum_minutes"),
            ("em_unit_type", "unit_type"),
        ),
        only=("counted", ("1",)),
    ),
)
_NOT_THEIR_OWN = ("CO", "CQ", "GE", "HL", "HM", "HN")
"""Therapy assistants, residents on their own, and clinicians below the one who bills."""
_REPEATS = ("secondary", "tertiary", "s", "t", "2", "3")
"""Places of a payer that repeats what the primary was billed."""
RULES = (
    Rule(
        id="EM-IMD",
        name="impossible-day",
        tier="review",
        shape="provider",
        precedence=87,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("rendering_npi", "service_date_from", "code", "units"),
        tables=(),
        whole_batch=True,
        amount="none",
        flags="Timed services of one rendering practitioner on one day, over all patients, that "
        "add up to more than 720 minutes, or more than 32 units of timed therapy (both can be "
        "configured). One finding a day, on the line of the most minutes.",
        why="Time that is billed must have been spent; a day that cannot hold it is the first "
        "thing an auditor looks for.",
        not_flagged="Lines by assistants (CQ, CO), residents (GE) and lesser clinicians (HL, HM, "
        "HN); behavior analysis (97151-97158), anesthesia and care management; secondary claims, "
        "denied lines and duplicates; lines without a rendering NPI, and an NPI under which "
        "others bill, because several people work under it.",
        remedy="Compare the schedule and the records of the day with the units billed, and "
        "report each service under the practitioner who gave it.",
        citation="CPT time of the codes; CMS 100-04 ch. 5 s. 20.2 (15-minute units)",
        example_flag=(
            "97110 units=25 patient=P1",
            "97110 units=25 patient=P2",
        ),
        example_ok=("97110 units=8",),
    ),
)


_DAY = ("practitioner", "date")
_SUMS = ("minutes", "therapy", "people")
_ANCHOR = ("longest", *BY, "key")


def _joined(counted: pl.DataFrame) -> pl.DataFrame:
    """Each practitioner's day with its sums, and the line that carries the finding.

    That is the one with most minutes; null where none is of the files.
    """
    best = [pl.col("key").is_null(), -pl.col("longest"), *BY, "key"]
    ordered = counted.sort(*_DAY, *best, nulls_last=False)
    days = ordered.group_by(_DAY, maintain_order=True)
    return days.agg(pl.col(_SUMS).sum(), pl.col(_ANCHOR).first())


def _over(days: pl.DataFrame, options: RuleOptions) -> pl.DataFrame:
    """Those of the `days` on which more was billed than a day holds."""
    limits = {"minutes": options.minutes_per_day, "therapy": options.therapy_units_per_day}
    return days.filter(pl.any_horizontal(pl.col(n) // 1000 > most for n, most in limits.items()))


COUNTS = {"EM-IMD": Joining(_joined, by="practitioner", kept=_over)}


def find(state: State) -> pl.DataFrame:
    """One hit a practitioner and day over a limit."""
    if state.alone and not state.batch.facts.table["em_timed"].any():
        return no_hits()
    options = state.options
    days = _over(state.whole("EM-IMD", lambda: _counted(state), _joined), options)
    days = days.with_columns(state.batch.rows_of(days["key"])).drop_nulls("row")
    if days.is_empty():
        return no_hits()
    # A line of several days is told once, of its first day over the limit.
    found = days.sort("row", "date").unique("row", keep="first", maintain_order=True)
    found = found.with_columns(pl.col("minutes", "therapy") // 1000)
    minutes = pl.col("minutes") > options.minutes_per_day
    return hits(
        found,
        "EM-IMD",
        tier=REVIEW,
        message=pl.format(
            "{} on {}: one practitioner billed {}{} for {}.{}",
            pl.col("code"),
            pl.col("date"),
            pl.format("{} minutes of timed services", pl.col("minutes")),
            pl.when(pl.col("therapy") > options.therapy_units_per_day)
            .then(
                pl.format(
                    ", {} units of timed therapy among them,",
                    pl.col("therapy"),
                )
            )
            .otherwise(pl.lit("")),
            pl.when(pl.col("people") == 1)
            .then(pl.lit("one patient"))
            .otherwise(pl.format("{} patients", pl.col("people"))),
            pl.when(pl.col("minutes") > options.stronger_minutes_per_day)
            .then(pl.lit(f" That is over {options.stronger_minutes_per_day} minutes."))
            .when(minutes)
            .then(pl.lit(f" That is over {options.minutes_per_day} minutes."))
            .otherwise(pl.lit(f" That is over {options.therapy_units_per_day} units of therapy.")),
        ),
        remedy=pl.lit(
            "Compare the schedule and the records of the day with the units billed; services of "
            "assistants and other staff under this NPI explain such a day only if they were "
            "allowed to be billed so."
        ),
        table_row=pl.format("{}: timed service", pl.col("code")),
    )


def _counted(state: State) -> pl.DataFrame:
    """Each practitioner's day with its sums and the line that may carry the finding."""
    lines = _timed(state)
    totals = _totals(lines)
    if state.alone:
        totals = _over(totals, state.options)
    mine = totals.join(_anchors(lines, totals, state), on=["s1", "date"], how="left")
    mine = mine.with_columns(practitioner=_names(lines, mine["s1"]))
    return mine.select(*_DAY, *_SUMS, *_ANCHOR)


def _timed(state: State) -> pl.DataFrame:
    """Lines of timed services that are one practitioner's own, day by day.

    minutes and therapy (units) are in thousandths, as units are: sums of integers.
    """
    skip = state.modifiers(*_NOT_THEIR_OWN)
    lines = state.lines_of(
        pl.col("em_timed"),
        *("row", "s1", "s1_known", "patient", "person", "day", "date", "days", "c", "ce", "m"),
        *("units", "dup", "denied", "live"),
    ).filter(
        pl.col("s1").is_not_null() & pl.col("s1_known"),
        ~pl.col("dup") & ~pl.col("denied") & pl.col("live"),
        ~pl.col("m").is_in(skip.implode()),
    )
    lines = state.with_raw(lines, "payer_sequence", "rendering_npi", "billing_npi").filter(
        ~pl.col("payer_sequence").str.to_lowercase().is_in(_REPEATS).fill_null(value=False)
    )
    lines = state.with_facts(
        state.by_day(lines), "em_unit_minutes", "em_minimum_minutes", "em_unit_type"
    )
    units = pl.col("units").fill_null(1000) // pl.col("days")
    each = pl.coalesce("em_unit_minutes", "em_minimum_minutes").cast(pl.Int64)
    return lines.with_columns(
        minutes=units * each,
        therapy=pl.when(pl.col("em_unit_type") == "unit15").then(units).otherwise(0),
    )


def _totals(lines: pl.DataFrame) -> pl.DataFrame:
    """Minutes, therapy units (both in thousandths) and patients of each practitioner's day.

    What two payers were billed for the same person counts once: the larger of the two.
    """
    keys = ["s1", "date", "person", "c"]
    billed = lines.group_by(*keys, "patient").agg(pl.col("minutes", "therapy").sum())
    once = billed.group_by(keys).agg(pl.col("minutes", "therapy").max())
    return once.group_by("s1", "date").agg(
        pl.col("minutes", "therapy").sum(),
        people=pl.col("person").n_unique().cast(pl.Int64),
    )


def _names(lines: pl.DataFrame, s1: pl.Series) -> pl.Series:
    """The number of each practitioner `s1`, by the lines that carry it."""
    named = lines.unique("s1").select("s1", "rendering_npi", "billing_npi")
    return (
        s1.to_frame()
        .join(named, on="s1", how="left", maintain_order="left")
        .select(pl.coalesce("rendering_npi", "billing_npi"))
        .to_series()
    )


def _anchors(lines: pl.DataFrame, days: pl.DataFrame, state: State) -> pl.DataFrame:
    """s1, date and _ANCHOR of the line of each of the `days` that may carry the finding.

    That is one of the files, under a number under which nobody else renders.
    """
    lines = state.batch.of_tonight(lines.join(days, on=["s1", "date"], how="semi"))
    groups = state.batch.groups.implode()
    lines = lines.filter(~pl.col("rendering_npi").is_in(groups).fill_null(value=False))
    most = pl.col("minutes") == pl.col("minutes").max().over("s1", "date")
    lines = lines.filter(most).select("row", "s1", "date", longest="minutes")
    ordered = state.with_raw(lines, *BY).sort(*BY, nulls_last=False)
    first = ordered.unique(["s1", "date"], keep="first", maintain_order=True)
    first = first.with_columns(state.batch.keys_of(first["row"]))
    return first.select("s1", "date", *_ANCHOR)
