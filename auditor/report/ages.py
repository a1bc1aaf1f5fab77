"""How old the reference tables are for these claims, and which files are to be fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.kinds import HISTORY_KINDS, quarter_name, quarter_start
from auditor.reference.names import file_name
from auditor.report import words

if TYPE_CHECKING:
    from datetime import date

    from auditor.reference.interface import Kind, Release
    from auditor.result import AuditResult

FILES_NAMED = 3
"""So many files of one kind are named, the latest first; claims may reach back for years."""


@dataclass(frozen=True, slots=True)
class Late:
    """A kind of table of which a release does not vouch for every date of service."""

    kind: Kind
    label: str
    """Of the release behind the latest of the dates."""
    vouches_to: date
    last: date
    """The latest date of service past the quarter of the release that judged it."""
    lines: int | None
    """Lines of such dates; None where only the span of dates is known."""
    quarters: tuple[date, ...]
    """First days of the quarters whose release is missing, the latest first."""

    @property
    def files(self) -> str:
        """What CMS calls the files to fetch, with their quarters."""
        named = [f"{file_name(self.kind, q)} ({quarter_name(q)})" for q in self.quarters]
        more = len(named) - FILES_NAMED
        told = ", ".join(named[:FILES_NAMED])
        return told + (f" and those of {words.number(more, 'earlier quarter')}" if more > 0 else "")

    def told(self) -> str:
        """What is the matter, and what to do, in two sentences."""
        some = "services" if self.lines is None else words.number(self.lines, "audited line")
        verb = "is" if self.lines == 1 else "are"
        return (
            f"{self.label} speaks for services to {self.vouches_to}, and {some} of"
            f" {self.last.isoformat()}{' or before' if self.lines != 1 else ''} {verb} later."
            f" Fetch {self.files} from the CMS web site and load"
            f" {'them' if len(self.quarters) > 1 else 'it'} with `auditor reference import`."
        )


def late(result: AuditResult) -> list[Late]:
    """The kinds of loaded table of which a date of service lies past the quarter vouched for.

    Dates after the day of the audit are mistakes, told by a rule of their own, and no reason to
    fetch a table. The starter set is not told of: its own note says what to load.
    """
    days = _days(result)
    found = []
    for kind in dict.fromkeys(r.kind for r in result.releases):
        used = sorted((r for r in result.releases if r.kind == kind and r.used), key=_start)
        if used and not used[-1].starter and file_name(kind, used[-1].effective):
            found += _late(used, days)
    return found


def _start(release: Release) -> date:
    return release.effective


def _days(result: AuditResult) -> list[tuple[date, int | None]]:
    """Dates of service up to the day of the audit, each with its audited lines, in order."""
    lines = result.lines.head(result.lines_of_files).select(day="service_date_from")
    if lines.is_empty():  # a result made without its lines
        last = result.last_service_date
        counted: list[tuple[date, int | None]] = [] if last is None else [(last, None)]
    else:
        gone = result.lines_gone
        if len(gone):
            at = pl.int_range(pl.len(), dtype=pl.UInt32)
            lines = lines.filter(~at.is_in(gone.implode()))
        counted = lines.drop_nulls().group_by("day").len().sort("day").rows()
    return [(day, count) for day, count in counted if day <= result.options.as_of]


def _late(used: list[Release], days: list[tuple[date, int | None]]) -> list[Late]:
    """What is told of one kind, whose releases that judge are `used`, the earliest first."""
    past = []
    for day, count in days:
        judging = [r for r in used if r.effective <= day]
        # Tables with row dates judge with their newest release alone; before the first release
        # the others judge nothing, which coverage tells.
        release = used[-1] if used[-1].kind in HISTORY_KINDS else (judging or [None])[-1]
        if release is not None and day > release.vouches_to:
            past.append((day, count, release))
    if not past:
        return []
    last, _, release = past[-1]
    counts = [count for _, count, _ in past]
    quarters = sorted({quarter_start(day) for day, _, _ in past}, reverse=True)
    if release.kind in HISTORY_KINDS:  # the latest one tells the earlier quarters too
        quarters = quarters[:1]
    lines = None if None in counts else sum(c for c in counts if c is not None)
    return [Late(release.kind, release.label, release.vouches_to, last, lines, (*quarters,))]
