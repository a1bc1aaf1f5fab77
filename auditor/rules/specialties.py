"""Kinds of practitioner that a specialty code or a taxonomy tells (auditor.rules.options)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from auditor.engine.state import State

BUILT_IN = {
    "asc": ("49", "261QA1903X"),
    "laboratory": ("69", "291U00000X", "291900000X"),
}
"""Medicare specialty codes and taxonomies of each kind that rules ask for here."""
FORM = r"^(?:[0-9A-Z]{2}|[0-9A-Z]{9}X)$"
"""A Medicare specialty code or a taxonomy; a department's name says nothing for sure."""


def of_kind(state: State, kind: str) -> pl.Series:
    """For each row of the batch whether its specialty is of `kind`; null where none is given."""
    known = {*BUILT_IN[kind], *state.options.specialties.get(kind, ())}
    return state.batch.raw["specialty"].str.to_uppercase().is_in([*known])
