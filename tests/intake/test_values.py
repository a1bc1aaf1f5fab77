"""Codes, modifiers, diagnoses and identifiers: what becomes of each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.intake import codes

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"


def value(table: pl.DataFrame) -> object:
    return table["value"][0]


def text(cell: str) -> pl.Series:
    return pl.Series([cell], dtype=pl.String)


# --- procedure codes


@pytest.mark.parametrize(
    ("cell", "code", "kind"),
    [
        ("99213", "99213", None),
        (" 99213 ", "99213", None),
        ("99213.0", "99213", ".0 removed"),
        ("j1100", "J1100", "upper-cased"),
        ("100", "00100", "leading zeros restored"),
        ("999", "00999", "leading zeros restored"),
        ("1000", "01000", "leading zeros restored"),
        ("1999", "01999", "leading zeros restored"),
        ("840.0", "00840", ".0 removed, leading zeros restored"),
        ('="00100"', "00100", None),
        ("'00100", "00100", None),
        ("0001F", "0001F", None),
        ("100.0", "00100", ".0 removed, leading zeros restored"),
        ("99213.00", "99213", ".0 removed"),
        ("99213 - Office visit, est", "99213", "text behind the code cut off"),
        ("20610 Drain joint", "20610", "text behind the code cut off"),
        ("J1100: DEXA", "J1100", "text behind the code cut off"),
        ("J1100 DEXA", "J1100", "text behind the code cut off"),
        ("99213 (office)", "99213", "text behind the code cut off"),
        ("99213 - Office\nvisit", "99213", "text behind the code cut off"),
        ("0001f - heart", "0001F", "upper-cased, text behind the code cut off"),
    ],
)
def test_codes_are_mended(cell: str, code: str, kind: str | None) -> None:
    table = codes.procedure(text(cell))
    assert (value(table), table["kind"][0]) == (code, kind)


@pytest.mark.parametrize(
    "cell",
    [
        "0450",
        "12",
        "99",
        "9921",
        "9921.5",
        "2000",
        "1000F1",
        "992134",
        "4A00X4Z",
        "12.34",
        "99213-",
        "ABC",
        "SNOMED 1",
        "9921 3",
        "250.00",
        "100.00",
        "9921.50",
        "99213 X2",
        "99213-25 X2",
        "99213 X1",
        "99213-ABC",
        "99213-OFFICE VISIT",
        "99213 E/M VISIT",
        "99213 OFFICE2",
        "99213 25 OFFICE VISIT",
        "99213 WITH MODIFIER 25",
        "99213 MOD 25",
        "SNOMED OFFICE VISIT",
        "992133 OFFICE VISIT",
    ],
)
def test_other_codes_stay_for_a_rule_to_judge(cell: str) -> None:
    # 0450 kept a zero, so it never was a number: it is a revenue code, not anesthesia 00450.
    # 9921 is a code cut short: there is no 09921.
    table = codes.procedure(text(cell))
    assert (value(table), table["kind"][0]) == (cell, None)


@pytest.mark.parametrize(
    ("cell", "code", "modifiers"),
    [
        ("99213-25", "99213", "25"),
        ("99213-25-59", "99213", "25 59"),
        ("99213 25,59", "99213", "25 59"),
        ("20610:rt", "20610", "RT"),
        ("99213-2559", "99213", "25 59"),
        ("9921325", "9921325", ""),
        ("99213-ABC", "99213-ABC", ""),
        ("99213 RT", "99213", "RT"),
        ("20610 LTRT", "20610", "LT RT"),
        ("99213-X1", "99213", "X1"),
        ("99213 x2", "99213 X2", ""),
        ("99213 - Office visit 25", "99213", ""),
    ],
)
def test_a_code_with_modifiers(
    line: Callable[..., dict[str, object]], cell: str, code: str, modifiers: str
) -> None:
    found = line({"CPT": cell, "Mod": ""})
    assert (found["code"], found["modifiers"]) == (code, modifiers)


def test_a_codes_modifiers_stand_before_the_columns(
    line: Callable[..., dict[str, object]],
) -> None:
    assert line({"CPT": "99213-25", "Mod": "57"})["modifiers"] == "25 57"
    assert line({"CPT": "99213-25", "Mod": "25"})["modifiers"] == "25"  # said twice, meant once
    assert line({"CPT": "99213", "Mod": "25,25"})["modifiers"] == "25 25"


# --- modifiers


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("", ""),
        ("--", ""),
        ("NONE", ""),
        ("00", ""),
        ("0", ""),
        ("00.0", ""),
        ("000", "000"),
        ("50", "50"),
        ("25", "25"),
        ("gt", "GT"),
        ("25.0", "25"),
        ("25,59", "25 59"),
        ("26-59", "26 59"),
        ("25 59", "25 59"),
        ("2559", "25 59"),
        ("LTRT", "LT RT"),
        ("F5,T9,59", "F5 T9 59"),
        ("255958XU", "25 59 58 XU"),
        ("1P", "1P"),
        # Not modifiers: kept in one piece, for MOD-FMT to flag.
        ("5", "5"),
        ("25X", "25X"),
        ("see note", "SEENOTE"),
        ("LEFT", "LEFT"),
        ("25, 5X9", "25 5X9"),
    ],
)
def test_modifiers_of_one_cell(
    line: Callable[..., dict[str, object]], cell: str, found: str
) -> None:
    assert line({"Mod": cell})["modifiers"] == found


def test_modifier_columns_close_their_gaps(read: Callable[..., Intake]) -> None:
    head = HEADER.replace("Mod", "Mod1,Mod2,Mod3,Mod4,Mod5")
    rows = [ROW.replace("25,1,120", cells + ",1,120") for cells in ("25,,59,,", ",,,,LT", ",,,,")]
    intake = read("\n".join([head, *rows]) + "\n")
    assert intake.lines["modifiers"].to_list() == ["25 59", "LT", ""]


def test_modifier_columns_of_one_name(read: Callable[..., Intake]) -> None:
    head, row = HEADER.replace("Mod", "Mod,Mod,Mod"), ROW.replace(",25,", ",25,,LT,")
    assert read(f"{head}\n{row}\n").lines["modifiers"].to_list() == ["25 LT"]


def test_an_unnumbered_modifier_is_the_first(read: Callable[..., Intake]) -> None:
    head, row = HEADER.replace("Mod", "Mod 3,Modifier,Mod 2"), ROW.replace(",25,", ",LT,25,59,")
    assert read(f"{head}\n{row}\n").lines["modifiers"].to_list() == ["25 59 LT"]


# --- other codes and identifiers


@pytest.mark.parametrize(
    ("header", "field", "cell", "found"),
    [
        ("POS", "place_of_service", "11", "11"),
        ("POS", "place_of_service", "11.0", "11"),
        ("POS", "place_of_service", "2", "02"),
        ("POS", "place_of_service", "Office", "OFFICE"),
        ("POS", "place_of_service", "", None),
        ("Rendering NPI", "rendering_npi", "1234567893.0", "1234567893"),
        ("Rendering NPI", "rendering_npi", "123 456 7893", "1234567893"),
        ("Rendering NPI", "rendering_npi", "12345", "12345"),
        ("Rendering NPI", "rendering_npi", "NULL", None),
        ("Tax ID", "tax_id", "12-3456789", "123456789"),
        ("Tax ID", "tax_id", "123-45", "123-45"),
        ("DX1", "diagnoses", "e11.65", "E1165"),
        ("Diagnosis", "diagnoses", "E11.65; I10,Z00.00", "E1165 I10 Z0000"),
        ("DX1", "diagnoses", "", ""),
        ("Dx Ptr", "diagnosis_pointers", "AC", "A C"),
        ("Dx Ptr", "diagnosis_pointers", "1:2", "1 2"),
        ("Dx Ptr", "diagnosis_pointers", "", None),
        ("Line", "line_number", "001", 1),
        ("Line", "line_number", "2.0", 2),
        ("Line", "line_number", "1A", None),
        ("Gender", "patient_sex", "female", "F"),
        ("Gender", "patient_sex", "1", "M"),
        ("Claim ID", "claim_id", "-100000486", "-100000486"),
        ("Claim ID", "claim_id", " 00123 ", "00123"),
        ("Claim ID", "claim_id", "123.0", "123"),
        ("Claim ID", "claim_id", "UNKNOWN", "UNKNOWN"),
        ("Patient ID", "patient_id", "0", "0"),
        ("Claim ID", "claim_id", "C\x00\x071", "C1"),
        ("Payer Sequence", "payer_sequence", "S", "secondary"),
        ("Claim Note", "claim_note", "=SUM(A1)", "=SUM(A1)"),
    ],
)
def test_cells_of_other_fields(
    line: Callable[..., dict[str, object]], header: str, field: str, cell: str, found: object
) -> None:
    assert line({header: cell})[field] == found


def test_diagnoses_in_order_without_gaps(read: Callable[..., Intake]) -> None:
    text = f"{HEADER},DX3,DX1,DX2\n{ROW},I10,E11.65,\n"
    assert read(text).lines["diagnoses"].to_list() == ["E1165 I10"]


def test_a_principal_diagnosis_is_not_said_twice(read: Callable[..., Intake]) -> None:
    text = f"{HEADER},DX1,DX2,Principal Diagnosis\n{ROW},I10,E11.65,I10\n{ROW},I10,,Z00.00\n"
    assert read(text).lines["diagnoses"].to_list() == ["I10 E1165", "Z0000 I10"]


def test_absent_columns_are_typed_nulls(read: Callable[..., Intake]) -> None:
    intake = read("Claim ID,Patient ID,NPI,DOS,CPT\nC1,P1,1234567893,2024-03-05,99213\n")
    line = intake.lines.row(0, named=True)
    assert line["modifiers"] == line["diagnoses"] == ""
    assert line["units"] is None
    assert intake.lines.schema["units"] == pl.Int64
    assert intake.lines.schema["patient_birth_date"] == pl.Date
    assert intake.fields_present == {
        "claim_id", "patient_id", "rendering_npi", "service_date_from", "code",
    }  # fmt: skip


# --- what exports write around a value


def test_a_code_column_with_descriptions_is_read(read: Callable[..., Intake]) -> None:
    head = HEADER.replace("CPT", "Service")  # a name that only the values prove
    rows = [ROW.replace("C1", f"C{n}").replace("99213", "99213 - Office visit") for n in range(12)]
    intake = read("\n".join([head, *rows]))
    assert set(intake.lines["code"]) == {"99213"}
    assert set(intake.lines["modifiers"]) == {"25"}
    assert set(intake.repairs["kind"]) == {"text behind the code cut off"}


@pytest.mark.parametrize("none", ["00", "0", "00.0"])
def test_no_modifier_is_told_as_a_word_for_nothing(read: Callable[..., Intake], none: str) -> None:
    rows = [ROW.replace(",25,", f",{none if n else 'LT'},") for n in range(12)]
    intake = read("\n".join([HEADER, *rows]))
    assert intake.lines["modifiers"].to_list() == ["LT", *[""] * 11]
    assert intake.repairs.select("field", "raw", "kind").unique().rows() == [
        ("modifiers", none, "a word for nothing: read as blank")
    ]
