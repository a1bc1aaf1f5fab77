"""The report's own workbook there and back: through openpyxl, and through LibreOffice."""

from __future__ import annotations

import random
import shutil
import subprocess
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest

from auditor.report import write_report
from auditor.review import Reviewed, ReviewOptions, read_decisions
from tests.report.conftest import HOSTILE, RULES, make_result, random_findings

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
TODAY = date(2026, 11, 25)
WORDS = ("agree", "disagree", "needs records", "corrected", "accepted risk")
# As LibreOffice saves what it shows: comma, quotes where needed, UTF-8, every sheet.
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
TOLD = ("finding_id", "disposition", "reason", "reviewer", "decided_on", "valid_until")


def answers(count: int) -> dict[int, tuple[Any, ...]]:
    """Disposition, reason, reviewer and both dates for two of three rows."""
    return {
        n: (
            WORDS[n % 5],
            f"because \u00e9 & <{n}>",
            f"Reviewer {n % 2}",
            date(2026, 11, 1 + n % 20),
            date(2027, 1 + n % 12, 28),
        )
        for n in range(count)
        if n % 3
    }


def reviewed(found: pl.DataFrame, path: Path) -> dict[str, tuple[Any, ...]]:
    """Write the report, answer it, turn its rows round; what was answered, by finding id."""
    write_report(make_result(found), path, rules=RULES)
    book = openpyxl.load_workbook(path)
    sheet = book["Findings"]
    top, columns = header(sheet)
    said = {}
    for n, answer in answers(found.height).items():
        row = top + 1 + n
        for name, value in zip(
            ("Disposition", "Reason", "Reviewer", "Decided on", "Valid until"), answer, strict=True
        ):
            sheet.cell(row, columns[name]).value = value
        said[sheet.cell(row, columns["Finding id"]).value] = answer
    rows = [[(c.value, c.data_type) for c in row] for row in sheet.iter_rows(min_row=top + 1)]
    random.Random(5).shuffle(rows)  # noqa: S311 - an order, no secret
    for number, row in enumerate(rows, start=top + 1):
        for column, (value, kind) in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = kind
    sheet.title = "Seen by Ann"
    book.save(path)
    return said


def header(sheet: Worksheet) -> tuple[int, dict[str, int]]:
    for row in sheet.iter_rows(max_row=50):
        named = {cell.value: cell.column for cell in row if cell.value}
        if "Finding id" in named:
            return row[0].row, named
    raise AssertionError("no header")


def read(path: Path) -> Reviewed:
    return read_decisions(path, ReviewOptions(TODAY))


def told(found: Reviewed) -> dict[str, tuple[Any, ...]]:
    rows = found.decisions.select(TOLD).rows()
    return {finding_id: tuple(rest) for finding_id, *rest in rows}


def findings(count: int = len(HOSTILE)) -> pl.DataFrame:
    """Findings with every hostile text as claim and patient, and no id that is all digits."""
    found = random_findings(count)
    texts = pl.Series([HOSTILE[n % len(HOSTILE)] for n in range(count)])
    ids = pl.Series([f"{n:08x}" + "facade00" * 3 for n in range(count)])
    return found.with_columns(finding_id=ids, claim_id=texts, patient_id=texts.reverse())


def test_the_report_comes_back_from_openpyxl(tmp_path: Path) -> None:
    said = reviewed(findings(), tmp_path / "r.xlsx")
    found = read(tmp_path / "r.xlsx")
    assert found.problems == ()
    assert told(found) == said


@pytest.mark.libreoffice
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed: NOT checked")
def test_the_report_comes_back_from_libreoffice(tmp_path: Path, office_profile: str) -> None:
    said = reviewed(findings(), tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    sheet = book["Seen by Ann"]
    top, columns = header(sheet)
    edited = sheet.cell(top + 1, columns["Units"])
    for row in range(top + 1, sheet.max_row + 1):  # to the first answered one
        edited = sheet.cell(row, columns["Units"])
        finding_id = sheet.cell(row, columns["Finding id"]).value
        if finding_id in said:
            break
    edited.value = 77
    book.save(tmp_path / "r.xlsx")
    del said[finding_id]

    start = [str(SOFFICE), "--headless", office_profile, "--convert-to"]
    for form, folder in (("ods", "ods"), ("xlsx", "xlsx"), (CSV, "csv")):
        where = ["--outdir", str(tmp_path / folder), str(tmp_path / "r.xlsx")]
        subprocess.run([*start, form, *where], check=True, timeout=180, capture_output=True)
    for path in ("ods/r.ods", "xlsx/r.xlsx", "csv/r-Seen by Ann.csv"):
        found = read(tmp_path / path)
        assert [(p.row, p.column) for p in found.problems] == [(edited.row, "")], path
        assert told(found) == said
