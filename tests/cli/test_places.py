"""Where reports go when nobody says, and what is refused before the work begins."""

import os
import sys
from datetime import date
from pathlib import Path

import pytest

from auditor.cli import places
from auditor.errors import ConfigError, InputRejected

DAY = date(2026, 1, 2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("march.csv", "april.csv", "may.xlsx"):
        (tmp_path / name).touch()
    return tmp_path


def checkout(folder: Path, text: str = '[project]\nname = "claim-auditor"\n') -> None:
    (folder / "auditor").mkdir()
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("inputs", "name"),
    [
        (["march.csv"], "march-2026-01-02.xlsx"),
        (["in/march.2026.csv"], "march.2026-2026-01-02.xlsx"),
        (["march.csv", "april.csv"], "march-and-1-more-2026-01-02.xlsx"),
        (["march.csv", "april.csv", "may.xlsx"], "march-and-2-more-2026-01-02.xlsx"),
    ],
)
def test_a_report_is_called_after_the_inputs_and_the_day(
    inputs: list[str], name: str, folder: Path
) -> None:
    checkout(folder)
    assert places.default_report([Path(i) for i in inputs], DAY) == Path("reports") / name


@pytest.mark.parametrize(
    "text", ['[project]\nname = "another"\n', "[tool.x]\n", "project = 3\n", "not toml"]
)
def test_the_reports_folder_of_another_project_is_left_alone(text: str, folder: Path) -> None:
    checkout(folder, text)
    chosen = places.default_report([Path("march.csv")], DAY)
    assert chosen.is_absolute()
    assert not chosen.is_relative_to(folder)


def test_the_program_needs_to_be_there_for_a_checkout(folder: Path) -> None:
    checkout(folder)
    (folder / "auditor").rmdir()
    assert not places.default_report([Path("march.csv")], DAY).is_relative_to("reports")


def test_outputs_that_are_in_order_pass(folder: Path) -> None:
    places.check(
        [Path("march.csv"), Path("april.csv")],
        {
            "--report": Path("new/folder/r.xlsx"),
            "--findings": folder / "f.PARQUET",
            "--summary": Path("s.json"),
            "--debug-file": None,
        },
    )


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--report", "r.xls"),
        ("--report", "r"),
        ("--findings", "f.xlsx"),
        ("--findings", "f.json"),
        ("--summary", "s.csv"),
    ],
)
def test_an_ending_that_names_no_form_is_refused(option: str, name: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match=rf"^{option}: '{name}' does not end in \."):
        places.check([folder / "march.csv"], {option: Path(name)})


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--findings", "march.csv"),
        ("--findings", "./march.csv"),
        ("--report", "may.xlsx"),
        ("--debug-file", "april.csv"),
        ("--findings", "link.csv"),
    ],
)
def test_an_input_is_never_written_over(option: str, name: str, folder: Path) -> None:
    (folder / "link.csv").symlink_to(folder / "march.csv")
    inputs = [Path("march.csv"), folder / "april.csv", Path("may.xlsx")]
    with pytest.raises(ConfigError, match="is already one of the claim files"):
        places.check(inputs, {option: Path(name)})


def test_two_outputs_need_two_files(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"^--debug-file: 's.json' is already"):
        places.check(
            [Path("march.csv")],
            {"--summary": Path("s.json"), "--debug-file": folder / "s.json"},
        )


def test_an_input_named_twice_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"'march.csv' is named twice"):
        places.check([Path("march.csv"), folder / "march.csv"], {})


def test_a_folder_is_no_file(folder: Path) -> None:
    (folder / "r.xlsx").mkdir()
    with pytest.raises(ConfigError, match=r"'r.xlsx' cannot be written"):
        places.check([folder / "march.csv"], {"--report": Path("r.xlsx")})


def test_an_input_that_one_cannot_even_ask_about_cannot_be_read(folder: Path) -> None:
    with pytest.raises(InputRejected, match=r"cannot be read \(File name too long\)"):
        places.check([folder / ("x" * 300 + ".csv")], {})


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not hold this user back"
)
def test_an_input_in_a_closed_folder_cannot_be_read(folder: Path) -> None:
    (folder / "closed").mkdir(mode=0)
    with pytest.raises(InputRejected, match=r"cannot be read \(Permission denied\)"):
        places.check([folder / "closed" / "march.csv"], {})


def test_an_input_that_is_not_there_is_left_for_the_reader(folder: Path) -> None:
    places.check([folder / "no-such.csv"], {})


def test_a_place_below_a_file_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        places.check([folder / "may.xlsx"], {"--report": Path("march.csv/r.xlsx")})


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not hold this user back"
)
def test_a_folder_one_may_not_write_to_is_refused(folder: Path) -> None:
    (folder / "locked").mkdir(mode=0o500)
    with pytest.raises(ConfigError, match="cannot be written"):
        places.check([folder / "march.csv"], {"--report": Path("locked/r.xlsx")})
