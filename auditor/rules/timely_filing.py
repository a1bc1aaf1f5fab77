"""Claims that reached the payer too late."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.rules.interface import Rule, Stage
from auditor.rules.whole_file import apart, joined, once_for_all
from auditor.rules.workdays import next_workday

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from auditor.engine.state import State

STAGE = Stage.LINES
_BY_LAW = ("medicare", "unknown")
"""Lines held against Medicare's year: an unknown payer may be Medicare."""
RULES = (
    Rule(
        id="TFL-1",
        name="filed-too-late",
        tier="certain",
        shape="line",
        precedence=8,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("service_date_from", "received_date"),
        tables=(),
        flags="A Medicare line received more than one calendar year after its first date of "
        "service. Other payers: more days than [timely_filing] of the configuration allows "
        "(review). Where that is so of over half of the lines, one finding says so for all.",
        why="Medicare denies a claim that arrives after one calendar year, and the denial cannot "
        "be appealed.",
        not_flagged="Receipt on the same date a year later (28 February for services of 29 "
        "February), or on the next workday where that is a weekend or a federal holiday; "
        "replacement and void claims (frequency 7, 8), which have limits of their own; lines "
        "without a date of receipt; other payers without a limit in the configuration. A line "
        "that was paid is review: the payer has made an exception.",
        remedy="Do not bill the patient. If an exception applies (retroactive entitlement, an "
        "error of the contractor), file it with the proof.",
        citation="42 CFR 424.44; CMS 100-04 ch. 1 s. 70",
        example_flag=("99213 dos=2025-03-10 received=2026-03-11",),
        example_ok=("99213 dos=2025-03-10 received=2026-03-10",),
    ),
)


COUNTS = {"TFL-1": joined}


def find(state: State) -> pl.DataFrame:
    """TFL-1; limits are worked out once for each date of service."""
    days = state.options.timely_filing_days
    judged = {*_BY_LAW, *days}
    raw = state.batch.audited().filter(
        pl.col("received_date").is_not_null(),
        pl.col("line_of_business").is_in(sorted(judged)),
        ~pl.col("claim_frequency").is_in(["7", "8"]).fill_null(value=False),
    )
    # The limit of any payer is later than this, so most lines are out of the question at once.
    least = min([365, *days.values()])
    late = (
        raw.filter((pl.col("received_date") - pl.col("service_date_from")).dt.total_days() >= least)
        .select(
            "row",
            "received_date",
            "line_of_business",
            dos="service_date_from",
            paid=(pl.col("paid_status") == "paid").fill_null(value=False)
            | (pl.col("paid_amount") > 0).fill_null(value=False),
        )
        .collect()
    )
    if late.is_empty() and state.alone:
        return no_hits()
    late = late.join(_limits(late, days), on=["dos", "line_of_business"])
    late = late.filter(pl.col("received_date") > pl.col("limit"))
    told = apart(state, "TFL-1", late, raw.select("row").collect().to_series())
    whole = once_for_all(
        told.first,
        ("TFL-1", REVIEW),
        f"{told.wrong:,} of {told.judged:,} lines were received after the limit of timely "
        "filing (this is the first): the column of receipt may hold the day of an export or of a "
        "later decision.",
        "Say which column is the date on which the payer received the claim.",
    )
    medicare = pl.col("line_of_business") == "medicare"
    each = hits(
        told.each,
        "TFL-1",
        tier=pl.when(medicare & ~pl.col("paid")).then(CERTAIN).otherwise(REVIEW),
        message=pl.format(
            "The service of {} was received on {}; {} ended on {}.{}",
            "dos",
            "received_date",
            pl.when(pl.col("line_of_business").is_in(_BY_LAW))
            .then(pl.lit("Medicare's one calendar year"))
            .otherwise(pl.lit("the limit that the configuration gives for the payer")),
            "limit",
            pl.when("paid").then(pl.lit(" It was paid all the same.")).otherwise(pl.lit("")),
        ),
        remedy="Do not bill the patient. If an exception applies (retroactive entitlement, an "
        "error of the contractor), file it with the proof.",
    )
    return pl.concat([whole, each])


def _limits(late: pl.DataFrame, days: Mapping[str, int]) -> pl.DataFrame:
    """dos, line_of_business, limit: the last day on which such a line is in time."""
    kinds = late.select("dos", "line_of_business").unique()
    limits = [
        next_workday(_year_later(dos) if business in _BY_LAW else dos + timedelta(days[business]))
        for dos, business in kinds.rows()
    ]
    return kinds.with_columns(limit=pl.Series(limits, dtype=pl.Date))


def _year_later(day: date) -> date:
    """The same date one year later; 28 February for 29 February (CMS 100-04 ch. 1 s. 70.1)."""
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap_day else day.day)
