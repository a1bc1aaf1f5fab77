"""Whether ledger, stored lines and archive speak of the same nights.

They do as long as nobody takes one of them away or brings back an old copy: a run is committed in
the ledger first, and only then do its files get their places. So files of a run that the ledger
does not have mean that the ledger is an old one, and to go on would write over them.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from auditor.errors import LedgerError
from auditor.nightly.outcome import Warned

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from auditor.nightly.places import Places

_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_ARCHIVED = re.compile(r"[0-9a-f]{12}-.*", re.DOTALL)
"""As places.archived names an export."""


def check_ledger(places: Places, ledger: sqlite3.Connection) -> None:
    """Raise LedgerError where a run left its manifest here and the ledger does not have it."""
    known = {f"{run_id}.json" for (run_id,) in ledger.execute("SELECT run_id FROM runs")}
    folder = places.manifests
    lost = [n for n in _names(folder) if n.endswith(".json") and n not in known]
    if not lost:
        return
    one = len(lost) == 1
    runs = "1 run whose manifest lies" if one else f"{len(lost):,} runs whose manifests lie"
    raise LedgerError(
        f"The ledger does not have {runs} here: it is an older one than the rest of the state"
        " folder, or a new one.",
        where=str(folder),
        next_step="Nothing was touched. Bring back the ledger as it was after the last night. If"
        " there is no such copy, bring back the whole state folder as it was in one backup (or move"
        " it away and begin anew with an empty one); a night then says which exports in the archive"
        " it does not know.",
    )


def check_lines(
    places: Places, ledger: sqlite3.Connection, feed: str, standing: Iterable[int]
) -> None:
    """Hold the stored lines of `feed`, whose runs are all published, against the ledger.

    standing: the runs that no rerun replaced. Raises HistoryError where a file of theirs is missing
    or damaged, or one is of a run that the ledger does not have.
    """
    from auditor.history.verify import verify  # noqa: PLC0415 - heavy things stay out of --help

    rows = ledger.execute("SELECT run, lines, ended FROM segments WHERE feed = ?", (feed,))
    known = {run: (lines, ended) for run, lines, ended in rows}
    verify(places.history(feed), known, standing)


def strange_exports(places: Places, ledger: sqlite3.Connection) -> tuple[Warned, ...]:
    """A warning where exports lie in the archive that this ledger never saw: they count nowhere."""
    known = {stored for (stored,) in ledger.execute("SELECT archived FROM run_files")}
    lost = sum(stored not in known for stored in _exports(places.archive))
    if not lost:
        return ()
    one = lost == 1
    text = (
        f"{lost:,} {'export' if one else 'exports'} in the archive {'is' if one else 'are'} unknown"
        " to the ledger, which is older than the archive or new. Put"
        f" {'it' if one else 'them'} back into the inbox, without the digest before the name, to"
        f" have {'it' if one else 'them'} audited."
    )
    return (Warned(kind="files", text=text, fails=True),)


def _exports(archive: Path) -> list[str]:
    """The exports in the archive, as the ledger names them."""
    return [
        f"{feed}/{month}/{name}"
        for feed in _names(archive)
        for month in _names(archive / feed)
        if _MONTH.fullmatch(month)
        for name in _names(archive / feed / month)
        if _ARCHIVED.fullmatch(name)
    ]


def _names(folder: Path) -> list[str]:
    """What lies in `folder`; nothing where it is none."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names, many of them
    except (FileNotFoundError, NotADirectoryError):
        return []
