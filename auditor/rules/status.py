"""Fee schedule status codes that settle a line by themselves."""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import Rule, Stage

STAGE = Stage.LINES
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
        not_flagged="Tracking lines with a charge of 0; lines of commercial payers and Medicaid; "
        "dates that no loaded fee schedule covers (see Coverage).",
        remedy="Remove the line; its payment is part of the other services.",
        citation="Medicare Physician Fee Schedule, status code B (CMS 100-04 ch. 12)",
        example_flag=("99002",),
        example_ok=("99213",),
        when=lambda: pl.col("status") == "B",
        refine=lambda _: pl.col("charge").fill_null(1) != 0,
        says=lambda: {
            "message": pl.format(
                "{} has status B in the fee schedule: it is always bundled and never paid by "
                "itself.",
                pl.col("code"),
            ),
            "remedy": pl.lit("Remove the line; its payment is part of the other services."),
            "kind": pl.lit("fee-schedule"),
            "release": pl.col("fee_release"),
            "table_row": pl.format("{}: status B", pl.col("code")),
        },
    ),
)
