"""Where outputs go: never over an existing report, whole or not at all, for the owner alone."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

import polars as pl
import pytest
from openpyxl import load_workbook

from auditor.errors import ReportError
from auditor.report import place, write_findings, write_report, write_summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.report.conftest import Make

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows keeps no permission bits")
NOT_ROOT = pytest.mark.skipif(
    getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write everywhere"
)


def head_of(path: Path) -> str:
    summary = load_workbook(path)["Summary"]
    return " ".join(str(summary.cell(r, 2).value) for r in range(1, 8))


def test_an_existing_report_is_never_overwritten(make: type[Make], tmp_path: Path) -> None:
    wanted = tmp_path / "march.xlsx"
    paths = [write_report(make.result(), wanted, rules=make.rules) for _ in range(3)]
    assert [p.name for p in paths] == ["march.xlsx", "march (2).xlsx", "march (3).xlsx"]
    assert "supersedes" not in head_of(paths[0])
    assert "supersedes march.xlsx, which was left as it was" in head_of(paths[1])
    assert "supersedes march (2).xlsx" in head_of(paths[2])
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(p.name for p in paths)


def test_what_stands_there_is_left_untouched_whatever_it_is(
    make: type[Make], tmp_path: Path
) -> None:
    wanted = tmp_path / "march.xlsx"
    wanted.write_text("not a workbook")
    path = write_report(make.result(), wanted, rules=make.rules)
    assert path.name == "march (2).xlsx"
    assert wanted.read_text() == "not a workbook"


def test_somebody_quicker_gets_the_name(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = place.place_new
    calls = []

    def slow(made: Path, target: Path) -> None:
        if not calls:
            target.write_text("quicker")
        calls.append(target.name)
        quick(made, target)

    monkeypatch.setattr(place, "place_new", slow)
    path = write_report(make.result(), tmp_path / "r.xlsx", rules=make.rules)
    assert path.name == "r (2).xlsx"
    assert (tmp_path / "r.xlsx").read_text() == "quicker"
    assert "supersedes r.xlsx" in head_of(path)


def test_a_companion_is_taken_back_when_the_name_was_taken(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = place.place_new

    def slow(made: Path, target: Path) -> None:
        if target.name == "r.xlsx":
            target.write_text("quicker")
        quick(made, target)

    monkeypatch.setattr(place, "place_new", slow)
    result = make.result(make.random(5))
    path = write_report(result, tmp_path / "r.xlsx", rules=make.rules, sheet_rows=3)
    names = ["r (2).findings.csv", "r (2).xlsx", "r.xlsx"]
    assert path.name == "r (2).xlsx"
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert (tmp_path / "r.xlsx").read_text() == "quicker"


@pytest.mark.parametrize("lock", ["~$r.xlsx", ".~lock.r.xlsx#"])
def test_a_report_that_is_open_keeps_its_name(make: type[Make], tmp_path: Path, lock: str) -> None:
    (tmp_path / "r.xlsx").write_text("open")
    (tmp_path / lock).write_text("somebody")
    path = write_report(make.result(), tmp_path / "r.xlsx", rules=make.rules)
    assert path.name == "r (2).xlsx"
    head = head_of(path)
    assert "r.xlsx was open in another program, so this report has the next" in head
    assert "supersedes r.xlsx" in head
    assert (tmp_path / "r.xlsx").read_text() == "open"


class Refusing:
    """A file system that refuses a name, as Windows does while a program holds it."""

    def __init__(self, *names: str) -> None:
        self.names, self.link, self.rename = names, Path.hardlink_to, Path.rename
        self.asked: list[str] = []

    def into(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Path, "hardlink_to", lambda new, old: self._do(self.link, new, old))
        monkeypatch.setattr(Path, "rename", lambda old, new: self._do(self.rename, old, new))

    def _do(self, real: Callable[[Path, Path], object], first: Path, second: Path) -> object:
        for path in (first, second):
            if path.name in self.names and not path.parent.name.startswith(".auditor-"):
                self.asked.append(path.name)
                raise PermissionError(13, "Permission denied")
        return real(first, second)


def test_a_refused_name_gives_way_to_the_next(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Refusing("r.xlsx")
    refusing.into(monkeypatch)
    path = write_report(make.result(), tmp_path / "r.xlsx", rules=make.rules)
    assert path.name == "r (2).xlsx"
    assert refusing.asked == ["r.xlsx", "r.xlsx"]  # linked, then renamed
    head = head_of(path)
    assert "r.xlsx was open in another program" in head
    assert "supersedes" not in head
    assert [p.name for p in tmp_path.iterdir()] == ["r (2).xlsx"]


def test_a_refused_companion_takes_the_name_of_its_report_along(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Refusing("r.rejected.csv").into(monkeypatch)
    path = write_report(
        make.rich(9), tmp_path / "r.xlsx", rules=make.rules, sheet_rows=3, rejected_rows=1
    )
    names = ["r (2).findings.csv", "r (2).rejected.csv", "r (2).xlsx"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert path.name == "r (2).xlsx"


def test_a_place_that_refuses_every_name_is_told(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Refusing("r.xlsx", *(f"r ({n}).xlsx" for n in range(2, 20))).into(monkeypatch)
    with pytest.raises(ReportError, match="Permission denied"):
        write_report(make.result(), tmp_path / "r.xlsx", rules=())
    assert list(tmp_path.iterdir()) == []


def test_without_hard_links_it_still_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    made = tmp_path / "made"
    made.write_text("new")
    place.place_new(made, tmp_path / "a")
    assert (tmp_path / "a").read_text() == "new"
    made.write_text("newer")
    with pytest.raises(FileExistsError):
        place.place_new(made, tmp_path / "a")
    assert (tmp_path / "a").read_text() == "new"


@POSIX
def test_files_and_new_folders_are_for_the_owner_alone(make: type[Make], tmp_path: Path) -> None:
    result = make.result(make.random(5))
    tmp_path.chmod(0o755)
    folder = tmp_path / "one" / "two"
    made = [
        write_report(result, folder / "r.xlsx", rules=make.rules, sheet_rows=3),
        write_findings(result, folder / "f.parquet"),
        write_findings(result, folder / "f.csv"),
        write_findings(result, folder / "f.jsonl"),
        write_summary(result, folder / "s.json"),
        folder / "r.findings.csv",
    ]
    assert {p.name: oct(p.stat().st_mode & 0o777) for p in made} == {p.name: "0o600" for p in made}
    for made_folder in (folder, folder.parent):
        assert oct(made_folder.stat().st_mode & 0o777) == "0o700"
    assert oct(tmp_path.stat().st_mode & 0o777) == "0o755"
    assert sorted(p.name for p in folder.iterdir()) == sorted(p.name for p in made)


def test_machine_files_are_replaced(make: type[Make], tmp_path: Path) -> None:
    for count in (3, 7):
        write_findings(make.result(make.random(count)), tmp_path / "f.parquet")
        write_summary(make.result(make.random(count)), tmp_path / "s.json")
    assert pl.read_parquet(tmp_path / "f.parquet").height == 7
    assert '"total": 7' in (tmp_path / "s.json").read_text()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_findings(make.result(make.random(3)), tmp_path / "f.csv")
    before = path.read_bytes()

    def fail(*_args: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_csv", fail)
    monkeypatch.setattr(pl.LazyFrame, "sink_csv", fail)
    with pytest.raises(ReportError, match="No space left on device"):
        write_findings(make.result(make.random(7)), path)
    with pytest.raises(ReportError, match="No space left on device"):
        write_report(make.result(make.random(7)), tmp_path / "r.xlsx", rules=(), sheet_rows=3)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["f.csv"]


def test_an_unforeseen_error_leaves_nothing_behind(make: type[Make], tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        write_report(make.result(), tmp_path / "r.xlsx", rules=(object(),))
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_a_crash_are_swept_and_nothing_else(make: type[Make], tmp_path: Path) -> None:
    def folder(name: str, age: float) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "part").write_text("patient data")
        for path in (tmp_path / name / "part", tmp_path / name):
            os.utime(path, (time.time() - age,) * 2)

    folder(".auditor-old", 7200)
    folder(".auditor-at-work", 60)
    folder(".auditor-long-at-work", 7200)  # and one of its thousand parts was written just now
    os.utime(tmp_path / ".auditor-long-at-work" / "part")
    folder("mine", 7200)
    write_summary(make.result(), tmp_path / "s.json")
    kept = [".auditor-at-work", ".auditor-long-at-work", "mine", "s.json"]
    assert sorted(p.name for p in tmp_path.iterdir()) == kept


def test_the_shared_temporary_folder_is_not_used(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whoever asked for the machine's temporary folder would fail here.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    write_report(make.rich(), tmp_path / "r.xlsx", rules=make.rules)
    write_findings(make.rich(), tmp_path / "f.csv")
    write_summary(make.rich(), tmp_path / "s.json")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.csv", "r.xlsx", "s.json"]


@pytest.mark.parametrize("name", ["r.xls", "r", "r.csv", "folder.xlsx"])
def test_a_report_is_a_workbook_file(make: type[Make], tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.xlsx").mkdir()
    with pytest.raises(ReportError, match=r"ends in \.xlsx"):
        write_report(make.result(), tmp_path / name, rules=())


def test_a_summary_is_a_file(make: type[Make], tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="Give it a file name"):
        write_summary(make.result(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_is_told(make: type[Make], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="could not be written"):
        write_report(make.result(), tmp_path / "file" / "r.xlsx", rules=())


@POSIX
@NOT_ROOT
def test_a_folder_without_permission_is_told(make: type[Make], tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(ReportError, match="Permission denied"):
        write_summary(make.result(), tmp_path / "shut" / "s.json")


def test_same_result_same_bytes(make: type[Make], tmp_path: Path) -> None:
    result = make.rich(50, hostile=True)
    first = write_report(result, tmp_path / "a" / "r.xlsx", rules=make.rules)
    second = write_report(make.rich(50, hostile=True), tmp_path / "b" / "r.xlsx", rules=make.rules)
    assert first.read_bytes() == second.read_bytes()
    with ZipFile(first) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_same_bytes_in_another_process_with_other_hashes(make: type[Make], tmp_path: Path) -> None:
    result = make.rich(50)
    first = write_report(result, tmp_path / "a" / "r.xlsx", rules=())
    summary = write_summary(result, tmp_path / "a" / "s.json")
    findings = write_findings(result, tmp_path / "a" / "f.parquet")
    (tmp_path / "result").write_bytes(pickle.dumps(result))
    program = (
        "import pickle, sys\n"
        "from pathlib import Path\n"
        "from auditor.report import write_findings, write_report, write_summary\n"
        "place = Path(sys.argv[1])\n"
        "result = pickle.loads((place / 'result').read_bytes())\n"
        "write_report(result, place / 'b' / 'r.xlsx', rules=())\n"
        "write_summary(result, place / 'b' / 's.json')\n"
        "write_findings(result, place / 'b' / 'f.parquet')\n"
    )
    environment = os.environ | {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], check=True, env=environment, timeout=60
    )
    for path in (first, summary, findings):
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes()
