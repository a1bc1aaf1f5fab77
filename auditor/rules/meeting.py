"""Two lines that meet: how they are brought together, and what makes a finding on both certain.

The other line's columns have the suffix `_`, as in auditor.engine.partners. Modules of code pairs
number the columns of both lines instead, and say so: `unsure("1", "2")`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.order import places
from auditor.engine.partners import KEYS, someone_else

if TYPE_CHECKING:
    from auditor.engine.state import State

_DAY = ("row", "day", "date", "days", "c", "ce")
WHO = ("row", "patient", "day", "date", "days", "c", "ce", "m", *KEYS)
"""Where a line stands and who billed it."""
DOUBT = ("firm", "loose", "claim", "vague")
"""What `unsure` asks of each of the two lines."""
_ZERO_LIMIT = ("units", "lob", "has_gxgy")
"""What `zero_limit` asks of the other line."""
_VAGUE = " The file dates the claim and not the line, so they may be days apart."
PARTNER = "a partner of the same group and specialty"


def unsure(one: str = "", other: str = "_") -> pl.Expr:
    """At most review: who billed, on which day, or which version of a claim is not certain.

    `one`, `other`: the suffixes of the two lines' columns, here and below.
    """
    return unsure_who(one, other) | either_vague(one, other)


def unsure_who(one: str = "", other: str = "_") -> pl.Expr:
    """Who billed one of them, whether it or which version of its claim stands, is not certain."""
    known = pl.col(f"firm{one}") & pl.col(f"firm{other}")
    return ~known | two_versions(one, other)


def two_versions(one: str = "", other: str = "_") -> pl.Expr:
    """One of the two claims may be the replacement of the other.

    Two lines of one claim stay together, whatever became of the claim's original.
    """
    loose = pl.col(f"loose{one}") | pl.col(f"loose{other}")
    return loose & (pl.col(f"claim{one}") != pl.col(f"claim{other}"))


def either_vague(one: str = "", other: str = "_") -> pl.Expr:
    """The file dates the claim of one of them, and that claim spans several days."""
    return pl.col(f"vague{one}") | pl.col(f"vague{other}")


def days_apart(one: str = "", other: str = "_") -> pl.Expr:
    """The sentence that goes with dates of claims, or nothing."""
    return said_when(either_vague(one, other), _VAGUE)


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


def beside(state: State, lines: pl.DataFrame, others: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Each of `lines` with each of `others` on one day by one practitioner, day by day.

    Both are cut out of state.lines; what comes of the other line is suffixed: row, c, ce, what
    `unsure` and `zero_limit` ask for, and `columns`. Lines that span several days meet on each.
    """
    lines = state.by_day(lines.filter(pl.col("day").is_not_null()))
    near = (pl.col("days") > 1) | pl.col("day").is_in(lines["day"].unique().implode())
    others = others.filter(near & pl.col("day").is_not_null())
    others = state.by_day(others.select(*_DAY, *DOUBT, *_ZERO_LIMIT, *columns))
    return join_lines(lines, others.drop("date", "days"), ["day"])


def with_codes(state: State, met: pl.DataFrame) -> pl.DataFrame:
    """Add code and code_ of both lines."""
    return with_other_facts(state, state.with_facts(met, "code"), "code")


def with_other_facts(state: State, met: pl.DataFrame, *names: str) -> pl.DataFrame:
    """`met` with code facts of the other line on that day, suffixed."""
    table = state.batch.facts.table
    return met.with_columns(table[name][met["ce_"]].alias(f"{name}_") for name in names)


def zero_limit() -> pl.Expr:
    """MUE-0 of the other line on that day (needs mue_value_): it never pays."""
    expected_none = (pl.col("mue_value_") == 0) & (pl.col("units_") > 0)
    judged = ~pl.col("has_gxgy_") & (pl.col("lob_") != "medicaid")
    return (expected_none & judged).fill_null(value=False)


def first_each(
    state: State, met: pl.DataFrame, *by: str, other_code_first: bool = True
) -> pl.DataFrame:
    """One row a line: the first in the order of `by`, then of the other line's code and place."""
    placed = met.join(
        places(state.batch, met["row_"]).rename({"place": "place_"}),
        left_on="row_",
        right_on="row",
    )
    code = ("c_",) if other_code_first else ()
    ordered = placed.sort("row", *by, *code, "place_", "date")
    return ordered.unique("row", keep="first", maintain_order=True)


def surgical(code: str = "code") -> pl.Expr:
    """The code is of CPT's surgery section."""
    return pl.col(code).is_between(pl.lit("10004"), pl.lit("69990")) & pl.col(code).str.contains(
        "^[0-9]{5}$"
    )
