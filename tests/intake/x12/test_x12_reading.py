"""Which field of a claim line comes from which segment, and what must not reach it."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from x12_build import (
    HEADER,
    NPI,
    claim,
    dependent,
    group,
    interchange,
    one,
    provider,
    service,
    subscriber,
    transaction,
    usual,
    written,
)

from auditor.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake


def column(intake: Intake, name: str) -> list[object]:
    return intake.lines[name].to_list()


# --- the fields


def test_every_field_of_a_line(read_x12: Callable[..., Intake]) -> None:
    text = one(
        provider(more="PRV*BI*PXC*203BF0100Y"),
        subscriber(sbr="SBR*S*18*******MB", member="M1"),
        claim(
            "C-1",
            service(
                1, "HC:J1100:25:59:RT:LT:text", "REF*X4*11D1111111", "NTE*ADD*LINE NOTE",
                "LIN**N4*00026063512", "CTP****10*ML", "NM1*82*1*B*****XX*1999999984",
                "PRV*PE*PXC*207Q00000X", "NM1*DN*1*C*****XX*1888888885",
                charge="53.37", units="UN*1.5", place="22", pointers="2:1",
                day="RD8*20240103-20240105",
            ),
            frequency="7",
            more=("REF*F8*PAYER-9", "REF*X4*10D1010101", "NTE*ADD*CLAIM NOTE"),
        ),
    )  # fmt: skip
    intake = read_x12(text)
    assert intake.lines.drop("claim_dates", "line_key").row(0, named=True) == {
        "source_file": "claims.837", "source_row": 27, "claim_id": "C-1", "line_number": 1,
        "patient_id": "M1", "patient_birth_date": date(1973, 5, 1), "patient_sex": "F",
        "payer": "KEY INSURANCE", "payer_sequence": "secondary", "line_of_business": "medicare",
        "claim_frequency": "7", "original_claim_id": "PAYER-9", "payer_claim_id": None,
        "rendering_npi": "1999999984", "billing_npi": NPI, "referring_npi": "1888888885",
        "tax_id": "587654321", "specialty": "207Q00000X", "clia_number": "11D1111111",
        "service_date_from": date(2024, 1, 3), "service_date_to": date(2024, 1, 5),
        "received_date": None, "place_of_service": "22", "code": "J1100",
        "modifiers": "25 59 RT LT", "units": 1500, "charge_amount": 5337, "allowed_amount": None,
        "sign_untold": None, "paid_amount": None, "paid_status": None, "diagnoses": "J020 Z1159",
        "diagnosis_pointers": "2 1", "ndc": "00026063512", "claim_note": "CLAIM NOTE; LINE NOTE",
    }  # fmt: skip
    assert text.splitlines()[26].startswith("SV1")
    assert intake.repairs.is_empty()


def test_what_the_report_shows_of_the_file(read_x12: Callable[..., Intake]) -> None:
    (file,) = read_x12(usual()).files
    assert (file.encoding, file.delimiter, file.header_row) == ("837P", "", 0)
    assert file.mapping["code"] == "SV101-2 procedure"
    assert file.mapping["modifiers"].startswith("SV101-3 modifier 1, SV101-4 modifier 2")
    assert file.unneeded == file.unused  # nothing of it waits for --map
    assert len(file.notes) == 1
    assert "Rows are segments" in file.notes[0]
    assert file.warnings == ()


def test_the_lines_own_place_practitioner_and_clia_come_first(
    read_x12: Callable[..., Intake],
) -> None:
    of_claim = (
        "REF*X4*10D1010101", "NM1*DN*1*C*****XX*1888888885", "NM1*82*1*A*****XX*1777777776",
        "PRV*PE*PXC*208D00000X",
    )  # fmt: skip
    own = service(2, "HC:99214", "REF*X4*11D1111111", "NM1*82*1*B*****XX*1999999984", place="22")
    intake = read_x12(
        one(
            provider(more="PRV*BI*PXC*203BF0100Y"),
            subscriber(),
            claim("C1", service(1), own, service(3), more=of_claim),
            claim("C2"),
        )
    )
    assert column(intake, "place_of_service") == ["11", "22", "11", "11"]
    assert column(intake, "rendering_npi") == ["1777777776", "1999999984", "1777777776", None]
    assert column(intake, "clia_number") == ["10D1010101", "11D1111111", "10D1010101", None]
    assert column(intake, "referring_npi") == ["1888888885"] * 3 + [None]
    # The claim's practitioner's taxonomy is not that of the line's own one.
    assert column(intake, "specialty") == [
        "208D00000X", "203BF0100Y", "208D00000X", "203BF0100Y",
    ]  # fmt: skip


def test_a_practitioner_without_an_npi_is_not_taken_for_the_claims(
    read_x12: Callable[..., Intake],
) -> None:
    own = service(1, "HC:99213", "NM1*82*1*B", "REF*G2*12345")
    intake = read_x12(usual(claim("C1", own, more=("NM1*82*1*A*****XX*1777777776",))))
    assert column(intake, "rendering_npi") == [None]
    assert column(intake, "billing_npi") == [NPI]
    assert column(read_x12(usual().replace("XX*" + NPI, "24*" + NPI)), "billing_npi") == [None]


def test_other_payers_loops_say_nothing_of_this_claim(read_x12: Callable[..., Intake]) -> None:
    other = (
        "NM1*82*1*A*****XX*1777777776", "SBR*P*01*******MC", "CAS*CO*45*10", "AMT*D*80",
        "OI***Y*P**Y", "NM1*IL*1*ROE*CAROL****MI*OTHER", "NM1*PR*2*OTHER PAYER*****PI*1",
        "REF*F8*OTHERS", "REF*X4*99D9999999", "DMG*D8*19010101*M",
        "NM1*82*1*A*****XX*1888888885", "PRV*PE*PXC*999999999X",
        "NM1*DN*1*A*****XX*1888888885", "NTE*ADD*OTHERS",
    )  # fmt: skip
    line = service(1, "HC:99213", "SVD*1*80*HC:99999:99**9", "CAS*PR*2*15", "DTP*573*D8*20240209")
    text = one(
        provider(),
        subscriber(sbr="SBR*S*18*******CI"),
        claim("C1", line, more=other),
        claim("C2", service(1)),
        claim("C3", line, more=other[1:]),
    )
    intake = read_x12(text)
    first = intake.lines.drop("claim_id", "source_row", "line_key", "rendering_npi")
    assert first.row(0) == first.row(1) == first.row(2)
    assert column(intake, "rendering_npi") == ["1777777776", None, None]
    assert set(column(intake, "payer_sequence")) == {"secondary"}
    assert set(column(intake, "line_of_business")) == {"commercial"}
    assert intake.lines["paid_amount"].null_count() == 3


def test_nothing_leaks_from_one_claim_subscriber_provider_or_transaction_to_the_next(
    read_x12: Callable[..., Intake],
) -> None:
    full = claim(
        "C1",
        service(1, "HC:99213:25", "REF*X4*11D1111111", "NTE*ADD*A", "LIN**N4*00026063512",
                "NM1*82*1*B*****XX*1999999984"),
        more=("REF*F8*PAYER-9", "NTE*ADD*B", "NM1*DN*1*C*****XX*1888888885",
              "NM1*82*1*A*****XX*1777777776", "PRV*PE*PXC*207Q00000X"),
    )  # fmt: skip
    bare = ["CLM*C2*100***11:B:1*Y*A*Y*I", *service(1, units="UN*", charge="", pointers="")]
    first = [*provider(more="PRV*BI*PXC*203BF0100Y"), *subscriber(), *full, *bare]
    second = [  # a subscriber, a provider and a transaction with next to nothing
        "HL*3*1*22*0", "NM1*IL*1*ROE*ANN****MI*M2", *bare,
        "HL*4**20*1", "HL*5*4*22*0", "NM1*IL*1*POE*ANN****MI*M3", *bare,
    ]  # fmt: skip
    third = ["HL*1**20*1", "HL*2*1*22*0", "NM1*IL*1*COE*ANN****MI*M4", *bare]
    intake = read_x12(
        written(
            interchange(
                group(
                    transaction(*HEADER, *first, *second),
                    transaction(*HEADER, *third, number="0002"),
                )
            )
        )
    )
    empty = [
        "rendering_npi", "referring_npi", "original_claim_id", "clia_number", "ndc", "claim_note",
        "charge_amount", "units", "diagnosis_pointers",
    ]  # fmt: skip
    assert intake.lines.height == 5
    assert not intake.lines[0].select(empty).null_count().sum_horizontal().item()
    assert intake.lines[1:].select(empty).null_count().row(0) == (4,) * len(empty)
    assert column(intake, "modifiers") == ["25", "", "", "", ""]
    assert column(intake, "diagnoses") == ["J020 Z1159", "", "", "", ""]
    assert column(intake, "patient_id") == ["M1", "M1", "M2", "M3", "M4"]
    assert column(intake, "patient_sex") == ["F", "F", None, None, None]
    assert column(intake, "payer") == ["KEY INSURANCE"] * 2 + [None] * 3
    assert column(intake, "billing_npi") == [NPI] * 3 + [None] * 2
    assert column(intake, "specialty") == ["203BF0100Y"] * 3 + [None, None]


# --- patients


def test_dependents_of_one_subscriber_are_not_merged(read_x12: Callable[..., Intake]) -> None:
    intake = read_x12(
        one(
            provider(),
            subscriber(child=1),
            claim("C0"),
            dependent(3, 2, "TED", "20100101"),
            claim("C1"),
            dependent(4, 2, "Ann", "20100101"),
            claim("C2"),
            dependent(5, 2, "TED", "20120202"),
            claim("C3"),
            [*dependent(6, 2)[:2], "NM1*QC*1*DOE*BOB****MI*OWN-ID"],
            claim("C4"),
            [*dependent(7, 2)[:2], "NM1*QC*1*DOE*BOB****MI*M1", "DMG*D8*20150505*M"],
            claim("C5"),
            ["HL*8*2*23*0", "PAT*19"],
            claim("C6"),
        )
    )
    assert column(intake, "patient_id") == [
        "M1", "M1/20100101/TED", "M1/20100101/ANN", "M1/20120202/TED", "OWN-ID",
        "M1/20150505/BOB", "M1/DEPENDENT",
    ]  # fmt: skip
    assert column(intake, "patient_sex") == ["F", "M", "M", "M", None, "M", None]
    assert str(intake.lines["patient_birth_date"][1]) == "2010-01-01"
    assert set(column(intake, "payer")) == {"KEY INSURANCE"}
    assert any("Dependents" in note for note in intake.files[0].notes)


def test_a_patient_without_a_subscribers_id_is_rejected(read_x12: Callable[..., Intake]) -> None:
    nobody = [s for s in subscriber(3, 1) if not s.startswith("NM1*IL")]
    intake = read_x12(
        one(
            provider(),
            subscriber(),
            claim(),
            claim("C2"),
            nobody,
            claim("C3"),
            dependent(4, 3),
            claim("C4"),
        )
    )
    assert column(intake, "claim_id") == ["C1", "C2"]
    assert intake.rejected["claim_id"].to_list() == ["C3", "C4"]
    assert set(intake.rejected["reasons"]) == {"the patient id is missing"}


def test_a_birth_date_of_another_form_is_not_read(read_x12: Callable[..., Intake]) -> None:
    assert column(read_x12(usual().replace("DMG*D8", "DMG*RD8")), "patient_birth_date") == [None]


# --- codes and words


@pytest.mark.parametrize(
    ("code", "payer", "business"),
    [
        ("MB", "ANY", "medicare"),
        ("MA", "ANY", "medicare"),
        ("MC", "ANY", "medicaid"),
        ("CI", "MEDICARE PART B", "commercial"),
        ("BL", "ANY", "commercial"),
        ("12", "ANY", "commercial"),
        ("FI", "ANY", "commercial"),
        ("16", "ANY", "unknown"),
        ("16", "MEDICARE", "unknown"),
        ("HM", "ANY", "unknown"),
        ("HM", "STATE MEDICAID", "medicaid"),
        ("17", "ANY", "unknown"),
        ("CH", "ANY", "unknown"),
        ("VA", "ANY", "unknown"),
        ("WC", "ANY", "unknown"),
        ("ZZ", "MEDICARE PART B", "medicare"),
        ("", "ANY", "unknown"),
    ],
)
def test_line_of_business(
    read_x12: Callable[..., Intake], code: str, payer: str, business: str
) -> None:
    sbr, name = f"SBR*P*18*******{code}", f"NM1*PR*2*{payer}*****PI*1"
    text = one(provider(), subscriber(sbr=sbr, payer=name), claim())
    assert column(read_x12(text), "line_of_business") == [business]


def test_a_payer_without_a_name_goes_by_its_id(read_x12: Callable[..., Intake]) -> None:
    text = one(provider(), subscriber(payer="NM1*PR*2******PI*60054"), claim())
    assert column(read_x12(text), "payer") == ["60054"]


@pytest.mark.parametrize(("code", "place"), [("P", "primary"), ("T", "tertiary"), ("A", "a")])
def test_payer_sequence(read_x12: Callable[..., Intake], code: str, place: str) -> None:
    text = one(provider(), subscriber(sbr=f"SBR*{code}*18"), claim())
    assert column(read_x12(text), "payer_sequence") == [place]


def test_minutes_are_units_and_counted(read_x12: Callable[..., Intake]) -> None:
    lines = [service(1, "HC:00840:QX", units="MJ*88"), service(2)]
    intake = read_x12(usual(claim("C1", *lines)))
    assert column(intake, "units") == [88_000, 1_000]
    assert any(note.startswith("1 of 2 service lines count minutes")
               for note in intake.files[0].notes)  # fmt: skip


def test_other_code_sets_are_kept_and_counted(read_x12: Callable[..., Intake]) -> None:
    lines = [service(1, "ER:AB123"), service(2), service(3, "HP:J1100")]
    intake = read_x12(usual(claim("C1", *lines)))
    assert column(intake, "code") == ["AB123", "99213", "J1100"]
    assert any(note.startswith("2 of 3 service lines have a code")
               for note in intake.files[0].notes)  # fmt: skip


def test_only_icd_codes_are_diagnoses_in_their_order(read_x12: Callable[..., Intake]) -> None:
    more = ("HI*BP:01234", "HI*BG:17*BG:67")
    text = usual(claim(dx="HI*ABK:E119*ABF:I10*ABF:Z79.4", more=more))
    assert column(read_x12(text), "diagnoses") == ["E119 I10 Z794"]
    assert column(read_x12(usual(claim(dx="HI*BK:0340*BF:V7389"))), "diagnoses") == ["0340 V7389"]


def test_the_referring_laboratorys_clia_is_not_the_performing_ones(
    read_x12: Callable[..., Intake],
) -> None:
    line = service(1, "HC:80053:90", "REF*F4*12D1212121")
    assert column(read_x12(usual(claim("C1", line))), "clia_number") == [None]


def test_a_social_security_number_may_be_the_tax_id(read_x12: Callable[..., Intake]) -> None:
    text = (
        usual().replace("REF*EI*587654321", "REF*0B*1~REF*SY*123456789").replace("SE*23", "SE*24")
    )
    assert column(read_x12(text), "tax_id") == ["123456789"]
    plan = ["NM1*PE*2*A PLAN*****PI*7", "REF*EI*999999999"]
    text = one([*provider()[:-1], *plan], subscriber(), claim())
    assert column(read_x12(text), "tax_id") == [None]


def test_blanks_in_elements_are_kept_and_delimiters_in_notes_too(
    read_x12: Callable[..., Intake],
) -> None:
    more = ("NTE*ADD*SEE: NOTE  OF (3^4)",)
    assert column(read_x12(usual(claim(more=more))), "claim_note") == ["SEE: NOTE  OF (3^4)"]


# --- nothing is lost


def test_a_claim_or_line_without_a_service_is_a_row(read_x12: Callable[..., Intake]) -> None:
    bare = ["CLM*C2*100***11:B:1*Y*A*Y*I", "HI*ABK:J020"]
    lone = ["LX*2", "DTP*472*D8*20240104"]
    intake = read_x12(usual(claim("C1", service(1), lone), bare, claim("C3")))
    (file,) = intake.files
    assert (file.rows, file.lines_read, file.rejected) == (4, 4, 2)
    assert intake.rejected.select("claim_id", "patient_id", "reasons").rows() == [
        ("C1", "M1", "the procedure code is missing"),
        ("C2", "M1", "the date of service is missing; the procedure code is missing"),
    ]
    assert json.loads(intake.rejected["raw"][0])["LX01 line number"] == "2"


def test_services_without_an_lx_are_lines_of_their_own(read_x12: Callable[..., Intake]) -> None:
    lines = [service(1), service(2, "HC:99214", "NTE*ADD*X")[1:], service(3, "HC:99215")[1:]]
    intake = read_x12(usual(claim("C1", *lines), claim("C2", service(1)[1:])))
    assert column(intake, "code") == ["99213", "99214", "99215", "99213"]
    assert column(intake, "line_number") == [1, None, None, None]
    assert column(intake, "claim_note") == [None, "X", None, None]
    assert intake.lines["service_date_from"].null_count() == 0


def test_a_service_outside_every_claim_is_rejected(read_x12: Callable[..., Intake]) -> None:
    text = one(provider(), subscriber(), claim(), claim("C2"), subscriber(3), service(1))
    intake = read_x12(text)
    assert intake.lines.height == 2
    assert intake.rejected["reasons"].to_list() == ["the claim id is missing"]


def test_a_claim_right_under_the_provider_has_no_patient(read_x12: Callable[..., Intake]) -> None:
    text = one(provider(), subscriber(), claim(), claim("C2"), provider(3), claim("C3"))
    intake = read_x12(text)
    assert intake.rejected["claim_id"].to_list() == ["C3"]
    assert intake.rejected["reasons"].to_list() == ["the patient id is missing"]


def test_a_file_without_claims_is_refused(read_x12: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected, match="no claim lines"):
        read_x12(one(provider(), subscriber()))
