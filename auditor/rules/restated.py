"""Pairs of codes that a policy forbids on one day of one practitioner.

Policies that restate NCCI pairs (SPEC 2.6): where a loaded table has the pair, PTP is the headline
by precedence and the policy stands in its `also`; without it the policy stands on the manual.
What separates a pair is the same test that PTP pairs get (auditor.rules.bypass), and where PTP
is not certain of the line neither is the policy, so the modules judge in Stage.AFTER.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW
from auditor.engine.order import places
from auditor.engine.policies import in_force
from auditor.engine.state import business_tier
from auditor.rules.bypass import FACTS, FLAGS, NONE, OK, WEAK, strength
from auditor.rules.meeting import DOUBT, days_apart, said_when, unsure

if TYPE_CHECKING:
    from auditor.engine.state import State
    from auditor.rules.interface import Rule

_LINE = (
    "row",
    "day",
    "date",
    "days",
    "c",
    "m",
    "ce",
    "lob",
    "pays_as_primary",
    *DOUBT,
)
_SIDE = ("row", "m", "ce", *DOUBT)


def code_pairs(ones: pl.DataFrame, twos: pl.DataFrame, on: str | None = None) -> pl.DataFrame:
    """Every code of `ones` over every other of `twos` (auditor.engine.policies.policy_rows).

    Columns of policies: code1, code2, and the days on which both rows are in force; further
    columns keep their names, those of `twos` with the suffix `_` where `ones` has them too.
    """
    met = ones.join(twos, on=on, suffix="_") if on else ones.join(twos, how="cross", suffix="_")
    return (
        met.rename({"code": "code1", "code_": "code2"})
        .filter(pl.col("code1") != pl.col("code2"))
        .with_columns(
            effective=pl.max_horizontal("effective", "effective_"),
            deletion=pl.min_horizontal("deletion", "deletion_"),
        )
    )


def meetings(
    state: State,
    rule: Rule,
    policy: pl.DataFrame,
    *,
    doubtful_days: pl.Series | None = None,
    leave_out: pl.Series | None = None,
) -> pl.DataFrame:
    """The column 2 lines that `policy` denies on some day, each against its best column 1 line.

    `policy` has a row a pair of codes: code1, code2, effective, deletion, base (the strongest
    tier), hard (no modifier separates it), firm (modifiers that prove nothing do not lower it, as
    with PTP indicator 0), silent (it needs a row of the loaded table, unless no whole table is
    loaded) and what the words need. Answers that with row (the denied line), row1,
    date, tier, weak and unlisted; `doubtful_days`: day keys on which it is review; `leave_out`:
    modifier combinations of lines that are no party to it.
    """
    if policy.is_empty():
        return policy
    edges = _edges(state, policy, leave_out)
    if edges.is_empty():
        return edges
    edges = _against_table(_separated(edges, state), state)
    if edges.is_empty():
        return edges
    denied = edges["row2"].unique().implode()
    doubt = (
        unsure("1", "2")
        | pl.col("row1").is_in(denied)  # itself denied by this policy: a chain (SPEC 2.8, 4)
        | pl.col("unlisted")
        | pl.col("weak")
    )
    if doubtful_days is not None:
        doubt |= pl.col("day").is_in(doubtful_days.implode())
    edges = edges.with_columns(lob_tier=business_tier(state, rule)).filter(
        pl.col("lob_tier").is_not_null()
    )
    edges = edges.with_columns(
        tier=pl.max_horizontal(
            "base", "lob_tier", pl.when(doubt).then(pl.lit(REVIEW, pl.UInt8)).otherwise(0)
        )
    )
    edges = _no_stronger_than_the_pair(edges, state)
    edges = edges.join(places(state.batch, edges["row1"]), left_on="row1", right_on="row")
    edges = edges.sort("row2", "tier", "code1", "place", "date")
    best = edges.unique("row2", keep="first", maintain_order=True)
    return best.rename({"row2": "row"})


def _no_stronger_than_the_pair(edges: pl.DataFrame, state: State) -> pl.DataFrame:
    """Where PTP names the line at review, a chain for instance, so does what restates it."""
    named = state.hits_of("PTP-0", "PTP-1").group_by("row").agg(pair_tier=pl.col("tier").min())
    return edges.join(named, left_on="row2", right_on="row", how="left").with_columns(
        tier=pl.max_horizontal("tier", "pair_tier")
    )


def _edges(state: State, policy: pl.DataFrame, leave_out: pl.Series | None) -> pl.DataFrame:
    """Every column 1 line and column 2 line of one day."""
    batch = state.batch
    policy = policy.with_columns(
        c1=batch.code_index(policy["code1"]), c2=batch.code_index(policy["code2"])
    ).filter(pl.col("c1").is_not_null(), pl.col("c2").is_not_null())
    if policy.is_empty():
        return policy
    used = pl.concat([policy["c1"], policy["c2"]]).unique()
    lines = state.lines_with(used, *_LINE, "dup", "live")
    lines = lines.filter(pl.col("day").is_not_null() & ~pl.col("dup") & pl.col("live"))
    if leave_out is not None:
        lines = lines.filter(~pl.col("m").is_in(leave_out.implode()))
    lines = state.by_day(lines)
    ones = lines.filter("pays_as_primary").select(
        "day", c1="c", **{f"{name}1": pl.col(name) for name in _SIDE}
    )
    twos = lines.select(
        "day", "date", "lob", c2="c", **{f"{name}2": pl.col(name) for name in _SIDE}
    )
    met = ones.join(policy, on="c1").join(twos, on=["day", "c2"])
    return met.filter(in_force("date", "effective", "deletion"))


def _separated(edges: pl.DataFrame, state: State) -> pl.DataFrame:
    """The pairs that nothing separates; `weak` where modifiers try.

    A line is separated from a code if any line of the code separates it (SPEC 2.8, 8); of a span
    line the worst day counts (9).
    """
    table, mods = state.batch.facts.table, state.batch.mods
    columns = []
    for side in ("1", "2"):
        codes, combinations = edges[f"ce{side}"], edges[f"m{side}"]
        columns += [table[fact][codes].alias(fact + side) for fact in FACTS]
        columns += [mods[flag][combinations].alias(flag + side) for flag in FLAGS]
    known = edges.columns
    edges = edges.with_columns(columns).with_columns(
        own=pl.when("hard").then(pl.lit(NONE, pl.UInt8)).otherwise(strength())
    )
    edges = edges.with_columns(best=pl.col("own").max().over("row2", "day", "code1"))
    edges = edges.with_columns(bypass=pl.col("best").min().over("row2", "code1"))
    return edges.filter(
        pl.col("own") == pl.col("bypass"),
        pl.col("best") == pl.col("bypass"),
        pl.col("bypass") != OK,
    ).select(*known, weak=(pl.col("bypass") == WEAK) & ~pl.col("firm"))


def _against_table(edges: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add `unlisted`: the PTP table that judges has no row for the pair on the day.

    A starter table is no witness of absence, but a row of it that has ended is. Pairs that the
    table has the other way round are left to it.
    """
    reference = state.batch.reference
    release = reference.release("ptp-practitioner")
    whole = release is not None and not release.starter
    codes = pl.concat([edges["code1"], edges["code2"]]).unique()
    table = reference.ptp(codes).filter(
        pl.col("modifier_indicator") != 9,  # noqa: PLR2004 - indicator 9: never in force
        pl.col("deletion").is_null() | (pl.col("effective") != pl.col("deletion")),
    )
    days = edges.select("code1", "code2", "date").unique()
    both = pl.concat(
        [
            table.select(code1="column1", code2="column2", end="deletion", start="effective"),
            table.select(code1="column2", code2="column1", end="deletion", start="effective"),
        ]
    ).with_columns(
        forward=pl.int_range(pl.len()) < table.height,
    )
    told = (
        days.join(both, on=["code1", "code2"])
        .with_columns(now=in_force("date", "start", "end"))
        .group_by("code1", "code2", "date")
        .agg(
            listed=(pl.col("now") & pl.col("forward")).any(),
            swapped=(pl.col("now") & ~pl.col("forward")).any(),
            known=pl.lit(value=True),
        )
    )
    edges = edges.join(told, on=["code1", "code2", "date"], how="left").with_columns(
        pl.col("listed", "swapped", "known").fill_null(value=False)
    )
    asked = pl.lit(whole) | pl.col("known")
    return (
        edges.with_columns(unlisted=asked & ~pl.col("listed"))
        .filter(pl.col("listed") | ~pl.col("swapped"))
        .filter(~(pl.col("silent") & pl.col("unlisted")))
        .drop("listed", "swapped", "known")
    )


def doubts() -> pl.Expr:
    """What lowers a finding, in a sentence that begins with a blank, or nothing."""
    return pl.concat_str(
        said_when(pl.col("unlisted"), " The loaded PTP table has no such pair on that day."),
        said_when(pl.col("weak"), " The modifiers do not prove two places or encounters."),
        days_apart("1", "2"),
    )
