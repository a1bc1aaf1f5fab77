"""What the operator reads when a command fails, and with which code it ends."""

import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from auditor.cli import failures, selection
from auditor.cli.session import Session
from auditor.errors import (
    AuditorError,
    ConfigError,
    ExitCode,
    InputRejected,
    ReferenceDataError,
    ReportError,
)

SECRET = "DOE^JANE"  # noqa: S105 - a patient's name, which no output may show
# A reader that fails as a library would: with a cell value in its message.
FAILING = """
import sys, types
from pathlib import Path
Path("claims.csv").write_text("a")
intake = types.ModuleType("auditor.intake")
def read_claims(paths, options):
    {action}
intake.read_claims = read_claims
intake.__path__ = [str(Path({package!r}) / "intake")]
sys.modules["auditor.intake"] = intake
from auditor.cli import main
sys.argv = ["auditor", "audit", "claims.csv", "--no-report", *sys.argv[1:]]
sys.exit(main())
"""


@pytest.fixture
def failing(program: Callable[..., Any]) -> Callable[..., Any]:
    """Run `auditor audit` with a reader that does `action`."""
    pytest.importorskip("auditor.auditing")
    package = str(Path(sys.modules["auditor"].__file__ or "").parent)

    def call(action: str, *args: str, **more: Any) -> Any:  # noqa: ANN401 - handed on
        return program(*args, code=FAILING.format(action=action, package=package), **more)

    return call


@pytest.fixture
def session() -> Session:
    return Session("2026-01-02-0badcafe")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError, 2),
        (ReportError, 2),
        (InputRejected, 3),
        (ReferenceDataError, 3),
    ],
)
def test_a_foreseen_problem_is_two_sentences_and_its_own_code(
    error: type[AuditorError],
    code: int,
    session: Session,
    capsys: pytest.CaptureFixture[str],
) -> None:
    problem = error("it is empty.", where="march.csv", next_step="Export it again.")
    assert failures.explain(problem, session) == code
    assert capsys.readouterr() == ("", "Error: march.csv: it is empty. Export it again.\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), typer.Abort()])
def test_an_interruption_is_130(
    error: BaseException, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures.explain(error, session) == 130
    assert capsys.readouterr().err == "Interrupted. No output was left half-written.\n"


def test_a_closed_pipe_is_quiet(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert failures.explain(BrokenPipeError(32, "Broken pipe"), session) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        SystemExit(1),
        SystemExit(SECRET),
        RecursionError(SECRET),
        BaseException(SECRET),
        ExceptionGroup(SECRET, [ValueError(SECRET)]),
        UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_of_an_unforeseen_error_only_the_type_is_told(
    error: BaseException, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures.explain(error, session) == ExitCode.INTERNAL
    out, err = capsys.readouterr()
    assert out == ""
    assert type(error).__name__ in err
    assert "(run 2026-01-02-0badcafe)" in err
    assert SECRET not in err
    assert err.count("\n") == 1


def test_out_of_memory_says_what_to_do(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures.explain(MemoryError(), session) == 4
    assert "MemoryError" in (err := capsys.readouterr().err)
    assert "fewer files at a time" in err


def test_an_error_of_the_system_is_told_with_its_symbol_and_not_its_file(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failures.explain(OSError(28, "No space left", SECRET), session) == 4
    assert "OSError ENOSPC" in (err := capsys.readouterr().err)
    assert SECRET not in err


def test_the_place_is_the_innermost_of_our_own() -> None:
    with pytest.raises(ConfigError) as caught:
        selection.day("x", "--as-of")
    assert failures.our_place(caught.value).startswith("auditor.cli.selection:")
    assert failures.our_place(ValueError()) == "no module of ours"


def test_the_debug_file_holds_everything_and_only_its_owner_reads_it(
    session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session.debug_file = tmp_path / "debug.txt"
    session.debug_file.write_text("before\n")
    session.debug_file.chmod(0o644)
    assert failures.explain(ValueError(SECRET), session) == 4
    assert SECRET not in (err := capsys.readouterr().err)
    assert "debug.txt, which may hold patient data" in err
    held = session.debug_file.read_text()
    assert held.startswith("before\nrun 2026-01-02-0badcafe\n")
    assert f"ValueError: {SECRET}" in held
    if sys.platform != "win32":
        assert stat.S_IMODE(session.debug_file.stat().st_mode) == 0o600


def test_a_debug_file_that_cannot_be_written_changes_neither_code_nor_discretion(
    session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session.debug_file = tmp_path
    assert failures.explain(ValueError(SECRET), session) == 4
    err = capsys.readouterr().err
    assert "could not be written" in err
    assert SECRET not in err


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (f"raise ValueError({SECRET!r})", "ValueError"),
        ("raise MemoryError", "MemoryError"),
        (f"raise EOFError({SECRET!r})", "EOFError"),  # a module's cache that is cut short
        ("sys.exit(1)", "SystemExit"),
        (f"raise type('PanicException', (BaseException,), {{}})({SECRET!r})", "PanicException"),
    ],
    ids=lambda value: value.split("(")[0],
)
def test_no_error_of_a_library_ends_with_a_traceback_or_a_1(
    action: str, name: str, failing: Callable[..., Any]
) -> None:
    done = failing(action)
    assert (done.returncode, done.stdout) == (4, b"")
    told = done.stderr.decode().lstrip("\n")  # Typer's own, of an EOFError
    assert told.startswith(f"Internal error: {name} in auditor.cli.run:")
    assert "Traceback" not in told
    assert SECRET not in told


def test_an_interruption_of_a_run_is_130(failing: Callable[..., Any]) -> None:
    done = failing("raise KeyboardInterrupt")
    assert (done.returncode, done.stdout) == (130, b"")
    assert done.stderr == b"Interrupted. No output was left half-written.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without a signal")
def test_a_termination_is_an_interruption(failing: Callable[..., Any]) -> None:
    done = failing("import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)")
    assert (done.returncode, done.stdout) == (130, b"")
    assert done.stderr == b"Interrupted. No output was left half-written.\n"


def test_an_interruption_while_the_program_loads_is_130(program: Callable[..., Any]) -> None:
    code = (
        "import sys\n"
        "from auditor.cli import main\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "sys.exit(main())\n"
    )
    done = program(code=code)
    assert (done.returncode, done.stdout) == (130, b"")
    assert done.stderr.replace(b"\r", b"") == b"Interrupted. No output was left half-written.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_working_files_are_their_owners_alone(failing: Callable[..., Any], tmp_path: Path) -> None:
    failing("open('working', 'w').close(); raise KeyboardInterrupt")
    assert stat.S_IMODE((tmp_path / "working").stat().st_mode) == 0o600


def test_the_details_go_to_the_debug_file_alone(
    failing: Callable[..., Any], tmp_path: Path
) -> None:
    done = failing(f"raise ValueError({SECRET!r})", "--debug-file", "debug.txt")
    assert done.returncode == 4
    assert SECRET.encode() not in done.stdout + done.stderr
    assert f"ValueError: {SECRET}" in (tmp_path / "debug.txt").read_text()


def test_the_debug_file_can_come_from_the_environment(
    failing: Callable[..., Any], tmp_path: Path
) -> None:
    done = failing(f"raise ValueError({SECRET!r})", env={"AUDITOR_DEBUG_FILE": "other.txt"})
    assert done.returncode == 4
    assert SECRET in (tmp_path / "other.txt").read_text()


def test_warnings_of_libraries_are_not_shown(failing: Callable[..., Any]) -> None:
    done = failing(f"import warnings; warnings.warn({SECRET!r}); raise ValueError")
    assert done.returncode == 4
    assert b"Internal error: ValueError" in done.stderr
    assert SECRET.encode() not in done.stderr
