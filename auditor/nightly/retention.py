"""What is kept longer than it must be: found here, and removed by auditor.nightly.purging.

Each kind has its own number of days (settings.Retention). A day counts from the moment a run was
recorded, by the clock, whatever its --as-of said.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, get_args

from auditor.nightly import aged_rows, doomed
from auditor.nightly.held_files import in_outputs
from auditor.nightly.holds import Held, asked, held

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from auditor.nightly.held_files import Answer
    from auditor.nightly.settings import Nightly

Kind = Literal["archive", "outputs", "ledger", "history"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LATELY = 30
"""Days: lines that were audited since, and are to go, are told. Nobody expects that of them."""
_HELD_RUN = "of a run under legal hold"
_HELD_PATIENT = "with a line of a patient under legal hold"
_CANNOT_TELL = "of which nobody can tell whether a held patient is in them"
_UNFINISHED = "of a run whose work is not finished"
_OPEN = "findings that are still open"
_FEED_UNFINISHED = "the store of a feed with a run whose work is not finished"
_LINES_HELD = "lines of patients under legal hold"
_FEED_HELD = "lines of a feed with a run under legal hold"


@dataclass(frozen=True, slots=True)
class Due:
    """Things of one sort that are older than their kind is kept."""

    kind: Kind
    what: str
    """In words, with the feed where there is one; nothing of a claim."""
    items: int
    oldest: date
    newest: date
    lately: int = 0
    """Of audited lines: so many were audited in the last LATELY days, for services of long ago."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Things of that age which stay all the same."""

    kind: Kind
    why: str
    items: int


@dataclass(frozen=True, slots=True)
class Old:
    """One export in the archive, or one folder of outputs, that is to go."""

    kind: Kind
    feed: str
    root: Path
    """Archive or outbox."""
    path: Path
    stored: str
    """As the ledger names it."""
    day: date
    """Of the newest run that it belongs to."""
    runs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Audited lines of one feed that are to go."""

    feed: str
    folder: Path
    before: date
    patients: frozenset[str]
    """Whose lines stay."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a purge would do today."""

    before: dict[Kind, date]
    """Kind -> first day that is kept; a kind that is kept for ever is not there."""
    due: tuple[Due, ...]
    kept: tuple[Kept, ...]
    files: tuple[Old, ...] = ()
    lines: tuple[Forgotten, ...] = ()
    with_files: frozenset[int] = frozenset()
    """Runs whose exports or outputs stay."""
    held: Held = Held(frozenset(), frozenset())  # noqa: RUF009 - frozen, so sharing it is safe
    """What was under legal hold."""


class Counted(NamedTuple):
    """Stored lines that are old."""

    lines: int
    oldest: date
    newest: date


class Lines(Protocol):
    """The store of audited lines, as far as retention needs it."""

    def patients(self, folder: Path, runs: Sequence[int]) -> Iterable[str]:
        """The ids of all patients in the store of a feed, as they are written there."""

    def count(
        self, folder: Path, runs: Sequence[int], before: date, keep: frozenset[str]
    ) -> Counted | None:
        """The lines of `runs` that `forget` would remove; None where there is none."""

    def forget(self, folder: Path, runs: Sequence[int], before: date, keep: frozenset[str]) -> int:
        """Remove the lines of days before `before` but for the patients `keep`; answers how many.

        Killed at any point it leaves the store whole, and may be asked again.
        """


class Look(Protocol):
    """Whether an export of a feed holds a line of a held patient; asked where one is held."""

    def __call__(self, path: Path, feed: str, /) -> Answer:
        """The answer for the export at `path`."""


def first_kept(nightly: Nightly, kinds: Iterable[Kind], today: date) -> dict[Kind, date]:
    """The first day that is kept, by kind; kinds that are kept for ever are left out."""
    days = {kind: getattr(nightly.retention, kind) for kind in kinds}
    return {kind: today - timedelta(days=count) for kind, count in days.items() if count > 0}


def plan(
    ledger: sqlite3.Connection,
    nightly: Nightly,
    before: dict[Kind, date],
    look: Look,
    store: Lines | None = None,
) -> Plan:
    """What is older than `before` and not held. Writes nothing."""
    under_hold = held(ledger)
    with asked(ledger, under_hold):
        counted = _Counting()
        searched = _Searched(ledger, under_hold, nightly, look)
        files = [*_archived(searched, before, counted), *_written(searched, before, counted)]
        going = {(old.kind, run) for old in files for run in old.runs}
        with_files = frozenset(
            run
            for kind in ("archive", "outputs")
            for run in searched.on_disk(kind)
            if (kind, run) not in going
        )
        lines = list(_lines(searched, before, store, counted))
        if "ledger" in before:
            _rows(searched, before["ledger"], with_files, counted)
    return Plan(
        before, counted.due(), counted.kept(), tuple(files), tuple(lines), with_files, under_hold
    )


class _Counting:
    """Sums by sort of thing, for the eyes of the operator."""

    def __init__(self) -> None:
        self._days: dict[tuple[Kind, str], list[date]] = defaultdict(list)
        self._more: list[Due] = []
        self._kept: dict[tuple[Kind, str], int] = defaultdict(int)

    def goes(self, kind: Kind, what: str, day: date) -> None:
        self._days[kind, what].append(day)

    def go(self, due: Due) -> None:
        self._more.append(due)

    def stays(self, kind: Kind, why: str, items: int = 1) -> None:
        if items:
            self._kept[kind, why] += items

    def due(self) -> tuple[Due, ...]:
        single = [
            Due(kind, what, len(days), min(days), max(days))
            for (kind, what), days in self._days.items()
        ]
        both = [*single, *self._more]
        return tuple(sorted(both, key=lambda due: (KINDS.index(due.kind), due.what)))

    def kept(self) -> tuple[Kept, ...]:
        told = (Kept(kind, why, items) for (kind, why), items in self._kept.items())
        return tuple(sorted(told, key=lambda kept: (KINDS.index(kept.kind), kept.why)))


class _Searched:
    """The ledger, the folders and what is held, asked together."""

    def __init__(
        self,
        ledger: sqlite3.Connection,
        under_hold: Held,
        nightly: Nightly,
        look: Look,
    ) -> None:
        self.ledger = ledger
        self.held = under_hold
        self.nightly = nightly
        self._look = look
        self._seen: dict[Path, Answer] = {}
        self._archive = self._grouped(
            "archive",
            nightly.archive,
            "SELECT archived, feed, run, recorded_at FROM run_files JOIN runs USING (run, feed)"
            " WHERE archived <> '' ORDER BY run",
        )
        self._outputs = self._grouped(
            "outputs",
            nightly.outbox,
            "SELECT folder, feed, run, recorded_at FROM runs WHERE folder <> '' ORDER BY run",
        )
        self._done = set(ledger.execute("SELECT run, step FROM run_steps").fetchall())

    def archived(self) -> list[Old]:
        """Every export that the ledger names, whether it lies there or not."""
        return [old for old, _ in self._archive]

    def outputs(self) -> list[Old]:
        """Every folder of outputs that is there."""
        return [old for old, there in self._outputs if there]

    def on_disk(self, kind: str) -> Iterator[int]:
        """The runs that have something of `kind` on the disk."""
        for old, there in self._archive if kind == "archive" else self._outputs:
            if there:
                yield from old.runs

    def why_not(self, old: Old, step: str) -> str | None:
        """What keeps `old`; None for nothing."""
        if self.held.runs & set(old.runs):
            return _HELD_RUN
        if any((run, step) not in self._done for run in old.runs):
            return _UNFINISHED
        if not self.held.patients:
            return None
        answer = self._claims(old) if old.kind == "archive" else self._folder(old)
        return {"yes": _HELD_PATIENT, "cannot tell": _CANNOT_TELL}.get(answer)

    def _claims(self, old: Old) -> Answer:
        if not old.path.is_file():
            return "no"
        if old.path not in self._seen:
            self._seen[old.path] = self._look(old.path, old.feed)
        return self._seen[old.path]

    def _folder(self, old: Old) -> Answer:
        """Whether outputs name a held patient: by their findings, their exports, their own text."""
        if any(self._had_findings(run) for run in old.runs):
            return "yes"
        exports = [e for e in self.archived() if set(e.runs) & set(old.runs)]
        told = {self._claims(export) for export in exports if export.path.is_file()}
        if "yes" in told:
            return "yes"
        names = self.ledger.execute(
            f"SELECT count(*) FROM run_files WHERE run IN ({', '.join(map(str, old.runs))})"
        ).fetchone()
        there = sum(export.path.is_file() for export in exports)
        if told == {"no"} and there == names[0]:
            return "no"  # all that went into them was looked into
        return in_outputs(old.path, self.held)

    def _had_findings(self, run: int) -> bool:
        """Whether a finding of a held patient was open, or was found or closed, in `run`."""
        return (
            self.ledger.execute(
                "SELECT 1 FROM findings WHERE held_patient(patient_id)"
                " AND feed = (SELECT feed FROM runs WHERE run = :run) AND run <= :run AND ("
                " finding IN (SELECT finding FROM open_findings) OR EXISTS ("
                " SELECT 1 FROM finding_events AS e WHERE e.finding = findings.finding"
                " AND e.run >= :run)) LIMIT 1",
                {"run": run},
            ).fetchone()
            is not None
        )

    def _grouped(self, kind: Kind, root: Path, question: str) -> list[tuple[Old, bool]]:
        """What the ledger names below `root`, each path once, and whether it is there."""
        runs: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
        for stored, feed, run, recorded_at in self.ledger.execute(question):
            runs[stored].append((feed, run, recorded_at))
        found = []
        for stored, rows in runs.items():
            path = root / stored
            if not path.resolve().is_relative_to(root.resolve()) or path == root:
                continue  # not below our folder: nothing that we may remove
            day = date.fromisoformat(max(row[2] for row in rows)[:10])
            old = Old(kind, rows[0][0], root, path, stored, day, tuple(row[1] for row in rows))
            found.append((old, path.exists()))
        return found


def _archived(searched: _Searched, before: dict[Kind, date], counted: _Counting) -> Iterator[Old]:
    """Exports that go. One that is not there any more still leaves its name in the ledger."""
    for old in searched.archived():
        if "archive" in before and old.day < before["archive"]:
            if (why := searched.why_not(old, "archived")) is not None:
                counted.stays("archive", f"exports {why}")
                continue
            counted.goes("archive", f"exports of {old.feed}", old.day)
            yield old


def _written(searched: _Searched, before: dict[Kind, date], counted: _Counting) -> Iterator[Old]:
    """Folders of outputs that go."""
    for old in searched.outputs():
        if "outputs" in before and old.day < before["outputs"]:
            if (why := searched.why_not(old, "published")) is not None:
                counted.stays("outputs", f"reports {why}")
                continue
            counted.goes("outputs", f"reports of {old.feed}", old.day)
            yield old


def _rows(
    searched: _Searched, before: date, with_files: frozenset[int], counted: _Counting
) -> None:
    patients = bool(searched.held.patients)
    with aged_rows.found(searched.ledger, before, with_files, any_patient=patients) as aged:
        for rows in aged.rows:
            oldest, newest = (date.fromisoformat(day) for day in (rows.oldest, rows.newest))
            counted.go(Due("ledger", rows.what, rows.items, oldest, newest))
        counted.stays("ledger", _OPEN, aged.open)


def _lines(
    searched: _Searched, before: dict[Kind, date], store: Lines | None, counted: _Counting
) -> Iterator[Forgotten]:
    """Audited lines that go, feed by feed."""
    if store is None or "history" not in before:
        return
    ledger, day = searched.ledger, before["history"]
    since = str(day + timedelta(days=searched.nightly.retention.history - LATELY))
    later = ledger.execute("SELECT run FROM runs WHERE recorded_at >= ?", (since,))
    new = {run for (run,) in later}
    kept_whole = {feed for (feed,) in ledger.execute("SELECT DISTINCT feed FROM held_runs")}
    unfinished = {
        feed
        for (feed,) in ledger.execute(
            "SELECT DISTINCT feed FROM segments WHERE run NOT IN"
            " (SELECT run FROM run_steps WHERE step = 'published')"
        )
    }
    for feed, runs in segments(ledger).items():
        if feed in unfinished:  # not all of its files have their places
            counted.stays("history", _FEED_UNFINISHED, 1)
            continue
        folder = searched.nightly.state / "history" / feed
        everyone = store.patients(folder, runs) if searched.held.patients else ()
        patients = frozenset(filter(searched.held.has, everyone))
        found = store.count(folder, runs, day, patients)
        old = store.count(folder, runs, day, frozenset()) if patients else found
        if old is None:
            continue
        if feed in kept_whole:
            counted.stays("history", _FEED_HELD, old.lines)
            continue
        counted.stays("history", _LINES_HELD, old.lines - (0 if found is None else found.lines))
        if found is None:
            continue
        late = store.count(folder, sorted(new.intersection(runs)), day, patients)
        counted.go(Due("history", f"audited lines of {feed}", *found, late.lines if late else 0))
        yield Forgotten(feed, folder, day, patients)


def segments(ledger: sqlite3.Connection) -> dict[str, list[int]]:
    """Feed -> its runs that left audited lines."""
    found: dict[str, list[int]] = defaultdict(list)
    for feed, run in ledger.execute("SELECT feed, run FROM segments ORDER BY feed, run"):
        found[feed].append(run)
    return found


def batches(ledger: sqlite3.Connection) -> frozenset[str]:
    """The purges that the ledger logged."""
    return frozenset(b for (b,) in ledger.execute("SELECT DISTINCT batch FROM purges"))


def settle(ledger: sqlite3.Connection, nightly: Nightly) -> doomed.Settled:
    """Finish or undo a purge that was killed; whoever starts in these folders asks it first."""
    return doomed.settle((nightly.archive, nightly.outbox, nightly.state), batches(ledger))
