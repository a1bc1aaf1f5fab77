"""Kinds of practitioner, told by the specialty of a line: a Medicare code or a taxonomy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from auditor.engine.state import State
    from auditor.rules.options import RuleOptions

_THERAPISTS = ("15", "65", "67")
"""Medicare specialties of speech language pathologist, physical and occupational therapist."""
_THERAPIST_TAXONOMY = r"^(?:2251|225X|235Z)"
_BUILT_IN = {
    "asc": ("49", "261QA1903X"),
    "laboratory": ("69", "291U00000X", "291900000X"),
    "supplier": ("51", "52", "53", "54", "A5", "332B00000X", "333600000X", "3336C0003X"),
}
"""Medicare specialty codes and taxonomies of who bills on the professional claim, and is no
practitioner: surgical centers, laboratories, suppliers of equipment and pharmacies."""
_BROAD = (
    r"^(?:50|70|89|97|99|363[AL].{6}|364S.{6}|193[24].{6}"
    r"|NP|PA|PA-C|APRN|ARNP|CRNP|CNS|APP|MULTI.*|.*NURSE PRACT.*|.*PHYSICIAN ASS.*)$"
)
FORM = r"^(?:[0-9A-Z]{2}|[0-9A-Z]{9}X)$"
"""A Medicare specialty code or a taxonomy; a department's name says nothing for sure."""


def therapist(options: RuleOptions) -> pl.Expr:
    """The line's `specialty` is a therapist in private practice: PT, OT or SLP."""
    specialty = pl.col("specialty")
    listed = [*_THERAPISTS, *options.specialties.get("therapist", ())]
    return (specialty.is_in(listed) | specialty.str.contains(_THERAPIST_TAXONOMY)).fill_null(
        value=False
    )


def broad(specialty: str) -> pl.Expr:
    """The column `specialty` names what many lines of work share.

    Nurse practitioners, physician assistants and clinical nurse specialists have one specialty
    each, in whatever field they work, and so has a multispecialty clinic.
    """
    known = pl.col(specialty).str.to_uppercase().str.strip_chars()
    return known.str.contains(_BROAD).fill_null(value=False)


def of_kind(state: State, kind: str, rows: pl.Series) -> pl.Series:
    """For each of `rows` whether its specialty is of `kind`; null where none is given."""
    told = state.batch.raw["specialty"].gather(rows)
    if told.null_count() == len(told):  # as in most files
        return told.cast(pl.Boolean)
    known = {*_BUILT_IN[kind], *state.options.specialties.get(kind, ())}
    return told.str.to_uppercase().is_in([*known])
