"""Modifier 50 where no bilateral payment applies, or with more than one unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.engine.state import business_tier
from auditor.rules.interface import Rule, Stage
from auditor.rules.specialties import of_kind

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
_NEVER = ("0", "2", "9")
_ALLOWED = ("1", "3")
_UNPRICED = ("C", "E", "I", "N", "X")
"""Status of codes that the schedule does not price; their indicator 9 says little."""
_REASON = {
    "0": "bilateral payment does not apply to it (indicator 0)",
    "2": "it is bilateral, or priced as such, already (indicator 2)",
    "9": "the idea of two sides does not apply to it (indicator 9)",
}
RULES = (
    Rule(
        id="MOD-BIL",
        name="bilateral-modifier-not-allowed",
        tier="certain",
        shape="line",
        precedence=95,
        denies=False,
        profiles=("medicare",),
        review_for=("medicaid", "commercial", "unknown"),
        columns=("modifiers",),
        tables=("fee-schedule",),
        amount="not determined",
        flags="50 on a code whose bilateral indicator is 0, 2 or 9; and, as review, 50 with more "
        "than one unit on a code of indicator 1 or 3.",
        why="50 is valid for indicators 1 and 3 only; a line with another indicator is rejected as "
        "an invalid combination. With 50, one unit stands for both sides.",
        not_flagged="50 with one unit on codes of indicator 1 or 3; codes that no loaded fee "
        "schedule has on the date; an ambulatory surgical center's own lines; an add-on of "
        "indicator 0 (AOC-4 names it). Indicator 9 with status C, E, I, N or X is review, and so "
        "are payers other than Medicare.",
        remedy="Remove 50. For a code of two sites report a line a site with the modifier that the "
        "record supports; for 50 on indicator 1 report one unit.",
        citation="MPFS bilateral indicator; CMS 100-04 ch. 12 s. 40.7; NCCI Policy Manual ch. I V",
        example_flag=("77066-50",),
        example_ok=("20610-50", "77066"),
    ),
)
_RULE = RULES[0]


def find(state: State) -> pl.DataFrame:
    """Lines with 50 that the code's indicator, or the units, contradict."""
    lines = state.at_every_epoch().filter(
        "has_50", pl.col("bilateral").is_in([*_NEVER, *_ALLOWED]).fill_null(value=False)
    )
    if lines.is_empty():
        return no_hits()
    lines = lines.with_columns(scope=business_tier(state, _RULE)).filter(
        pl.col("scope").is_not_null(),
        pl.col("bilateral").is_in(_NEVER)
        # A span line may count one unit a day.
        | (pl.col("units") > 1000 * pl.col("span").cast(pl.Int64)).fill_null(value=False),
        ~(pl.col("addon") & (pl.col("bilateral") == "0")),
    )
    if lines.is_empty():
        return no_hits()
    center = of_kind(state, "asc", lines["row"]).fill_null(value=False)
    lines = state.with_facts(lines.filter(~center), "code", "fee_release")
    wrong = pl.col("bilateral").is_in(_NEVER)
    unpriced = (pl.col("bilateral") == "9") & pl.col("status").is_in(_UNPRICED)
    lines = lines.with_columns(
        tier=pl.max_horizontal(
            pl.when(wrong & ~unpriced).then(CERTAIN).otherwise(REVIEW).cast(pl.UInt8), "scope"
        ),
        reason=pl.col("bilateral").replace_strict(_REASON, default="", return_dtype=pl.String),
        wrong=wrong,
    )
    lines = lines.sort("row", "tier").unique("row", keep="first", maintain_order=True)
    return hits(
        lines,
        "MOD-BIL",
        tier=pl.col("tier"),
        message=pl.when("wrong")
        .then(pl.format("50 is not allowed on {}: {}.", pl.col("code"), pl.col("reason")))
        .otherwise(
            pl.format(
                "{} carries 50 and more than one unit; with 50 one unit is both sides.",
                pl.col("code"),
            )
        ),
        remedy=pl.when("wrong")
        .then(
            pl.lit(
                "Remove 50. If the record shows a second site or session, report it on a line of "
                "its own with the modifier that says so."
            )
        )
        .otherwise(
            pl.lit(
                "Report one unit, unless the record shows several sites that were each done on "
                "both sides."
            )
        ),
        kind="fee-schedule",
        release=pl.col("fee_release"),
        table_row=pl.format(
            "{}: bilateral indicator {}, status {}",
            pl.col("code"),
            pl.col("bilateral"),
            pl.col("status"),
        ),
    )
