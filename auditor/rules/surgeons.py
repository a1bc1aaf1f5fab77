"""Assistants, co-surgeons and teams: what the fee schedule allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.engine.modifiers import SEPARATE
from auditor.engine.order import places
from auditor.engine.state import business_tier
from auditor.rules.interface import Rule, Stage, any_of

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
_ASSISTANTS = ("80", "81", "82", "AS")
_OTHER_ROLE = (*_ASSISTANTS, "62", "66", "54", "55", "56", "58", "78", "79", "76", "77", *SEPARATE)
"""With one of these the other practitioner's line is no claim to the whole surgery."""
_ASSISTANT_SAYS = {
    "0": "Medicare pays one only when the record shows the need (indicator 0)",
    "1": "Medicare does not pay one (indicator 1)",
    "9": "the idea of an assistant does not apply to it (indicator 9)",
}
RULES = (
    Rule(
        id="MOD-AST",
        name="assistant-not-payable",
        tier="certain",
        shape="line",
        precedence=150,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("modifiers",),
        tables=("fee-schedule",),
        flags="An assistant at surgery (80, 81, 82 or AS) on a code whose assistant indicator is 1 "
        "(certain), or 0 or 9 (review).",
        why="Indicator 1 is a restriction by statute: the assistant is not paid. Indicator 0 asks "
        "for documents that show the need, and 9 means that the code is no surgery.",
        not_flagged="Codes of indicator 2; codes that no loaded fee schedule has on the date; "
        "other payers.",
        remedy="Remove the assistant's line; for indicator 0 send the operative note.",
        citation="MPFS assistant at surgery indicator; CMS 100-04 ch. 12 s. 20.4.3",
        example_flag=("45378-80 pos=22",),
        example_ok=("27447-80-RT pos=22", "45378 pos=22"),
        when=lambda: any_of(*_ASSISTANTS) & pl.col("assistant").is_in([*_ASSISTANT_SAYS]),
        says=lambda: {
            "tier": pl.when(pl.col("assistant") == "1").then(0).otherwise(1),
            "message": pl.format(
                "{} is billed for an assistant at surgery; {}.",
                pl.col("code"),
                pl.col("assistant").replace_strict(
                    _ASSISTANT_SAYS, default="", return_dtype=pl.String
                ),
            ),
            "remedy": pl.when(pl.col("assistant") == "0")
            .then(
                pl.lit("Send the operative note that shows the need for one, or remove the line.")
            )
            .otherwise(pl.lit("Remove the assistant's line, or correct the code or modifier.")),
            "kind": pl.lit("fee-schedule"),
            "release": pl.col("fee_release"),
            "table_row": pl.format(
                "{}: assistant at surgery indicator {}", pl.col("code"), pl.col("assistant")
            ),
        },
    ),
    Rule(
        id="MOD-62",
        name="co-surgeon-or-team-not-payable",
        tier="certain",
        shape="day",
        precedence=151,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=("patient_id", "rendering_npi", "service_date_from", "code", "modifiers"),
        tables=("fee-schedule",),
        flags="62 on a code whose co-surgeon indicator is 0, or 66 where the team indicator is 0 "
        "(certain); either where the indicator is 9 (review); and 62 where another practitioner "
        "bills the same code for the patient and day as the only surgeon (review).",
        why="Medicare pays co-surgeons and teams only where the fee schedule allows them, and "
        "each of them must report the modifier: a line without it takes the whole payment.",
        not_flagged="A lone 62 or 66, because the partner may bill elsewhere; codes of indicators "
        "1 and 2 otherwise; another practitioner who assists, repeats, shares the global care or "
        "works on another side; codes that no loaded fee schedule has on the date; other payers.",
        remedy="Report the surgery without the modifier, or as assistant where that is what the "
        "record shows; where both were co-surgeons the other line needs 62.",
        citation="MPFS co-surgeon and team indicators; CMS 100-04 ch. 12 s. 40.8",
        example_flag=("29881-62-RT pos=22",),
        example_ok=("27447-62-RT pos=22",),
    ),
)
_RULE = RULES[1]


def find(state: State) -> pl.DataFrame:
    """MOD-62."""
    chosen = state.modifiers("62", "66")
    if chosen.is_empty():
        return no_hits()
    lines = state.at_every_epoch().filter(
        pl.col("m").is_in(chosen.implode()) & ~pl.col("dup") & pl.col("fee_known")
    )
    lines = lines.with_columns(scope=business_tier(state, _RULE)).filter(
        pl.col("scope").is_not_null()
    )
    lines = state.with_facts(lines, "code", "cosurgeon", "team", "fee_release")
    lines = lines.with_columns(
        two=pl.col("m").is_in(state.modifiers("62").implode()),
        many=pl.col("m").is_in(state.modifiers("66").implode()),
    )
    barred = _barred(lines)
    lone = lines.filter("two", pl.col("live")).join(barred.select("row"), on="row", how="anti")
    return pl.concat([barred, _unequal(lone, state)])


def _barred(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines whose indicator allows no co-surgeon, or no team."""
    two = pl.col("two") & pl.col("cosurgeon").is_in(["0", "9"])
    many = pl.col("many") & pl.col("team").is_in(["0", "9"])
    lines = lines.filter(two | many).with_columns(
        modifier=pl.when(two).then(pl.lit("62")).otherwise(pl.lit("66")),
        role=pl.when(two).then(pl.lit("co-surgeon")).otherwise(pl.lit("team")),
        indicator=pl.when(two).then("cosurgeon").otherwise("team"),
    )
    never = pl.col("indicator") == "0"
    lines = lines.with_columns(
        tier=pl.max_horizontal(
            pl.when(never).then(CERTAIN).otherwise(REVIEW).cast(pl.UInt8), "scope"
        )
    )
    lines = lines.sort("row", "tier").unique("row", keep="first", maintain_order=True)
    return hits(
        lines,
        "MOD-62",
        tier=pl.col("tier"),
        message=pl.format(
            "{} is not payable with {}: its {} indicator is {}.",
            pl.col("code"),
            pl.col("modifier"),
            pl.col("role"),
            pl.col("indicator"),
        ),
        remedy=pl.lit(
            "Report the surgery without the modifier, or as assistant, whichever the record shows."
        ),
        kind="fee-schedule",
        release=pl.col("fee_release"),
        table_row=pl.format(
            "{}: {} indicator {}", pl.col("code"), pl.col("role"), pl.col("indicator")
        ),
    )


def _unequal(lone: pl.DataFrame, state: State) -> pl.DataFrame:
    """62 on one surgeon's line and not on the other's."""
    lone = lone.filter(pl.col("patient").is_not_null() & pl.col("s1").is_not_null())
    lone = lone.unique("row", keep="first", maintain_order=True)
    if lone.is_empty():
        return no_hits()
    wanted = ["row", "patient", "date", "days", "day", "c", "s1", "m"]
    there = (
        state.lines.lazy()
        .filter(
            pl.col("patient").is_in(lone["patient"].unique().implode()),
            pl.col("c").is_in(lone["c"].unique().implode()),
            pl.col("live") & ~pl.col("dup") & ~pl.col("denied") & pl.col("s1").is_not_null(),
        )
        .select(wanted)
        .collect()
    )
    sides = ("overlaps", "places")
    there = state.with_mods(state.batch.by_day(there), *sides)
    own = state.batch.by_day(lone.select(*wanted, "code", "fee_release"))
    own = state.with_mods(own, *sides)
    met = own.join(there, on=["patient", "date", "c"], suffix="_").filter(
        pl.col("s1") != pl.col("s1_")
    )
    # Where another surgeon does carry 62 the pair is complete.
    both = met.filter(pl.col("m_").is_in(state.modifiers("62").implode())).select("row").unique()
    sided = (pl.col("places") > 0) & (pl.col("places_") > 0)
    apart = sided & ((pl.col("overlaps") & pl.col("places_")) == 0)
    met = met.join(both, on="row", how="anti").filter(
        ~pl.col("m_").is_in(state.modifiers(*_OTHER_ROLE).implode()),
        ~apart,
    )
    met = met.join(places(state.batch, met["row_"]), left_on="row_", right_on="row")
    met = met.sort("row", "place", "date").unique("row", keep="first", maintain_order=True)
    return hits(
        met,
        "MOD-62",
        tier=REVIEW,
        other=pl.col("row_"),
        other_code=pl.col("code"),
        message=pl.format(
            "{} on {} carries 62, and another practitioner bills it for the same patient and day "
            "without 62.",
            pl.col("code"),
            pl.col("date"),
        ),
        remedy=pl.lit(
            "If the record shows two surgeons of one procedure both lines need 62; if it shows an "
            "assistant, that line needs 80, 81, 82 or AS."
        ),
        kind="fee-schedule",
        release=pl.col("fee_release"),
    )
