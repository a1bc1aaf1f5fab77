"""Nights that die one after the other, with two feeds, and folders that refuse one by one."""

from __future__ import annotations

import errno
import random
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from auditor.errors import AuditorError, ExitCode
from tests.nightly.killing import Killed, planned
from tests.nightly.office import CONFIG, Office, line
from tests.nightly.test_killed import Calm, came_to

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (
    CONFIG.replace("stable_seconds = 0", 'ready = "marker"')
    + """
[feeds.lab]
files = "lab*.csv"
mode = "delta"
line_of_business = "medicare"
"""
)
DAY = "2025-11-05"
DEATHS = 3
"""Nights that die before one comes to its end."""


def drop(office: Office, name: str, *rows: tuple[str, ...]) -> None:
    path = office.drop(rows, name)
    path.with_name(f"{name}.done").touch()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, reference: Path) -> Office:
    """Two feeds after their first night; two new files each, and one of them comes again."""
    office = Office(
        tmp_path_factory.mktemp("two-feeds") / "office", reference, "snapshot", TEXT, report=True
    )
    drop(office, "clinic.csv", line("77002"), line("99213", "C2", patient="P2"))
    drop(office, "lab.csv", line("77002", "L1"))
    office.night("2025-11-04")
    drop(office, "clinic.csv", line("77002"), line("99214", "C2", patient="P2"))
    drop(office, "clinic-2.csv", line("20610", "C3"))
    drop(office, "clinic-again.csv", line("77002"), line("99213", "C2", patient="P2"))
    drop(office, "lab.csv", line("20610", "L2"))
    drop(office, "lab-2.csv", line("77002", "L1", 2, dos="2025-11-04"))
    return office


@pytest.fixture(scope="module")
def calm(before: Office, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    office = before.copy(tmp_path_factory.mktemp("calm-feeds") / "office")
    with planned(office.root, None) as seen:
        assert office.night(DAY).exit_code == ExitCode.DONE
    assert office.files()["inbox"] == []
    return Calm(came_to(office), seen)


def mended(office: Office, calm: Calm, what: object) -> None:
    """One more night, and all is as if nothing had happened."""
    outcome = office.night(DAY)
    assert outcome.exit_code == ExitCode.DONE, f"{what}: {outcome}"
    assert came_to(office) == calm.wanted, what
    shutil.rmtree(office.root)


def deaths(before: Office, calm: Calm, room: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a sample
    office = before.copy(room / str(seed))
    history = []
    for _ in range(DEATHS):
        at = dice.randint(1, len(calm.seen))
        with planned(office.root, at) as seen, suppress(Killed):
            office.night(DAY)
        history.append(seen[-1])
    mended(office, calm, (seed, history))


def test_killed_one_night_after_the_other(before: Office, calm: Calm, tmp_path: Path) -> None:
    deaths(before, calm, tmp_path, 1)


@pytest.mark.long
def test_killed_many_times(before: Office, calm: Calm, tmp_path: Path) -> None:
    for seed in range(100, 150):
        deaths(before, calm, tmp_path, seed)


def test_killed_between_the_report_and_the_end_of_its_staging(
    before: Office, calm: Calm, tmp_path: Path
) -> None:
    placed = next(
        n
        for n, s in enumerate(calm.seen, start=1)
        if s.startswith("shutil.rmtree")
        and s.endswith(f"{DAY}-clinic")
        and ".auditor-" not in s
        and any(t.startswith("sql COMMIT") for t in calm.seen[:n])
    )
    office = before.copy(tmp_path / "office")
    with planned(office.root, placed), suppress(Killed):
        office.night(DAY)
    mended(office, calm, calm.seen[placed - 1])


@pytest.mark.long
def test_the_recovery_is_killed_everywhere(before: Office, calm: Calm, tmp_path: Path) -> None:
    committed = next(n for n, s in enumerate(calm.seen, start=1) if s.startswith("sql COMMIT"))
    killed = before.copy(tmp_path / "killed")
    with planned(killed.root, committed + 1), suppress(Killed):
        killed.night(DAY)
    with planned(killed.copy(tmp_path / "counted").root, None) as seen:
        Office(tmp_path / "counted", before.reference, "snapshot", TEXT, report=True).night(DAY)
    for at in range(1, len(seen) + 1):
        office = killed.copy(tmp_path / str(at))
        with planned(office.root, at), suppress(Killed):
            office.night(DAY)
        mended(office, calm, f"{at}: {seen[at - 1]}")


@pytest.mark.parametrize(
    ("folder", "error"),
    [
        ("archive", errno.EACCES),
        ("outbox", errno.ENOSPC),
        ("state/history", errno.ENOSPC),
        pytest.param("archive", errno.ENOSPC, marks=pytest.mark.long),
        pytest.param("outbox", errno.EACCES, marks=pytest.mark.long),
        pytest.param("state/history", errno.EACCES, marks=pytest.mark.long),
        pytest.param("state/staging", errno.ENOSPC, marks=pytest.mark.long),
        pytest.param("inbox", errno.EACCES, marks=pytest.mark.long),
    ],
)
def test_one_folder_refuses_for_a_night(
    before: Office, calm: Calm, tmp_path: Path, folder: str, error: int
) -> None:
    office = before.copy(tmp_path / "office")
    with planned(office.root / folder, 1, error):
        outcome = None
        with suppress(AuditorError):
            outcome = office.night(DAY)
    if outcome is not None:
        assert outcome.exit_code in {ExitCode.INCOMPLETE, ExitCode.USAGE, ExitCode.UNREADABLE}
        assert all(feed.error for feed in outcome.feeds)
    mended(office, calm, folder)
