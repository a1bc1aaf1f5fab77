"""One row a line, and wide rows that hold several."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from auditor.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake

BASE = "CLM_ID,BENE_ID,CLM_FROM_DT,CLM_THRU_DT"
CLAIM = "K1,P1,20240305,20240306"


def wide(columns: str, *rows: str) -> str:
    return "\n".join([f"{BASE},{columns}", *(f"{CLAIM},{row}" for row in rows)]) + "\n"


CODES = "HCPCS_CD_1,HCPCS_CD_2,HCPCS_CD_3,PRF_PHYSN_NPI_1,PRF_PHYSN_NPI_2,PRF_PHYSN_NPI_3"


def test_a_wide_row_gives_its_lines_with_gaps(read: Callable[..., Intake]) -> None:
    intake = read(wide(CODES, "99213,,20610,1234567893,,1234567891", "36415,,,1234567893,,"))
    assert intake.lines.select("source_row", "line_number", "code", "rendering_npi").rows() == [
        (2, 1, "99213", "1234567893"),
        (2, 3, "20610", "1234567891"),
        (3, 1, "36415", "1234567893"),
    ]
    assert str(intake.lines["service_date_to"][0]) == "2024-03-06"
    (file,) = intake.files
    assert (file.rows, file.lines_read, file.rejected) == (2, 3, 0)
    assert file.mapping["code"] == "HCPCS_CD_1, HCPCS_CD_2, HCPCS_CD_3"
    assert "line_number" in intake.fields_present


def test_a_slot_without_a_code_is_a_line_when_a_service_shows(
    read: Callable[..., Intake],
) -> None:
    columns = CODES + ",LINE_NCH_PMT_AMT_1,LINE_NCH_PMT_AMT_2,LINE_NCH_PMT_AMT_3"
    intake = read(
        wide(
            columns,
            "99213,,,1234567893,1234567891,,10.0,0.0,0.0",  # its own practitioner
            "99213,,,1234567893,,,10.0,0.0,7.5",  # an amount
            "99213,,,1234567893,,,10.0,0.0,$0.00",  # nothing
        )
    )
    assert intake.lines.height == 3
    assert intake.rejected.select("source_row", "reasons").rows() == [
        (2, "line 2 of the row: the procedure code is missing"),
        (3, "line 3 of the row: the procedure code is missing"),
    ]
    assert intake.rejected["claim_id"].to_list() == ["K1", "K1"]
    assert [str(d) for d in intake.rejected["service_date"]] == ["2024-03-05"] * 2


@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ("PLACE_OF_SERVICE_1,PLACE_OF_SERVICE_2", "11,11"),
        ("DOS_1,DOS_2", "20240305,20240305"),
        ("LINE_ICD9_DGNS_CD_1,LINE_ICD9_DGNS_CD_2", "4011,4011"),
        ("LINE_SRVC_CNT_1,LINE_SRVC_CNT_2", "1,0"),
        ("LINE_ALOWD_CHRG_AMT_1,LINE_ALOWD_CHRG_AMT_2", "90.0,0.0"),
    ],
)
def test_what_is_filled_in_for_every_slot_shows_no_service(
    read: Callable[..., Intake], columns: str, cells: str
) -> None:
    head = "HCPCS_CD_1,HCPCS_CD_2,NPI," + columns
    intake = read(wide(head, "99213,,1234567893," + cells))
    assert intake.files[0].lines_read == 1


def test_a_wide_row_without_a_line_is_one_rejected_row(read: Callable[..., Intake]) -> None:
    intake = read(wide(CODES, "99213,,,1234567893,,", ",,,,,", "99214,,,1234567893,,"))
    assert intake.rejected.select("source_row", "claim_id", "patient_id", "reasons").rows() == [
        (3, "K1", "P1", "the row holds no service line")
    ]
    assert intake.files[0].lines_read == 3


def test_diagnoses_of_the_claim_and_of_the_line(read: Callable[..., Intake]) -> None:
    columns = "CPT_1,CPT_2,NPI,DGNS_CD_1,DGNS_CD_2,LINE_DGNS_CD_1,LINE_DGNS_CD_2"
    columns = columns.replace("DGNS", "ICD9_DGNS")
    intake = read(wide(columns, "99213,20610,1234567893,4011,4019,4019,71946"))
    assert intake.lines["diagnoses"].to_list() == ["4019 4011", "71946 4011 4019"]


def test_one_modifier_a_slot(read: Callable[..., Intake]) -> None:
    intake = read(wide("CPT_1,CPT_2,NPI,MOD_1,MOD_2", "99213,20610,1234567893,25,RT"))
    assert intake.lines["modifiers"].to_list() == ["25", "RT"]


@pytest.mark.parametrize(
    "columns",
    [
        "CPT_1,CPT_2,CPT_3,NPI,MOD1_1,MOD2_1,MOD1_2,MOD2_2,MOD1_3,MOD2_3",  # second number: line
        "CPT_1,CPT_2,CPT_3,NPI,MOD_1_1,MOD_1_2,MOD_2_1,MOD_2_2,MOD_3_1,MOD_3_2",  # first: line
        "SV1_CPT,SV2_CPT,SV3_CPT,NPI,SV1_MOD1,SV1_MOD2,SV2_MOD1,SV2_MOD2,SV3_MOD1,SV3_MOD2",
    ],
)
def test_several_modifiers_a_slot(read: Callable[..., Intake], columns: str) -> None:
    intake = read(wide(columns, "99213,20610,36415,1234567893,25,57,RT,59,,XU"))
    assert intake.lines["modifiers"].to_list() == ["25 57", "RT 59", "XU"]


def test_two_numbers_that_could_both_be_the_line_are_asked_about(
    read: Callable[..., Intake],
) -> None:
    with pytest.raises(InputRejected, match="could each be the modifiers"):
        read(wide("CPT_1,CPT_2,NPI,MOD_1_1,MOD_1_2,MOD_2_1,MOD_2_2", "99213,,1234567893,25,,,"))


def test_more_modifiers_than_slots_are_asked_about(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected, match="could each be the modifiers"):
        read(wide("CPT_1,CPT_2,NPI,MOD_1,MOD_2,MOD_3", "99213,,1234567893,25,59,"))


def test_the_claims_value_stands_in_for_a_slots(read: Callable[..., Intake]) -> None:
    columns = "CPT_1,CPT_2,NPI,NPI_1,NPI_2,POS,POS_1,POS_2"
    intake = read(wide(columns, "99213,20610,1234567893,,1111111111,11,22, "))
    assert intake.lines.select("rendering_npi", "place_of_service").rows() == [
        ("1234567893", "22"),
        ("1111111111", "11"),
    ]


def test_a_single_numbered_code_is_a_line_a_row(read: Callable[..., Intake]) -> None:
    intake = read(wide("CPT_1,NPI,MOD_1,MOD_2,UNITS_1", "99213,1234567893,25,59,2"))
    line = intake.lines.row(0, named=True)
    assert (line["code"], line["modifiers"], line["units"]) == ("99213", "25 59", 2000)
    assert line["line_number"] is None


def test_the_raw_row_of_a_wide_line_is_the_whole_row(read: Callable[..., Intake]) -> None:
    intake = read(wide(CODES, "99213,,,1234567893,1234567891,"))
    raw = json.loads(intake.rejected["raw"][0])
    assert raw["CLM_ID"] == "K1"
    assert raw["PRF_PHYSN_NPI_2"] == "1234567891"
    assert raw["HCPCS_CD_2"] is None


def test_a_name_that_says_the_line_leaves_no_doubt(read: Callable[..., Intake]) -> None:
    columns = "LINE1_CPT,LINE2_CPT,NPI,LINE1_MOD1,LINE1_MOD2,LINE2_MOD1,LINE2_MOD2"
    intake = read(wide(columns, "99213,20610,1234567893,25,57,RT,"))
    assert intake.lines["modifiers"].to_list() == ["25 57", "RT"]


def test_numbered_columns_of_other_values_are_left_out_together(
    read: Callable[..., Intake],
) -> None:
    columns = "CPT_1,CPT_2,NPI,POS_1,POS_2,UNITS_1,UNITS_2"
    rows = ["99213,20610,1234567893,Office,Home,1,"] * 6  # the second slot alone is too little
    intake = read(wide(columns, *rows))
    (file,) = intake.files
    assert file.mapping["units"] == "UNITS_1, UNITS_2"
    assert "place_of_service" not in file.mapping
    said = "Columns 'POS_1', 'POS_2' are named like the place of service, but none of their values"
    assert any(note.startswith(said) for note in file.notes)


def test_slots_that_are_mostly_empty_are_judged_with_the_others(
    read: Callable[..., Intake],
) -> None:
    rows = ["99213,,1234567893,25,"] * 12 + ["99213,20610,1234567893,25,LEFT SIDE"] * 12
    intake = read(wide("CPT_1,CPT_2,NPI,MOD_1,MOD_2", *rows))
    assert intake.files[0].mapping["modifiers"] == "MOD_1, MOD_2"
