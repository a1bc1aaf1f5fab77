"""Which rows are lines: rejections, repairs, what is left out, several files together."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from auditor.errors import AuditorError, ConfigError, InputRejected
from auditor.intake import Intake, IntakeOptions, gate, read_claims
from schemas import ClaimLines, RejectedRows, Repairs, SetAside, dtypes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"


def table(*rows: str, head: str = HEADER) -> str:
    return "\n".join([head, *rows]) + "\n"


def reconciles(intake: Intake) -> bool:
    read = sum(file.lines_read for file in intake.files)
    return read == intake.lines.height + intake.rejected.height + intake.set_aside.height


# --- rejections


def test_every_reason_is_given_not_only_the_first(read: Callable[..., Intake]) -> None:
    intake = read(table(ROW, ",1,,1234567893,soon,,25,1,120.00"))
    (rejected,) = intake.rejected.rows(named=True)
    assert rejected["reasons"].split("; ") == [
        "the claim id is missing",
        "the patient id is missing",
        "the date of service cannot be read",
        "the procedure code is missing",
    ]
    assert json.loads(rejected["raw"]) == {
        "Claim ID": None,
        "Line": "1",
        "Patient ID": None,
        "Rendering NPI": "1234567893",
        "DOS": "soon",
        "CPT": None,
        "Mod": "25",
        "Units": "1",
        "Charge": "120.00",
    }
    assert rejected["claim_id"] is rejected["patient_id"] is rejected["service_date"] is None


def test_a_rejected_row_carries_what_could_be_read(read: Callable[..., Intake]) -> None:
    intake = read(table(ROW, ROW.replace("99213", "NULL")))
    (rejected,) = intake.rejected.rows(named=True)
    assert (rejected["claim_id"], rejected["patient_id"]) == ("C1", "P1")
    assert str(rejected["service_date"]) == "2024-03-05"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1234567893", ""),
        ("1234567893", "12"),
        (",25,", ",???,"),
        (",1,120.00", ",many,a lot"),
        ("99213", "no code"),
        ("C1,1", "C1,one"),
    ],
)
def test_any_other_bad_value_rejects_nothing(
    read: Callable[..., Intake], old: str, new: str
) -> None:
    intake = read(table(ROW.replace(old, new)))
    assert intake.rejected.is_empty()
    assert intake.lines.height == 1


def test_placeholders_are_kept(read: Callable[..., Intake]) -> None:
    intake = read(table("UNKNOWN,1,0,9999999999,2024-03-05,99999,,1,0"))
    line = intake.lines.row(0, named=True)
    assert (line["claim_id"], line["patient_id"], line["code"]) == ("UNKNOWN", "0", "99999")


# --- repairs


def test_repairs_keep_what_stood_there(read: Callable[..., Intake]) -> None:
    rows = [
        ROW,
        ROW.replace("99213", "840.0").replace(",25,", ',"25,59",'),
        ROW.replace("1,120.00", "few,12.345").replace("1234567893", "1234567893.0"),
    ]
    intake = read(table(*rows))
    assert intake.repairs.drop("source_file").rows() == [
        (4, "rendering_npi", ".0 or blanks removed", "1234567893.0", "1234567893"),
        (3, "code", ".0 removed, leading zeros restored", "840.0", "00840"),
        (3, "modifiers", "packed modifiers split", "25,59", "25 59"),
        (4, "units", "not a number of units: emptied", "few", None),
        (4, "charge_amount", "rounded", "12.345", "12.35"),
    ]


def test_a_rejected_row_has_no_repairs(read: Callable[..., Intake]) -> None:
    intake = read(table(ROW, ROW.replace("P1", "").replace("99213", "840")))
    assert intake.rejected.height == 1
    assert intake.repairs.is_empty()


def test_optional_dates_that_are_none_are_emptied_and_noted(read: Callable[..., Intake]) -> None:
    intake = read(table(ROW + ",soon,1850-01-01", head=HEADER + ",Received Date,DOB"))
    assert intake.repairs.select("field", "kind", "raw", "value").rows() == [
        ("patient_birth_date", "a year outside 1900 to 2200: emptied", "1850-01-01", None),
        ("received_date", "not a date: emptied", "soon", None),
    ]


# --- what went wrong with much of a file


def test_a_file_of_which_nothing_can_be_read_is_refused(read: Callable[..., Intake]) -> None:
    rows = [ROW.replace("2024-03-05", day) for day in ("99213", "soon", "")]
    with pytest.raises(InputRejected) as error:
        read(table(*rows))
    assert str(error.value) == (
        "claims.csv: The date of service (column 'DOS') is missing or cannot be read in 3 of 3"
        " lines. More than half of a required field means that the wrong column is read, or that"
        " the export went wrong: name the right column with --map service_date_from=COLUMN, or"
        " export the file again."
    )


@pytest.mark.parametrize(
    ("cell", "column"), [("P1", "Patient ID"), ("C1", "Claim ID"), ("99213", "CPT")]
)
@pytest.mark.parametrize(("bad", "refused"), [(1, False), (2, False), (3, True)])
def test_a_required_field_missing_in_more_than_half_refuses_the_file(
    read: Callable[..., Intake], cell: str, column: str, bad: int, *, refused: bool
) -> None:
    content = table(*[ROW] * 2, *[ROW.replace(cell, "")] * bad)
    if refused:
        with pytest.raises(InputRejected, match=rf"column '{column}'\) is missing .* in 3 of 5"):
            read(content)
    else:
        assert read(content).rejected.height == bad


def test_lines_rejected_for_several_reasons_do_not_refuse_the_file(
    read: Callable[..., Intake],
) -> None:
    bad = [ROW.replace(cell, "") for cell in ("P1", "C1", "99213")]
    intake = read(table(*[ROW] * 2, *bad))
    assert intake.files[0].warnings == (
        "3 of 5 lines were rejected and not audited. Most often: the claim id is missing (1).",
    )


def test_a_rejection_names_the_column_and_what_stands_there(read: Callable[..., Intake]) -> None:
    intake = read(table(ROW, ROW, ROW, ROW.replace("99213", "").replace("2024-03-05", "13/45/23")))
    assert intake.rejected.select("source_row", "reasons", "column", "value").rows() == [
        (
            5,
            "the date of service cannot be read; the procedure code is missing",
            "DOS; CPT",
            "13/45/23; ",
        )
    ]


def test_a_ragged_row_is_about_no_column(read: Callable[..., Intake]) -> None:
    intake = read(table(ROW, ROW + ",more"))
    assert intake.rejected.select("column", "value").rows() == [(None, None)]


@pytest.mark.parametrize(("bad", "said"), [(2, False), (3, True)])
def test_a_column_most_of_which_was_emptied_is_named(
    read: Callable[..., Intake], bad: int, *, said: bool
) -> None:
    good, blank = [ROW] * 2, [ROW.replace("120.00", "")]
    intake = read(table(*good, *blank, *[ROW.replace("120.00", "see bill")] * bad))
    found = "Column 'Charge' (charge_amount): 3 of 5 values could not be read and were emptied."
    assert intake.files[0].warnings == ((found,) if said else ())


def test_a_last_day_that_was_replaced_counts_as_emptied(read: Callable[..., Intake]) -> None:
    intake = read(table(ROW + ",soon", head=HEADER + ",DOS To"))
    assert intake.files[0].warnings == (
        "Column 'DOS To' (service_date_to): 1 of 1 values could not be read and were emptied.",
    )


# --- rows that are no lines


@pytest.mark.parametrize(
    "total",
    [
        "Total,,,,,,,3,360.00",
        "GRAND TOTAL:,,,,,,,3,360.00",
        ",,,,,,Sub-total,3,360.00",
        ",,,,,Total,,3,360.00",
        "Totals",  # short: a trailer that has no cells
        "TRL|3",
        "Record count: 3,,,,,,,,",
        "(3 rows affected)",
        "EOF",
        "Total charges,360.00,,,,,,,,,",
    ],
)
def test_a_totals_row_is_left_out_and_said(read: Callable[..., Intake], total: str) -> None:
    intake = read(table(ROW, ROW, ROW, "", total))
    assert intake.lines.height == 3
    assert intake.rejected.is_empty()
    (file,) = intake.files
    assert (file.rows, file.lines_read) == (3, 3)
    assert "Left out: 1 totals or trailer row." in file.notes


@pytest.mark.parametrize(
    "row",
    [
        ROW.replace("C1", "TOTAL-7"),  # a line of a claim with an odd id
        ROW.replace("C1", "Totality"),
        ROW.replace("P1", "Total"),
    ],
)
def test_a_line_that_says_total_is_a_line(read: Callable[..., Intake], row: str) -> None:
    intake = read(table(ROW, row))
    assert intake.lines.height == 2
    assert intake.files[0].notes == ()


def test_bare_numbers_are_rejected_rather_than_guessed(read: Callable[..., Intake]) -> None:
    intake = read(table(ROW, ",,,,,,,3,360.00"))
    assert intake.rejected["source_row"].to_list() == [3]
    assert intake.files[0].notes == ()


def test_blank_rows_rulers_and_repeated_headers(read: Callable[..., Intake]) -> None:
    ruler = ",".join("-" * 4 for _ in range(9))
    intake = read(table(ruler, ROW, "", ",,,,,,,,", ' ,"", ,,,,,,', HEADER, ROW, "", ""))
    assert intake.lines["source_row"].to_list() == [3, 8]
    assert intake.files[0].notes == (
        "Left out: 6 blank rows.",
        "Left out: 1 repetition of the header.",
    )


# --- the whole


def test_what_comes_out_has_the_columns_of_the_contract(read: Callable[..., Intake]) -> None:
    intake = read(table(ROW, ROW.replace("P1", ""), ROW.replace("99213", "100")))
    for frame, model in (
        (intake.lines, ClaimLines),
        (intake.rejected, RejectedRows),
        (intake.set_aside, SetAside),
        (intake.repairs, Repairs),
    ):
        model.validate(frame)
        assert dict(frame.schema) == dtypes(model)
        assert list(frame.schema) == list(dtypes(model))
    assert reconciles(intake)


def test_the_size_of_a_batch_changes_nothing(
    read: Callable[..., Intake], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [ROW, ROW.replace("P1", ""), ROW.replace("99213", "100"), ROW + ",", "", ROW] * 3
    rows[0] = ROW.replace("2024-03-05", "13/05/2024")  # tells how later batches' dates are read
    rows[17] = ROW.replace("2024-03-05", "04/05/2024")
    whole = read(table(*rows))
    monkeypatch.setattr(gate, "BATCH", 2)
    parts = read(table(*rows))
    assert parts.files == whole.files
    assert parts.lines.equals(whole.lines)
    assert parts.rejected.equals(whole.rejected)
    assert parts.repairs.sort("source_row").equals(whole.repairs.sort("source_row"))
    assert str(whole.lines["service_date_from"][-1]) == "2024-05-04"


def test_intake_is_cheap_to_import() -> None:
    code = (
        "import sys, auditor.intake; heavy = {'polars', 'pandera', 'fastexcel', 'openpyxl'};"
        " print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_several_files_are_one_batch(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.txt"
    first.write_text(table(ROW, ROW.replace("P1", ""), ROW))
    second.write_text("ClaimID|MemberID|NPI|DOS|CPT\nC9|P9|1234567893|20240306|99214\n")
    intake = read_claims([first, str(second)])
    assert intake.lines.select("source_file", "source_row", "line_key").rows() == [
        ("a.csv", 2, 0),
        ("a.csv", 4, 1),
        ("b.txt", 2, 2),
    ]
    assert [file.lines_read for file in intake.files] == [3, 1]
    assert [file.rejected for file in intake.files] == [1, 0]
    assert "units" in intake.fields_present
    assert reconciles(intake)


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("jan", "feb"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "claims.csv").write_text(table(ROW, ROW.replace("C1", folder)))
    intake = read_claims([tmp_path / "jan/claims.csv", tmp_path / "feb/claims.csv"])
    assert [file.name for file in intake.files] == ["jan/claims.csv", "feb/claims.csv"]
    assert intake.lines["source_file"].n_unique() == 2


def test_the_same_content_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(ROW))
    (tmp_path / "b.csv").write_text(table(ROW))
    with pytest.raises(InputRejected, match=r"same content as a\.csv"):
        read_claims([tmp_path / "a.csv", tmp_path / "b.csv"])


def test_no_file_is_an_error() -> None:
    with pytest.raises(ConfigError, match="No claim file"):
        read_claims([])


def test_no_message_quotes_a_patient(read: Callable[..., Intake]) -> None:
    text = table(
        ROW.replace("P1", "SMITH").replace("C1", "SMITH") + ",2024-03-06", head=HEADER + ",DOS"
    )
    for options in ({}, {"columns": {"code": "Nothing"}}, {"columns": {"code": "Claim ID"}}):
        with pytest.raises(AuditorError) as error:
            read(text, **options)
        assert "SMITH" not in str(error.value)


def test_options_are_shown_as_given() -> None:
    assert IntakeOptions() == IntakeOptions(sheet=None, columns={}, line_of_business=None)


def test_a_cell_too_many_is_rejected_even_where_it_is_empty(read: Callable[..., Intake]) -> None:
    # An unquoted comma in a name moves every value along, and the last, blank one over the edge.
    head = HEADER.replace("DOS", "Patient Name,DOS") + ",Note"
    good = ROW.replace("2024-03-05", "A. Sample,2024-03-05") + ","
    intake = read(table(good, good, good.replace("A. Sample", "Sample, A."), head=head))
    assert intake.lines.height == 2
    assert intake.rejected["reasons"].to_list() == ["the row has 12 cells, the header 11"]


def test_rows_most_of_which_have_a_cell_too_many_refuse_the_file(
    read: Callable[..., Intake],
) -> None:
    head = HEADER.replace("DOS", "Patient Name,DOS")
    good, bad = (ROW.replace("2024-03-05", f"{name},2024-03-05") for name in ("A B", "B, A"))
    assert read(table(good, bad, head=head)).lines.height == 1
    with pytest.raises(InputRejected) as error:
        read(table(good, bad, bad, head=head))
    assert error.value.what == (
        "2 of 3 rows do not have the header's number of cells; most often the row has 11 cells,"
        " the header 10 (2)."
    )
    assert "a comma stands in a name" in error.value.next_step


def test_ids_that_a_spreadsheet_shortened_are_said_loudly(read: Callable[..., Intake]) -> None:
    intake = read(table(ROW, ROW.replace("P1", "1.23457E+11")))
    [warning] = intake.files[0].warnings
    assert warning == (
        "Column 'Patient ID' (patient_id): 1 numbers were shortened by a spreadsheet and cannot be"
        " told apart. Export the column as text."
    )
