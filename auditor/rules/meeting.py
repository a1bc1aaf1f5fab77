"""Two lines that meet: what makes a finding on both of them certain, and which one is named.

The other line's columns have the suffix `_`, as in auditor.engine.partners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.order import places
from auditor.engine.partners import KEYS, someone_else

if TYPE_CHECKING:
    from auditor.engine.state import State

WHO = ("row", "patient", "day", "date", "days", "c", "ce", "m", *KEYS)
"""Where a line stands and who billed it."""
DOUBT = ("s1_known", "loose", "claim", "vague")
"""What `unsure` asks of each of the two lines."""
VAGUE = " The file dates the claim and not the line, so they may be days apart."
PARTNER = "a partner of the same group and specialty"


def unsure() -> pl.Expr:
    """At most review: who billed, on which day, or which version of a claim is not certain."""
    return unsure_who() | either_vague()


def unsure_who() -> pl.Expr:
    """Who billed one of them, or which version of its claim stands, is not certain.

    Two lines of one claim stay together, whatever became of the claim's original.
    """
    versions = (pl.col("loose") | pl.col("loose_")) & (pl.col("claim") != pl.col("claim_"))
    return ~pl.col("s1_known") | ~pl.col("s1_known_") | versions


def either_vague() -> pl.Expr:
    """The file dates the claim of one of them, and that claim spans several days."""
    return pl.col("vague") | pl.col("vague_")


def by_whom() -> pl.Expr:
    """Who billed the other line, in words."""
    one_specialty = (pl.col("specialty") == pl.col("specialty_")).fill_null(value=False)
    return (
        pl.when(~someone_else())
        .then(pl.lit("the same practitioner"))
        .when(one_specialty)
        .then(pl.lit(PARTNER))
        .otherwise(pl.lit("another practitioner of the group"))
    )


def said_when(condition: pl.Expr, words: str) -> pl.Expr:
    """`words` where the condition holds, else nothing."""
    return pl.when(condition).then(pl.lit(words)).otherwise(pl.lit(""))


def paying(state: State, lines: pl.DataFrame) -> pl.DataFrame:
    """`lines` (with pays_as_primary) once for each of their days on which they pay."""
    return state.by_day(lines).filter("pays_as_primary")


def join_lines(lines: pl.DataFrame, others: pl.DataFrame, on: list[str]) -> pl.DataFrame:
    """Each of `lines` beside each other line that agrees in `on`, the other's columns suffixed."""
    suffixed = others.rename({c: f"{c}_" for c in others.columns if c not in on})
    return lines.join(suffixed, on=on).filter(pl.col("row") != pl.col("row_"))


def with_codes(state: State, met: pl.DataFrame) -> pl.DataFrame:
    """Add code and code_ of both lines."""
    codes = state.batch.facts.codes.cast(pl.String)
    return met.with_columns(code=codes.gather(met["c"]), code_=codes.gather(met["c_"]))


def first_each(state: State, met: pl.DataFrame, *by: str) -> pl.DataFrame:
    """One row a line: the first in the order of `by`, then of the other line's place."""
    placed = met.join(
        places(state.batch, met["row_"]).rename({"place": "place_"}),
        left_on="row_",
        right_on="row",
    )
    ordered = placed.sort("row", *by, "c_", "place_", "date")
    return ordered.unique("row", keep="first", maintain_order=True)


def surgical(code: str = "code") -> pl.Expr:
    """The code is of CPT's surgery section."""
    return pl.col(code).is_between(pl.lit("10004"), pl.lit("69990")) & pl.col(code).str.contains(
        "^[0-9]{5}$"
    )
