"""Modifiers that belong on evaluation and management (E/M) codes only, or never on them."""

from __future__ import annotations

import polars as pl

from auditor.rules.interface import Rule, Stage

STAGE = Stage.LINES
_ALL = ("medicare", "medicaid", "commercial", "unknown")
_DIGITS = pl.col("code").str.contains(r"^[0-9]{5}$")


_VISITS_ELSEWHERE = (
    *("G0101", "G0245", "G0246", "G0296"),  # Medicare's own examinations and counseling visit
    *("G0466", "G0467", "G0468", "G0469", "G0470", "T1015"),  # visits of clinics (FQHC, RHC)
    *("S0610", "S0612", "S0613", "S0620", "S0621", "S9083"),  # other payers' examinations
    *("90791", "90792"),
)
"""Visits by their definition that stand outside the E/M section; payers take 25 on them."""


def _clearly_no_visit() -> pl.Expr:
    """Anesthesia to laboratory (00100-89398), or a supply, equipment or drug code."""
    procedure = _DIGITS & pl.col("code").is_between(pl.lit("00100"), pl.lit("89398"))
    return procedure | pl.col("code").str.contains(r"^[ABEJKL][0-9]{4}$")


def _some(*modifiers: str) -> pl.Expr:
    """Those of `modifiers` that stand on the line, in words."""
    shown = pl.concat_list(
        [
            pl.when((pl.lit(" ") + pl.col("mods") + pl.lit(" ")).str.contains(f" {m} ")).then(
                pl.lit(m)
            )
            for m in modifiers
        ]
    )
    return shown.list.drop_nulls().list.join(" and ")


RULES = (
    Rule(
        id="MOD-2557",
        name="visit-modifier-on-procedure",
        tier="certain",
        shape="line",
        precedence=92,
        denies=False,
        profiles=_ALL,
        columns=("modifiers",),
        tables=(),
        flags="24, 25 or 57 on a code that is not an E/M service: certain on 00100-89398 and on "
        "supply, equipment and drug codes; review on other codes outside the E/M list.",
        why="These modifiers separate a visit from a procedure; on the procedure they mean "
        "nothing, and the visit stays bundled.",
        not_flagged="E/M codes, eye visits 92002-92014 among them; visits outside that section: "
        "clinic visits (G0466-G0470, T1015), psychiatric evaluations (90791, 90792), examinations "
        "such as G0101, G0245, S0610 and S0620.",
        remedy="Move the modifier to the visit, or remove it.",
        citation="NCCI Policy Manual ch. I D, E",
        example_flag=("20610-25",),
        example_ok=("99213-25", "92014-25"),
        when=lambda: (
            pl.col("has_2457")
            & ~pl.col("is_em")
            & ~pl.col("code").is_in(_VISITS_ELSEWHERE)
            & pl.col("form_ok")
        ),
        says=lambda: {
            "tier": pl.when(_clearly_no_visit()).then(0).otherwise(1),
            "message": pl.format(
                "{} belongs on a visit, and {} is not one.",
                _some("24", "25", "57"),
                pl.col("code"),
            ),
            "remedy": pl.format(
                "Move the modifier to the visit of that day if the record shows a separate one; "
                "else remove it from {}.",
                pl.col("code"),
            ),
        },
    ),
    Rule(
        id="MOD-59EM",
        name="separate-procedure-modifier-on-visit",
        tier="certain",
        shape="line",
        precedence=93,
        denies=False,
        profiles=_ALL,
        columns=("modifiers",),
        tables=(),
        flags="59, XE, XS, XP or XU on an E/M service: certain on a visit, review on other E/M "
        "services.",
        why="59 and its subsets are for procedures other than E/M; on a visit they do not "
        "separate anything.",
        not_flagged="Procedures, tests and supplies.",
        remedy="Report 25 (or 57) on the visit if the record shows a separate service; never 59.",
        citation="NCCI Policy Manual ch. I E",
        example_flag=("99213-59",),
        example_ok=("99213-25", "20610-59"),
        when=lambda: pl.col("has_separate") & pl.col("is_em"),
        says=lambda: {
            "tier": pl.when(pl.col("is_visit")).then(0).otherwise(1),
            "message": pl.format(
                "{} does not apply to {}, an evaluation and management code.",
                _some("59", "XE", "XS", "XP", "XU"),
                pl.col("code"),
            ),
            "remedy": pl.when(pl.col("is_visit"))
            .then(
                pl.lit(
                    "If the record shows a significant, separate visit report 25 (57 for the "
                    "decision for major surgery); else remove the modifier."
                )
            )
            .otherwise(
                pl.lit(
                    "Remove the modifier; if a visit of that day was separate from this service, "
                    "and the record shows it, 25 on the visit says so. Some payers ask for 59 here."
                )
            ),
        },
    ),
)
