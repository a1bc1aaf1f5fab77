"""The open findings of a feed once more, as one file beside the ledger.

In the ledger they lie among all that ever happened; where they are many, a night reads this file
ten times as fast. The ledger is what counts: the file names the state that it is a copy of, and
where the ledger is in another state, or the file is gone or damaged, nobody looks at it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING

import polars as pl

from auditor import disk

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

WORTH = 50_000
"""Open findings from which on a copy saves more than it costs."""
_MARK = "auditor-open-findings"
_PRIVATE, _PRIVATE_FOLDER = 0o600, 0o700
_LAST = """
SELECT run, run_id, recorded_at, figures, manifest FROM runs
WHERE feed = ? ORDER BY run DESC LIMIT 1
"""
_COUNTED = "SELECT count(*), sum(finding) FROM open_findings WHERE feed = ?"


def mark(ledger: sqlite3.Connection, feed: str) -> str:
    """What tells the state of a feed's open findings from every other: only runs change them."""
    last = ledger.execute(_LAST, (feed,)).fetchone()
    counted = ledger.execute(_COUNTED, (feed,)).fetchone()
    return blake2b(repr((feed, last, counted)).encode(), digest_size=32).hexdigest()


def read(path: Path, ledger: sqlite3.Connection, feed: str) -> pl.DataFrame | None:
    """What `keep` wrote to `path`, if it is what `ledger` has now; None where it is not."""
    try:
        if pl.read_parquet_metadata(path).get(_MARK) != mark(ledger, feed):
            return None
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError):
        return None


def keep(path: Path, opened: pl.DataFrame | None, ledger: sqlite3.Connection, feed: str) -> None:
    """Write `opened` (Life.opened_after), which `ledger` has by now, to `path`; 0600.

    Where there are few, or the file cannot be written, there is none afterwards.
    """
    made = path.with_name(f".{path.name}")
    with suppress(OSError):
        path.unlink(missing_ok=True)  # it is of another state now
        if opened is None or opened.height < WORTH:
            return
        path.parent.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        made.unlink(missing_ok=True)
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as out:
            marked = {_MARK: mark(ledger, feed)}
            disk.write_parquet(opened, out, compression="lz4", metadata=marked)
            out.flush()
            os.fsync(out.fileno())
        made.replace(path)
