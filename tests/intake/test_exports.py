"""Whole files as their systems name the columns, read with no word said; all data are made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake


def table(head: str, *rows: str) -> str:
    return "\n".join([head, *rows]) + "\n"


CCLF5 = (
    "CUR_CLM_UNIQ_ID,CLM_LINE_NUM,BENE_MBI_ID,BENE_HIC_NUM,CLM_TYPE_CD,CLM_FROM_DT,CLM_THRU_DT,"
    "RNDRG_PRVDR_TYPE_CD,RNDRG_PRVDR_FIPS_ST_CD,CLM_PRVDR_SPCLTY_CD,CLM_FED_TYPE_SRVC_CD,"
    "CLM_POS_CD,CLM_LINE_FROM_DT,CLM_LINE_THRU_DT,CLM_LINE_HCPCS_CD,CLM_LINE_CVRD_PD_AMT,"
    "CLM_LINE_PRMRY_PYR_CD,CLM_LINE_DGNS_CD,CLM_RNDRG_PRVDR_TAX_NUM,RNDRG_PRVDR_NPI_NUM,"
    "CLM_CARR_PMT_DNL_CD,CLM_PRCSG_IND_CD,CLM_ADJSMT_TYPE_CD,CLM_EFCTV_DT,CLM_IDR_LD_DT,"
    "CLM_CNTL_NUM,BENE_EQTBL_BIC_HICN_NUM,CLM_LINE_ALOWD_CHRG_AMT,CLM_LINE_SRVC_UNIT_QTY,"
    "HCPCS_1_MDFR_CD,HCPCS_2_MDFR_CD,HCPCS_3_MDFR_CD,HCPCS_4_MDFR_CD,HCPCS_5_MDFR_CD,CLM_DISP_CD,"
    "CLM_DGNS_1_CD,CLM_DGNS_2_CD,CLM_DGNS_8_CD,CLM_DGNS_10_CD,CLM_DGNS_12_CD"
)


def cclf5(claim: str, adjustment: str, kind: str = "71") -> str:
    return (
        f"{claim},1,1AA0AA0AA00,,{kind},2024-03-05,2024-03-06,1,53,11,1,11,2024-03-05,2024-03-05,"
        f"99213,62.16,,I10,123456789,1234567893,1,A,{adjustment},2024-04-01,2024-04-02,"
        "77001,000000000A,77.70,1,25,,,,,01,I10,E119,,,M25561"
    )


def test_cclf_part_b(read: Callable[..., Intake]) -> None:
    rows = [cclf5("9001", "0"), cclf5("9002", "1"), cclf5("9003", "2"), cclf5("9004", "0", "40")]
    intake = read(table(CCLF5, *rows))
    (file,) = intake.files
    assert dict(file.mapping) == {
        "claim_id": "CUR_CLM_UNIQ_ID",
        "line_number": "CLM_LINE_NUM",
        "patient_id": "BENE_MBI_ID",
        "claim_type": "CLM_TYPE_CD",
        "claim_date_from": "CLM_FROM_DT",
        "specialty": "CLM_PRVDR_SPCLTY_CD",
        "place_of_service": "CLM_POS_CD",
        "service_date_from": "CLM_LINE_FROM_DT",
        "service_date_to": "CLM_LINE_THRU_DT",
        "code": "CLM_LINE_HCPCS_CD",
        "paid_amount": "CLM_LINE_CVRD_PD_AMT",
        "line_diagnosis": "CLM_LINE_DGNS_CD",
        "tax_id": "CLM_RNDRG_PRVDR_TAX_NUM",
        "rendering_npi": "RNDRG_PRVDR_NPI_NUM",
        "paid_status": "CLM_PRCSG_IND_CD",
        "adjustment_type": "CLM_ADJSMT_TYPE_CD",
        "payer_claim_id": "CLM_CNTL_NUM",
        "allowed_amount": "CLM_LINE_ALOWD_CHRG_AMT",
        "units": "CLM_LINE_SRVC_UNIT_QTY",
        "modifiers": "HCPCS_1_MDFR_CD, HCPCS_2_MDFR_CD, HCPCS_3_MDFR_CD, HCPCS_4_MDFR_CD,"
        " HCPCS_5_MDFR_CD",
        "diagnoses": "CLM_DGNS_1_CD, CLM_DGNS_2_CD, CLM_DGNS_8_CD, CLM_DGNS_10_CD, CLM_DGNS_12_CD",
    }
    assert intake.lines["claim_frequency"].to_list() == [None, "8", "7"]
    assert intake.lines["paid_status"].to_list() == ["paid"] * 3
    assert intake.set_aside.select("claim_id", "reason").rows() == [("9004", "institutional")]
    assert "claim_frequency" in intake.fields_present
    assert not file.notes


def test_cclf_before_the_medicare_beneficiary_identifier(read: Callable[..., Intake]) -> None:
    row = cclf5("9001", "0").replace("1AA0AA0AA00,", ",123456789A")
    assert read(table(CCLF5, row)).files[0].mapping["patient_id"] == "BENE_HIC_NUM"


def test_cms_research_carrier_lines(read: Callable[..., Intake]) -> None:
    head = (
        "BENE_ID|CLM_ID|NCH_CLM_TYPE_CD|CLM_FROM_DT|CLM_THRU_DT|CARR_CLM_PMT_DNL_CD|RFR_PHYSN_NPI|"
        "PRNCPAL_DGNS_CD|ICD_DGNS_CD1|ICD_DGNS_VRSN_CD1|ICD_DGNS_CD2|ICD_DGNS_VRSN_CD2|"
        "CARR_CLM_CNTL_NUM|CARR_CLM_BLG_NPI_NUM|LINE_NUM|PRF_PHYSN_NPI|ORG_NPI_NUM|TAX_NUM|"
        "PRVDR_SPCLTY|LINE_SRVC_CNT|LINE_PLACE_OF_SRVC_CD|LINE_1ST_EXPNS_DT|LINE_LAST_EXPNS_DT|"
        "HCPCS_CD|HCPCS_1ST_MDFR_CD|HCPCS_2ND_MDFR_CD|HCPCS_3RD_MDFR_CD|LINE_NCH_PMT_AMT|"
        "LINE_SBMTD_CHRG_AMT|LINE_ALOWD_CHRG_AMT|LINE_PRCSG_IND_CD|CARR_LINE_MTUS_CNT|"
        "LINE_ICD_DGNS_CD|LINE_NDC_CD|CARR_LINE_CLIA_LAB_NUM|DOB_DT|GNDR_CD"
    )
    row = (
        "-1001|-2002|71|05-MAR-2024|06-MAR-2024|1|1003000126|I10|I10|0|E119|0|77001|1003000126|1|"
        "1234567893|1003000126|123456789|11|1.0|11|05-MAR-2024|05-MAR-2024|99213|25|||62.16|"
        "120.00|77.70|A|1|I10|00002751001|01D0000001|12-JAN-1950|1"
    )
    intake = read(table(head, row))
    assert dict(intake.files[0].mapping) == {
        "patient_id": "BENE_ID",
        "claim_id": "CLM_ID",
        "claim_type": "NCH_CLM_TYPE_CD",
        "claim_date_from": "CLM_FROM_DT",
        "referring_npi": "RFR_PHYSN_NPI",
        "principal_diagnosis": "PRNCPAL_DGNS_CD",
        "diagnoses": "ICD_DGNS_CD1, ICD_DGNS_CD2",
        "payer_claim_id": "CARR_CLM_CNTL_NUM",
        "billing_npi": "CARR_CLM_BLG_NPI_NUM",
        "line_number": "LINE_NUM",
        "rendering_npi": "PRF_PHYSN_NPI",
        "tax_id": "TAX_NUM",
        "specialty": "PRVDR_SPCLTY",
        "units": "LINE_SRVC_CNT",
        "place_of_service": "LINE_PLACE_OF_SRVC_CD",
        "service_date_from": "LINE_1ST_EXPNS_DT",
        "service_date_to": "LINE_LAST_EXPNS_DT",
        "code": "HCPCS_CD",
        "modifiers": "HCPCS_1ST_MDFR_CD, HCPCS_2ND_MDFR_CD, HCPCS_3RD_MDFR_CD",
        "paid_amount": "LINE_NCH_PMT_AMT",
        "charge_amount": "LINE_SBMTD_CHRG_AMT",
        "allowed_amount": "LINE_ALOWD_CHRG_AMT",
        "paid_status": "LINE_PRCSG_IND_CD",
        "line_diagnosis": "LINE_ICD_DGNS_CD",
        "ndc": "LINE_NDC_CD",
        "clia_number": "CARR_LINE_CLIA_LAB_NUM",
        "patient_birth_date": "DOB_DT",
        "patient_sex": "GNDR_CD",
    }
    assert intake.lines["claim_id"].to_list() == ["-2002"]


def test_cms_data_repository_lines(read: Callable[..., Intake]) -> None:
    head = (
        "CLM_UNIQ_ID,BENE_SK,CLM_LINE_NUM,CLM_LINE_FROM_DT,CLM_LINE_THRU_DT,CLM_LINE_HCPCS_CD,"
        "HCPCS_1_MDFR_CD,CLM_LINE_SRVC_UNIT_QTY,CLM_LINE_SBMT_CHRG_AMT,CLM_LINE_ALOWD_CHRG_AMT,"
        "CLM_LINE_PRVDR_PMT_AMT,CLM_POS_CD,CLM_RNDRG_PRVDR_NPI_NUM,CLM_BLG_PRVDR_NPI_NUM,"
        "CLM_RNDRG_FED_PRVDR_SPCLTY_CD,CLM_LINE_DGNS_CD,CLM_LINE_NDC_CD"
    )
    row = "81,7,1,2024-03-05,2024-03-05,99213,25,1,120,77.7,62.16,11,1234567893,1003000126,11,I10,~"
    assert dict(read(table(head, row)).files[0].mapping) == {
        "claim_id": "CLM_UNIQ_ID",
        "patient_id": "BENE_SK",
        "line_number": "CLM_LINE_NUM",
        "service_date_from": "CLM_LINE_FROM_DT",
        "service_date_to": "CLM_LINE_THRU_DT",
        "code": "CLM_LINE_HCPCS_CD",
        "modifiers": "HCPCS_1_MDFR_CD",
        "units": "CLM_LINE_SRVC_UNIT_QTY",
        "charge_amount": "CLM_LINE_SBMT_CHRG_AMT",
        "allowed_amount": "CLM_LINE_ALOWD_CHRG_AMT",
        "paid_amount": "CLM_LINE_PRVDR_PMT_AMT",
        "place_of_service": "CLM_POS_CD",
        "rendering_npi": "CLM_RNDRG_PRVDR_NPI_NUM",
        "billing_npi": "CLM_BLG_PRVDR_NPI_NUM",
        "specialty": "CLM_RNDRG_FED_PRVDR_SPCLTY_CD",
        "line_diagnosis": "CLM_LINE_DGNS_CD",
        "ndc": "CLM_LINE_NDC_CD",
    }


def test_de_synpuf(read: Callable[..., Intake]) -> None:
    several = (
        "PRF_PHYSN_NPI", "TAX_NUM", "HCPCS_CD", "LINE_NCH_PMT_AMT", "LINE_BENE_PTB_DDCTBL_AMT",
        "LINE_ALOWD_CHRG_AMT", "LINE_PRCSG_IND_CD", "LINE_ICD9_DGNS_CD",
    )  # fmt: skip
    head = "DESYNPUF_ID,CLM_ID,CLM_FROM_DT,CLM_THRU_DT,ICD9_DGNS_CD_1,ICD9_DGNS_CD_2," + ",".join(
        f"{name}_{n}" for name in several for n in (1, 2)
    )
    row = (
        "00AB,801,20080305,20080305,4011,V5861,1000000001,1000000002,123456789,987654321,99213,"
        "85610,50.0,0.0,0.0,0.0,60.0,0.0,A,A,4011,V5861"
    )
    intake = read(table(head, row))
    assert dict(intake.files[0].mapping) == {
        "patient_id": "DESYNPUF_ID",
        "claim_id": "CLM_ID",
        "service_date_from": "CLM_FROM_DT",
        "service_date_to": "CLM_THRU_DT",
        "diagnoses": "ICD9_DGNS_CD_1, ICD9_DGNS_CD_2",
        "rendering_npi": "PRF_PHYSN_NPI_1, PRF_PHYSN_NPI_2",
        "tax_id": "TAX_NUM_1, TAX_NUM_2",
        "code": "HCPCS_CD_1, HCPCS_CD_2",
        "paid_amount": "LINE_NCH_PMT_AMT_1, LINE_NCH_PMT_AMT_2",
        "allowed_amount": "LINE_ALOWD_CHRG_AMT_1, LINE_ALOWD_CHRG_AMT_2",
        "paid_status": "LINE_PRCSG_IND_CD_1, LINE_PRCSG_IND_CD_2",
        "line_diagnosis": "LINE_ICD9_DGNS_CD_1, LINE_ICD9_DGNS_CD_2",
    }
    assert intake.lines.select("line_number", "rendering_npi", "diagnoses").rows() == [
        (1, "1000000001", "4011 V5861"),
        (2, "1000000002", "V5861 4011"),
    ]


def test_tuva(read: Callable[..., Intake]) -> None:
    head = (
        "claim_id,claim_line_number,claim_type,person_id,member_id,payer,plan,claim_start_date,"
        "claim_end_date,claim_line_start_date,claim_line_end_date,place_of_service_code,"
        "bill_type_code,revenue_center_code,service_unit_quantity,hcpcs_code,hcpcs_modifier_1,"
        "hcpcs_modifier_2,rendering_npi,rendering_tin,billing_npi,facility_npi,paid_date,"
        "paid_amount,allowed_amount,charge_amount,diagnosis_code_type,diagnosis_code_1,"
        "diagnosis_code_2,diagnosis_poa_1,procedure_code_type,procedure_code_1,procedure_date_1,"
        "data_source"
    )
    row = (
        "1,1,professional,77,M77,medicare,medicare,2024-03-01,2024-03-09,2024-03-05,2024-03-05,11,"
        ",,1,99213,25,,1234567893,123456789,1003000126,,2024-04-01,62.16,77.70,120.00,icd-10-cm,"
        "I10,,Y,icd-10-pcs,4A00X4Z,2024-03-05,cclf"
    )
    assert dict(read(table(head, row)).files[0].mapping) == {
        "claim_id": "claim_id",
        "line_number": "claim_line_number",
        "claim_type": "claim_type",
        "patient_id": "person_id",
        "payer": "payer",
        "claim_date_from": "claim_start_date",
        "service_date_from": "claim_line_start_date",
        "service_date_to": "claim_line_end_date",
        "place_of_service": "place_of_service_code",
        "bill_type": "bill_type_code",
        "revenue_code": "revenue_center_code",
        "units": "service_unit_quantity",
        "code": "hcpcs_code",
        "modifiers": "hcpcs_modifier_1, hcpcs_modifier_2",
        "rendering_npi": "rendering_npi",
        "tax_id": "rendering_tin",
        "billing_npi": "billing_npi",
        "paid_amount": "paid_amount",
        "allowed_amount": "allowed_amount",
        "charge_amount": "charge_amount",
        "diagnoses": "diagnosis_code_1, diagnosis_code_2",
    }


def test_omop_procedures(read: Callable[..., Intake]) -> None:
    head = (
        "procedure_occurrence_id,person_id,procedure_concept_id,procedure_date,procedure_datetime,"
        "procedure_end_date,procedure_type_concept_id,modifier_concept_id,quantity,provider_id,"
        "provider_npi,visit_occurrence_id,visit_detail_id,procedure_source_value,"
        "procedure_source_concept_id,modifier_source_value"
    )
    row = (
        "5001,77,2414397,2024-03-05,2024-03-05 10:00:00,2024-03-05,32810,0,1,12,1234567893,901,"
        "902,99213,2414397,25"
    )
    (file,) = read(table(head, row)).files
    assert dict(file.mapping) == {
        "claim_id": "visit_occurrence_id",
        "patient_id": "person_id",
        "service_date_from": "procedure_date",
        "service_date_to": "procedure_end_date",
        "units": "quantity",
        "rendering_npi": "provider_npi",
        "code": "procedure_source_value",
        "modifiers": "modifier_source_value",
    }


def test_a_practice_management_list(read: Callable[..., Intake]) -> None:
    head = (
        "Acct #,Patient Name,Visit #,Svc Date,Proc,Proc Desc,Mods,Qty,Chg Amt,Prov NPI,Provider,"
        "Facility POS,Ins Name,Fin Class,Diag 1,Diag 2"
    )
    row = (
        '1007,"Doe, Jane",V55,03/25/2024,99213,Visit,"25,59",1,$120.00,1234567893,"House, G",11,'
        "Blue Cross,Commercial,I10,"
    )
    intake = read(table(head, row))
    assert dict(intake.files[0].mapping) == {
        "patient_id": "Acct #",
        "claim_id": "Visit #",
        "service_date_from": "Svc Date",
        "code": "Proc",
        "modifiers": "Mods",
        "units": "Qty",
        "charge_amount": "Chg Amt",
        "rendering_npi": "Prov NPI",
        "place_of_service": "Facility POS",
        "payer": "Ins Name",
        "line_of_business": "Fin Class",
        "diagnoses": "Diag 1, Diag 2",
    }
    assert intake.lines["modifiers"].to_list() == ["25 59"]
    assert intake.lines["line_of_business"].to_list() == ["commercial"]


def test_another_practice_management_list(read: Callable[..., Intake]) -> None:
    head = (
        "Chart No.,Ticket #,From DOS,To DOS,CPT Code,Modifier 1,Modifier 2,Units,Total Charges,"
        "Charges,Rendering Provider NPI,Rendering Provider,Billing Provider NPI,POS,POS Name,"
        "Primary Insurance,ICD 1,ICD 2,DX Ptr"
    )
    row = (
        "88,T1,03/25/2024,03/25/2024,99213,25,,1,300.00,120.00,1234567893,House,1003000126,11,"
        "Office,Aetna,I10,,A"
    )
    assert dict(read(table(head, row)).files[0].mapping) == {
        "patient_id": "Chart No.",
        "claim_id": "Ticket #",
        "service_date_from": "From DOS",
        "service_date_to": "To DOS",
        "code": "CPT Code",
        "modifiers": "Modifier 1, Modifier 2",
        "units": "Units",
        "charge_amount": "Charges",
        "rendering_npi": "Rendering Provider NPI",
        "billing_npi": "Billing Provider NPI",
        "place_of_service": "POS",
        "payer": "Primary Insurance",
        "diagnoses": "ICD 1, ICD 2",
        "diagnosis_pointers": "DX Ptr",
    }


def test_a_list_with_the_practitioner_in_a_column_of_numbers(read: Callable[..., Intake]) -> None:
    head = "Encounter #,Patient Acct No,Date of Svc,Charge Code,Rendering Provider,Place of Service"
    row = "E1,88,03/25/2024,99213,1234567893,11"
    assert dict(read(table(head, row)).files[0].mapping) == {
        "claim_id": "Encounter #",
        "patient_id": "Patient Acct No",
        "service_date_from": "Date of Svc",
        "code": "Charge Code",
        "rendering_npi": "Rendering Provider",
        "place_of_service": "Place of Service",
    }
