"""`auditor reference import` and `list`: what is printed, and how they end."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from auditor.cli import main
from auditor.cli.reference import KindName
from auditor.errors import ExitCode
from auditor.lock import locked
from auditor.reference.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reference.conftest import Make

Run = "Callable[..., tuple[int, str, str]]"
SNAPSHOTS = Path(__file__).with_name("snapshots")
MUE = "MCR_MUE_PractitionerServices_Eff_04-01-2026"
M1 = ("10060", 1, "2 Date of Service Edit: Policy", "x")
BAD = ("X", 1, "2 Date of Service Edit: Policy", "x")


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, inbox: Path
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process, in the inbox; seconds are taken out of what it prints."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(inbox)

    def call(*args: str) -> tuple[int, str, str]:
        code = main(["reference", *args])
        told = capsys.readouterr()
        return code, re.sub(r"\d+\.\d(?=\s)", "0.0", told.out), told.err

    return call


def test_import_tells_what_became_of_each_file(
    make: type[Make], inbox: Path, run: Run, golden: Callable[[Path, str], None]
) -> None:
    (inbox / "cms").mkdir()
    files = {
        f"{MUE}.csv": make.mue([M1, BAD]),
        f"{MUE}.xlsx": make.mue_book([M1]),
        "README.md": b"words",
        "edits.zip": make.zip(
            {
                "ccipra-v302r0-f1.TXT": make.ptp(
                    [("10060", "99213", "", "20200101", "*", "1", "")]
                ),
                "MCR_NCCI_PRA_Deletions_Eff_07-01-2024.txt": make.ptp_change([]),
            }
        ),
    }
    for name, data in files.items():
        (inbox / "cms" / name).write_bytes(data)
    code, out, err = run("import", "cms", "--reference", "store")
    assert (code, err) == (ExitCode.DONE, "")
    golden(SNAPSHOTS / "import.txt", out)

    code, out, err = run("list", "--reference", "store")
    assert (code, err) == (ExitCode.DONE, "")
    # How many rows the starter tables have is another test's business.
    golden(SNAPSHOTS / "list.txt", re.sub(r"(?m)(^starter set .* )\d{3}(?= )", r"\1NNN", out))


def test_list_without_a_store(run: Run) -> None:
    code, out, _ = run("list")
    assert code == ExitCode.DONE
    assert "No CMS file is imported yet; the starter set serves." in out


def test_options_reach_the_import(make: type[Make], inbox: Path, run: Run) -> None:
    (inbox / "values.csv").write_bytes(make.mue([M1]))
    (inbox / "fixed.csv").write_bytes(make.mue([(M1[0], 3, *M1[2:])]))
    known = ("--kind", "mue-practitioner", "--effective", "2026-04-01", "--reference", "store")
    assert run("import", "values.csv", *known)[0] == ExitCode.DONE
    code, _, err = run("import", "fixed.csv", *known)
    assert code == ExitCode.UNREADABLE
    assert "contradict MUE practitioner 2026Q2" in err
    assert run("import", "fixed.csv", *known, "--replace")[0] == ExitCode.DONE


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("import", "notes.txt"), ExitCode.UNREADABLE, "notes.txt: not a CMS table. Expected one"),
        (("import", "nowhere"), ExitCode.UNREADABLE, "there is no such file or folder"),
        (("import", "."), ExitCode.UNREADABLE, "no CMS table was found, so nothing was imported"),
        (("import", "notes.txt", "--kind", "mue"), ExitCode.USAGE, "'mue-practitioner'"),
        (("import", "notes.txt", "--effective", "July"), ExitCode.USAGE, "%Y-%m-%d"),
        (("import",), ExitCode.USAGE, "PATH"),
        (("list", "--reference", "nowhere"), ExitCode.UNREADABLE, "there is no such folder"),
        (("list", "--reference", "."), ExitCode.UNREADABLE, "there is no reference store here"),
    ],
)
def test_mistakes_end_with_their_code(
    inbox: Path, run: Run, args: tuple[str, ...], code: int, said: str
) -> None:
    (inbox / "notes.txt").write_text("words")
    if args[0] == "import":
        args = (*args, "--reference", str(inbox.parent / "store"))
    ended, _, err = run(*args)
    assert ended == code
    assert said in err
    assert "Traceback" not in err


def test_a_locked_store_ends_with_its_own_code(make: type[Make], inbox: Path, run: Run) -> None:
    (inbox / f"{MUE}.csv").write_bytes(make.mue([M1]))
    assert run("import", f"{MUE}.csv", "--reference", "store")[0] == ExitCode.DONE
    with locked(inbox / "store" / "lock", "another import is writing to this reference store."):
        code, _, err = run("import", f"{MUE}.csv", "--reference", "store")
    assert code == ExitCode.LOCKED
    assert "another import" in err


def test_the_command_knows_every_kind() -> None:
    assert get_args(KindName) == KINDS


def test_the_command_imports_nothing_heavy() -> None:
    code = (
        "import sys, auditor.cli.reference\n"
        "print([m for m in ('polars', 'pandera', 'fastexcel', 'openpyxl', 'pydantic')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[2], capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
