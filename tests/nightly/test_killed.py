"""A night that is broken off anywhere is finished by the next one: nothing twice, nothing lost."""

from __future__ import annotations

import errno
import random
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import pytest

from auditor.errors import AuditorError, ExitCode
from auditor.ledger import runs, store
from tests.nightly.killing import Killed, planned
from tests.nightly.office import Office, line

if TYPE_CHECKING:
    from pathlib import Path

FIRST = (line("77002", "C1"), line("99213", "C2", patient="P2"))
SECOND = (line("77002", "C1"), line("20610", "C3"), line("99214", "C2", patient="P2"))
DAY = "2025-11-05"


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
    office = Office(
        tmp_path_factory.mktemp("before") / "office", reference, "snapshot", report=True
    )
    office.drop(FIRST)
    office.night("2025-11-04")
    office.drop(SECOND, "clinic-2.csv")
    return office


class Calm(NamedTuple):
    """A second night that nobody disturbed."""

    wanted: dict[str, object]
    """What it came to."""
    seen: list[str]
    """Its operations."""


@pytest.fixture(scope="module")
def calm(before: Office, tmp_path_factory: pytest.TempPathFactory) -> Calm:
    office = before.copy(tmp_path_factory.mktemp("calm") / "office")
    with planned(office.root, None) as seen:
        office.night(DAY)
    assert not half_seen(office)
    return Calm(came_to(office), seen)


def broken_off(  # noqa: PLR0913 - where, how, and what must come of it
    before: Office,
    calm: Calm,
    room: Path,
    at: int,
    error: int | None = None,
    *,
    lasting: bool = True,
) -> None:
    """Kill the second night at its operation `at`, or refuse it that; the third must mend all."""
    office = before.copy(room / str(at))
    what = f"{at}: {calm.seen[at - 1]}"
    with planned(office.root, at, error, lasting=lasting):
        if error is None:
            with pytest.raises(Killed):
                office.night(DAY)
        else:
            with suppress(AuditorError):  # told in words where even the ledger is refused
                office.night(DAY)
    assert not half_seen(office), what
    outcome = office.night(DAY)
    assert outcome.exit_code == ExitCode.DONE, f"{what}: {outcome}"
    assert came_to(office) == calm.wanted, what
    shutil.rmtree(office.root)


def some(calm: Calm, seed: int, many: int) -> list[int]:
    """A few operations by dice, the same ones every time."""
    dice = random.Random(seed)  # noqa: S311 - a sample
    return dice.sample(range(1, len(calm.seen) + 1), many)


def test_a_killed_night_is_finished_by_the_next(before: Office, calm: Calm, tmp_path: Path) -> None:
    committed = next(n for n, s in enumerate(calm.seen, start=1) if s.startswith("sql COMMIT"))
    for at in {*some(calm, 1, 3), committed, committed + 1, len(calm.seen)}:
        broken_off(before, calm, tmp_path, at)


def test_a_full_disk_loses_nothing(before: Office, calm: Calm, tmp_path: Path) -> None:
    for at in some(calm, 2, 2):
        broken_off(before, calm, tmp_path, at, errno.ENOSPC)


def test_a_refusal_loses_nothing(before: Office, calm: Calm, tmp_path: Path) -> None:
    for at in some(calm, 3, 2):
        broken_off(before, calm, tmp_path, at, errno.EACCES, lasting=False)


@pytest.mark.parametrize(
    "operation",
    [
        r"os\.chmod .*/outputs/\.auditor-[^/]*/[^/]*\.xlsx",  # the report cannot be made private
        r"open .*/outputs/\.auditor-[^/]*",  # nor the folder that it was made in be removed
    ],
)
def test_a_refusal_changes_no_name(
    before: Office, calm: Calm, tmp_path: Path, operation: str
) -> None:
    at = next(n for n, seen in enumerate(calm.seen, 1) if re.fullmatch(operation, seen))
    broken_off(before, calm, tmp_path, at, errno.EACCES, lasting=False)


@pytest.mark.long
@pytest.mark.parametrize("way", ["killed", "disk-full", "permission-lost", "refused-once"])
def test_at_every_operation(before: Office, calm: Calm, tmp_path: Path, way: str) -> None:
    error = {"killed": None, "disk-full": errno.ENOSPC}.get(way, errno.EACCES)
    for at in range(1, len(calm.seen) + 1):
        broken_off(before, calm, tmp_path, at, error, lasting=way != "refused-once")


@pytest.mark.usefixtures("unmeasured")
def test_a_real_kill(before: Office, calm: Calm, tmp_path: Path) -> None:
    """The same with a process that the system ends, some time into its night."""
    office = before.copy(tmp_path / "office")
    command = [sys.executable, "-m", "auditor", "nightly", "--config", str(office.file)]
    for seconds in (1.0, 2.5):
        with subprocess.Popen([*command, "--as-of", DAY], stdout=subprocess.DEVNULL) as night:
            with suppress(subprocess.TimeoutExpired):
                night.wait(seconds)
            night.kill()
    assert not half_seen(office)
    outcome = office.night(DAY)
    assert outcome.exit_code == ExitCode.DONE
    assert came_to(office) == calm.wanted
