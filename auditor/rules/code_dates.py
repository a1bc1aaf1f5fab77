"""Codes that are not valid on the date of service, so far as a list at hand proves it.

There is no public list of CPT codes. What proves something is: the HCPCS Level II release that the
user loaded (letter codes, with dates); the end dates of E/M codes in em_codes; and the Medicare fee
schedule, which has every five-digit and category III code of its quarter, whether Medicare pays
it or not (held against the MUE tables before and after, no such code was missing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.rules.interface import Rule, Stage
from auditor.rules.whole_file import apart, joined, once_for_all

if TYPE_CHECKING:
    from auditor.engine.state import State
    from auditor.rules.whole_file import Apart

STAGE = Stage.LINES
_ALL = ("medicare", "medicaid", "commercial", "unknown")
_LETTER = r"^[A-CE-V][0-9]{4}$"
"""HCPCS Level II; D codes are dental and stand in a list of their own."""
_SURE, _FORGOTTEN = 365, 5 * 365
"""Days before its first day in which a number surely, or probably, was no other code's."""
_FIVE_DIGITS, _CATEGORY_3 = r"^[0-9]{5}$", r"^[0-9]{4}T$"
RULES = (
    Rule(
        id="COD-2",
        name="code-not-valid-on-date",
        tier="certain",
        shape="line",
        precedence=2,
        denies=False,
        profiles=_ALL,
        columns=("code", "service_date_from"),
        tables=("hcpcs",),
        blind=lambda _: (
            (
                "no loaded list of its quarter has the five-digit code",
                pl.col("code").str.contains(_FIVE_DIGITS) & ~pl.col("fee_known"),
            ),
            ("no list of such codes is public", pl.col("code").str.contains("^([0-9]{4}[A-Z]|D)")),
        ),
        flags="A letter code before its first or after its last day in the HCPCS Level II release "
        "loaded, or without a row there; an E/M code after its end. Review: a five-digit code "
        "that the Medicare fee schedule of the same quarter does not have; a letter code one to "
        "five years before its first day; outside Medicare, a letter code without a row.",
        why="A claim is rejected when a code was not valid on the date of service; there is no "
        "grace period.",
        not_flagged="Letter codes while no HCPCS release is loaded; those without a row on dates "
        "before or after the quarter of the release, which may have ended before or begun since; "
        "letter codes over five years before their first day, because numbers are given again; "
        "five-digit codes on dates for whose quarter no fee schedule is loaded, or only the "
        "starter set; dental (D) codes; laboratory codes with U or M and codes with F or A at the "
        "end; codes without a valid form (COD-1).",
        remedy="Report the code that was valid on the date.",
        citation="HIPAA code sets, 45 CFR 162.1000 (valid at the time of service); CMS HCPCS "
        "Level II release; Medicare Physician Fee Schedule",
        example_flag=("99241 dos=2023-03-01",),
        example_ok=("99241 dos=2022-12-31", "99242"),
    ),
    Rule(
        id="COD-3",
        name="category-3-code-past-sunset",
        tier="review",
        shape="line",
        precedence=2,
        denies=False,
        profiles=_ALL,
        columns=("code", "service_date_from"),
        tables=("fee-schedule",),
        flags="A category III code (four digits and T) that the Medicare fee schedule of the same "
        "quarter does not have.",
        why="Category III codes are temporary: five years after its start such a code ends, unless "
        "it is extended or becomes permanent under another number.",
        not_flagged="Codes that the fee schedule has, at whatever status; dates for whose quarter "
        "no fee schedule is loaded, or only the starter set.",
        remedy="Look the code up in the CPT release of the date and report the one that holds.",
        citation="Medicare Physician Fee Schedule (has every category III code of its quarter); "
        "CPT category III sunset",
        example_flag=("0398T",),
        example_ok=("0398T dos=2023-03-01",),
    ),
)


COUNTS = {"COD-2": joined}


def find(state: State) -> pl.DataFrame:
    """Both rules, over distinct codes and dates first."""
    batch = state.batch
    ends = (
        batch.facts.rows.of("em_codes")
        .filter(pl.col("deletion").is_not_null())
        .group_by("code")
        .agg(em_end=pl.col("deletion").max())
    )
    code = pl.col("code")
    unknown = pl.col("status").is_null()
    asked = pl.col("form_ok") & (
        code.str.contains(_LETTER) | (unknown & code.str.contains(f"{_FIVE_DIGITS}|{_CATEGORY_3}"))
    )
    lines = state.lines_of(asked, "row", "date", "lob", "ce")
    lines = lines.filter(pl.col("row") < batch.audited_rows)
    if lines.is_empty() and state.alone:
        return no_hits()
    days = state.with_facts(lines.select("date", "ce").unique(), "code", "status")
    days = _in_quarter(days.join(ends, on="code", how="left"), state)
    ended = (pl.col("date") > pl.col("em_end")).fill_null(value=False)
    letter = code.str.contains(_LETTER)
    told = pl.concat(
        [
            _letters(days.filter(letter), state),
            _ended(days.filter(ended, ~letter)),
            _not_in_schedule(days.filter(pl.col("in_quarter"), ~ended, ~letter)),
        ]
    )
    lines = lines.join(told, on=["date", "ce"])
    # Local codes of other payers stand in no list of CMS.
    local = pl.col("only_absent") & (pl.col("lob") != "medicare") & (pl.col("tier") == CERTAIN)
    lines = lines.with_columns(tier=pl.when(local).then(pl.lit(REVIEW, pl.UInt8)).otherwise("tier"))
    absent = apart(state, "COD-2", lines.filter("only_absent"), state.lines["row"])
    masked = pl.col("row").is_in(absent.most["row"].implode())
    lines = lines.filter(~(pl.col("only_absent") & masked))
    said = {n: pl.col(n) for n in _TOLD if n not in ("rule", "only_absent")}
    mine = [hits(lines.filter(pl.col("rule") == r.id), r.id, **said) for r in RULES]
    return pl.concat([*mine, _no_codes(absent)])


def _no_codes(absent: Apart) -> pl.DataFrame:
    """One finding for files most of whose codes no list has."""
    return once_for_all(
        absent.first,
        ("COD-2", REVIEW),
        f"{absent.wrong:,} of {absent.judged:,} lines carry codes that no list of their "
        "quarter has (this is the first): the export masks the codes or writes others, or the "
        "tables that were loaded are not whole.",
        "Export the file with the codes that were billed, or import the whole release.",
    )


_TOLD = ("rule", "tier", "message", "remedy", "kind", "release", "table_row", "only_absent")


def _told(days: pl.DataFrame, **said: pl.Expr | str | int | bool | None) -> pl.DataFrame:
    """date, ce and what is to be said."""
    days = days.rechunk()
    values = {n: v if isinstance(v, pl.Expr) else pl.lit(v) for n, v in said.items()}
    return days.select(
        "date",
        "ce",
        **{
            n: values[n].cast(
                pl.Boolean if n == "only_absent" else pl.UInt8 if n == "tier" else pl.String
            )
            for n in _TOLD
        },
    )


def _in_quarter(days: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add in_quarter and fee_label: a fee schedule of the date's own quarter is loaded."""
    nothing = days.with_columns(in_quarter=pl.lit(value=False), fee_label=pl.lit(None, pl.String))
    reference = state.batch.reference
    if reference.is_starter("fee-schedule"):
        return nothing
    used = [r for r in reference.releases() if r.kind == "fee-schedule" and r.used]
    for release in used:
        inside = pl.col("date").is_between(release.effective, release.vouches_to)
        nothing = nothing.with_columns(
            in_quarter=pl.col("in_quarter") | inside,
            fee_label=pl.when(inside).then(pl.lit(release.label)).otherwise("fee_label"),
        )
    return nothing


def _letters(days: pl.DataFrame, state: State) -> pl.DataFrame:
    """COD-2 by the HCPCS Level II release."""
    release = state.batch.reference.release("hcpcs")
    if release is None or release.starter:
        return _told(days.clear(), **dict.fromkeys(_TOLD))
    table = state.batch.reference.hcpcs().filter(pl.col("kind") == "procedure")
    days = days.join(
        table.select("code", "effective", "deletion", listed=pl.lit(value=True)),
        on="code",
        how="left",
    )
    # CMS gives a number again after years, and the list has its last life only.
    since = (pl.col("effective") - pl.col("date")).dt.total_days()
    early = since.is_between(1, _FORGOTTEN).fill_null(value=False)
    late = (pl.col("date") > pl.col("deletion")).fill_null(value=False)
    inside = pl.col("date").is_between(release.effective, release.vouches_to)
    absent = pl.col("listed").is_null() & pl.col("status").is_null() & inside
    days = days.with_columns(early=early, late=late, absent=absent)
    days = days.filter(pl.col("early") | pl.col("late") | pl.col("absent"))
    return _told(
        days,
        rule="COD-2",
        tier=pl.when(early & (since > _SURE)).then(REVIEW).otherwise(CERTAIN),
        only_absent=pl.col("absent"),
        message=pl.when("early")
        .then(
            pl.format(
                "{} is valid from {} on and was billed for {}.{}",
                "code",
                "effective",
                "date",
                pl.when(since > _SURE)
                .then(pl.lit(" The number may have been another code's before."))
                .otherwise(pl.lit("")),
            )
        )
        .when("late")
        .then(pl.format("{} ended on {} and was billed for {}.", "code", "deletion", "date"))
        .otherwise(
            pl.format(
                "{} has no row in the HCPCS Level II list of the quarter of {}.", "code", "date"
            )
        ),
        remedy="Report the code that was valid on the date of service.",
        kind="hcpcs",
        release=release.label,
        table_row=pl.when("absent")
        .then(pl.format("{}: no row", "code"))
        .otherwise(
            pl.format(
                "{}: {} to {}",
                "code",
                pl.col("effective").dt.to_string("%Y-%m-%d").fill_null("?"),
                pl.col("deletion").dt.to_string("%Y-%m-%d").fill_null("open"),
            )
        ),
    )


def _ended(days: pl.DataFrame) -> pl.DataFrame:
    """COD-2 by the end of an E/M code."""
    return _told(
        days,
        rule="COD-2",
        tier=CERTAIN,
        only_absent=False,
        message=pl.format("{} ended on {} and was billed for {}.", "code", "em_end", "date"),
        remedy="Report the code that was valid on the date of service.",
        kind=None,
        release=None,
        table_row=pl.format("em_codes {}: to {}", "code", "em_end"),
    )


def _not_in_schedule(days: pl.DataFrame) -> pl.DataFrame:
    """COD-2 and COD-3 where the fee schedule of the quarter does not have the code."""
    third = pl.col("code").str.ends_with("T")
    return _told(
        days,
        rule=pl.when(third).then(pl.lit("COD-3")).otherwise(pl.lit("COD-2")),
        tier=REVIEW,
        only_absent=True,
        message=pl.when(third)
        .then(
            pl.format(
                "{} is not in the Medicare fee schedule of the quarter of {}, which has every "
                "category III code in force: it has probably passed its sunset.",
                "code",
                "date",
            )
        )
        .otherwise(
            pl.format(
                "{} is not in the Medicare fee schedule of the quarter of {}, which has every "
                "five-digit code in force: it has probably ended, or is a slip.",
                "code",
                "date",
            )
        ),
        remedy="Look the code up in the CPT release of the date and report the one that holds.",
        kind="fee-schedule",
        release=pl.col("fee_label"),
        table_row=pl.format("{}: no row", "code"),
    )
