"""The pandera gate: nothing leaves intake that the claim-line contract does not accept.

Frames are validated collected (a LazyFrame would be checked by its schema alone) and in batches,
so that the failures held at one time stay bounded. A value that fails is a reason to reject its
row; a frame of the wrong shape, or an exception inside a check, is a defect of this program.

The contract asks for types, for values that are there, and for a few words in two columns. Where
lines have all that, pandera is not asked to say so again: importing it takes longer than to judge
a thousand lines. What fails, and in which words, it alone says.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import polars as pl

from schemas import ClaimLines, dtypes
from schemas.columns import ASKED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandera.polars as pa

BATCH = 1_000_000
"""Rows validated at one time."""
MOST_FAILURES = 200_000
"""Failing cells collected at one time; a batch that has more is validated in halves."""

_FEW = 50_000  # rows; a batch this small is never halved

NO_DATE = "the date of service is missing"
"""The reason of a null date; the caller knows whether it was blank or could not be read."""

_WORDS = {
    "claim_id": "the claim id is missing",
    "patient_id": "the patient id is missing",
    "service_date_from": NO_DATE,
    "code": "the procedure code is missing",
}
# Follows service_date_from, which says it already.
_SILENT = frozenset({"service_date_to"})


def raw(cells: pl.DataFrame) -> None:
    """The raw gate: every column is text. Anything else is a defect of a source."""
    if any(kind != pl.String for kind in cells.dtypes):
        message = "a source handed over cells that are not text"
        raise RuntimeError(message)


def failures(lines: pl.DataFrame) -> pl.DataFrame:
    """Rows of `lines` that ClaimLines does not accept: columns index (UInt32), field, reason."""
    if _sound(lines):
        return _none()
    found = list(_failures(lines, 0))
    return pl.concat(found) if found else _none()


def _sound(lines: pl.DataFrame) -> bool:
    """Whether `lines` have all that ClaimLines asks for."""
    if lines.schema != dtypes(ClaimLines):
        return False
    for name, (filled, allowed) in ASKED["ClaimLines"].items():
        column = lines[name]
        if filled and column.null_count():
            return False
        if allowed and not column.drop_nulls().unique().is_in(allowed).all():
            return False
    return True


def _failures(lines: pl.DataFrame, offset: int) -> Sequence[pl.DataFrame]:
    from pandera.errors import SchemaErrors  # noqa: PLC0415 - slow to import; most lines are sound

    height = lines.height
    if height > BATCH or (height > _FEW and _nulls(lines) > MOST_FAILURES):
        half = min(BATCH, height // 2) if height <= BATCH else BATCH
        return [
            *_failures(lines.slice(0, half), offset),
            *_failures(lines.slice(half), offset + half),
        ]
    if lines.schema == dtypes(ClaimLines):
        filled = frozenset(name for name in lines.columns if not lines[name].null_count())
        contract, free = _contract(filled)
        lines = lines.drop(free)
    else:
        contract = ClaimLines.to_schema()
    try:
        contract.validate(lines, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
    else:
        return []
    if not isinstance(cases, pl.DataFrame) or cases["index"].null_count():
        checks = sorted(set(cases.select("column", "check").unique().iter_rows()))
        message = f"claim lines broke their own contract: {checks[:5]}"
        raise RuntimeError(message) from None
    pairs = cases.filter(~pl.col("column").is_in(sorted(_SILENT))).select(
        index=pl.col("index").cast(pl.UInt32) + offset,
        field="column",
        reason=pl.col("column").replace_strict(
            _WORDS, default="its " + pl.col("column") + " is not allowed by the claim-line contract"
        ),
    )
    return [pairs.unique(maintain_order=True)]


@lru_cache(maxsize=256)
def _contract(filled: frozenset[str]) -> tuple[pa.DataFrameSchema, list[str]]:
    """ClaimLines without the columns that cannot fail, and their names.

    Where all types are right, those are the columns of which nothing but the type is asked, and
    those of which only a value is asked where every line has one (`filled`). Asking each of them
    costs a small file more than all its lines.
    """
    whole = ClaimLines.to_schema()
    free = [
        name
        for name, column in whole.columns.items()
        if (column.nullable or name in filled) and not column.checks and not column.unique
    ]
    return whole.remove_columns(free), free


def _nulls(lines: pl.DataFrame) -> int:
    return sum(lines[name].null_count() for name in _WORDS)


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema={"index": pl.UInt32, "field": pl.String, "reason": pl.String})
