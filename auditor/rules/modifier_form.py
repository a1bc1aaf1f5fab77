"""Modifiers that are wrong in themselves: unknown, repeated, or in conflict with each other."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.engine.policies import in_force
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State
    from auditor.reference.interface import Reference

STAGE = Stage.LINES
_ALL = ("medicare", "medicaid", "commercial", "unknown")
_TABLE_TO = date(2025, 12, 31)
"""The built-in table of modifiers is whole to here (checked against HCPCS of October 2025)."""
_FORM = r"^[A-Z0-9]{2}$"
_OTHER_RIDES = (
    *(("S0209", "S0209"), ("S0215", "S0215"), ("S9960", "S9961")),
    *(("T2001", "T2007"), ("T2049", "T2049")),
)
"""What Medicaid and other plans pay for rides, with the origins and destinations of ambulances."""
_ONE_CARE = (
    "If the record shows all parts of the global care by one practitioner report neither; else "
    "keep the one that it supports."
)
_TWO_OPERATIONS = (
    "If the record shows two earlier operations, one related and one not, keep both; else keep "
    "the one that it supports."
)
_BOTH_TRUE = {
    ("26", "TC"): (
        "If the record shows both parts by the practice report the code with neither; else keep "
        "the one that it supports."
    ),
    ("LT", "RT"): (
        "If the record shows both sides report 50, or a line for each side, as the payer asks; "
        "else keep the side that it supports."
    ),
    ("54", "55"): _ONE_CARE,
    ("54", "56"): _ONE_CARE,
    ("58", "78"): _TWO_OPERATIONS,
    ("58", "79"): _TWO_OPERATIONS,
    ("78", "79"): _TWO_OPERATIONS,
}
"""Pairs of which both may be true: removing one of the two would misstate the service."""


def _settled() -> pl.Expr:
    """What to do about the pair."""
    words = pl.lit("Keep the one that the record supports and remove the other.")
    for (first, second), advice in _BOTH_TRUE.items():
        here = (pl.col("conflict_a") == first) & (pl.col("conflict_b") == second)
        words = pl.when(here).then(pl.lit(advice)).otherwise(words)
    return words


RULES = (
    Rule(
        id="MOD-CONF",
        name="conflicting-modifiers",
        tier="certain",
        shape="line",
        precedence=95,
        denies=False,
        profiles=_ALL,
        columns=("modifiers",),
        tables=(),
        flags="Two modifiers on one line that exclude each other, such as 26 with TC, LT with 50, "
        "59 with XS.",
        why="Each says that the other is not true; the payer cannot price the line.",
        not_flagged="Pairs not in the list of conflicts. Review: pairs that two earlier operations "
        "(58, 78, 79), both sides or both parts of a service may explain; pairs that only Medicare "
        "returns (AT with GA, GX with another statement of liability), for other payers.",
        remedy="Keep the modifier that the record supports and remove the other. Where both are "
        "true the finding says how to report it.",
        citation="NCCI Policy Manual ch. I E; CMS 100-04 ch. 12, 13; the policy table's own source",
        example_flag=("73030-26-TC",),
        example_ok=("73030-26-RT",),
        when=lambda: pl.col("has_conflict"),
        says=lambda: {
            # What Medicare returns another payer may take.
            "tier": pl.when(
                pl.col("conflict_tier") == "certain",
                (pl.col("conflict_business").fill_null("") != "medicare")
                | (pl.col("lob") == "medicare").fill_null(value=False),
            )
            .then(0)
            .otherwise(1),
            "message": pl.format(
                "{} and {} stand on one line: {}.",
                pl.col("conflict_a"),
                pl.col("conflict_b"),
                pl.col("conflict_reason"),
            ),
            "remedy": _settled(),
        },
    ),
    Rule(
        id="MOD-DUP",
        name="repeated-modifier",
        tier="certain",
        shape="line",
        precedence=96,
        denies=False,
        profiles=_ALL,
        columns=("modifiers",),
        tables=(),
        flags="The same modifier twice on one line.",
        why="A repeated modifier adds nothing, and many payers reject the line.",
        not_flagged="The same modifier on two lines.",
        remedy="Remove the second one; where it stands for another site, correct it.",
        citation="837P implementation guide, SV101 (procedure modifiers)",
        example_flag=("20610-RT-RT",),
        example_ok=("20610-RT",),
        when=lambda: pl.col("has_repeated"),
        says=lambda: {
            "message": pl.format("{} stands twice on the line.", pl.col("repeated")),
            "remedy": pl.lit("Remove the second one; if another site was meant, correct it."),
        },
    ),
    Rule(
        id="MOD-FMT",
        name="invalid-modifier",
        tier="certain",
        shape="line",
        precedence=94,
        denies=False,
        profiles=("medicare",),
        review_for=("medicaid", "commercial", "unknown"),
        columns=("modifiers",),
        tables=(),
        flags="A modifier that is not two letters or digits, or that is not a CPT or HCPCS "
        "modifier in force on the date of service.",
        why="A claim with an invalid modifier is returned unprocessed.",
        not_flagged="Origin and destination pairs on ambulance codes A0021-A0999 and on other "
        "rides (S0209, S0215, S9960, S9961, T2001-T2007, T2049). A well-formed "
        "modifier that the tables do not know is review on dates after 2025 that no HCPCS release "
        "covers, and for payers other than Medicare, who may have modifiers of their own.",
        remedy="Correct the modifier, or remove it.",
        citation="HCPCS Level II modifiers (RECID 7); CPT appendix A modifiers, by number only",
        example_flag=("99213-Z9",),
        example_ok=("99213-25", "A0428-RH"),
    ),
)


def find(state: State) -> pl.DataFrame:
    """MOD-FMT: only combinations that hold a modifier not known for the whole period are read."""
    batch = state.batch
    known = _known(batch.reference)
    tokens = (
        batch.mods.select("mods", "tokens")
        .with_row_index("m")
        .explode("tokens", empty_as_null=False)
        .rename({"tokens": "token"})
        .filter(pl.col("token").is_not_null())
    )
    always = known.filter(pl.col("effective").is_null(), pl.col("deletion").is_null())
    suspects = tokens.join(always, on="token", how="anti")
    if suspects.is_empty():
        return no_hits()
    lines = (
        state.lines.lazy()
        .filter(pl.col("m").is_in(suspects["m"].unique().implode()))
        .select("row", "date", "lob", "ce", "m")
        .collect()
    )
    lines = state.with_facts(lines.join(suspects.select("m", "token"), on="m"), "code").select(
        "row", "date", "lob", "token", "code"
    )
    judged = lines.join(known, on="token", how="left")
    good = judged.filter(
        pl.col("listed").fill_null(value=False) & in_force("date", "effective", "deletion")
    )
    bad = lines.join(good, on=["row", "token"], how="anti").filter(~_ride(batch.reference))
    if bad.is_empty():
        return no_hits()
    release = batch.reference.release("hcpcs")
    vouched = max(release.vouches_to, _TABLE_TO) if release is not None else _TABLE_TO
    covered = pl.col("date") <= pl.lit(vouched)
    formed = pl.col("token").str.contains(_FORM)
    # A known modifier outside its dates is proved wrong by its own row.
    proved = ~formed | covered | pl.col("token").is_in(known["token"].implode())
    bad = (
        bad.with_columns(
            tier=pl.when(proved & (pl.col("lob") == "medicare")).then(CERTAIN).otherwise(REVIEW)
        )
        .sort("row", "tier", "token")
        .group_by("row", maintain_order=True)
        .agg(
            pl.col("tier").min(),
            pl.col("token").unique(maintain_order=True),
            pl.col("date").first(),
        )
    )
    several = pl.col("token").list.len() > 1
    return hits(
        bad,
        "MOD-FMT",
        tier=pl.col("tier"),
        kind="hcpcs",
        message=pl.format(
            "{} {} not valid on {}.{}",
            pl.when(several)
            .then(pl.format("Modifiers {}", pl.col("token").list.join(", ")))
            .otherwise(pl.format("Modifier {}", pl.col("token").list.first())),
            pl.when(several).then(pl.lit("are")).otherwise(pl.lit("is")),
            pl.col("date"),
            pl.when(pl.col("tier") == CERTAIN)
            .then(pl.lit(""))
            .otherwise(pl.lit(" It may be the payer's own, or newer than the release loaded.")),
        ),
        remedy=pl.lit("Correct it from the record, or remove it."),
    )


def _ride(reference: Reference) -> pl.Expr:
    """`token` is made of an origin's and a destination's letter, and `code` is a ride.

    One that begins where no ride may begin (X) is a wrong ride and no unknown modifier.
    """
    table = reference.policy("ambulance")
    ranges = [*table.select("code_low", "code_high").unique().iter_rows(), *_OTHER_RIDES]
    rides = [pl.col("code").is_between(pl.lit(low), pl.lit(high)) for low, high in ranges]
    letters = "".join(table["letter"].unique().sort())
    return pl.any_horizontal(rides) & pl.col("token").str.contains(f"^[{letters}]{{2}}$")


def _known(reference: Reference) -> pl.DataFrame:
    """token, effective, deletion, listed: the policy table and the user's HCPCS release."""
    policy = reference.policy("modifiers").select(
        token=pl.col("modifier"),
        effective=pl.col("effective").str.to_date("%Y-%m-%d"),
        deletion=pl.col("deletion").str.to_date("%Y-%m-%d"),
    )
    own = (
        reference.hcpcs()
        .filter(pl.col("kind") == "modifier")
        .select(token=pl.col("code"), effective="effective", deletion="deletion")
    )
    return pl.concat([policy, own]).with_columns(listed=pl.lit(value=True))
