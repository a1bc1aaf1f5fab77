"""What earlier nights told that the last one does not say again, and that still holds.

Whoever starts the night once more, or one feed by hand, must not make a monitor forget what was
wrong before: a second start that finds nothing new mends nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from auditor.errors import ExitCode
from auditor.ledger import runs
from auditor.nightly.outcome import GOOD

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from auditor.ledger.runs import Night
    from auditor.nightly.outcome import FeedOutcome

OF_RUN = frozenset({"short", "rejected", "drift"})
"""Kinds of warning that are about lines that were audited. Each start looks anew for the others:
a file that is late, or cannot be read."""


class Earlier(NamedTuple):
    """What an earlier night told of a feed."""

    started_at: str
    """Of that night (UTC, ISO)."""
    outcome: FeedOutcome


def left_out(nights: Sequence[Night], feeds: Iterable[str]) -> Iterator[Earlier]:
    """Of `nights`, the latest first: what became of feeds that the latest did not run."""
    for feed in feeds:
        told = list(_of_feed(nights, feed))
        for night, outcome in told:
            if night is told[0][0] is not nights[0]:
                yield Earlier(night.outcome.started_at, outcome)


def standing(
    ledger: sqlite3.Connection, nights: Sequence[Night], feeds: Iterable[str]
) -> Iterator[Earlier]:
    """What still holds of a run although a later start of the same day audited nothing new.

    Of `nights`, the latest first, a feed's last run on the day (`as_of`) of its last start, with
    the warnings about its lines alone. A later run, the start of another day, and a rerun that went
    well end it.
    """
    for feed in feeds:
        told = list(_of_feed(nights, feed))
        for night, outcome in told:
            if night.outcome.as_of != told[0][0].outcome.as_of:
                break
            if outcome.run_id is not None:
                still = None if night is told[0][0] else _still(ledger, outcome, outcome.run_id)
                if still is not None:
                    yield Earlier(night.outcome.started_at, still)
                break


def _of_feed(nights: Sequence[Night], feed: str) -> Iterator[tuple[Night, FeedOutcome]]:
    """What the nights told of it, the latest first."""
    for night in nights:
        yield from ((night, each) for each in night.outcome.feeds if each.feed == feed)


def _still(ledger: sqlite3.Connection, outcome: FeedOutcome, run_id: str) -> FeedOutcome | None:
    """What holds of a run; None: nothing, or its files were audited again and all is well."""
    last = runs.last_version(ledger, run_id)
    if last is not None and last.run_id != run_id and last.exit_code in GOOD:
        return None
    warned = tuple(w for w in outcome.warnings if w.kind in OF_RUN)
    if any(w.fails for w in warned):
        return replace(outcome, exit_code=ExitCode.INCOMPLETE, warnings=warned, error=None)
    if outcome.exit_code is ExitCode.INCOMPLETE and not (outcome.warnings or outcome.error):
        text = f"Run {run_id} is incomplete; its report says why."  # told by the night after it
        return replace(outcome, error=text)
    return (
        replace(outcome, exit_code=ExitCode.DONE, warnings=warned, error=None) if warned else None
    )
