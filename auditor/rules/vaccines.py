"""A vaccine without its administration, and an administration without its vaccine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import INFO, REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.vaccine_lines import PRODUCT_LIKE, billed, lacking_words, together

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
CODES = (CodePolicy(table="vaccine_products", flag="vac_product"),)
_ALL = ("medicare", "medicaid", "commercial", "unknown")
_COLUMNS = ("patient_id", "service_date_from", "code")
_MASS_IMMUNIZATION = "60"
_ROSTER_BILLER = "73"
_OLD_ADMINISTRATION = r"^00\d\dA$"
"""Administration of COVID-19 vaccines until 2023, a code of its own for each product and dose."""
_FREE_VACCINES_UNTIL = 19
"""Years: the Vaccines for Children program supplies Medicaid's children."""
RULES = (
    Rule(
        id="VAC-1",
        name="vaccine-without-administration",
        tier="review",
        shape="day",
        precedence=86,
        denies=False,
        profiles=_ALL,
        columns=(*_COLUMNS, "modifiers"),
        tables=(),
        amount="not determined",
        flags="A vaccine without any vaccine administration code for the patient and day by the "
        "same group (tax id), whatever claim or payer it stands on.",
        why="The administration is a service of its own; without it the claim leaves out what was "
        "done, and some payers deny the vaccine.",
        not_flagged="Any administration code of the day by the group or by a group not known to "
        "be another; SL (supplied by the state); Medicaid patients under 19 or of unknown age, for "
        "whom states pay the administration in their own ways; facilities, which bill it "
        "themselves; mass immunization (place of service 60, specialty 73); lines the payer "
        "denied. Info where a rejected row may be the missing one.",
        remedy="Add the administration code if the record shows that the vaccine was given.",
        citation="CMS 100-04 ch. 18 s. 10; CPT code relation, by number",
        example_flag=("90686",),
        example_ok=("90686", "G0008"),
    ),
    Rule(
        id="VAC-2",
        name="administration-without-vaccine",
        tier="review",
        shape="day",
        precedence=87,
        denies=False,
        profiles=_ALL,
        columns=(*_COLUMNS, "modifiers"),
        tables=(),
        flags="A vaccine administration code without any vaccine for the patient and day by the "
        "same group (tax id), whatever claim or payer it stands on.",
        why="A payer pays the administration of a vaccine that it can see.",
        not_flagged="Any vaccine or immune globulin of the day by the group or by a group not "
        "known to be another; SL (supplied by the state); Medicaid patients under 19 or of "
        "unknown age, whose vaccines are supplied; facilities; mass immunization; lines the payer "
        "denied. Info where a rejected row may be the missing one.",
        remedy="Add the vaccine, at no charge if it was supplied; or remove the administration.",
        citation="CMS 100-04 ch. 18 s. 10; CPT code relation, by number",
        example_flag=("G0008",),
        example_ok=("90686", "G0008"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """Hits of both rules."""
    product, gives = pl.col("vac_product"), pl.col("vac_gives")
    old = pl.col("code").str.contains(_OLD_ADMINISTRATION)
    like = pl.col("code").str.contains(PRODUCT_LIKE)
    return pl.concat(
        [
            _told(state, "VAC-1", product, gives | old),
            _told(state, "VAC-2", gives, product | like),
        ]
    )


def _alone(lines: pl.DataFrame, there: pl.DataFrame, state: State) -> pl.DataFrame:
    """Lines on none of whose days their group, or who may be of it, billed one of `there`."""
    served = together(lines, there)["row"].unique()
    facility = state.batch.reference.policy("place_of_service").filter(pl.col("facility") == "1")
    elsewhere = pl.concat([facility["pos"], pl.Series([_MASS_IMMUNIZATION])])
    child = pl.col("birth").is_null() | (
        pl.col("date") < pl.col("birth").dt.offset_by(f"{_FREE_VACCINES_UNTIL}y")
    )
    supplied = pl.col("m").is_in(state.modifiers("SL").implode()) | (
        (pl.col("lob") == "medicaid") & child
    )
    left = lines.filter(
        ~pl.col("row").is_in(served.implode()),
        ~pl.col("denied"),
        ~pl.col("pos").is_in(elsewhere.implode()).fill_null(value=False),
        ~supplied,
    ).unique("row", keep="first", maintain_order=True)
    roster = [_ROSTER_BILLER, *state.options.specialties.get("mass-immunizer", ())]
    left = state.with_raw(left.drop("specialty"), "specialty")
    return left.filter(~pl.col("specialty").is_in(roster).fill_null(value=False))


def _told(state: State, rule_id: str, codes: pl.Expr, wanted: pl.Expr) -> pl.DataFrame:
    """Lines of `codes` without one of `wanted`; those of a patient, group and day are a story."""
    lines = billed(state, codes)
    if lines.is_empty():
        return no_hits()
    alone = _alone(lines, billed(state, wanted), state)
    if alone.is_empty():
        return no_hits()
    alone = state.with_facts(alone, "code").join(places(state.batch, alone["row"]), on="row")
    key = ["person", "date", "tax", "billing"]
    alone = alone.sort("place").with_columns(root=pl.col("row").first().over(key))
    product = rule_id == "VAC-1"
    return hits(
        alone,
        rule_id,
        tier=pl.when(pl.col("row").is_in(state.batch.lacking.implode()))
        .then(INFO)
        .otherwise(REVIEW),
        root=pl.col("root"),
        message=pl.format(
            "{} {} was billed on {} without any {} by the same group that day.{}",
            pl.lit("Vaccine" if product else "Administration"),
            pl.col("code"),
            pl.col("date"),
            pl.lit("administration code" if product else "vaccine"),
            lacking_words(state, "the missing one"),
        ),
        remedy=pl.lit(
            "Add the administration code if the record shows that the vaccine was given."
            if product
            else "Add the vaccine, at no charge if it was supplied to the practice (SL where the "
            "payer asks for it); or remove the administration."
        ),
        table_row=pl.format(
            "{}: {}", pl.col("code"), pl.lit("vaccine" if product else "administration")
        ),
    )
