"""Kinds of practitioner, told by the specialty of a line: a Medicare code or a taxonomy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from auditor.rules.options import RuleOptions

_THERAPISTS = ("15", "65", "67")
"""Medicare specialties of speech language pathologist, physical and occupational therapist."""
_THERAPIST_TAXONOMY = r"^(?:2251|225X|235Z)"


def therapist(options: RuleOptions) -> pl.Expr:
    """The line's `specialty` is a therapist in private practice: PT, OT or SLP."""
    specialty = pl.col("specialty")
    listed = [*_THERAPISTS, *options.specialties.get("therapist", ())]
    return (specialty.is_in(listed) | specialty.str.contains(_THERAPIST_TAXONOMY)).fill_null(
        value=False
    )
