"""What a nightly run would do, without doing any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.ledger import store
from auditor.nightly import inbox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.nightly.about import Night


def dry(night: Night) -> Mapping[str, tuple[int, int, int]]:
    """Of each feed: files that would be audited, that were audited before, that are not complete.

    Nothing is written, moved or locked.
    """
    names = night.names()
    waiting = inbox.look(night.nightly, night.settings.feeds)
    known: set[tuple[str, str]] = set()
    if night.ledger.is_file():
        with store.opened(night.ledger) as ledger:
            known = set(ledger.execute("SELECT feed, sha256 FROM run_files"))
    told = {}
    for name in names:
        mine = [w for w in waiting if w.feed == name]
        complete = [inbox.digest(w.path) for w in mine if w.complete]
        again = sum((name, sha256) in known for sha256 in complete)
        told[name] = (len(complete) - again, again, len(mine) - len(complete))
    return told
