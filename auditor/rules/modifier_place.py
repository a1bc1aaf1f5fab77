"""Modifiers that do not fit where, or on what, they stand: TC, FS, GE and 91."""

from __future__ import annotations

from datetime import date

import polars as pl

from auditor.rules.interface import Rule, Stage, any_of

STAGE = Stage.LINES
_ALL = ("medicare", "medicaid", "commercial", "unknown")
_HOSPITAL = ("19", "21", "22", "23")
_NO_FACILITY = ("11", "12", "13", "20")
"""Office, home, assisted living, urgent care: nowhere are services 'incident to' barred there."""
_EXCEPTION = (
    *("99201", "99202", "99203", "99211", "99212", "99213"),
    *("G0402", "G0438", "G0439", "G2211"),
    # Outside metropolitan areas, for good since 2021 (CY 2021 physician fee schedule final rule).
    *("99421", "99422", "99423", "99452", "98016", "G2010", "G2012"),
)
"""The primary care exception (CMS 100-04 ch. 12 s. 100.1.1 C); G2211 goes along with a visit."""
_WIDER = (date(2020, 3, 1), date(2023, 5, 11))
"""The public health emergency, in which the exception held for all levels of visit."""
_FIVE_DIGITS = pl.col("code").str.contains(r"^[0-9]{5}$")
_LABORATORY = pl.col("code").is_between(pl.lit("80047"), pl.lit("89398"))


def _exempt_days() -> pl.Expr:
    """Days of the public health emergency."""
    return pl.col("date").is_between(pl.lit(_WIDER[0]), pl.lit(_WIDER[1]))


RULES = (
    Rule(
        id="MOD-TCPOS",
        name="technical-component-in-hospital",
        tier="review",
        shape="line",
        precedence=90,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("place_of_service", "modifiers"),
        tables=("fee-schedule",),
        flags="TC on a diagnostic service that splits (PC/TC indicator 1) in a hospital: place of "
        "service 19, 21, 22 or 23.",
        why="The technical part of a test for a hospital patient is the hospital's; Medicare pays "
        "the practitioner nothing for it.",
        not_flagged="TC outside hospitals; TC with 26 on one line (MOD-CONF); codes that do not "
        "split (MOD-26IND); other payers.",
        remedy="Correct the place of service if the patient was no hospital patient; else the "
        "hospital bills the technical part.",
        citation="CMS 100-04 ch. 13 s. 20.2.1 (technical component, hospital patients)",
        example_flag=("73030-TC-RT pos=21",),
        example_ok=("73030-TC-RT pos=11", "73030-26-RT pos=21"),
        # A line with 26 too does not say which part it asks for: MOD-CONF has it, and its remedy
        # (keep what the record supports) settles the place as well.
        when=lambda: (
            pl.col("has_tc")
            & ~pl.col("has_26")
            & pl.col("pos").is_in(_HOSPITAL)
            & (pl.col("pctc") == "1")
        ),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "{} carries TC in place of service {}, where the technical part belongs to the "
                "hospital.",
                pl.col("code"),
                pl.col("pos"),
            ),
            "remedy": pl.lit(
                "Correct the place of service if the record shows that the patient was no "
                "hospital patient; else the hospital bills the technical part."
            ),
            "kind": pl.lit("fee-schedule"),
            "release": pl.col("fee_release"),
            "table_row": pl.format(
                "{}: PC/TC indicator {}, status {}",
                pl.col("code"),
                pl.col("pctc"),
                pl.col("status"),
            ),
        },
    ),
    Rule(
        id="FS-1",
        name="shared-visit-outside-facility",
        tier="review",
        shape="line",
        precedence=91,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("place_of_service", "modifiers"),
        tables=(),
        amount="not determined",
        flags="FS (split or shared visit) with place of service 11, 12, 13 or 20.",
        why="Only visits in a facility, where services incident to a practitioner's are not paid, "
        "can be split or shared.",
        not_flagged="Hospitals, emergency departments, nursing facilities and all other places; "
        "dates before 2022, when the modifier began (MOD-FMT).",
        remedy="Correct the place of service, or bill the visit under the practitioner whose it "
        "was, without FS.",
        citation="42 CFR 415.140; CMS 100-04 ch. 12 s. 30.6.18 (split or shared visits)",
        example_flag=("99214-FS pos=11",),
        example_ok=("99233-FS pos=21", "99214 pos=11"),
        when=lambda: any_of("FS") & pl.col("pos").is_in(_NO_FACILITY),
        refine=lambda _: pl.col("date") >= pl.lit(date(2022, 1, 1)),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "FS says that {} was split or shared, which is for visits in a facility; the place "
                "of service is {}.",
                pl.col("code"),
                pl.col("pos"),
            ),
            "remedy": pl.lit(
                "Correct the place of service, or bill the visit under the practitioner who made "
                "it, without FS."
            ),
        },
    ),
    Rule(
        id="GC-1",
        name="primary-care-exception-code",
        tier="review",
        shape="line",
        precedence=92,
        denies=False,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("modifiers",),
        tables=(),
        amount="not determined",
        flags="GE (a resident alone, primary care exception) on a code outside the exception: not "
        "99202, 99203, 99211-99213, G0402, G0438 or G0439.",
        why="For any other service the teaching physician must be present, which GC says.",
        not_flagged="The codes of the exception; G2211 beside them; online and brief remote "
        "services and 99452, which it holds outside metropolitan areas; all codes from "
        "2020-03-01 to 2023-05-11, when the exception was wider; GC with GE (MOD-CONF).",
        remedy="If the record shows the teaching physician present for the key part, report GC; "
        "else the service is not the teaching physician's to bill.",
        citation="CMS 100-04 ch. 12 s. 100.1.1 C",
        example_flag=("99214-GE",),
        example_ok=("99213-GE", "99214-GC"),
        when=lambda: (
            any_of("GE") & ~any_of("GC") & ~pl.col("code").is_in(_EXCEPTION) & pl.col("form_ok")
        ),
        refine=lambda _: ~_exempt_days(),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "GE says that a resident gave {} without the teaching physician; the primary care "
                "exception does not list the code.",
                pl.col("code"),
            ),
            "remedy": pl.lit(
                "If the record shows the teaching physician present for the key part, report GC in "
                "place of GE; else the service cannot be billed."
            ),
        },
    ),
    Rule(
        id="MOD-91",
        name="repeat-test-modifier-off-laboratory",
        tier="certain",
        shape="line",
        precedence=93,
        denies=False,
        profiles=_ALL,
        columns=("modifiers",),
        tables=(),
        amount="not determined",
        flags="91 on a five-digit code outside the laboratory section (80047-89398). Codes that "
        "the fee schedule leaves to other schedules (status X) are review.",
        why="91 is for a clinical laboratory test that was repeated the same day; on another "
        "service it says nothing, and the line looks like a repeat.",
        not_flagged="Laboratory codes, by letter and of proprietary tests too.",
        remedy="If the record shows that the service was repeated report 76 or 77; else remove 91.",
        citation="NCCI Policy Manual ch. I E, N; CMS 100-04 ch. 16 s. 100.5.1",
        example_flag=("93000-91",),
        example_ok=("80048-91", "93000-76"),
        when=lambda: pl.col("has_91") & _FIVE_DIGITS & ~_LABORATORY & ~pl.col("is_lab"),
        says=lambda: {
            "tier": pl.when(pl.col("status") == "X").then(1).otherwise(0),
            "message": pl.format(
                "91 says that a laboratory test was repeated, and {} is no laboratory test.",
                pl.col("code"),
            ),
            "remedy": pl.lit(
                "If the record shows that the service was repeated report 76 or 77; else remove 91."
            ),
        },
    ),
)
