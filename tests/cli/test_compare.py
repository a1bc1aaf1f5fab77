"""`auditor audit --compare-reference`: the other tables' findings, beside outputs that stay."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from auditor.cli import main
from auditor.errors import ExitCode
from schemas import ComparedFindings, dtypes

SNAPSHOTS = Path(__file__).parent / "snapshots"
# 77002 with 20610 is in order by the starter set, and alone with 99213 it is not.
CLAIMS = """\
Claim ID,Patient ID,Rendering NPI,DOS,POS,CPT,Mod,Units,Charge,DX1
QX771,PT-SMITH,1234567893,2025-11-03,11,77002,,1,100.00,M25511
QX771,PT-SMITH,1234567893,2025-11-03,11,20610,,1,100.00,M25511
QX772,PT-JONES,1234567893,2025-11-04,11,77002,,1,150.00,M25511
QX772,PT-JONES,1234567893,2025-11-04,11,99213,25,1,150.00,M25511
QX773,PT-BAKER,1234567893,2025-11-05,11,77002,,1,150.00,M25511
"""
KEY = "0123456789abcdef0123456789abcdef"
FIXED = (
    "--as-of",
    "2025-12-01",
    "--line-of-business",
    "medicare",
    "--select",
    "AOC",
    "--no-report",
)
HELD = ("PT-SMITH", "PT-JONES", "QX77", "1234567893", "M25511")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which 99213, and not 20610, is the primary of 77002; invented."""
    folder = tmp_path_factory.mktemp("other")
    row = f"{'1':1}{'77002':5}{'':7}{'99213':5}{'':7}{'2013001':7}{'':7}{'':255}\r\n"
    (folder / "AOC_V2025Q4-MCR.txt").write_text(row)
    store = folder / "store"
    assert main(["reference", "import", str(folder), "--reference", str(store)]) == 0
    return store


@pytest.fixture
def audit(run: Callable[..., Any], tmp_path: Path, other: Path) -> Callable[..., Any]:
    """`auditor audit march.csv ...`, with ./other beside it: the other store."""
    (tmp_path / "march.csv").write_text(CLAIMS, encoding="utf-8")
    shutil.copytree(other, tmp_path / "other")
    return lambda *args: run("audit", "march.csv", *FIXED, *args)


def test_the_whole_section(audit: Callable[..., Any], golden: Callable[[Path, str], None]) -> None:
    told = audit("--compare-reference", "other")
    assert (told.code, told.err) == (0, "")
    start = told.out.index("Compared with")
    golden(SNAPSHOTS / "audit-compare.txt", told.out[start : told.out.index("Notes\n")])
    assert [value for value in HELD if value in told.out] == []


def test_the_list_and_the_figures(audit: Callable[..., Any], tmp_path: Path) -> None:
    args = ("--compare-reference", "other", "--compare-out", "c.csv", "--summary", "s.json")
    told = audit(*args)
    assert "\n  c.csv\n" in told.out
    found = pl.read_csv(tmp_path / "c.csv", infer_schema=False)
    assert found.columns == list(dtypes(ComparedFindings))
    assert ((tmp_path / "c.csv").stat().st_mode & 0o777) == 0o600
    assert set(found.select("change", "claim_id", "source_row").rows()) == {
        ("appears", "QX771", "2"),
        ("disappears", "QX772", "4"),
    }
    figures = json.loads((tmp_path / "s.json").read_text())["comparison"]
    assert figures["findings"] == {"appears": 1, "disappears": 1, "changes": 0, "same": 1}
    assert sum(rule["appears"] for rule in figures["by_rule"].values()) == 1
    assert [r["label"] for r in figures["releases"] if r["kind"] == "aoc"] == ["AOC 2025Q4"]
    assert {row["findings"] for row in figures["table_changes"]} == {1}
    assert figures["table_changes_in_all"] == len(figures["table_changes"]) == 2
    whole = (tmp_path / "s.json").read_text()
    assert [value for value in HELD if value in whole] == []


def test_the_findings_stay_those_of_the_own_tables(
    audit: Callable[..., Any], tmp_path: Path
) -> None:
    assert audit("--findings", "a.jsonl", "--summary", "a.json").code == 0
    more = ("--compare-reference", "other", "--findings", "b.jsonl", "--summary", "b.json")
    assert audit(*more).code == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    plain, compared = (json.loads((tmp_path / f"{n}.json").read_text()) for n in "ab")
    assert compared.pop("comparison")["findings"]["same"] == 1
    assert plain == compared


def test_the_same_tables_make_no_difference(audit: Callable[..., Any]) -> None:
    told = audit("--reference", "other", "--compare-reference", "other")
    assert "\n  No finding appears, disappears or changes; 2 findings are the same.\n" in told.out


def test_a_redacted_list_names_nobody(
    audit: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_REDACT_KEY", KEY)
    args = ("--compare-reference", "other", "--compare-out", "c.csv", "--findings", "f.csv")
    assert audit(*args, "--redact").code == 0
    text = (tmp_path / "c.csv").read_text()
    assert "77002/99213" in text
    assert [value for value in (*HELD, "march.csv") if value in text] == []
    found, all_found = (pl.read_csv(tmp_path / f"{n}.csv", infer_schema=False) for n in "cf")
    gone = found.filter(pl.col("change") == "disappears")
    assert gone.join(all_found, on=["finding_id", "claim_id"], how="semi").height == 1


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--compare-out", "c.csv"), ExitCode.USAGE, "--compare-out has nothing to compare with."),
        (
            ("--compare-reference", "other", "--compare-out", "c.txt"),
            ExitCode.USAGE,
            "'c.txt' does not end in .csv",
        ),
        (
            ("--compare-reference", "other", "--compare-out", "march.csv"),
            ExitCode.USAGE,
            "already one of the claim files",
        ),
        (("--compare-reference", "none"), ExitCode.UNREADABLE, "there is no such folder"),
    ],
)
def test_mistakes_are_told_before_the_work(
    audit: Callable[..., Any], args: tuple[str, ...], code: int, said: str
) -> None:
    told = audit(*args)
    assert (told.code, told.out) == (code, "")
    assert said in told.err
