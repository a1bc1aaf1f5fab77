"""What an operation includes when the operating practitioner bills it beside the operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import REVIEW, hits, no_hits
from auditor.rules.interface import CodePolicy, Rule, Stage
from auditor.rules.meeting import WHO, first_each, join_lines, paying, surgical, with_codes

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
CODES = (
    CodePolicy(
        table="closure", columns=(("glb_closure_role", "role"), ("glb_closure_kind", "kind"))
    ),
)
_COLUMNS = ("patient_id", "rendering_npi", "service_date_from", "code", "modifiers")
_ROLE, _KIND = pl.col("glb_closure_role"), pl.col("glb_closure_kind")
_CATHETER = ("51701", "51702", "51703")
_MONITORING = ("95940", "95941", "G0453")
_SURGEON_ONLY = ("80", "81", "82", "AS", "55", "56")
RULES = (
    Rule(
        id="GLB-CLOS",
        name="closure-with-surgery",
        tier="review",
        shape="day",
        precedence=122,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=_COLUMNS,
        tables=("fee-schedule",),
        flags="A wound repair (12001-13153) on the day of a surgical procedure with global days "
        "010, 090 or MMM, or of a skin biopsy (11102-11107), by the same practitioner, without "
        "59, an X modifier or an anatomic modifier.",
        why="Closing the incision of an operation is part of it.",
        not_flagged="59, XE, XS, XP or XU on either line; LT, RT, a digit or an eyelid on the "
        "repair; another repair; Mohs surgery; an intermediate or complex repair with the excision "
        "of a lesion for which the manual allows it; procedures without an incision (injections, "
        "scopes, closed treatment of fractures, destruction, nails).",
        remedy="If the record shows a repair of a separate wound add 59 or XS; else remove it.",
        citation="NCCI Policy Manual ch. III L 9; MPFS global days",
        example_flag=("27447-RT pos=22", "12001"),
        example_ok=("11602", "12032"),
    ),
    Rule(
        id="GLB-CATH",
        name="catheter-with-surgery",
        tier="review",
        shape="day",
        precedence=123,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=_COLUMNS,
        tables=("fee-schedule",),
        flags="Insertion of a bladder catheter (51701-51703) on the day of a procedure with "
        "global days 000, 010 or 090 by the same practitioner, without 59 or an X modifier.",
        why="A catheter placed at the time of a procedure is part of it.",
        not_flagged="59, XE, XS, XP or XU on either line; another catheter line alone; "
        "assistants and aftercare; other practitioners.",
        remedy="If the record shows that the catheter was placed at a separate encounter add XE "
        "or 59; else remove it.",
        citation="NCCI Policy Manual ch. III L 8; MPFS global days",
        example_flag=("27447-RT pos=22", "51702 pos=22"),
        example_ok=("51702",),
    ),
    Rule(
        id="GLB-NEURO",
        name="monitoring-by-surgeon",
        tier="review",
        shape="day",
        precedence=124,
        denies=True,
        profiles=("medicare",),
        review_for=("unknown",),
        columns=_COLUMNS,
        tables=("fee-schedule",),
        flags="Neurophysiologic monitoring during surgery (95940, 95941, G0453) by the "
        "practitioner who bills a surgical procedure with global days 000, 010 or 090 that day.",
        why="Monitoring by the operating surgeon is part of the operation.",
        not_flagged="Monitoring by another practitioner; a practitioner who assists or gives "
        "aftercare only.",
        remedy="Remove the monitoring, or bill it under the practitioner who did it.",
        citation="NCCI Policy Manual ch. IV I 13; MPFS global days",
        example_flag=("22551 pos=21", "95940 pos=21"),
        example_ok=("22551 pos=21", "95940 pos=21 npi=1222222220"),
    ),
)
_SAYS = {
    "GLB-CLOS": (
        (
            "{} on {} closes a wound on the day of {} (global days {}) by the same practitioner, "
            "and no modifier says that it is another wound."
        ),
        "If the record shows a repair of a separate wound add 59 or XS; else remove the repair.",
    ),
    "GLB-CATH": (
        (
            "{} on {} is part of {} (global days {}) that day by the same practitioner, and no "
            "modifier says that it was another encounter."
        ),
        (
            "If the record shows that the catheter was placed at a separate encounter add XE or "
            "59; else remove it."
        ),
    ),
    "GLB-NEURO": (
        (
            "{} on {} was billed by the practitioner who performed {} (global days {}) that day; "
            "the operation includes monitoring by its surgeon."
        ),
        "Remove the monitoring, or bill it under the practitioner who did it.",
    ),
}


def find(state: State) -> pl.DataFrame:
    """Hits of the three rules."""
    catheter, monitoring = pl.col("code").is_in(_CATHETER), pl.col("code").is_in(_MONITORING)
    parts = _lines(state, (_ROLE == "repair") | catheter | monitoring)
    if parts.is_empty():
        return no_hits()
    whole = _lines(
        state,
        (pl.col("global_days").is_in(["000", "010", "090", "MMM"]) & ~pl.col("is_em"))
        | (_ROLE == "biopsy"),
    ).filter(~pl.col("m").is_in(state.modifiers(*_SURGEON_ONLY).implode()))
    whole = whole.filter(pl.col("patient").is_in(parts["patient"].unique().implode()))
    wanted = [*WHO, "has_separate"]
    met = join_lines(
        state.by_day(parts.select(wanted)),
        paying(state, whole).select(wanted).drop("patient", "date"),
        ["day"],
    )
    met = with_codes(state, met)
    met = state.with_facts(met, "glb_closure_role", "glb_closure_kind")
    table = state.batch.facts.table.select(
        role_="glb_closure_role", global_days_="global_days", fee_release="fee_release"
    )
    met = pl.concat([met, table[met["ce_"]]], how="horizontal")
    met = state.with_mods(met, "anatomic")
    separate = pl.col("has_separate") | pl.col("has_separate_")
    catheter_ = pl.col("code_").is_in(_CATHETER)
    minor = pl.col("global_days_").is_in(["000", "010", "090"])
    rules = {
        "GLB-CLOS": (_ROLE == "repair") & ~separate & (pl.col("anatomic") == 0) & _incision(),
        "GLB-CATH": catheter & ~separate & minor & ~catheter_,
        "GLB-NEURO": monitoring & minor & surgical("code_"),
    }
    return pl.concat([_told(met.filter(c), state, rule) for rule, c in rules.items()])


def _lines(state: State, codes: pl.Expr) -> pl.DataFrame:
    """Lines of codes that satisfy `codes` and whose payer has these rules."""
    return state.lines_of(
        codes, *WHO, "dup", "live", "lob", "pays_as_primary", "has_separate"
    ).filter(
        pl.col("day").is_not_null() & ~pl.col("dup") & pl.col("live"),
        pl.col("lob").is_in(["medicare", "unknown"]),
    )


def _incision() -> pl.Expr:
    """The other line has an incision of its own, whose closure the manual counts in."""
    role = pl.col("role_")
    none = role.is_in(["repair", "surgery_excluded"]).fill_null(value=False)
    allowed = ((role == "excision_allowed") & (_KIND == "layered")).fill_null(value=False)
    counted = pl.col("global_days_").is_in(["010", "090", "MMM"]) & surgical("code_")
    return ((role == "biopsy").fill_null(value=False) | counted) & ~none & ~allowed


def _told(met: pl.DataFrame, state: State, rule: str) -> pl.DataFrame:
    """The hits of one rule: a line once, against the first procedure."""
    if met.is_empty():
        return no_hits()
    words, remedy = _SAYS[rule]
    return hits(
        first_each(state, met),
        rule,
        tier=REVIEW,
        other=pl.col("row_"),
        other_code=pl.col("code_"),
        message=pl.format(
            words, pl.col("code"), pl.col("date"), pl.col("code_"), pl.col("global_days_")
        ),
        remedy=pl.lit(remedy),
        kind="fee-schedule",
        release=pl.col("fee_release"),
        table_row=pl.format("{}: global days {}", pl.col("code_"), pl.col("global_days_")),
    )
