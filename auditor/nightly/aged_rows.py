"""The rows of the ledger that are older than they must be kept, found and removed as wholes.

What stays, whatever its age: every run and the digests of its files, without which a file that
comes again would be audited twice, and the run's figures, which are counts; findings that are
open; everything under legal hold; the newest night. A finding goes with all of its events, and a
decision with those it replaced, never before the finding that it is about.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from datetime import date

MANIFESTS_KEPT = 10
"""Of the newest runs of a feed, whatever their age: what tonight is compared with."""
GONE = "purged"
"""What stands in the place of the reason of a run whose manifest went."""

_FIND = """
CREATE TEMP TABLE aged_findings AS
SELECT finding, finding_id, day
FROM findings JOIN (
    SELECT finding, max(run) AS last, max(substr(recorded_at, 1, 10)) AS day
    FROM finding_events JOIN runs USING (run) GROUP BY finding
) USING (finding)
WHERE day < :before
AND finding NOT IN (SELECT finding FROM open_findings)
AND NOT EXISTS (
    SELECT 1 FROM held_runs
    WHERE held_runs.feed = findings.feed AND held_runs.run BETWEEN findings.run AND last
)
AND NOT held_patient(patient_id)
AND finding_id NOT IN (SELECT finding_id FROM young_decisions);

CREATE TEMP TABLE staying AS
SELECT DISTINCT finding_id FROM findings
WHERE finding NOT IN (SELECT finding FROM aged_findings);

CREATE TEMP TABLE aged_events AS
SELECT event_id, substr(recorded_at, 1, 10) AS day
FROM finding_events JOIN runs USING (run)
WHERE finding IN (SELECT finding FROM aged_findings);

CREATE TEMP TABLE aged_decisions AS
SELECT disposition_id, import_id, substr(imported_at, 1, 10) AS day
FROM dispositions JOIN imports USING (import_id)
WHERE finding_id NOT IN (SELECT finding_id FROM young_decisions)
AND finding_id NOT IN (SELECT finding_id FROM staying)
AND (:any_patient = 0 OR finding_id IN (SELECT finding_id FROM aged_findings));

CREATE TEMP TABLE aged_imports AS
SELECT import_id, substr(imported_at, 1, 10) AS day FROM imports
WHERE day < :before AND import_id NOT IN (
    SELECT import_id FROM dispositions
    WHERE disposition_id NOT IN (SELECT disposition_id FROM aged_decisions)
);

CREATE TEMP TABLE aged_nights AS
SELECT night_id, substr(ended_at, 1, 10) AS day FROM nights
WHERE day < :before AND night_id < (SELECT max(night_id) FROM nights)
AND NOT EXISTS (
    SELECT 1 FROM deliveries
    WHERE deliveries.night_id = nights.night_id AND substr(attempted_at, 1, 10) >= :before
)
AND NOT EXISTS (
    SELECT 1 FROM held_runs JOIN runs USING (run) WHERE instr(outcome, run_id)
);

CREATE TEMP TABLE aged_deliveries AS
SELECT delivery_id, substr(attempted_at, 1, 10) AS day FROM deliveries
WHERE night_id IN (SELECT night_id FROM aged_nights);

CREATE TEMP TABLE aged_again AS
SELECT again_id, substr(seen_at, 1, 10) AS day FROM files_again
WHERE day < :before AND run NOT IN (SELECT run FROM held_runs);

CREATE TEMP TABLE aged_runs AS
SELECT run, substr(recorded_at, 1, 10) AS day FROM runs
WHERE day < :before AND manifest <> ''
AND run NOT IN (SELECT run FROM held_runs)
AND run NOT IN (SELECT run FROM with_files)
AND run NOT IN (
    SELECT run FROM finding_events
    WHERE event_id NOT IN (SELECT event_id FROM aged_events)
)
AND :manifests_kept <= (
    SELECT count(*) FROM runs AS newer WHERE newer.feed = runs.feed AND newer.run > runs.run
);

CREATE TEMP TABLE aged_holds AS
SELECT hold_id, substr(said_at, 1, 10) AS day FROM holds
WHERE (kind, what) IN (
    SELECT kind, what FROM holds
    WHERE hold_id IN (SELECT max(hold_id) FROM holds GROUP BY kind, what)
    AND held = 0 AND substr(said_at, 1, 10) < :before
);
"""
_YOUNG = """
CREATE TEMP TABLE young_decisions AS
SELECT DISTINCT finding_id FROM dispositions JOIN imports USING (import_id)
WHERE substr(imported_at, 1, 10) >= :before OR decided_on >= :before
OR coalesce(valid_until, '') >= :before
"""
_OPEN = """
SELECT count(*) FROM open_findings JOIN findings USING (finding) JOIN runs USING (run)
WHERE substr(recorded_at, 1, 10) < :before
"""
_TABLES = {
    "findings": "findings",
    "events": "events of findings",
    "decisions": "decisions of reviewers",
    "imports": "imports of decisions",
    "nights": "nights",
    "deliveries": "deliveries",
    "again": "files that came again",
    "runs": "manifests of runs",
    "holds": "holds that were lifted",
}
"""Temporary table aged_NAME -> what its rows are, in words."""
_TEMPORARY = ("with_files", "young_decisions", "staying", *(f"aged_{name}" for name in _TABLES))
_REMOVE = (
    "DELETE FROM finding_events WHERE event_id IN (SELECT event_id FROM aged_events)",
    "DELETE FROM findings WHERE finding IN (SELECT finding FROM aged_findings)",
    "DELETE FROM dispositions WHERE disposition_id IN (SELECT disposition_id FROM aged_decisions)",
    "DELETE FROM imports WHERE import_id IN (SELECT import_id FROM aged_imports)",
    "DELETE FROM deliveries WHERE delivery_id IN (SELECT delivery_id FROM aged_deliveries)",
    "DELETE FROM nights WHERE night_id IN (SELECT night_id FROM aged_nights)",
    "DELETE FROM files_again WHERE again_id IN (SELECT again_id FROM aged_again)",
    "DELETE FROM holds WHERE hold_id IN (SELECT hold_id FROM aged_holds)",
    """UPDATE runs SET manifest = '', reason = CASE WHEN reason IS NULL THEN NULL ELSE :gone END
    WHERE run IN (SELECT run FROM aged_runs)""",
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one kind that are to go."""

    what: str
    items: int
    oldest: str
    """Day, ISO."""
    newest: str


@dataclass(frozen=True, slots=True)
class Aged:
    """What the ledger can do without."""

    rows: tuple[Rows, ...]
    runs: tuple[str, ...]
    """Run ids whose manifests go: the files of that name in the state folder too."""
    open: int
    """Findings of that age that are open and stay."""


@contextmanager
def found(
    ledger: sqlite3.Connection, before: date, with_files: Iterable[int], *, any_patient: bool
) -> Iterator[Aged]:
    """What is of days before `before`, ready for `remove` within the block.

    `with_files`: runs whose exports or outputs stay. `any_patient`: some patient is held, so that
    decisions of which nobody can tell the patient stay. The ledger must be `holds.asked`.
    """
    told = {
        "before": before.isoformat(),
        "any_patient": int(any_patient),
        "manifests_kept": MANIFESTS_KEPT,
    }
    _drop(ledger)
    try:
        ledger.execute("CREATE TEMP TABLE with_files (run INTEGER PRIMARY KEY)")
        ledger.executemany(
            "INSERT OR IGNORE INTO with_files VALUES (?)", [(run,) for run in with_files]
        )
        for statement in (_YOUNG, *_FIND.split(";\n\n")):
            ledger.execute(statement, told)
        runs = ledger.execute("SELECT run_id FROM runs WHERE run IN (SELECT run FROM aged_runs)")
        ids = tuple(sorted(run_id for (run_id,) in runs))
        (still_open,) = ledger.execute(_OPEN, told).fetchone()
        yield Aged(tuple(_counted(ledger)), ids, still_open)
    finally:
        _drop(ledger)


def remove(ledger: sqlite3.Connection) -> None:
    """Remove what `found` found; within `unguarded` and a transaction."""
    for statement in _REMOVE:
        ledger.execute(statement, {"gone": GONE})


@contextmanager
def unguarded(ledger: sqlite3.Connection) -> Iterator[None]:
    """Within the block, which a transaction must enclose, rows may be changed and removed."""
    guards = ledger.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    ).fetchall()
    for name, _ in guards:
        ledger.execute(f'DROP TRIGGER "{name}"')
    yield
    for _, sql in guards:
        ledger.execute(sql)


def _counted(ledger: sqlite3.Connection) -> Iterator[Rows]:
    for name, what in _TABLES.items():
        items, oldest, newest = ledger.execute(
            f"SELECT count(*), min(day), max(day) FROM aged_{name}"
        ).fetchone()
        if items:
            yield Rows(what, items, oldest, newest)


def _drop(ledger: sqlite3.Connection) -> None:
    for name in _TEMPORARY:
        ledger.execute(f"DROP TABLE IF EXISTS temp.{name}")
