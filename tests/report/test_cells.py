"""Every value of a finding arrives in its cell, as text or number or date, and never a formula."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from zipfile import ZipFile

import polars as pl
import pytest
from openpyxl import load_workbook

from auditor.report import write_report
from auditor.report.grid import Block, rows_of
from auditor.report.text import CUT, LIMIT, cell_texts, clean

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from tests.report.conftest import Make

HEADER_ROW = 2
FIRST = HEADER_ROW + 1


def sheet_of(path: Path, name: str = "Findings") -> Worksheet:
    return load_workbook(path)[name]


def column_of(sheet: Worksheet, header: str) -> int:
    headers = [c.value for c in sheet[HEADER_ROW]]
    return headers.index(header) + 1


def in_excel(text: str) -> str | None:
    """What a cell should hold of `text`, said independently of the program; None for ''."""
    kept = "".join(
        c for c in text.replace("\r\n", "\n") if c in "\t\n" or (c >= " " and c not in "\x7f\ufffe")
    )
    return kept.replace("_x0041_", "_x005F_x0041_") or None


@pytest.fixture(scope="module")
def hostile(
    make: type[Make], tmp_path_factory: pytest.TempPathFactory
) -> tuple[pl.DataFrame, Path]:
    path = tmp_path_factory.mktemp("hostile") / "report.xlsx"
    found = make.random(120, hostile=True)
    write_report(make.result(found), path, rules=make.rules)
    return found, path


def test_hostile_texts_are_in_their_cells(hostile: tuple[pl.DataFrame, Path]) -> None:
    found, path = hostile
    sheet = sheet_of(path)
    shown = {"Claim": "claim_id", "Patient": "patient_id", "What is wrong": "message"}
    shown |= {"What to do": "remedy", "Payer": "payer", "File": "source_file"}
    ids = column_of(sheet, "Finding id")
    rows = {sheet.cell(row, ids).value: row for row in range(FIRST, FIRST + found.height)}
    assert set(rows) == set(found["finding_id"])
    seen = set()
    for header, name in shown.items():
        n = column_of(sheet, header)
        for finding_id, value in found.select("finding_id", name).iter_rows():
            seen.add(value)
            cell = sheet.cell(rows[finding_id], n)
            assert cell.data_type == "s"
            if len(value) < LIMIT // 2:
                assert cell.value == in_excel(value), header
            else:
                assert cell.value.endswith(CUT)
                assert cell.value.startswith(value[:16_000])
                assert len(cell.value.encode("utf-16-le")) // 2 <= LIMIT
    assert len(seen) >= 20, "the sample did not draw every hostile value"


def test_no_formula_and_no_error_in_any_sheet(hostile: tuple[pl.DataFrame, Path]) -> None:
    _, path = hostile
    with ZipFile(path) as archive:
        sheets = [n for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
        assert len(sheets) >= 7
        for name in sheets:
            xml = archive.read(name).decode()
            assert not re.search(r"<f[ >/]", xml), name
            assert set(re.findall(r' t="(\w+)"', xml)) <= {"inlineStr"}, name


def test_texts_out_of_a_claim_stay_texts_when_edited(hostile: tuple[pl.DataFrame, Path]) -> None:
    _, path = hostile
    sheet = sheet_of(path)
    for header in ("Claim", "Patient", "What is wrong", "File", "Tier", "Code"):
        assert sheet.cell(FIRST, column_of(sheet, header)).quotePrefix, header


def test_numbers_and_dates_are_numbers_and_dates(make: type[Make], tmp_path: Path) -> None:
    row = make.finding(
        units=Decimal("2.500"),
        charge_amount=Decimal("1234567.89"),
        amount_at_risk=Decimal("-0.10"),
        service_date=date(2024, 2, 29),
        source_row=1_048_577,
        line_number=None,
    )
    sheet = sheet_of(
        write_report(make.result(make.findings([row])), tmp_path / "r.xlsx", rules=make.rules)
    )

    def cell(header: str) -> Cell:
        return sheet.cell(FIRST, column_of(sheet, header))

    assert cell("Charge").value == 1234567.89
    assert cell("At risk (estimate)").value == -0.1
    assert "0.00" in cell("At risk (estimate)").number_format
    assert cell("Date of service").value.date() == date(2024, 2, 29)
    assert cell("Date of service").number_format == "yyyy-mm-dd"
    assert cell("Units").value == 2.5
    assert cell("Row").value == 1_048_577
    assert cell("Line").value is None


def test_long_digits_and_leading_zeros_are_kept(make: type[Make], tmp_path: Path) -> None:
    row = make.finding(claim_id="00012345678901234567890", patient_id="0007", code="00100")
    sheet = sheet_of(
        write_report(make.result(make.findings([row])), tmp_path / "r.xlsx", rules=make.rules)
    )
    assert sheet.cell(FIRST, column_of(sheet, "Claim")).value == "00012345678901234567890"
    assert sheet.cell(FIRST, column_of(sheet, "Patient")).value == "0007"
    assert sheet.cell(FIRST, column_of(sheet, "Code")).value == "00100"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (("C1", 2, "20610"), "20610, line 2"),
        (("C9", 2, "20610"), "20610, line 2, claim C9"),
        (("C9", None, "20610"), "20610, claim C9"),
        ((None, None, None), None),
    ],
)
def test_counterpart(
    make: type[Make],
    tmp_path: Path,
    values: tuple[str | None, int | None, str | None],
    shown: str | None,
) -> None:
    names = ("counterpart_claim_id", "counterpart_line_number", "counterpart_code")
    row = make.finding(claim_id="C1", **dict(zip(names, values, strict=True)))
    path = write_report(make.result(make.findings([row])), tmp_path / "r.xlsx", rules=make.rules)
    sheet = sheet_of(path)
    assert sheet.cell(FIRST, column_of(sheet, "Counterpart")).value == shown


@pytest.mark.parametrize(
    ("also", "told"),
    [
        ("", "Wrong."),
        ("PTP-1", "Wrong. Also found on this line: PTP-1."),
        ("PTP-1 IMG-1", "Wrong. Also found on this line: PTP-1, IMG-1."),
    ],
)
def test_what_is_wrong_names_the_rules_that_an_answer_settles_besides(
    also: str, told: str, make: type[Make], tmp_path: Path
) -> None:
    found = make.findings([make.finding(message="Wrong.", also=also)])
    path = write_report(make.result(found), tmp_path / "r.xlsx", rules=make.rules)
    sheet = sheet_of(path)
    assert sheet.cell(FIRST, column_of(sheet, "What is wrong")).value == told
    assert (sheet.cell(FIRST, column_of(sheet, "Also")).value or "") == also


def test_hostile_rejected_rows_and_repairs(make: type[Make], tmp_path: Path) -> None:
    rich = make.rich()
    result = dataclasses.replace(
        rich,
        rejected=rich.rejected.with_columns(
            claim_id=pl.lit("=1+1"),
            column=pl.lit("=A"),
            value=pl.lit("=2"),
            raw=pl.lit('{"A": "#N/A", "B": "", "C": "+1\\u0007"}'),
        ),
        repairs=rich.repairs.with_columns(raw=pl.lit("=cmd()"), value=pl.lit("@x")),
    )
    sheet = sheet_of(write_report(result, tmp_path / "r.xlsx", rules=make.rules), "Input")
    values = [c.value for row in sheet.iter_rows() for c in row if c.value is not None]
    assert values.count("=1+1") == 3
    assert values.count("A: #N/A; C: +1") == 3
    assert "=cmd() -> @x" in values
    assert "no date of service\n=A: =2" in values
    assert all(c.data_type in "sn" for row in sheet.iter_rows() for c in row)


@pytest.mark.parametrize("raw", ["=not json", "[1, 2]", "", '{"A": '])
def test_raw_values_that_are_no_object_are_shown_as_they_stand(
    make: type[Make], tmp_path: Path, raw: str
) -> None:
    rich = make.rich()
    result = dataclasses.replace(rich, rejected=rich.rejected.with_columns(raw=pl.lit(raw)))
    sheet = sheet_of(write_report(result, tmp_path / "r.xlsx", rules=make.rules), "Input")
    shown = [r[4].value for r in sheet.iter_rows() if r[2].value in {"C40", "C41", "C42"}]
    assert shown == [raw or None] * 3


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain", "plain"),
        ("a\x00b\x1fc\x7fd", "abcd"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("_x0041_ and _xyz_", "_x005F_x0041_ and _xyz_"),
        ("_x0041_x0042_", "_x005F_x0041_x005F_x0042_"),
        ("\ufffe\uffff", ""),
        ("=1", "=1"),
    ],
)
def test_clean_alone_and_by_column(text: str, kept: str) -> None:
    assert clean(text) == kept
    assert cell_texts(pl.Series([text, None])).to_list() == [kept, None]


@pytest.mark.parametrize("text", ["x" * LIMIT, "\U0001f9be" * (LIMIT // 2), ""])
def test_what_fits_is_not_cut(text: str) -> None:
    assert clean(text) == text
    assert cell_texts(pl.Series([text])).to_list() == [text]


@pytest.mark.parametrize("text", ["x" * (LIMIT + 1), "\U0001f9be" * (LIMIT // 2 + 1)])
def test_what_does_not_fit_is_cut_visibly(text: str) -> None:
    cut = clean(text)
    assert cut.endswith(CUT)
    assert text.startswith(cut.removesuffix(CUT))
    units = len(cut.encode("utf-16-le")) // 2
    assert LIMIT - 2 <= units <= LIMIT
    assert cell_texts(pl.Series([text])).to_list() == [cut]


def test_dates_and_numbers_that_excel_has_not(make: type[Make], tmp_path: Path) -> None:
    days = [date(1900, 2, 28), date(1900, 3, 1), date(9999, 12, 31)]
    rows = [make.finding(n, service_date=day) for n, day in enumerate(days, start=1)]
    path = write_report(make.result(make.findings(rows)), tmp_path / "r.xlsx", rules=make.rules)
    sheet = sheet_of(path)
    n = column_of(sheet, "Date of service")
    shown = {sheet.cell(row, n).value for row in range(FIRST, FIRST + 3)}
    assert shown == {"1900-02-28", datetime(1900, 3, 1), datetime(9999, 12, 31)}  # noqa: DTZ001 - Excel's times have no zone
    later = pl.Series([date(9999, 12, 31), None]).dt.offset_by("1d")
    odd = pl.Series([1.5, float("nan"), float("inf"), -float("inf"), None])
    texts = [rendered(later), rendered(odd)]
    assert [re.findall(r"<t[^>]*>(.*?)</t>|<v>(.*?)</v>", text) for text in texts] == [
        [("+10000-01-01", "")],
        [("", "1.5")],
    ]
    assert [text.count("<c ") for text in texts] == [2, 5]


def rendered(values: pl.Series) -> str:
    """A column of a table as the sheet has it."""
    block = Block(pl.DataFrame({"v": values}), (pl.col("v"),), (0,), ("A",), 1, {}, {}, {})
    return b"".join(rows_of(block)).decode()
