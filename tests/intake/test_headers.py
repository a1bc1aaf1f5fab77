"""Header names: what they are recognised as, what they are not, what happens in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.errors import ConfigError, InputRejected
from auditor.intake import IntakeOptions, header, names, read_claims

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"


def table(head: str, *rows: str) -> str:
    return "\n".join([head, *rows]) + "\n"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("CLM_ID", "claim_id"),
        ("Claim Number", "claim_id"),
        ("claim_line_number", "line_number"),
        ("LINE_NUM", "line_number"),
        ("DESYNPUF_ID", "patient_id"),
        ("member_id", "patient_id"),
        ("dos", "service_date_from"),
        ("LINE_1ST_EXPNS_DT", "service_date_from"),
        ("claim_line_end_date", "service_date_to"),
        ("CLM_THRU_DT", "claim_date_to"),
        ("hcpcs_code", "code"),
        ("CPT4", "code"),
        ("Proc Code", "code"),
        ("Submitted CPT", "code"),
        ("service_unit_quantity", "units"),
        ("LINE_SRVC_CNT", "units"),
        ("Billed Amt", "charge_amount"),
        ("LINE_SBMTD_CHRG_AMT", "charge_amount"),
        ("PRF_PHYSN_NPI", "rendering_npi"),
        ("NPI", "rendering_npi"),
        ("Billing Provider NPI", "billing_npi"),
        ("Referring NPI", "referring_npi"),
        ("place_of_service_code", "place_of_service"),
        ("LINE_PLACE_OF_SRVC_CD", "place_of_service"),
        ("RCPT_DT", "received_date"),
        ("Line of Business", "line_of_business"),
        ("Bill Frequency Code", "claim_frequency"),
        ("Quantity_Sign", "units_sign"),
        ("Charge $", "charge_amount"),
        ("Billed $", "charge_amount"),
        ("Visit Date", "service_date_from"),
        ("Units (Qty)", "units"),
        ("PROCEDURE_QUANTITY", "units"),
        ("Resub Code", "claim_frequency"),
        ("Bill Type Frequency", "claim_frequency"),
        ("Claim Freq Cd", "claim_frequency"),
    ],
)
def test_names_that_are_known(name: str, field: str) -> None:
    assert names.matches(name)[0].field == field
    assert names.matches(name)[0].number is None


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("hcpcs_modifier_1", 1),
        ("HCPCS_1ST_MDFR_CD", 1),
        ("HCPCS_2ND_MDFR_CD", 2),
        ("PROC_MDFR_1_CD", 1),
        ("Mod 3", 3),
        ("MOD4", 4),
        ("Modifier Two", 2),
        ("First Modifier", 1),
        ("Procedure Code Modifier 1", 1),
        ("MOD A", 1),
        ("Mod D", 4),
        ("Modifier_B", 2),
        ("1st Mod", 1),
        ("4th Mod", 4),
        ("2nd Modifier", 2),
        ("PX_MOD1", 1),
        ("M1", 1),
        ("M4", 4),
        ("Modifier", None),
        ("Modifiers", None),
        ("Procedure Modifier Code", None),
    ],
)
def test_names_of_modifiers(name: str, number: int | None) -> None:
    (match,) = names.matches(name)
    assert (match.field, match.number) == ("modifiers", number)


@pytest.mark.parametrize(
    "name",
    [
        "PCP_TAX_ID", "CPTII", "MODEL", "MOD_REDUC_AMT", "BUSINESS_UNIT", "GROUP_UNIT", "LNAME",
        "POST_DATE", "ICD9_PROC_CODE_1", "UB_SURG", "PCP_NPI", "Attending NPI", "Facility NPI",
        "diagnosis_poa_1", "ICD_DGNS_VRSN_CD1", "procedure_date_1", "revenue_description",
        "M", "MODEL A",
        "MODE", "MOD E", "5th", "1nd Mod", "From Place", "Total Charge Count", "MI", "PX",
        "CLM_PMT_AMT", "Patient First", "", "(column 3)",
    ],
)  # fmt: skip
def test_false_friends_are_refused(name: str) -> None:
    assert names.matches(name) == ()


def test_line_of_business_is_no_line_number(read: Callable[..., Intake]) -> None:
    intake = read(table(HEADER.replace("Line", "Line of Business"), ROW.replace("C1,1", "C1,9")))
    assert intake.lines["line_number"].to_list() == [None]


def test_the_header_is_found_below_lead_rows(read: Callable[..., Intake]) -> None:
    lead = ["Claim detail,,,,,,,,", "Run,2024-04-01,,,,,,,", "Claim,Line,,,,,,,"]
    intake = read(table("\n".join([*lead, *[""] * 20, HEADER]), ROW))
    assert intake.files[0].header_row == 24
    assert intake.lines["source_row"].to_list() == [25]


def test_no_header_is_an_error_that_shows_no_cell(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected, match="No header row") as error:
        read(table(ROW.replace("P1", "Smith"), ROW))
    assert "Smith" not in str(error.value)
    assert "--map" in str(error.value)


def test_a_header_below_thirty_rows_is_not_looked_for(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected, match="No header row"):
        read(table("\n".join(["Report"] * 30 + [HEADER]), ROW))


def test_unknown_names_are_shown_with_what_was_probably_meant(
    read: Callable[..., Intake],
) -> None:
    text = table(HEADER.replace("CPT", "Procedur Code").replace("Patient ID", "Who"), ROW)
    with pytest.raises(InputRejected) as error:
        read(text)
    said = str(error.value)
    assert "claims.csv" in said
    assert "procedure code (code)" in said
    assert "patient or member id (patient_id)" in said
    assert "Procedur Code, Mod" in said
    assert "--map code='Procedur Code'" in said
    intake = read(text, columns={"code": "Procedur Code", "patient_id": "who"})
    assert intake.lines.row(0, named=True)["code"] == "99213"
    assert intake.files[0].mapping["code"] == "Procedur Code"


@pytest.mark.parametrize(
    ("missing", "word"),
    [
        ("Claim ID", "claim_id"),
        ("Patient ID", "patient_id"),
        ("DOS", "service_date_from"),
        ("CPT", "code"),
        ("Rendering NPI", "rendering_npi"),
    ],
)
def test_every_required_field_is_asked_for(
    read: Callable[..., Intake], missing: str, word: str
) -> None:
    with pytest.raises(InputRejected, match=f"No column was recognised for: .*{word}") as error:
        read(table(HEADER.replace(missing, "Xyzzy"), ROW))
    assert f"--map {word}=" in str(error.value)


def test_the_billing_npi_may_stand_alone(read: Callable[..., Intake]) -> None:
    intake = read(table(HEADER.replace("Rendering NPI", "Billing NPI"), ROW))
    assert intake.lines["billing_npi"].to_list() == ["1234567893"]
    assert intake.lines["rendering_npi"].to_list() == [None]
    assert "rendering_npi" not in intake.fields_present


def test_npi_roles_are_kept_apart(read: Callable[..., Intake]) -> None:
    intake = read(
        table(
            HEADER + ",Billing NPI,Referring NPI,Attending NPI",
            ROW + ",1111111111,1222222222,1333333333",
        )
    )
    line = intake.lines.row(0, named=True)
    assert line["rendering_npi"] == "1234567893"
    assert line["billing_npi"] == "1111111111"
    assert line["referring_npi"] == "1222222222"
    assert intake.files[0].unused == ("Attending NPI",)


# --- --map


def test_an_unknown_field_or_column_is_named_with_suggestions(
    read: Callable[..., Intake],
) -> None:
    with pytest.raises(ConfigError, match=r"no field 'unit'.*units"):
        read(table(HEADER, ROW), columns={"unit": "Units"})
    with pytest.raises(ConfigError, match=r"no column 'Unit' for --map units=Unit\..*Units"):
        read(table(HEADER, ROW), columns={"units": "Unit"})


def test_map_takes_a_column_away_from_its_own_field(read: Callable[..., Intake]) -> None:
    intake = read(table(HEADER, ROW), columns={"claim_note": "Mod"})
    line = intake.lines.row(0, named=True)
    assert (line["claim_note"], line["modifiers"]) == ("25", "")
    assert "modifiers" not in intake.fields_present


def test_map_names_several_columns_for_a_list(read: Callable[..., Intake]) -> None:
    intake = read(table(HEADER + ",A,B", ROW + ",59,LT"), columns={"modifiers": "A, B"})
    assert intake.lines["modifiers"].to_list() == ["59 LT"]


def test_map_finds_a_header_of_unknown_names(read: Callable[..., Intake]) -> None:
    mapped = dict(
        zip(
            ("claim_id", "patient_id", "rendering_npi", "service_date_from", "code"),
            "abcde",
            strict=True,
        )
    )
    intake = read(table("a,b,c,d,e", "C1,P1,1234567893,2024-03-05,99213"), columns=mapped)
    assert intake.lines["code"].to_list() == ["99213"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Subscriber ID", "members of one family"),
        ("Patient Account Number", "one patient may have several"),
        ("Member ID", ""),
    ],
)
def test_ids_that_are_not_quite_the_patients_are_said(
    read: Callable[..., Intake], header: str, said: str
) -> None:
    (file,) = read(table(HEADER.replace("Patient ID", header), ROW)).files
    assert len(file.notes) == bool(said)
    assert all(said in note for note in file.notes)


def test_a_description_beside_a_code_is_not_asked_about(read: Callable[..., Intake]) -> None:
    head = HEADER + ",POS,Place of Service,DX1,Diagnosis,Specialty,Specialty Code,Payer,Payer Name"
    row = ROW + ",11,Office,I10,Hypertension,Cardiology,06,AET,Aetna"
    line = read(table(head, row)).lines.row(0, named=True)
    assert (line["place_of_service"], line["diagnoses"]) == ("11", "I10")
    assert (line["specialty"], line["payer"]) == ("06", "Aetna")


def test_unknown_names_are_told_from_those_that_were_not_needed(
    read: Callable[..., Intake],
) -> None:
    (file,) = read(table(HEADER + ",Attending NPI,CPT4_1,Cnt", ROW + ",,,3")).files
    assert set(file.unused) == {"Attending NPI", "CPT4_1", "Cnt"}
    assert file.unneeded == ("CPT4_1",)


ODD = "Claim Ident,Chart ID,Doc NPI,Serviced On,Svc Cd,Nm,Mod,POS"
ODD_ROW = "A1,007,1234567893,2025-11-03,99213,DOE,,11"


def test_of_several_files_one_may_have_the_mapped_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(HEADER, ROW))
    (tmp_path / "b.csv").write_text(table(HEADER.replace("CPT", "Dienst"), ROW))
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    intake = read_claims(paths, IntakeOptions(columns={"code": "Dienst"}))
    assert intake.lines["code"].to_list() == ["99213", "99213"]
    with pytest.raises(ConfigError, match="None of the files has a column 'Dients'"):
        read_claims(paths, IntakeOptions(columns={"code": "Dienst", "units": "Dients"}))
    with pytest.raises(ConfigError, match="no column 'Dienst'"):
        read_claims(paths[:1], IntakeOptions(columns={"code": "Dienst"}))


def test_no_column_is_suggested_twice_or_against_its_values(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected) as error:
        read(table(ODD, ODD_ROW))
    assert error.value.next_step.startswith(
        "Did you mean --map claim_id='Claim Ident' --map patient_id='Chart ID'"
        " --map service_date_from='Serviced On' --map code='Svc Cd' --map rendering_npi='Doc NPI'? "
    )
    assert "DOE" not in str(error.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [("2025-11-03", "99213"), ("99213", "office visit"), ("1234567893", "Dr House")],
)
def test_a_column_of_other_values_is_not_suggested(
    read: Callable[..., Intake], old: str, new: str
) -> None:
    column = dict(zip(ODD_ROW.split(","), ODD.split(","), strict=True))[old]
    with pytest.raises(InputRejected) as error:
        read(table(ODD, ODD_ROW.replace(old, new)))
    assert f"'{column}'" not in error.value.next_step
    assert error.value.next_step.count("--map") == 5  # four of five, and the first as example


def test_names_are_made_unique() -> None:
    assert header.unique(["Mod", "", " Mod", "Mod (2)", "A\nB"]) == (
        "Mod",
        "(column 2)",
        "Mod (3)",
        "Mod (2)",
        "A B",
    )
