"""What the name of a CMS file says: whose table, which quarter, revision and part.

CMS dates most tables by their file name alone, so the name is read before the contents.
NCCI versions count years from 1994 and quarters from 0: v302 is 2024Q3, v322 is 2026Q3.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING

from auditor.reference.kinds import FIRST_NCCI_YEAR, ncci_version, quarter_name, quarter_start

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.reference.interface import Kind


_PTP = re.compile(r"cci(?P<who>pra|oph)-?v(?P<year>\d{2})(?P<quarter>[0-3])r(?P<revision>\d+)")
_PTP_PART = re.compile(r"r\d+-?f(?P<part>[1-9])(?!\d)")
_AOC = re.compile(r"aoc_?v?(?P<year>20\d\d)q(?P<quarter>[1-4])(?:[_-](?P<revision>\d{1,2})(?!\d))?")
_MONTH = r"[ _-]?(?P<month>jan|apr|jul|oct)"
_RVU = re.compile(rf"pprrvu(?:20)?(?P<year>\d\d){_MONTH}")
_RVU_ZIP = re.compile(r"\brvu(?P<year>\d\d)(?P<letter>[a-d])")
_RVU_TITLE = re.compile(
    r"(?P<year>20\d\d) national physician fee schedule .*?(?P<month>jan|apr|jul|oct)\w* release"
)
_HCPCS = re.compile(rf"hcpc(?P<year>20\d\d){_MONTH}")
_HCPCS_REVISION = re.compile(r"anweb_?v(?P<revision>\d+)")
_QUARTER = re.compile(r"(?P<year>20\d\d)[ _-]?q(?P<quarter>[1-4])")
_EFFECTIVE = re.compile(
    r"eff(?:ective)?[ _-]*(?P<month>[01]\d)-?(?P<day>[0-3]\d)-?(?P<year>20\d\d)"
)
_MONTHS = {"jan": 1, "apr": 4, "jul": 7, "oct": 10}

# 'oce' is the outpatient code editor: NCCI's name for its hospital edits.
_PROVIDERS = (
    ("hospital", re.compile(r"ccioph|hospital|oph\b|[_-]oce[_-]")),
    ("dme", re.compile(r"(?<![a-z])dme")),
    ("practitioner", re.compile(r"ccipra|practitioner|physician|[_-]pra[_-]")),
)
_CHANGES = (
    ("additions", re.compile(r"additions_|_adds?_| adds? ")),
    ("deletions", re.compile(r"deletions_|_dels?_| dels? ")),
    ("revisions", re.compile(r"revisions_|_revs?_| revs? ")),
    ("indicator changes", re.compile(r"ccmichgs?")),
)
_MEDICAID = re.compile(r"medicaid|[_-]mcd\b|\bmcd[_-]")


@dataclass(frozen=True, slots=True)
class Hints:
    """What one name says; None where it says nothing."""

    provider: str | None = None
    """practitioner, hospital or dme."""
    effective: date | None = None
    revision: int | None = None
    part: int | None = None
    change: str | None = None
    """additions, deletions, revisions or indicator changes; None: not named."""
    medicaid: bool | None = None


def read_name(name: str) -> Hints:
    """The hints in a file, sheet or folder name, or in a title inside the file."""
    text = name.lower()
    effective, revision = _release(text)
    part = _PTP_PART.search(text)
    return Hints(
        provider=next((who for who, pattern in _PROVIDERS if pattern.search(text)), None),
        effective=effective,
        revision=revision,
        part=int(part["part"]) if part else None,
        change=next((what for what, pattern in _CHANGES if pattern.search(text)), None),
        medicaid=True if _MEDICAID.search(text) else None,
    )


def merge(hints: Iterable[Hints]) -> Hints:
    """The first word on each point: the name nearest to the table goes first."""
    merged: dict[str, object] = {}
    for hint in hints:
        for field in fields(Hints):
            value = getattr(hint, field.name)
            if value is not None:
                merged.setdefault(field.name, value)
    return Hints(**merged)  # type: ignore[arg-type] # names and values both come from Hints


def file_name(kind: Kind, effective: date) -> str:
    """What CMS calls the file of `kind` for the quarter of `effective`, as far as that is known.

    The revision is not: '...' stands for it. '' for kinds that judge no professional claim.
    """
    start = quarter_start(effective)
    month = next(name for name, number in _MONTHS.items() if number == start.month)
    named: dict[Kind, str] = {
        "aoc": f"AOC_V{quarter_name(start)}...",
        "ptp-practitioner": f"ccipra-{ncci_version(start)}r...-f1 to -f4",
        "mue-practitioner": f"MCR_MUE_PractitionerServices_Eff_{start:%m-%d-%Y}",
        "fee-schedule": f"PPRRVU{start.year}_{month.capitalize()}",
        "hcpcs": f"HCPC{start.year}_{month.upper()}_ANWEB",
    }
    return named.get(kind, "")


def _release(text: str) -> tuple[date | None, int | None]:
    """First day of the release and its revision; the most telling pattern first."""
    for pattern in (_PTP, _AOC, _HCPCS, _RVU, _RVU_TITLE, _RVU_ZIP, _EFFECTIVE, _QUARTER):
        found = pattern.search(text)
        if found is None:
            continue
        revision = _HCPCS_REVISION.search(text) if pattern is _HCPCS else found
        number = revision.groupdict().get("revision") if revision else None
        numbered = pattern in (_PTP, _AOC, _HCPCS)
        return _day(pattern, found.groupdict()), int(number or 0) if numbered else None
    return None, None


def _day(pattern: re.Pattern[str], said: dict[str, str]) -> date | None:
    """The date that the groups of `pattern` spell."""
    year = int(said["year"])
    if pattern is _PTP:
        return date(FIRST_NCCI_YEAR + year, 3 * int(said["quarter"]) + 1, 1)
    if year < 100:  # noqa: PLR2004 - two digits
        year += 2000
    if "quarter" in said:
        return date(year, 3 * int(said["quarter"]) - 2, 1)
    if "letter" in said:
        return date(year, 3 * "abcd".index(said["letter"]) + 1, 1)
    try:
        month = _MONTHS.get(said["month"]) or int(said["month"])
        return date(year, month, int(said.get("day", 1)))
    except ValueError:  # 'effective 13452025' is no date
        return None
