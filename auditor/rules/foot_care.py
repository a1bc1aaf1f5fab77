"""Routine foot care: the class finding that makes it covered, and one unit a day."""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import CodePolicy, Rule, Stage, any_of
from auditor.rules.per_day import several_a_day

STAGE = Stage.LINES
CODES = (
    CodePolicy(
        table="foot_care", flag="foot_care", columns=(("foot_needs", "requires_class_finding"),)
    ),
)
_NEUROPATHY = (
    r"(?:^| )(?:A521|A3083|E0[89]4|E1[0134]4|G13[01]|G35|G6[0-5]|G990|G82|M055|M3483|Q052|Q057)"
)
"""Neuropathies and paralyses (ICD-10-CM categories) that open foot care by loss of sensation."""
_SYSTEMIC = r"(?:^| )(?:E0[89]|E1[0-3]|I70[2-7]|I73|I79|I8[0-3]|D51|N18|M05|R54)"
"""Systemic conditions of the benefit manual under which nail care is covered as routine care."""
_MYCOSIS, _COMPLAINT = r"(?:^| )B351", r"(?:^| )(?:M796|L03|R26|L600|L089)"
"""A fungal nail with pain, infection or trouble walking: a path of its own, without class."""


def _diagnoses_want_it() -> pl.Expr:
    """No neuropathy; and for nail debridement a systemic condition, and no painful fungal nail."""
    has = pl.col("diagnoses").str.contains
    painful = has(_MYCOSIS) & has(_COMPLAINT)
    return ~has(_NEUROPATHY) & ((pl.col("foot_needs") == "1") | (has(_SYSTEMIC) & ~painful))


RULES = (
    Rule(
        id="FOOT-1",
        name="missing-class-finding",
        tier="review",
        shape="line",
        precedence=92,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("modifiers", "diagnoses"),
        tables=(),
        flags="Routine foot care (11055, 11056, 11057, 11719, G0127) without Q7, Q8 or Q9; nail "
        "debridement (11720, 11721) only where a diagnosis names a systemic condition.",
        why="Medicare pays routine foot care only for a patient at risk; for most conditions the "
        "class finding shows the risk.",
        not_flagged="Lines with GA, GX, GY or GZ; claims with a neuropathy or paralysis among the "
        "diagnoses, which open the benefit by loss of sensation; nail debridement of a painful or "
        "infected fungal nail; other payers.",
        remedy="Add Q7, Q8 or Q9 if the record shows the finding.",
        citation="CMS 100-02 ch. 15 s. 290; contractor articles on routine foot care",
        example_flag=("11055 dx=L84",),
        example_ok=("11055-Q8 dx=L84",),
        when=lambda: (
            pl.col("foot_care") & ~any_of("Q7", "Q8", "Q9") & ~any_of("GA", "GX", "GY", "GZ")
        ),
        refine=lambda _: _diagnoses_want_it(),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "{} is routine foot care and the line carries no class finding (Q7, Q8, Q9).",
                pl.col("code"),
            ),
            "remedy": pl.lit(
                "Add Q7, Q8 or Q9 if the record shows the finding; where contractors ask for none, "
                "the diagnosis must say why."
            ),
            "table_row": pl.format("{}: needs a class finding", pl.col("code")),
        },
    ),
    Rule(
        id="FOOT-2",
        name="foot-care-units",
        tier="certain",
        shape="line",
        precedence=160,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("units",),
        tables=(),
        flags="More than one unit a day of 11055, 11056, 11057, 11719, 11720, 11721 or G0127 on a "
        "line.",
        why="Each of these codes counts all lesions or nails of a visit: one unit a day is the "
        "absolute limit, and all units of the line are denied.",
        not_flagged="Lines that the payer denied already; one unit for each day of a span. Where "
        "an MUE release is loaded, MUE-2 is the headline and this rule stands in its 'also'.",
        remedy="Report one unit of the code for the number of lesions or nails treated.",
        citation="CMS practitioner MUE table (value 1, adjudication indicator 2)",
        example_flag=("11721 units=2",),
        example_ok=("11721 units=1",),
        when=lambda: pl.col("foot_care"),
        refine=lambda _: several_a_day() & ~pl.col("denied"),
        says=lambda: {
            "message": pl.format(
                "{} units of {}: the code counts all lesions or nails of the visit, one unit a "
                "day.",
                (pl.col("units") / 1000).round(1).cast(pl.String).str.replace(r"\.0$", ""),
                pl.col("code"),
            ),
            "remedy": pl.lit(
                "Report one unit of the code for the number of lesions or nails treated."
            ),
            "table_row": pl.format("{}: one unit a day", pl.col("code")),
        },
    ),
)
