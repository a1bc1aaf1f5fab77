"""A new-patient code for a patient whom the practitioner or the group has seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.partners import one_group, someone_else
from auditor.engine.state import business_tier
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.meeting import (
    DOUBT,
    WHO,
    either_vague,
    first_each,
    join_lines,
    said_when,
    unsure_who,
    with_codes,
)
from auditor.rules.specialties import broad

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
CODES = (CodePolicy(table="em_codes", columns=(("em_category", "category"),)),)
_CATEGORY = pl.col("em_category")
_PERHAPS = (
    "advance_care",
    "cognitive",
    "counseling_preventive",
    "counseling_substance",
    "counseling_tobacco",
    "preventive_medicare",
    "telehealth_consult",
    "telemedicine_audio",
    "telemedicine_av",
    "transitional_care",
)
"""E/M services that are often, not always, face to face with the physician."""
_NOT_FACE_TO_FACE = ("26", "TC", "55", "56", "80", "81", "82", "AS")
"""A reading or its technical part; an assistant at surgery and shared aftercare prove nothing."""


def _is_new() -> pl.Expr:
    """Codes for a new patient."""
    return pl.col("is_new")


def _seen() -> pl.Expr:
    """Codes of services that prove that the patient was seen, or may have been."""
    procedure = (
        pl.col("global_days").is_in(["000", "010", "090"])
        & ~pl.col("is_em")
        & ~pl.col("is_lab")
        & ~pl.col("code").str.contains("^[78][0-9]{4}$")
    )
    solid = (pl.col("is_visit") & (_CATEGORY != "hospital_clinic")) | (_CATEGORY == "preventive")
    return solid | procedure | _CATEGORY.is_in(_PERHAPS)


RULES = (
    Rule(
        id="EM-NEW",
        name="new-patient-seen-before",
        tier="certain",
        shape="span",
        precedence=85,
        denies=False,
        practitioner="group-specialty",
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("patient_id", "rendering_npi", "service_date_from", "code"),
        tables=(),
        looks_back=1096,
        causes=_seen,
        effects=_is_new,
        flags="A new-patient code (99202-99205, 99341-99345, 92002, 92004; for other payers than "
        "Medicare also 99381-99387 and 98000-98011) less than three years after a visit, a "
        "preventive visit or a procedure with global days 000, 010 or 090 by the same "
        "practitioner (certain), or by a partner of the same group and specialty (certain for "
        "Medicare; review for others, where subspecialties count, and where the specialty says "
        "little: nurse practitioners, physician assistants, multispecialty).",
        why="A patient is new only when neither the practitioner nor a partner of the same "
        "specialty gave a face-to-face service in the three years before.",
        not_flagged="An earlier service on the same day (EM-DAY); readings (26), technical parts, "
        "imaging and laboratory; denied lines; services that need no meeting; a service exactly "
        "three years before; partners of another specialty. A partner whose specialty is unknown "
        "(their office and hospital visits only), and services that are not always face to face, "
        "are review.",
        remedy="Report the established-patient code of the level that the record supports.",
        citation="CMS 100-04 ch. 12 s. 30.6.7 A; CPT, new and established patient",
        example_flag=("99203 dos=2024-02-01 claim=C0", "99204"),
        example_ok=("99203 dos=2021-11-03 claim=C0", "99204"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Each new-patient line against the last earlier service that proves it wrong."""
    rule = RULES[0]
    new = _lines(state, _is_new(), "is_visit", "medicare", "lob").filter(
        pl.col("is_visit") | ~pl.col("medicare")
    )
    if new.is_empty():
        return no_hits()
    earlier = _lines(state, _seen(), "pays_as_primary").filter(
        "pays_as_primary",
        ~pl.col("m").is_in(state.modifiers(*_NOT_FACE_TO_FACE).implode()),
        pl.col("patient").is_in(new["patient"].unique().implode()),
    )
    met = join_lines(new, earlier, ["patient"])
    end = _end("_")
    met = met.filter(end < pl.col("date"), end > pl.col("date").dt.offset_by("-3y"))
    same = state.practitioner(rule.id)
    key = state.options.same_practitioner.get(rule.id) or rule.practitioner
    nameless = one_group() & (pl.col("specialty").is_null() | pl.col("specialty_").is_null())
    perhaps = nameless if key == "group-specialty" else pl.lit(value=False)
    met = met.with_columns(
        last=end, same=same, tier=business_tier(state, rule), partner=someone_else()
    ).filter(pl.col("same") | perhaps, pl.col("tier").is_not_null())
    met = state.with_facts(met, "em_category")
    met = state.with_facts(met.rename({"em_category": "kind"}), "em_category", at="ce_")
    met = met.filter(pl.col("same") | _one_line_of_work())
    if met.is_empty():
        return no_hits()
    met = met.with_columns(
        soft=_CATEGORY.is_in(_PERHAPS).fill_null(value=False),
        ago=(pl.col("date") - pl.col("last")).dt.total_days(),
        edge=either_vague() & (pl.col("date_") <= _end("").dt.offset_by("-3y")),
    )
    trade = state.batch.raw["specialty"][met["row"]].alias("trade")
    met = met.with_columns(trade).with_columns(
        broad=pl.col("same") & pl.col("partner") & broad("trade")
    )
    partner = pl.col("partner") & (~pl.col("medicare") | pl.col("broad"))
    weak = pl.col("soft") | ~pl.col("same") | partner | pl.col("edge") | unsure_who()
    met = met.with_columns(
        tier=pl.when(weak).then(pl.max_horizontal("tier", pl.lit(REVIEW))).otherwise("tier")
    )
    return _told(with_codes(state, first_each(state, met, "tier", "partner", "ago")))


def _end(suffix: str) -> pl.Expr:
    """The last day of a line."""
    return pl.col(f"date{suffix}") + pl.duration(days=pl.col(f"days{suffix}") - 1)


def _one_line_of_work() -> pl.Expr:
    """Nothing in the two visits says that the specialties differ.

    An eye visit beside another one, emergency or critical care, and surgery do say so.
    """
    eyes = (pl.col("kind") == "eye") == (_CATEGORY == "eye")
    elsewhere = _CATEGORY.str.contains("^(emergency|critical)")
    return (_CATEGORY.is_not_null() & eyes & ~elsewhere).fill_null(value=False)


def _lines(state: State, codes: pl.Expr, *more: str) -> pl.DataFrame:
    """Lines of codes that satisfy `codes` and can be compared with others."""
    wanted = [*WHO, *DOUBT, "dup", "crowded", "live", *more]
    return state.lines_of(codes, *wanted).filter(
        pl.col("patient").is_not_null(),
        ~pl.col("dup") & ~pl.col("crowded") & pl.col("live"),
    )


def _told(found: pl.DataFrame) -> pl.DataFrame:
    """The hits in words."""
    whom = (
        pl.when(~pl.col("partner"))
        .then(pl.lit("the same practitioner"))
        .when("same")
        .then(pl.lit("a partner of the same group and specialty"))
        .otherwise(pl.lit("another practitioner of the group"))
    )
    doubts = (
        said_when(~pl.col("same"), " The file does not say whether they share a specialty."),
        said_when(
            pl.col("broad"),
            " The specialty that they share does not tell the fields of work apart.",
        ),
        said_when(
            pl.col("same") & pl.col("partner") & ~pl.col("medicare") & ~pl.col("broad"),
            " For this payer the subspecialty counts too, which the file does not show.",
        ),
        said_when(pl.col("soft"), " That service is not always face to face."),
        said_when(
            pl.col("edge"), " The file dates the claims and not the lines; it may be longer ago."
        ),
    )
    return hits(
        found,
        "EM-NEW",
        tier=pl.col("tier"),
        other=pl.col("row_"),
        other_code=pl.col("code_"),
        message=pl.format(
            "{} on {} is for a new patient, but {} billed {} for this patient on {}, less than "
            "three years before.{}{}{}{}{}",
            pl.col("code"),
            pl.col("date"),
            whom,
            pl.col("code_"),
            pl.col("last"),
            *doubts,
        ),
        remedy=pl.lit("Report the established-patient code of the level that the record supports."),
        table_row=pl.format("{}: patient type new", pl.col("code")),
    )
