"""Who gave the anesthesia: one of AA, AD, QK, QX, QY, QZ on each line, and only one."""

from __future__ import annotations

from itertools import combinations

import polars as pl

from auditor.rules.interface import Rule, Stage, any_of

STAGE = Stage.LINES
ROLES = ("AA", "AD", "QK", "QX", "QY", "QZ")
"""Payment modifiers of anesthesia: by whom it was given, directed or supervised."""
ANESTHESIA = r"^0[01][0-9]{3}$"
"""Anesthesia codes, 00100 to 01999."""
_NOT_TIMED = ("01996", "01999")
_ROLE = r" (AA|AD|QK|QX|QY|QZ) "


def _two_roles() -> pl.Expr:
    """Two different ones; the same one twice is MOD-DUP."""
    return pl.any_horizontal([any_of(a) & any_of(b) for a, b in combinations(ROLES, 2)])


RULES = (
    Rule(
        id="ANE-1",
        name="missing-anesthesia-role",
        tier="certain",
        shape="line",
        precedence=90,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("modifiers",),
        tables=(),
        flags="An anesthesia code (00100 to 01999) without AA, AD, QK, QX, QY or QZ. 01996 and "
        "01999 are review.",
        why="The modifier says who gave or directed the anesthesia and decides between the whole "
        "and half the payment; without it Medicare cannot price the line.",
        not_flagged="Lines with GX or GY (sent to be denied); other payers.",
        remedy="Add the modifier of the practitioner's role, in the first place.",
        citation="CMS 100-04 ch. 12 s. 50 (anesthesia payment modifiers)",
        example_flag=("00840-P2 pos=22 units=60",),
        example_ok=("00840-AA-P2 pos=22 units=60",),
        when=lambda: (
            pl.col("code").str.contains(ANESTHESIA) & ~any_of(*ROLES) & ~pl.col("has_gxgy")
        ),
        says=lambda: {
            "tier": pl.when(pl.col("code").is_in(_NOT_TIMED)).then(1).otherwise(0),
            "message": pl.format(
                "{} is anesthesia and the line does not say who gave or directed it: none of AA, "
                "AD, QK, QX, QY, QZ.",
                pl.col("code"),
            ),
            "remedy": pl.lit(
                "Add the one that the record shows, in the first place: AA, AD, QK or QY for a "
                "physician, QX or QZ for a nurse anesthetist."
            ),
        },
    ),
    Rule(
        id="ANE-2",
        name="two-anesthesia-roles",
        tier="certain",
        shape="line",
        precedence=91,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("modifiers",),
        tables=(),
        flags="Two different ones of AA, AD, QK, QX, QY and QZ on one line.",
        why="Each names another role and another payment; the payer cannot price the line.",
        not_flagged="One of them with QS, G8, G9, 23, GC or a physical status (P1 to P6); the "
        "same one twice (MOD-DUP).",
        remedy="Keep the one that the record shows.",
        citation="CMS 100-04 ch. 12 s. 50 (anesthesia payment modifiers)",
        example_flag=("00840-AA-QZ pos=22 units=60",),
        example_ok=("00840-AA-P3 pos=22 units=60",),
        when=_two_roles,
        says=lambda: {
            "message": pl.format(
                "The line carries {}, which name different roles.",
                pl.col("padded")
                .str.replace_all(" ", "  ")
                .str.extract_all(_ROLE)
                .list.eval(pl.element().str.strip_chars())
                .list.unique(maintain_order=True)
                .list.join(" and "),
            ),
            "remedy": pl.lit("Keep the one that the record shows and remove the other."),
        },
    ),
)
