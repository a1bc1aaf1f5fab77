"""docs/operations: files that their readers understand, with commands that there are."""

import re
import shlex
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PureWindowsPath
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import typer

from auditor.cli.app import app
from auditor.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "docs" / "operations"
PROGRAM = "/opt/auditor/.venv/bin/auditor"
DATA = "/srv/auditor"
UNITS = sorted(p for p in OPERATIONS.iterdir() if p.suffix in {".service", ".timer", ".conf"})
SERVICES = [path for path in UNITS if path.suffix == ".service"]
SPACE = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
PROGRAM_ITSELF = typer.main.get_command(app)
Unit = dict[str, dict[str, list[str]]]


def unit(path: Path) -> Unit:
    """Section -> setting -> its values: systemd lets a setting stand several times."""
    told: Unit = {}
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = told.setdefault(line.strip("[]"), defaultdict(list))
            continue
        key, equals, value = line.partition("=")
        assert equals, f"{path.name}:{number}"
        assert re.fullmatch(r"[A-Z][A-Za-z]+", key), f"{path.name}:{number}"
        section[key].append(value)
    return told


def command_of(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words after `auditor` begin with, and those that are left."""
    command: Any = PROGRAM_ITSELF
    left = list(words)
    while left and left[0] in getattr(command, "commands", {}):
        command = command.commands[left.pop(0)]
    return command, left


def problems(words: list[str]) -> Iterator[str]:
    """What of a command line the program would not understand."""
    command, left = command_of(words)
    if command.name == "auditor" and not (left and left[0].startswith("-")):
        yield f"there is no command: {' '.join(words)}"
        return
    known = {name for option in command.params for name in option.opts}
    known |= {"--help", "-h"}
    flags = (word.partition("=")[0] for word in left if word.startswith("--"))
    yield from (f"{command.name} has no {flag}" for flag in flags if flag not in known)


def documents() -> list[Path]:
    return [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]


def shown(path: Path) -> Iterator[list[str]]:
    """The words behind `auditor` in every command line that a document shows."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:sh|powershell|console)\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`(auditor [a-z][^`]*)`", re.sub(r"\s*\n\s*", " ", text))
    for line in lines:
        # a program called auditor, and neither a folder nor a user of that name
        found = re.match(r"(?:.*?\s)?(?:\S*/)?auditor(?:\.exe)? +(?=[a-z-])(.*)", line)
        if found and not re.search(r"\b(useradd|usermod|chown|groupadd|crontab)\b", line):
            yield shlex.split(found[1].partition(" #")[0], posix=True)


@cache
def all_shown() -> list[tuple[Path, list[str]]]:
    return [(path, words) for path in documents() for words in shown(path)]


def test_every_command_line_that_is_shown_is_understood() -> None:
    told = [f"{path.name}: {problem}" for path, words in all_shown() for problem in problems(words)]
    assert told == []
    assert len(all_shown()) > 50


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 - Typer's class is private
    below = getattr(command, "commands", {})
    if not below or getattr(command, "invoke_without_command", False):
        yield path
    for name, each in below.items():
        yield from commands(each, (*path, name))


@pytest.mark.parametrize("path", list(commands(PROGRAM_ITSELF)), ids=" ".join)
def test_every_command_is_shown_in_some_document(path: tuple[str, ...]) -> None:
    assert any(tuple(words[: len(path)]) == path for _, words in all_shown())


def test_a_command_line_that_is_not_understood_is_found() -> None:
    assert list(problems(["audit", "x.csv", "--reprot", "y"])) == ["audit has no --reprot"]
    assert list(problems(["adit", "x.csv"])) == ["there is no command: adit x.csv"]
    assert list(problems(["--version"])) == []
    assert list(problems(["config", "check", "--config=x"])) == ["check has no --config"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_runs_a_command_that_there_is(path: Path) -> None:
    (line,) = unit(path)["Service"]["ExecStart"]
    program, *words = shlex.split(line)
    assert program == PROGRAM
    assert words[0] == "nightly"
    assert list(problems(words)) == []
    assert words[words.index("--config") + 1] == f"{DATA}/auditor.toml"


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_is_shut_in(path: Path) -> None:
    told = unit(path)["Service"]
    assert told["Type"] == ["oneshot"]
    assert told["User"] == ["auditor"]
    assert told["UMask"] == ["0077"]
    assert told["ProtectSystem"] == ["strict"]
    assert all(p.lstrip("-").startswith(DATA) for p in told["ReadWritePaths"])
    assert told["CapabilityBoundingSet"] == [""]
    assert "@system-service" in told["SystemCallFilter"]
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome"):
        assert told[name] == ["yes"], name


def test_success_is_done_and_findings_and_a_failure_is_told() -> None:
    night = unit(OPERATIONS / "auditor-nightly.service")
    assert night["Service"]["SuccessExitStatus"] == [str(int(ExitCode.FINDINGS))]
    (told,) = night["Unit"]["OnFailure"]
    assert (OPERATIONS / told).is_file()
    after = unit(OPERATIONS / told)["Service"]["SuccessExitStatus"]
    assert after == [str(int(ExitCode.INCOMPLETE))]


def test_the_timer_starts_the_service_and_makes_up_for_a_night_that_was_missed() -> None:
    timer = unit(OPERATIONS / "auditor-nightly.timer")
    assert timer["Timer"]["Persistent"] == ["true"]
    assert timer["Install"]["WantedBy"] == ["timers.target"]
    assert "Unit" not in timer["Timer"]  # the service of its own name
    at = re.fullmatch(r"\*-\*-\* (\d\d):(\d\d):00", timer["Timer"]["OnCalendar"][0])
    assert at is not None
    minute, hour = cron()[:2]
    assert (int(at[1]), int(at[2])) == (int(hour), int(minute))


def test_credentials_have_the_names_that_the_documents_say() -> None:
    names = {
        v.partition(":")[0] for v in unit(OPERATIONS / "secrets.conf")["Service"]["LoadCredential"]
    }
    told = {*OPERATIONS.iterdir(), *documents()}
    text = "\n".join(path.read_text(encoding="utf-8") for path in told)
    assert set(re.findall(r"/run/credentials/([\w.-]+)/", text)) == {"auditor-nightly.service"}
    used = set(re.findall(r"/run/credentials/auditor-nightly\.service/([\w-]+)", text))
    assert used
    assert used <= names


def cron() -> list[str]:
    lines = (OPERATIONS / "auditor.crontab").read_text(encoding="ascii").splitlines()
    (line,) = (text for text in lines if re.match(r"[0-9*]", text))
    return line.split()


def test_the_line_for_cron() -> None:
    program, *words = cron()[5:]
    assert program == PROGRAM
    assert list(problems(words)) == []


def test_the_task_for_windows() -> None:
    task = ET.fromstring((OPERATIONS / "auditor-nightly.xml").read_text(encoding="ascii"))  # noqa: S314 - our own file

    def text(path: str) -> str:
        return task.findtext("/".join(f"t:{part}" for part in path.split("/")), "", SPACE)

    assert PureWindowsPath(text("Actions/Exec/Command")).name == "auditor.exe"
    words = shlex.split(text("Actions/Exec/Arguments"), posix=False)
    assert words[0] == "nightly"
    assert list(problems(words)) == []
    assert text("Settings/MultipleInstancesPolicy") == "IgnoreNew"
    assert text("Settings/StartWhenAvailable") == "true"
    assert text("Principals/Principal/RunLevel") == "LeastPrivilege"
    minute, hour = cron()[:2]
    assert text("Triggers/CalendarTrigger/StartBoundary")[11:16] == f"{hour:0>2}:{minute}"


def test_every_file_is_in_the_table() -> None:
    table = (OPERATIONS / "README.md").read_text(encoding="utf-8")
    files = {path.name for path in OPERATIONS.iterdir()} - {"README.md"}
    assert set(re.findall(r"^\| \[([\w.-]+)\]\(\1\)", table, flags=re.MULTILINE)) == files


@pytest.fixture
def units(tmp_path: Path) -> list[str]:
    """The units with a program and paths that exist here; skips where systemd does not."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    made = []
    for path in UNITS:
        if path.suffix != ".conf":
            made.append(tmp_path / path.name)
            text = path.read_text(encoding="ascii").replace(PROGRAM, sys.executable)
            made[-1].write_text(text, encoding="ascii")
    secrets = tmp_path / "auditor-nightly.service.d" / "secrets.conf"
    secrets.parent.mkdir()
    shutil.copy(OPERATIONS / "secrets.conf", secrets)
    return [str(path) for path in made]


def analyzed(*args: str) -> tuple[int, str]:
    done = subprocess.run(
        ["systemd-analyze", *args],  # noqa: S607 - wherever it is installed
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def test_systemd_finds_nothing_to_say(units: list[str]) -> None:
    assert analyzed("verify", "--man=no", *units) == (0, "")


def test_systemd_finds_the_services_shut_in(units: list[str]) -> None:
    for path in units:
        if path.endswith(".service"):  # threshold in tenths of the exposure level, 10 at worst
            code, told = analyzed("security", "--offline=yes", "--threshold=20", path)
            assert code == 0, told.splitlines()[-1]


DENIED = """
import ctypes, sys
if ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0):
    sys.exit(77)
import fastexcel, lxml.etree, msoffcrypto, openpyxl, polars, sqlite3, ssl
print(polars.DataFrame({"a": [1, 1, 2]}).group_by("a").len().height)
"""
"""Memory that is written and then run is refused, as in the service (PR_SET_MDWE, Linux 6.3)."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is of Linux")
def test_the_libraries_work_without_memory_that_is_written_and_run(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    told = unit(OPERATIONS / "auditor-nightly.service")["Service"]
    assert told["MemoryDenyWriteExecute"] == ["yes"]
    env = dict(each.split("=", 1) for each in told["Environment"])
    done = start(tmp_path, code=DENIED, env=env)
    if done.returncode == 77:
        pytest.skip("this kernel does not know PR_SET_MDWE")
    assert (done.returncode, done.stdout.strip()) == (0, b"2"), done.stderr.decode()[-300:]
