"""Injectable drugs in an office without anything that gave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.partners import KEYS, others, strangers
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
_OFFICES = ("11", "20", "49", "50", "72")
_NOT_INJECTED = (
    *(("J0571", "J0575"), ("J0601", "J0605"), ("J0607", "J0609"), ("J0615", "J0615")),
    *(("J0750", "J0752"), ("J0799", "J0799"), ("J0889", "J0889"), ("J0901", "J0901")),
    *(("J1105", "J1105"), ("J1202", "J1202"), ("J1811", "J1811"), ("J1813", "J1813")),
    *(("J1817", "J1817"), ("J2062", "J2062"), ("J2545", "J2545"), ("J3401", "J3401")),
    *(("J3530", "J3530"), ("J3535", "J3535")),
)
"""Swallowed, inhaled, put on the skin or into a pump, by the HCPCS release of October 2025."""
_DRUG = (
    pl.col("code").str.contains(r"^J[0-39][0-9]{3}$|^Q51[0-9]{2}$")
    & (pl.col("code") >= "J0120")
    & ~pl.col("code").is_between(pl.lit("J3591"), pl.lit("J8999"))
    & ~pl.any_horizontal(
        [pl.col("code").is_between(pl.lit(low), pl.lit(high)) for low, high in _NOT_INJECTED]
    )
)
"""J0120 to J3590, J9000 to J9999 and Q51xx (biosimilars)."""
_PRODUCTS = (("90281", "90399"), ("90476", "90759"), ("99000", "99091"))
_DRAWS = ("36415", "36416")
_RULE = Rule(
    id="DRG-4",
    name="drug-without-administration",
    tier="review",
    shape="day",
    precedence=96,
    denies=False,
    profiles=("medicare", "medicaid", "commercial", "unknown"),
    columns=("patient_id", "service_date_from", "code", "place_of_service", "modifiers"),
    tables=(),
    amount="not determined",
    flags="An injectable drug (J0120 to J3590, J9000 to J9999, Q51xx) in an office or clinic (11, "
    "20, 49, 50, 72), and nothing by the group for the patient that day that could have given it: "
    "only visits, laboratory, draws, drugs or supplies, or nothing.",
    why="A drug that the practice gave comes with an injection, infusion or procedure; without "
    "one it may have been dispensed, given elsewhere, or its administration not billed.",
    not_flagged="Any injection, infusion, vaccination, operation, scope, imaging, test or therapy "
    "of the group that day; inhaled and oral drugs (J7, J8, and such as J0571 to J0575 and J2545); "
    "implants (J7); a clinic's encounter (T1015); home and hospital; waste (JW); lines with GX or "
    "GY or a charge of 0; patients who are placeholders.",
    remedy="Bill the administration if the record shows it, or correct the drug line.",
    citation="NCCI Policy Manual ch. XI N; CMS 100-04 ch. 12 s. 30.5, ch. 17",
    example_flag=("J3301 units=4",),
    example_ok=("J3301 units=4", "20610-RT"),
)
RULES = (_RULE,)


def _may_give() -> pl.Expr:
    """A service that may have given the drug: no visit, laboratory, draw, product or supply."""
    product = [pl.col("code").is_between(pl.lit(a), pl.lit(b)) for a, b in _PRODUCTS]
    return (
        pl.col("code").str.contains(
            r"^[0-9]{4}[0-9T]$|^[GMS][0-9]{4}$|^Q008[0-5]$|^T1(?:015|50[23])$"
        )
        & ~pl.col("is_em")
        & ~pl.col("is_lab")
        & ~pl.any_horizontal(product)
        & ~pl.col("code").is_in(_DRAWS)
    )


def find(state: State) -> pl.DataFrame:
    """Drug lines of patient-days on which nothing gave them."""
    columns = ("row", "day", "date", "days", "c", "ce", "patient", "dup", "live", *KEYS)
    drugs = state.lines_of(_DRUG, *columns, "pos", "charge", "has_jw", "has_gxgy").filter(
        pl.col("patient").is_not_null(),
        ~pl.col("dup") & pl.col("live"),
        pl.col("pos").is_in(_OFFICES),
        ~pl.col("has_jw") & ~pl.col("has_gxgy"),
        (pl.col("charge") != 0).fill_null(value=True),
    )
    if drugs.is_empty():
        return no_hits()
    given = state.lines_of(_may_give(), *columns).filter(
        ~pl.col("dup") & pl.col("live"),
        pl.col("patient").is_in(drugs["patient"].unique().implode()),
    )
    days = state.by_day(drugs)
    # Who bills that day, once each: a patient-day of many lines must not meet itself.
    who = ["patient", "date", *KEYS]
    there = others(state.by_day(given), patient="patient", date="date").unique()
    met = days.select(who).unique().join(there, on=["patient", "date"]).filter(~strangers())
    excused = days.join(met.select(who).unique(), on=who, how="semi", nulls_equal=True)
    found = state.with_facts(drugs.join(excused.select("row"), on="row", how="anti"), "code")
    lacking = pl.col("row").is_in(state.batch.lacking.implode())
    return hits(
        found,
        _RULE.id,
        tier=REVIEW,
        message=pl.format(
            "{} on {} in place of service {}, and no line of the group that day that gave it.{}",
            pl.col("code"),
            pl.col("date"),
            pl.col("pos"),
            pl.when(lacking)
            .then(pl.lit(" A rejected line of this patient-day or claim may have."))
            .otherwise(pl.lit("")),
        ),
        remedy=pl.lit(
            "Bill the administration if the record shows it, or correct the drug line; one on "
            "another claim or by another group is not in this file."
        ),
    )
