"""A night that is broken off anywhere is finished by the next one: nothing twice, nothing lost."""

from __future__ import annotations

import errno
import random
from typing import TYPE_CHECKING

import pytest

from auditor.errors import AuditorError
from auditor.ledger import runs, store
from tests.nightly.killing import Killed, planned
from tests.nightly.office import Office, line

if TYPE_CHECKING:
    from pathlib import Path

FIRST = (line("77002", "C1"), line("99213", "C2", patient="P2"))
SECOND = (line("77002", "C1"), line("20610", "C3"), line("99214", "C2", patient="P2"))
DAY = "2025-11-05"


@pytest.fixture
def begun(tmp_path: Path, reference: Path) -> Office:
    """An office after its first night, with the second export in its inbox."""
    office = Office(tmp_path / "office", reference, mode="snapshot")
    office.drop(FIRST)
    office.night("2025-11-04")
    office.drop(SECOND, "clinic-2.csv")
    return office


def came_to(office: Office) -> dict[str, object]:
    """Everything that must be the same whatever happened on the way."""
    with store.opened(office.root / "state" / "ledger.sqlite") as ledger:
        told = {
            "runs": [(r.run_id, r.figures, sorted(r.steps)) for r in runs.runs(ledger)],
            "files": ledger.execute("SELECT feed, sha256, archived FROM run_files").fetchall(),
            "events": ledger.execute(
                "SELECT run, finding, event, tier, why FROM finding_events ORDER BY event_id"
            ).fetchall(),
            "open": ledger.execute("SELECT finding FROM open_findings ORDER BY 1").fetchall(),
            "lines": ledger.execute("SELECT * FROM segments").fetchall(),
        }
    return told | {"places": office.files()}


def half_seen(office: Office) -> list[str]:
    """Outputs of the second night that are not there whole."""
    folder = office.root / "outbox" / DAY
    made = {p.name for p in folder.rglob("*") if p.is_file() and ".auditor-" not in str(p)}
    whole = {f"clinic-{DAY}{end}" for end in (".xlsx", "-findings.parquet", "-summary.json")}
    return sorted(made) if made and made != whole else []


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, reference: Path) -> Office:
    """An office after its first night, with the second export in its inbox."""
    office = Office(tmp_path_factory.mktemp("before") / "office", reference, mode="snapshot")
    office.drop(FIRST)
    office.night("2025-11-04")
    office.drop(SECOND, "clinic-2.csv")
    return office


@pytest.fixture(scope="module")
def calm(
    before: Office, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, object], list[str]]:
    """What an undisturbed second night comes to, and its operations."""
    office = before.copy(tmp_path_factory.mktemp("calm") / "office")
    with planned(office.root, None) as seen:
        office.night(DAY)
    assert not half_seen(office)
    return came_to(office), seen


def points(request: pytest.FixtureRequest, most: int, seed: int) -> list[int]:
    """Operations to break off at: a few by dice, or every one of a long run."""
    if request.config.getoption("-m") and "long" in request.config.getoption("-m"):
        return list(range(1, most + 1))
    dice = random.Random(seed)  # noqa: S311 - a sample that is the same every time
    return sorted(dice.sample(range(1, most + 1), FEW))


def finished(office: Office, what: str) -> dict[str, object]:
    """What the office comes to with one more night."""
    assert not half_seen(office), what
    outcome = office.night(DAY)
    assert outcome.exit_code == ExitCode.DONE, f"{what}: {outcome}"
    return came_to(office)


def broken_off(
    before: Office, calm: tuple[dict[str, object], list[str]], at: int, room: Path
) -> None:
    wanted, seen = calm
    office = before.copy(room)
    with planned(office.root, at), pytest.raises(Killed):
        office.night(DAY)
    assert finished(office, f"killed at {at}: {seen[at - 1]}") == wanted
