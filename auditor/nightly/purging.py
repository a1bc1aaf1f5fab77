"""Removing what a plan of auditor.nightly.retention names, so that a kill leaves nothing half-done.

The order: files are renamed out of sight; one transaction removes the rows and logs the purge;
the files are removed for good; audited lines are forgotten; the ledger's file is written anew
without what was deleted. Killed before the transaction, all of it is undone by the next start;
killed after it, finished.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import LedgerBusy
from auditor.ledger.store import now, transaction
from auditor.nightly import aged_rows, doomed
from auditor.nightly.holds import asked, held
from auditor.nightly.retention import segments, settle

if TYPE_CHECKING:
    from auditor.nightly.aged_rows import Aged
    from auditor.nightly.retention import Kind, Lines, Plan
    from auditor.nightly.settings import Nightly

MANIFESTS = "manifests"
"""Folder of the state folder: one file a run, named by its id."""
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})

Logged = tuple["Kind", str, int]
"""A row of the log: kind, what, how many."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge did."""

    batch: str
    logged: tuple[Logged, ...]
    compacted: bool
    """False: another program reads the ledger, so its file was not written anew."""


def purge(
    ledger: sqlite3.Connection,
    nightly: Nightly,
    plan: Plan,
    *,
    by: str,
    store: Lines | None = None,
) -> Purged:
    """Do what `plan` says. The caller holds the lock of the nightly run, and has settled before.

    Raises LedgerBusy, and leaves everything where it was, where a hold was put or lifted since
    the plan was made.
    """
    batch = secrets.token_hex(8)
    ledger.execute("PRAGMA secure_delete = ON")  # zeros in the place of what is deleted
    try:
        for old in plan.files:
            if old.path.exists():
                doomed.doom(old.root, old.path, batch)
        with asked(ledger, plan.held), transaction(ledger), aged_rows.unguarded(ledger):
            _check_holds(ledger, plan)
            logged = _rows(ledger, nightly, plan, batch)
            _log(ledger, plan, batch, by, logged)
    except BaseException:
        settle(ledger, nightly)
        raise
    for root in (nightly.archive, nightly.outbox, nightly.state):
        doomed.empty(root, batch)
    if store is not None:
        runs = segments(ledger)
        for each in plan.lines:
            store.forget(each.folder, runs[each.feed], each.before, each.patients)
    return Purged(batch, logged, compact(ledger))


def _check_holds(ledger: sqlite3.Connection, plan: Plan) -> None:
    if held(ledger) != plan.held:
        raise LedgerBusy(
            "A legal hold was put or lifted meanwhile.",
            next_step="Nothing was removed. Run again.",
        )


def compact(ledger: sqlite3.Connection) -> bool:
    """Write the ledger's file anew, without what was ever deleted; False where it is being read.

    The log that SQLite keeps beside it is emptied too: it holds what was written last.
    """
    (_, _, path) = ledger.execute("PRAGMA database_list").fetchone()
    # SQLite builds the new file aside: beside the old one, not in a folder that others use. The
    # pragma is deprecated, and nothing else can say so once the library is loaded.
    ledger.execute("PRAGMA temp_store = FILE")
    folder = str(Path(path).parent).replace("'", "''")
    ledger.execute(f"PRAGMA temp_store_directory = '{folder}'")
    try:
        ledger.execute("VACUUM")
        (busy, *_) = ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError as error:
        if (error.sqlite_errorcode & 0xFF) in _BUSY:
            return False
        raise
    finally:
        ledger.execute("PRAGMA temp_store_directory = ''")
    return not busy


def _rows(
    ledger: sqlite3.Connection, nightly: Nightly, plan: Plan, batch: str
) -> tuple[Logged, ...]:
    """Remove the rows, and answer what is to be logged of all that goes."""
    logged: list[Logged] = [(d.kind, d.what, d.items) for d in plan.due if d.kind != "ledger"]
    ledger.executemany(
        "UPDATE run_files SET name = '', archived = '' WHERE archived = ?",
        [(old.stored,) for old in plan.files if old.kind == "archive"],
    )
    if "archive" in plan.before:
        _forget_names(ledger, plan)
    if "ledger" in plan.before:
        day, patients = plan.before["ledger"], bool(plan.held.patients)
        with aged_rows.found(ledger, day, plan.with_files, any_patient=patients) as aged:
            _doom_manifests(nightly, aged, batch)
            aged_rows.remove(ledger)
            logged += [("ledger", rows.what, rows.items) for rows in aged.rows]
    return tuple(logged)


def _log(
    ledger: sqlite3.Connection, plan: Plan, batch: str, by: str, logged: tuple[Logged, ...]
) -> None:
    ledger.executemany(
        "INSERT INTO purges (batch, purged_at, purged_by, kind, what, older_than, items)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (batch, now(), by, kind, what, plan.before[kind].isoformat(), items)
            for kind, what, items in logged
        ],
    )


def _forget_names(ledger: sqlite3.Connection, plan: Plan) -> None:
    """Names of exports that came again: they may hold a patient's, and the exports are gone."""
    ledger.execute(
        "UPDATE files_again SET name = '' WHERE substr(seen_at, 1, 10) < ?"
        " AND name <> '' AND run NOT IN (SELECT run FROM held_runs)",
        (plan.before["archive"].isoformat(),),
    )


def _doom_manifests(nightly: Nightly, aged: Aged, batch: str) -> None:
    for run_id in aged.runs:
        path = nightly.state / MANIFESTS / f"{run_id}.json"
        if path.exists():
            doomed.doom(nightly.state, path, batch)
