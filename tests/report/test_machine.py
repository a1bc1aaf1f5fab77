"""Findings for programs: every form holds them whole; texts cannot become formulas in a CSV."""

from __future__ import annotations

import csv
import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from auditor import disk
from auditor.errors import ReportError
from auditor.report import write_findings, write_report
from auditor.report.machine import _stream, csv_safe

if TYPE_CHECKING:
    from tests.report.conftest import Make


def test_parquet_keeps_every_type(make: type[Make], tmp_path: Path) -> None:
    found = make.random(30, hostile=True)
    path = write_findings(make.result(found), tmp_path / "f.parquet")
    assert_frame_equal(pl.read_parquet(path), found)


def test_csv_says_every_value(make: type[Make], tmp_path: Path) -> None:
    found = make.random(60, hostile=True)
    path = write_findings(make.result(found), str(tmp_path / "f.csv"))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == found.columns
    assert len(rows) == 60
    for row, want in zip(rows, found.iter_rows(named=True), strict=True):
        for name, value in want.items():
            text = "" if value is None else str(value)
            if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
                text = "'" + text
            assert row[name] == text, name


def test_csv_joins_modifiers_with_a_blank_and_writes_iso_dates(
    make: type[Make], tmp_path: Path
) -> None:
    text = write_findings(make.result(), tmp_path / "f.csv").read_text()
    header, line = text.splitlines()
    row = dict(zip(header.split(","), next(csv.reader([line])), strict=True))
    assert row["modifiers"] == "RT 59"
    assert row["service_date"] == "2025-03-10"
    assert row["amount_at_risk"] == "75.25"
    assert row["units"] == "1.500"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("=1", "'=1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("1-1", "1-1"),
        ("a=1", "a=1"),
        ("", ""),
        ("'=1", "'=1"),
        ("a\n=1", "a\n=1"),
    ],
)
def test_formula_protection(text: str, kept: str) -> None:
    assert csv_safe(pl.DataFrame({"t": [text]}))["t"].item() == kept


def test_numbers_are_not_prefixed(make: type[Make], tmp_path: Path) -> None:
    from decimal import Decimal

    found = make.findings([make.finding(amount_at_risk=Decimal("-5.00"))])
    text = write_findings(make.result(found), tmp_path / "f.csv").read_text()
    assert ",-5.00," in text


def test_jsonl_has_one_object_a_finding(make: type[Make], tmp_path: Path) -> None:
    found = make.random(30, hostile=True)
    path = write_findings(make.result(found), tmp_path / "f.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    assert len(rows) == 30
    for row, want in zip(rows, found.iter_rows(named=True), strict=True):
        assert list(row) == found.columns
        for name, value in want.items():
            exact = value is None or isinstance(value, (str, int))
            assert row[name] == (value if exact else str(value)), name


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_no_finding_is_a_file_with_the_columns_alone(
    make: type[Make], tmp_path: Path, suffix: str
) -> None:
    path = write_findings(make.result(make.findings([])), tmp_path / f"f{suffix}")
    if suffix == ".jsonl":
        assert path.read_text() == ""
    else:
        read = pl.read_parquet(path) if suffix == ".parquet" else pl.read_csv(path)
        assert read.columns == make.findings([]).columns
        assert read.is_empty()


@pytest.mark.parametrize("name", ["f.xlsx", "f", "f.json", "f.txt", "folder.csv"])
def test_other_forms_are_refused(make: type[Make], tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ReportError, match=r"\.parquet, \.csv or \.jsonl"):
        write_findings(make.result(), tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == ["folder.csv"]


def test_more_findings_than_a_sheet_holds(make: type[Make], tmp_path: Path) -> None:
    from openpyxl import load_workbook

    found = make.random(50)
    path = write_report(make.result(found), tmp_path / "r.xlsx", rules=make.rules, sheet_rows=20)
    book = load_workbook(path)
    sheet = book["Findings"]
    assert sheet.max_row == 2 + 20
    assert sheet.tables["Findings"].ref == "A2:AI22"
    assert sheet["A1"].value.startswith("50 findings, of which the sheet holds the first 20")
    assert "r.findings.csv" in sheet["A1"].value
    head = " ".join(str(book["Summary"].cell(row, 2).value) for row in range(1, 6))
    assert "50 findings, of which the sheet holds the first 20" in head
    assert "r.findings.csv" in head
    whole = pl.read_csv(tmp_path / "r.findings.csv", infer_schema=False)
    assert whole["finding_id"].to_list() == found["finding_id"].to_list()


def test_a_second_long_report_leaves_the_first_ones_file(make: type[Make], tmp_path: Path) -> None:
    for count in (30, 40):
        result = make.result(make.random(count))
        write_report(result, tmp_path / "r.xlsx", rules=make.rules, sheet_rows=20)
    assert pl.read_csv(tmp_path / "r.findings.csv").height == 30
    assert pl.read_csv(tmp_path / "r (2).findings.csv").height == 40


def test_a_name_whose_companion_is_taken_is_not_free(make: type[Make], tmp_path: Path) -> None:
    (tmp_path / "r.findings.csv").write_text("mine")
    result = make.result(make.random(30))
    path = write_report(result, tmp_path / "r.xlsx", rules=make.rules, sheet_rows=20)
    assert path.name == "r (2).xlsx"
    assert (tmp_path / "r.findings.csv").read_text() == "mine"


def test_as_many_findings_as_the_sheet_holds_need_no_second_file(
    make: type[Make], tmp_path: Path
) -> None:
    result = make.result(make.random(20))
    write_report(result, tmp_path / "r.xlsx", rules=make.rules, sheet_rows=20)
    assert [p.name for p in tmp_path.iterdir()] == ["r.xlsx"]


def test_more_rejected_rows_than_the_sheet_holds(make: type[Make], tmp_path: Path) -> None:
    from openpyxl import load_workbook

    result = make.rich()
    path = write_report(result, tmp_path / "r.xlsx", rules=make.rules, rejected_rows=2)
    texts = [c.value for row in load_workbook(path)["Input"].iter_rows() for c in row if c.value]
    note = next(t for t in texts if isinstance(t, str) and "The first 2 of 3 rows" in t)
    assert "r.rejected.csv" in note
    assert "C40" in texts
    assert "C42" not in texts
    whole = pl.read_csv(tmp_path / "r.rejected.csv", infer_schema=False)
    assert whole["claim_id"].to_list() == ["C40", "C41", "C42"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full here")
@pytest.mark.parametrize(
    ("suffix", "lines", "number"),
    [
        (".parquet", 2000, errno.ENOSPC),
        (".parquet", 3, errno.EIO),  # nothing but the end of the file is written
        (".csv", 3, errno.ENOSPC),
        (".jsonl", 3, errno.ENOSPC),
    ],
)
def test_a_full_disk_is_an_error_of_the_system(
    suffix: str, lines: int, number: int, make: type[Make], tmp_path: Path
) -> None:
    place = tmp_path / f"f{suffix}"
    place.symlink_to("/dev/full")
    with pytest.raises(OSError, match=os.strerror(number)) as told, disk.errors():
        _stream(make.result(make.random(lines)).pieces(), place)
    assert told.value.errno == number
    assert told.value.strerror == os.strerror(number)
