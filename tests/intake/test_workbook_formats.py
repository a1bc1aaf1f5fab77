"""Every format of workbook gives the same claim lines; which sheets, which rows, which days."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.errors import ConfigError, InputRejected
from auditor.intake import Intake, IntakeOptions, read_claims

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

KINDS = ("xlsx", "xlsm", "xlsb", "xls", "ods")
HEADER = ["Claim ID", "Line", "Patient ID", "Rendering NPI", "DOS", "CPT", "Mod", "Units", "Charge"]
DAY = dt.date(2024, 3, 5)
LATE = dt.datetime(2024, 3, 5, 23, 30)  # noqa: DTZ001 -- a cell of a workbook has no time zone
ROW = ["C1", 1, "P1", 1234567893, DAY, 99213, "25", 1, 120.5]
ROWS = [
    ROW,
    ["C2", 1, "P2", "1234567893", LATE, "J1100", "25,59", 2.5, 0.1],
    ["C2", 2, "P2", 1234567893, DAY, "00100", None, 1, 1200],
    ["000123", 3, "P3", 1234567893, DAY, "A0425", "RT", 17, 0],
]
SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.fixture
def book(make: ModuleType, tmp_path: Path) -> Callable[..., Path]:
    """Write a workbook of a kind."""

    def run(kind: str, sheets: object, hidden: object = (), *, mac: bool = False) -> Path:
        path = tmp_path / f"claims.{kind}"
        path.write_bytes(make.book(kind, sheets, hidden, mac=mac))
        return path

    return run


def as_csv(path: Path) -> Path:
    path.write_text(
        "\n".join(
            "|".join("" if cell is None else str(cell) for cell in row) for row in (HEADER, *ROWS)
        )
    )
    return path


def lines(path: Path, **options: object) -> pl.DataFrame:
    intake = read_claims([path], IntakeOptions(**options))
    assert intake.rejected.is_empty()
    return intake.lines.drop("source_file", "source_row")


# --- the same lines


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_same_lines(
    book: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    wanted = lines(as_csv(tmp_path / "same.csv"))
    assert wanted.height == len(ROWS)
    path = book(kind, {"Lines": [HEADER, *ROWS]})
    assert lines(path).equals(wanted)
    intake = read_claims([path])
    assert intake.files[0].encoding == kind
    assert intake.lines["source_row"].to_list() == [2, 3, 4, 5]
    assert intake.lines["service_date_from"].unique().to_list() == [DAY]


def test_parquet_gives_the_same_lines(make: ModuleType, tmp_path: Path) -> None:
    texts = [[None if cell is None else str(cell) for cell in row] for row in ROWS]
    frame = pl.DataFrame(texts, schema=HEADER, orient="row").with_columns(
        pl.col("DOS").str.slice(0, 10).str.to_date(),
        pl.col("Units", "Charge").cast(pl.Float64),
        pl.col("Line").cast(pl.Int16),
        pl.col("Mod").str.split(","),
    )
    path = tmp_path / "claims.parquet"
    path.write_bytes(make.parquet(frame))
    assert lines(path).equals(lines(as_csv(tmp_path / "same.csv")))


@pytest.mark.libreoffice
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice (soffice) is not installed: NOT compared")
@pytest.mark.parametrize("kind", ["xls", "ods", "xlsx"])
def test_what_libreoffice_saves_gives_the_same_lines(
    book: Callable[..., Path], tmp_path: Path, office_profile: str, kind: str
) -> None:
    path = book(
        "xlsx", {"Lines": [[], [None, "March"], [None, *HEADER], *([None, *r] for r in ROWS)]}
    )
    out = tmp_path / "saved"
    subprocess.run(
        [
            str(SOFFICE),
            "--headless",
            office_profile,
            "--convert-to",
            kind,
            "--outdir",
            str(out),
            str(path),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    saved = out / f"claims.{kind}"
    assert lines(saved).equals(lines(as_csv(tmp_path / "same.csv")))
    assert read_claims([saved]).lines["source_row"].to_list() == [4, 5, 6, 7]


# --- where the table lies


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_those_of_the_sheet(book: Callable[..., Path], kind: str) -> None:
    shifted = [[None, None, *row] for row in (HEADER, *ROWS)]
    sheet = [
        [],
        [None, "Claims of March"],
        [],
        *shifted[:3],
        [],
        [],
        *shifted[3:],
        [],
        [None, None, "Total", None, None, None, None, None, None, 21.5, 1320.6],
        [None, None, "Printed in March"],
    ]
    intake = read_claims([book(kind, {"S": sheet})])
    assert intake.files[0].header_row == 4
    assert intake.lines["source_row"].to_list() == [5, 6, 9, 10]
    assert "Left out: 3 blank rows." in intake.files[0].notes
    assert intake.lines.height + intake.rejected.height == intake.files[0].lines_read


@pytest.mark.parametrize("kind", KINDS)
def test_cells_that_are_no_text(book: Callable[..., Path], make: ModuleType, kind: str) -> None:
    path = book(
        kind,
        {
            "S": [
                [*HEADER, "Note"],
                [*ROW[:5], make.ERROR, *ROW[6:], True],
                [20240000000012345, *ROW[1:], False],
                [*ROW, "a < b & c"],
                [*ROW[:5], 100, *ROW[6:], 0.25],
            ]
        },
    )
    intake = read_claims([path])
    assert intake.rejected.select("source_row", "reasons").rows() == [
        (2, "the procedure code is missing")
    ]
    assert intake.lines["claim_note"].to_list() == ["false", "a < b & c", "0.25"]
    assert intake.lines["code"].to_list() == ["99213", "99213", "00100"]


@pytest.mark.parametrize("kind", KINDS)
def test_long_numbers_are_noted(book: Callable[..., Path], kind: str) -> None:
    rows = [[20240000000012345, *ROW[1:]], [20240000000067890, *ROW[1:]]]
    intake = read_claims([book(kind, {"S": [HEADER, *rows]})])
    assert intake.repairs["field"].to_list() == ["claim_id"] * 2
    assert "more than 15 digits" in intake.repairs["kind"][0]


# --- the first day


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mac", [False, True])
def test_dates_and_bare_day_numbers(
    book: Callable[..., Path], make: ModuleType, kind: str, *, mac: bool
) -> None:
    bare = int(make.days(DAY, mac=mac))
    path = book(kind, {"S": [HEADER, [*ROW[:4], bare, *ROW[5:]], ROW]}, mac=mac)
    intake = read_claims([path])
    assert intake.lines["service_date_from"].to_list() == [DAY, DAY]
    said = "The workbook counts its days from 1904-01-01: bare day numbers are too."
    assert (said in intake.files[0].notes) == mac


# --- which sheets


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_sheets_are_not_chosen_silently(book: Callable[..., Path], kind: str) -> None:
    sheets = {"Cover": [["x"]], "Now": [HEADER, ROW], "Old": [HEADER, ROW, ROW]}
    intake = read_claims([book(kind, sheets, ["Old"])])
    assert intake.files[0].name == f"claims.{kind} [Now]"
    assert intake.files[0].notes == (
        "Other sheets were not read: 'Cover'.",
        "Hidden sheets were not read: 'Old'.",
    )
    path = book(kind, sheets, ["Now", "Old"])
    with pytest.raises(InputRejected, match="Hidden ones were not looked at: 'Now', 'Old'"):
        read_claims([path])
    assert read_claims([path], IntakeOptions(sheet="Old")).lines.height == 2


@pytest.mark.parametrize("kind", ["xlsb", "xls", "ods"])
def test_a_workbook_of_hidden_sheets_asks_for_a_name(book: Callable[..., Path], kind: str) -> None:
    path = book(kind, {"Now": [HEADER, ROW]}, ["Now"])
    with pytest.raises(InputRejected, match="Every sheet of the workbook is hidden"):
        read_claims([path])
    assert read_claims([path], IntakeOptions(sheet="Now")).lines.height == 1


def test_several_sheets_with_claim_lines_are_asked_about(book: Callable[..., Path]) -> None:
    path = book("xlsx", {"Day 1": [HEADER, ROW], "Day 2": [HEADER, ROW], "Note": [["x"]]})
    with pytest.raises(InputRejected) as caught:
        read_claims([path])
    assert str(caught.value) == (
        "claims.xlsx: 2 sheets look like claim lines: 'Day 1', 'Day 2'. Name one with --sheet NAME,"
        " or read several with a pattern that their names fit: --sheet 'Day *', or --sheet '*' for"
        " all."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_pattern_reads_every_sheet_that_fits(book: Callable[..., Path], kind: str) -> None:
    sheets = {
        "Day 1": [HEADER, ROW],
        "Day 2": [[], HEADER, ROW, ROW],
        "Day 3": [[None]],
        "Day 4": [HEADER, ROW],
        "Month": [HEADER, ROW],
    }
    intake = read_claims([book(kind, sheets, ["Day 4"])], IntakeOptions(sheet="day *"))
    assert [file.name for file in intake.files] == [
        f"claims.{kind} [Day 1]",
        f"claims.{kind} [Day 2]",
    ]
    assert intake.lines["source_row"].to_list() == [2, 3, 4]
    assert intake.files[0].notes == (
        "Empty sheets were not read: 'Day 3'.",
        "Hidden sheets were not read: 'Day 4'.",
    )
    assert len({file.sha256 for file in intake.files}) == 1


def test_a_pattern_that_fits_everything_leaves_out_what_has_no_header(
    book: Callable[..., Path],
) -> None:
    sheets = {"Cover": [["Claims of March"]], "A": [HEADER, ROW], "B": [HEADER, ROW]}
    intake = read_claims([book("xlsx", sheets)], IntakeOptions(sheet="*"))
    assert intake.lines.height == 2
    assert intake.files[0].notes == ("Sheets without column names were not read: 'Cover'.",)
    # A narrower pattern means what it fits, so that no day is left out without a word.
    with pytest.raises(InputRejected, match=r"\[Cover\]: No header row"):
        read_claims([book("xlsx", sheets)], IntakeOptions(sheet="[AC]*"))
    with pytest.raises(InputRejected, match="None of the sheets 'Cover' has a row of column names"):
        read_claims([book("xlsx", {"Cover": [["x"]]})], IntakeOptions(sheet="*"))


def test_a_sheet_that_lacks_a_column_is_no_cover(book: Callable[..., Path]) -> None:
    sheets = {"A": [HEADER, ROW], "B": [[*HEADER[:5], "", *HEADER[6:]], ROW]}
    with pytest.raises(InputRejected, match=r"\[B\]"):
        read_claims([book("xlsx", sheets)], IntakeOptions(sheet="*"))


def test_a_title_wins_over_the_pattern_that_it_is(book: Callable[..., Path]) -> None:
    path = book("ods", {"Day [1]": [HEADER, ROW], "Day 1": [HEADER, ROW, ROW]})
    assert read_claims([path], IntakeOptions(sheet="day [1]")).lines.height == 1
    assert read_claims([path], IntakeOptions(sheet="day ?")).lines.height == 2


def test_a_pattern_that_nothing_visible_fits(book: Callable[..., Path]) -> None:
    path = book("xlsx", {"Day 1": [HEADER, ROW], "Old 1": [HEADER, ROW]}, ["Old 1"])
    with pytest.raises(ConfigError, match=r"no sheet 'Week \*'.*'Day 1', 'Old 1'"):
        read_claims([path], IntakeOptions(sheet="Week *"))
    with pytest.raises(ConfigError, match=r"Only hidden sheets fit 'Old \*'\..*'Old 1'"):
        read_claims([path], IntakeOptions(sheet="Old *"))
    empty = book("xlsx", {"Day 1": [], "Day 2": []})
    with pytest.raises(InputRejected, match="'Day 1', 'Day 2' are empty"):
        read_claims([empty], IntakeOptions(sheet="Day *"))


def test_a_chart_sheet_is_no_sheet_with_cells(workbook: Callable[..., Path]) -> None:
    import openpyxl

    path = workbook({"Lines": [HEADER, ROW]})
    made = openpyxl.load_workbook(path)
    made.create_chartsheet("Chart", 0)
    made.save(path)
    assert read_claims([path]).files[0].name == "claims.xlsx [Lines]"


def test_sheet_protection_is_no_encryption(workbook: Callable[..., Path]) -> None:
    import openpyxl

    path = workbook({"Lines": [HEADER, ROW]})
    made = openpyxl.load_workbook(path)
    made["Lines"].protection.set_password("secret")
    made["Lines"].protection.enable()
    made.save(path)

    def never(name: str) -> str:
        raise AssertionError(name)

    assert read_claims([path], IntakeOptions(password=never)).lines.height == 1


def test_formulas_without_values_are_counted(workbook: Callable[..., Path]) -> None:
    rows = [[*ROW[:8], f"=SUM({n},2)"] for n in range(3)]
    intake: Intake = read_claims([workbook({"S": [HEADER, *rows]})])
    assert intake.lines["charge_amount"].to_list() == [None] * 3
    assert "3 cells hold formulas" in intake.files[0].notes[0]


def test_a_formula_that_gives_no_text_was_calculated(
    make: ModuleType, read: Callable[..., Intake]
) -> None:
    raw = make.xlsx({"S": [HEADER, [*ROW[:6], "=T(1)", *ROW[7:]]]})
    changed = make.rezipped(
        raw,
        "xl/worksheets/sheet1.xml",
        lambda text: text.replace(b'<c r="G2"><f>', b'<c r="G2" t="str"><f>'),
    )
    assert changed != raw
    intake = read(changed, "claims.xlsx")
    assert intake.files[0].notes == ()
    assert read(raw, "claims.xlsx").files[0].notes != ()
