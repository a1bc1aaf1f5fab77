"""Fee schedule status codes that settle a line by themselves."""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import CodePolicy, Rule, Stage, any_of

STAGE = Stage.LINES
CODES = (CodePolicy(table="medicare_codes", columns=(("medicare_code", "use"),)),)
_FOLLOW_UP = "99024"
"""The visit within a global period: reported to be counted, so of no charge where none is known."""
_PANEL = "80050"
"""The one laboratory panel of status N; the tests that it is made of are of status X, paid by the
laboratory fee schedule (MPFS status codes)."""
TRACKING = 1
"""Cents: quality and tracking codes are reported at a charge of nothing or of one cent."""


def asks_for_payment() -> pl.Expr:
    """No credit, and a charge above that of a tracking line or one that is not known."""
    return (pl.col("charge") > TRACKING).fill_null(value=True) & ~pl.col("credit")


def _witness(status: str) -> dict[str, pl.Expr]:
    return {
        "kind": pl.lit("fee-schedule"),
        "release": pl.col("fee_release"),
        "table_row": pl.format("{}: status {}", pl.col("code"), pl.lit(status)),
    }


RULES = (
    Rule(
        id="STA-B",
        name="bundled-status",
        tier="certain",
        shape="line",
        precedence=20,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("code", "service_date_from"),
        tables=("fee-schedule",),
        flags="A line whose code has status B in the Medicare fee schedule on the date of service.",
        why="Status B: payment is always bundled into other services; Medicare never pays the "
        "line by itself, and the patient cannot be billed for it.",
        not_flagged="Tracking lines with a charge of 0; 99024 without a known charge; credits "
        "(units or charge below 0), which bill nothing; lines of commercial payers and Medicaid; "
        "dates that no loaded fee schedule covers (see Coverage).",
        remedy="Remove the line; its payment is part of the other services.",
        citation="Medicare Physician Fee Schedule, status code B (CMS 100-04 ch. 12)",
        example_flag=("99002",),
        example_ok=("99213",),
        when=lambda: pl.col("status") == "B",
        refine=lambda _: (
            (pl.col("charge").fill_null((pl.col("code") != _FOLLOW_UP).cast(pl.Int64)) != 0)
            & ~pl.col("credit")
        ),
        says=lambda: {
            "message": pl.format(
                "{} has status B in the fee schedule: it is always bundled and never paid by "
                "itself.",
                pl.col("code"),
            ),
            "remedy": pl.lit("Remove the line; its payment is part of the other services."),
            **_witness("B"),
        },
    ),
    Rule(
        id="STA-I",
        name="not-valid-for-medicare",
        tier="certain",
        shape="line",
        precedence=25,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("code", "service_date_from"),
        tables=("fee-schedule",),
        flags="A line whose code has status I in the Medicare fee schedule on the date of service.",
        why="Status I: the code is not valid for Medicare, which uses another code for the "
        "service, or none; the line is denied.",
        not_flagged="Lines at a charge of 0 or one cent (quality and tracking codes); credits "
        "(units or charge below 0); lines with GY; lines of commercial payers and Medicaid, for "
        "whom the code may be right; dates that no loaded fee schedule covers (see Coverage).",
        remedy="Report the code that Medicare takes for the service.",
        citation="Medicare Physician Fee Schedule, status code I (CMS 100-04 ch. 12)",
        example_flag=("99417",),
        example_ok=("G2212", "99417-GY"),
        when=lambda: (pl.col("status") == "I") & ~any_of("GY"),
        refine=lambda _: asks_for_payment(),
        says=lambda: {
            "message": pl.format(
                "{} has status I in the fee schedule: it is not valid for Medicare.",
                pl.col("code"),
            ),
            "remedy": pl.when(pl.col("medicare_code").is_not_null())
            .then(
                pl.format(
                    "Report what Medicare takes for it ({}), if the record supports that code; "
                    "else remove the line.",
                    pl.col("medicare_code"),
                )
            )
            .otherwise(
                pl.lit("Report the code that Medicare takes for the service, or remove the line.")
            ),
            **_witness("I"),
        },
    ),
    Rule(
        id="STA-N",
        name="not-covered-by-medicare",
        tier="review",
        shape="line",
        precedence=26,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("code", "service_date_from", "modifiers"),
        tables=("fee-schedule",),
        flags="A line whose code has status N in the Medicare fee schedule on the date of service "
        "and that does not say so (GY, GX or GZ).",
        why="Status N: Medicare does not cover the service. It is billed to Medicare only to get "
        "the denial that another payer asks for, and then carries GY.",
        not_flagged="Lines with GY, GX or GZ; lines at a charge of 0 or one cent; credits (units "
        "or charge below 0); lines of commercial payers and Medicaid; dates that no loaded fee "
        "schedule covers (see Coverage).",
        remedy="Bill the patient or the other payer; bill Medicare with GY if a denial is wanted.",
        citation="Medicare Physician Fee Schedule, status code N (CMS 100-04 ch. 12)",
        example_flag=("99396",),
        example_ok=("G0439", "99396-GY"),
        when=lambda: (pl.col("status") == "N") & ~any_of("GX", "GY", "GZ"),
        refine=lambda _: asks_for_payment(),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "{} has status N in the fee schedule: Medicare does not cover it, and the line "
                "has no GY.",
                pl.col("code"),
            ),
            "remedy": pl.when(pl.col("code").is_between(pl.lit("90476"), pl.lit("90759")))
            .then(
                pl.lit(
                    "Bill the patient's Part D plan, which may pay for a vaccine that Part B does "
                    "not cover. If a denial is wanted, bill Medicare with GY."
                )
            )
            .when(pl.col("code") == _PANEL)
            .then(
                pl.lit(
                    "Report the tests of the panel one by one (80053, 84443 and the blood count), "
                    "each where it was ordered and the record shows the need."
                )
            )
            .otherwise(
                pl.lit(
                    "Bill the patient or the payer that covers it. If a denial is wanted for "
                    "another payer, bill Medicare with GY (with GX too where a notice was given by "
                    "choice)."
                )
            ),
            **_witness("N"),
        },
    ),
)
