"""Lines that the payer denied and that were billed again: the later claim tells their story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from auditor.engine.state import State

_SERVICE = ["day", "c"]
_CLAIM = ["day", "claim_id"]


def rebilled(state: State) -> pl.Series:
    """Rows of denied lines whose service another claim bills again (row).

    The code stands on another claim of the patient, practitioner and day that is not denied; or
    the whole claim was denied that day and one of its codes stands so: what was corrected on the
    new claim, a code changed or left out, is not to be corrected on the old one too.
    """
    # A credit, and what it takes back, neither bills again nor keeps a claim from being denied.
    # Columns first: a filter copies every column it is given.
    lines = state.lines.select(
        "row", *_SERVICE, "denied", "dup", "live", "credit", "cancelled"
    ).filter(pl.col("day").is_not_null() & ~pl.col("credit") & ~pl.col("cancelled"))
    denied = lines.filter("denied").select("row", *_SERVICE)
    if denied.is_empty():
        return pl.Series("row", [], dtype=pl.UInt32)
    lines = lines.filter(pl.col("day").is_in(denied["day"].unique().implode()))
    lines = state.with_raw(lines.select("row", *_SERVICE, "denied", "dup", "live"), "claim_id")
    denied = lines.filter("denied")
    paid = lines.filter(~pl.col("denied") & ~pl.col("dup") & pl.col("live"))
    paid = paid.select(*_SERVICE, other="claim_id").unique()
    again = denied.join(paid, on=_SERVICE).filter(pl.col("claim_id") != pl.col("other"))
    whole = denied.join(lines.filter(~pl.col("denied")), on=_CLAIM, how="anti")
    whole = whole.join(again, on=_CLAIM, how="semi")
    return pl.concat([again["row"], whole["row"]]).unique().sort()
