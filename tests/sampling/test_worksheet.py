"""The worksheet as it is written, and as it comes back."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from auditor.errors import InputRejected, ReportError
from auditor.sampling import worksheet
from auditor.sampling.columns import FILL_IN
from auditor.sampling.outcome import conclude
from auditor.sampling.reading import read_worksheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sampling.conftest import Make, Sheet

AS_OF = date(2026, 11, 22)
HOSTILE = ("=1+1", "#N/A", "@SUM(A1)", "_x0041_", "two\nlines", "bell\x07", "TRUE", "  x ")


def write(path: Path, sample: Any, design: Any) -> Path:  # noqa: ANN401 - a sample and its design
    return worksheet.write_worksheet(sample, design, path, as_of=AS_OF)


def test_the_sheets_and_what_may_be_done_to_them(
    make: type[Make], sheet: Callable[..., Sheet]
) -> None:
    made = sheet(make.many(60), size=12, by="rule", basis="paid")
    assert made.book.sheetnames == ["Sample", "Frame", "How to"]
    assert [ws.protection.sheet for ws in made.book] == [False, True, True]
    assert made.book.active.title == "Sample"
    assert made.sheet.tables["Sample"].ref == "A1:AA13"
    assert made.sheet.print_title_rows == "$1:$1"
    assert all("Confidential" in ws.oddFooter.left.text for ws in made.book)
    asked = [str(c.value) for c in made.sheet[1] if str(c.value).endswith(FILL_IN)]
    assert [name.removesuffix(FILL_IN) for name in asked] == [
        "Paid", "Should be", "Difference", "In error", "Reason", "Reviewer", "Reviewed on",
    ]  # fmt: skip
    rules = {
        str(dv.sqref): (dv.type, dv.formula1, bool(dv.error))
        for dv in made.sheet.data_validations.dataValidation
    }
    letters = {name: made.sheet.cell(1, at).column_letter for name, at in made.columns.items()}
    assert rules[f"{letters['In error']}2:{letters['In error']}13"] == ("list", '"yes,no"', True)
    assert rules[f"{letters['Should be']}2:{letters['Should be']}13"] == ("decimal", "0", True)
    assert len(rules) == 5


def test_the_cells_are_what_the_sample_says(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    found = make.many(30)
    sample, design = make.drawn(found, size=10)
    made = sheet(found, size=10)
    for row, line in enumerate(sample.iter_rows(named=True), start=2):
        assert made.value(row, "No.") == line["number"]
        assert made.value(row, "Claim") == line["claim_id"]
        assert made.value(row, "Service date").date() == line["service_date"]
        assert made.value(row, "Billed") == pytest.approx(line["charge_cents"] / 100)
        assert made.value(row, "Line id") == line["line_id"]
        assert made.value(row, "Order key") == line["order_key"]
        for name in ("Should be", "Difference", "In error", "Reason", "Reviewer", "Reviewed on"):
            assert made.value(row, name) is None
    told = {
        ws[f"A{n}"].value: ws[f"B{n}"].value for ws in [made.book["Frame"]] for n in range(3, 20)
    }
    assert told["Seed"] == "1"
    assert told["Lines in the frame"] == 30
    assert told["Billed in the frame"] == pytest.approx(design.charge_cents / 100)


def test_nothing_in_a_claim_becomes_a_formula(
    make: type[Make], sheet: Callable[..., Sheet], tmp_path: Path
) -> None:
    rows = [
        make.finding(n, claim_id=text, message=text, rendering_npi=text, run_id=text)
        for n, text in enumerate(HOSTILE, start=1)
    ]
    made = sheet(make.findings(*rows), size=20, by="practitioner")
    kinds = {cell.data_type for ws in made.book for row in ws.iter_rows() for cell in row}
    assert kinds <= {"s", "n", "d"}
    with zipfile.ZipFile(made.path) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml
    assert b"numberStoredAsText" in xml
    assert read_worksheet(made.path).design.lines == len(HOSTILE)
    assert list(tmp_path.iterdir()) == [made.path]


def test_the_same_sample_is_the_same_bytes_and_nothing_is_overwritten(
    make: type[Make], tmp_path: Path
) -> None:
    drawn = make.drawn(make.many(40))
    first, second = (write(tmp_path / "w.xlsx", *drawn) for _ in range(2))
    assert (first.name, second.name) == ("w.xlsx", "w (2).xlsx")
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_mode & 0o777 == 0o600


def test_another_ending_is_refused(make: type[Make], tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"ends in \.xlsx"):
        write(tmp_path / "w.csv", *make.drawn(make.many(5)))


def test_untouched_every_line_is_open(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    made = sheet(make.many(40), size=12, by="rule")
    back = read_worksheet(made.path)
    assert back.design == make.drawn(make.many(40), size=12, by="rule")[1]
    assert (back.answers, len(back.open_rows), back.derived) == ((), 12, 0)


def test_what_was_filled_in_comes_back(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    made = sheet(make.many(40), size=7)
    billed = [Decimal(str(made.value(row, "Billed"))) for row in range(2, 9)]
    made.fill(2, in_error="no")
    made.fill(3, should_be=0, in_error="YES", difference=float(billed[1]))
    made.fill(4, should_be="$1,234.50")
    made.fill(5, should_be=float(billed[3]))
    made.fill(6, should_be=float(billed[4]), in_error="y", reason="wrong modifier, pays alike")
    made.fill(7, should_be=" 0.1 ", in_error=True)
    back = read_worksheet(made.save())
    cents = [int(amount * 100) for amount in billed]
    assert [(a.number, a.correct_cents, a.in_error) for a in back.answers] == [
        (1, cents[0], False),
        (2, 0, True),
        (3, 123450, True),
        (4, cents[3], False),
        (5, cents[4], True),
        (6, 10, True),
    ]
    assert [a.examined_cents for a in back.answers] == cents[:6]
    assert back.derived == 2
    assert [row.row for row in back.open_rows] == [8]


def test_sorted_rows_moved_columns_and_other_sheets_do_no_harm(
    make: type[Make], sheet: Callable[..., Sheet]
) -> None:
    made = sheet(make.many(40), size=9, by="rule")
    made.all_right()
    before = read_worksheet(made.save())
    rows = [[cell.value for cell in row] for row in made.sheet.iter_rows(min_row=2)]
    head = [cell.value for cell in made.sheet[1]]
    made.book.remove(made.sheet)
    other = made.book.create_sheet("SAMPLE ", 2)
    other.append(["notes of the reviewer"])
    other.append(["mine", *reversed(head)])
    for row in rows[::-1]:
        other.append(["x", *reversed(row)])
        other.append([])
    made.book.create_sheet("Scratch", 0).append(["Line id", "Check"])
    assert read_worksheet(made.save()) == before


PROBLEMS = [
    ({"should_be": 1, "in_error": "no"}, "row 3: 'In error' is no, and 'Should be' differs"),
    ({"in_error": "yes"}, "row 3: 'In error' is yes, and 'Should be' is empty"),
    ({"in_error": "maybe"}, "row 3: 'In error' is neither yes nor no"),
    ({"should_be": "85,25"}, "row 3: 'Should be' is not an amount in dollars"),
    ({"should_be": "none"}, "row 3: 'Should be' is not an amount in dollars"),
    ({"should_be": 1.234}, "row 3: 'Should be' has more than two decimals"),
    ({"should_be": -1}, "row 3: 'Should be' is below zero"),
    ({"should_be": date(2026, 1, 1)}, "row 3: 'Should be' is not an amount"),
    ({"should_be": 0, "difference": 1}, "row 3: 'Difference' is not 'Billed' less 'Should be'"),
    ({"difference": 1}, "row 3: there is a 'Difference' but no 'Should be'"),
    ({"billed": 1}, "row 3: 'Check' does not fit"),
    ({"billed": None}, "row 3: 'Check' does not fit"),
    ({"stratum_no.": 2}, "row 3: 'Check' does not fit"),
    ({"line_id": "0" * 32}, "row 3: 'Check' does not fit"),
    ({"no.": 1}, "row 3: 'Check' does not fit"),
    ({"no.": "two"}, "row 3: 'Check' does not fit"),
    (
        {"no.": None, "line_id": None, "check": None, "should_be": 5},
        "row 3 has an answer but no 'Line id'",
    ),
]


@pytest.mark.parametrize(("typed", "told"), PROBLEMS)
def test_what_does_not_fit_is_told_by_row_and_column(
    make: type[Make], sheet: Callable[..., Sheet], typed: dict[str, object], told: str
) -> None:
    made = sheet(make.many(20), size=6)
    made.all_right()
    made.fill(3, **({"in_error": None} | typed))
    with pytest.raises(InputRejected) as raised:
        read_worksheet(made.save())
    assert told in raised.value.what
    assert raised.value.where.endswith("sheet Sample")
    assert "nothing was estimated" in raised.value.next_step


def test_problems_are_told_together(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    made = sheet(make.many(60), size=40)
    for row in range(2, 42):
        made.fill(row, in_error="perhaps")
    with pytest.raises(InputRejected, match=r"row 2: .*row 21: .*and 20 more"):
        read_worksheet(made.save())


def test_rows_missing_or_twice_are_told(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    made = sheet(make.many(20), size=6)
    made.sheet.append([cell.value for cell in made.sheet[2]])
    made.sheet.delete_rows(4, 2)
    with pytest.raises(InputRejected) as raised:
        read_worksheet(made.save())
    assert "row 6 is the same line as row 2" in raised.value.what
    assert "2 of the 6 lines drawn are not on the sheet ('No.' 3, 4)" in raised.value.what


def test_rows_of_another_sample_are_refused(
    make: type[Make], sheet: Callable[..., Sheet], tmp_path: Path
) -> None:
    made = sheet(make.many(20), size=6)
    other = openpyxl.load_workbook(write(tmp_path / "o.xlsx", *make.drawn(make.many(20), seed=2)))
    for cell in other["Sample"][2]:
        made.sheet.cell(3, cell.column).value = cell.value
    with pytest.raises(InputRejected, match="row 3: 'Check' does not fit"):
        read_worksheet(made.save())


@pytest.mark.parametrize("label", ["Seed", "Lines in the sample", "Check of this sheet", "Method"])
def test_a_changed_frame_is_refused(
    make: type[Make], sheet: Callable[..., Sheet], label: str
) -> None:
    made = sheet(make.many(20), size=6)
    frame = made.book["Frame"]
    (row,) = (n for n in range(1, 40) if frame[f"A{n}"].value == label)
    frame[f"B{row}"] = "8" if label == "Seed" else "other"
    if label == "Lines in the sample":  # told twice: what counts stands with the strata
        (row,) = (n for n in range(1, 40) if frame[f"A{n}"].value == "Stratum no.")
        frame[f"C{row + 1}"] = 21
    with pytest.raises(InputRejected, match="does not say what the program wrote"):
        read_worksheet(made.save())


def test_files_that_are_no_worksheet(make: type[Make], tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    for content, told in [
        (b"", "not an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "not an Excel workbook"),
        (zipped({"hello.txt": b"x"}), "not an Excel workbook"),
        (zipped({"[Content_Types].xml": b"<"}), "not an Excel workbook"),
    ]:
        path.write_bytes(content)
        with pytest.raises(InputRejected, match=told):
            read_worksheet(path)
    openpyxl.Workbook().save(path)
    with pytest.raises(InputRejected, match="no sheet 'Frame'"):
        read_worksheet(path)
    with pytest.raises(InputRejected, match=r"cannot be read \(No such file"):
        read_worksheet(tmp_path / "gone.xlsx")
    book = openpyxl.load_workbook(write(tmp_path / "w.xlsx", *make.drawn(make.many(5))))
    book["Sample"]["Y1"] = "Line"
    book.save(path)
    with pytest.raises(InputRejected, match="'Line id' and 'Check' were not found"):
        read_worksheet(path)


def zipped(members: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def test_a_zip_that_unpacks_to_far_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x", "w") as x:
        for _ in range(129):
            x.write(bytes(1 << 20))
    with pytest.raises(InputRejected, match="too large"):
        read_worksheet(path)


def test_lines_without_an_answer_stop_it(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    made = sheet(make.many(60), size=30)
    made.all_right()
    for row in (4, 9):
        made.fill(row, in_error=None)
    filled = read_worksheet(made.save())
    with pytest.raises(InputRejected, match=r"2 of 30 lines have no answer \(rows 4, 9\)"):
        conclude(filled, made.path)
    wrong = conclude(filled, made.path, unanswered="in-error")
    assert (wrong.rate.errors, wrong.rate.sampled, wrong.unanswered) == (2, 30, 2)
    lost = sum(Decimal(str(made.value(row, "Billed"))) for row in (4, 9))
    assert wrong.money.overpaid == lost
    fewer = conclude(filled, made.path, unanswered="leave-out")
    assert (fewer.rate.errors, fewer.rate.sampled) == (0, 28)
    assert any(note.startswith("PROVISIONAL: 2 of 30") for note in fewer.notes)


def test_the_first_drawn_are_a_sample_themselves(
    make: type[Make], sheet: Callable[..., Sheet]
) -> None:
    made = sheet(make.many(60), size=30)
    for row in range(2, 22):
        made.fill(row, in_error="no")
    told = conclude(read_worksheet(made.save()), made.path, unanswered="leave-out")
    assert "the first 20 in the order of drawing" in told.notes[0]


def test_a_stratum_without_an_answer_stops_it(
    make: type[Make], sheet: Callable[..., Sheet]
) -> None:
    made = sheet(make.many(60), size=20, by="rule")
    made.all_right()
    for row in range(2, 22):
        if made.value(row, "Stratum no.") == 2:
            made.fill(row, in_error=None)
    with pytest.raises(InputRejected, match="No line of stratum 2 has an answer"):
        conclude(read_worksheet(made.save()), made.path, unanswered="leave-out")


def test_what_was_paid_is_asked_for(make: type[Make], sheet: Callable[..., Sheet]) -> None:
    made = sheet(make.many(20), size=4, basis="paid")
    made.fill(2, paid=80, should_be=60.5, in_error="yes", difference=19.5)
    made.fill(3, paid=0, in_error="no")
    made.fill(4, should_be=1, in_error="yes")
    with pytest.raises(InputRejected, match="row 4: 'Paid' is empty, and the line is answered"):
        read_worksheet(made.save())
    made.fill(4, paid=1, in_error="no")
    filled = read_worksheet(made.save())
    assert [(a.examined_cents, a.difference_cents) for a in filled.answers] == [
        (8000, 1950),
        (0, 0),
        (100, 0),
    ]
    with pytest.raises(InputRejected, match="Row 5 has no answer, and 'Paid' is empty too"):
        conclude(filled, made.path, unanswered="in-error")
