"""The full-text index: made once for a store and kept beside its manifest, else in memory.

A store that cannot be written to, or an index in it that is damaged or of other texts, costs time
and nothing else: the index is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import __version__
from auditor.asking.search_documents import Document, documents
from auditor.asking.search_words import words_of
from auditor.errors import ConfigError
from auditor.reference.store import INDEX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.reference.interface import Reference

FORMAT = "1"
"""Of the index; changes with its columns."""
_PACKAGE = Path(__file__).resolve().parents[1]
_TEXTS = ("asking/*.toml", "asking/*.py", "rules/**/*.py", "reference/policy.py")
"""Files of ours that the index depends on, below the package."""
_WEIGHTS = "0, 12, 8, 5, 1, 0, 0, 0.1, 7, 0, 0"
"""bm25: kind, key, title, words, text, more, context, around, descriptor, release, source."""
_LATER = "title = '' OR key LIKE 'table %'"
_BEST_FIRST = f"bm25(documents, {_WEIGHTS}) * CASE WHEN {_LATER} THEN 0.5 ELSE 1 END"
"""What only a user's file speaks of comes after what our own words speak of: such a file has
thousands of codes, and their long texts repeat every word. So does a built-in table, which has rows
and explains nothing."""
_COLUMNS = ", ".join(Document._fields)
_SCHEMA = """
CREATE VIRTUAL TABLE documents USING fts5(
    kind UNINDEXED, key, title, words, text, more UNINDEXED, context UNINDEXED, around, descriptor,
    release UNINDEXED, source UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TABLE vocabulary (word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE about (key TEXT NOT NULL);
"""


class Index:
    """An open index."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Keep the connection; `opened` makes one."""
        self._connection = connection

    def named(self, key: str) -> list[Document]:
        """What is asked for by `key`, whatever its case."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM documents WHERE key = ? COLLATE NOCASE ORDER BY kind",
            (key,),
        )
        return [Document(*row) for row in rows]

    def matching(
        self, expression: str, kind: str | None, limit: int, but: Sequence[Document] = ()
    ) -> tuple[int, list[Document]]:
        """How many match an FTS5 expression, leaving out `but`, and the best of them."""
        where = "documents MATCH ?" + (" AND kind = ?" if kind else "")
        where += " AND NOT (kind = ? AND key = ?)" * len(but)
        given: list[str | int] = [expression, *([kind] if kind else [])]
        given += [part for each in but for part in (each.kind, each.key)]
        ((count,),) = self._connection.execute(
            f"SELECT count(*) FROM documents WHERE {where}",
            given,
        )
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM documents WHERE {where}"
            f" ORDER BY {_BEST_FIRST}, kind, key LIMIT ?",
            [*given, limit],
        )
        return count, [Document(*row) for row in rows]

    def vocabulary(self) -> list[str]:
        """Every word that can be found."""
        return [word for (word,) in self._connection.execute("SELECT word FROM vocabulary")]

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def opened(reference: Reference, *, anew: bool = False) -> Index:
    """The index of our texts and of the words of `reference`; `anew`: whatever the store keeps.

    Raises ConfigError where this Python's SQLite has no full-text search, ReferenceDataError
    where the store's words are damaged.
    """
    folder = reference.words.folder
    key = _key(reference.words.key)
    kept = _kept(folder / INDEX, key) if folder and not anew else None
    if kept is not None:
        return Index(kept)
    connection = sqlite3.connect(":memory:")
    _fill(connection, key, list(documents(reference)))
    if folder is not None:
        _keep(folder, connection)
    return Index(connection)


def _key(words: str) -> str:
    """Differs where the index would."""
    parts = [FORMAT, __version__, words]
    for pattern in _TEXTS:
        for path in sorted(_PACKAGE.glob(pattern)):
            stat = path.stat()
            parts.append(f"{path.name} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _kept(path: Path, key: str) -> sqlite3.Connection | None:
    """The index at `path`, opened to read, where it is whole and of the same texts."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error:
        return None
    with contextlib.suppress(sqlite3.Error):
        if connection.execute("SELECT key FROM about").fetchall() == [(key,)]:
            return connection
    connection.close()
    return None


def _keep(folder: Path, index: sqlite3.Connection) -> None:
    """Write a copy of the index into the store, if that may be written to."""
    beside: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f"{INDEX}.", dir=folder)  # mode 0600
        os.close(handle)
        beside = Path(name)
        with contextlib.closing(sqlite3.connect(beside)) as copy:
            index.backup(copy)
        beside.replace(folder / INDEX)
    except (OSError, sqlite3.Error):
        if beside is not None:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)


def _fill(connection: sqlite3.Connection, key: str, found: list[Document]) -> None:
    try:
        connection.executescript(_SCHEMA)
    except sqlite3.OperationalError as error:
        if "fts5" not in str(error):
            raise
        raise ConfigError(
            "This Python's SQLite has no full-text search (FTS5), so nothing can be searched.",
            next_step="Use a Python from python.org or of your system. 'auditor code CODE' and"
            " 'auditor rules' work without it.",
        ) from None
    marks = ", ".join("?" * len(Document._fields))
    with connection:
        connection.executemany(
            f"INSERT INTO documents ({_COLUMNS}) VALUES ({marks})",
            found,
        )
        words = {
            word
            for each in found
            for word in words_of(f"{each.key} {each.title} {each.words} {each.descriptor}")
        }
        connection.executemany("INSERT INTO vocabulary VALUES (?)", ((w,) for w in sorted(words)))
        connection.execute("INSERT INTO about VALUES (?)", (key,))
