"""Vaccine administration codes: one family a day, and the family that fits the patient's age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.restated import code_pairs, doubts, meetings

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.AFTER
CODES = (
    CodePolicy(
        table="vaccine_admin",
        flag="vac_gives",
        columns=(("vac_family", "family"), ("vac_oldest", "max_age")),
    ),
)
_OLDEST_PATIENT = 120
"""Years: a birth date further back is a stand-in for an unknown one."""
_MIXED = Rule(
    id="VAC-3",
    name="mixed-vaccine-administration",
    tier="certain",
    shape="day",
    precedence=137,
    denies=True,
    profiles=("medicare",),
    review_for=("medicaid", "commercial", "unknown"),
    columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
    tables=(),
    flags="90460 or 90461 on the day of 90471, 90472, 90473 or 90474 by the same practitioner. The "
    "code of the second family is named.",
    why="Administration with counseling and administration without it are two families, of which "
    "one day has one.",
    not_flagged="Codes of one family; other practitioners and days; G0008 to G0010 and 90480. "
    "Payers other than Medicare are review: some take the counseled and the other vaccines of one "
    "day apart. So are the add-ons 90461, 90472 and 90474, which the PTP table does not pair. "
    "Where PTP names the line this rule is in its 'also'.",
    remedy="Report all vaccines of the day with the family that the record supports.",
    citation="NCCI Policy Manual ch. XI B 13; CMS practitioner PTP table",
    example_flag=("90460", "90471"),
    example_ok=("90471", "90472"),
)
RULES = (
    _MIXED,
    Rule(
        id="VAC-5",
        name="counseled-vaccine-over-18",
        tier="review",
        shape="line",
        precedence=88,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("code", "patient_birth_date"),
        tables=(),
        flags="90460 or 90461 for a patient who has turned 19 by the date of service.",
        why="These codes are for patients through 18 years of age; older patients have 90471 to "
        "90474, or a G code of Medicare, whoever counsels them.",
        not_flagged="Patients of 18 and younger; lines without a birth date, or with one more "
        "than 120 years back.",
        remedy="Report 90471 to 90474, or the G code of Medicare; correct the birth date if it is "
        "wrong.",
        citation="CPT age range of 90460 and 90461, by number",
        example_flag=("90460 birth=1985-04-01",),
        example_ok=("90460 birth=2015-04-01",),
        when=lambda: pl.col("vac_gives") & pl.col("vac_oldest").is_not_null(),
        refine=lambda _: (
            (
                pl.col("date")
                >= pl.col("birth").dt.offset_by(
                    pl.format("{}y", pl.col("vac_oldest").cast(pl.Int32) + 1)
                )
            )
            & (pl.col("date") < pl.col("birth").dt.offset_by(f"{_OLDEST_PATIENT}y"))
        ),
        says=lambda: {
            "tier": pl.lit(REVIEW),
            "message": pl.format(
                "{} is for patients through {} years of age, and the patient was born on {}.",
                pl.col("code"),
                pl.col("vac_oldest"),
                pl.col("birth"),
            ),
            "remedy": pl.lit(
                "Report 90471 to 90474, or the G code of Medicare; correct the birth date if it "
                "is wrong."
            ),
            "table_row": pl.format("{}: through {} years", pl.col("code"), pl.col("vac_oldest")),
        },
    ),
)


def find(state: State) -> pl.DataFrame:
    """VAC-3: lines of the standard family beside the counseled one."""
    rows = state.batch.facts.rows.of("vaccine_admin").select(
        "code", "family", "role", "effective", "deletion"
    )
    counseled = rows.filter(pl.col("family") == "counseling")
    standard = rows.filter(pl.col("family") == "standard")
    if counseled.is_empty() or standard.is_empty():
        return no_hits()
    both_initial = (pl.col("role") == "initial") & (pl.col("role_") == "initial")
    policy = code_pairs(counseled, standard).select(
        "code1",
        "code2",
        "effective",
        "deletion",
        # NCCI pairs the initial codes; the add-on table lists 90460 under 90472 and 90474.
        base=pl.when(both_initial).then(CERTAIN).otherwise(REVIEW).cast(pl.UInt8),
        hard=pl.lit(value=True),
        silent=pl.lit(value=False),
        firm=pl.lit(value=False),
    )
    found = meetings(state, _MIXED, policy)
    if found.is_empty():
        return no_hits()
    return hits(
        found,
        "VAC-3",
        tier=pl.col("tier"),
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        message=pl.format(
            "{} stands beside {} on {}: one day has one family of vaccine administration codes.{}",
            pl.col("code2"),
            pl.col("code1"),
            pl.col("date"),
            doubts(),
        ),
        remedy=pl.lit(
            "Report all vaccines of the day with 90460 and 90461, or all with 90471 to 90474, as "
            "the record supports."
        ),
        table_row=pl.format("{} with {}", pl.col("code1"), pl.col("code2")),
    )
