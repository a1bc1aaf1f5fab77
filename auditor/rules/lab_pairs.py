"""Laboratory codes of which one includes the other: panels and parts, tests of which one is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.rules.interface import Rule, Stage
from auditor.rules.restated import doubts, meetings

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.AFTER
_COLUMNS = ("patient_id", "rendering_npi", "service_date_from", "code", "modifiers")
_OTHERS = ("medicaid", "commercial", "unknown")
_PANEL = Rule(
    id="LAB-2",
    name="panel-component-with-panel",
    tier="certain",
    shape="day",
    precedence=131,
    denies=True,
    profiles=("medicare",),
    review_for=_OTHERS,
    columns=_COLUMNS,
    tables=(),
    flags="A component of a laboratory panel on the day of the panel, or a panel on the day of a "
    "panel that includes or overlaps it, by the same laboratory or practitioner, without 91, 59 "
    "or an X modifier.",
    why="The panel's code pays for its components.",
    not_flagged="Lines with 91, 59 or an X modifier; another laboratory; another day. Panels "
    "without PTP rows (80050, 80055) and payers other than Medicare are review; so is a pair that "
    "the loaded PTP table does not hold. Where PTP names the line this rule is in its 'also'.",
    remedy="Remove the component; if the record shows a repeat on a later specimen report 91.",
    citation="NCCI Policy Manual ch. X C; CMS practitioner PTP table",
    example_flag=("80053", "82947"),
    example_ok=("80053", "82947-91"),
)
_ONCE = Rule(
    id="LAB-3",
    name="one-test-of-a-group-a-day",
    tier="certain",
    shape="day",
    precedence=132,
    denies=True,
    profiles=("medicare",),
    review_for=_OTHERS,
    columns=_COLUMNS,
    tables=(),
    flags="Two of 80305, 80306 and 80307, or two of G0480 to G0483 and G0659, on one day by one "
    "laboratory; 84439 with 84436 or 84479; 85025 with 85007 or 85008; 85027 with 85008.",
    why="Drug tests are reported once a day with the one code that covers all of them; a free "
    "thyroxine replaces the indirect methods; a blood count with automated differential leaves "
    "no manual one to report.",
    not_flagged="One presumptive with one definitive drug test; 85027 with 85007; another "
    "laboratory; another day. No modifier separates these codes. Units over one are left to MUE.",
    remedy="Keep the one code that describes all of the day's tests of the group.",
    citation="NCCI Policy Manual ch. X E, G 2, H; CMS practitioner PTP table",
    example_flag=("80305", "80307"),
    example_ok=("80307", "G0480"),
)
RULES = (_PANEL, _ONCE)
_SINCE = {
    "drug_test": "Only one code of this group of drug tests is reported a day",
    "thyroid": "The two thyroid tests are alternatives",
    "blood_count": "The blood count leaves no such differential or smear to report",
}


def find(state: State) -> pl.DataFrame:
    """Hits of both rules."""
    rows = state.batch.facts.rows
    if rows.of("lab_pairs").is_empty() and rows.of("lab_panels").is_empty():
        return no_hits()
    pairs = _listed(state)
    return pl.concat([_in_panels(state, pairs), _of_groups(state, pairs)])


def _listed(state: State) -> pl.DataFrame:
    """Pairs of the policy table as auditor.rules.restated asks, with their group."""
    rows = state.batch.facts.rows.of("lab_pairs")
    return rows.select(
        "effective",
        "deletion",
        "group",
        code1="code",
        code2="column2",
        base=pl.lit(CERTAIN, pl.UInt8),
        hard=pl.col("group") != "panel",
        silent=pl.lit(value=False),
        firm=pl.lit(value=False),
    )


def _in_panels(state: State, pairs: pl.DataFrame) -> pl.DataFrame:
    """LAB-2."""
    rows = state.batch.facts.rows.of("lab_panels")
    parts = rows.select(
        "effective",
        "deletion",
        group=pl.lit("component"),
        code1="code",
        code2="component",
        # Without an indicator of PTP the membership is professional knowledge.
        base=pl.when(pl.col("indicator").is_null()).then(REVIEW).otherwise(CERTAIN).cast(pl.UInt8),
        hard=pl.lit(value=False),
        silent=pl.lit(value=False),
        firm=pl.lit(value=False),
    ).unique()
    panels = pairs.filter(pl.col("group") == "panel").select(parts.columns)
    found = meetings(state, _PANEL, pl.concat([parts, panels]))
    if found.is_empty():
        return no_hits()
    return hits(
        found,
        "LAB-2",
        tier=pl.col("tier"),
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        message=pl.format(
            "{} {} {}, which was billed too on {}.{}",
            pl.col("code2"),
            pl.when(pl.col("group") == "panel")
            .then(pl.lit("has tests in common with panel"))
            .otherwise(pl.lit("is a part of panel")),
            pl.col("code1"),
            pl.col("date"),
            doubts(),
        ),
        remedy=pl.when(pl.col("group") == "panel")
        .then(
            pl.format(
                "Remove {}; report those of its tests that {} does not include by their own codes.",
                pl.col("code2"),
                pl.col("code1"),
            )
        )
        .otherwise(
            pl.format(
                "Remove {}; if the record shows that the test was repeated on a later specimen, "
                "report 91.",
                pl.col("code2"),
            )
        ),
        table_row=pl.format("panel {}: {}", pl.col("code1"), pl.col("code2")),
    )


def _of_groups(state: State, pairs: pl.DataFrame) -> pl.DataFrame:
    """LAB-3."""
    found = meetings(state, _ONCE, pairs.filter(pl.col("group") != "panel"))
    if found.is_empty():
        return no_hits()
    return hits(
        found,
        "LAB-3",
        tier=pl.col("tier"),
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        message=pl.format(
            "{} stands beside {} on {}. {}; no modifier separates them.{}",
            pl.col("code2"),
            pl.col("code1"),
            pl.col("date"),
            pl.col("group").replace_strict(_SINCE, return_dtype=pl.String),
            doubts(),
        ),
        remedy=pl.format(
            "Remove {}; keep it in place of {} only if the record shows that it was the test done.",
            pl.col("code2"),
            pl.col("code1"),
        ),
        table_row=pl.format("{}: {} with {}", pl.col("group"), pl.col("code1"), pl.col("code2")),
    )
