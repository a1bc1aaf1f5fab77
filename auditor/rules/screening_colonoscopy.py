"""Screening colonoscopies that became procedures."""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import Rule, Stage, any_of

STAGE = Stage.LINES
_THERAPEUTIC = pl.col("code").str.contains(r"^453[89][0-9]$") & pl.col("code").is_between(
    pl.lit("45380"), pl.lit("45398")
)
_SCREENING = pl.col("diagnoses").str.contains(r"^Z121[12](?: |$)")
"""Screening of colon or rectum is the first diagnosis."""
_MEDICARE = pl.col("lob") == "medicare"

RULES = (
    Rule(
        id="PT-1",
        name="screening-turned-procedure",
        tier="review",
        shape="line",
        precedence=93,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("modifiers", "diagnoses"),
        tables=(),
        amount="not determined",
        flags="A colonoscopy with biopsy, removal or another procedure (45380 to 45398) whose "
        "first diagnosis is screening (Z12.11, Z12.12), without PT (Medicare) or 33 (other "
        "payers).",
        why="The modifier says that a screening became a procedure; without it the patient is "
        "charged the deductible or coinsurance of a diagnostic test.",
        not_flagged="Surveillance or family history as the first diagnosis, which depends on the "
        "payer; PT or 33 for payers other than Medicare; lines with GX or GY.",
        remedy="Add PT for Medicare, or 33 for other payers, if the record shows a screening.",
        citation="CMS 100-04 ch. 18 s. 60; MLN MM7012 (PT)",
        example_flag=("45385 dx=Z1211+K635",),
        example_ok=("45385-PT dx=Z1211+K635", "45385 dx=K635"),
        when=lambda: (
            _THERAPEUTIC & ~any_of("PT") & ~(any_of("33") & ~_MEDICARE) & ~pl.col("has_gxgy")
        ),
        refine=lambda _: _SCREENING,
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "{} with screening as the first diagnosis carries {}.",
                pl.col("code"),
                pl.when(any_of("33"))
                .then(pl.lit("33, which Medicare does not use here, and no PT"))
                .when(_MEDICARE)
                .then(pl.lit("no PT"))
                .otherwise(pl.lit("neither PT nor 33")),
            ),
            "remedy": pl.when(_MEDICARE)
            .then(pl.lit("Add PT if the record shows a screening that became a procedure."))
            .otherwise(
                pl.lit(
                    "Add 33 (PT for Medicare) if the record shows a screening that became a "
                    "procedure."
                )
            ),
        },
    ),
)
