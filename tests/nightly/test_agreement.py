"""Ledger, stored lines and archive of different nights: told before anything is written over."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from auditor.errors import ExitCode, LedgerError
from auditor.nightly.status import status
from tests.nightly.office import Office, line


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, reference: Path) -> Office:
    """An office after two nights; `backup` beside it has the state after the first."""
    office = Office(tmp_path_factory.mktemp("two") / "office", reference, report=True)
    office.drop([line("77002")])
    office.night("2025-11-10")
    shutil.copytree(office.root / "state", office.root / "backup")
    office.drop([line("99213", "C2", patient="P2")])
    office.night("2025-11-11")
    return office


@pytest.fixture
def office(two: Office, tmp_path: Path) -> Office:
    return two.copy(tmp_path / "office")


def without_ledger(office: Office) -> None:
    for path in (office.root / "state").glob("ledger.sqlite*"):
        path.unlink()


@pytest.mark.parametrize("how", ["deleted", "of the night before"])
def test_a_ledger_older_than_its_folder_stops_the_night(office: Office, how: str) -> None:
    without_ledger(office)
    if how != "deleted":
        shutil.copy(office.root / "backup" / "ledger.sqlite", office.root / "state")
    office.drop([line("20610", "C3")])
    before = office.files()
    with pytest.raises(LedgerError, match=r"The ledger does not have (1 run|2 runs) whose") as told:
        office.night("2025-11-12")
    assert told.value.exit_code == ExitCode.UNREADABLE
    assert "Bring back the ledger" in told.value.next_step
    assert office.files() == before
    night = office.at("2025-11-12")
    found = status(night.settings, night.nightly, night.ledger, night.now)
    assert found.exit_code == ExitCode.INCOMPLETE
    assert any("The ledger does not have" in problem for problem in found.problems)


def test_a_whole_old_state_misses_what_was_archived_since(office: Office) -> None:
    shutil.rmtree(office.root / "state")
    shutil.copytree(office.root / "backup", office.root / "state")
    night = office.night("2025-11-12")
    assert night.exit_code == ExitCode.INCOMPLETE
    (warned,) = night.feeds[0].warnings
    assert warned.text.startswith("1 export in the archive is unknown to the ledger")
    (path,) = (p for p in (office.root / "archive").rglob("*.csv") if "99213" in p.read_text())
    path.rename(office.root / "inbox" / path.name.partition("-")[2])
    again = office.night("2025-11-12")
    assert (again.exit_code, again.feeds[0].files) == (ExitCode.DONE, 1)
    assert not office.night("2025-11-13").feeds[0].warnings


def test_begun_anew_it_takes_free_names(office: Office) -> None:
    (office.root / "state").rename(office.root / "old")
    office.drop([line("20610", "C3")])
    (told,) = office.night("2025-11-11").feeds
    assert told.run_id == "2025-11-11-clinic.2"
    assert told.exit_code == ExitCode.INCOMPLETE
    assert told.warnings[0].text.startswith("2 exports in the archive are unknown")


def test_stored_lines_of_a_run_that_the_ledger_has_not(office: Office) -> None:
    folder = office.root / "state" / "history" / "clinic"
    for path in folder.glob("*-2.parquet"):
        shutil.copy(path, path.with_name(path.name.replace("-2", "-3")))
    (told,) = office.night("2025-11-12").feeds
    assert told.exit_code == ExitCode.UNREADABLE
    assert told.error is not None
    assert "holds lines of a run that the ledger does not have" in told.error
    assert len(list(folder.glob("*-3.parquet"))) == 4


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _shorter(path: Path) -> None:
    pl.read_parquet(path).head(0).write_parquet(path)


@pytest.mark.parametrize("kind", ["lines", "ended", "rejected"])
@pytest.mark.parametrize("how", ["missing", "cut"])
def test_stored_lines_that_are_lost_are_told_in_an_empty_night(
    office: Office, kind: str, how: str
) -> None:
    path = office.root / "state" / "history" / "clinic" / f"{kind}-1.parquet"
    (_cut if how == "cut" else Path.unlink)(path)
    (told,) = office.night("2025-11-12").feeds
    assert told.exit_code == ExitCode.UNREADABLE
    assert told.error is not None
    assert str(path) in told.error


def test_stored_lines_that_are_fewer(office: Office) -> None:
    _shorter(office.root / "state" / "history" / "clinic" / "lines-1.parquet")
    (told,) = office.night("2025-11-12").feeds
    assert told.exit_code == ExitCode.UNREADABLE
    assert told.error is not None
    assert "has 0 rows, and the ledger says 1" in told.error
