"""What a nightly run would do, without doing any of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from auditor import config
from auditor.errors import ConfigError, ExitCode
from auditor.ledger import store
from auditor.nightly import day, inbox
from auditor.nightly.delivery.queue import rehearse, tonight
from auditor.nightly.outcome import FeedOutcome, NightOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.nightly.about import Night
    from auditor.nightly.inbox import Waiting
    from auditor.nightly.outcome import Warned


class Files(NamedTuple):
    """The files of one feed in the inbox."""

    new: int
    """Would be audited."""
    again: int
    """Were audited before, and would go to the archive."""
    incomplete: int
    left: int
    """Are complete or not, and would be left there all the same: links, or not to be read."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What the night would do."""

    files: Mapping[str, Files]
    """Feed -> its files."""
    notes: tuple[str, ...]
    """What is waited for, who would be told, what would be in the way."""


def dry(night: Night) -> Planned:
    """What the night would take, and whom it would tell. Nothing is written, moved, sent or locked.

    Raises ConfigError where there is no inbox or the day is far ahead, LedgerError where the ledger
    is no good.
    """
    names = night.names()
    day.check(night.as_of, night.now.date())
    waiting = inbox.look(night.nightly, night.settings.feeds)
    known: set[tuple[str, str]] = set()
    back: tuple[Warned, ...] = ()
    if night.ledger.is_file():
        with store.opened(night.ledger) as ledger:
            known = set(ledger.execute("SELECT feed, sha256 FROM run_files"))
            back = day.warned(ledger, night.as_of)
    files = {name: _files(name, waiting, known) for name in names}
    notes = (
        *(each.text for each in back),
        *_inbox(night, files, waiting),
        *_secrets(night, names),
        *_deliveries(night, names),
    )
    return Planned(files, notes)


def _files(feed: str, waiting: Sequence[Waiting], known: set[tuple[str, str]]) -> Files:
    mine = [w for w in waiting if w.feed == feed]
    digests = [_digest(w) for w in mine if w.complete]
    readable = [sha256 for sha256 in digests if sha256 is not None]
    again = sum((feed, sha256) in known for sha256 in readable)
    left = sum(w.odd is not None for w in mine) + len(digests) - len(readable)
    return Files(len(readable) - again, again, len(mine) - len(readable) - left, left)


def _digest(waiting: Waiting) -> str | None:
    try:
        return inbox.digest(waiting.path)
    except OSError:
        return None


def _inbox(night: Night, files: Mapping[str, Files], waiting: Sequence[Waiting]) -> Iterator[str]:
    if any(each.incomplete for each in files.values()):
        if night.nightly.ready == "marker":
            yield "A file is complete when an empty file of its name and .done lies beside it."
        else:
            seconds = night.nightly.stable_seconds
            yield (
                f"A file is complete when nothing was written to it for {seconds} seconds. A night"
                f" waits for that, {inbox.PATIENCE * seconds} seconds at most."
            )
    if left := sum(each.left for each in files.values()):
        yield (
            f"{left:,} {'file' if left == 1 else 'files'} would be left in the inbox: a link, a"
            " name that is no text, or without permission to read."
        )
    if strange := sum(w.feed is None for w in waiting):
        yield (
            f"{strange:,} {'file fits' if strange == 1 else 'files fit'} the pattern of no feed and"
            " would not be taken."
        )


def _secrets(night: Night, names: Sequence[str]) -> Iterator[str]:
    """What is asked for in the night only, and must be there then."""
    for name in names:
        if not night.settings.feeds[name].encrypt:
            continue
        try:
            night.secrets.of_report(config.of_feed(night.settings, name))
        except ConfigError as error:
            yield f"In the way of {name}: {error.what} {error.next_step}".rstrip()


def _deliveries(night: Night, names: Sequence[str]) -> Iterator[str]:
    nothing = NightOutcome(
        as_of=night.as_of,
        started_at=store.now(),
        ended_at=store.now(),
        feeds=tuple(FeedOutcome(feed=name, exit_code=ExitCode.DONE) for name in names),
    )
    feeds = night.settings.feeds
    for told in rehearse(tonight(nothing, night.nightly, feeds), night.nightly, feeds):
        yield f"{told.kind.capitalize()} about {told.feed}: {told.detail}"
