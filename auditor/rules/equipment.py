"""Durable medical equipment that does not say whether it was bought or rented."""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import CodePolicy, Rule, Stage, any_of

STAGE = Stage.LINES
CODES = (
    CodePolicy(
        table="dme_rental", flag="dme_priced", columns=(("dme_category", "payment_category"),)
    ),
)
_TOLD = ("NU", "RR", "UE", "NR", "LL", "RA", "RB", "MS", "KR")
"""Bought, rented, used; and lease, replacement, repair, maintenance, which say it in their way."""
_NOT_COVERED = ("GY", "GZ")
_WORDS = {
    "inexpensive": "bought new (NU), bought used (UE) or rented (RR)",
    "capped_rental": "rented (RR), or bought where that was chosen (NU, UE)",
    "frequently_serviced": "rented (RR)",
    "oxygen": "rented (RR)",
}
RULES = (
    Rule(
        id="DME-1",
        name="rental-or-purchase-missing",
        tier="review",
        shape="line",
        precedence=97,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("code", "modifiers"),
        tables=(),
        amount="not determined",
        flags="Equipment of the payment categories inexpensive, capped rental, oxygen or "
        "frequently serviced without NU, RR or UE.",
        why="The price depends on whether the item was bought new, bought used or rented; without "
        "the modifier the line is returned.",
        not_flagged="Lines with NR, LL, KR, RA, RB or MS, which say it in their way; lines with GY "
        "or GZ, sent to be denied; supplies, orthotics and other categories.",
        remedy="Add NU, RR or UE, whichever the delivery record shows.",
        citation="CMS 100-04 ch. 20 s. 30, 130; HCPCS pricing indicators (payment categories)",
        example_flag=("E0601",),
        example_ok=("E0601-RR", "E0100-NU"),
        when=lambda: pl.col("dme_priced") & ~any_of(*_TOLD) & ~any_of(*_NOT_COVERED),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "{} does not say whether it was bought or rented; equipment of its payment "
                "category ({}) is {}.",
                pl.col("code"),
                pl.col("dme_category").str.replace("_", " "),
                pl.col("dme_category").replace_strict(_WORDS, default="", return_dtype=pl.String),
            ),
            "remedy": pl.lit("Add NU, RR or UE, whichever the delivery record shows."),
            "table_row": pl.format(
                "{}: payment category {}", pl.col("code"), pl.col("dme_category")
            ),
        },
    ),
)
