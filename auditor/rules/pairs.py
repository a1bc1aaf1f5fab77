"""NCCI procedure-to-procedure (PTP) pairs over the whole batch, by date of service.

A pair is judged on lines of one patient, payer, practitioner (S1) and day, whatever claim they
stand on. The column 2 line is the finding's line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, INFO, REVIEW, hits, no_hits, until
from auditor.rules.bypass import NONE, OK, WEAK, suggestion
from auditor.rules.interface import Rule, Stage
from auditor.rules.meeting import days_apart
from auditor.rules.pair_chains import chains
from auditor.rules.pair_edges import pair_edges
from auditor.rules.pair_ledger import met

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.PAIRS
_NEEDED = ("patient_id", "rendering_npi", "service_date_from", "code")
_COLUMNS = (*_NEEDED, "modifiers")
_MANUAL = "NCCI Policy Manual ch. I E; CMS practitioner PTP table"
RULES = (
    Rule(
        id="PTP-0",
        name="disallowed-pair",
        tier="certain",
        shape="day",
        precedence=30,
        denies=True,
        profiles=("medicare",),
        review_for=("commercial", "unknown"),
        columns=_NEEDED,
        tables=("ptp-practitioner",),
        flags="The column 2 line of an NCCI pair with modifier indicator 0 whose column 1 line "
        "stands on the same day by the same practitioner.",
        why="CMS pays column 1 and denies column 2; no modifier separates the two.",
        not_flagged="Other practitioners and other dates; a column 1 line that does not pay by "
        "itself (status B, I, N, P, T, MUE 0, already denied, zero units); rows not in force on "
        "the date; Medicaid lines, whose own edits are not loaded. Where every column 1 line is "
        "itself denied by a pair the finding is review.",
        remedy="Remove the column 2 line.",
        citation=_MANUAL,
        example_flag=("45380", "45378-59"),
        example_ok=("45380",),
    ),
    Rule(
        id="PTP-1",
        name="pair-without-separation",
        tier="certain",
        shape="day",
        precedence=50,
        denies=True,
        profiles=("medicare",),
        review_for=("commercial", "unknown"),
        columns=_COLUMNS,
        tables=("ptp-practitioner",),
        flags="The column 2 line of an NCCI pair with modifier indicator 1 where no modifier "
        "separates the two lines.",
        why="Without an NCCI-associated modifier CMS denies column 2.",
        not_flagged="Pairs that a modifier separates (see PTP-BYP) or separates weakly (PTP-2); "
        "everything that PTP-0 leaves out.",
        remedy="If the record shows a separate service report the modifier; else remove column 2.",
        citation=_MANUAL,
        example_flag=("45385", "45380"),
        example_ok=("45385", "45380-59"),
    ),
    Rule(
        id="PTP-2",
        name="weak-separation",
        tier="review",
        shape="day",
        precedence=79,  # behind what denies the line, before the policies that restate a pair
        denies=True,
        profiles=("medicare", "commercial", "unknown"),
        columns=_COLUMNS,
        tables=("ptp-practitioner",),
        flags="A pair separated by a modifier that does not prove it: the same side on both "
        "lines, an anatomic modifier on one line only, 59 in place of 25, 57 with minor surgery, "
        "or 59/X on a pair that the NCCI manual warns about.",
        why="The claim system lets it pass; an auditor asks for the record.",
        not_flagged="Different sides or digits; pairs that PTP-1 names.",
        remedy="Keep the record that shows the separate site or encounter, or correct the line.",
        citation="NCCI Policy Manual ch. I E, III, IV; CMS practitioner PTP table",
        amount="line",
        example_flag=("20611-RT", "20610-RT"),
        example_ok=("20611-RT", "20610-LT"),
    ),
    Rule(
        id="PTP-3",
        name="pair-chain",
        tier="info",
        shape="day",
        precedence=98,
        denies=False,
        profiles=("medicare", "commercial", "unknown"),
        columns=_NEEDED,
        tables=("ptp-practitioner",),
        amount="none",
        flags="A column 2 line whose column 1 line is itself the column 2 line of a third one that "
        "day: a chain of pairs. It shares the story of the line above it.",
        why="The two denials hang together: what separates or removes the line in the middle "
        "changes what denies the last one.",
        not_flagged="Pairs that a modifier separates; a line that several column 1 lines deny of "
        "which none is denied itself.",
        remedy="Look at the chain as one and count the line once.",
        citation=_MANUAL,
        example_flag=("45385", "45380", "45378"),
        example_ok=("45385", "45380"),
    ),
    Rule(
        id="PTP-BYP",
        name="pair-bypassed",
        tier="info",
        shape="day",
        precedence=99,
        denies=False,
        profiles=("medicare", "commercial", "unknown"),
        columns=_COLUMNS,
        tables=("ptp-practitioner",),
        amount="none",
        flags="A ledger of pairs with indicator 1 that a modifier separated, for sampling.",
        why="A bypass is right only if the record supports it; a practitioner's rate of "
        "bypasses is what a payer looks at.",
        not_flagged="Pairs of indicator 0; pairs that nothing separates.",
        remedy="None: sample the records.",
        citation=_MANUAL,
        example_flag=("45385", "45380-59"),
        example_ok=("45385", "45380"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Hits of the pair rules; the pairs that a modifier may separate are left in State.pairs."""
    edges = pair_edges(state)
    if edges.is_empty():
        return no_hits()
    free = pl.col("modifier_indicator") == 0
    open_ = edges.filter(pl.col("bypass") == NONE)
    separable = edges.filter(~free).sort("row2", "code1", "place1", "date")
    separable = separable.unique(["row2", "code1"], keep="first", maintain_order=True)
    state.pairs = met(separable, state)
    return pl.concat(
        [
            _denials(open_.filter(free), "PTP-0"),
            _denials(open_.filter(~free), "PTP-1"),
            chains(open_),
            *_bypassed(separable),
        ]
    )


def _denials(edges: pl.DataFrame, rule_id: str) -> pl.DataFrame:
    """One hit a column 2 line, against the best column 1 line."""
    edges = edges.with_columns(
        tier=pl.when(pl.col("chain") | pl.col("unsure") | (pl.col("lob_tier") != CERTAIN))
        .then(REVIEW)
        .otherwise(CERTAIN)
    ).sort("row2", "tier", "chain", "code1", "place1", "date")
    best = edges.unique("row2", keep="first", maintain_order=True)
    chained = (
        pl.when(pl.col("chain"))
        .then(
            pl.format(
                " {} is itself denied by a pair, so look at the whole chain.", pl.col("code1")
            )
        )
        .otherwise(pl.lit(""))
    )
    doubt = (
        pl.when(pl.col("doubt1") & ~pl.col("chain"))
        .then(
            pl.format(
                " No loaded fee schedule says whether {} paid by itself then.", pl.col("code1")
            )
        )
        .otherwise(pl.lit(""))
    )
    vague = days_apart("1", "2")
    # Of a line that spans several days only the day of the pair is taken back.
    remove = (
        pl.when(pl.col("vague1") | pl.col("vague2"))
        .then(
            pl.format(
                "look up the days of both lines and, if they are the same, remove {}",
                pl.col("code2"),
            )
        )
        .when((pl.col("days2") > 1) & (pl.col("hit_days") == 1))
        .then(pl.format("take {} off the line of {}", pl.col("date"), pl.col("code2")))
        .when(pl.col("hit_days") < pl.col("days2"))
        .then(pl.format("take the {} days they share off {}", pl.col("hit_days"), pl.col("code2")))
        .otherwise(pl.format("remove {}", pl.col("code2")))
    )
    if rule_id == "PTP-0":
        message = pl.format(
            "{} is bundled with {} on {}; no modifier can separate them.{}{}{}",
            pl.col("code2"),
            pl.col("code1"),
            pl.col("date"),
            chained,
            doubt,
            vague,
        )
        remedy = pl.format("{}.", remove.str.slice(0, 1).str.to_uppercase() + remove.str.slice(1))
    else:
        message = pl.format(
            "{} bundles into {} on {}, and no modifier separates them.{}{}{}",
            pl.col("code2"),
            pl.col("code1"),
            pl.col("date"),
            chained,
            doubt,
            vague,
        )
        remedy = pl.format(
            "If the record shows a separate service report {}; else {}.",
            suggestion(),
            remove,
        )
    return hits(
        best.with_columns(row=pl.col("row2")),
        rule_id,
        tier=pl.col("tier"),
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        # Denied only by what is itself denied: one story with the line above it.
        root=pl.when("chain").then("row1"),
        message=message,
        remedy=remedy,
        kind="ptp-practitioner",
        table_row=_row(),
    )


def _row() -> pl.Expr:
    """The deciding table row in words."""
    return pl.format(
        "column 1 {}, column 2 {}, modifier indicator {}, {} to {}",
        pl.col("code1"),
        pl.col("code2"),
        pl.col("modifier_indicator"),
        pl.col("effective"),
        until("deletion"),
    )


def _bypassed(edges: pl.DataFrame) -> list[pl.DataFrame]:
    """PTP-2 and PTP-BYP: one hit a column 2 line and rule, naming every column 1 code."""
    separated = edges.filter(pl.col("bypass") >= WEAK)
    weak = separated.filter((pl.col("bypass") == WEAK) | pl.col("warned"))
    return [_ledger(weak, "PTP-2"), _ledger(separated, "PTP-BYP")]


def _ledger(edges: pl.DataFrame, rule_id: str) -> pl.DataFrame:
    """One hit a column 2 line; the counterpart is the first column 1 code."""
    said = pl.format(
        # all that the lines carry: not every one of them separates
        "{} (modifiers: {} on {}, {} on {})",
        pl.col("code1"),
        _mods("mods1"),
        pl.col("code1"),
        _mods("mods2"),
        pl.col("code2"),
    )
    lines = (
        edges.with_columns(said=said, row_text=_row())
        .group_by("row2", maintain_order=True)
        .agg(
            pl.col(
                "row1", "code1", "code2", "date", "row_text", "warned", "bypass", "is_visit2"
            ).first(),
            said=pl.col("said").str.join(", "),
        )
    )
    lines = lines.with_columns(row=pl.col("row2"))
    if rule_id == "PTP-2":
        return hits(
            lines,
            rule_id,
            tier=REVIEW,
            other=pl.col("row1"),
            other_code=pl.col("code1"),
            message=pl.format(
                "{} would bundle on {} and was separated by modifiers that {}: {}.",
                pl.col("code2"),
                pl.col("date"),
                pl.when(pl.col("bypass") == OK)
                .then(pl.lit("the manual warns about"))
                .otherwise(pl.lit("do not prove two places or encounters")),
                pl.col("said"),
            ),
            remedy=pl.when(pl.col("is_visit2"))
            .then(
                pl.format(
                    "If the record shows a significant, separate visit report 25 on {}; else "
                    "remove it.",
                    pl.col("code2"),
                )
            )
            .otherwise(
                pl.lit(
                    "Keep the record that shows a separate site or encounter; if it does not, "
                    "remove the line."
                )
            ),
            kind="ptp-practitioner",
            table_row=pl.col("row_text"),
        )
    return hits(
        lines,
        rule_id,
        tier=INFO,
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        message=pl.format(
            "{} would bundle on {}; a modifier keeps it apart from {}.",
            pl.col("code2"),
            pl.col("date"),
            pl.col("said"),
        ),
        remedy=pl.lit("Nothing to correct; sample the record."),
        kind="ptp-practitioner",
        table_row=pl.col("row_text"),
    )


def _mods(column: str) -> pl.Expr:
    """Modifiers in words."""
    return pl.when(pl.col(column) == "").then(pl.lit("none")).otherwise(pl.col(column))
