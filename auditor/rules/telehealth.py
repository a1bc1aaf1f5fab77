"""Telehealth: modifiers and places of service that do not fit, and what cannot be remote."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.policies import in_force
from auditor.engine.state import business_tier
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.specialties import therapist

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.LINES
CODES = (
    CodePolicy(
        table="telehealth_never",
        flag="telehealth_never",
        columns=(("telehealth_unless", "unless_modifier"),),
    ),
)
_SINCE = date(2024, 1, 1)  # until then the place of the visit in person stood beside 95
_MODIFIERS = ("93", "95", "FQ", "GT")
_NO_TELEHEALTH = (
    *("98016", "G2010", "G2012", "G2250", "G2251", "G2252"),
    *("99421", "99422", "99423", "98970", "98971", "98972"),
    *("99446", "99447", "99448", "99449", "99451", "99452"),
    *("99091", "99453", "99454", "99457", "99458", "98975", "98976", "98977", "98980", "98981"),
)
"""Communication by its nature and no telehealth: its place is where the practitioner is."""
_WRONG_PLACE = Rule(
    id="TEL-1",
    name="telehealth-modifier-wrong-place",
    tier="review",
    shape="line",
    precedence=86,
    denies=False,
    profiles=("medicare",),
    review_for=("unknown",),
    columns=("modifiers", "place_of_service"),
    tables=(),
    amount="not determined",
    flags="A telehealth modifier (93, 95, GT, FQ) with a place of service other than 02 or 10, "
    "from 2024-01-01.",
    why="Since 2024 Medicare pays telehealth by place of service: 10 where the patient is at "
    "home, 02 elsewhere. The place of an office visit pays another rate.",
    not_flagged="Dates before 2024; 95 in 19 and 22 (a clinician of the hospital); 95 on therapy "
    "lines (GP, GO, GN) or by a therapist; clinics and opioid programs (50, 58, 72); "
    "check-ins, online and monitoring services, which are no telehealth; lines "
    "without a place of service; other payers.",
    remedy="Report place of service 10 or 02, or remove the modifier if the patient was there.",
    citation="CMS 100-04 ch. 12 s. 190; CY 2024 physician fee schedule final rule",
    example_flag=("99213-95 pos=11",),
    example_ok=("99213-95 pos=10", "99213 pos=11"),
)
RULES = (
    _WRONG_PLACE,
    Rule(
        id="TEL-2",
        name="service-cannot-be-remote",
        tier="review",
        shape="line",
        precedence=85,
        denies=False,
        profiles=("medicare", "medicaid", "commercial", "unknown"),
        columns=("place_of_service",),
        tables=(),
        flags="Place of service 02 or 10 (telehealth) on a procedure, on imaging without 26, on a "
        "vaccination, or on an infusion or injection.",
        why="Such a service needs the patient and the practitioner in one room; a telehealth "
        "place of service says that they were apart.",
        not_flagged="Maternity packages (59400 to 59610), which hold visits; readings with 26; "
        "visits, counseling and remote monitoring.",
        remedy="Correct the place of service, or the code.",
        citation="CMS place of service code set; CMS 100-04 ch. 12 s. 190",
        example_flag=("20610-RT pos=10",),
        example_ok=("99213 pos=10", "71046-26 pos=02"),
        when=lambda: (
            pl.col("telehealth_never")
            & pl.col("pos").is_in(["02", "10"])
            & ~(
                pl.col("padded")
                .str.contains(pl.format(" {} ", pl.col("telehealth_unless")), literal=True)
                .fill_null(value=False)
            )
        ),
        says=lambda: {
            "tier": pl.lit(1),
            "message": pl.format(
                "{} is done with the patient there, and place of service {} says telehealth.",
                pl.col("code"),
                pl.col("pos"),
            ),
            "remedy": pl.lit("Correct the place of service, or the code."),
            "table_row": pl.format("{}: not a telehealth service", pl.col("code")),
        },
    ),
)


def find(state: State) -> pl.DataFrame:
    """Hits of TEL-1; TEL-2 is a line rule."""
    never = state.batch.code_index(pl.Series(_NO_TELEHEALTH)).drop_nulls()
    lines = (
        state.lines.lazy()
        .filter(
            pl.col("m").is_in(state.modifiers(*_MODIFIERS).implode()),
            ~pl.col("c").is_in(never.implode()),
            pl.col("date") >= pl.lit(_SINCE),
            pl.col("pos").is_not_null(),
            business_tier(state, _WRONG_PLACE).is_not_null(),
        )
        .select("row", "date", "ce", "m", "pos")
        .collect()
    )
    if lines.is_empty():
        return no_hits()
    lines = state.with_raw(state.with_mods(lines, "tokens", "has_therapy"), "specialty")
    allowed = state.batch.reference.policy("telehealth_pos").select(
        "pos",
        "role",
        "modifier",
        start=pl.col("effective").str.to_date("%Y-%m-%d"),
        end=pl.col("deletion").str.to_date("%Y-%m-%d"),
    )
    tokens, modifier = pl.col("tokens"), pl.col("modifier")
    fits = (
        lines.join(allowed, on="pos")
        .filter(
            in_force("date", "start", "end"),
            (modifier == "any") | tokens.list.contains(modifier),
        )
        .select("row")
    )
    of_therapy = tokens.list.contains("95") & (pl.col("has_therapy") | therapist(state.options))
    found = state.with_facts(
        lines.filter(~of_therapy).join(fits.unique(), on="row", how="anti"), "code"
    ).with_columns(
        told=tokens.list.eval(pl.element().filter(pl.element().is_in(_MODIFIERS))).list.first()
    )
    return hits(
        found,
        _WRONG_PLACE.id,
        tier=REVIEW,
        message=pl.format(
            "{} carries the telehealth modifier {} in place of service {}; since 2024 Medicare "
            "telehealth is 02 or 10.",
            pl.col("code"),
            pl.col("told"),
            pl.col("pos"),
        ),
        remedy=pl.lit(
            "If the record shows telehealth, report 10 for a patient at home or 02 elsewhere; if "
            "the patient was there, remove the modifier."
        ),
    )
