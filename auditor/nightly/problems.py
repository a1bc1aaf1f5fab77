"""What is wrong with the settings of a night, each problem with its dotted place."""

from __future__ import annotations

import os
import re
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.intake.names import FIELDS
from auditor.nightly.delivery import checks
from auditor.tomlfile import hint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from auditor.config import Settings
    from auditor.nightly.settings import Feed, Limits, Nightly

MOST_PIVOT = 99
"""As of the setting year_pivot of the whole file."""
_FOLDERS = ("inbox", "outbox", "archive", "state")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def problems(settings: Settings, folder: Path) -> Iterator[str]:
    """What the types do not tell; `folder` is the one of the file, from which paths are seen."""
    nightly, feeds = settings.nightly, settings.feeds
    if nightly is None:
        if feeds:
            yield "feeds are only for a night: [nightly] is missing"
    else:
        if not feeds:
            yield "nightly has nothing to take: add a table [feeds.NAME]"
        yield from _folders(nightly, folder)
        yield from _numbers(nightly)
        yield from _limits("nightly.limits", nightly.limits)
        yield from checks.problems(nightly, feeds)
    yield from _names(feeds)
    for name, feed in feeds.items():
        yield from _feed(f"feeds.{name}", feed)


def _folders(nightly: Nightly, folder: Path) -> Iterator[str]:
    """Folders that are one, or one in the other: what is moved out of one would be in the other."""
    real = {
        name: Path(os.path.realpath(folder / getattr(nightly, name).expanduser()))
        for name in _FOLDERS
    }
    for one, other in combinations(_FOLDERS, 2):
        if real[one] == real[other]:
            yield f"nightly.{one} and nightly.{other} are the same folder"
        elif real[one].is_relative_to(real[other]):
            yield f"nightly.{one} lies inside nightly.{other}: each needs a folder of its own"
        elif real[other].is_relative_to(real[one]):
            yield f"nightly.{other} lies inside nightly.{one}: each needs a folder of its own"


def _numbers(nightly: Nightly) -> Iterator[str]:
    if nightly.stable_seconds < 0:
        yield "nightly.stable_seconds must be 0 or more"
    for kind in ("archive", "outputs", "ledger", "history"):
        if getattr(nightly.retention, kind) < 0:
            yield f"nightly.retention.{kind} must be 0 (for ever) or a number of days"


def _limits(place: str, limits: Limits) -> Iterator[str]:
    if limits.expect_by is not None and not _CLOCK.fullmatch(limits.expect_by):
        yield f"{place}.expect_by must be a time of day as HH:MM, such as 06:30"
    if limits.min_lines < 0:
        yield f"{place}.min_lines must be 0 or more"
    if not 0 <= limits.max_rejected <= 1:
        yield f"{place}.max_rejected must be from 0 to 1, such as 0.05 for 5%"
    for kind in ("lines", "rejected", "not_judged", "findings"):
        allowed = getattr(limits.change, kind)
        if allowed is not None and not 0 < allowed < float("inf"):
            yield f"{place}.change.{kind} must be above 0, such as 0.5 for half as much again"


def _names(feeds: Mapping[str, Feed]) -> Iterator[str]:
    """A feed's name is the name of its folders, on systems too that ignore case."""
    seen: dict[str, str] = {}
    for name in feeds:
        if not _NAME.fullmatch(name):
            yield f"feeds.{name} must be made of letters, digits, - and _: folders are named so"
        elif name.lower() in seen:
            yield f"feeds.{name} and feeds.{seen[name.lower()]} differ by case alone"
        seen.setdefault(name.lower(), name)


def _feed(place: str, feed: Feed) -> Iterator[str]:
    if not feed.files.strip() or "/" in feed.files or "\\" in feed.files:
        yield f"{place}.files must be a pattern for names in the inbox, such as 'clinic_*.csv'"
    if feed.limits is not None:
        yield from _limits(f"{place}.limits", feed.limits)
    yield from _reading(place, feed)


def _reading(place: str, feed: Feed) -> Iterator[str]:
    """What holds for these settings of the whole file too."""
    if feed.year_pivot is not None and not 0 <= feed.year_pivot <= MOST_PIVOT:
        yield f"{place}.year_pivot must be from 0 to {MOST_PIVOT}"
    for name in feed.columns:
        if name not in FIELDS:
            yield f"{place}.columns.{name} is no field" + hint(name, FIELDS)
