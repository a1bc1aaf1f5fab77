"""Infusions and injections: one initial service an encounter; none of them in a facility."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.restated import code_pairs, doubts, meetings

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.AFTER
CODES = (CodePolicy(table="infusion", flag="inf_listed", columns=(("inf_kind", "kind"),)),)
_RANK = {"chemo_infusion": 0, "chemo_push": 1, "infusion": 2, "hydration": 3, "push": 4}
"""Initial services of a vein, column 1 first (CMS practitioner PTP 2024Q3)."""
_HOSPITAL = ("19", "21", "22", "23")
_INCIDENT_TO = "5"
"""PC/TC indicator of services incident to a physician's, not payable to one in a hospital."""
_TWO = Rule(
    id="INF-1",
    name="two-initial-infusions",
    tier="review",
    shape="day",
    precedence=136,
    denies=True,
    profiles=("medicare", "medicaid", "commercial", "unknown"),
    columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
    tables=(),
    flags="Two of the initial services 96360, 96365, 96374, 96409 and 96413 on one day by the same "
    "practitioner, without 59 or an X modifier.",
    why="An encounter has one initial service, whichever was the reason for it; the others are "
    "sequential, concurrent or additional-hour codes, unless two vascular accesses are needed.",
    not_flagged="59 or an X modifier on either line (another access or encounter); add-on codes; "
    "subcutaneous, intra-arterial and injection codes; other days and practitioners. Where PTP "
    "names the line this rule is in its 'also'.",
    remedy="Report one initial service and the others with their sequential codes; if the record "
    "shows another access or encounter report 59 or an X modifier.",
    citation="NCCI Policy Manual ch. XI N 1; CMS 100-04 ch. 12 s. 30.5",
    example_flag=("96365", "96374"),
    example_ok=("96365", "96375"),
)
RULES = (
    _TWO,
    Rule(
        id="INF-2",
        name="drug-administration-in-facility",
        tier="certain",
        shape="line",
        precedence=180,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("place_of_service",),
        tables=(),
        flags="Drug administration (96360 to 96379, 96401 to 96425, 96521 to 96523; PC/TC "
        "indicator 5) by a practitioner in place of service 19, 21, 22 or 23; 24 is review.",
        why="The facility's staff gives the drug and the facility bills it; Medicare pays such a "
        "service to a practitioner outside of a hospital only.",
        not_flagged="Offices and other places; lines with 26; injections into a lesion (96405, "
        "96406), which a practitioner performs; other payers. A code that no loaded fee schedule "
        "has on the date is review.",
        remedy="Remove the line: the facility bills it. Correct the place of service if the "
        "service was given in the practitioner's own office.",
        citation="NCCI Policy Manual ch. XI B 7; MPFS PC/TC indicator 5",
        example_flag=("96365 pos=22",),
        example_ok=("96365 pos=11",),
        when=lambda: (
            pl.col("inf_listed")
            & (pl.col("inf_kind") != "chemo_intralesional")
            & ((pl.col("pctc") == _INCIDENT_TO) | ~pl.col("fee_known"))
            & pl.col("pos").is_in([*_HOSPITAL, "24"])
            & ~pl.col("has_26")
        ),
        says=lambda: {
            "tier": pl.when((pl.col("pos") == "24") | ~pl.col("fee_known"))
            .then(REVIEW)
            .otherwise(0),
            "message": pl.format(
                "{} was given in place of service {}, where the facility's staff gives it and the "
                "facility bills it.",
                pl.col("code"),
                pl.col("pos"),
            ),
            "remedy": pl.lit(
                "Remove the line, or correct the place of service if the drug was given in the "
                "practitioner's own office."
            ),
            "kind": pl.when("fee_known").then(pl.lit("fee-schedule")),
            "release": pl.col("fee_release"),
            "table_row": pl.when("fee_known")
            .then(pl.format("{}: PC/TC indicator {}", pl.col("code"), pl.col("pctc")))
            .otherwise(pl.format("{}: drug administration", pl.col("code"))),
        },
    ),
)


def find(state: State) -> pl.DataFrame:
    """INF-1: initial services beside the one that ranks above them."""
    rows = state.batch.facts.rows.of("infusion")
    if rows.is_empty():
        return no_hits()
    rows = rows.filter(pl.col("role") == "initial", pl.col("kind").is_in([*_RANK])).select(
        "code",
        "effective",
        "deletion",
        rank=pl.col("kind").replace_strict(_RANK, return_dtype=pl.Int8),
    )
    if rows.is_empty():
        return no_hits()
    policy = (
        code_pairs(rows, rows)
        .filter(pl.col("rank") < pl.col("rank_"))
        .select(
            "code1",
            "code2",
            "effective",
            "deletion",
            base=pl.lit(REVIEW, pl.UInt8),
            hard=pl.lit(value=False),
            silent=pl.lit(value=False),
            firm=pl.lit(value=False),
        )
    )
    found = meetings(state, _TWO, policy)
    if found.is_empty():
        return no_hits()
    return hits(
        found,
        "INF-1",
        tier=pl.col("tier"),
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        message=pl.format(
            "{} and {} are both initial services, on {}; an encounter has one.{}",
            pl.col("code2"),
            pl.col("code1"),
            pl.col("date"),
            doubts(),
        ),
        remedy=pl.format(
            "Report {} with the sequential, concurrent or additional-hour code that the record "
            "supports; if it shows another vascular access or encounter report 59 or an X "
            "modifier.",
            pl.col("code2"),
        ),
        table_row=pl.format("initial services: {}, {}", pl.col("code1"), pl.col("code2")),
    )
