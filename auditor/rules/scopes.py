"""Endoscopy and arthroscopy: what the more extensive procedure includes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, REVIEW, hits, no_hits
from auditor.rules.interface import Rule, Stage
from auditor.rules.restated import code_pairs, doubts, meetings

if TYPE_CHECKING:
    from auditor.engine.state import State

STAGE = Stage.AFTER
_COLUMNS = ("patient_id", "rendering_npi", "service_date_from", "code", "modifiers")
_OTHERS = ("medicaid", "commercial", "unknown")
_FLUOROSCOPY = "76000"
_NO_PAIR_WITH_76000 = (
    "29914",
    "29915",
    "29916",
    "31242",
    "31243",
    "43290",
    "43291",
    "53865",
)
"""Endoscopies that CMS practitioner PTP 2024Q3 does not pair with 76000: review."""
_NO_PAIR_WITH_DIAGNOSTIC = ("43290", "43291", "53865")
"""Surgical endoscopies that CMS practitioner PTP 2024Q3 does not pair with the diagnostic one."""
_NEVER_ALONE = ("29826",)
"""An add-on: what is done with it decides on the diagnostic arthroscopy, which PTP pairs."""
_KNEE = tuple(str(n) for n in range(29866, 29890) if n not in (29870, 29874))
"""Surgical knee arthroscopies, loose body removal aside."""
_KNEE_INCLUDED = ("29874", "29877")
"""Loose body removal and chondroplasty: column 2 of every other knee arthroscopy at indicator 0
(CMS practitioner PTP 2024Q3; CMS transmittal A-02-129, which made G0289)."""
_WITH_FLUOROSCOPY = Rule(
    id="IMG-2",
    name="fluoroscopy-with-endoscopy",
    tier="certain",
    shape="day",
    precedence=133,
    denies=True,
    profiles=("medicare",),
    review_for=_OTHERS,
    columns=_COLUMNS,
    tables=(),
    flags="Fluoroscopy 76000 on the day of an endoscopy or arthroscopy by the same practitioner, "
    "without 59 or an X modifier.",
    why="Fluoroscopy during an endoscopic procedure is part of it.",
    not_flagged="76000 alone; 59 or an X modifier on either line; other days and practitioners. "
    "A day with another procedure that it may have served, payers other than Medicare, and "
    "endoscopies that the loaded PTP table does not pair with it are review. Where PTP names the "
    "line this rule is in its 'also'.",
    remedy="Remove 76000, unless the record shows that it served another procedure.",
    citation="NCCI Policy Manual ch. III L 18, ch. IV I 16; CMS practitioner PTP table",
    example_flag=("29881-RT pos=22", "76000-26 pos=22"),
    example_ok=("76000-26 pos=22",),
)
_DIAGNOSTIC = Rule(
    id="END-1",
    name="diagnostic-with-surgical-scope",
    tier="certain",
    shape="day",
    precedence=134,
    denies=True,
    profiles=("medicare",),
    review_for=_OTHERS,
    columns=_COLUMNS,
    tables=(),
    flags="A diagnostic endoscopy or arthroscopy on the day of a surgical one of the same family "
    "(endoscopic base code) by the same practitioner, without a modifier that separates them.",
    why="A surgical endoscopy includes the diagnostic one of the same family.",
    not_flagged="59, an X modifier, 58, 78 or 79 on either line; different sides; other families; "
    "other days and practitioners. Payers other than Medicare, one side on both lines, and pairs "
    "that the loaded PTP table does not hold are review. Where PTP names the line this rule is in "
    "its 'also'.",
    remedy="Remove the diagnostic endoscopy.",
    citation="NCCI Policy Manual ch. I J, ch. III L; MPFS endoscopic base codes; CMS practitioner "
    "PTP table",
    example_flag=("45380", "45378"),
    example_ok=("45380",),
)
_OPEN = Rule(
    id="ART-1",
    name="arthroscopy-with-larger-procedure",
    tier="certain",
    shape="day",
    precedence=135,
    denies=True,
    profiles=("medicare",),
    review_for=_OTHERS,
    columns=_COLUMNS,
    tables=(),
    flags="29874 or 29877 on the day of another surgical arthroscopy of a knee, or an arthroscopy "
    "on the day of an open procedure on the same joint (review), by the same practitioner, "
    "without a modifier that separates them.",
    why="Loose body removal and chondroplasty are part of another arthroscopy of that knee; an "
    "arthroscopy that goes over into an open procedure is part of it.",
    not_flagged="Different sides; 59, an X modifier, 58, 78 or 79 on either line; other joints, "
    "days and practitioners; open procedures that a whole loaded PTP table does not pair with the "
    "arthroscopy. Where PTP names the line this rule is in its 'also'.",
    remedy="Remove the arthroscopy. For another compartment of the same knee Medicare has G0289.",
    citation="NCCI Policy Manual ch. IV E 6; CMS transmittal A-02-129; CMS practitioner PTP table",
    example_flag=("29881-RT pos=22", "29877-RT pos=22"),
    example_ok=("29881-RT pos=22", "G0289-RT pos=22"),
)
RULES = (_WITH_FLUOROSCOPY, _DIAGNOSTIC, _OPEN)


def find(state: State) -> pl.DataFrame:
    """Hits of the three rules."""
    rows = state.batch.facts.rows.of("endoscopy").select(
        "code", "family", "role", "joint", "effective", "deletion"
    )
    if rows.is_empty():
        return no_hits()
    scopes = rows.filter(pl.col("role").is_in(["diagnostic", "surgical"]))
    return pl.concat(
        [
            _fluoroscopy(state, scopes),
            _diagnostic(state, scopes),
            _arthroscopies(state, rows),
        ]
    )


def _policy(
    pairs: pl.DataFrame, base: pl.Expr, *, silent: bool = False, firm: bool = False
) -> pl.DataFrame:
    """Pairs of codes as auditor.rules.restated asks."""
    return pairs.select(
        "code1",
        "code2",
        "effective",
        "deletion",
        base=base.cast(pl.UInt8),
        hard=pl.lit(value=False),
        silent=pl.lit(silent),
        firm=pl.lit(firm),
    ).unique(["code1", "code2", "effective", "deletion"])


def _either(condition: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(REVIEW).otherwise(CERTAIN)


def _fluoroscopy(state: State, scopes: pl.DataFrame) -> pl.DataFrame:
    """IMG-2."""
    if scopes.is_empty() or not state.batch.facts.holds(_FLUOROSCOPY):
        return no_hits()
    pairs = scopes.select("effective", "deletion", code1="code", code2=pl.lit(_FLUOROSCOPY))
    policy = _policy(pairs, _either(pl.col("code1").is_in([*_NO_PAIR_WITH_76000])))
    busy = _other_procedures(state, scopes["code"].unique())
    found = meetings(state, _WITH_FLUOROSCOPY, policy, doubtful_days=busy)
    if found.is_empty():
        return no_hits()
    return hits(
        found,
        "IMG-2",
        tier=pl.col("tier"),
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        message=pl.format(
            "Fluoroscopy 76000 is part of {} on {}.{}{}",
            pl.col("code1"),
            pl.col("date"),
            pl.when(pl.col("day").is_in(busy.implode()))
            .then(pl.lit(" Another procedure of that day may be what it served."))
            .otherwise(pl.lit("")),
            doubts(),
        ),
        remedy=pl.lit(
            "Remove 76000, unless the record shows that it served another procedure or encounter."
        ),
        table_row=pl.format("{}: endoscopy or arthroscopy", pl.col("code1")),
    )


def _other_procedures(state: State, scopes: pl.Series) -> pl.Series:
    """Day keys of fluoroscopy on which a procedure that is no endoscopy was billed too."""
    kept = ("row", "day", "date", "days", "c", "ce", "dup", "live")
    stands = pl.col("day").is_not_null() & ~pl.col("dup") & pl.col("live")
    served = state.by_day(state.lines_of(pl.col("code") == _FLUOROSCOPY, *kept).filter(stands))
    if served.is_empty():
        return served["day"]
    surgical = (
        pl.col("code").is_between(pl.lit("10004"), pl.lit("69990"))
        & pl.col("code").str.contains("^[0-9]{5}$")
        & ~pl.col("code").is_in(scopes.implode())
        & ~pl.col("addon")
    )
    others = state.by_day(state.lines_of(surgical, *kept).filter(stands))
    return served.join(others, on="day", how="semi")["day"].unique()


def _diagnostic(state: State, scopes: pl.DataFrame) -> pl.DataFrame:
    """END-1."""
    surgical = scopes.filter(pl.col("role") == "surgical", ~pl.col("code").is_in([*_NEVER_ALONE]))
    if surgical.is_empty():
        return no_hits()
    pairs = code_pairs(surgical, scopes.filter(pl.col("role") == "diagnostic"), on="family")
    if pairs.is_empty():
        return no_hits()
    policy = _policy(pairs, _either(pl.col("code1").is_in([*_NO_PAIR_WITH_DIAGNOSTIC])))
    found = meetings(state, _DIAGNOSTIC, policy)
    if found.is_empty():
        return no_hits()
    return hits(
        found,
        "END-1",
        tier=pl.col("tier"),
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        message=pl.format(
            "Diagnostic endoscopy {} is part of the surgical {} of the same family on {}.{}",
            pl.col("code2"),
            pl.col("code1"),
            pl.col("date"),
            doubts(),
        ),
        remedy=pl.format("Remove {}.", pl.col("code2")),
        table_row=pl.format(
            "{} surgical, {} diagnostic, one family", pl.col("code1"), pl.col("code2")
        ),
    )


def _arthroscopies(state: State, rows: pl.DataFrame) -> pl.DataFrame:
    """ART-1."""
    joints = rows.filter(pl.col("joint").is_not_null())
    open_ = joints.filter(pl.col("role") == "open")
    if open_.is_empty() and not state.batch.facts.holds(*_KNEE):
        return no_hits()
    through = joints.filter(pl.col("role") != "open")
    opened = code_pairs(open_, through, on="joint")
    knee = code_pairs(
        rows.filter(pl.col("code").is_in([*_KNEE])),
        rows.filter(pl.col("code").is_in([*_KNEE_INCLUDED])),
    ).filter((pl.col("code2") == "29874") | ~pl.col("code1").is_in([*_KNEE_INCLUDED]))
    if opened.is_empty() and knee.is_empty():
        return no_hits()
    opened = _policy(opened, pl.lit(REVIEW), silent=True)
    found = meetings(state, _OPEN, pl.concat([opened, _policy(knee, pl.lit(CERTAIN), firm=True)]))
    if found.is_empty():
        return no_hits()
    small = pl.col("code2").is_in([*_KNEE_INCLUDED]) & pl.col("code1").is_in([*_KNEE])
    return hits(
        found,
        "ART-1",
        tier=pl.col("tier"),
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        message=pl.format(
            "Arthroscopy {} is part of {} {} on {}.{}",
            pl.col("code2"),
            pl.when(small)
            .then(pl.lit("the knee arthroscopy"))
            .otherwise(pl.lit("the open procedure on the same joint,")),
            pl.col("code1"),
            pl.col("date"),
            doubts(),
        ),
        remedy=pl.format(
            "Remove {}.{}",
            pl.col("code2"),
            pl.when(small)
            .then(
                pl.lit(
                    " If the record shows the work in another compartment of that knee, Medicare "
                    "has G0289 for it."
                )
            )
            .otherwise(
                pl.lit(
                    " If the record shows that the arthroscopy led to the decision for the open "
                    "procedure, 58 may tell so."
                )
            ),
        ),
        table_row=pl.format("{} over {}", pl.col("code1"), pl.col("code2")),
    )
