"""NCCI procedure-to-procedure (PTP) pairs over the whole batch, by date of service.

A pair is judged on lines of one patient, payer, practitioner (S1) and day, whatever claim they
stand on. The column 2 line is the finding's line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.codes import spread
from auditor.engine.hits import CERTAIN, INFO, REVIEW, hits, no_hits, until
from auditor.engine.order import places
from auditor.engine.state import business_tier
from auditor.rules.bypass import FACTS, FLAGS, NONE, OK, WEAK, strength, suggestion
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.PAIRS
_COLUMNS = ("patient_id", "rendering_npi", "service_date_from", "code", "modifiers")
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
        columns=_COLUMNS,
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
        precedence=60,
        denies=False,
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
    """Hits of the four pair rules."""
    edges = _edges(state)
    if edges.is_empty():
        return no_hits()
    free = pl.col("modifier_indicator") == 0
    edges = _bypass(edges, state)
    edges = _ordered(edges, state)
    open_ = edges.filter(pl.col("bypass") == NONE)
    open_ = _standing(open_)
    return pl.concat(
        [
            _denials(open_.filter(free), "PTP-0"),
            _denials(open_.filter(~free), "PTP-1"),
            *_bypassed(edges.filter(~free)),
        ]
    )


def _edges(state: State) -> pl.DataFrame:
    """Every (column 1 line, column 2 line) of one day whose pair is in force on that day."""
    batch = state.batch
    table = batch.reference.ptp(batch.facts.codes.cast(pl.String)).filter(
        pl.col("modifier_indicator") != 9,  # noqa: PLR2004 - indicator 9: never in force
        pl.col("deletion").is_null() | (pl.col("effective") != pl.col("deletion")),
    )
    table = table.with_columns(
        c1=batch.code_index(table["column1"]), c2=batch.code_index(table["column2"])
    )
    if table.is_empty():
        return pl.DataFrame()
    used = pl.concat([table["c1"], table["c2"]]).unique()
    in_table = pl.int_range(batch.n_codes, dtype=pl.UInt32, eager=True).is_in(used.implode())
    lines = state.lines.filter(
        pl.col("day").is_not_null()
        & ~pl.col("dup")
        & (pl.col("lob") != "medicaid")
        & pl.lit(in_table).gather(pl.col("c"))
    ).select(
        "row",
        "day",
        "date",
        "days",
        "c",
        "m",
        "ce",
        "lob",
        "s1_known",
        "pays_as_column1",
        "fee_known",
        "status_hint",
    )
    lines = batch.by_day(lines)
    present = lines.select("day", "c", "date").unique(["day", "c"])
    present = present.filter(pl.col("day").is_duplicated())
    n = batch.n_codes
    wanted = table.select(
        key=pl.min_horizontal("c1", "c2").cast(pl.UInt64) * n + pl.max_horizontal("c1", "c2")
    ).unique()
    left = present.lazy().select("day", "date", low="c")
    right = present.lazy().select("day", high="c")
    pairs = (
        left.join(right, on="day")
        .filter(pl.col("low") < pl.col("high"))
        .with_columns(key=pl.col("low").cast(pl.UInt64) * n + pl.col("high"))
        .join(wanted.lazy(), on="key", how="semi")
        .collect()
    )
    rows = table.with_columns(
        key=pl.min_horizontal("c1", "c2").cast(pl.UInt64) * n + pl.max_horizontal("c1", "c2")
    )
    judged = (
        pairs.join(rows, on="key")
        .filter(
            pl.col("effective") <= pl.col("date"),
            pl.col("deletion").is_null() | (pl.col("date") <= pl.col("deletion")),
        )
        .select("day", "c1", "c2", "modifier_indicator", "effective", "deletion")
    )
    ones = lines.filter("pays_as_column1").select(
        "day",
        c1="c",
        row1="row",
        m1="m",
        ce1="ce",
        known1="s1_known",
        doubt1=~pl.col("fee_known")
        & pl.col("status_hint").is_in(["B", "I", "N", "P", "T"]).fill_null(value=False),
    )
    twos = lines.select(
        "day", "date", "lob", c2="c", row2="row", m2="m", ce2="ce", known2="s1_known"
    )
    return judged.join(ones, on=["day", "c1"]).join(twos, on=["day", "c2"])


def _bypass(edges: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add `bypass`, for the column 2 line against all lines of the column 1 code.

    A column 2 line is separated from a code if any line of the code separates it (SPEC 2.8, 8),
    and a span line is hit if any of its days is (9): the best over lines, then the worst day.
    """
    batch = state.batch
    columns = []
    for side in ("1", "2"):
        codes, mods = edges[f"ce{side}"], edges[f"m{side}"]
        columns += [batch.facts.table[f].gather(codes).alias(f + side) for f in FACTS]
        columns += [batch.mods[f].gather(mods).alias(f + side) for f in FLAGS]
        columns.append(batch.facts.table["code"].gather(codes).alias("code" + side))
        columns.append(batch.mods["mods"].gather(mods).alias("mods" + side))
    edges = edges.with_columns(columns).with_columns(
        own=pl.when(pl.col("modifier_indicator") == 0).then(NONE).otherwise(strength())
    )
    edges = edges.with_columns(best=pl.col("own").max().over("row2", "day", "code1"))
    edges = edges.with_columns(bypass=pl.col("best").min().over("row2", "code1"))
    edges = edges.filter(pl.col("own") == pl.col("bypass"), pl.col("best") == pl.col("bypass"))
    # A finding that needs both claims is review where one of them may not be the last word.
    open_days = batch.uncertain.filter("unresolved")["row"].implode()
    return edges.with_columns(
        unsure=~pl.col("known1")
        | ~pl.col("known2")
        | pl.col("doubt1")
        | pl.col("row1").is_in(open_days)
        | pl.col("row2").is_in(open_days),
        lob_tier=business_tier(("medicare",), ("commercial", "unknown")),
        warned=_warned(edges, state),
    )


def _ordered(edges: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add `place1`, which decides between several lines of one column 1 code."""
    several = pl.struct("row2", "code1").is_duplicated()
    rows = edges.filter(several)["row1"]
    if rows.is_empty():
        return edges.with_columns(place1=pl.lit(0, pl.UInt32))
    ranks = places(state.batch, rows).rename({"row": "row1", "place": "place1"})
    return edges.join(ranks, on="row1", how="left").with_columns(pl.col("place1").fill_null(0))


def _warned(edges: pl.DataFrame, state: State) -> pl.Series:
    """True for pairs on which the manual warns about 59/X, separated by 59/X."""
    codes = state.batch.facts.codes
    table = state.batch.reference.policy("ptp_warned").with_row_index("w")
    a = spread(table.rename({"code_low_a": "code_low", "code_high_a": "code_high"}), codes)
    b = spread(table.select("w", code_low="code_low_b", code_high="code_high_b"), codes)
    pairs = (
        a.select("w", code_a="code")
        .join(b.select("w", code_b="code"), on="w")
        .filter(pl.col("code_a") != pl.col("code_b"))
    )
    free = _exceptions(table, pairs)
    pairs = pairs.join(free, on=["w", "code_a", "code_b"], how="anti")
    both = (
        pl.concat(
            [
                pairs.select(code1="code_a", code2="code_b"),
                pairs.select(code1="code_b", code2="code_a"),
            ]
        )
        .unique()
        .with_columns(warned=pl.lit(value=True))
    )
    marked = edges.join(both, on=["code1", "code2"], how="left", maintain_order="left")
    by_59 = edges["has_separate1"] | edges["has_separate2"]
    return marked["warned"].fill_null(value=False) & by_59


def _exceptions(table: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs of a warned row one code of which lies in the row's except range."""
    named = pairs.join(table.select("w", "except_low", "except_high"), on="w").filter(
        pl.col("except_low").is_not_null()
    )
    return named.filter(
        pl.col("code_a").is_between("except_low", "except_high")
        | pl.col("code_b").is_between("except_low", "except_high")
    ).select("w", "code_a", "code_b")


def _standing(open_: pl.DataFrame) -> pl.DataFrame:
    """Add `chain`: the column 1 line is itself denied by a pair."""
    denied = open_["row2"].unique().implode()
    return open_.with_columns(chain=pl.col("row1").is_in(denied))


def _denials(edges: pl.DataFrame, rule_id: str) -> pl.DataFrame:
    """One hit a column 2 line, against the best column 1 line."""
    edges = edges.with_columns(
        tier=pl.when(pl.col("chain") | pl.col("unsure") | (pl.col("lob_tier") != CERTAIN))
        .then(REVIEW)
        .otherwise(CERTAIN)
    ).sort("row2", "tier", "chain", "code1", "place1")
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
    if rule_id == "PTP-0":
        message = pl.format(
            "{} is bundled with {} on {}; no modifier separates them.{}{}",
            pl.col("code2"),
            pl.col("code1"),
            pl.col("date"),
            chained,
            doubt,
        )
        remedy = pl.format("Remove {}.", pl.col("code2"))
    else:
        message = pl.format(
            "{} bundles into {} on {}, and no modifier separates them.{}{}",
            pl.col("code2"),
            pl.col("code1"),
            pl.col("date"),
            chained,
            doubt,
        )
        remedy = pl.format(
            "If the record shows a separate service report {}; else remove {}.",
            suggestion(),
            pl.col("code2"),
        )
    return hits(
        best.with_columns(row=pl.col("row2")),
        rule_id,
        tier=pl.col("tier"),
        other=pl.col("row1"),
        other_code=pl.col("code1"),
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
    separated = edges.filter(pl.col("bypass") >= WEAK).sort("row2", "code1", "place1")
    separated = separated.unique(["row2", "code1"], keep="first", maintain_order=True)
    weak = separated.filter((pl.col("bypass") == WEAK) | pl.col("warned"))
    return [_ledger(weak, "PTP-2"), _ledger(separated, "PTP-BYP")]


def _ledger(edges: pl.DataFrame, rule_id: str) -> pl.DataFrame:
    """One hit a column 2 line; the counterpart is the first column 1 code."""
    said = pl.format(
        "{} ({} on {}, {} on {})",
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
            pl.col("row1", "code1", "code2", "date", "row_text", "warned", "bypass").first(),
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
            remedy=pl.lit(
                "Keep the record that shows a separate site or encounter; if it does not, remove "
                "the line."
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
            "{} would bundle on {}; modifiers separate it from {}.",
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
