"""Visits billed with a place of service where their code is not used."""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import CodePolicy, Rule, Stage

STAGE = Stage.LINES
CODES = (CodePolicy(table="pos_rules", columns=(("em_allowed_places", "allowed_pos"),)),)
RULES = (
    Rule(
        id="EM-POS",
        name="visit-in-wrong-place",
        tier="review",
        shape="line",
        precedence=86,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("code", "place_of_service"),
        tables=(),
        flags="A visit with a place of service that its code is not used for: emergency visits "
        "elsewhere than 23, hospital visits outside a hospital, nursing facility visits outside "
        "one, home visits outside a home or residence.",
        why="Code and place say different things about where the patient was; payers deny the "
        "line or pay it at the wrong rate.",
        not_flagged="Telehealth (02 and 10); lines without a place of service; services that are "
        "not E/M.",
        remedy="Correct the place of service or the code.",
        citation="CPT setting of the code; CMS 100-04 ch. 26 s. 10.5",
        amount="not determined",
        example_flag=("99284 pos=11",),
        example_ok=("99284 pos=23",),
        when=lambda: (
            pl.col("is_em")
            & pl.col("pos").str.contains("^[0-9]{2}$")
            & ~pl.col("pos").is_in(["02", "10"])
            & ~pl.col("em_allowed_places").str.split(" ").list.contains(pl.col("pos"))
        ),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "{} is billed with place of service {}, where this code is not used.",
                pl.col("code"),
                pl.col("pos"),
            ),
            "remedy": pl.format(
                "Correct the place of service (one of {}) or the code. A registered inpatient "
                "seen elsewhere keeps the place where they are registered.",
                pl.col("em_allowed_places").str.replace_all(" ", ", "),
            ),
            "table_row": pl.format("{}: places {}", pl.col("code"), pl.col("em_allowed_places")),
        },
    ),
)
