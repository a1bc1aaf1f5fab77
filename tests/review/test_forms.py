"""A reviewed workbook is read whatever became of it: sheets, headers, programs, damage."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from auditor.errors import InputRejected
from auditor.review import Reviewed, ReviewOptions, read_decisions
from tests.review import books
from tests.review.conftest import finding, findings

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 25)
AGREE = {"Disposition": "agree", "Reviewer": "Ann Lee", "Decided on": date(2026, 11, 20)}


def read(path: Path, by: str | None = None, password: Any = None) -> Reviewed:  # noqa: ANN401 - a function or None
    return read_decisions(path, ReviewOptions(TODAY, by), password)


def answered(path: Path, *answers: dict[str, Any], **values: object) -> Path:
    """A workbook of one finding an answer."""
    found = findings([finding(n, **values) for n in range(1, len(answers) + 1)])
    return books.write(path, ("Findings", books.rows_of(found, dict(enumerate(answers)))))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "reviewed.xlsx"


@pytest.mark.parametrize("above", [0, 1, 7, 48])
def test_the_table_is_found_wherever_it_stands(path: Path, above: int) -> None:
    rows = books.rows_of(findings([finding()]), {0: AGREE})
    moved = [{"Extra": 1, "": None} | {k: row[k] for k in reversed(row)} for row in rows]
    told = read(books.write(path, ("Blatt 1", moved), above=above))
    assert (told.problems, told.decisions.height) == ((), 1)


def test_only_three_columns_are_indispensable(path: Path) -> None:
    (row,) = books.rows_of(findings([finding()]), {0: AGREE})
    few = {name: row[name] for name in ("Finding id", "Check", "Disposition")}
    told = read(books.write(path, ("Copy", [few])), by="Ann")
    assert told.problems == ()
    (got,) = told.decisions.rows(named=True)
    assert (got["disposition"], got["claim_id"], got["code"]) == ("agree", None, None)


@pytest.mark.parametrize("name", ["Finding id", "Check", "Disposition"])
def test_without_them_the_workbook_is_refused_in_words(path: Path, name: str) -> None:
    (row,) = books.rows_of(findings([finding()]), {0: AGREE})
    del row[name]
    with pytest.raises(InputRejected, match="Finding id, Check and Disposition"):
        read(books.write(path, ("Findings", [row])))


def test_the_file_excel_keeps_beside_an_open_workbook_is_known(path: Path) -> None:
    beside = path.with_name("~$reviewed.xlsx")
    beside.write_bytes(b"\x04Anna" + b" " * 160)
    with pytest.raises(InputRejected) as told:
        read(beside)
    assert "while somebody has it open" in str(told.value)
    assert "Name reviewed.xlsx itself" in str(told.value)


def test_several_tables_are_read_also_one_below_another(path: Path) -> None:
    first = books.rows_of(findings([finding(1)]), {0: AGREE})
    second = books.rows_of(findings([finding(2)]), {0: AGREE})
    third = books.rows_of(findings([finding(3)]), {0: AGREE | {"Disposition": "x"}})
    books.write(path, ("Findings", first), ("Part 2", second))
    book = openpyxl.load_workbook(path)
    books.fill(book["Findings"], third, (), 2)
    book["Part 2"].sheet_state = "hidden"
    book.save(path)
    told = read(path)
    assert told.tables == 3
    assert told.decisions["finding_id"].to_list() == [finding(n)["finding_id"] for n in (1, 2)]
    assert [(p.sheet, p.row) for p in told.problems] == [("Findings", 7)]


def test_two_columns_of_answers_are_not_guessed_between(path: Path) -> None:
    rows = books.rows_of(findings([finding()]), {0: AGREE})
    books.write(path, ("Findings", rows), headers=[*rows[0], "disposition"])
    told = read(path)
    assert told.decisions.height == 0
    assert "more than one column Disposition" in told.problems[0].why


def test_a_second_column_of_the_readers_own_does_no_harm(path: Path) -> None:
    rows = books.rows_of(findings([finding()]), {0: AGREE})
    books.write(path, ("Findings", rows))
    book = openpyxl.load_workbook(path)
    sheet = book["Findings"]
    sheet.insert_cols(1)
    sheet.cell(2, 1, "Code")
    sheet.cell(3, 1, "mine")
    book.save(path)
    assert read(path).decisions["code"].to_list() == ["00100"]


def as_csv(path: Path, rows: list[dict[str, Any]], delimiter: str, **forms: str) -> Path:
    """A CSV copy as a spreadsheet saves it: what is shown and not what is stored."""
    out = path.with_suffix(".csv")
    with out.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["A note"])
        writer.writerow(rows[0])
        for row in rows:
            cells = []
            for name, value in row.items():
                shown = value
                if isinstance(value, date):
                    shown = value.strftime(forms["date"])
                if name in ("Charge", "At risk (estimate)") and value is not None:
                    shown = forms["money"].format(value)
                    if forms.get("comma"):
                        shown = shown.translate(str.maketrans(",.", ".,"))
                cells.append("" if shown is None else shown)
            writer.writerow(cells)
    return out


@pytest.mark.parametrize(
    ("delimiter", "forms"),
    [
        (",", {"date": "%Y-%m-%d", "money": "{:.2f}"}),
        (",", {"date": "%m/%d/%Y", "money": "${:,.2f}"}),
        ("\t", {"date": "%m/%d/%y", "money": "{}"}),
        (";", {"date": "%d.%m.%Y", "money": "{:,.2f} \u20ac", "comma": "yes"}),
        (",", {"date": "%d-%b-%y", "money": "{}"}),
    ],
)
def test_a_csv_copy_of_any_country_is_read(
    path: Path, delimiter: str, forms: dict[str, str]
) -> None:
    answer = AGREE | {"Decided on": date(2026, 11, 9), "Valid until": date(2027, 2, 1)}
    found = findings([finding(1, amount_at_risk=Decimal("-3.50")), finding(2)])
    rows = books.rows_of(found, {0: answer, 1: answer | {"Reason": "two\nlines"}})
    told = read(as_csv(path, rows, delimiter, **forms))
    assert told.problems == ()
    assert told.decisions["decided_on"].to_list() == [date(2026, 11, 9)] * 2
    assert told.decisions["valid_until"].to_list() == [date(2027, 2, 1)] * 2
    assert told.decisions["charge_amount"].to_list() == [Decimal("1120.50")] * 2
    assert told.decisions["amount_at_risk"].to_list() == [Decimal("-3.50"), Decimal("75.25")]


def test_numbers_as_text_and_text_as_numbers_still_match(path: Path) -> None:
    (row,) = books.rows_of(findings([finding()]), {0: AGREE})
    row |= {"Code": 100, "Claim": 2500000001, "Patient": 1, "Line": "2", "Units": "1.50"}
    row |= {"Charge": "1,120.50", "Date of service": 45726, "Decided on": "11/20/2026"}
    told = read(books.write(path, ("Findings", [row])))
    assert told.problems == ()
    assert told.decisions["decided_on"].to_list() == [date(2026, 11, 20)]


def test_an_encrypted_workbook_is_opened_with_its_password(path: Path) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    answered(path, AGREE)
    locked = path.with_name("locked.xlsx")
    with path.open("rb") as plain, locked.open("wb") as out:
        OOXMLFile(plain).encrypt("secret", out)
    asked = []
    told = read(locked, password=lambda name: asked.append(name) or "secret")
    assert (told.decisions.height, asked) == (1, ["locked.xlsx"])
    with pytest.raises(InputRejected, match="protected by a password"):
        read(locked)
    with pytest.raises(InputRejected, match="password of the workbook is wrong"):
        read(locked, password=lambda _: "guess")


@pytest.mark.parametrize("content", [b"%PDF-1.7 ...", b"\x00\x01\x02" * 99, b"PK\x03\x04cut", b""])
def test_what_is_no_workbook_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputRejected) as told:
        read(path)
    assert told.value.next_step


@pytest.mark.parametrize(
    ("header", "cell", "words"),
    [
        ("Finding id", None, "no finding id"),
        ("Finding id", "F-1", "no finding id (32"),
        ("Check", None, "no whole check value"),
        ("Check", "0123", "no whole check value"),
    ],
)
def test_a_row_without_its_keys_is_told(
    path: Path, header: str, cell: str | None, words: str
) -> None:
    (row,) = books.rows_of(findings([finding()]), {0: AGREE})
    told = read(books.write(path, ("Findings", [row | {header: cell}])))
    assert told.decisions.height == 0
    assert [(p.row, p.column) for p in told.problems] == [(3, header)]
    assert words in told.problems[0].why


def test_a_csv_whose_text_never_ends_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text('Finding id,Check,Disposition\n"' + "x" * (1 << 21), encoding="utf-8")
    with pytest.raises(InputRejected, match="never ends"):
        read(path)


def test_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="This is a folder"):
        read(tmp_path)
