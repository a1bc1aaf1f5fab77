"""Runs and nights in the ledger: what was audited when, with what figures, and what is left to do.

A run is one audit of one feed; a night is one start of the program, with what became of every feed.
All times are UTC in ISO form; paths are texts, because a folder may have gone since. Functions that
write neither begin nor end a transaction: the caller joins them to whatever belongs together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from auditor.ledger.store import now
from auditor.nightly.stored import (
    code_of,
    figures_of,
    figures_text,
    night_of,
    night_text,
    warnings_of,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

    from auditor.errors import ExitCode
    from auditor.nightly.outcome import Figures, NightOutcome, Warned

Step = Literal["published", "archived", "told"]
"""What is done after a run stands in the ledger, in this order."""
STEPS: tuple[Step, ...] = get_args(Step)
FINISHING: tuple[Step, ...] = ("published", "archived")
"""Without these a run is not finished: the next start does them first."""

_RUN = """
SELECT run, run_id, feed, as_of, version, rerun_of, reason, recorded_at, exit_code, folder, figures,
       (SELECT group_concat(step) FROM run_steps WHERE run_steps.run = runs.run)
FROM runs
"""
_DELIVERIES = """
SELECT night_id, started_at, feed, kind, attempts, delivered, detail, attempted_at
FROM (
    SELECT night_id, feed, run_id, kind, sum(attempt > 0) AS attempts,
           max(delivered) AS delivered, max(delivery_id) AS last
    FROM deliveries
    WHERE night_id IN (SELECT night_id FROM nights ORDER BY night_id DESC LIMIT ?)
    GROUP BY night_id, feed, run_id, kind
)
JOIN (SELECT delivery_id AS last, detail, attempted_at FROM deliveries) USING (last)
JOIN (SELECT night_id, started_at FROM nights) USING (night_id)
ORDER BY night_id, feed, kind, last
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFile:
    """One file of a run."""

    sha256: str
    """Of the file as it came, in hexadecimal."""
    name: str
    """As it was called in the inbox; it may hold a patient's name and goes into no message."""
    bytes: int
    archived: str
    """Where it lies after the run, relative to the archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What is recorded of one audit of one feed."""

    run_id: str
    feed: str
    as_of: date
    exit_code: ExitCode
    figures: Figures
    manifest: str
    """JSON of what went into the run."""
    folder: str
    """Where its outputs lie, or will lie."""
    files: tuple[RunFile, ...]
    version: int = 1
    """Counts the audits of the same files; above 1 for a rerun."""
    rerun_of: int | None = None
    """`run` of the audit that this one repeats."""
    reason: str | None = None
    """Why it was repeated."""
    warnings: tuple[Warned, ...] = ()
    """Told by the next start where this one is killed before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One audit of one feed as the ledger holds it."""

    run: int
    """Ordinal in the ledger: a later run has a greater one."""
    run_id: str
    feed: str
    as_of: date
    version: int
    rerun_of: int | None
    reason: str | None
    recorded_at: str
    exit_code: ExitCode
    folder: str
    figures: Figures
    steps: frozenset[str]
    """Those of STEPS that are done."""

    @property
    def finished(self) -> bool:
        """Whether its outputs are published and its files archived."""
        return self.steps.issuperset(FINISHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One start of the program as the ledger holds it."""

    night_id: int
    exit_code: ExitCode
    outcome: NightOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of telling one night of one feed by one way."""

    night_id: int
    started_at: str
    """Of the night."""
    feed: str
    kind: str
    """mail, webhook"""
    attempts: int
    delivered: bool
    detail: str
    """Of the last attempt, in words."""
    attempted_at: str
    """Of the last attempt."""


def append_run(connection: sqlite3.Connection, new: NewRun) -> int:
    """Record a run and its files; answers its ordinal. Belongs into the run's one transaction."""
    values = {
        "run_id": new.run_id,
        "feed": new.feed,
        "as_of": new.as_of.isoformat(),
        "version": new.version,
        "rerun_of": new.rerun_of,
        "reason": new.reason,
        "recorded_at": now(),
        "exit_code": int(new.exit_code),
        "figures": figures_text(new.figures, new.warnings),
        "manifest": new.manifest,
        "folder": new.folder,
    }
    run = _append(connection, "runs", values)
    connection.executemany(
        "INSERT INTO run_files (run, feed, sha256, name, bytes, archived)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [(run, new.feed, f.sha256, f.name, f.bytes, f.archived) for f in new.files],
    )
    return run


def append_step(connection: sqlite3.Connection, run: int, step: Step) -> None:
    """Record that `step` of `run` is done; a step that is recorded already stays as it is."""
    connection.execute("INSERT OR IGNORE INTO run_steps VALUES (?, ?, ?)", (run, step, now()))


def append_again(
    connection: sqlite3.Connection, feed: str, sha256: str, name: str, run: int
) -> None:
    """Record that a file came that `run` had audited."""
    values = {"feed": feed, "sha256": sha256, "name": name, "run": run, "seen_at": now()}
    _append(connection, "files_again", values)


def append_night(connection: sqlite3.Connection, night: NightOutcome) -> int:
    """Record what became of every feed; answers the night's ordinal."""
    values = {
        "started_at": night.started_at,
        "ended_at": night.ended_at,
        "as_of": night.as_of.isoformat(),
        "exit_code": int(night.exit_code),
        "outcome": night_text(night),
    }
    return _append(connection, "nights", values)


def runs(
    connection: sqlite3.Connection, feed: str | None = None, *, last: int | None = None
) -> list[Run]:
    """The runs (of one feed), the latest first; reruns too. At most `last` of them."""
    where, values = ("WHERE feed = ?", [feed]) if feed is not None else ("", [])
    return _runs(connection, f"{where} ORDER BY run DESC LIMIT ?", *values, _limit(last))


def run_of(connection: sqlite3.Connection, run_id: str) -> Run | None:
    """The run of this id."""
    return next(iter(_runs(connection, "WHERE run_id = ?", run_id)), None)


def run_at(connection: sqlite3.Connection, run: int) -> Run:
    """The run of this number, which the ledger has."""
    return _runs(connection, "WHERE run = ?", run)[0]


def last_version(connection: sqlite3.Connection, run_id: str) -> Run | None:
    """The last audit of the files of this run: itself where they were not audited again."""
    found = _runs(
        connection,
        """WHERE run = (
            WITH RECURSIVE again(run) AS (
                SELECT run FROM runs WHERE run_id = ?
                UNION
                SELECT later.run FROM runs AS later JOIN again ON later.rerun_of = again.run
            ) SELECT max(run) FROM again)""",
        run_id,
    )
    return next(iter(found), None)


def run_of_file(connection: sqlite3.Connection, feed: str, sha256: str) -> Run | None:
    """The first run of the feed that audited a file of this content; None: it is new."""
    found = _runs(
        connection,
        "WHERE run = (SELECT min(run) FROM run_files WHERE feed = ? AND sha256 = ?)",
        feed,
        sha256,
    )
    return next(iter(found), None)


def files_of(connection: sqlite3.Connection, run: int) -> list[RunFile]:
    """The files of `run`, in the order of their digests."""
    rows = connection.execute(
        "SELECT sha256, name, bytes, archived FROM run_files WHERE run = ? ORDER BY sha256", (run,)
    )
    return [
        RunFile(sha256=sha256, name=name, bytes=size, archived=archived)
        for sha256, name, size, archived in rows
    ]


def manifest_of(connection: sqlite3.Connection, run: int) -> str:
    """The JSON of what went into `run`."""
    (text,) = connection.execute("SELECT manifest FROM runs WHERE run = ?", (run,)).fetchone()
    return str(text)


def warned(connection: sqlite3.Connection, run: int) -> tuple[Warned, ...]:
    """What `run` warned of when it was recorded."""
    (text,) = connection.execute("SELECT figures FROM runs WHERE run = ?", (run,)).fetchone()
    return warnings_of(text)


def last_figures(connection: sqlite3.Connection, feed: str, n: int) -> list[Figures]:
    """What the last `n` runs of the feed counted, the latest first.

    Of the audits of the same files the first alone: a rerun is no night more.
    """
    where = "WHERE feed = ? AND rerun_of IS NULL ORDER BY run DESC LIMIT ?"
    return [run.figures for run in _runs(connection, where, feed, n)]


def unfinished(connection: sqlite3.Connection) -> list[Run]:
    """Runs that stand in the ledger and are not published or not archived, the earliest first."""
    undone = " OR ".join(
        f"NOT EXISTS (SELECT 1 FROM run_steps WHERE run = runs.run AND step = '{step}')"
        for step in FINISHING
    )
    return _runs(connection, f"WHERE {undone} ORDER BY run")


def nights(connection: sqlite3.Connection, last: int | None = None) -> list[Night]:
    """The nights, the latest first; at most `last` of them."""
    rows = connection.execute(
        "SELECT night_id, exit_code, outcome FROM nights ORDER BY night_id DESC LIMIT ?",
        (_limit(last),),
    )
    return [
        Night(night_id=number, exit_code=code_of(code), outcome=night_of(text))
        for number, code, text in rows
    ]


def last_good(
    connection: sqlite3.Connection, good: Collection[ExitCode], feeds: Iterable[str]
) -> dict[str, str]:
    """Feed -> moment at which its last run with an exit code in `good` was recorded.

    Only feeds that have one; a rerun does not count.
    """
    marks = ", ".join("?" for _ in good)
    found = {}
    for feed in feeds:
        row = connection.execute(
            "SELECT recorded_at FROM runs WHERE feed = ? AND rerun_of IS NULL"
            f" AND exit_code IN ({marks}) ORDER BY run DESC LIMIT 1",
            (feed, *map(int, good)),
        ).fetchone()
        if row is not None:
            found[feed] = str(row[0])
    return found


def last_taken(connection: sqlite3.Connection, feed: str) -> datetime | None:
    """When the last new file of the feed was audited (a rerun is none); None: never."""
    row = connection.execute(
        "SELECT recorded_at FROM runs WHERE feed = ? AND rerun_of IS NULL"
        " ORDER BY run DESC LIMIT 1",
        (feed,),
    ).fetchone()
    return None if row is None else datetime.fromisoformat(row[0])


def deliveries(connection: sqlite3.Connection, last: int = 7) -> list[Delivery]:
    """What was tried to tell of the last `last` nights, one row a night, run of a feed and way."""
    return [
        Delivery(
            night_id=night,
            started_at=started,
            feed=feed,
            kind=kind,
            attempts=attempts,
            delivered=bool(delivered),
            detail=detail,
            attempted_at=attempted,
        )
        for night, started, feed, kind, attempts, delivered, detail, attempted in (
            connection.execute(_DELIVERIES, (last,))
        )
    ]


def _append(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> int:
    names, marks = ", ".join(values), ", ".join("?" for _ in values)
    done = connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values())
    )
    return int(done.lastrowid or 0)


def _limit(last: int | None) -> int:
    """As SQLite has it, to which a negative one is none."""
    return -1 if last is None else last


def _runs(connection: sqlite3.Connection, where: str, *values: object) -> list[Run]:
    rows = connection.execute(_RUN + where, values)
    return [
        Run(
            run=run,
            run_id=run_id,
            feed=feed,
            as_of=date.fromisoformat(as_of),
            version=version,
            rerun_of=rerun_of,
            reason=reason,
            recorded_at=recorded_at,
            exit_code=code_of(code),
            folder=folder,
            figures=figures_of(figures),
            steps=frozenset((steps or "").split(",")) - {""},
        )
        for (
            run, run_id, feed, as_of, version, rerun_of, reason, recorded_at, code, folder,
            figures, steps,
        ) in rows
    ]  # fmt: skip
