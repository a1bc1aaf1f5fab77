"""Which column 1 and column 2 lines of a day meet in a pair in force, and what separates them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.engine.bits import marks
from auditor.engine.order import places
from auditor.engine.policies import spread
from auditor.engine.state import business_tier
from auditor.rules.bypass import FACTS, FLAGS, NONE, strength
from auditor.rules.interface import rule_of
from auditor.rules.meeting import DOUBT, unsure

if TYPE_CHECKING:
    from auditor.engine.batch import Batch
    from auditor.engine.state import State


def pair_edges(state: State) -> pl.DataFrame:
    """One row a column 2 line and column 1 line that PTP pairs on some day.

    row1, row2, code1, code2, mods1, mods2, date, modifier_indicator, effective, deletion,
    bypass (auditor.rules.bypass), warned, chain (row1 is itself denied by a pair), unsure,
    doubt1, lob_tier, place1. Empty and without columns where no pair applies.
    """
    edges = _edges(state)
    if edges.is_empty():
        return pl.DataFrame()
    edges = _ordered(_bypass(edges, state), state)
    # A column 1 line that is itself denied by a pair does not stand (SPEC 2.8, point 4).
    denied = edges.filter(pl.col("bypass") == NONE)["row2"].unique()
    return edges.with_columns(
        chain=pl.col("row1").is_in(denied.implode()),
        hit_days=pl.col("day").n_unique().over("row2", "bypass"),
    )


def _edges(state: State) -> pl.DataFrame:
    """Every (column 1 line, column 2 line) of one day whose pair is in force on that day."""
    batch = state.batch
    pairs = batch.facts.once("pairs", lambda: _pairs(batch))
    if pairs.table.is_empty():
        return pl.DataFrame()
    lines = _candidates(state, pairs.named)
    if not batch.packs:
        lines = lines.with_columns(day=pl.col("day").rank("dense").cast(pl.Int64))
    day = pl.col("day") * batch.n_codes
    lines = lines.with_columns(at=day + pl.col("c"))
    met = _met(lines["at"], batch.n_codes, pairs)
    if met.is_empty():
        return pl.DataFrame()
    rows = pairs.table.filter(marks(pairs.n**2, met["pair"]).gather(pairs.table["pair"]))
    met = met.join(rows, on="pair").select(
        "modifier_indicator",
        "effective",
        "deletion",
        at1=day + pl.col("c1"),
        at2=day + pl.col("c2"),
    )
    there = pl.concat([met["at1"], met["at2"]]).unique().alias("at").to_frame()
    lines = lines.join(there, on="at", how="semi")
    lines = lines.with_columns(batch.facts.table["hint_never_pays"][lines["ce"]])
    ones = lines.filter("pays_as_column1").select(
        at1="at",
        row1="row",
        m1="m",
        ce1="ce",
        doubt1="hint_never_pays",
        **{f"{name}1": pl.col(name) for name in DOUBT},
    )
    twos = lines.select(
        "day",
        "date",
        "lob",
        at2="at",
        row2="row",
        m2="m",
        ce2="ce",
        days2="days",
        **{f"{name}2": pl.col(name) for name in DOUBT},
    )
    return (
        met.join(ones, on="at1")
        .join(twos, on="at2")
        .filter(
            pl.col("effective") <= pl.col("date"),
            pl.col("deletion").is_null() | (pl.col("date") <= pl.col("deletion")),
        )
    )


class _Pairs(NamedTuple):
    """The pairs of the batch's codes that are in force on some day."""

    table: pl.DataFrame
    """modifier_indicator, effective, deletion, c1, c2, pair."""
    named: pl.Series
    """By code whether some pair names it."""
    place: pl.Series
    """By code the number that it has among those that some pair names."""
    n: int
    """How many some pair names."""
    listed: pl.Series
    """By the number of a pair (`_number`) whether the table has it."""


def _pairs(batch: Batch) -> _Pairs:
    table = batch.reference.ptp(batch.facts.codes).filter(
        pl.col("modifier_indicator") != 9,  # noqa: PLR2004 - indicator 9: never in force
        pl.col("deletion").is_null() | (pl.col("effective") != pl.col("deletion")),
    )
    index = pl.Enum(batch.facts.codes)
    table = table.select(
        "modifier_indicator",
        "effective",
        "deletion",
        c1=pl.col("column1").cast(index).to_physical().cast(pl.UInt32),
        c2=pl.col("column2").cast(index).to_physical().cast(pl.UInt32),
    )
    named = marks(batch.n_codes, table["c1"], table["c2"])
    # Codes that some pair names are counted apart, so that all pairs of them fit into a field of
    # bits: of the 17,000 codes that CPT and HCPCS have, 36 MB.
    place, n = named.cast(pl.UInt32).cum_sum() - named, int(named.sum())
    number = _number(place.gather(table["c1"]), place.gather(table["c2"]), n)
    table = table.with_columns(number.alias("pair"))
    return _Pairs(table, named, place, n, marks(n * n, number))


def _candidates(state: State, named: pl.Series) -> pl.DataFrame:
    """The lines that may meet another one in a pair, day by day; `named`: codes of some pair.

    A line that is alone on its day pairs with nothing, unless lines that span days reach it.
    """
    near = pl.col("n_day") > 1
    if state.batch.has_spans:
        reached = pl.col("day").is_in(state.batch.span_days.implode())
        near = near | (pl.col("days") > 1) | reached
    lines = (
        state.lines.lazy()
        .filter(
            pl.col("day").is_not_null()
            & near
            & ~pl.col("dup")
            & (pl.col("lob") != "medicaid")
            & pl.lit(named).gather(pl.col("c"))
        )
        .select(
            "row",
            "day",
            "date",
            "days",
            "c",
            "m",
            "ce",
            "lob",
            "pays_as_column1",
            *DOUBT,
        )
        .collect()
    )
    return state.by_day(lines)


def _number(one: pl.Series, other: pl.Series, n: int) -> pl.Series:
    """The number of the pair of two out of `n`, whichever comes first."""
    low, high = pl.min_horizontal("one", "other"), pl.max_horizontal("one", "other")
    return pl.DataFrame({"one": one, "other": other}).select(low * n + high).to_series()


def _met(at: pl.Series, codes: int, known: _Pairs) -> pl.DataFrame:
    """day, pair of every two codes of one day that the table pairs in some order.

    `at`: day and code of each line, in one number (`codes` a day). Sorted, the codes of a day are
    neighbours: each is held against the next one, then against the one after it, as long as its
    day has so many.
    """
    at = at.unique().sort()
    day, p = at // codes, known.place.gather((at % codes).cast(pl.UInt32))
    found = [pl.DataFrame(schema={"day": pl.Int64, "pair": pl.UInt32})]
    first, shift = pl.int_range(len(at), dtype=pl.UInt32, eager=True), 1
    while True:
        first = first.filter(first < max(len(at) - shift, 0))
        first = first.filter(day.gather(first) == day.gather(first + shift))
        if first.is_empty():
            return pl.concat(found)
        # Places rise with codes, so the first of two is the lower one.
        pairs = p.gather(first) * known.n + p.gather(first + shift)
        listed = known.listed.gather(pairs)
        found.append(
            pl.DataFrame({"day": day.gather(first.filter(listed)), "pair": pairs.filter(listed)})
        )
        shift += 1


def _bypass(edges: pl.DataFrame, state: State) -> pl.DataFrame:
    """Add `bypass`, for the column 2 line against all lines of the column 1 code.

    A column 2 line is separated from a code if any line of the code separates it (SPEC 2.8, 8),
    and a span line is hit if any of its days is (9): the best over lines, then the worst day.
    """
    batch = state.batch
    columns = []
    for side in ("1", "2"):
        codes, mods = edges[f"ce{side}"], edges[f"m{side}"]
        for known in (
            batch.facts.table.select("code", *FACTS)[codes],
            batch.mods.select("mods", *FLAGS)[mods],
        ):
            columns += [column.alias(column.name + side) for column in known]
    edges = edges.with_columns(columns).with_columns(
        own=pl.when(pl.col("modifier_indicator") == 0).then(NONE).otherwise(strength())
    )
    edges = edges.with_columns(best=pl.col("own").max().over("row2", "day", "code1"))
    edges = edges.with_columns(bypass=pl.col("best").min().over("row2", "code1"))
    edges = edges.filter(pl.col("own") == pl.col("bypass"), pl.col("best") == pl.col("bypass"))
    return edges.with_columns(
        unsure=unsure("1", "2") | pl.col("doubt1"),
        lob_tier=business_tier(state, rule_of("PTP-0")),
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
    by_59 = edges["has_separate1"] | edges["has_separate2"]
    if not by_59.any():
        return by_59.rename("warned")
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
