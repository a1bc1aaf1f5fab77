"""Anesthesia by a team: the physician who directs and the anesthetist who is directed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.engine.state import business_tier
from auditor.rules.anesthesia_roles import ANESTHESIA, ROLES
from auditor.rules.interface import Rule, Stage

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
_DIRECTING = ("AD", "QK", "QY")
_RULE = Rule(
    id="ANE-3",
    name="anesthesia-team-mismatch",
    tier="review",
    shape="day",
    precedence=92,
    denies=False,
    profiles=("medicare",),
    review_for=("unknown",),
    columns=("patient_id", "tax_id", "service_date_from", "code", "modifiers"),
    tables=(),
    flags="An anesthesia line with QK, QY or AD (a physician directs or supervises) on a day "
    "without a QX line (the anesthetist who is directed) for the patient, or the reverse, where "
    "the tax id bills both roles elsewhere in the batch.",
    why="Direction pays half to each; where one half is missing, either the other was not billed "
    "or one of the two modifiers is wrong.",
    not_flagged="Groups that bill one of the roles only, because a partner's lines are not here "
    "then; resident cases (GC); lines that carry two roles (ANE-2).",
    remedy="Compare both lines with the record: bill the missing one, or correct the modifier.",
    citation="CMS 100-04 ch. 12 s. 50 C, 50 K, 140",
    example_flag=(
        "00840-QK pos=22 units=60",
        "00840-QK pos=22 units=60 patient=P2 claim=C2",
        "00840-QX pos=22 units=60 patient=P2 claim=C3 npi=1222222220",
    ),
    example_ok=(
        "00840-QK pos=22 units=60",
        "00840-QX pos=22 units=60 claim=C2 npi=1222222220",
    ),
)
RULES = (_RULE,)


def _roles(counted: pl.DataFrame) -> pl.DataFrame:
    """Of each tax id whether it bills direction, and whether it bills what is directed."""
    return counted.group_by("tax_id").agg(pl.col("directs", "directed").any())


COUNTS = {"ANE-3": _roles}


def find(state: State) -> pl.DataFrame:
    """Lines of one role on patient-days without the other, of groups that bill both."""
    lines = state.lines_of(
        pl.col("code").str.contains(ANESTHESIA),
        *("row", "day", "date", "days", "c", "ce", "m", "lob", "person", "tax"),
        *("dup", "live", "denied"),
    )
    lines = lines.filter(
        pl.col("person").is_not_null(), ~pl.col("dup") & pl.col("live")
    ).with_columns(
        directs=pl.col("m").is_in(state.modifiers(*_DIRECTING).implode()),
        directed=pl.col("m").is_in(state.modifiers("QX").implode()),
    )
    if lines.is_empty() and state.alone:
        return no_hits()
    lines = state.with_raw(lines.filter(pl.col("tax").is_not_null()), "tax_id")
    groups = state.whole("ANE-3", lambda: _roles(lines), _roles)
    both = groups.filter("directs", "directed")["tax_id"]
    if both.is_empty():
        return no_hits()
    asked = lines.filter(
        pl.col("tax_id").is_in(both.implode()),
        pl.col("directs") ^ pl.col("directed"),
        ~pl.col("m").is_in(state.modifiers("GC").implode()),
        ~pl.col("denied"),
        ~pl.col("m").is_in(_several_roles(state).implode()),
        business_tier(state, _RULE).is_not_null(),
    )
    found = pl.concat([_alone(asked, lines, state, *roles) for roles in _ROLES])
    found = state.with_facts(state.with_mods(found, "mods"), "code")
    lacking = pl.col("row").is_in(state.batch.lacking.implode())
    return hits(
        found,
        _RULE.id,
        tier=REVIEW,
        message=pl.format(
            "{} carries {} and no line of the patient that day carries {}, though this tax id "
            "bills both.{}",
            pl.col("code"),
            pl.col("mods").str.extract(r"\b(AD|QK|QY|QX)\b"),
            pl.when("directs").then(pl.lit("QX")).otherwise(pl.lit("QK, QY or AD")),
            pl.when(lacking)
            .then(pl.lit(" A rejected line of this patient-day or claim may be the other one."))
            .otherwise(pl.lit("")),
        ),
        remedy=pl.lit(
            "Compare both lines with the record: bill the missing one, or correct the modifier. "
            "Students and residents bill no line of their own."
        ),
    )


def _several_roles(state: State) -> pl.Series:
    """Modifier combinations that name two roles or more: which one is true is ANE-2's question."""
    tokens = state.batch.mods.select("tokens").with_row_index("m")
    several = pl.col("tokens").list.set_intersection(list(ROLES)).list.len() > 1
    return tokens.filter(several)["m"]


_ROLES = (("directs", "directed"), ("directed", "directs"))


def _alone(
    asked: pl.DataFrame, lines: pl.DataFrame, state: State, role: str, other: str
) -> pl.DataFrame:
    """Lines of `role` on none of whose days the patient has a line of `other`."""
    mine = asked.filter(role)
    theirs = state.by_day(lines.filter(other)).select("person", "date")
    met = state.by_day(mine).join(theirs, on=["person", "date"], how="semi")
    return mine.join(met.select("row"), on="row", how="anti")
