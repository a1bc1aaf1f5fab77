"""The file of the ledger: made for its owner alone, opened by several, refused where not ours."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor.errors import LedgerBusy, LedgerDiffers, LedgerError
from auditor.ledger.migrations import APPLICATION_ID, STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 30.0
"""Seconds to wait for another program that writes; an import takes well under one."""
_OLDEST = (3, 37, 0)  # the first SQLite with STRICT tables
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_REFUSED = frozenset({
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM,
})  # fmt: skip
"""The disk or its permissions, and not the ledger: a full disk is often no more than an I/O error,
where SQLite cannot make the file that readers and writers share."""

_ASKED_WRONGLY = frozenset({
    sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_MISMATCH,
})  # fmt: skip
"""No such table or column, or a statement that cannot be: nothing is damaged. Whoever reads of
damage brings back a backup, and loses what the ledger knew."""
_WRONG_USE = (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.NotSupportedError)
"""What Python's own part raises, without a code of SQLite's."""


@contextmanager
def opened(path: Path, *, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
    """The ledger at `path`, made (0600, its folders 0700) where there is none; closed afterwards.

    Statements commit by themselves outside `transaction`. Raises LedgerError, in words, where the
    file is damaged, is no ledger, was written by a newer version or cannot be written, also for
    what SQLite stumbles over inside the block; LedgerBusy where another program holds it for
    longer than `patience` seconds; LedgerDiffers where its tables are not those of this version.
    """
    if sqlite3.sqlite_version_info < _OLDEST:  # pragma: no cover - older than any we run on
        raise LedgerError(
            f"The SQLite of this Python ({sqlite3.sqlite_version}) is too old for the ledger.",
            next_step="Use a Python with SQLite 3.37 or newer.",
        )
    _make(path)
    with (
        _in_words(path),
        closing(sqlite3.connect(path, timeout=patience, isolation_level=None)) as ledger,
    ):
        _settle(ledger, path)
        ledger.execute("PRAGMA foreign_keys = ON")
        yield ledger


@contextmanager
def transaction(ledger: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing; the right to write is taken at its start."""
    ledger.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if ledger.in_transaction:  # SQLite has rolled back by itself where the disk was full
            ledger.execute("ROLLBACK")
        raise
    ledger.execute("COMMIT")


def now() -> str:
    """The clock's moment, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _make(path: Path) -> None:
    """An empty file of its owner's alone, so that SQLite's files beside it are so too."""
    try:
        missing = [f for f in path.absolute().parents if not f.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise LedgerError(
            f"The ledger cannot be opened ({why}).",
            where=str(path),
            next_step="Check the place and its permissions, or name another with --ledger FILE.",
        ) from None


def _settle(ledger: sqlite3.Connection, path: Path) -> None:
    """Prove that the file is a ledger, and bring its tables to this version."""
    if _version(ledger, path) == len(STEPS):
        return
    # Readers then never wait for a writer. Where the file system cannot share memory, as network
    # shares cannot, SQLite keeps its old way: readers wait, and nothing else is different.
    with suppress(sqlite3.OperationalError):
        ledger.execute("PRAGMA journal_mode = WAL").fetchall()
    # A table that is made anew is dropped while others refer to it: they are looked at afterwards.
    ledger.execute("PRAGMA foreign_keys = OFF")
    with transaction(ledger):
        for number in range(_version(ledger, path) + 1, len(STEPS) + 1):
            for statement in _statements(STEPS[number - 1]):
                ledger.execute(statement)
            ledger.execute("INSERT INTO schema_version VALUES (?, ?)", (number, now()))
        if ledger.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise sqlite3.IntegrityError
        ledger.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _version(ledger: sqlite3.Connection, path: Path) -> int:
    """The version of the tables: 0 for an empty file. Raises LedgerError for what is no ledger."""
    (mark,) = ledger.execute("PRAGMA application_id").fetchone()
    (tables,) = ledger.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if mark == 0 and tables == 0:
        return 0
    if mark != APPLICATION_ID:
        raise LedgerError(
            "This is a database of another program and no ledger of auditor.",
            where=str(path),
            next_step="Name the ledger, or a file that does not exist yet, with --ledger FILE.",
        )
    (version,) = ledger.execute("SELECT max(version) FROM schema_version").fetchone()
    if version > len(STEPS):
        raise LedgerError(
            f"The ledger was written by a newer auditor (version {version} of its tables; this one"
            f" knows {len(STEPS)}).",
            where=str(path),
            next_step="Update auditor.",
        )
    return int(version)


def _statements(script: str) -> Iterator[str]:
    """One statement after the other: `executescript` would end the transaction."""
    held = ""
    for line in script.splitlines(keepends=True):
        held += line
        if sqlite3.complete_statement(held):
            yield held
            held = ""


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Tell what SQLite stumbles over; its own messages may quote what it was given."""
    try:
        yield
    except sqlite3.Error as error:
        raise told(error, path) from None


def told(error: sqlite3.Error, path: Path) -> LedgerError:
    """What SQLite stumbled over at the ledger `path`, in words."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # without what extends it
    if code in _BUSY:
        return LedgerBusy(
            "Another program writes to the ledger and has not come to an end.",
            where=str(path),
            next_step="Wait until it is done, and run again.",
        )
    if code in _REFUSED:
        return LedgerError(
            f"The ledger cannot be read or written ({error.sqlite_errorname}).",
            where=str(path),
            next_step="Check the space on the disk and your permissions for the file, for those"
            " beside it whose names end in -wal and -shm, and for its folder.",
        )
    if code == sqlite3.SQLITE_CONSTRAINT:
        return LedgerError(
            "The ledger refused a row or a change: its rows are only ever added.",
            where=str(path),
            next_step="Nothing was changed. Tell us what you did.",
        )
    if code in _ASKED_WRONGLY or (not code and isinstance(error, _WRONG_USE)):
        name = getattr(error, "sqlite_errorname", None) or type(error).__name__
        return LedgerDiffers(
            f"The ledger's tables are not as this version of auditor expects them ({name}).",
            where=str(path),
            next_step="The file itself is not damaged. Update auditor. Where the tables were"
            " changed by hand, bring back a copy from a backup. If it stays so, report it with this"
            " message and the version.",
        )
    return LedgerError(
        f"The ledger is damaged or is no SQLite database ({type(error).__name__}).",
        where=str(path),
        next_step="Bring back a copy of it from a backup, or name another with --ledger FILE.",
    )
