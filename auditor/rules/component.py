"""Professional and technical component: 26 missing in a facility, 26 or TC where none applies.

Codes of the technical part, or of both parts, that no modifier splits are looked at in a facility.
"""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import Rule, Stage

STAGE = Stage.LINES
_SPLITS = pl.col("pctc") == "1"
_NO_COMPONENT = ~pl.col("has_26") & ~pl.col("has_tc")
_UNSPLIT = {"3": "as a technical part alone", "4": "as both parts of a test in one code"}
"""PC/TC indicator -> how the fee schedule has codes that contain the technical part and take
neither 26 nor TC; 1 is judged by MOD-26POS, 5 by INF-2."""


def _wrong_component() -> pl.Expr:
    """26 where the code does not split and has no reading row; TC where it does not split."""
    wrong_26 = pl.col("has_26") & ~_SPLITS & ~pl.col("reads_6")
    wrong_tc = pl.col("has_tc") & ~_SPLITS
    return pl.col("fee_known") & (wrong_26 | wrong_tc)


def _witness() -> dict[str, pl.Expr]:
    return {
        "kind": pl.lit("fee-schedule"),
        "release": pl.col("fee_release"),
        "table_row": pl.format(
            "{}: PC/TC indicator {}, status {}", pl.col("code"), pl.col("pctc"), pl.col("status")
        ),
    }


RULES = (
    Rule(
        id="MOD-26POS",
        name="missing-professional-component",
        tier="certain",
        shape="line",
        precedence=90,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("place_of_service", "modifiers"),
        tables=("fee-schedule",),
        amount="not determined",
        flags="A diagnostic service that splits (PC/TC indicator 1), billed without 26 or TC in a "
        "place of service where the facility owns the technical part: 19 21 22 23 51 52 61 "
        "(certain); 24 26 31 34 53 56 (review).",
        why="In a facility Medicare pays the practitioner the professional component only; the "
        "global service there is denied or overpaid.",
        not_flagged="Offices and other non-facility places; codes with another PC/TC indicator; "
        "status N; lines that carry 26 or TC; other payers.",
        remedy="Report the code with 26 if the practitioner only read the study.",
        citation="CMS 100-04 ch. 13 (technical component in a facility); MPFS PC/TC indicator",
        example_flag=("73030 pos=22",),
        example_ok=("73030-26-RT pos=22", "73030-RT pos=11"),
        when=lambda: (
            _SPLITS
            & _NO_COMPONENT
            & pl.col("facility_bills").is_not_null()
            & (pl.col("status") != "N")
        ),
        says=lambda: {
            "tier": pl.when(pl.col("facility_bills") == "review").then(1).otherwise(0),
            "message": pl.format(
                "{} splits into a professional and a technical part. In place of service {} the "
                "facility bills the technical part, and the line has neither 26 nor TC.",
                pl.col("code"),
                pl.col("pos"),
            ),
            "remedy": pl.format(
                "Report {}-26 if the practitioner only read the study; keep it global only where "
                "the practitioner owns the equipment there.",
                pl.col("code"),
            ),
            **_witness(),
        },
    ),
    Rule(
        id="MOD-26IND",
        name="component-not-allowed",
        tier="certain",
        shape="line",
        precedence=91,
        denies=False,
        profiles=("medicare",),
        review_for=("medicaid", "commercial", "unknown"),
        columns=("modifiers",),
        tables=("fee-schedule",),
        flags="26 or TC on a code that does not split: 26 where the PC/TC indicator is not 1 and "
        "the fee schedule has no 26 row of indicator 6; TC where the indicator is not 1.",
        why="The modifier asks for a part that the fee schedule does not price; the line is "
        "denied as an invalid procedure and modifier combination.",
        not_flagged="Codes of indicator 1; 26 on laboratory codes with a physician's "
        "interpretation (indicator 6); codes that no loaded fee schedule has on the date. Status C "
        "or X, indicator 9 and other payers are review.",
        remedy="Remove the modifier, or report the code for the component.",
        citation="Medicare Physician Fee Schedule, PC/TC indicator (CMS 100-04 ch. 23)",
        example_flag=("93010-26",),
        example_ok=("73030-26", "84165-26"),
        when=_wrong_component,
        says=lambda: {
            "tier": pl.when(pl.col("status").is_in(["C", "X"]) | (pl.col("pctc") == "9"))
            .then(1)
            .otherwise(0),
            "message": pl.format(
                "{} does not apply to {}: its PC/TC indicator is {}.",
                pl.when(pl.col("has_26") & pl.col("has_tc"))
                .then(pl.lit("26 and TC"))
                .when("has_26")
                .then(pl.lit("26"))
                .otherwise(pl.lit("TC")),
                pl.col("code"),
                pl.col("pctc"),
            ),
            "remedy": pl.lit("Remove the modifier, or report the code for that component."),
            **_witness(),
        },
    ),
    Rule(
        id="TC-1",
        name="technical-test-in-facility",
        tier="review",
        shape="line",
        precedence=92,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("place_of_service", "modifiers"),
        tables=("fee-schedule",),
        amount="not determined",
        flags="A code that is the technical part of a test alone (PC/TC indicator 3) or both parts "
        "in one code (4), in place of service 19, 21, 22, 23, 51, 52 or 61.",
        why="The equipment and staff there are the facility's, and Medicare pays the facility for "
        "them; a practitioner is paid for the reading alone, which has a code of its own.",
        not_flagged="Offices and other places; codes that 26 and TC split (MOD-26POS, MOD-TCPOS); "
        "lines with 26 or TC (MOD-26IND); codes of another status than A; other payers.",
        remedy="Report the code of the reading, where there is one and the practitioner read the "
        "test; else remove the line: the facility bills the technical part. Correct the place of "
        "service if the patient was none of the facility's.",
        citation="MPFS PC/TC indicator (CMS 100-04 ch. 23); 42 CFR 411.15(m) (services to hospital "
        "patients); CMS 100-04 ch. 13 s. 20.2.1; CMS recovery audit topic 0123",
        example_flag=("93000 pos=22",),
        example_ok=("93000 pos=11", "93010 pos=22"),
        when=lambda: (
            pl.col("pctc").is_in([*_UNSPLIT])
            & (pl.col("status") == "A")
            & _NO_COMPONENT
            & (pl.col("facility_bills") == "certain")
        ),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "The fee schedule has {} {} (PC/TC indicator {}), and in place of service {} the "
                "technical part is the facility's.",
                pl.col("code"),
                pl.col("pctc").replace_strict(_UNSPLIT, default=None, return_dtype=pl.String),
                pl.col("pctc"),
                pl.col("pos"),
            ),
            "remedy": pl.lit(
                "If the practitioner read the test report the code of the reading, where there is "
                "one; else remove the line. Correct the place of service if the record shows that "
                "the patient was none of the facility's."
            ),
            **_witness(),
        },
    ),
)
