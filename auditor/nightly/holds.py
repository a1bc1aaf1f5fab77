"""Legal hold: the runs and patients of which nothing goes, whatever their age.

A hold is a row of the ledger and its release another: who said it, when and why stays. Patients
are patient data: no text of this module names one, and callers show them only when asked.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from auditor.errors import ConfigError
from auditor.ledger.store import now, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

Kind = Literal["run", "patient"]

_NEWEST = """
SELECT hold_id, kind, what, reason, said_by, said_at, held FROM holds
WHERE hold_id IN (SELECT max(hold_id) FROM holds GROUP BY kind, what)
ORDER BY hold_id
"""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold that stands."""

    number: int
    kind: Kind
    what: str
    """Run id, or patient id: not to be shown unasked."""
    reason: str
    said_by: str
    said_at: str
    """UTC, ISO."""


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` did."""

    new: int
    known: int
    """Held already."""
    strangers: int
    """Patients without a finding in the ledger: held all the same."""


def folded(patient: str) -> str:
    """What spellings of one patient id have in common: case, blanks and leading zeros do not count.

    A hold that reaches too far keeps a file too many; one that misses loses evidence.
    """
    text = patient.strip().casefold()
    return text.lstrip("0") or text[-1:] if text.isdigit() else text


@dataclass(frozen=True, slots=True)
class Held:
    """Everything under a hold, ready to be asked."""

    runs: frozenset[int]
    patients: frozenset[str]
    """As `folded` spells them."""

    def has(self, patient: str | None) -> bool:
        """Whether `patient` is held, however the id is spelt."""
        return patient is not None and folded(patient) in self.patients


def add(ledger: sqlite3.Connection, kind: Kind, what: Iterable[str], reason: str, by: str) -> Added:
    """Hold each of `what`: run ids, or patient ids.

    Raises ConfigError for a run that the ledger does not know; then nothing was held.
    """
    wanted = list(dict.fromkeys(text.strip() for text in what if text.strip()))
    with transaction(ledger):
        if kind == "run":
            _check_runs(ledger, wanted)
        held = {_key(hold.kind, hold.what) for hold in standing(ledger)}
        new = [each for each in wanted if _key(kind, each) not in held]
        ledger.executemany(
            "INSERT INTO holds (kind, what, held, reason, said_by, said_at)"
            " VALUES (?, ?, 1, ?, ?, ?)",
            [(kind, each, reason, by, now()) for each in new],
        )
        strangers = _strangers(ledger, wanted) if kind == "patient" else 0
    return Added(len(new), len(wanted) - len(new), strangers)


def standing(ledger: sqlite3.Connection) -> tuple[Hold, ...]:
    """The holds that were not released, the oldest first."""
    rows = ledger.execute(_NEWEST).fetchall()
    return tuple(Hold(*row[:6]) for row in rows if row[6])


def release(
    ledger: sqlite3.Connection, numbers: Sequence[int], reason: str, by: str
) -> tuple[Hold, ...]:
    """Lift the holds of these numbers; answers them.

    Raises ConfigError for a number that is no standing hold; then nothing was lifted.
    """
    with transaction(ledger):
        known = {hold.number: hold for hold in standing(ledger)}
        unknown = sorted(set(numbers) - known.keys())
        if unknown:
            raise ConfigError(
                f"There is no standing hold {', '.join(map(str, unknown))}.",
                next_step="See `auditor hold list` for all of them.",
            )
        lifted = tuple(known[number] for number in dict.fromkeys(numbers))
        ledger.executemany(
            "INSERT INTO holds (kind, what, held, reason, said_by, said_at)"
            " VALUES (?, ?, 0, ?, ?, ?)",
            [(hold.kind, hold.what, reason, by, now()) for hold in lifted],
        )
    return lifted


def held(ledger: sqlite3.Connection) -> Held:
    """Everything that a standing hold names."""
    holds = standing(ledger)
    ids = [hold.what for hold in holds if hold.kind == "run"]
    marks = ", ".join("?" for _ in ids)
    rows = ledger.execute(f"SELECT run FROM runs WHERE run_id IN ({marks})", ids)
    patients = frozenset(folded(hold.what) for hold in holds if hold.kind == "patient")
    return Held(frozenset(run for (run,) in rows), patients)


@contextmanager
def asked(ledger: sqlite3.Connection, held: Held) -> Iterator[None]:
    """Within the block SQL knows held_patient(id) and the temporary table held_runs (run, feed)."""
    ledger.create_function("held_patient", 1, lambda id_: int(held.has(id_)), deterministic=True)
    # what is put aside while the ledger is asked names patients: never into a file elsewhere
    ledger.execute("PRAGMA temp_store = MEMORY")
    ledger.execute("DROP TABLE IF EXISTS temp.held_runs")
    ledger.execute("CREATE TEMP TABLE held_runs (run INTEGER PRIMARY KEY, feed TEXT NOT NULL)")
    for run in held.runs:
        ledger.execute("INSERT INTO held_runs SELECT run, feed FROM runs WHERE run = ?", (run,))
    try:
        yield
    finally:
        ledger.execute("DROP TABLE IF EXISTS temp.held_runs")


def _key(kind: str, what: str) -> tuple[str, str]:
    return kind, what if kind == "run" else folded(what)


def _check_runs(ledger: sqlite3.Connection, ids: Iterable[str]) -> None:
    for run_id in ids:
        if ledger.execute("SELECT 1 FROM runs WHERE run_id = ?", (run_id,)).fetchone() is None:
            raise ConfigError(
                f"The ledger knows no run '{run_id}'.",
                where="--run",
                next_step="See `auditor nightly status` for the runs.",
            )


def _strangers(ledger: sqlite3.Connection, patients: Iterable[str]) -> int:
    """How many of `patients` have no finding in the ledger."""
    known = {folded(id_) for (id_,) in ledger.execute("SELECT DISTINCT patient_id FROM findings")}
    return sum(folded(each) not in known for each in patients)
