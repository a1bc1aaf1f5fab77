"""How old the reference tables are for these claims, and which files are to be fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.kinds import HISTORY_KINDS, quarter_name, quarter_start
from auditor.reference.names import file_name
from auditor.report import words
from auditor.result import AuditResult

if TYPE_CHECKING:
    from datetime import date

    from auditor.reference.interface import Kind, Release
    from auditor.result import Audited

FILES_NAMED = 3
"""So many files of one kind are named, the latest first; claims may reach back for years."""


@dataclass(frozen=True, slots=True)
class Late:
    """A release that does not vouch for every date of service that it judged."""

    kind: Kind
    label: str
    """Of the release."""
    vouches_to: date
    last: date
    """The latest date of service past its quarter."""
    lines: int | None
    """Lines of such dates; None where only the span of dates is known."""
    quarters: tuple[date, ...]
    """First days of the quarters whose release is missing, the latest first."""

    @property
    def names(self) -> list[str]:
        """What CMS calls the files to fetch, with their quarters."""
        return [f"{file_name(self.kind, q)} ({quarter_name(q)})" for q in self.quarters]

    @property
    def files(self) -> str:
        """The names in one text, the first few of them."""
        more = len(self.names) - FILES_NAMED
        told = ", ".join(self.names[:FILES_NAMED])
        return told + (f" and those of {words.number(more, 'earlier quarter')}" if more > 0 else "")

    def told(self) -> str:
        """What is the matter, and what to do, in two sentences."""
        some = "services" if self.lines is None else words.number(self.lines, "audited line")
        verb, them = ("is", "it") if self.lines == 1 else ("are", "them")
        return (
            f"{self.label} speaks for services to {self.vouches_to}; {some} {verb} later, the last"
            f" of {self.last}, and the table that judged {them} may be out of date."
            f" {self.advice()}"
        )

    def advice(self) -> str:
        """What to do."""
        return (
            f"Fetch from the CMS web site, and load with `auditor reference import`: {self.files}."
        )


def late(result: Audited) -> list[Late]:
    """The loaded releases that judged dates of service past the quarter that they vouch for.

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


def _days(result: Audited) -> list[tuple[date, int | None]]:
    """Dates of service up to the day of the audit, each with its audited lines, in order."""
    counted: list[tuple[date, int | None]]
    if result.days is not None:
        counted = result.days.sort("day").rows()
    elif isinstance(result, AuditResult) and result.lines.head(result.lines_of_files).height:
        lines = result.lines.head(result.lines_of_files).select(day="service_date_from")
        gone = result.lines_gone
        if len(gone):
            at = pl.int_range(pl.len(), dtype=pl.UInt32)
            lines = lines.filter(~at.is_in(gone.implode()))
        counted = lines.drop_nulls().group_by("day").len().sort("day").rows()
    else:  # a result made without its lines
        last = result.last_service_date
        counted = [] if last is None else [(last, None)]
    return [(day, count) for day, count in counted if day <= result.options.as_of]


def _late(used: list[Release], days: list[tuple[date, int | None]]) -> list[Late]:
    """What is told of each release of one kind; `used` are those that judge, earliest first."""
    past: dict[str, list[tuple[date, int | None]]] = {}
    dated = used[-1].kind in HISTORY_KINDS
    for day, count in days:
        # Of tables with row dates the newest release tells all days; before the first one the
        # others judge nothing, which coverage tells.
        judging = used if dated else [r for r in used if r.effective <= day]
        if judging and day > judging[-1].vouches_to:
            past.setdefault(judging[-1].label, []).append((day, count))
    told = []
    for release in used:
        if release.label not in past:
            continue
        mine = past[release.label]
        quarters = sorted({quarter_start(day) for day, _ in mine}, reverse=True)
        counts = [count for _, count in mine if count is not None]
        told.append(
            Late(
                kind=release.kind,
                label=release.label,
                vouches_to=release.vouches_to,
                last=mine[-1][0],
                lines=sum(counts) if counts else None,
                # The latest one tells the earlier quarters too, where rows carry their dates.
                quarters=tuple(quarters[:1] if dated else quarters),
            )
        )
    return told
