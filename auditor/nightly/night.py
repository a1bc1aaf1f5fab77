"""One night: what an earlier one left is finished, each feed is audited, everybody is told.

A run becomes true in one transaction of the ledger. All before it makes files that nobody sees;
all after it can be done twice, so a night that was killed is finished by the next one.
"""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from auditor import config
from auditor.errors import AuditorError, ConfigError, ExitCode, our_place
from auditor.ledger import runs, store
from auditor.lock import locked
from auditor.nightly import finish, inbox
from auditor.nightly.limits import warnings_of
from auditor.nightly.outcome import FeedOutcome, NightOutcome, Warned, gravest
from auditor.nightly.places import Places
from auditor.nightly.reading import Moved, Taken, read

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from auditor.config import Settings
    from auditor.nightly.inbox import Waiting
    from auditor.nightly.run import Asked, Prepared
    from auditor.nightly.settings import Nightly

HELD = "Another nightly run is at work."
_COMPARED = 10
"""So many earlier runs a night is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Where passwords come from; asked when they are needed."""

    of_inputs: Callable[[Settings], Callable[[str], str | None]]
    """Settings of a feed -> what to ask, with a file's name, for its password."""
    of_report: Callable[[Settings], str]
    """Settings of a feed -> what opens its workbooks; raises ConfigError where there is none."""


def _silent(event: str, **about: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What one start of the nightly run is about."""

    settings: Settings
    as_of: date
    now: datetime
    """The operator's clock, with its zone."""
    secrets: Secrets
    feeds: tuple[str, ...] = ()
    """Names of the feeds to run; empty: all."""
    tell: Callable[..., None] = _silent
    """Told (event, **counts and names) as the night goes on; never a word from a claim."""
    debug: Callable[[BaseException], None] = field(default=lambda _: None)
    """Given what nobody foresaw: it may write it where the operator asked for it."""
    sleep: Callable[[float], None] = time.sleep

    @property
    def nightly(self) -> Nightly:
        """Its table in the configuration; raises ConfigError where it has none."""
        if self.settings.nightly is None or not self.settings.feeds:
            raise ConfigError(
                "The configuration has no nightly run."
                if self.settings.nightly is None
                else "The configuration has no feed.",
                next_step="`auditor nightly init` writes one to begin with; docs/nightly.md tells"
                " of its settings.",
            )
        return self.settings.nightly

    @property
    def places(self) -> Places:
        """Its folders."""
        return Places.of(self.nightly)

    @property
    def ledger(self) -> Path:
        """The file of the ledger."""
        return self.settings.ledger or self.nightly.state / config.LEDGER

    def names(self) -> tuple[str, ...]:
        """The feeds to run, in the order of the configuration."""
        known = self.settings.feeds
        for name in self.feeds:
            if name not in known:
                raise ConfigError(
                    f"There is no feed {name}.",
                    next_step=f"The configuration has: {', '.join(known)}.",
                )
        return tuple(name for name in known if not self.feeds or name in self.feeds)


@contextmanager
def at_work(night: Night) -> Iterator[sqlite3.Connection]:
    """The ledger of the night, with the right to run; nobody else has it meanwhile.

    Raises Locked where another run has it, LedgerError where the ledger is no good, ConfigError
    where a folder cannot be made.
    """
    _folders(night)
    with locked(night.places.lock, HELD), store.opened(night.ledger) as ledger:
        yield ledger


def perform(night: Night) -> tuple[int, NightOutcome]:
    """Run the night; answers its number in the ledger and what became of every feed.

    What goes wrong with one feed is told of that feed and keeps no other back. Raises what
    `at_work` raises.
    """
    names = night.names()
    with at_work(night) as ledger:
        started = store.now()
        left = recover(night, ledger)
        waiting = inbox.settled(night.nightly, night.settings.feeds, night.sleep)
        of_feed: defaultdict[str | None, list[Waiting]] = defaultdict(list)
        for each in waiting:
            of_feed[each.feed].append(each)
        feeds = [_one(night, ledger, name, of_feed[name]) for name in names]
        feeds += _untold(ledger, {f.run_id for f in feeds})
        feeds[0] = _strangers(feeds[0], len(of_feed[None]))
        outcome = NightOutcome(
            as_of=night.as_of,
            started_at=started,
            ended_at=store.now(),
            feeds=tuple(feeds),
            recovered=left,
        )
        with store.transaction(ledger):
            number = runs.append_night(ledger, outcome)
            for run_id in (f.run_id for f in feeds if f.run_id is not None):
                if (run := runs.run_of(ledger, run_id)) is not None:
                    runs.append_step(ledger, run.run, "told")
        return number, outcome


def recover(night: Night, ledger: sqlite3.Connection) -> tuple[str, ...]:
    """Finish what an earlier night committed and did not finish, and sweep what it did not commit.

    Answers the run ids. What cannot be finished now is told when the feed's turn comes.
    """
    from auditor.history import sweep  # noqa: PLC0415 - heavy things stay out of --help

    left = runs.unfinished(ledger)
    finish.sweep(night.places, {run.run_id for run in left})
    done = []
    for run in left:
        try:
            _finish(night, ledger, run)
        except AuditorError as error:
            night.tell("not-finished", feed=run.feed, run=run.run_id, why=error.what)
        else:
            night.tell("recovered", feed=run.feed, run=run.run_id)
            done.append(run.run_id)
    for name in night.settings.feeds:
        sweep(night.places.history(name), segments(ledger, name))
    return tuple(done)


def segments(ledger: sqlite3.Connection, feed: str, before: int | None = None) -> list[int]:
    """The runs of `feed` that left lines and were not replaced by a rerun; `before`: smaller ones."""
    rows = ledger.execute(
        "SELECT run FROM segments WHERE feed = ? AND (? IS NULL OR run < ?) AND run NOT IN"
        " (SELECT rerun_of FROM runs JOIN segments USING (run)"
        " WHERE rerun_of IS NOT NULL AND (? IS NULL OR run < ?)) ORDER BY run",
        (feed, before, before, before, before),
    )
    return [run for (run,) in rows]


def _untold(ledger: sqlite3.Connection, tonight: set[str | None]) -> list[FeedOutcome]:
    """Runs that were committed in a night that did not come to its end: nobody was told of them."""
    rows = ledger.execute(
        "SELECT run_id FROM runs WHERE rerun_of IS NULL AND run NOT IN"
        " (SELECT run FROM run_steps WHERE step = 'told') ORDER BY run"
    ).fetchall()
    told = []
    for (run_id,) in rows:
        if run_id in tonight:
            continue
        run = _known(ledger, run_id)
        told.append(
            FeedOutcome(
                feed=run.feed,
                exit_code=run.exit_code,
                run_id=run.run_id,
                figures=run.figures,
                files=run.figures.files,
            )
        )
    return told


def _strangers(first: FeedOutcome, count: int) -> FeedOutcome:
    """Files that no feed wants are told once, with the first feed."""
    if not count:
        return first
    said = "1 file in the inbox fits" if count == 1 else f"{count} files in the inbox fit"
    text = f"{said} no feed's pattern and {'is' if count == 1 else 'are'} left there."
    return replace(first, warnings=(*first.warnings, Warned(kind="files", text=text)))


def _folders(night: Night) -> None:
    places = night.places
    for folder in (places.outbox, places.archive, places.state, places.staging):
        try:
            finish.make_folder(folder)
        except OSError as error:
            raise ConfigError(
                f"The folder cannot be made ({error.strerror or type(error).__name__}).",
                where=str(folder),
                next_step="Check [nightly] in the configuration, and permissions.",
            ) from None


