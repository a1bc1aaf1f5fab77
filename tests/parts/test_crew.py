"""Parts that are judged by several processes: the same bytes, and what becomes of one that ends."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor.cli import main, parts
from auditor.errors import AuditorError, ExitCode, ReferenceDataError
from auditor.parts import crew, hand, outcome
from auditor.parts import run as runner
from auditor.reference import load_reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.engine.clock import Clock

SAMPLE = Path(__file__).resolve().parents[2] / "sample_claims" / "clinic_week.csv"
NOTHING = {"work": None, "store": None, "releases": ()}


def audited(found: Path, *more: str) -> int:
    named = ("--no-report", "--no-ledger", "--as-of", "2025-11-10", "--findings", str(found))
    return main(["audit", str(SAMPLE), *named, *more])


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Even a few lines are worth two processes; answers their numbers as they start."""
    started: list[int] = []
    begin = crew._started  # noqa: SLF001 - to know whom to kill

    def noted() -> subprocess.Popen[bytes]:
        process = begin()
        started.append(process.pid)
        return process

    monkeypatch.setattr(crew, "_started", noted)
    monkeypatch.setattr(crew, "ENOUGH", 0)
    monkeypatch.setattr(crew, "processors", lambda: 2)
    monkeypatch.setattr(crew, "_memory", lambda: 1 << 40)
    return started


@pytest.mark.parametrize("large", [0, 10**9], ids=["begun while reading", "begun later"])
def test_several_processes_find_what_one_finds(
    two: list[int], large: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "LARGE", large)
    one, several = tmp_path / "one.parquet", tmp_path / "several.parquet"
    assert audited(several, "--parts", "3", "--timings") == 0
    assert len(two) == 2
    monkeypatch.setattr(crew, "ENOUGH", 10**9)
    assert audited(one, "--parts", "1") == 0
    assert len(two) == 2
    assert several.read_bytes() == one.read_bytes()
    assert all(gone(each) for each in two)


@pytest.mark.parametrize("large", [0, 10**9], ids=["begun while reading", "begun later"])
def test_processes_are_gone_before_what_they_found_is_joined(
    two: list[int], large: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each holds the memory of a part, which joining and writing may need.
    there, read = list[int](), outcome.read

    def noted(folders: list[Path]) -> Any:  # noqa: ANN401 - as the function's own
        there.extend(each for each in two if not gone(each))
        return read(folders)

    monkeypatch.setattr(parts, "LARGE", large)
    monkeypatch.setattr(outcome, "read", noted)
    assert audited(tmp_path / "found.parquet", "--parts", "3") == 0
    assert len(two) == 2
    assert not there


def test_a_process_that_ends_ends_the_audit_which_goes_on_later(
    two: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found, work = tmp_path / "f.parquet", tmp_path / "work"
    say = crew._say  # noqa: SLF001 - a process is ended when it is about to be told of a part

    def told(process: subprocess.Popen[bytes], message: bytes) -> None:
        if message == pickle.dumps(1):
            process.kill()
            process.wait()
        say(process, message)

    monkeypatch.setattr(crew, "_say", told)
    assert audited(found, "--parts", "3", "--work", str(work)) == ExitCode.INTERNAL
    said = " ".join(capsys.readouterr().err.split())
    assert "A process that worked on a part has ended" in said
    assert "goes on where this one stopped" in said
    assert not found.exists()
    assert all(gone(each) for each in two)
    monkeypatch.setattr(crew, "_say", say)
    monkeypatch.setattr("auditor.intake.read_claims", None)  # it is not read again
    assert audited(found, "--parts", "3", "--work", str(work)) == 0
    assert not work.exists()


@pytest.mark.skipif(os.name == "nt", reason="a process there does not learn of its parent's end")
def test_processes_end_with_their_parent() -> None:
    code = (
        "import sys, time; from auditor.parts import crew;"
        "job = crew.Job(None, None, ());"
        "held = crew.crew(job, 2); found = held.__enter__();"
        "print(*(each.pid for each in found.processes), flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as parent:
        assert parent.stdout is not None
        started = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(started) == 2
        assert not any(gone(each) for each in started)
        parent.send_signal(signal.SIGKILL)
    until = time.monotonic() + 30
    while not all(gone(each) for each in started):
        assert time.monotonic() < until
        time.sleep(0.05)


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def gone(pid: int) -> bool:
    """Whether there is no such process, or only what is left of one."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.is_file() and stat.read_text(encoding="ascii").split()[2] == "Z"


def served(monkeypatch: pytest.MonkeyPatch, task: Callable[..., None], **job: Any) -> Any:  # noqa: ANN401 - what it answers
    """What a process answers that has `task` to do on part 7."""
    monkeypatch.setitem(runner.TASKS, "count", task)  # type: ignore[arg-type]
    told = (crew.Job(**(NOTHING | job)), ("count", "more"), 7)
    answers = io.BytesIO()
    hand.serve(io.BytesIO(b"".join(map(pickle.dumps, told))), answers)
    return pickle.loads(answers.getvalue())  # noqa: S301 - it was made here


def test_what_is_answered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known = {"store": tmp_path, "releases": load_reference(tmp_path).releases()}

    def works(work: object, _: object, number: int, more: str, clock: Clock) -> None:
        assert (work, number, more) == (None, 7, "more")
        with clock.part("stage", "name"):
            pass

    kind, parts = served(monkeypatch, works, **known)
    assert kind == "done"
    assert [part.name for part in parts] == ["name"]

    def fails(error: Exception) -> Any:  # noqa: ANN401 - what is answered
        def task(*_: object) -> None:
            raise error

        return served(monkeypatch, task, **known)

    ours = crew._error(*fails(ReferenceDataError("What.", where="there", next_step="Do.")))  # noqa: SLF001 - the other end
    assert isinstance(ours, ReferenceDataError)
    assert str(ours) == "there: What. Do."
    disk = crew._error(*fails(OSError(28, "No space left on device")))  # noqa: SLF001 - as above
    assert isinstance(disk, OSError)
    assert disk.errno == 28
    other = crew._error(*fails(ValueError("JOHN DOE")))  # noqa: SLF001 - as above
    assert isinstance(other, AuditorError)
    assert other.exit_code == ExitCode.INTERNAL
    assert "ValueError in" in str(other)
    assert "DOE" not in str(other)


def test_other_tables_than_at_the_start_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = served(monkeypatch, pytest.fail, store=tmp_path, releases=())
    error = crew._error(*told)  # noqa: SLF001 - the other end
    assert isinstance(error, ReferenceDataError)
    assert "changed while the audit was at work" in str(error)


def test_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "processors", lambda: 8)
    monkeypatch.setattr(crew, "_memory", lambda: 24 << 30)
    assert crew.how_many(crew.ENOUGH - 1, 100) == 1
    assert crew.how_many(crew.ENOUGH, 100) == 8
    assert crew.how_many(crew.ENOUGH, 3) == 3
    monkeypatch.setattr(crew, "_memory", lambda: 7 << 30)
    assert crew.how_many(crew.ENOUGH, 100) == 2
    monkeypatch.setattr(crew, "_memory", lambda: 1 << 30)
    assert crew.how_many(crew.ENOUGH, 100) == 1


def test_the_machine_says_what_it_has() -> None:
    assert crew.processors() >= 1
    assert crew._memory() > 1 << 28  # noqa: SLF001 - as above
