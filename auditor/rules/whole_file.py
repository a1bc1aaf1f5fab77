"""One defect and not many: where most lines of a file have the same thing wrong with a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.engine.hits import hits, no_hits

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from auditor.engine.state import State

MANY = 50
"""From so many lines (claims, numbers) on, a wrong majority is a defect of the export."""


def most(state: State, wrong: int, judged: int) -> bool:
    """True where so much is wrong that the export or its mapping is, and not the claims."""
    return state.batch.exported and judged >= MANY and wrong * 2 > judged


def placed(state: State, rows: pl.Series, *columns: str) -> pl.DataFrame:
    """`rows` in an order that does not depend on that of the files, with raw `columns`."""
    order = ["claim_id", "line_number", "patient_id"]
    extra = [c for c in columns if c not in order]
    raw = state.batch.raw.select("row", *order, *extra)[rows]
    return raw.sort(*order, "row", nulls_last=False)


def first_of_claims(state: State, found: pl.DataFrame, by: Sequence[str] = ()) -> pl.DataFrame:
    """The first of the `found` lines of each claim (and of each value of `by`)."""
    ids = placed(state, found["row"], "payer")
    ordered = ids.join(found, on="row", maintain_order="left")
    return ordered.unique(
        ["patient_id", "payer", "claim_id", *by], keep="first", maintain_order=True
    )


class Apart(NamedTuple):
    """What is wrong in most of tonight's files, and what is told line by line."""

    most: pl.DataFrame
    """Lines of tonight's files, for which one finding stands; empty where they are few."""
    judged: int
    """Of how many lines of tonight's files."""
    each: pl.DataFrame
    """The other lines: an export of an earlier night has its own defects."""


def apart(state: State, found: pl.DataFrame, judged: pl.Series) -> Apart:
    """`found` (with row), which are wrong among the rows `judged`, as they are told."""
    tonight = state.batch.of_tonight(found)
    height = state.batch.of_tonight(judged.to_frame()).height if tonight.height else 0
    if not most(state, tonight.height, height):
        return Apart(tonight.clear(), height, found)
    return Apart(tonight, height, found.join(tonight, on="row", how="anti", maintain_order="left"))


def once_for_all(
    state: State, found: pl.DataFrame, rule: tuple[str, int], message: str, remedy: str
) -> pl.DataFrame:
    """The one hit that stands for all lines of `found`, on the first; `rule`: id, tier.

    No hit where there is no line.
    """
    rule_id, tier = rule
    if found.is_empty():
        return no_hits()
    first = placed(state, found["row"]).head(1)
    return hits(first, rule_id, tier=tier, message=message, remedy=remedy, fact="the whole export")
