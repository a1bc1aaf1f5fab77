"""The findings of a run made again: equal, also later, and what differs is told."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor import __version__
from auditor.cli import main
from auditor.errors import ConfigError, HistoryError, InputRejected, LedgerError, ReferenceDataError
from auditor.history.upkeep import compact, forget
from auditor.ledger import runs, store
from auditor.ledger.store import transaction
from auditor.lock import locked
from auditor.nightly import aged_rows
from auditor.nightly import manifest as evidence
from auditor.nightly.committed import every_segment
from auditor.nightly.reproduce import Changes, reproduce
from auditor.nightly.rerun import rerun
from tests.nightly.office import CONFIG, Office, line

if TYPE_CHECKING:
    import sqlite3
    from contextlib import AbstractContextManager
    from pathlib import Path

    from auditor.nightly.reproduce import Reproduced

NIGHTS = [f"2025-11-{number:02}" for number in range(4, 14)]
LATER = "2025-12-20"
FEEDS = (
    CONFIG
    + """
[feeds.lab]
files = "lab*.csv"
mode = "delta"
line_of_business = "medicare"
"""
)


def came(night: int) -> list[tuple[str, ...]]:
    """New and changed lines of a night: an add-on without its primary, and what comes later."""
    patient = f"P{night}"
    found = [
        line("77002", f"A{night}", patient=patient, dos=NIGHTS[night]),
        line("99213", f"B{night}", patient=patient, dos=NIGHTS[night]),
        line("93000", f"C{night}", patient=patient, dos=NIGHTS[night]),
        line("93005", f"D{night}", patient=patient, dos=NIGHTS[night]),
    ]
    if night >= 2:  # a primary that arrives two nights late
        day = {"patient": f"P{night - 2}", "dos": NIGHTS[night - 2]}
        found.append(line("20610", f"E{night - 2}", **day))
    if night >= 3:  # an old visit changes, again and again
        found.append(line("99214", "B0", patient="P0", dos=NIGHTS[0], charge=f"{100 + night}.00"))
    if night in {4, 7}:  # a claim is taken back
        day = {"patient": f"P{night - 1}", "dos": NIGHTS[night - 1]}
        found.append(line("93000", f"V{night}", freq="8", orig=f"C{night - 1}", **day))
    if night == 5:  # another one is replaced
        day = {"patient": "P4", "dos": NIGHTS[4]}
        found.append(line("93010", "R5", freq="7", orig="D4", **day))
    return found


def month_to_date(night: int) -> list[tuple[str, ...]]:
    """Everything up to a night, each line of a claim as it was sent last."""
    lines: dict[tuple[str, str], tuple[str, ...]] = {}
    for earlier in range(night + 1):
        lines |= {row[:2]: row for row in came(earlier)}
    return list(lines.values())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, reference: Path) -> Office:
    """Ten nights of a month-to-date feed, and of one that sends what is new."""
    office = Office(tmp_path_factory.mktemp("made") / "office", reference, "snapshot", FEEDS)
    for number, day in enumerate(NIGHTS):
        office.drop(month_to_date(number), f"clinic-{number}.csv")
        office.drop(came(number), f"lab-{number}.csv")
        office.night(day)
    return office


@pytest.fixture
def office(made: Office, tmp_path: Path) -> Office:
    return made.copy(tmp_path / "office")


def ledger_of(office: Office) -> AbstractContextManager[sqlite3.Connection]:
    return store.opened(office.root / "state" / "ledger.sqlite")


def again(office: Office, run_id: str) -> Reproduced:
    return reproduce(office.at(LATER), run_id)


def run_ids(office: Office) -> list[str]:
    with ledger_of(office) as ledger:
        return [run.run_id for run in reversed(runs.runs(ledger))]


def contents(office: Office) -> dict[str, bytes]:
    return {
        path.relative_to(office.root).as_posix(): path.read_bytes()
        for path in office.root.rglob("*")
        if path.is_file() and not path.name.startswith(("ledger.sqlite", "lock"))
    }


def equal(office: Office, names: list[str]) -> list[str]:
    """Those of the runs that are made again equal and with nothing to tell."""
    done = {name: again(office, name) for name in names}
    return [name for name, found in done.items() if found.equal and not found.differences]


def test_every_run_of_a_month(made: Office) -> None:
    before = contents(made)
    names = run_ids(made)
    assert len(names) == 20
    found = {name: again(made, name) for name in names}
    assert {name for name, f in found.items() if f.equal and not f.differences} == set(names)
    assert {f.changes for f in found.values()} == {None}
    # and there was something to make
    assert sum(f.manifest.findings for f in found.values()) > 60
    with ledger_of(made) as ledger:
        events = set(ledger.execute("SELECT DISTINCT event FROM finding_events").fetchall())
        ended = ledger.execute("SELECT feed, sum(ended) FROM segments GROUP BY feed").fetchall()
    assert {e for (e,) in events} >= {"new", "resolved"}
    assert all(count >= 6 for _, count in ended)
    assert contents(made) == before


def test_after_reruns_and_merging_all_are_still_made_again(office: Office) -> None:
    """Each looks back at what it looked back at then, whatever took its place since."""
    names = run_ids(office)
    text = FEEDS.replace("[nightly]", 'ignore = ["PTP"]\n[nightly]')
    office.text = text
    office.__post_init__()
    rerun(office.at(LATER), f"{NIGHTS[8]}-clinic", "PTP apart", with_later=True)
    rerun(office.at(LATER), f"{NIGHTS[9]}-lab", "PTP apart")
    office.drop([*month_to_date(9), line("99213", "Z1", patient="P9")], "clinic-10.csv")
    office.night("2025-11-14")
    with ledger_of(office) as ledger:
        for feed in ("clinic", "lab"):
            folder = office.root / "state" / "history" / feed
            assert compact(folder, every_segment(ledger, feed), many=2) >= 10
    later = run_ids(office)[len(names) :]
    assert len(later) == 4
    some = [f"{NIGHTS[n]}-{feed}" for n, feed in ((3, "lab"), (5, "clinic"), (9, "clinic"))]
    assert equal(office, [*some, *later]) == [*some, *later]


def test_with_other_settings_of_today(office: Office) -> None:
    """The settings of the manifest count, and not those of today; the feed may be gone."""
    office.text = FEEDS.replace("feeds.clinic", "feeds.other").replace("medicare", "commercial")
    office.__post_init__()
    assert equal(office, [f"{NIGHTS[6]}-clinic"]) == [f"{NIGHTS[6]}-clinic"]


def test_indexes_of_another_polars_are_left_as_they_are(office: Office) -> None:
    """They are made anew in memory: nothing is written."""
    folder = office.root / "state" / "history" / "clinic"
    for path in folder.glob("index-*.parquet"):
        path.unlink()
    before = contents(office)
    assert equal(office, [f"{NIGHTS[7]}-clinic"]) == [f"{NIGHTS[7]}-clinic"]
    assert contents(office) == before


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one table, invented: 99213 is the primary of 77002."""
    folder = tmp_path_factory.mktemp("tables")
    put(folder, "AOC_V2025Q4-MCR.txt", "99213")
    return folder / "store"


def put(folder: Path, name: str, primary: str) -> None:
    row = f"{'1':1}{'77002':5}{'':7}{primary:5}{'':7}{'2013001':7}{'':7}{'':255}\r\n"
    (folder / name).write_text(row)
    store_ = str(folder / "store")
    assert main(["reference", "import", str(folder / name), "--reference", store_]) == 0


def test_tables_that_came_and_went(tables: Path, tmp_path: Path) -> None:
    """Releases that were imported since are left out; one that is gone is told."""
    shutil.copytree(tables, tmp_path / "store")
    office = Office(tmp_path / "office", tmp_path / "store")
    office.drop([line("77002", "C1"), line("20610", "C1", 2), line("77002", "C2", patient="P2")])
    office.night(NIGHTS[0])
    run = f"{NIGHTS[0]}-clinic"
    put(tmp_path, "AOC_V2026Q1-MCR.txt", "20610")
    assert equal(office, [run]) == [run]
    shutil.rmtree(tmp_path / "store")
    put(tmp_path, "AOC_V2026Q1-MCR.txt", "20610")
    with pytest.raises(ReferenceDataError, match=r"AOC 2025Q4 \(aoc, SHA-256 [0-9a-f]{12}\)\."):
        again(office, run)


def test_files_that_are_not_what_they_were(office: Office) -> None:
    run = f"{NIGHTS[1]}-clinic"
    (path,) = (office.root / "archive").rglob("*-clinic-1.csv")
    good = path.read_bytes()
    path.write_bytes(good + good.splitlines(keepends=True)[-1])
    with pytest.raises(InputRejected, match="was changed in the archive"):
        again(office, run)
    path.write_bytes(good)
    for path in (office.root / "state" / "history" / "clinic").glob("lines-1.parquet"):
        path.unlink()
    with pytest.raises(HistoryError, match="A file of the store of earlier lines is missing"):
        again(office, run)


@pytest.fixture
def unequal(office: Office) -> tuple[Office, str]:
    """An office whose ledger tells that other programs made a run, and found other things."""
    run = f"{NIGHTS[2]}-lab"
    with ledger_of(office) as ledger:
        number, text = ledger.execute(
            "SELECT run, manifest FROM runs WHERE run_id = ?", (run,)
        ).fetchone()
        then = evidence.from_json(text)
        path = next((office.root / "outbox" / NIGHTS[2] / "lab").glob("*.parquet"))
        found = pl.read_parquet(path)
        other = found.with_columns(
            finding_id=pl.when(pl.int_range(pl.len()) == 0)
            .then(pl.lit("0" * 32))
            .otherwise("finding_id"),
            message=pl.when(pl.int_range(pl.len()) == 1)
            .then(pl.lit("in other words"))
            .otherwise("message"),
        )
        other.write_parquet(path)
        told = text.replace(then.findings_digest, evidence.digest_of_findings(other))
        told = told.replace(f'"auditor": "{__version__}"', '"auditor": "0.0.1"')
        with transaction(ledger), aged_rows.unguarded(ledger):
            ledger.execute("UPDATE runs SET manifest = ? WHERE run = ?", (told, number))
    return office, run


def test_what_differs_is_counted_and_told(unequal: tuple[Office, str]) -> None:
    office, run = unequal
    found = again(office, run)
    assert not found.equal
    assert found.changes == Changes(appear=1, disappear=1, change=1)
    count = found.manifest.findings
    assert found.differences == (
        f"auditor: 0.0.1, then {__version__}",
        f"findings: {count:,} in both, with other content",
    )
    shutil.rmtree(office.root / "outbox" / NIGHTS[2])
    assert again(office, run).changes is None


def test_lines_that_were_purged(office: Office) -> None:
    """What cannot be looked back at any more is told, whether or not a finding hangs on it."""
    old = [row for night in range(5) for row in came(night) if row[3] < NIGHTS[2]]
    forget(office.root / "state" / "history" / "lab", date.fromisoformat(NIGHTS[2]))
    found = again(office, f"{NIGHTS[5]}-lab")
    assert [d for d in found.differences if d.startswith("history:")] == [
        f"history: {len(old)} of {found.manifest.history.lines:,} stored lines were purged since"
    ]


def test_what_is_not_there(office: Office) -> None:
    with pytest.raises(ConfigError, match=r"^There is no run 2025-11-04-other\."):
        again(office, "2025-11-04-other")
    with ledger_of(office) as ledger, transaction(ledger), aged_rows.unguarded(ledger):
        ledger.execute("UPDATE runs SET manifest = ''")
    with pytest.raises(LedgerError, match="was purged"):
        again(office, f"{NIGHTS[0]}-clinic")
    state = office.root / "state"
    at_work = pytest.raises(LedgerError, match=r"A night is at work\. Run again when it is done")
    with locked(state / "lock", "A night."), at_work:
        again(office, f"{NIGHTS[0]}-clinic")
    (state / "ledger.sqlite").unlink()
    with pytest.raises(ConfigError, match="There is no run"):
        again(office, f"{NIGHTS[0]}-clinic")
    assert not (state / "ledger.sqlite").exists()
