"""One defect and not many: where most lines of a file have the same thing wrong with a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.engine.hits import hits

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from auditor.engine.state import State

MANY = 50
"""From so many lines (claims, numbers) on, a wrong majority is a defect of the export."""


def most(wrong: int, judged: int) -> bool:
    """True where so much is wrong that the export or its mapping is, and not the claims."""
    return judged >= MANY and wrong * 2 > judged


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


def once_for_all(
    state: State, found: pl.DataFrame, rule: tuple[str, int], message: str, remedy: str
) -> pl.DataFrame:
    """The one hit that stands for all lines of `found`, on the first; `rule`: id, tier."""
    rule_id, tier = rule
    first = placed(state, found["row"]).head(1)
    return hits(first, rule_id, tier=tier, message=message, remedy=remedy)
