"""What the add-on table says of lines that meet, and what denies a line before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.engine.policies import in_force

if TYPE_CHECKING:
    import polars as pl

    from auditor.engine.state import State

FOR_GOOD = ("PTP-0", "MUE-2")
"""Denials that neither a modifier nor an appeal lifts, when they are certain."""


def listed_pairs(met: pl.DataFrame, state: State) -> pl.DataFrame:
    """Those rows of `met` (with c, primary_c, date) whose pair the add-on table has in force."""
    return met.join(state.batch.facts.addon_pairs, on=["c", "primary_c"]).filter(
        in_force("date", "effective", "deletion")
    )
