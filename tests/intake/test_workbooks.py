"""Excel workbooks: guards, sheets, row numbers, cells that a spreadsheet changed."""

from __future__ import annotations

import datetime as dt
import io
import struct
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest

from auditor.errors import ConfigError, InputRejected
from auditor.intake import Intake, IntakeOptions, read_claims

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = ["Claim ID", "Line", "Patient ID", "Rendering NPI", "DOS", "CPT", "Mod", "Units", "Charge"]
DAY = dt.datetime(2024, 3, 5)  # noqa: DTZ001 -- a cell of a workbook has no time zone
ROW = ["C1", 1, "P1", 1234567893, DAY, 99213, "25", 1, 120.5]


def test_cells_become_text_and_text_becomes_lines(workbook: Callable[..., Path]) -> None:
    path = workbook({"March": [HEADER, ROW, ["C2", 1, "P2", "1234567893", DAY, "J1100", 59, 2, 3]]})
    intake = read_claims([path])
    first, second = intake.lines.rows(named=True)
    assert first["source_file"] == "claims.xlsx [March]"
    assert (first["code"], first["modifiers"], first["charge_amount"]) == ("99213", "25", 12050)
    assert (first["rendering_npi"], first["units"]) == ("1234567893", 1000)
    assert first["service_date_from"] == dt.date(2024, 3, 5)
    assert (second["code"], second["modifiers"], second["source_row"]) == ("J1100", "59", 3)
    (file,) = intake.files
    assert (file.encoding, file.delimiter, file.header_row) == ("xlsx", "", 1)


def test_rows_are_those_of_the_sheet(workbook: Callable[..., Path]) -> None:
    blank: list[object] = []
    shifted = [[None, None, *row] for row in (HEADER, ROW, ROW)]
    path = workbook({"S": [blank, ["", "Report"], blank, *shifted[:2], blank, shifted[2]]})
    intake = read_claims([path])
    assert intake.files[0].header_row == 4
    assert intake.lines["source_row"].to_list() == [5, 7]
    assert "Left out: 1 blank row." in intake.files[0].notes
    assert intake.files[0].unused == ("(column 1)",)  # column A has no cell at all


def test_codes_that_turn_into_text_far_down_are_kept(workbook: Callable[..., Path]) -> None:
    rows = [[*ROW[:5], 99213, *ROW[6:]] for _ in range(1500)]
    rows.append([*ROW[:5], "J1100", *ROW[6:]])
    intake = read_claims([workbook({"S": [HEADER, *rows]})])
    assert intake.lines["code"][-1] == "J1100"
    assert intake.lines["code"].null_count() == 0


def test_leading_zeros_that_a_number_lost(workbook: Callable[..., Path]) -> None:
    intake = read_claims([workbook({"S": [HEADER, [*ROW[:5], 100, *ROW[6:]]]})])
    assert intake.lines["code"].to_list() == ["00100"]
    assert intake.repairs["kind"].to_list() == ["leading zeros restored"]


def test_bare_day_numbers_are_dates(workbook: Callable[..., Path]) -> None:
    intake = read_claims([workbook({"S": [HEADER, [*ROW[:4], 45356, *ROW[5:]]]})])
    assert intake.lines["service_date_from"].to_list() == [dt.date(2024, 3, 5)]


def test_long_numbers_are_noted_and_long_texts_are_not(workbook: Callable[..., Path]) -> None:
    rows = [[20240000000012345, *ROW[1:]], [20240000000067890, *ROW[1:]]]
    intake = read_claims([workbook({"S": [HEADER, *rows]})])
    assert intake.repairs["field"].to_list() == ["claim_id"] * 2
    assert "more than 15 digits" in intake.repairs["kind"][0]
    texts = [[str(row[0]), *row[1:]] for row in rows]
    intake = read_claims([workbook({"S": [HEADER, *texts]})])
    assert intake.repairs.is_empty()
    assert intake.lines["claim_id"].to_list() == ["20240000000012345", "20240000000067890"]


def test_an_error_cell_is_no_value(workbook: Callable[..., Path]) -> None:
    intake = read_claims([workbook({"S": [HEADER, ROW, [*ROW[:5], "#N/A", *ROW[6:]]]})])
    assert intake.rejected.select("source_row", "reasons").rows() == [
        (3, "the procedure code is missing")
    ]


def test_cells_beyond_the_header_are_kept_and_unused(workbook: Callable[..., Path]) -> None:
    intake = read_claims([workbook({"S": [HEADER, [*ROW, "extra"]]})])
    assert intake.lines.height == 1
    assert intake.files[0].unused == ("(column 10)",)


# --- which sheet


def test_the_only_sheet_with_claim_lines_is_read(workbook: Callable[..., Path]) -> None:
    path = workbook({"Read me": [["Claims of March"]], "Lines": [HEADER, ROW], "Empty": []})
    intake = read_claims([path])
    assert intake.files[0].name == "claims.xlsx [Lines]"
    assert intake.files[0].notes == ("Other sheets were not read: 'Read me', 'Empty'.",)


def test_two_sheets_with_claim_lines_are_asked_about(workbook: Callable[..., Path]) -> None:
    path = workbook({"Jan": [HEADER, ROW], "Feb": [HEADER, ROW, ROW]})
    with pytest.raises(
        InputRejected, match=r"2 sheets look like claim lines: 'Jan', 'Feb'.*--sheet"
    ):
        read_claims([path])
    assert read_claims([path], IntakeOptions(sheet="feb")).lines.height == 2
    assert read_claims([path], IntakeOptions(sheet="*")).lines.height == 3


def test_no_sheet_with_claim_lines_is_an_error(workbook: Callable[..., Path]) -> None:
    path = workbook({"A": [["x"]], "B": [["Claim ID", "CPT"], ["C1", "99213"]]})
    with pytest.raises(InputRejected, match="None of the sheets 'A', 'B'"):
        read_claims([path])


def test_hidden_sheets_are_not_chosen_silently(workbook: Callable[..., Path]) -> None:
    sheets = {"Now": [HEADER, ROW], "Old": [HEADER, ROW, ROW]}
    intake = read_claims([workbook(sheets, hidden=["Old"])])
    assert intake.files[0].name == "claims.xlsx [Now]"
    assert intake.files[0].notes == ("Hidden sheets were not read: 'Old'.",)
    path = workbook({"Cover": [["x"]], **sheets}, hidden=["Now", "Old"])
    with pytest.raises(InputRejected, match="Hidden ones were not looked at: 'Now', 'Old'"):
        read_claims([path])
    assert read_claims([path], IntakeOptions(sheet="Old")).lines.height == 2


def test_an_unknown_sheet_is_named(workbook: Callable[..., Path]) -> None:
    path = workbook({"Jan": [HEADER, ROW], "Feb": [HEADER, ROW]})
    with pytest.raises(ConfigError, match=r"no sheet 'Mar'.*'Jan', 'Feb'"):
        read_claims([path], IntakeOptions(sheet="Mar"))


# --- guards


def test_a_damaged_workbook_is_refused(workbook: Callable[..., Path]) -> None:
    path = workbook({"S": [HEADER, ROW]})
    whole = path.read_bytes()
    for part in (whole[: len(whole) // 2], whole[:100], whole[:-30]):
        path.write_bytes(part)
        with pytest.raises(InputRejected, match="damaged or cut short"):
            read_claims([path])


def test_a_zip_that_is_no_workbook_is_read_member_by_member(read: Callable[..., Intake]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("jan.csv", "feb.csv"):
            cells = [name, "1", "P1", "1234567893", "2024-03-05", "99213", "", "1", "1"]
            archive.writestr(name, ",".join(HEADER) + "\n" + ",".join(cells) + "\n")
    intake = read(out.getvalue(), "claims.xlsx")
    assert [file.name for file in intake.files] == [
        "claims.xlsx [jan.csv]",
        "claims.xlsx [feb.csv]",
    ]
    assert intake.lines["claim_id"].to_list() == ["jan.csv", "feb.csv"]


def test_a_zip_bomb_is_not_opened(workbook: Callable[..., Path]) -> None:
    path = workbook({"S": [HEADER, ROW]})
    raw = bytearray(path.read_bytes())
    # The directory says that the first member unpacks to nearly 4 GiB.
    entry = raw.index(b"PK\x01\x02")
    raw[entry + 24 : entry + 28] = struct.pack("<I", 0xF0000000)
    path.write_bytes(bytes(raw))
    with pytest.raises(InputRejected, match="unpacks to more than 2 GiB"):
        read_claims([path])


def test_an_archive_with_too_many_files_is_not_opened(read: Callable[..., Intake]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(1_001):
            archive.writestr(str(n), "")
    with pytest.raises(InputRejected, match="1,001 files that could be claim files"):
        read(out.getvalue(), "claims.xlsx")


def test_a_workbook_with_too_many_parts_is_not_opened(
    workbook: Callable[..., Path], read: Callable[..., Intake]
) -> None:
    out = io.BytesIO(workbook({"S": [HEADER, ROW]}).read_bytes())
    with zipfile.ZipFile(out, "a") as archive:
        for n in range(10_001):
            archive.writestr(f"xl/{n}", "")
    with pytest.raises(InputRejected, match="more than 10,000 parts"):
        read(out.getvalue(), "claims.xlsx")


def test_a_formula_without_a_value_is_no_value(workbook: Callable[..., Path]) -> None:
    path = workbook({"S": [HEADER, ROW, [*ROW[:8], "=SUM(1,2)"]]})
    intake = read_claims([path])
    assert intake.lines["charge_amount"].to_list() == [12050, None]
    (note,) = intake.files[0].notes
    assert note == (
        "1 cell holds a formula that no program has calculated, and counts as empty."
        " Open the workbook in Excel and save it."
    )


def test_a_csv_and_its_workbook_give_the_same_lines(
    workbook: Callable[..., Path], tmp_path: Path
) -> None:
    cells = [
        ["C1", "1", "P1", "1234567893", "2024-03-05", "99213", "25,59", "1.0", "$1,200.00"],
        ["C2", "x", "", "1234567893", "soon", "100", "", "", "(3)"],
    ]
    path = tmp_path / "same.csv"
    path.write_text("\n".join("|".join(row) for row in (HEADER, *cells)))
    text, book = read_claims([path]), read_claims([workbook({"S": [HEADER, *cells]})])
    for name in ("lines", "rejected", "repairs"):
        one, other = getattr(text, name), getattr(book, name)
        assert one.drop("source_file").equals(other.drop("source_file"))
        assert one.height


def test_openpyxl_wrote_what_these_tests_think(workbook: Callable[..., Path]) -> None:
    book = openpyxl.load_workbook(workbook({"S": [HEADER, ROW]}, hidden=[]))
    assert book["S"]["F2"].value == 99213


def test_formulas_are_named_where_they_refuse_a_file(workbook: Callable[..., Path]) -> None:
    rows = [[f"C{n}", 1, "P1", 1234567893, DAY, "=A1", "25", 1, 3] for n in range(3)]
    with pytest.raises(InputRejected) as error:
        read_claims([workbook({"March": [HEADER, *rows]})])
    assert "'CPT') is missing or cannot be read in 3 of 3 lines." in error.value.what
    assert "3 cells hold formulas that no program has calculated" in error.value.what
    rows = [[f"C{n}", 1, "P1", 1234567893, DAY, 99213, "25", 1, "=A1"] for n in range(3)]
    (file,) = read_claims([workbook({"March": [HEADER, *rows]})]).files
    assert [w for w in file.warnings if "formulas" in w] == [n for n in file.notes if "formul" in n]
    assert len(file.warnings) == 1
