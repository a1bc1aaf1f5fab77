"""Encodings, delimiters and records of delimited text files."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import InputRejected
from auditor.intake import read_claims, records
from auditor.intake.opening import names_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROWS = [
    "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00",
    "C1,2,P1,1234567893,2024-03-05,20610,RT,1,200.00",
    "C2,1,P2,1234567893,2024-03-06,99214,,1,150.00",
]
TEXT = "\n".join([HEADER, *ROWS]) + "\n"


@pytest.mark.parametrize("mark", [",", "|", "\t", ";", "~", "^"])
def test_every_delimiter_gives_the_same_lines(read: Callable[..., Intake], mark: str) -> None:
    intake = read(TEXT.replace(",", mark))
    assert intake.files[0].delimiter == mark
    assert intake.lines["code"].to_list() == ["99213", "20610", "99214"]
    assert intake.lines.equals(read(TEXT).lines)


def test_a_comma_inside_quotes_does_not_decide_the_delimiter(
    read: Callable[..., Intake],
) -> None:
    text = TEXT.replace(",", "|").replace("P1|", '"Doe, J, Jr, MD"|')
    intake = read(text)
    assert intake.files[0].delimiter == "|"
    assert intake.lines["patient_id"][0] == "Doe, J, Jr, MD"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.replace("\n", "\r\n").encode(), "utf-8"),
        (TEXT.replace("\n", "\r").encode(), "utf-8"),
        (TEXT.removesuffix("\n").encode(), "utf-8"),
    ],
    ids=["plain", "bom", "utf16", "utf16be", "utf16-no-bom", "crlf", "cr", "no-last-newline"],
)
def test_encodings_and_line_ends(
    read: Callable[..., Intake], content: bytes, encoding: str
) -> None:
    intake = read(content)
    assert intake.files[0].encoding == encoding
    assert intake.files[0].notes == ()
    assert intake.lines.rows() == read(TEXT).lines.rows()


def test_what_is_not_utf8_is_cp1252_and_said(read: Callable[..., Intake]) -> None:
    # The byte stands at the very end: a look at the start would have called the file UTF-8.
    content = TEXT.encode() + "C3,1,PEÑA,1234567893,2024-03-06,99214,,1,150.00\n".encode("cp1252")
    intake = read(content)
    assert intake.files[0].encoding == "cp1252"
    assert any("Windows-1252" in note for note in intake.files[0].notes)
    assert intake.lines["patient_id"][-1] == "PEÑA"


def test_bytes_that_are_no_text_in_any_encoding_are_refused(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected, match="not text in UTF-8"):
        read(TEXT.encode() + b"C3,1,P\x81\x8d,1234567893,2024-03-06,99214,,1,1\n")


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(read: Callable[..., Intake], content: bytes) -> None:
    with pytest.raises(InputRejected, match="empty"):
        read(content)


@pytest.mark.parametrize(
    "content", [HEADER, HEADER + "\n", HEADER + "\n\n\n", HEADER + "\n,,,,,,,,\n"]
)
def test_a_header_alone_is_refused(read: Callable[..., Intake], content: str) -> None:
    with pytest.raises(InputRejected, match="no claim lines"):
        read(content)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"ISA*00*          *00*", "ISA segment"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook is damaged"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x01\x02", "not text"),
    ],
)
def test_other_formats_are_named(read: Callable[..., Intake], content: bytes, word: str) -> None:
    with pytest.raises(InputRejected, match=word):
        read(content)


def test_a_missing_file_is_refused(read: Callable[..., Intake], tmp_path: object) -> None:
    with pytest.raises(InputRejected, match="cannot be read"):
        read_claims([f"{tmp_path}/absent.csv"])
    assert read(TEXT).lines.height == 3


# --- records


def test_rows_are_numbered_as_a_spreadsheet_shows_them(read: Callable[..., Intake]) -> None:
    text = "Claims of March\n\n" + HEADER + "\n" + "\n\n".join(ROWS) + "\n"
    intake = read(text)
    assert intake.files[0].header_row == 3
    assert intake.lines["source_row"].to_list() == [4, 6, 8]
    assert intake.files[0].rows == 3
    assert "Left out: 2 blank rows." in intake.files[0].notes


def test_a_quoted_line_break_is_one_record(read: Callable[..., Intake]) -> None:
    text = (
        HEADER
        + ",Note\n"
        + ROWS[0]
        + ',"first\nsecond, and\n\nthird"\n'
        + ROWS[1]
        + ",\n\n"
        + ROWS[2]
        + ',"said ""no"""\n'
    )
    intake = read(text)
    assert intake.lines["source_row"].to_list() == [2, 3, 5]
    assert intake.lines["claim_note"].to_list() == [
        "first\nsecond, and\n\nthird",
        None,
        'said "no"',
    ]
    assert intake.rejected.is_empty()


def test_a_quote_inside_a_cell_costs_no_other_line(read: Callable[..., Intake]) -> None:
    text = HEADER + ",Note\n" + ROWS[0] + ',5" needle\n' + ROWS[1] + ",x\n" + ROWS[2] + ",y\n"
    intake = read(text)
    assert intake.lines["claim_note"].to_list() == ['5" needle', "x", "y"]
    assert intake.rejected.is_empty()


def test_an_unclosed_quote_costs_its_own_line_alone(read: Callable[..., Intake]) -> None:
    text = "\n".join([HEADER, ROWS[0], ROWS[1].replace("P1", '"P1'), ROWS[2], ROWS[2]]) + "\n"
    intake = read(text)
    assert intake.lines["source_row"].to_list() == [2, 4, 5]
    assert intake.rejected["source_row"].to_list() == [3]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("C2,1,P2,1234567893,2024-03-06,99214,,1", 8),
        ("C2,1,P2,1234567893,2024-03-06,99214,,1,150.00,", 10),
        ("C2,1,P2,1234567893,2024-03-06,99214,,1,1,580.00", 10),
        ('C2,1,P2,1234567893,2024-03-06,"99214,25",1,150.00', 8),
        ("C2", 1),
    ],
)
def test_a_ragged_row_is_rejected_with_all_it_held(
    read: Callable[..., Intake], row: str, found: int
) -> None:
    text = "\n".join([HEADER, ROWS[0], row, *ROWS[1:]]) + "\n"
    intake = read(text)
    assert intake.lines["source_row"].to_list() == [2, 4, 5]
    (rejected,) = intake.rejected.rows(named=True)
    assert rejected["source_row"] == 3
    assert rejected["reasons"] == f"the row has {found} cells, the header 9"
    assert list(json.loads(rejected["raw"]).values()) == next(csv.reader([row]))
    assert rejected["claim_id"] == "C2"
    assert intake.files[0].lines_read == 4


def test_ragged_rows_far_down_a_long_file_are_found(read: Callable[..., Intake]) -> None:
    rows = [ROWS[0]] * 60_000
    rows[40_000] = ROWS[0] + ","  # one too long and one too short: their delimiters add up
    rows[50_000] = ROWS[0].rpartition(",")[0]
    intake = read("\n".join([HEADER, *rows]) + "\n")
    assert intake.rejected["source_row"].to_list() == [40_002, 50_002]
    assert intake.lines.height == 59_998


def test_a_delimiter_behind_every_row_is_a_habit_and_no_damage(
    read: Callable[..., Intake],
) -> None:
    intake = read("\n".join([HEADER, *(row + "," for row in ROWS)]) + "\n")
    assert intake.rejected.is_empty()
    assert intake.files[0].unused == ("(column 10)",)
    assert read("\n".join([HEADER + ",", *ROWS]) + "\n").rejected.is_empty()


def test_nul_bytes_lose_no_row(read: Callable[..., Intake]) -> None:
    intake = read(TEXT.encode().replace(b"C2", b"C\x002") + b"\x00" * 64)
    assert intake.files[0].lines_read == 4
    assert intake.lines["claim_id"].to_list() == ["C1", "C1", "C2"]
    assert intake.rejected["source_row"].to_list() == [5]


CELLS = st.text(alphabet=st.sampled_from('ab ,"\n;é'), max_size=5)


@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=8),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    last=st.booleans(),
)
def test_records_are_those_of_the_csv_module(
    rows: list[list[str]], quoting: int, *, last: bool
) -> None:
    """An oracle that shares nothing with the reading by polars."""
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator="\n").writerows(rows)
    text = out.getvalue() if last else out.getvalue().removesuffix("\n")
    wanted = list(csv.reader(io.StringIO(text, newline="\n")))
    found = records.split(text.encode(), skip=0, width=3, delimiter=",", first_row=1)
    full = [(n, cells) for n, cells in enumerate(wanted, start=1) if len(cells) == 3]
    blank = [n for n, cells in enumerate(wanted, start=1) if not "".join(cells).strip()]
    assert [
        (n, [cell or "" for cell in cells])
        for n, cells in zip(found.rows, found.cells.iter_rows(), strict=True)
        if n not in blank
    ] == [(n, cells) for n, cells in full if n not in blank]
    assert sorted([*found.rows, *(row.row for row in found.ragged)]) == [
        n for n, _ in enumerate(wanted, start=1)
    ]


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=5).map(",".join), min_size=1, max_size=8))
def test_no_line_is_lost_whatever_its_quotes(rows: list[str]) -> None:
    text = "\n".join(rows) + "\n"
    found = records.split(text.encode(), skip=0, width=3, delimiter=",", first_row=1)
    held = "".join(
        [cell or "" for cells in found.cells.iter_rows() for cell in cells]
        + [cell for row in found.ragged for cell in row.cells]
    )
    assert sorted(c for c in held if c in "abé;") == sorted(c for c in text if c in "abé;")
    numbers = [*found.rows, *(row.row for row in found.ragged)]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert found.cells.schema == {str(n): pl.String for n in range(3)}


def test_a_header_of_two_lines_and_a_delimiter_hint(read: Callable[..., Intake]) -> None:
    head = HEADER.replace("Claim ID", '"Claim\nID"').replace(",", ";")
    rows = [row.replace(",", ";") for row in ROWS]
    intake = read("\n".join(["sep=;", head, *rows]) + "\n")
    assert intake.files[0].header_row == 2
    assert intake.lines["source_row"].to_list() == [3, 4, 5]
    assert intake.files[0].mapping["claim_id"] == "Claim ID"


def test_blank_lines_between_full_rows_and_one_short_row(read: Callable[..., Intake]) -> None:
    # Delimiters that a blank line lacks must not hide that a row lacks some.
    intake = read("\n".join([HEADER, ROWS[0], "", ",,,,,,,,", ROWS[1][:-7], "", ROWS[2]]) + "\n")
    assert intake.lines["source_row"].to_list() == [2, 7]
    assert intake.rejected["source_row"].to_list() == [5]
    assert "Left out: 3 blank rows." in intake.files[0].notes


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Größe.csv", "Größe.csv"),
        ("Gr\udcc3\udcb6\udcc3\udc9fe.csv", "Größe.csv"),  # UTF-8 in the plain C locale
        ("caf\udce9.csv", "caf\\xe9.csv"),
        ("half\ud83d.csv", "half\\ud83d.csv"),
    ],
)
def test_a_name_that_is_no_text_is_shown_as_text(name: str, found: str) -> None:
    assert names_of([Path("in") / name]) == [found]


def test_names_that_are_no_text_stay_apart() -> None:
    assert names_of([Path("\udce9.csv"), Path("\udce8.csv")]) == ["\\xe9.csv", "\\xe8.csv"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_a_file_whose_name_is_not_utf8_is_read(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.csv")
    path.write_text("Claim ID,Patient ID,NPI,DOS,CPT\nC1,P1,1234567893,2024-03-05,99213\n")
    intake = read_claims([path])
    assert intake.lines["source_file"].to_list() == ["caf\\xe9.csv"]
    assert intake.files[0].name == "caf\\xe9.csv"
