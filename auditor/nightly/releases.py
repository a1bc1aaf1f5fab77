"""How old the imported reference tables are, whatever the claims: one answer a kind of table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.reference.kinds import TITLES, quarter_name, quarter_start
from auditor.reference.names import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from auditor.reference.interface import Kind, Release

_MONTHS = 3


class Age(NamedTuple):
    """The newest release of one kind that judges."""

    kind: Kind
    label: str
    quarters: int
    """From the quarter that it is for to the one of today; 0: it is of today."""
    fetch: str
    """What CMS calls the file of today's quarter; '' where the release is of today, or nobody
    knows."""

    def told(self) -> str:
        """In words, with what to do."""
        if self.quarters <= 0:
            return f"{self.label}: of this quarter"
        age = "1 quarter" if self.quarters == 1 else f"{self.quarters} quarters"
        return f"{self.label}: {age} old" + (f"; fetch {self.fetch}" if self.fetch else "")


def ages(releases: Iterable[Release], as_of: date) -> tuple[Age, ...]:
    """The age of each kind of table that was imported and judges, in the order of `releases`."""
    newest: dict[Kind, Release] = {}
    for release in releases:
        known = newest.get(release.kind)
        if release.used and not release.starter:
            newest[release.kind] = max(known or release, release, key=_effective)
    return tuple(_age(release, as_of) for release in newest.values())


def _age(release: Release, as_of: date) -> Age:
    quarters = _ordinal(as_of) - _ordinal(release.effective)
    name = file_name(release.kind, as_of) if quarters > 0 else ""
    fetch = f"{name} ({TITLES[release.kind]} {quarter_name(quarter_start(as_of))})" if name else ""
    return Age(release.kind, release.label, quarters, fetch)


def _effective(release: Release) -> date:
    return release.effective


def _ordinal(day: date) -> int:
    """Quarters since the year 0."""
    return day.year * 4 + (day.month - 1) // _MONTHS
