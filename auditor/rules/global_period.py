"""Visits and procedures in the days after surgery that its payment covers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.partners import someone_else
from auditor.rules.interface import Rule, Stage
from auditor.rules.meeting import WHO, by_whom, first_each, join_lines, paying, with_codes

if TYPE_CHECKING:
    from datetime import date

    from auditor.engine.state import State

STAGE = Stage.POLICY
_COLUMNS = ("patient_id", "rendering_npi", "service_date_from", "code", "modifiers")
_NO_WINDOW = ("54", "55", "56", "78", "80", "81", "82", "AS")
"""Lines that open no global period of their own: the surgeon's part alone (54 hands the aftercare
over), aftercare, an assistant, or a return to the operating room (78)."""
_NOT_A_PROCEDURE = ("55", "56", "80", "81", "82", "AS")
_SEPARATE_PROCEDURE = ("58", "78", "79")
_WINDOW = {"010": 10, "090": 90}
_STRIDE = 91
"""Days of a bucket: a window of 90 days reaches into one further bucket at most."""
_NOT_FLAGGED = (
    "Lines by other groups, or by partners whose specialty differs or is unknown; a first "
    "procedure with 54, 55, 56, 78, 80, 81, 82 or AS, or denied; days after the window; other "
    "payers."
)


def _opens() -> pl.Expr:
    """Codes of procedures whose payment covers the days after them."""
    return pl.col("global_days").is_in([*_WINDOW]) & ~pl.col("is_em")


def _visit() -> pl.Expr:
    """Codes of visits."""
    return pl.col("is_visit")


def _procedure() -> pl.Expr:
    """Codes of procedures that global periods are about."""
    return (
        pl.col("global_days").is_in(["000", *_WINDOW])
        & ~pl.col("is_em")
        & ~pl.col("code").str.contains("^[78][0-9]{4}$")
    )


RULES = (
    Rule(
        id="GLB-24",
        name="visit-in-global-period",
        tier="review",
        shape="span",
        precedence=120,
        denies=True,
        practitioner="group-specialty",
        profiles=("medicare",),
        review_for=("unknown",),
        columns=_COLUMNS,
        tables=("fee-schedule",),
        looks_back=90,
        causes=_opens,
        effects=_visit,
        flags="A visit without 24 on day 1 to 10 after a procedure with global days 010, or on "
        "day 1 to 90 after one with 090, by the same practitioner or a partner of the same group "
        "and specialty.",
        why="Medicare pays the follow-up of surgery with the surgery; a visit in that time pays "
        "only when 24 says that it had nothing to do with it.",
        not_flagged="Visits with 24, or with FT (unrelated critical care); 99024; E/M services "
        "that are not visits. " + _NOT_FLAGGED,
        remedy="If the record shows that the visit was unrelated to the surgery add 24; else "
        "remove the visit.",
        citation="CMS 100-04 ch. 12 s. 40.1, 40.2; NCCI Policy Manual ch. I D; MPFS global days",
        example_flag=("27447-RT pos=22 dos=2025-10-01", "99213 dos=2025-11-06"),
        example_ok=("27447-RT pos=22 dos=2025-10-01", "99213-24 dos=2025-11-06"),
    ),
    Rule(
        id="GLB-78",
        name="procedure-in-global-period",
        tier="review",
        shape="span",
        precedence=121,
        denies=True,
        practitioner="group-specialty",
        profiles=("medicare",),
        review_for=("unknown",),
        columns=_COLUMNS,
        tables=("fee-schedule",),
        looks_back=90,
        causes=_opens,
        effects=_procedure,
        flags="A procedure with global days 000, 010 or 090 without 58, 78 or 79 on day 1 to 10 "
        "after a procedure with 010, or on day 1 to 90 after one with 090, by the same "
        "practitioner or a partner of the same group and specialty.",
        why="Within the global period Medicare pays another procedure only when a modifier says "
        "why: 78 a return to the operating room, 58 planned or more extensive, 79 unrelated.",
        not_flagged="Procedures with 58, 78 or 79; imaging, laboratory and services without "
        "global days; aftercare (55, 56) and assistants. " + _NOT_FLAGGED,
        remedy="If the record shows a return to the operating room add 78, a planned or more "
        "extensive procedure 58, an unrelated one 79; else remove the line.",
        citation="CMS 100-04 ch. 12 s. 40.1, 40.2; NCCI Policy Manual ch. I C 14, I E; MPFS "
        "global days",
        example_flag=("27447-RT pos=22 dos=2025-10-01", "20610-RT dos=2025-11-06"),
        example_ok=("27447-RT pos=22 dos=2025-10-01", "20610-LT-79 dos=2025-11-06"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Hits of both rules."""
    index = _lines(state, _opens(), _NO_WINDOW)
    if index.is_empty():
        return no_hits()
    visits = _lines(state, _visit(), ("24", "FT"))
    procedures = _lines(state, _procedure(), (*_NOT_A_PROCEDURE, *_SEPARATE_PROCEDURE))
    found = [
        _told(met, state, rule)
        for rule, lines in (("GLB-24", visits), ("GLB-78", procedures))
        if lines.height and (met := _after(state, lines, index)) is not None
    ]
    return pl.concat(found) if found else no_hits()


def _lines(state: State, codes: pl.Expr, without: tuple[str, ...]) -> pl.DataFrame:
    """Lines of codes that satisfy `codes`, whose payer has the rules, without these modifiers."""
    skip = state.modifiers(*without)
    return state.lines_of(
        codes, *WHO, "dup", "crowded", "live", "lob", "pays_as_primary", "global_days"
    ).filter(
        pl.col("patient").is_not_null(),
        ~pl.col("dup") & ~pl.col("crowded") & pl.col("live"),
        pl.col("lob").is_in(["medicare", "unknown"]),
        ~pl.col("m").is_in(skip.implode()),
    )


def _after(state: State, lines: pl.DataFrame, index: pl.DataFrame) -> pl.DataFrame | None:
    """`lines` beside the procedures of `index` in whose window they are, with the day n.

    None where no day of a line comes after one of a procedure.

    Joined by patient and bucket of days, so that a patient's whole history never meets itself.
    """
    lines = lines.filter(pl.col("patient").is_in(index["patient"].unique().implode()))
    index = index.filter(pl.col("patient").is_in(lines["patient"].unique().implode()))
    if lines.is_empty() or not _later(lines, index):
        return None
    bucket = pl.col("date").cast(pl.Int32) // _STRIDE
    lines = state.by_day(lines.select(*WHO)).with_columns(bucket=bucket)
    index = paying(state, index).select(*WHO, "global_days").with_columns(bucket=bucket)
    index = pl.concat([index, index.with_columns(bucket=pl.col("bucket") + 1)])
    window = pl.col("global_days_").replace_strict(_WINDOW, return_dtype=pl.Int64)
    return (
        join_lines(lines, index, ["patient", "bucket"])
        .with_columns(n=(pl.col("date") - pl.col("date_")).dt.total_days())
        .filter(pl.col("n").is_between(1, window))
    )


def _later(lines: pl.DataFrame, index: pl.DataFrame) -> bool:
    """Whether a line may reach a day after the first procedure: False is sure, True is not."""
    last: date = lines["date"].max()  # type: ignore[assignment]
    days: int = lines["days"].max()  # type: ignore[assignment]
    begins: date = index["date"].min()  # type: ignore[assignment]
    return last + timedelta(days=days - 1) > begins


def _told(met: pl.DataFrame, state: State, rule: str) -> pl.DataFrame:
    """The hits of one rule: a line once, against its own and then the nearest surgery."""
    met = met.filter(state.practitioner(rule)).with_columns(partner=someone_else())
    if met.is_empty():
        return no_hits()
    found = with_codes(state, first_each(state, met, "partner", "n"))
    found = state.with_facts(found, "fee_release", at="ce_")
    modifier, remedy = {
        "GLB-24": (
            "24",
            (
                "If the record shows that the visit was unrelated to the surgery add 24; else "
                "remove the visit: the follow-up is paid with the surgery."
            ),
        ),
        "GLB-78": (
            "58, 78 or 79",
            (
                "If the record shows a return to the operating room add 78, a planned or more "
                "extensive procedure 58, an unrelated one 79; else remove the line."
            ),
        ),
    }[rule]
    return hits(
        found,
        rule,
        tier=REVIEW,
        other=pl.col("row_"),
        other_code=pl.col("code_"),
        message=pl.format(
            "{} on {} is day {} of the {} days after {} on {} by {}, and has no {}.",
            pl.col("code"),
            pl.col("date"),
            pl.col("n"),
            pl.col("global_days_").str.strip_chars_start("0"),
            pl.col("code_"),
            pl.col("date_"),
            by_whom(),
            pl.lit(modifier),
        ),
        remedy=pl.lit(remedy),
        kind="fee-schedule",
        release=pl.col("fee_release"),
        table_row=pl.format("{}: global days {}", pl.col("code_"), pl.col("global_days_")),
    )
