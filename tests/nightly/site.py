"""A nightly run's folders and ledger, made by hand: what retention finds when it looks."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from auditor.ledger import opened
from auditor.ledger.store import transaction
from auditor.nightly import holds, retention
from auditor.nightly.held_files import in_claims, reader
from auditor.nightly.purging import Purged, purge
from auditor.nightly.retention import KINDS, Counted, Plan
from auditor.nightly.settings import Nightly, Retention

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from auditor.nightly.held_files import Answer

TODAY = date(2026, 11, 22)
OLD, YOUNG = "2019-03-01", "2026-11-01"
HEADER = "Claim ID,Patient ID,NPI,DOS,CPT,Units,Charge\n"


@dataclass
class Stored:
    """A store of audited lines that says what it was asked."""

    rows: dict[str, list[tuple[str, date]]] = field(default_factory=dict)
    """Feed -> patient and day of each line."""

    def patients(self, folder: Path, runs: Sequence[int]) -> Iterable[str]:  # noqa: ARG002 - as retention.Lines
        return {patient for patient, _ in self.rows.get(folder.name, [])}

    def count(
        self,
        folder: Path,
        runs: Sequence[int],
        before: date,
        keep: frozenset[str],
    ) -> Counted | None:
        days = [d for p, d in self.rows.get(folder.name, []) if d < before and p not in keep]
        return Counted(len(days), min(days), max(days)) if days and runs else None

    def forget(self, folder: Path, runs: Sequence[int], before: date, keep: frozenset[str]) -> int:
        found = self.count(folder, runs, before, keep)
        rows = self.rows.get(folder.name, [])
        self.rows[folder.name] = [(p, d) for p, d in rows if d >= before or p in keep]
        return found.lines if found else 0


class Site:
    """Archive, outbox, state and ledger below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.nightly = Nightly(
            inbox=root / "inbox",
            outbox=root / "outbox",
            archive=root / "archive",
            state=root / "state",
        )
        self.store = Stored()
        self.ledger = self.nightly.state / "ledger.sqlite"
        with opened(self.ledger):
            pass

    @contextmanager
    def _written(self) -> Iterator[sqlite3.Connection]:
        """All of the block or nothing, and without waiting for the disk."""
        with opened(self.ledger) as ledger:
            ledger.execute("PRAGMA synchronous = OFF")
            with transaction(ledger):
                yield ledger

    def keep(self, **days: int) -> None:
        """Set the days of retention."""
        self.nightly = replace(self.nightly, retention=Retention(**days))

    def run(  # noqa: PLR0913 - what a test says of a run
        self,
        run: int,
        recorded: str = OLD,
        *,
        feed: str = "clinic",
        patients: Sequence[str] = ("P1",),
        steps: Sequence[str] = ("published", "archived"),
        version: int = 1,
    ) -> None:
        """One run of one file, published and archived."""
        stored = f"{feed}/{recorded[:7]}/{run:012x}-DOE JANE.csv"
        folder = f"{recorded}/{feed}" + (f"-v{version}" if version > 1 else "")
        export = self.nightly.archive / stored
        export.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"C{n},{p},1679576722,03/01/2019,99213,1,100\n" for n, p in enumerate(patients)]
        export.write_text(HEADER + "".join(lines), encoding="utf-8")
        reports = self.nightly.outbox / folder
        reports.mkdir(parents=True, exist_ok=True)
        (reports / f"{feed}-{recorded}.csv").write_text(f"run {run}\n", encoding="utf-8")
        manifest = self.nightly.state / "manifests" / f"run-{run}.json"
        manifest.parent.mkdir(exist_ok=True)
        manifest.write_text("{}", encoding="utf-8")
        moment = f"{recorded}T02:00:00+00:00"
        with self._written() as ledger:
            ledger.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, NULL, NULL, ?, 0, '{}', 'whole', ?)",
                (run, f"run-{run}", feed, recorded, version, moment, folder),
            )
            ledger.execute(
                "INSERT INTO run_files VALUES (?, ?, ?, 'DOE JANE.csv', 9, ?)",
                (run, feed, f"sha-{run}", stored),
            )
            ledger.execute("INSERT INTO segments VALUES (?, ?, 1, 0, 'd', NULL)", (run, feed))
            for step in steps:
                ledger.execute("INSERT INTO run_steps VALUES (?, ?, ?)", (run, step, moment))

    def finding(
        self,
        finding_id: str,
        *events: tuple[int, str],
        feed: str = "clinic",
        patient: str = "P1",
        is_open: bool = False,
    ) -> None:
        """A finding and its events: run, what happened."""
        with self._written() as ledger:
            finding = ledger.execute(
                "INSERT INTO findings VALUES (NULL, ?, ?, ?, 'd', 's', 'AOC-1', 'C1', 1, ?, NULL,"
                " NULL, '2019-03-01', '99213')",
                (feed, finding_id, events[0][0], patient),
            ).lastrowid
            for run, event in events:
                ledger.execute(
                    "INSERT INTO finding_events (run, finding, event, tier, modifiers,"
                    " amount_basis, also, runs_found, why)"
                    " VALUES (?, ?, ?, 'certain', '', 'none', '', 1, ?)",
                    (run, finding, event, "gone" if event == "resolved" else None),
                )
            if is_open:
                ledger.execute(
                    "INSERT INTO open_findings SELECT finding, feed, finding_id, first_seen,"
                    " rule_id, claim_id, line_number, patient_id, rendering_npi, payer,"
                    " service_date, code, 'certain', '', NULL, NULL, NULL, 'none', NULL, NULL,"
                    " NULL, '', 1, run FROM findings WHERE finding = ?",
                    (finding,),
                )

    def decide(self, finding_id: str, *days: str, until: str | None = None) -> None:
        """Decisions about a finding, each in the place of the one before."""
        before = None
        with self._written() as ledger:
            for day in days:
                import_id = ledger.execute(
                    "INSERT INTO imports (workbook_sha256, imported_by, imported_as_of,"
                    " imported_at) VALUES (?, 'me', ?, ?)",
                    (day, day, f"{day}T09:00:00+00:00"),
                ).lastrowid
                before = ledger.execute(
                    "INSERT INTO dispositions (import_id, replaces, finding_id, fingerprint,"
                    " disposition, reason, reviewer, decided_on, valid_until)"
                    " VALUES (?, ?, ?, 'f', ?, 'seen', 'Ann', ?, ?)",
                    (
                        import_id,
                        before,
                        finding_id,
                        "accepted risk" if until else "agree",
                        day,
                        until,
                    ),
                ).lastrowid

    def night(self, ended: str, outcome: str = "{}") -> None:
        """A night with one delivery."""
        moment = f"{ended}T03:00:00+00:00"
        with self._written() as ledger:
            night = ledger.execute(
                "INSERT INTO nights (started_at, ended_at, as_of, exit_code, outcome)"
                " VALUES (?, ?, ?, 0, ?)",
                (moment, moment, ended, outcome),
            ).lastrowid
            ledger.execute(
                "INSERT INTO deliveries (night_id, feed, kind, attempted_at, delivered, detail)"
                " VALUES (?, 'clinic', 'mail', ?, 1, 'sent')",
                (night, moment),
            )

    def hold(self, kind: holds.Kind, *what: str) -> holds.Added:
        """Hold runs or patients."""
        with opened(self.ledger) as ledger:
            return holds.add(ledger, kind, what, "case 12", "counsel")

    def look(self, ledger: sqlite3.Connection) -> retention.Look:
        """How exports are looked into."""
        from auditor.config import Settings

        under_hold = holds.held(ledger)

        def look(path: Path, feed: str) -> Answer:
            return in_claims(
                path, under_hold, reader(Settings(), feed, path.with_name("none"), None)
            )

        return look

    def plan(self, *kinds: retention.Kind, today: date = TODAY) -> Plan:
        """What a purge would do."""
        with opened(self.ledger) as ledger:
            return self._plan(ledger, kinds or KINDS, today)

    def purge(self, *kinds: retention.Kind, today: date = TODAY) -> Purged:
        """Settle, plan and purge, as the command does."""
        with opened(self.ledger) as ledger:
            retention.settle(ledger, self.nightly)
            plan = self._plan(ledger, kinds or KINDS, today)
            return purge(ledger, self.nightly, plan, by="me", store=self.store)

    def _plan(
        self, ledger: sqlite3.Connection, kinds: Iterable[retention.Kind], today: date
    ) -> Plan:
        before = retention.first_kept(self.nightly, kinds, today)
        return retention.plan(ledger, self.nightly, before, self.look(ledger), self.store)

    def files(self) -> list[str]:
        """Everything in archive, outbox and manifests."""
        folders = (self.nightly.archive, self.nightly.outbox, self.nightly.state)
        return sorted(
            str(p.relative_to(self.root))
            for folder in folders
            for p in folder.rglob("*")
            if p.is_file() and p.name != "lock" and "ledger" not in p.name
        )

    def rows(self, table: str, columns: str = "*") -> list[tuple[object, ...]]:
        """Rows of a table of the ledger."""
        with opened(self.ledger) as ledger:
            return ledger.execute(f"SELECT {columns} FROM {table} ORDER BY 1").fetchall()
