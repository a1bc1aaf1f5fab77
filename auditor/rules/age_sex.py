"""Codes made for an age or usual for one sex, on another patient."""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import CodePolicy, Rule, Stage, any_of

STAGE = Stage.LINES
CODES = (
    CodePolicy(
        table="age_rules",
        flag="age_ruled",
        columns=(("age_least", "min_age_years"), ("age_most", "max_age_years")),
    ),
    CodePolicy(table="sex_rules", columns=(("sex_usual", "sex"),)),
)
_VACCINE = ("90460", "90461")
"""Counseling of the young with a vaccine: VAC-5 judges its age."""
_ALL = ("medicare", "medicaid", "commercial", "unknown")


def _age() -> pl.Expr:
    """Whole years on the day of service; null without a birth date or before it."""
    birth, day = pl.col("birth"), pl.col("date")
    years = day.dt.year() - birth.dt.year()
    to_come = (day.dt.month() < birth.dt.month()) | (
        (day.dt.month() == birth.dt.month()) & (day.dt.day() < birth.dt.day())
    )
    return pl.when(birth <= day).then(years - to_come.cast(pl.Int32))


def _outside() -> pl.Expr:
    least, most = pl.col("age_least").cast(pl.Int32), pl.col("age_most").cast(pl.Int32)
    return (_age() < least).fill_null(value=False) | (_age() > most).fill_null(value=False)


def _made_for() -> pl.Expr:
    """The ages of the code in words."""
    least, most = pl.col("age_least"), pl.col("age_most")
    return (
        pl.when(most.is_null())
        .then(pl.format("from the age of {} on", least))
        .when(most == "0")
        .then(pl.lit("before the first birthday"))
        .when(least == "0")
        .then(pl.format("up to the age of {}", most))
        .otherwise(pl.format("for the ages of {} to {}", least, most))
    )


RULES = (
    Rule(
        id="AGE-1",
        name="age-conflict",
        tier="review",
        shape="line",
        precedence=99,
        denies=False,
        profiles=_ALL,
        columns=("patient_birth_date", "service_date_from"),
        tables=(),
        flags="A code made for an age (preventive visits, care of newborns, some operations) on a "
        "patient who was younger or older on the day of service.",
        why="Payers deny a code outside its ages; the code or the birth date is wrong.",
        not_flagged="Lines without a birth date, or with one after the service; vaccine counseling "
        "(90460, 90461; VAC-5).",
        remedy="Check the birth date, then report the code of the patient's age.",
        citation="CPT age ranges",
        example_flag=("99395 birth=2015-06-01",),
        example_ok=("99393 birth=2015-06-01",),
        when=lambda: pl.col("age_ruled") & ~pl.col("code").is_in(_VACCINE),
        refine=lambda _: _outside(),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "{} is a code {}; the patient was {} on {}.",
                pl.col("code"),
                _made_for(),
                _age(),
                pl.col("date"),
            ),
            "remedy": pl.lit("Check the birth date, then report the code of the patient's age."),
            "table_row": pl.format("{}: {}", pl.col("code"), _made_for()),
        },
    ),
    Rule(
        id="SEX-1",
        name="sex-conflict",
        tier="review",
        shape="line",
        precedence=99,
        denies=False,
        profiles=_ALL,
        columns=("patient_sex", "modifiers"),
        tables=(),
        amount="not determined",
        flags="A code for the organs of one sex on a patient whose record says the other.",
        why="Payers stop such a line unless KX says that it was meant; often the sex, the patient "
        "or the code was mistaken.",
        not_flagged="Lines with KX; a sex that is unknown or other. The finding never says that "
        "the service does not pay: care of transgender patients is billed this way.",
        remedy="Check patient, sex and code; if all are right, add KX where the payer wants it.",
        citation="CMS 100-04 ch. 32 s. 240 (KX and condition code 45); CPT sections",
        example_flag=("58150 sex=M",),
        example_ok=("58150 sex=F", "58150-KX sex=M"),
        when=lambda: pl.col("sex_usual").is_not_null() & ~any_of("KX"),
        refine=lambda _: (
            pl.col("patient_sex").is_in(["M", "F"]) & (pl.col("patient_sex") != pl.col("sex_usual"))
        ),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "{} is usually a service for {} patients, and the claim says {}.",
                pl.col("code"),
                pl.when(pl.col("sex_usual") == "F")
                .then(pl.lit("female"))
                .otherwise(pl.lit("male")),
                pl.when(pl.col("patient_sex") == "F")
                .then(pl.lit("female"))
                .otherwise(pl.lit("male")),
            ),
            "remedy": pl.lit(
                "Check patient, sex and code; if all are right, add KX where the payer wants it."
            ),
            "table_row": pl.format("{}: {}", pl.col("code"), pl.col("sex_usual")),
        },
    ),
)
