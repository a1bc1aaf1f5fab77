"""How the nights stand: gathered from ledger, inbox, lock and reference store, read only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from auditor.errors import AuditorError, ExitCode
from auditor.ledger import runs
from auditor.ledger.store import opened
from auditor.lock import holder
from auditor.nightly.agreement import check_ledger
from auditor.nightly.begun import left
from auditor.nightly.inbox import look
from auditor.nightly.outcome import GOOD
from auditor.nightly.places import Places
from auditor.nightly.releases import ages
from auditor.nightly.standing import left_out, standing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.config import Settings
    from auditor.ledger.runs import Delivery, Night, Run
    from auditor.nightly.inbox import Waiting
    from auditor.nightly.releases import Age
    from auditor.nightly.settings import Nightly
    from auditor.nightly.standing import Earlier

_NIGHTS = 50
"""So far back a feed is looked for that the last night did not run."""
SCHEMA_VERSION = 1
"""Of the JSON form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStatus:
    """How one feed stands."""

    feed: str
    last_success: str | None
    """Moment (UTC, ISO) of its last run with exit code 0 or 1."""
    waiting: int
    """Files in the inbox."""
    incomplete: int
    """Of these the ones that are still written to, or lack their marker."""
    oldest: float | None
    """Seconds since the first of them arrived."""
    runs: tuple[Run, ...]
    """The last ones, the latest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the nights stand."""

    now: str
    """UTC, ISO."""
    running: bool
    """A night, a rerun or a purge is at work."""
    night: Night | None
    """The last one; None: none has come to its end yet."""
    feeds: tuple[FeedStatus, ...]
    strange: int
    """Files in the inbox that no feed wants."""
    unfinished: tuple[Run, ...]
    """Committed, and not published or not archived: the next night does that first."""
    undelivered: tuple[Delivery, ...]
    """Tellings of the last nights that have not arrived."""
    ages: tuple[Age, ...]
    """Of the imported tables; empty where the starter set alone judges."""
    problems: tuple[str, ...]
    """What could not be looked at, and why."""
    broken_off: str | None = None
    """When a night began (UTC, ISO) that is not at work and did not come to its end."""
    too_old: tuple[str, ...] = ()
    """Feeds whose last success is older than was asked for."""
    left_out: tuple[Earlier, ...] = ()
    """Feeds that the last night did not run."""
    at_work: str = ""
    """What it says it does, a sentence; '': nothing is at work, or it does not say."""
    standing: tuple[Earlier, ...] = ()
    """What still holds of a run although a later start of the same day audited nothing new."""

    @property
    def exit_code(self) -> ExitCode:
        """INCOMPLETE where a person should look, else DONE."""
        bad = self.night is not None and self.night.exit_code not in GOOD
        bad |= any(each.outcome.exit_code not in GOOD for each in (*self.left_out, *self.standing))
        killed = self.broken_off is not None or (bool(self.unfinished) and not self.running)
        look_ = bad or killed or self.problems or self.too_old
        return ExitCode.INCOMPLETE if look_ else ExitCode.DONE

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        night = self.night
        return {
            "schema_version": SCHEMA_VERSION,
            "exit_code": int(self.exit_code),
            "now": self.now,
            "running": self.running,
            "at_work": self.at_work,
            "broken_off": self.broken_off,
            "last_night": None if night is None else night.outcome.plain(),
            "feeds": [_plain_feed(feed) for feed in self.feeds],
            "files_of_no_feed": self.strange,
            "unfinished": [_plain_run(run) for run in self.unfinished],
            "undelivered": [asdict(each) for each in self.undelivered],
            "reference": [age._asdict() for age in self.ages],
            "problems": list(self.problems),
            "too_old": list(self.too_old),
            "left_out": [_plain_earlier(each) for each in self.left_out],
            "standing": [_plain_earlier(each) for each in self.standing],
        }


def status(  # noqa: PLR0913 - what is looked at, and two choices by name
    settings: Settings,
    nightly: Nightly,
    ledger: Path,
    now: datetime,
    *,
    last: int = 5,
    max_age: timedelta | None = None,
) -> Status:
    """Look at everything; `now` knows its zone, `last` runs of each feed are told.

    A feed whose last success is older than `max_age`, or that never had one, is named in `too_old`.
    Nothing is made: without a ledger no night has run yet. Raises LedgerError for a ledger that is
    none.
    """
    problems: list[str] = []
    files = _files(settings, nightly, now, problems)
    # before the ledger: a run that commits meanwhile would look as if it had been left
    places = Places.of(nightly)
    at_work = holder(places.lock, "")
    begun = None if at_work is not None else left(places.state)
    if at_work is None:
        at_work = holder(places.lock, "")  # it may have begun just now
    running = at_work is not None
    nights, good, of_feed, unfinished, undelivered, still = _recorded(
        ledger, settings.feeds, last, places, problems
    )
    feeds = tuple(
        _feed(name, good.get(name), [f for f in files if f.feed == name], of_feed[name], now)
        for name in settings.feeds
    )
    return Status(
        now=now.isoformat(timespec="seconds"),
        running=running,
        night=nights[0] if nights else None,
        feeds=feeds,
        strange=sum(f.feed is None for f in files),
        unfinished=tuple(unfinished),
        undelivered=tuple(d for d in undelivered if not d.delivered),
        ages=_ages(settings, now, problems),
        problems=tuple(problems),
        broken_off=None if running else begun,
        too_old=tuple(
            f.feed for f in feeds if max_age is not None and _is_old(f.last_success, now, max_age)
        ),
        left_out=tuple(left_out(nights, settings.feeds)),
        standing=tuple(still),
        at_work=at_work or "",
    )


def _recorded(
    ledger: Path,
    feeds: Sequence[str] | dict[str, Any],
    last: int,
    places: Places,
    problems: list[str],
) -> tuple[
    list[Night], dict[str, str], dict[str, list[Run]], list[Run], list[Delivery], list[Earlier]
]:
    """Last nights, last successes, last runs by feed, unfinished ones, deliveries, what stands."""
    if not ledger.is_file():
        return [], {}, {feed: [] for feed in feeds}, [], [], []
    with opened(ledger) as connection:
        try:
            check_ledger(places, connection)
        except AuditorError as error:
            problems.append(str(error))
        nights = runs.nights(connection, _NIGHTS)
        return (
            nights,
            runs.last_good(connection, GOOD, feeds),
            {feed: runs.runs(connection, feed, last=last) for feed in feeds},
            runs.unfinished(connection),
            runs.deliveries(connection),
            list(standing(connection, nights, feeds)),
        )


def _files(
    settings: Settings, nightly: Nightly, now: datetime, problems: list[str]
) -> list[Waiting]:
    try:
        return look(nightly, settings.feeds, now.timestamp())
    except AuditorError as error:
        problems.append(str(error))
        return []


def _ages(settings: Settings, now: datetime, problems: list[str]) -> tuple[Age, ...]:
    from auditor.reference import load_reference  # noqa: PLC0415 - heavy

    try:
        releases = load_reference(settings.reference).releases()
    except AuditorError as error:
        problems.append(str(error))
        return ()
    return ages(releases, now.date())


def _feed(
    name: str, good: str | None, files: list[Waiting], found: list[Run], now: datetime
) -> FeedStatus:
    return FeedStatus(
        feed=name,
        last_success=good,
        waiting=len(files),
        incomplete=sum(not f.complete for f in files),
        oldest=max((now.timestamp() - f.touched for f in files), default=None),
        runs=tuple(found),
    )


def _is_old(moment: str | None, now: datetime, max_age: timedelta) -> bool:
    return moment is None or now - datetime.fromisoformat(moment) > max_age


def _plain_feed(feed: FeedStatus) -> dict[str, Any]:
    oldest = None if feed.oldest is None else round(feed.oldest)
    return {
        "feed": feed.feed,
        "last_success": feed.last_success,
        "waiting": feed.waiting,
        "incomplete": feed.incomplete,
        "oldest_seconds": oldest,
        "runs": [_plain_run(run) for run in feed.runs],
    }


def _plain_earlier(earlier: Earlier) -> dict[str, Any]:
    return {
        "feed": earlier.outcome.feed,
        "started_at": earlier.started_at,
        "exit_code": int(earlier.outcome.exit_code),
        "error": earlier.outcome.error,
        "warnings": [asdict(warned) for warned in earlier.outcome.warnings],
    }


def _plain_run(run: Run) -> dict[str, Any]:
    told = asdict(run)
    told["as_of"] = run.as_of.isoformat()
    told["exit_code"] = int(run.exit_code)
    told["steps"] = sorted(run.steps)
    return told
