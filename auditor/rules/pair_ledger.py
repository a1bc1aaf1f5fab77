"""The pairs of indicator 1 that met, and what separates each: what rates of bypasses rest on.

The findings of PTP-BYP name a column 2 line once, however many codes it is separated from, and a
line that a stronger rule denies does not head a finding of PTP-1. Neither can be counted for a
rate, so the pairs themselves are handed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.modifiers import ANATOMIC, SEPARATE
from auditor.rules.bypass import EITHER_LINE, NONE, WEAK

if TYPE_CHECKING:
    from auditor.engine.state import State

_VISIT, _LATER, _LAB = ("24", "25", "57"), ("58", "78", "79"), ("91",)
_KINDS = {"visit": _VISIT, "apart": SEPARATE, "later": _LATER, "lab": _LAB, "sides": ANATOMIC}
"""Modifiers by what they say, in the order in which the bypass test asks for them."""


def met(pairs: pl.DataFrame, state: State) -> pl.DataFrame:
    """One row a column 2 line and column 1 code of indicator 1, as schemas.SeparablePairs has them.

    `pairs` are edges of auditor.rules.pair_edges, one for each column 2 line and column 1 code.
    """
    counted = _counted(pairs, state)
    on1, on2 = _first_kind()
    return counted.select(
        row="row2",
        other="row1",
        separated=pl.col("bypass") > NONE,
        weak=(pl.col("bypass") == WEAK) | ((pl.col("bypass") > NONE) & pl.col("warned")),
        on_column1=pl.when(pl.col("bypass") > NONE).then(on1).otherwise(pl.lit("")),
        on_column2=pl.when(pl.col("bypass") > NONE).then(on2).otherwise(pl.lit("")),
    ).sort("row", "other")


def _counted(pairs: pl.DataFrame, state: State) -> pl.DataFrame:
    """`pairs` with the modifiers of each kind that the bypass test counts on each line.

    What counts where is SPEC 4.2, as auditor.rules.bypass.strength asks for it.
    """
    tokens = pl.col("tokens")
    texts = state.batch.mods.select(
        tokens.list.eval(pl.element().filter(pl.element().is_in(list(names))))
        .list.join(" ")
        .alias(kind)
        for kind, names in _KINDS.items()
    )
    held = [
        texts[kind][pairs[f"m{side}"]].alias(f"{kind}{side}") for kind in _KINDS for side in "12"
    ]
    visit1, visit2 = pl.col("is_visit1"), pl.col("is_visit2")
    soft = pl.col("is_soft1") | pl.col("is_soft2")
    procedures = ~(soft | visit1 | visit2)
    labs = pl.col("is_lab1") & pl.col("is_lab2")
    counts = {
        "visit1": soft | visit1,
        "visit2": soft | visit2,
        "apart1": pl.when(procedures)
        .then(pl.col("date") >= EITHER_LINE)
        .otherwise(soft | ~(visit1 & visit2)),
        "apart2": soft | ~(visit1 & visit2),
        "later1": procedures,
        "later2": procedures,
        "lab1": pl.lit(value=False),
        "lab2": procedures & labs,
        "sides1": procedures,
        "sides2": procedures,
    }
    return pairs.with_columns(held).with_columns(
        pl.when(when).then(pl.col(name)).otherwise(pl.lit("")).alias(name)
        for name, when in counts.items()
    )


def _first_kind() -> list[pl.Expr]:
    """For each of the two lines the modifiers of the first kind that either line has."""
    texts = []
    for side in "12":
        told = pl.lit("")
        for kind in reversed(_KINDS):
            there = (pl.col(f"{kind}1") != "") | (pl.col(f"{kind}2") != "")
            told = pl.when(there).then(pl.col(f"{kind}{side}")).otherwise(told)
        texts.append(told)
    return texts
