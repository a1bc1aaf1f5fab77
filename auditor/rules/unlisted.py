"""Unlisted and not otherwise classified codes."""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import CodePolicy, Rule, Stage

STAGE = Stage.LINES
CODES = (CodePolicy(table="unlisted", columns=(("unlisted_kind", "kind"),)),)

RULES = (
    Rule(
        id="UNL-1",
        name="unlisted-code",
        tier="review",
        shape="line",
        precedence=98,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("code",),
        tables=(),
        amount="not determined",
        flags="An unlisted CPT code or a HCPCS code for what has none of its own, without a note.",
        why="Such a code says nothing by itself: payers price it from a description, and pair "
        "edits do not cover it.",
        not_flagged="Lines or claims with a note, and drugs with an NDC, which name the service; "
        "lines that the payer paid or denied already.",
        remedy="Describe the service in the note and have the record ready; use a listed code "
        "where one fits.",
        citation="NCCI Policy Manual ch. I T",
        example_flag=("29999",),
        example_ok=("29881-RT", "J3490 note=given"),
        when=lambda: pl.col("unlisted_kind").is_not_null(),
        refine=lambda _: (
            pl.col("claim_note").is_null()
            & pl.col("ndc").is_null()
            & pl.col("paid_status").is_null()
        ),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "{} is {} and the line has no note that describes the service.",
                pl.col("code"),
                pl.when(pl.col("unlisted_kind") == "unlisted")
                .then(pl.lit("an unlisted code"))
                .otherwise(pl.lit("a code for what is not otherwise classified")),
            ),
            "remedy": pl.lit(
                "Describe the service in the claim's note and have the record ready, or report a "
                "listed code where one fits."
            ),
            "table_row": pl.format("{}: {}", pl.col("code"), pl.col("unlisted_kind")),
        },
    ),
)
