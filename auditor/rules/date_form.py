"""Dates of a line that contradict each other: received before the service, reversed, too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.rules.interface import Rule, Stage
from auditor.rules.whole_file import apart, first_of_claims, joined, once_for_all

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
_ALL = ("medicare", "medicaid", "commercial", "unknown")
_LONG = 31
_MONTHLY = r"^[ABDEHKLSTV][0-9]{4}$"
"""Supplies, equipment, and services of home and community that are billed by the month."""
RULES = (
    Rule(
        id="DAT-1",
        name="service-after-receipt",
        tier="certain",
        shape="line",
        precedence=4,
        denies=False,
        profiles=_ALL,
        columns=("service_date_from", "received_date"),
        tables=(),
        flags="A line whose first date of service is later than the date on which the claim was "
        "received. Where that is so of over half of the lines, one finding says so for all.",
        why="A service is billed after it was given: one of the two dates is wrong, and every rule "
        "that compares dates is misled by it.",
        not_flagged="Service on the day of receipt; a span that ends after it (equipment is billed "
        "at the beginning of its month); lines without a date of receipt.",
        remedy="Correct the date of service from the record.",
        citation="By definition: a claim is for a service that was given",
        example_flag=("99213 dos=2025-11-03 received=2025-11-02",),
        example_ok=("99213 dos=2025-11-03 received=2025-11-03",),
    ),
    Rule(
        id="DAT-2",
        name="dates-reversed",
        tier="certain",
        shape="line",
        precedence=3,
        denies=False,
        profiles=_ALL,
        columns=("service_date_from", "service_date_to"),
        tables=(),
        flags="A line whose last date of service is before its first. Where the file dates claims "
        "and not lines, one finding a claim.",
        why="The claim is rejected; and the line was judged on its first date alone.",
        not_flagged="Equal dates; lines without a last date.",
        remedy="Correct the dates from the record.",
        citation="By definition: a service ends no earlier than it begins",
        example_flag=("99232 dos=2025-11-05 to=2025-11-03 pos=21 units=3",),
        example_ok=("99232 dos=2025-11-03 to=2025-11-05 pos=21 units=3",),
    ),
    Rule(
        id="DAT-3",
        name="long-span",
        tier="review",
        shape="line",
        precedence=7,
        denies=False,
        profiles=_ALL,
        columns=("service_date_from", "service_date_to"),
        tables=(),
        flags="A line that spans more than 31 days, both ends counted.",
        why="Professional services are billed by the day, or by the month at most; so long a span "
        "is a wrong year or month most often.",
        not_flagged="Supplies and equipment (A, B, E, K, L, V codes) and D, H, S and T codes; "
        "maternity care (59400 to 59622); remote checks of heart devices (93293 to 93296), which "
        "cover 90 days; spans of a file that dates claims and not lines.",
        remedy="Correct the last date, or report the days on lines of their own.",
        citation="CMS 100-04 ch. 26 s. 10.4 (item 24A: dates of each service)",
        example_flag=("99232 dos=2025-10-01 to=2025-11-09 pos=21 units=40",),
        example_ok=("99232 dos=2025-10-01 to=2025-10-02 pos=21 units=2",),
    ),
)


COUNTS = {"DAT-1": joined}


def find(state: State) -> pl.DataFrame:
    """The three rules; one that lacks a column is left out by the state."""
    return pl.concat([_after_receipt(state), _reversed(state), _long(state)])


def _after_receipt(state: State) -> pl.DataFrame:
    """DAT-1."""
    dated = state.batch.audited().filter(pl.col("received_date").is_not_null())
    late = dated.filter(pl.col("service_date_from") > pl.col("received_date"))
    found = late.select("row", "service_date_from", "received_date").collect()
    if found.is_empty() and state.alone:
        return no_hits()
    told = apart(state, "DAT-1", found, dated.select("row").collect().to_series())
    whole = once_for_all(
        told.first,
        ("DAT-1", CERTAIN),
        f"{told.wrong:,} of {told.judged:,} lines were received before their service (this "
        "is the first): one of the two columns holds another date, or was shifted on export.",
        "Say which column is the date of receipt, or export the real dates.",
    )
    each = hits(
        told.each,
        "DAT-1",
        tier=CERTAIN,
        message=pl.format(
            "The date of service, {}, is after the day of receipt, {}.",
            "service_date_from",
            "received_date",
        ),
        remedy="Correct the date of service from the record.",
    )
    return pl.concat([whole, each])


def _reversed(state: State) -> pl.DataFrame:
    """DAT-2."""
    lines = state.batch.audited().select(
        "row", "claim_dates", first="service_date_from", last="service_date_to"
    )
    found = lines.filter(pl.col("last") < pl.col("first")).collect()
    whole = pl.col("claim_dates")
    claims = found.filter(whole)
    if claims.height:
        claims = first_of_claims(state, claims, ("first", "last")).select(found.columns)
        found = pl.concat([found.filter(~whole), claims])
    return hits(
        found,
        "DAT-2",
        tier=CERTAIN,
        message=pl.format(
            "The last date of service, {}, is before the first, {}.", "last", "first"
        ),
        remedy="Correct the dates from the record.",
    )


def _long(state: State) -> pl.DataFrame:
    """DAT-3."""
    spans = (
        state.lines.lazy()
        .filter(pl.col("span") > _LONG, ~pl.col("vague"), pl.col("row") < state.batch.audited_rows)
        .select("row", "span", "ce")
        .collect()
    )
    if spans.is_empty():
        return no_hits()
    spans = state.with_facts(spans, "code").filter(
        ~pl.col("code").str.contains(_MONTHLY),
        ~pl.col("code").is_between(pl.lit("59400"), pl.lit("59622")),
        ~pl.col("code").is_between(pl.lit("93293"), pl.lit("93296")),
    )
    return hits(
        spans,
        "DAT-3",
        tier=REVIEW,
        message=pl.format("{} spans {} days on one line.", "code", "span"),
        remedy="Correct the last date of service, or report the days on lines of their own.",
    )
