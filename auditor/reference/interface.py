"""What the rest of the program knows of the reference tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from auditor.reference.words import Words

Kind = Literal[
    "aoc",
    "ptp-practitioner",
    "ptp-hospital",
    "mue-practitioner",
    "mue-hospital",
    "mue-dme",
    "fee-schedule",
    "hcpcs",
]
"""Kinds of table the store keeps. Rules on professional claims use the practitioner ones."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release of one kind of table, as the report shows it."""

    kind: Kind
    label: str
    """In words: 'PTP practitioner 2024Q3 (v302r0)', 'MUE practitioner 2026Q2', 'starter set'."""
    effective: date
    """First day of the quarter the release is for."""
    vouches_to: date
    """Last day of that quarter: later dates are judged, with release_gap_quarters."""
    rows: int
    sha256: str
    """Of the source file; of several parts, of their joined digests."""
    source: str
    """Source file names, joined by ', '."""
    starter: bool
    used: bool
    """False: loaded, but incomplete or superseded by a later revision, so it judges nothing."""
    note: str
    """'incomplete: parts 1, 2 of 4', 'superseded by r1', or ''."""


class Reference(Protocol):
    """The tables an audit joins against, each cut down to the codes asked for.

    `codes` is a Series of distinct codes; each table comes back with the columns of its model
    in `schemas` and only rows whose code(s) are all in `codes`. A table of a kind that was never
    imported is the starter one: `is_starter(kind)` says so.
    """

    def ptp(self, codes: pl.Series) -> pl.DataFrame:
        """schemas.PtpEdits, practitioner: rows with both column 1 and column 2 in `codes`."""

    def addons(self, codes: pl.Series) -> pl.DataFrame:
        """schemas.AddOnEdits: every row whose add-on is in `codes` (all its primaries)."""

    def mue(self, codes: pl.Series) -> pl.DataFrame:
        """schemas.MueValues, practitioner, of every loaded release."""

    def fees(self, codes: pl.Series) -> pl.DataFrame:
        """schemas.FeeSchedule of every loaded release, valid_from and valid_to set."""

    def hcpcs(self) -> pl.DataFrame:
        """schemas.HcpcsCodes of the newest release, whole (it is small)."""

    def naming(self, kind: Kind, code: str) -> pl.DataFrame:
        """Every row of `kind` that names `code` in any of its code columns, in order."""

    def codes(self, kind: Kind) -> pl.Series:
        """Every code that a row of `kind` names; for the small tables of the starter set."""

    def policy(self, name: str) -> pl.DataFrame:
        """A built-in policy table (auditor/reference/policy/NAME.csv), all columns text."""

    @property
    def words(self) -> Words:
        """The words of the user's own files, for what a person asks; no rule reads them."""

    def descriptors(self, codes: pl.Series) -> pl.DataFrame:
        """code, text, release and source of each of `codes` that a user's file describes."""

    def successors(self, code: str) -> tuple[str, ...]:
        """The codes that a user's file gives in place of `code`, where its table says it ended."""

    def release(self, kind: Kind) -> Release | None:
        """The newest release of `kind` that judges; None where nothing of the kind is known."""

    def releases(self) -> tuple[Release, ...]:
        """Every release known, in a fixed order."""

    def is_starter(self, kind: Kind) -> bool:
        """True where `kind` is served by the built-in starter set."""
