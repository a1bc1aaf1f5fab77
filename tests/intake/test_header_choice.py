"""Which of several columns serves a field, and which are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"


def table(head: str, *rows: str) -> str:
    return "\n".join([head, *rows]) + "\n"


def test_submitted_is_preferred_to_allowed(read: Callable[..., Intake]) -> None:
    intake = read(
        table(
            HEADER.replace("Units", "Allowed Units") + ",Submitted Units,Allowed CPT,Approved Amt",
            ROW + ",3,99212,80.00",
        )
    )
    line = intake.lines.row(0, named=True)
    assert (line["units"], line["code"], line["charge_amount"]) == (3000, "99213", 12000)
    assert line["allowed_amount"] == 8000


def test_line_dates_are_preferred_to_claim_dates(read: Callable[..., Intake]) -> None:
    head = HEADER.replace("DOS", "CLM_FROM_DT,LINE_1ST_EXPNS_DT,CLM_THRU_DT")
    intake = read(table(head, ROW.replace("2024-03-05", "2024-03-01,2024-03-05,2024-03-31")))
    line = intake.lines.row(0, named=True)
    assert str(line["service_date_from"]) == "2024-03-05"
    assert str(line["service_date_to"]) == "2024-03-05"


def test_claim_dates_serve_where_there_are_no_others(read: Callable[..., Intake]) -> None:
    head = HEADER.replace("DOS", "CLM_FROM_DT,CLM_THRU_DT")
    intake = read(table(head, ROW.replace("2024-03-05", "2024-03-01,2024-03-04")))
    line = intake.lines.row(0, named=True)
    assert str(line["service_date_from"]) == "2024-03-01"
    assert str(line["service_date_to"]) == "2024-03-04"


def test_columns_that_differ_are_an_error_with_the_way_out(read: Callable[..., Intake]) -> None:
    text = table(HEADER + ",Procedure Code", ROW + ",99214", ROW + ",99213")
    with pytest.raises(InputRejected) as error:
        read(text)
    assert "'CPT', 'Procedure Code' could each be the procedure code" in str(error.value)
    assert "--map code='CPT'" in str(error.value)
    assert "99214" not in str(error.value)
    intake = read(text, columns={"code": "Procedure Code"})
    assert intake.lines["code"].to_list() == ["99214", "99213"]


def test_columns_that_agree_are_one(read: Callable[..., Intake]) -> None:
    intake = read(table(HEADER + ",Procedure Code", ROW + ",99213"))
    assert intake.lines["code"].to_list() == ["99213"]
    assert any("'Procedure Code' says the same" in note for note in intake.files[0].notes)


def test_a_blank_column_is_no_candidate(read: Callable[..., Intake]) -> None:
    intake = read(table(HEADER + ",Procedure Code,Claim Number", ROW + ",,  "))
    assert intake.lines["code"].to_list() == ["99213"]
    assert intake.lines["claim_id"].to_list() == ["C1"]


def test_two_claim_ids_that_tell_the_same_claims_apart(read: Callable[..., Intake]) -> None:
    rows = [ROW + ",77", ROW + ",77", ROW.replace("C1", "C2") + ",78"]
    assert read(table(HEADER + ",Claim Number", *rows)).lines["claim_id"].to_list() == [
        "C1",
        "C1",
        "C2",
    ]
    rows[1] = ROW + ",78"
    with pytest.raises(InputRejected, match="could each be the claim id"):
        read(table(HEADER + ",Claim Number", *rows))


def test_an_icn_is_the_claim_id_only_where_nothing_better_is(
    read: Callable[..., Intake],
) -> None:
    line = read(table(HEADER + ",ICN", ROW + ",20240001")).lines.row(0, named=True)
    assert (line["claim_id"], line["payer_claim_id"]) == ("C1", "20240001")
    line = read(table(HEADER.replace("Claim ID", "ICN"), ROW)).lines.row(0, named=True)
    assert (line["claim_id"], line["payer_claim_id"]) == ("C1", None)


def test_the_same_name_twice(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected, match=r"'DOS', 'DOS \(2\)' could each be the date"):
        read(table(HEADER + ",DOS", ROW + ",2024-03-06"))
    assert read(table(HEADER + ",DOS", ROW + ",2024-03-05")).lines.height == 1
    intake = read(
        table(HEADER + ",DOS", ROW + ",2024-03-06"), columns={"service_date_from": "DOS (2)"}
    )
    assert str(intake.lines["service_date_from"][0]) == "2024-03-06"


def test_icd_procedure_columns_are_not_the_code(read: Callable[..., Intake]) -> None:
    # As in the Tuva data model: procedure_code_1 is ICD-10-PCS, hcpcs_code the CPT.
    text = table(HEADER.replace("CPT", "hcpcs_code") + ",procedure_code_1", ROW + ",4A00X4Z")
    assert read(text).lines["code"].to_list() == ["99213"]
    for head in ("procedure_code", "procedure_code_1"):
        text = table(HEADER.replace("CPT", head), ROW.replace("99213", "4A00X4Z"))
        with pytest.raises(InputRejected, match="ICD procedure codes, not CPT"):
            read(text)


def test_side_columns_do_not_make_a_file_wide(read: Callable[..., Intake]) -> None:
    intake = read(table(HEADER + ",CPT4_1,CPT4_2,CPTII", ROW + ",99214,20610,0001F"))
    assert intake.lines["code"].to_list() == ["99213"]
    assert intake.files[0].unused == ("CPT4_1", "CPT4_2", "CPTII")
