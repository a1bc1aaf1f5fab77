"""One night: what an earlier one left is finished, each feed is audited, everybody is told.

A run becomes true in one transaction of the ledger. All before it makes files that nobody sees;
all after it can be done twice, so a night that was killed is finished by the next one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from polars.exceptions import PolarsError

from auditor import __version__
from auditor.errors import AuditorError, ExitCode
from auditor.history.upkeep import compact
from auditor.ledger import runs, store
from auditor.nightly import archiving, day, finish, inbox
from auditor.nightly.about import at_work, refused
from auditor.nightly.agreement import strange_exports
from auditor.nightly.begun import marked
from auditor.nightly.committed import every_segment, finished, known
from auditor.nightly.delivery.queue import deliver, due, pending
from auditor.nightly.feed import outcome_of
from auditor.nightly.outcome import FeedOutcome, NightOutcome, Warned, gravest
from auditor.nightly.retention import settle

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from auditor.nightly.about import Night
    from auditor.nightly.inbox import Waiting
    from auditor.nightly.places import Places


def perform(night: Night) -> NightOutcome:
    """Run the night, tell of it, and answer what became of every feed.

    What goes wrong with one feed is told of that feed and keeps no other back. Raises ConfigError
    for a day far ahead, and what `at_work` raises.
    """
    names = night.names()
    day.check(night.as_of, night.now.date())
    night.tell("night", version=__version__, feeds=len(names))
    with at_work(night, "A nightly run is at work") as ledger:
        with marked(night.places.state):
            outcome = _recorded(night, ledger, names)
        _upkeep(night, ledger)
        return replace(outcome, delivery=_delivered(night, ledger))


def _recorded(night: Night, ledger: sqlite3.Connection, names: Sequence[str]) -> NightOutcome:
    """Everything up to the night's own row in the ledger."""
    started = store.now()
    settle(ledger, night.nightly)  # a purge that was killed is undone or finished
    left, wrong = recover(night, ledger)
    waiting = inbox.settled(
        night.nightly, night.settings.feeds, night.sleep, of=names, tell=night.tell
    )
    of_feed: defaultdict[str | None, list[Waiting]] = defaultdict(list)
    for each in waiting:
        of_feed[each.feed].append(each)
    feeds = [outcome_of(night, ledger, name, of_feed[name]) for name in names]
    feeds += [
        FeedOutcome(feed=name, exit_code=ExitCode.INCOMPLETE, error=text)
        for name, text in wrong.items()
        if name not in names  # else its own turn told it
    ]
    feeds += _untold(ledger, night.places, {f.run_id for f in feeds})
    feeds[0] = _strangers(feeds[0], len(of_feed[None]))
    feeds[0] = _with(feeds[0], strange_exports(night.places, ledger))
    feeds[0] = _with(feeds[0], day.warned(ledger, night.as_of))
    outcome = NightOutcome(
        as_of=night.as_of,
        started_at=started,
        ended_at=store.now(),
        feeds=tuple(feeds),
        recovered=left,
    )
    for told in feeds:
        _log(night, told)
    night.tell("night-done", exit_code=int(outcome.exit_code))
    with store.transaction(ledger):
        number = runs.append_night(ledger, outcome)
        due(ledger, number, outcome, night.nightly, night.settings.feeds)
        for run_id in (f.run_id for f in feeds if f.run_id is not None):
            if (run := runs.run_of(ledger, run_id)) is not None:
                runs.append_step(ledger, run.run, "told")
    return outcome


def _log(night: Night, told: FeedOutcome) -> None:
    """The warnings of a feed and what went wrong, for the log."""
    about = {"feed": told.feed, "run": told.run_id}
    for warned in told.warnings:
        night.tell("warning", level="warning", kind=warned.kind, **about, why=warned.text)
    if told.error is not None:
        night.tell("failed", level="error", **about, why=told.error)


def _upkeep(night: Night, ledger: sqlite3.Connection) -> None:
    """Merge the small files of the memory once there are many; the night is recorded already."""
    for name in night.settings.feeds:
        folder = night.places.history(name)
        if not folder.is_dir():
            continue
        try:
            merged = compact(folder, every_segment(ledger, name))
        except (AuditorError, OSError, PolarsError) as error:
            night.tell("not-merged", feed=name, error=type(error).__name__)
        else:
            if merged:
                night.tell("merged", feed=name, parts=merged)


def _delivered(night: Night, ledger: sqlite3.Connection) -> tuple[Warned, ...]:
    """Tell what is to be told, also of earlier nights; what could not be told is answered."""
    nightly, feeds = night.nightly, night.settings.feeds
    waiting = pending(ledger, nightly, feeds)
    warned = []
    for told in deliver(ledger, waiting, nightly, feeds, sleep=night.sleep):
        about = {"feed": told.feed, "kind": told.kind, "night": told.as_of}
        if told.delivered:
            night.tell("delivered", **about)
        else:
            night.tell("not-delivered", level="warning", **about, why=told.detail)
            text = f"The {told.kind} of {told.feed}, night {told.as_of}: {told.detail}"
            warned.append(Warned(kind="delivery", text=text))
    return tuple(warned)


def recover(night: Night, ledger: sqlite3.Connection) -> tuple[tuple[str, ...], dict[str, str]]:
    """Finish what an earlier night committed and did not finish, and sweep what it did not commit.

    Answers the run ids, and what cannot be finished now: feed -> why, in words.
    """
    archiving.put_back(night.nightly.inbox)
    left = runs.unfinished(ledger)
    finish.sweep(night.places, {run.run_id for run in left})
    done = []
    wrong: dict[str, str] = {}
    for run in left:
        try:
            finished(night, ledger, run)
        except (AuditorError, OSError) as error:
            why = refused(error, night.nightly) if isinstance(error, OSError) else error
            about = {"feed": run.feed, "run": run.run_id}
            night.tell("not-finished", level="warning", **about, why=why.what)
            wrong[run.feed] = f"Run {run.run_id} is not finished. {why.what} {why.next_step}"
        else:
            night.tell("recovered", feed=run.feed, run=run.run_id)
            done.append(run.run_id)
    return tuple(done), wrong


def _untold(
    ledger: sqlite3.Connection, places: Places, tonight: set[str | None]
) -> list[FeedOutcome]:
    """Runs that were committed in a night that did not come to its end: nobody was told of them."""
    rows = ledger.execute(
        "SELECT run_id FROM runs WHERE rerun_of IS NULL AND run NOT IN"
        " (SELECT run FROM run_steps WHERE step = 'told') ORDER BY run"
    ).fetchall()
    told = []
    for (run_id,) in rows:
        if run_id in tonight:
            continue
        run = known(ledger, run_id)
        told.append(
            FeedOutcome(
                feed=run.feed,
                exit_code=run.exit_code,
                run_id=run.run_id,
                figures=run.figures,
                folder=places.outbox / run.folder,
                files=run.figures.files,
                warnings=runs.warned(ledger, run.run),
            )
        )
    return told


def _strangers(first: FeedOutcome, count: int) -> FeedOutcome:
    """Files that no feed wants are told once, with the first feed."""
    if not count:
        return first
    said = "1 file in the inbox fits" if count == 1 else f"{count} files in the inbox fit"
    text = f"{said} no feed's pattern and {'is' if count == 1 else 'are'} left there."
    return _with(first, (Warned(kind="files", text=text),))


def _with(feed: FeedOutcome, warned: tuple[Warned, ...]) -> FeedOutcome:
    """`feed` with more warnings, and the exit code that they ask for."""
    fails = any(w.fails for w in warned)
    code = gravest([feed.exit_code, ExitCode.INCOMPLETE if fails else ExitCode.DONE])
    return replace(feed, warnings=(*feed.warnings, *warned), exit_code=code)
