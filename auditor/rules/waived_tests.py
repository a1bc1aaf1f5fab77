"""Waived laboratory tests: QW missing, and QW where it does not belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.order import BY
from auditor.engine.state import business_tier
from auditor.rules.interface import CodePolicy, Rule, Stage, any_of

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
CODES = (CodePolicy(table="clia_waived", columns=(("waived_qw", "qw"),)),)
_SOURCE = "CMS CR 11747 and later quarterly updates of the list of waived tests"
RULES = (
    Rule(
        id="QW-1",
        name="waived-test-modifier-missing",
        tier="review",
        shape="provider",
        precedence=97,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("code", "modifiers", "clia_number"),
        tables=(),
        whole_batch=True,
        amount="not determined",
        flags="A test that needs QW to count as waived, without QW, by a laboratory (CLIA number) "
        "that reports the same test with QW on other lines of the files.",
        why="A laboratory with a certificate of waiver is paid for such a test with QW only. The "
        "certificate is not on the claim; that the laboratory uses QW elsewhere points to it.",
        not_flagged="Laboratories that never report the test with QW: they may hold a higher "
        "certificate; lines without a CLIA number; tests referred to another laboratory (90); the "
        "nine tests that need no QW; other payers.",
        remedy="If the laboratory holds a certificate of waiver add QW.",
        citation=_SOURCE,
        example_flag=("87880 clia=11D0000001", "87880-QW clia=11D0000001 patient=P2 claim=C2"),
        example_ok=("87880-QW clia=11D0000001", "81002 clia=11D0000001"),
    ),
    Rule(
        id="QW-2",
        name="waived-test-modifier-misplaced",
        tier="certain",
        shape="line",
        precedence=97,
        denies=False,
        profiles=("medicare",),
        review_for=("medicaid", "commercial", "unknown"),
        columns=("code", "modifiers"),
        tables=(),
        amount="not determined",
        flags="QW on a five-digit code that is no laboratory test (certain), on another code that "
        "is none, or on one of the nine waived tests that need no QW (review).",
        why="QW says that a laboratory test was waived; elsewhere the combination is invalid.",
        not_flagged="QW on any other laboratory test: which tests have a waived version changes "
        "with every quarter.",
        remedy="Remove QW.",
        citation=_SOURCE,
        example_flag=("99213-QW",),
        example_ok=("87880-QW",),
        when=lambda: (
            any_of("QW")
            & pl.col("form_ok")
            & (~pl.col("is_lab") | (pl.col("waived_qw") == "exempt").fill_null(value=False))
        ),
        says=lambda: {
            "tier": pl.when(~pl.col("is_lab") & pl.col("code").str.contains(r"^[0-9]{5}$"))
            .then(0)
            .otherwise(1),
            "message": pl.when(pl.col("is_lab"))
            .then(pl.format("{} counts as waived without QW.", pl.col("code")))
            .otherwise(
                pl.format("QW is for waived laboratory tests, and {} is none.", pl.col("code"))
            ),
            "remedy": pl.lit("Remove QW."),
            "table_row": pl.when(pl.col("is_lab")).then(
                pl.format("{}: waived, needs no QW", pl.col("code"))
            ),
        },
    ),
)
_RULE = RULES[0]


_TEST = ("clia_number", "code")


def _first_of_each(marked: pl.DataFrame) -> pl.DataFrame:
    """The first line of each laboratory and test, of lines with QW."""
    return marked.sort(*BY, "key", nulls_last=False).unique(
        _TEST, keep="first", maintain_order=True
    )


COUNTS = {"QW-1": _first_of_each}


def find(state: State) -> pl.DataFrame:
    """QW-1: by laboratory and test, over the whole batch."""
    with_qw = state.modifiers("QW")
    if with_qw.is_empty() and state.alone:
        return no_hits()
    lines = state.lines_of(
        pl.col("waived_qw") == "needs", "row", "c", "ce", "m", "lob", "dup", "live"
    )
    lines = state.with_raw(lines, "clia_number").filter(
        pl.col("clia_number").is_not_null() & ~pl.col("dup") & pl.col("live")
    )
    if lines.is_empty() and state.alone:
        return no_hits()
    marked = pl.col("m").is_in(with_qw.implode())
    mine = state.with_raw(lines.filter(marked), *(n for n in BY if n not in lines.columns))
    mine = mine.with_columns(state.batch.keys_of(mine["row"])).select("clia_number", *BY, "key")
    told = state.whole("QW-1", lambda: _first_of_each(mine), _first_of_each)
    told = told.with_columns(other=state.lines_named(told))
    lines = state.with_facts(lines, "code")
    bare = lines.filter(
        ~marked & ~pl.col("m").is_in(state.modifiers("90").implode()),
        business_tier(state, _RULE).is_not_null(),
    )
    found = bare.join(told.select(*_TEST, "other"), on=_TEST)
    return hits(
        found,
        "QW-1",
        tier=REVIEW,
        other=pl.col("other"),
        other_code=pl.col("code"),
        message=pl.format(
            "{} has no QW, and the laboratory of this CLIA number reports the test with QW "
            "elsewhere.",
            pl.col("code"),
        ),
        remedy=pl.lit("If the laboratory holds a certificate of waiver add QW."),
        table_row=pl.format("{}: waived with QW", pl.col("code")),
    )
