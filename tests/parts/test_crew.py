"""Parts that are judged by several processes: the same bytes, and what becomes of one that ends."""

from __future__ import annotations

import errno
import io
import json
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
from auditor.intake import content, scanning, textfile
from auditor.parts import crew, hand, outcome, spill
from auditor.parts import run as runner
from auditor.reference import load_reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.engine.clock import Clock
    from auditor.engine.whole import Census

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

    def noted(seat: int | None) -> subprocess.Popen[bytes]:
        process = begin(seat)
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
        if message == pickle.dumps(1, pickle.HIGHEST_PROTOCOL):
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


@pytest.fixture
def divided(two: list[int], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sample is large enough for processes to read it, in nine runs of many places."""
    monkeypatch.setattr(parts, "LARGE", 0)
    monkeypatch.setattr(content, "HELD_PLAIN", 0)
    monkeypatch.setattr(scanning, "HEAD", 2000)
    monkeypatch.setattr(textfile, "HEAD", 2000)
    monkeypatch.setattr(textfile, "BLOCK", 1500)
    monkeypatch.setattr(spill, "SLAB", (50, 50))
    monkeypatch.setattr(spill, "_IN_A_FILE", 1)
    return two


@pytest.mark.skipif(os.name == "nt", reason="no limit to the size of a file there")
def test_a_full_disk_while_several_read(
    divided: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import resource

    # Python's own files would be cut short without a word.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    found, work = tmp_path / "f.parquet", tmp_path / "work"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        code = audited(found, "--work", str(work))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    said = " ".join(capsys.readouterr().err.split())
    assert code == ExitCode.USAGE, said
    # of a small file polars only says that its end could not be written
    told = {os.strerror(number) for number in (errno.EFBIG, errno.EIO)}
    assert any(f"could not be written or read ({reason})" in said for reason in told)
    assert "The same command begins anew: nothing was left there." in said
    assert all(gone(each) for each in divided)
    assert not [path for path in work.glob("*") if path.is_dir()]
    assert audited(found, "--work", str(work)) == 0


def test_what_several_processes_read_is_what_one_reads(
    divided: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, several = tmp_path / "one", tmp_path / "several"
    runs = list[int]()
    took = spill.Spill.took

    def noted(self: spill.Spill, census: Census, *more: Any) -> None:  # noqa: ANN401 - as its own
        runs.append(census.lines)
        took(self, census, *more)

    monkeypatch.setattr(spill.Spill, "took", noted)
    dated = ("--no-ledger", "--as-of", "2025-11-10", "--parts", "3")
    for folder, hands in ((several, 2), (one, 0)):
        folder.mkdir()
        monkeypatch.setattr(parts, "hands", lambda *_, hands=hands: hands)
        told = ("--findings", str(folder / "found.parquet"), "--summary", str(folder / "s.json"))
        assert main(["audit", str(SAMPLE), "--no-report", *dated, *told]) == 0
        # A report shows the lines, from wherever they lie.
        told = ("--report", str(folder / "found.xlsx"))
        assert main(["audit", str(SAMPLE), *dated, *told]) == 0
    assert len(runs) > 12
    assert all(runs)
    for name in ("found.parquet", "found.xlsx"):
        assert (one / name).read_bytes() == (several / name).read_bytes()
    said = [json.loads((each / "s.json").read_text(encoding="utf-8")) for each in (one, several)]
    assert said[0] == said[1]
    assert all(gone(each) for each in divided)


def test_a_process_that_ends_while_it_reads(
    divided: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found, work = tmp_path / "f.parquet", tmp_path / "work"
    say, told = crew._say, list[bytes]()  # noqa: SLF001 - as above

    def ending(process: subprocess.Popen[bytes], message: bytes) -> None:
        told.append(message)
        if len(told) == 6:
            process.kill()
            process.wait()
        say(process, message)

    monkeypatch.setattr(crew, "_say", ending)
    assert audited(found, "--parts", "3", "--work", str(work)) == ExitCode.INTERNAL
    said = " ".join(capsys.readouterr().err.split())
    assert "A process that read a claim file has ended" in said
    assert not found.exists()
    assert not any(work.glob("*/lines"))
    assert all(gone(each) for each in divided)
    monkeypatch.setattr(crew, "_say", say)
    assert audited(found, "--parts", "3", "--work", str(work)) == 0
    assert not work.exists()


def test_a_file_that_changes_while_processes_read_it(
    divided: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    claims, found = tmp_path / "claims.csv", tmp_path / "f.parquet"
    claims.write_bytes(SAMPLE.read_bytes())
    say, told = crew._say, list[bytes]()  # noqa: SLF001 - as above

    def changing(process: subprocess.Popen[bytes], message: bytes) -> None:
        told.append(message)
        if len(told) == 6:
            other = tmp_path / "other.csv"
            other.write_bytes(SAMPLE.read_bytes()[:-40])
            other.replace(claims)
        say(process, message)

    monkeypatch.setattr(crew, "_say", changing)
    named = ("--no-report", "--no-ledger", "--as-of", "2025-11-10", "--findings", str(found))
    assert main(["audit", str(claims), *named, "--parts", "3"]) == ExitCode.UNREADABLE
    assert "The file changed while it was read" in capsys.readouterr().err
    assert not found.exists()
    assert all(gone(each) for each in divided)


@pytest.mark.usefixtures("divided")
def test_what_processes_read_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, work, whole = tmp_path / "f.parquet", tmp_path / "work", tmp_path / "whole.parquet"
    say = crew._say  # noqa: SLF001 - as above

    def told(process: subprocess.Popen[bytes], message: bytes) -> None:
        if message == pickle.dumps(1, pickle.HIGHEST_PROTOCOL):
            process.kill()
            process.wait()
        say(process, message)

    monkeypatch.setattr(crew, "_say", told)
    assert audited(found, "--parts", "3", "--work", str(work)) == ExitCode.INTERNAL
    monkeypatch.setattr(crew, "_say", say)
    with monkeypatch.context() as patch:
        patch.setattr("auditor.intake.read_claims", None)
        assert audited(found, "--parts", "3", "--work", str(work)) == 0
    assert audited(whole, "--parts", "1") == 0
    assert found.read_bytes() == whole.read_bytes()


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
    told = (crew.Job(**(NOTHING | job)), crew.Task("count", "more"), 7)
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
