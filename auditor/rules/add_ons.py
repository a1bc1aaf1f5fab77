"""Add-on codes and their primaries, over the whole patient-day and not the claim.

An add-on is supported by the least fixpoint: lines that are not add-ons and pay support first,
then add-ons that a supported line supports; a cycle of add-ons supports nobody (SPEC 3.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.rules.add_on_days import AddOnDays, read_days
from auditor.rules.add_on_words import orphan_words, row_words
from auditor.rules.interface import ADD_ON_TABLE_BEGINS, Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.ADD_ONS
_ALL = ("medicare", "medicaid", "commercial", "unknown")
_DAY = ("patient_id", "rendering_npi", "service_date_from", "code")
_TABLE = "CMS add-on code edits"
_MISSING = ["row", "ce", "date", "global_days", "addon", "pays_as_primary"]
_JUDGED = ["row", "ce", "date", "addon", "pays_as_primary", "has_50", "has_51", "bilateral"]
RULES = (
    Rule(
        id="AOC-1",
        name="orphan-add-on",
        tier="certain",
        shape="day",
        precedence=40,
        denies=True,
        profiles=_ALL,
        columns=_DAY,
        tables=("aoc",),
        flags="A type 1 add-on code without any of its listed primaries by the same practitioner "
        "for the same patient and date, on any claim of the batch; or whose only primaries a "
        "credit that matches no line may take back (review).",
        why="A type 1 add-on has a closed list of primaries; Medicare contractors must not pay it "
        "without one of them.",
        not_flagged="A listed primary on another claim of the day; a listed primary that is there "
        "but denied (AOC-6); 99292 with a payable 99291 of the same group and specialty. It is "
        "review where a partner or the day before has the primary, with TC, where the "
        "practitioner is not known, where a rejected line might be the primary, and beside "
        "another service on dates later than the add-on file, which a later file may list.",
        remedy="Add the missing primary, correct the practitioner or the date, or remove the "
        "add-on.",
        citation=f"NCCI Policy Manual ch. I R, W; {_TABLE}",
        example_flag=("99213", "77002-26"),
        example_ok=("20610-RT", "77002-26"),
    ),
    Rule(
        id="AOC-2",
        name="bare-add-on",
        tier="review",
        shape="day",
        precedence=43,
        denies=False,
        profiles=_ALL,
        columns=_DAY,
        tables=("aoc",),
        flags="A type 2 or 3 add-on on a day on which the practitioner has no other procedure for "
        "the patient. Type 3 beside an unlisted procedure is info.",
        why="The list of primaries is open (type 3) or the contractor's (type 2), but an add-on "
        "is never the only service.",
        not_flagged="Any other payable procedure that is neither a visit nor an add-on; for "
        "G0501 a visit is enough.",
        remedy="Name the primary service, or remove the add-on.",
        citation=f"NCCI Policy Manual ch. I W; {_TABLE}",
        example_flag=("76937-26 pos=22",),
        example_ok=("36556 pos=22", "76937-26 pos=22"),
    ),
    Rule(
        id="AOC-3",
        name="add-on-not-in-table",
        tier="review",
        shape="line",
        precedence=44,
        denies=False,
        profiles=_ALL,
        columns=("code", "service_date_from"),
        tables=("aoc", "fee-schedule"),
        flags="A code that the fee schedule calls an add-on (global days ZZZ) with no add-on row "
        "in force on the date.",
        why="Without rows nothing says which primary it needs; the list may be older than the "
        "code.",
        not_flagged="Codes with rows in force; dates before the table begins; runs on the starter "
        "set, which holds a few add-ons only.",
        remedy="Check the primary by hand, and import the newest add-on file.",
        citation=f"MPFS global days ZZZ; {_TABLE}",
        example_flag=("33509",),
        example_ok=("22551", "22552"),
    ),
    Rule(
        id="AOC-4",
        name="modifier-on-add-on",
        tier="certain",
        shape="line",
        precedence=98,
        denies=False,
        profiles=_ALL,
        columns=("code", "modifiers"),
        tables=("aoc",),
        amount="not determined",
        flags="51 on an add-on code (certain), or 50 on an add-on whose bilateral indicator is 0 "
        "(review).",
        why="Add-on codes are exempt from the multiple procedure reduction, so 51 is never right "
        "on them.",
        not_flagged="51 on other codes; 50 on add-ons of another bilateral indicator.",
        remedy="Remove the modifier.",
        citation="CPT add-on convention (appendix D codes are exempt from 51); MPFS bilateral "
        "indicator",
        example_flag=("22551", "22552-51"),
        example_ok=("22551", "22552"),
    ),
    Rule(
        id="AOC-6",
        name="add-on-of-denied-primary",
        tier="certain",
        shape="day",
        precedence=41,
        denies=True,
        profiles=_ALL,
        columns=_DAY,
        tables=("aoc",),
        flags="A type 1 add-on whose listed primaries are all there and all denied: by the payer, "
        "by status, by a pair, by units, or because they are unsupported add-ons themselves.",
        why="An add-on is paid only with a primary that is paid; it falls with it.",
        not_flagged="Any listed primary that still stands. It is review where a primary fell to a "
        "finding that a modifier, an appeal or a record may lift.",
        remedy="Settle the primary's finding first; the add-on follows it.",
        citation=f"NCCI Policy Manual ch. I R; {_TABLE}",
        example_flag=("64491-RT", "64492-RT"),
        example_ok=("64490-RT", "64491-RT", "64492-RT"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Hits of the five add-on rules."""
    found = [_missing_rows(state)]
    # A line that does not pay by itself is not judged as an add-on (SPEC 2.8, point 2).
    judged = state.at_every_epoch()[_JUDGED].filter("addon", "pays_as_primary")
    if not judged.is_empty():
        found.append(_modifiers(judged, state))
        # Day by day from the first: what a line is in a later epoch says nothing of its first days.
        days = read_days(judged["row"].unique().sort(), state)
        found += [_orphans(days, state), _fallen(days, state), _bare(days, state)]
        found.append(_shaken(days, state))
    return pl.concat(found)


def _orphans(days: AddOnDays, state: State) -> pl.DataFrame:
    """AOC-1."""
    if days.orphans.is_empty():
        return no_hits()
    orphans = orphan_words(days.orphans, state)
    return hits(
        orphans,
        "AOC-1",
        tier=pl.col("tier"),
        other=pl.col("near_row"),
        other_code=pl.col("near_code"),
        message=pl.col("message"),
        remedy=pl.col("remedy"),
        kind="aoc",
        table_row=pl.col("table_row"),
    )


def _shaken(days: AddOnDays, state: State) -> pl.DataFrame:
    """AOC-1 where a credit may take back the only primary; not of orphans."""
    shaken = days.shaken.filter(~pl.col("row").is_in(days.orphans["row"].implode()))
    if shaken.is_empty():
        return no_hits()
    return hits(
        row_words(shaken, state),
        "AOC-1",
        tier=REVIEW,
        other=pl.col("primary_row"),
        other_code=pl.col("primary_code"),
        message=pl.format(
            "Add-on {} on {} has no primary by the same practitioner but {}.",
            pl.col("code"),
            pl.col("date"),
            pl.col("primary_code"),
        ),
        remedy=pl.format(
            "See what the credit takes back: if {} is not billed after all, remove {}.",
            pl.col("primary_code"),
            pl.col("code"),
        ),
        kind="aoc",
        table_row=pl.col("table_row"),
    )


def _fallen(days: AddOnDays, state: State) -> pl.DataFrame:
    """AOC-6, in the story of the primary."""
    if days.fallen.is_empty():
        return no_hits()
    fallen = row_words(days.fallen, state)
    return hits(
        fallen,
        "AOC-6",
        tier=pl.col("tier"),
        other=pl.col("primary_row"),
        other_code=pl.col("primary_code"),
        root=pl.col("primary_row"),
        message=pl.format(
            "{} on {} falls with its primary {}: {}.",
            pl.col("code"),
            pl.col("date"),
            pl.col("primary_code"),
            pl.when(pl.col("tier") == 1)
            .then(
                pl.lit(
                    "no listed primary of the day is clear, though a modifier, an appeal or the "
                    "record may yet save one"
                )
            )
            .when(pl.col("primaries") > 1)
            .then(pl.lit("every listed primary of the day is denied"))
            .otherwise(pl.lit("the only listed primary of the day is denied")),
        ),
        remedy=pl.format(
            "Settle the finding on {} first; if it stands, remove {}.",
            pl.col("primary_code"),
            pl.col("code"),
        ),
        kind="aoc",
        table_row=pl.col("table_row"),
    )


def _bare(days: AddOnDays, state: State) -> pl.DataFrame:
    """AOC-2."""
    if days.bare.is_empty():
        return no_hits()
    bare = row_words(days.bare, state)
    return hits(
        bare,
        "AOC-2",
        tier=pl.col("tier"),
        message=pl.when(pl.col("tier") == 1)
        .then(
            pl.format(
                "Add-on {} stands alone on {}: the practitioner has no other procedure for the "
                "patient that day.",
                pl.col("code"),
                pl.col("date"),
            )
        )
        .otherwise(
            pl.format(
                "Add-on {} on {} stands beside procedures that its partial list does not name.",
                pl.col("code"),
                pl.col("date"),
            )
        ),
        remedy=pl.lit("Name the primary service it belongs to, or remove the add-on."),
        kind="aoc",
        table_row=pl.col("table_row"),
    )


def _missing_rows(state: State) -> pl.DataFrame:
    """AOC-3; silent on the starter set, which does not claim to know every add-on."""
    if state.batch.reference.is_starter("aoc"):
        return no_hits()
    lines = state.at_every_epoch()[_MISSING].filter(
        (pl.col("global_days") == "ZZZ").fill_null(value=False),
        ~pl.col("addon"),
        "pays_as_primary",
        pl.col("date") >= pl.lit(ADD_ON_TABLE_BEGINS),
    )
    if lines.is_empty():
        return no_hits()
    lines = lines.unique("row", keep="first")
    lines = lines.with_columns(
        state.batch.facts.table["code"][lines["ce"]],
        state.batch.facts.table["fee_release"][lines["ce"]],
    )
    return hits(
        lines,
        "AOC-3",
        tier=1,
        message=pl.format(
            "{} is an add-on by the fee schedule (ZZZ), and the add-on table has no row for it on "
            "{}. The table may be older than the code.",
            pl.col("code"),
            pl.col("date"),
        ),
        remedy=pl.lit("Check its primary by hand, and import the newest add-on file."),
        kind="fee-schedule",
        release=pl.col("fee_release"),
        table_row=pl.format("{}: global days ZZZ", pl.col("code")),
    )


def _modifiers(addons: pl.DataFrame, state: State) -> pl.DataFrame:
    """AOC-4: 51 on any add-on; 50 where the bilateral indicator is 0."""
    fifty = pl.col("has_50") & (pl.col("bilateral") == "0").fill_null(value=False)
    lines = addons.filter(pl.col("has_51") | fifty).unique("row", keep="first")
    if lines.is_empty():
        return no_hits()
    lines = row_words(lines.select("row", "ce", "date", "has_51"), state)
    return hits(
        lines,
        "AOC-4",
        tier=pl.when("has_51").then(0).otherwise(1),
        message=pl.when("has_51")
        .then(
            pl.format("51 does not apply to {}: add-on codes are exempt from it.", pl.col("code"))
        )
        .otherwise(
            pl.format("50 stands on add-on {}, whose bilateral indicator is 0.", pl.col("code"))
        ),
        remedy=pl.format(
            "Remove {} from {}.",
            pl.when("has_51").then(pl.lit("51")).otherwise(pl.lit("50")),
            pl.col("code"),
        ),
        kind="aoc",
        table_row=pl.col("table_row"),
    )
