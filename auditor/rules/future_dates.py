"""Services dated after the day of the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, hits, no_hits
from auditor.rules.interface import Rule, Stage
from auditor.rules.whole_file import apart, joined, once_for_all

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
RULES = (
    Rule(
        id="DAT-4",
        name="service-in-the-future",
        tier="certain",
        shape="line",
        precedence=3,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("service_date_from",),
        tables=(),
        flags="A line whose first or last date of service is later than the day of the audit "
        "(--as-of). Where that is so of over half of 50 or more lines, one finding says so for "
        "all: the dates were shifted on export, or the audit is run as of an earlier day.",
        why="A service is billed after it was given; a later date is a slip of the keyboard (a "
        "wrong year, most often), and every rule that compares dates is misled by it.",
        not_flagged="Dates up to and with the day of the audit.",
        remedy="Correct the date from the record before the claim is sent.",
        citation="By definition: a claim is for a service that was given; the witness is the day "
        "of the audit (--as-of)",
        example_flag=("99213 dos=2199-03-05",),
        example_ok=("99213",),
    ),
)


COUNTS = {"DAT-4": joined}


def find(state: State) -> pl.DataFrame:
    """DAT-4 of every line, or once for a file most of which lies in the future."""
    as_of = state.batch.as_of
    lines = state.batch.audited().select(
        "row",
        "service_date_from",
        last=pl.max_horizontal("service_date_from", "service_date_to"),
    )
    late = lines.filter(pl.col("last") > as_of).collect()
    if late.is_empty() and state.alone:
        return no_hits()
    told = apart(state, "DAT-4", late, state.lines["row"])
    whole = once_for_all(
        told.first,
        ("DAT-4", CERTAIN),
        message=(
            f"{told.wrong:,} of {told.judged:,} lines are dated after the day of the audit,"
            f" {as_of} (this is the first): the dates were shifted on export, or the audit was run"
            " as of an earlier day."
        ),
        remedy="Export the file with the real dates, or say the right day with --as-of.",
    )
    each = hits(
        told.each,
        "DAT-4",
        tier=CERTAIN,
        message=pl.format(
            "The {} of service, {}, is after the day of the audit, {}.",
            pl.when(pl.col("service_date_from") > as_of)
            .then(pl.lit("date"))
            .otherwise(pl.lit("last date")),
            "last",
            pl.lit(str(as_of)),
        ),
        remedy=pl.lit("Correct the date from the record before the claim is sent."),
    )
    return pl.concat([whole, each])
