"""Anesthesia beside what the same practitioner did that day: the operation, other anesthesia."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.engine.order import places
from auditor.engine.state import business_tier
from auditor.rules.anesthesia_roles import ANESTHESIA
from auditor.rules.interface import Rule, Stage
from auditor.rules.meeting import DOUBT, unsure

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.POLICY
_NOT_THE_SURGEON = ("55", "56", "80", "81", "82", "AS")
_GLOBAL = ("010", "090")
_SEPARATE = ("59", "XE", "XS", "XP", "XU")
_SESSIONS = (*_SEPARATE, "58", "76", "77", "78", "79")
"""Modifiers that say that there were two sessions or a return."""
_DAILY = "01996"  # management of a catheter on a later day
_ADD_ONS = ("01953", "01968", "01969", _DAILY)
_OWN_LINES = (("36555", "36620"), ("62320", "62327"), ("64400", "64530"))
"""Vascular lines and blocks that an anesthesia practitioner may place (manual ch. II B 3, B 4)."""
_OWN_CODES = ("31500", "93503")
_COLUMNS = ("patient_id", "rendering_npi", "service_date_from", "code", "modifiers")
_SURGEON = Rule(
    id="ANE-4",
    name="anesthesia-by-the-surgeon",
    tier="certain",
    shape="day",
    precedence=163,
    denies=True,
    profiles=("medicare",),
    review_for=("unknown",),
    columns=_COLUMNS,
    tables=("fee-schedule",),
    flags="An anesthesia code beside an operation with global days 010 or 090 by the same "
    "practitioner on the same day.",
    why="Medicare pays no anesthesia to the physician who operates: it is part of the operation.",
    not_flagged="01996; vascular lines and blocks that an anesthesia practitioner places (31500, "
    "36555 to 36620, 62320 to 62327, 64400 to 64530, 93503); lines with 59 or an X modifier; "
    "assistants (80, 81, 82, AS) and parts of the global (55, 56); operations that do not pay. "
    "Where a PTP edit names the line it is the headline, and this rule stands in its 'also'.",
    remedy="Remove the anesthesia line, or correct the rendering NPI if another gave it.",
    citation="NCCI Policy Manual ch. I G, ch. II B; CMS 100-04 ch. 12 s. 50",
    example_flag=("11750", "00400-AA units=30"),
    example_ok=("36558", "00400-AA units=30"),
)
_TWO = Rule(
    id="ANE-5",
    name="two-anesthesia-codes",
    tier="review",
    shape="day",
    precedence=164,
    denies=True,
    profiles=("medicare",),
    review_for=("unknown",),
    columns=(*_COLUMNS, "units"),
    tables=(),
    flags="A second anesthesia code for one patient, practitioner and day. The code with the most "
    "minutes stays.",
    why="One session is one anesthesia code, the most complex, with the minutes of all.",
    not_flagged="Add-on codes and daily management (01953, 01968, 01969, 01996); lines with 59, an "
    "X modifier, 58, 76, 77, 78 or 79, which tell of another session; several lines of one code; "
    "lines that the payer denied already.",
    remedy="Report the code of the most complex procedure with the minutes of the session.",
    citation="NCCI Policy Manual ch. II B 1; CMS 100-04 ch. 12 s. 50",
    example_flag=("00840-AA units=90", "00790-AA units=30"),
    example_ok=("01967-AA units=90", "01968-AA units=30"),
)
RULES = (_SURGEON, _TWO)


def find(state: State) -> pl.DataFrame:
    """Hits of both rules."""
    lines = state.lines_of(pl.col("code").str.contains(ANESTHESIA))
    lines = lines.filter(
        pl.col("day").is_not_null(),
        ~pl.col("dup") & pl.col("live") & ~pl.col("denied"),
        business_tier(state, _SURGEON).is_not_null(),
    )
    if lines.is_empty():
        return no_hits()
    lines = state.with_facts(state.by_day(lines), "code")
    return pl.concat([_by_the_surgeon(lines, state), _two_codes(lines, state)])


def _own() -> pl.Expr:
    """What an anesthesia practitioner may place beside the anesthesia."""
    ranges = [pl.col("code").is_between(pl.lit(a), pl.lit(b)) for a, b in _OWN_LINES]
    return pl.any_horizontal([*ranges, pl.col("code").is_in(_OWN_CODES)])


def _by_the_surgeon(lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """ANE-4."""
    apart = state.modifiers(*_SEPARATE)
    lines = lines.filter(pl.col("code") != _DAILY, ~pl.col("m").is_in(apart.implode()))
    skip = state.modifiers(*_SEPARATE, *_NOT_THE_SURGEON)
    table = state.batch.facts.table
    major = table.filter(pl.col("global_days").is_in(_GLOBAL), ~_own())["code"].unique()
    operations = state.lines_of(pl.col("code").is_in(major.implode())).filter(
        ~pl.col("m").is_in(skip.implode())
    )
    operations = state.with_facts(
        state.by_day(operations).drop("global_days"), "code", "global_days", "fee_release"
    ).filter(pl.col("pays_as_primary"), pl.col("global_days").is_in(_GLOBAL))
    met = lines.join(
        operations.select(
            "day",
            other="row",
            operation="code",
            global_="global_days",
            release="fee_release",
            **{f"{name}_": pl.col(name) for name in DOUBT},
        ),
        on="day",
    )
    if met.is_empty():
        return no_hits()
    doubt = unsure() | (business_tier(state, _SURGEON) > CERTAIN)
    met = met.with_columns(tier=pl.when(doubt).then(REVIEW).otherwise(CERTAIN))
    met = met.join(places(state.batch, met["other"]), left_on="other", right_on="row")
    found = met.sort("row", "tier", "place", "date").unique(
        "row", keep="first", maintain_order=True
    )
    return hits(
        found,
        _SURGEON.id,
        tier=pl.col("tier"),
        other=pl.col("other"),
        other_code=pl.col("operation"),
        message=pl.format(
            "{} is anesthesia by the practitioner who did {} (global days {}) on {}: it is part "
            "of the operation.",
            pl.col("code"),
            pl.col("operation"),
            pl.col("global_"),
            pl.col("date"),
        ),
        remedy=pl.format(
            "Remove {}, or correct the rendering NPI if the record shows another practitioner.",
            pl.col("code"),
        ),
        kind="fee-schedule",
        release=pl.col("release"),
        table_row=pl.format("{}: global days {}", pl.col("operation"), pl.col("global_")),
    )


def _two_codes(lines: pl.DataFrame, state: State) -> pl.DataFrame:
    """ANE-5: the lines of every code but that of the longest line."""
    again = state.modifiers(*_SESSIONS)
    lines = lines.filter(~pl.col("code").is_in(_ADD_ONS), ~pl.col("m").is_in(again.implode()))
    lines = lines.join(places(state.batch, lines["row"]), on="row").sort(
        pl.col("units").fill_null(0),
        pl.col("charge").fill_null(0),
        "code",
        "place",
        descending=[True, True, False, False],
    )
    lines = lines.with_columns(
        kept=pl.col("row").first().over("day"), kept_code=pl.col("code").first().over("day")
    )
    found = (
        lines.filter(pl.col("code") != pl.col("kept_code"))
        .sort("row", "date")
        .unique("row", keep="first", maintain_order=True)
    )
    return hits(
        found,
        _TWO.id,
        tier=REVIEW,
        other=pl.col("kept"),
        other_code=pl.col("kept_code"),
        message=pl.format(
            "{} and {} on {}: one session is one anesthesia code, and neither line tells of "
            "another session.",
            pl.col("code"),
            pl.col("kept_code"),
            pl.col("date"),
        ),
        remedy=pl.lit(
            "Report the code of the most complex procedure with the minutes of the session; if "
            "the record shows two sessions, say so with 59 or 76."
        ),
    )
