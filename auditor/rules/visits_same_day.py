"""Two visits of one patient on one day by one practitioner, or by partners of one specialty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.engine.partners import someone_else
from auditor.engine.policies import in_force
from auditor.engine.state import business_tier
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.meeting import (
    DOUBT,
    WHO,
    by_whom,
    days_apart,
    first_each,
    join_lines,
    paying,
    said_when,
    unsure,
    with_codes,
)
from auditor.rules.same_day_pairs import same_day_pairs

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
CODES = (
    CodePolicy(
        table="em_codes",
        flag="em_preventive_visit",
        only=("category", ("preventive",)),
    ),
    CodePolicy(table="em_codes", flag="em_office_visit", only=("category", ("office",))),
)
_COLUMNS = ("patient_id", "rendering_npi", "service_date_from", "code", "modifiers")
_ALL = ("medicare", "medicaid", "commercial", "unknown")
_AGAIN = ("24", "25", "27", "57", "59", "76", "77", "XE", "XP", "XS", "XU")
"""Modifiers that say of a repeated code that it was a second visit."""
_FLAGS = ("has_25", "has_57", "has_2457")
RULES = (
    Rule(
        id="EM-DAY",
        name="visits-same-day",
        tier="certain",
        shape="day",
        precedence=101,
        denies=True,
        practitioner="group-specialty",
        profiles=_ALL,
        columns=_COLUMNS,
        tables=(),
        flags="Two E/M services of which one includes the other on the same day: two levels of "
        "one kind of visit, discharge with another visit, admission with subsequent care, a "
        "psychiatric evaluation with psychotherapy or a visit, ventilation management with a "
        "visit. By the same practitioner certain; the same code twice, or partners of one group "
        "and specialty, review.",
        why="Partners of one specialty bill visits as one physician, and these codes pay for all "
        "the care of the day.",
        not_flagged="25, 24 or 57 on either visit where a modifier may separate the two (office, "
        "home and emergency visits that are not both for a new patient); the same code twice "
        "with a modifier for a repeated service; other specialties; add-ons (99292, 99498); "
        "consultations, newborn and pediatric critical care, which PTP names.",
        remedy="Keep the visit that includes the other, at the level of the day's care.",
        citation="NCCI Policy Manual ch. XI C, J 5, U; CMS 100-04 ch. 12 s. 30.6.5, 30.6.7 B, "
        "30.6.9",
        example_flag=("99239 pos=21", "99214"),
        example_ok=("99214", "99213-25"),
    ),
    Rule(
        id="EM-PREV",
        name="problem-visit-with-preventive",
        tier="review",
        shape="day",
        precedence=103,
        denies=True,
        practitioner="group-specialty",
        profiles=("medicaid", "commercial", "unknown"),
        columns=_COLUMNS,
        tables=(),
        flags="An office visit (99202-99215) without 25 on the day of a preventive visit "
        "(99381-99397) by the same practitioner or a partner of the same group and specialty.",
        why="Payers count a problem visit into the preventive one unless 25 says that it was "
        "significant and separate.",
        not_flagged="Visits with 25 or 57; other specialties; Medicare, which does not cover "
        "99381-99397 and has no such pair (its wellness visits are PTP pairs).",
        remedy="If the record shows a significant, separate problem visit add 25; else remove it.",
        citation="CPT, preventive medicine services",
        example_flag=("99396 lob=commercial", "99213 lob=commercial"),
        example_ok=("99396 lob=commercial", "99213-25 lob=commercial"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Hits of both rules."""
    return pl.concat([_visits(state), _preventive(state)])


def _visits(state: State) -> pl.DataFrame:
    """EM-DAY: the line that is included, against the visit that stays."""
    rule = RULES[0]
    pairs = same_day_pairs(state.batch.facts, state.batch.reference)
    if pairs.is_empty():
        return no_hits()
    known = pl.concat([pairs["denied"], pairs["kept"]]).unique()
    lines = _lines(state, pl.col("code").is_in(known.implode()), "pays_as_primary")
    if lines.is_empty():
        return no_hits()
    lines = state.by_day(lines)
    # Only days with two of these lines go on: a day here is a patient's, whoever billed.
    lines = lines.filter(pl.struct("patient", "date").is_duplicated())
    if lines.is_empty():
        return no_hits()
    pays = lines.filter("pays_as_primary")
    index = pairs.select(
        pl.exclude("denied", "kept"),
        c=state.batch.code_index(pairs["denied"]),
        c_=state.batch.code_index(pairs["kept"]),
    )
    met = join_lines(lines, pays, ["patient", "date"]).join(index, on=["c", "c_"])
    met = met.filter(
        in_force("date", "effective", "deletion"),
        in_force("date", "effective_", "deletion_"),
        state.practitioner(rule.id),
    ).with_columns(
        tier=business_tier(state, rule), partner=someone_else(), twice=pl.col("c") == pl.col("c_")
    )
    if met.is_empty():
        return no_hits()
    met = _later_of_two(met, state)
    apart = (pl.col("indicator") == "1") & (pl.col("has_2457") | pl.col("has_2457_"))
    again_ = state.modifiers(*_AGAIN).implode()
    repeated = pl.col("twice") & (pl.col("m").is_in(again_) | pl.col("m_").is_in(again_))
    met = met.filter(~apart & ~repeated)
    visit_rule = (pl.col("indicator") == "1") & (pl.col("lob") != "medicare")
    met = met.with_columns(
        plan=visit_rule,
        tier=pl.when(pl.col("twice") | pl.col("partner") | unsure() | visit_rule)
        .then(pl.max_horizontal("tier", pl.lit(REVIEW)))
        .otherwise("tier"),
    )
    return _told(with_codes(state, first_each(state, met, "tier", "partner")))


def _later_of_two(met: pl.DataFrame, state: State) -> pl.DataFrame:
    """Of the same code twice the later line is the one that is flagged."""
    twice = met.filter("twice")
    if twice.is_empty():
        return met
    place = places(state.batch, pl.concat([twice["row"], twice["row_"]]))
    twice = twice.join(place, on="row").join(
        place.rename({"row": "row_", "place": "place_"}), on="row_"
    )
    later = twice.filter(pl.col("place_") < pl.col("place")).select(met.columns)
    return pl.concat([met.filter(~pl.col("twice")), later])


def _told(found: pl.DataFrame) -> pl.DataFrame:
    """EM-DAY in words."""
    keep = pl.when("twice").then(pl.lit("one of the two")).otherwise(pl.col("code_"))
    return hits(
        found,
        "EM-DAY",
        tier=pl.col("tier"),
        other=pl.col("row_"),
        other_code=pl.col("code_"),
        message=pl.format(
            "{} and {} on {} by {}: {}.{}{}",
            pl.col("code"),
            pl.col("code_"),
            pl.col("date"),
            by_whom(),
            pl.when(pl.col("twice") & (pl.col("indicator") == "1"))
            .then(pl.lit("the same visit twice a day pays only for unrelated problems"))
            .when("twice")
            .then(pl.lit("the code pays once a day"))
            .otherwise(pl.format("{} includes the care of {}", pl.col("code_"), pl.col("code"))),
            said_when(pl.col("plan"), " The plan decides whether it pays both."),
            days_apart(),
        ),
        remedy=pl.format(
            "Keep {}, at the level of all the care of the day{}.",
            keep,
            said_when(
                pl.col("indicator") == "1",
                "; if the record shows a second visit for an unrelated problem, 25 belongs on it",
            ),
        ),
        table_row=pl.col("said"),
    )


def _preventive(state: State) -> pl.DataFrame:
    """EM-PREV: the problem visit, against the preventive one."""
    rule = RULES[1]
    preventive = paying(state, _lines(state, pl.col("em_preventive_visit"), "pays_as_primary"))
    if preventive.is_empty():
        return no_hits()
    office = _lines(state, pl.col("em_office_visit"), *_FLAGS[:2]).filter(
        ~pl.col("has_25") & ~pl.col("has_57"),
        pl.col("patient").is_in(preventive["patient"].unique().implode()),
    )
    met = join_lines(state.by_day(office), preventive, ["patient", "date"])
    met = met.with_columns(tier=business_tier(state, rule), partner=someone_else()).filter(
        pl.col("tier").is_not_null(), state.practitioner(rule.id)
    )
    if met.is_empty():
        return no_hits()
    return hits(
        with_codes(state, first_each(state, met, "partner")),
        rule.id,
        tier=REVIEW,
        other=pl.col("row_"),
        other_code=pl.col("code_"),
        message=pl.format(
            "{} on {} has no 25, and {} was billed that day by {}.",
            pl.col("code"),
            pl.col("date"),
            pl.col("code_"),
            by_whom(),
        ),
        remedy=pl.lit(
            "If the record shows a significant, separate problem visit add 25; else remove it."
        ),
        table_row=pl.format("{}: preventive visit", pl.col("code_")),
    )


def _lines(state: State, codes: pl.Expr, *more: str) -> pl.DataFrame:
    """Lines of codes that satisfy `codes` and can be compared with others."""
    wanted = [*WHO, *DOUBT, "dup", "crowded", "live", "lob", "has_2457", *more]
    return state.lines_of(codes, *wanted).filter(
        pl.col("patient").is_not_null(),
        ~pl.col("dup") & ~pl.col("crowded") & pl.col("live"),
    )
