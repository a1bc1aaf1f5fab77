"""One defect and not many: where most lines of a file have the same thing wrong with a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.engine.hits import hits, no_hits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.engine.state import State

MANY = 50
"""From so many lines (claims, numbers) on, a wrong majority is a defect of the export."""
ORDER = ("claim_id", "line_number", "patient_id")
"""An order of lines that does not depend on that of the files."""
FIRST = (*ORDER, "key")
"""What names the first of lines over all parts of a batch."""


def most(state: State, wrong: int, judged: int) -> bool:
    """True where so much is wrong that the export or its mapping is, and not the claims."""
    return state.batch.exported and judged >= MANY and wrong * 2 > judged


def placed(state: State, rows: pl.Series, *columns: str) -> pl.DataFrame:
    """`rows` in an order that does not depend on that of the files, with raw `columns`."""
    extra = [c for c in columns if c not in ORDER]
    raw = state.batch.raw.select("row", *ORDER, *extra)[rows]
    return raw.sort(*ORDER, "row", nulls_last=False)


def first_of_claims(state: State, found: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """The first of the `found` lines of each claim (and of each value of `by`)."""
    ids = placed(state, found["row"], "payer")
    ordered = ids.join(found, on="row", maintain_order="left")
    return ordered.unique(
        ["patient_id", "payer", "claim_id", *by], keep="first", maintain_order=True
    )


def tally(state: State, wrong: pl.Series, judged: int) -> pl.DataFrame:
    """One row: how many are wrong, of how many, and FIRST of the rows `wrong`, null for none."""
    found = placed(state, wrong)
    found = found.with_columns(state.batch.keys_of(found["row"])).select(FIRST)
    count = {"wrong": pl.lit(found.height, pl.Int64), "judged": pl.lit(judged, pl.Int64)}
    return found.select(pl.col(FIRST).first(), **count)


def joined(counted: pl.DataFrame) -> pl.DataFrame:
    """What `tally` says of all parts together."""
    ordered = counted.sort(pl.col("key").is_null(), *FIRST, nulls_last=False)
    return ordered.select(pl.col("wrong", "judged").sum(), pl.col(FIRST).first())


class Apart(NamedTuple):
    """What is wrong in most of tonight's files, and what is told line by line."""

    most: pl.DataFrame
    """Lines of tonight's files, for which one finding stands; empty where they are few."""
    wrong: int
    """How many of them there are in the whole batch."""
    judged: int
    """Of how many lines of tonight's files."""
    first: pl.Series
    """row of the line on which the one finding stands; empty where it is in another part."""
    each: pl.DataFrame
    """The other lines: an export of an earlier night has its own defects."""


def apart(state: State, rule_id: str, found: pl.DataFrame, judged: pl.Series) -> Apart:
    """`found` (with row), which are wrong among the rows `judged`, as they are told.

    Also of none: others may have been found in other parts of the batch.
    """
    tonight = state.batch.of_tonight(found)
    height = state.batch.of_tonight(judged.to_frame()).height
    counted = state.whole(rule_id, lambda: tally(state, tonight["row"], height), joined)
    wrong, of_all = counted.select("wrong", "judged").row(0)
    if not most(state, wrong, of_all):
        return Apart(tonight.clear(), 0, of_all, first_row(state, counted.clear()), found)
    each = found.join(tonight, on="row", how="anti", maintain_order="left")
    return Apart(tonight, wrong, of_all, first_row(state, counted), each)


def first_row(state: State, counted: pl.DataFrame) -> pl.Series:
    """Row of the lines that `counted` (with key) names, without those of other parts."""
    return state.batch.rows_of(counted["key"]).drop_nulls()


def once_for_all(
    first: pl.Series, rule: tuple[str, int], message: str, remedy: str
) -> pl.DataFrame:
    """The one hit that stands for all lines, on the row `first`; `rule`: id, tier.

    No hit where there is no such line.
    """
    rule_id, tier = rule
    if first.is_empty():
        return no_hits()
    fact = "the whole export"
    return hits(
        first.to_frame("row"), rule_id, tier=tier, message=message, remedy=remedy, fact=fact
    )
