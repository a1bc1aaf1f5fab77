"""The kinds of table the store keeps, and the calendar of CMS quarters. No heavy import."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, get_args

from auditor.reference.interface import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: tuple[Kind, ...] = get_args(Kind)

TITLES: Mapping[Kind, str] = {
    "aoc": "AOC",
    "ptp-practitioner": "PTP practitioner",
    "ptp-hospital": "PTP hospital",
    "mue-practitioner": "MUE practitioner",
    "mue-hospital": "MUE hospital",
    "mue-dme": "MUE DME",
    "fee-schedule": "Fee schedule",
    "hcpcs": "HCPCS Level II",
}
"""How a kind is called in tables and reports."""

HISTORY_KINDS: frozenset[Kind] = frozenset({"aoc", "ptp-practitioner", "ptp-hospital", "hcpcs"})
"""Kinds whose rows carry their own dates, so that the newest release tells the whole history."""

FIRST_NCCI_YEAR = 1994
"""Version 0.0 would have been January 1994; version 30.2 is July 2024."""


def quarter_start(day: date) -> date:
    """First day of the calendar quarter of `day`."""
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def quarter_end(day: date) -> date:
    """Last day of the calendar quarter of `day`: what a release of that quarter vouches to."""
    return quarter_start(quarter_start(day) + timedelta(days=92)) - timedelta(days=1)


def quarter_name(day: date) -> str:
    """`2024Q3` for the first day of a quarter, else the day itself (`2026-04-15`)."""
    if day != quarter_start(day):
        return day.isoformat()
    return f"{day.year}Q{(day.month + 2) // 3}"


def ncci_version(effective: date) -> str:
    """`v302` for 2024-07-01: how NCCI numbers its quarters."""
    start = quarter_start(effective)
    return f"v{start.year - FIRST_NCCI_YEAR}{start.month // 3}"
