"""What is still to be told, and telling it: tonight a few times, then on later nights.

The ledger's table `deliveries` has one row with attempt 0 for each delivery that is due, written
with the night itself, and one for each attempt. So a crash before the first attempt loses none,
and a recipient who is added later does not get the nights before.

A delivery is made at least once: its row is written as soon as the server has taken it, and a crash
in between sends it again, with the same Message-ID or Idempotency-Key.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from auditor.errors import AuditorError, our_place
from auditor.ledger.store import now as clock
from auditor.nightly.delivery import letter, mail, webhook, words
from auditor.nightly.delivery.deadline import Patience
from auditor.nightly.delivery.interface import KINDS, Attempt, DeliveryResult, Kind, Pending
from auditor.nightly.outcome import FeedOutcome
from auditor.nightly.stored import code_of, night_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from auditor.nightly.outcome import NightOutcome
    from auditor.nightly.settings import Feed, Nightly

DAYS = 7
"""A night is told of for so long."""
MOST_ATTEMPTS = 50
"""Of one delivery in all; three a night for a week are 21."""
PAUSES = (10.0, 60.0)
"""Seconds between the attempts of one night; greylisting servers ask for about a minute."""
_ENOUGH = 2
"""So many deliveries in a row without an answer, and the server is left alone for that round."""
_UNTRIED = Attempt(delivered=False, detail="Not tried now: the server did not answer for others.")
_DUE = (
    "INSERT OR IGNORE INTO deliveries"
    " (night_id, feed, run_id, kind, attempt, attempted_at, delivered, reached, detail)"
    " VALUES (?, ?, ?, ?, 0, ?, 0, '[]', 'Not tried yet.')"
)
_ATTEMPT = (
    "INSERT INTO deliveries"
    " (night_id, feed, run_id, kind, attempt, attempted_at, delivered, reached, detail)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# Of the columns beside max(), SQLite answers those of the row that has it.
_WAITING = """
SELECT night_id, feed, run_id, kind, max(attempt), reached,
       as_of, started_at, ended_at, exit_code, outcome
FROM deliveries JOIN nights USING (night_id)
WHERE ended_at >= ? AND NOT EXISTS (
    SELECT 1 FROM deliveries AS made
    WHERE made.delivered = 1 AND made.night_id = deliveries.night_id
      AND made.feed = deliveries.feed AND made.run_id = deliveries.run_id
      AND made.kind = deliveries.kind
)
GROUP BY night_id, feed, run_id, kind
HAVING max(attempt) < ?
ORDER BY night_id DESC, feed, run_id, kind
"""


@dataclass(frozen=True)
class _Means:
    """What is configured."""

    nightly: Nightly
    feeds: Mapping[str, Feed]
    patience: Patience

    @cached_property
    def by_mail(self) -> mail.Route | None:
        """The way to the mail server; raises ConfigError. Once a call: it reads certificates."""
        return None if self.nightly.mail is None else mail.route(self.nightly.mail, self.patience)

    @cached_property
    def by_webhook(self) -> webhook.Route | None:
        """The way to the webhook, as above."""
        hook = self.nightly.webhook
        return None if hook is None else webhook.route(hook, self.patience)

    def people(self, item: Pending) -> tuple[str, ...]:
        """Each recipient once."""
        return tuple({each.casefold(): each for each in self.feeds[item.feed].recipients}.values())

    def attached(self, item: Pending) -> letter.Attached:
        """The workbook, where it is wanted and may be sent."""
        wanted = self.feeds[item.feed].attach
        return letter.workbooks(item.outcome.folder) if wanted else letter.Attached()


@dataclass(slots=True)
class _Tried:
    """One delivery during one call."""

    item: Pending
    tonight: int = 0
    last: Attempt = _UNTRIED

    @property
    def open(self) -> bool:
        """Whether another attempt tonight may help."""
        over = self.last.delivered or self.item.attempts >= MOST_ATTEMPTS
        return not over and (self.last.again or not self.tonight)


def due(
    ledger: sqlite3.Connection, night_id: int, outcome: NightOutcome, nightly: Nightly,
    feeds: Mapping[str, Feed],
) -> int:  # fmt: skip
    """Write what is to be told of a night; answers how many deliveries.

    Belongs into the transaction that writes the night's row. A second call changes nothing.
    """
    rows = [
        (night_id, told.feed, told.run_id or "", kind, clock())
        for told in outcome.feeds
        for kind in _configured(told.feed, nightly, feeds)
    ]
    ledger.executemany(_DUE, rows)
    return len(rows)


def pending(
    ledger: sqlite3.Connection, nightly: Nightly, feeds: Mapping[str, Feed], *,
    now: datetime | None = None,
) -> tuple[Pending, ...]:  # fmt: skip
    """What is still to be told: due, not delivered, of the last 7 days, and configured today.

    The newest night first. `now` is the clock's moment unless given.
    """
    since = (now or datetime.now(UTC)).astimezone(UTC) - timedelta(days=DAYS)
    rows = ledger.execute(_WAITING, (since.isoformat(timespec="seconds"), MOST_ATTEMPTS)).fetchall()
    found = []
    for night_id, feed, run, kind, attempts, reached, as_of, started, ended, code, outcome in rows:
        if kind in _configured(feed, nightly, feeds):
            found.append(
                Pending(
                    night_id=night_id,
                    feed=feed,
                    kind=kind,
                    as_of=as_of,
                    started_at=started,
                    ended_at=ended,
                    outcome=_outcome(feed, run, code, outcome),
                    attempts=attempts,
                    reached=frozenset(json.loads(reached)),
                )
            )
    return tuple(found)


def tonight(
    outcome: NightOutcome, nightly: Nightly, feeds: Mapping[str, Feed]
) -> tuple[Pending, ...]:
    """What `outcome` would have told, for a dry run: it needs no ledger."""
    return tuple(
        Pending(
            night_id=0,
            feed=told.feed,
            kind=kind,
            as_of=outcome.as_of.isoformat(),
            started_at=outcome.started_at,
            ended_at=outcome.ended_at,
            outcome=told,
        )
        for told in outcome.feeds
        for kind in _configured(told.feed, nightly, feeds)
    )


def deliver(  # noqa: PLR0913 - the last two have defaults that serve every night
    ledger: sqlite3.Connection,
    waiting: Sequence[Pending],
    nightly: Nightly,
    feeds: Mapping[str, Feed],
    *,
    sleep: Callable[[float], object] = time.sleep,
    patience: Patience | None = None,
) -> tuple[DeliveryResult, ...]:
    """Tell what is `waiting`, in that order, three times at most each, and write every attempt.

    What a server, a file or a setting does is told in the results and never raised. Only a ledger
    that cannot be written raises sqlite3.Error: without its row a mail would be sent every night.
    """
    means = _Means(nightly, feeds, patience or Patience())
    tried = [_Tried(item) for item in waiting]
    for pause in (0.0, *PAUSES):
        left = [each for each in tried if each.open]
        if left and pause:
            sleep(pause)
        _round(ledger, left, means)
    return tuple(_result(each) for each in tried)


def rehearse(
    waiting: Sequence[Pending], nightly: Nightly, feeds: Mapping[str, Feed]
) -> tuple[DeliveryResult, ...]:
    """What `deliver` would send to how many, or what is in its way; calls no server."""
    means = _Means(nightly, feeds, Patience())
    return tuple(_result(_Tried(item, last=_guarded(_rehearsed, item, means))) for item in waiting)


def _round(ledger: sqlite3.Connection, left: Iterable[_Tried], means: _Means) -> None:
    """One attempt for each, but for a kind whose server keeps silent."""
    silent = dict.fromkeys(KINDS, 0)
    for each in left:
        item = each.item
        if silent[item.kind] >= _ENOUGH:
            continue
        each.last = _guarded(_attempt, item, means)
        each.tonight += 1
        each.item = replace(
            item, attempts=item.attempts + 1, reached=item.reached | each.last.reached
        )
        silent[item.kind] = silent[item.kind] + 1 if each.last.silent else 0
        _record(ledger, each.item, each.last)


def _attempt(item: Pending, means: _Means) -> Attempt:
    """Raises ConfigError where a setting, or a file that one names, is in the way."""
    if item.kind == "webhook" and (hook := means.by_webhook) is not None:
        return webhook.send(hook, item)
    if item.kind == "mail" and (way := means.by_mail) is not None:
        people, sender, moment = means.people(item), way.mail.sender, datetime.now(UTC)
        whole = letter.letter(item, sender, people, now=moment, attached=means.attached(item))
        lean = letter.letter(item, sender, people, now=moment, attached=letter.WITHOUT)
        return mail.send(way, whole, lean, people, item.reached)
    return Attempt(delivered=False, detail=f"No {item.kind} is configured any more.")


def _rehearsed(item: Pending, means: _Means) -> Attempt:
    """Everything of an attempt but the server; raises ConfigError as an attempt does."""
    to = "to 1 address"
    # asking for the way raises what is wrong with it
    if item.kind == "mail" and means.by_mail is not None:
        attached = means.attached(item)
        books = attached.books
        for written in (letter.plain, letter.as_html):  # what cannot be written is told today
            written(item, attached.note)
        to = f"to {words.counted(len(means.people(item)), 'recipient')}"
        to += f", with {words.counted(len(books), 'workbook')}" if books else ""
    elif means.by_webhook is None:
        to = "to nobody"
    return Attempt(delivered=False, detail=f"Would be sent {to}.")


def _guarded(work: Callable[[Pending, _Means], Attempt], item: Pending, means: _Means) -> Attempt:
    """What `work` answers; what it raises becomes an attempt that failed, told without secrets."""
    try:
        return work(item, means)
    except AuditorError as error:
        return Attempt(delivered=False, detail=f"{error.what} {error.next_step}".strip())
    except Exception as error:  # noqa: BLE001 - a fault of ours here must not fail the audit
        told = f"Internal error: {type(error).__name__} in {our_place(error)}."
        return Attempt(delivered=False, detail=told)


def _record(ledger: sqlite3.Connection, item: Pending, last: Attempt) -> None:
    ledger.execute(
        _ATTEMPT,
        (
            item.night_id,
            item.feed,
            item.outcome.run_id or "",
            item.kind,
            item.attempts,
            clock(),
            int(last.delivered),
            json.dumps(sorted(item.reached)),
            last.detail,
        ),
    )


def _result(each: _Tried) -> DeliveryResult:
    item, last = each.item, each.last
    over = not last.delivered and item.attempts >= MOST_ATTEMPTS
    return DeliveryResult(
        night_id=item.night_id,
        feed=item.feed,
        kind=item.kind,
        as_of=item.as_of,
        delivered=last.delivered,
        attempts=each.tonight,
        detail=last.detail + (" It is not tried again." if over else ""),
        given_up=over,
        refused=last.refused,
    )


def _configured(feed: str, nightly: Nightly, feeds: Mapping[str, Feed]) -> tuple[Kind, ...]:
    """How the night of `feed` is to be told today."""
    if feed not in feeds:
        return ()
    wanted = {
        "mail": nightly.mail is not None and bool(feeds[feed].recipients),
        "webhook": nightly.webhook is not None,
    }
    return tuple(kind for kind in KINDS if wanted[kind])


def _outcome(feed: str, run_id: str, code: int, stored: str) -> FeedOutcome:
    """What the ledger has of a feed's night; where that cannot be read, the mail says so.

    A night may tell of a feed twice: of tonight's run, and of one that a killed night left untold.
    """
    with suppress(KeyError, TypeError, ValueError):
        for told in night_of(stored).feeds:
            if (told.feed, told.run_id or "") == (feed, run_id):
                return told
    return FeedOutcome(
        feed=feed,
        exit_code=code_of(code),
        run_id=run_id or None,
        error="What became of this night cannot be read from the ledger.",
    )
