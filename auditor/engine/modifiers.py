"""What is true of a line's modifiers, worked out once per distinct combination.

A million lines hold a few hundred combinations, so every test on modifiers is made on the table
of combinations and gathered to the lines by its index.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from auditor.reference.interface import Reference

SEPARATE = ("59", "XE", "XS", "XP", "XU")
"""59 and the X modifiers: a distinct procedural service (NCCI manual I.E)."""
_SIDES = {
    "LT": ("L", ""),
    "RT": ("R", ""),
    "50": ("B", ""),
    **{m: ("L", m) for m in ("FA", "F1", "F2", "F3", "F4", "TA", "T1", "T2", "T3", "T4")},
    **{m: ("R", m) for m in ("F5", "F6", "F7", "F8", "F9", "T5", "T6", "T7", "T8", "T9")},
    **{m: ("L", m) for m in ("E1", "E2")},
    **{m: ("R", m) for m in ("E3", "E4")},
    **{m: ("V", m) for m in ("LC", "LD", "LM", "RC", "RI")},
}
"""Anatomic modifiers as (side, part); V: a named coronary vessel (SPEC 4.2)."""
ANATOMIC = tuple(m for m in _SIDES if m != "50")
_BIT = {m: 1 << n for n, m in enumerate(_SIDES)}


def _apart(a: str, b: str) -> bool:
    """True when two anatomic modifiers name places that cannot be the same."""
    (side_a, part_a), (side_b, part_b) = _SIDES[a], _SIDES[b]
    if "V" in (side_a, side_b):
        return side_a == side_b and part_a != part_b
    if "B" in (side_a, side_b):
        return False
    if side_a != side_b:
        return True
    return bool(part_a and part_b and part_a != part_b)


_OVERLAP = {m: sum(_BIT[n] for n in _SIDES if not _apart(m, n)) for m in _SIDES}


def one_of(*names: str) -> pl.Expr:
    """The combination (`tokens`) holds one of the modifiers `names`."""
    return pl.col("tokens").list.eval(pl.element().is_in(list(names))).list.any()


def combinations(modifiers: pl.Series, reference: Reference) -> pl.DataFrame:
    """One row a distinct combination of `modifiers` (space-joined text), in the series' order.

    Columns: mods (text), flags named has_26 and so on, anatomic (bit set of anatomic modifiers
    that may bypass), places (bit set with 50), overlaps (bit set of what they may coincide
    with), sorted_mods (the set of modifiers as text), repeated (a modifier that stands twice, or
    null), conflict_* (the first conflicting pair and its reason and severity, or null).
    """
    table = modifiers.to_frame("mods").with_columns(
        tokens=pl.when(pl.col("mods") == "").then([]).otherwise(pl.col("mods").str.split(" "))
    )
    tokens = pl.col("tokens")

    def bits(mask: dict[str, int]) -> pl.Expr:
        value = pl.element().replace_strict(mask, default=0, return_dtype=pl.Int64)
        return tokens.list.eval(value).list.eval(pl.element().bitwise_or()).list.first()

    table = table.with_columns(
        has_24=one_of("24"),
        has_25=one_of("25"),
        has_57=one_of("57"),
        has_2457=one_of("24", "25", "57"),
        has_26=one_of("26"),
        has_tc=one_of("TC"),
        has_50=one_of("50"),
        has_51=one_of("51"),
        has_5879=one_of("58", "78", "79"),
        has_91=one_of("91"),
        has_separate=one_of(*SEPARATE),
        has_repeat=one_of("76", "77", "91", *SEPARATE),
        has_jw=one_of("JW"),
        has_gxgy=one_of("GX", "GY"),
        has_therapy=one_of("GP", "GO", "GN"),
        component=pl.when(one_of("26"))
        .then(1)
        .when(one_of("TC"))
        .then(2)
        .otherwise(0)
        .cast(pl.UInt8),
        anatomic=bits({m: _BIT[m] for m in ANATOMIC}).fill_null(0),
        places=bits(_BIT).fill_null(0),
        overlaps=bits(_OVERLAP).fill_null(0),
        # Each once: a modifier written twice (MOD-DUP) says no more of the service.
        sorted_mods=tokens.list.unique().list.sort().list.join(" "),
        repeated=tokens.list.eval(pl.element().filter(pl.element().is_duplicated())).list.first(),
    )
    return _conflicts(table, reference)


def _conflicts(table: pl.DataFrame, reference: Reference) -> pl.DataFrame:
    """Add conflict_a, conflict_b, conflict_reason, conflict_tier: the worst pair of each row."""
    policy = reference.policy("modifier_conflicts").select(
        "modifier_a", "modifier_b", "severity", "business", "reason"
    )
    long = (
        table.select("mods", "tokens")
        .explode("tokens", empty_as_null=False)
        .rename({"tokens": "token"})
        .unique()
    )
    pairs = (
        long.rename({"token": "modifier_a"})
        .join(policy, on="modifier_a")
        .join(long.rename({"token": "modifier_b"}), on=["mods", "modifier_b"], how="semi")
        .sort("mods", "severity", "modifier_a", "modifier_b")  # certain before review
        .unique("mods", keep="first", maintain_order=True)
    )
    table = table.join(
        pairs.select(
            "mods",
            conflict_a="modifier_a",
            conflict_b="modifier_b",
            conflict_reason="reason",
            conflict_tier="severity",
            conflict_business="business",
        ),
        on="mods",
        how="left",
        maintain_order="left",
    )
    return table.with_columns(
        has_repeated=pl.col("repeated").is_not_null(),
        has_conflict=pl.col("conflict_a").is_not_null(),
    )
