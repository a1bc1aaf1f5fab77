"""Consultation codes, which Medicare does not recognise."""

from __future__ import annotations

from datetime import date

import polars as pl

from auditor.rules.interface import CodePolicy, Rule, Stage

STAGE = Stage.LINES
CODES = (
    CodePolicy(
        table="em_codes",
        flag="em_consultation",
        only=("category", ("consult_outpatient", "consult_inpatient")),
    ),
)
_SINCE = date(2010, 1, 1)
"""Medicare paid consultation codes until the end of 2009 (CMS 100-04 ch. 12 s. 30.6.10)."""
RULES = (
    Rule(
        id="EM-CONS",
        name="consultation-to-medicare",
        tier="certain",
        shape="line",
        precedence=24,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("code", "service_date_from"),
        tables=(),
        flags="A consultation code (99242-99245, 99252-99255; until 2022 also 99241 and 99251) on "
        "a Medicare line from 2010 on.",
        why="Medicare stopped recognising consultation codes on 2010-01-01; the visit is reported "
        "with the code for the place where the patient was seen.",
        not_flagged="Other payers, which may pay consultations; dates before 2010; telehealth "
        "consultations G0406-G0408 and G0425-G0427; lines with GY or GX, which ask for the "
        "denial.",
        remedy="Report the visit code for the place of service.",
        citation="CMS 100-04 ch. 12 s. 30.6.10; NCCI Policy Manual ch. XI U",
        example_flag=("99244",),
        example_ok=("99204",),
        when=lambda: pl.col("em_consultation") & ~pl.col("has_gxgy"),
        refine=lambda _: pl.col("date") >= pl.lit(_SINCE),
        says=lambda: {
            "message": pl.format(
                "Medicare does not recognise the consultation code {}.", pl.col("code")
            ),
            "remedy": pl.format("Report {} instead.", _instead()),
            "table_row": pl.format("{}: consultation", pl.col("code")),
        },
    ),
)


def _instead() -> pl.Expr:
    """The visit codes of the place of service, in words."""
    pos, inpatient = pl.col("pos"), pl.col("code") >= pl.lit("99250")
    return (
        pl.when(pos == "23")
        .then(pl.lit("an emergency department visit (99281-99285)"))
        .when(pos.is_in(["31", "32"]))
        .then(pl.lit("a nursing facility visit (99304-99310)"))
        .when((pos == "21") | inpatient)
        .then(pl.lit("a hospital visit (99221-99223, 99231-99233)"))
        .otherwise(pl.lit("an office or outpatient visit (99202-99215)"))
    )
