"""A night that dies, or is refused something, at any operation on files or on the ledger.

Python tells its audit hooks of every file that is opened, renamed, made or removed before it
happens; a hook that raises keeps it from happening. A killed process does nothing afterwards, so
after the death every further operation fails too, also those of `finally` and `except`.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EVENTS = frozenset(
    {
        "open",
        "os.chmod",
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.truncate",
        "shutil.copyfile",
        "shutil.copytree",
        "shutil.rmtree",
        "sql",
    }
)


class Killed(BaseException):
    """The process is dead."""


class _Plan:
    """What shall happen, and what happened."""

    def __init__(self) -> None:
        self.root = ""
        self.at: int | None = None
        self.error: int | None = None
        self.lasting = True
        self.count = 0
        self.seen: list[str] = []
        self.on = False

    def step(self, event: str, about: object) -> None:
        """Count an operation under the root; die or refuse at the one that is planned."""
        if event != "sql" and not (isinstance(about, str) and about.startswith(self.root)):
            return
        self.count += 1
        self.seen.append(f"{event} {about}")
        if self.at is None or self.count < self.at or (self.count > self.at and not self.lasting):
            return
        if self.error is None:
            raise Killed
        if event == "sql":
            full = sqlite3.OperationalError("database or disk is full")
            full.sqlite_errorcode = sqlite3.SQLITE_FULL
            full.sqlite_errorname = "SQLITE_FULL"
            raise full
        raise OSError(self.error, os.strerror(self.error))


_plan = _Plan()
_hooked = False


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _plan.on and event in _EVENTS and args:
        about = args[0]
        if isinstance(about, bytes):
            about = os.fsdecode(about)
        elif isinstance(about, os.PathLike):
            about = os.fspath(about)
        _plan.step(event, about)


class _Connection(sqlite3.Connection):
    """Every statement is an operation too."""

    def execute(self, sql: str, *args: object) -> sqlite3.Cursor:
        if _plan.on:
            _plan.step("sql", sql[:60])
        return super().execute(sql, *args)  # type: ignore[arg-type]

    def executemany(self, sql: str, *args: object) -> sqlite3.Cursor:
        if _plan.on:
            _plan.step("sql", sql[:60])
        return super().executemany(sql, *args)  # type: ignore[arg-type]


_connect = sqlite3.connect


@contextmanager
def planned(
    root: Path, at: int | None, error: int | None = None, *, lasting: bool = True
) -> Iterator[list[str]]:
    """Die at operation `at` below `root` (None: only count); with `error` it is refused instead.

    `lasting`: every later operation too, as after a death or on a full disk. Yields the operations
    as they are seen.
    """
    global _hooked  # noqa: PLW0603 - a hook cannot be taken back
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    _plan.__init__()  # type: ignore[misc]
    _plan.root, _plan.at, _plan.error, _plan.lasting = str(root), at, error, lasting
    sqlite3.connect = lambda *a, **k: _connect(*a, **{"factory": _Connection, **k})  # type: ignore[assignment]
    _plan.on = True
    try:
        yield _plan.seen
    finally:
        _plan.on = False
        sqlite3.connect = _connect
