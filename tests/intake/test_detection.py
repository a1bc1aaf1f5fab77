"""Columns are found by the values under a name, not by the name alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake.tables import BASE, CODES, DATES, NPI, ROWS, WORDS, find, without

from auditor.errors import InputRejected
from auditor.intake import mapping, sample, values

if TYPE_CHECKING:
    from auditor.intake.columns import Columns

# --- false friends, with what stands under them in real files

FRIENDS: dict[str, list[str]] = {
    "PCPTAXID": ["123456789", "987654321"],
    "RCPT_DT": ["2024-04-01", "2024-04-02"],
    "CPTII": ["0001F", "3074F", ""],
    "CPT4_1": ["99214", ""],
    "CPT4_2": ["20611", ""],
    "CPT4_3": ["", "36416"],
    "MODEL": ["25", "59"],
    "MOD_REDUC_AMT": ["25.00", "0.00"],
    "BUSINESSUNIT": ["1", "2"],
    "GROUPUNIT": ["3", "4"],
    "LNAME": ["Doe", "Roe"],
    "LINE": ["Medicare", "Commercial"],
    "POSTDATE": ["2024-03-30"],
    **{f"ICD9PROCCODE{n}": ["37.22", ""] for n in range(1, 7)},
    "UB_SURG": ["3722", ""],
    "Charge Code": ["CHG100", "CHG200"],
    "Proc Date": ["2024-03-09", "2024-03-10"],
    "Procedure Description": WORDS,
    "Modifier Description": ["Separate service", ""],
    "POS Name": ["Office", "Home"],
    "Units Paid": ["7", "8"],
    "NPI Type": ["1", "2"],
    "Claim Type": ["Professional"],
    "Code Type": ["CPT", "HCPCS"],
    "Rendering Provider": ["House, Gregory", "Cox, Perry"],
}
FULL = {
    **BASE,
    "Line Number": [str(n % 3 + 1) for n in range(ROWS)],
    "Mod": ["25", "", "59", "LT"],
    "POS": ["11", "22"],
    "Units": ["1", "2"],
    "Charge": ["120.00", "80.50"],
}
OWN = {
    "claim_id": "Claim ID",
    "patient_id": "Patient ID",
    "rendering_npi": "Rendering NPI",
    "service_date_from": "DOS",
    "code": "CPT",
    "line_number": "Line Number",
    "modifiers": "Mod",
    "place_of_service": "POS",
    "units": "Units",
    "charge_amount": "Charge",
}
MEANT = {"RCPT_DT": "received_date", "LINE": "line_of_business", "Claim Type": "claim_type"}
"""Those that do hold a field: the others hold none."""


@pytest.mark.parametrize("name", FRIENDS)
def test_a_false_friend_takes_nothing_away(name: str) -> None:
    own = {MEANT[name]: name} if name in MEANT else {}
    assert find({name: FRIENDS[name], **FULL}).mapping() == OWN | own


def test_all_false_friends_in_one_table() -> None:
    meant = {field: name for name, field in MEANT.items()}
    assert find(FRIENDS | FULL).mapping() == OWN | meant
    assert find(FULL | FRIENDS).mapping() == OWN | meant


@pytest.mark.parametrize("name", sorted(set(FRIENDS) - {"CPT4_1", "CPT4_2", "CPT4_3", "LINE"}))
def test_a_false_friend_alone_is_not_read_for_the_field_it_resembles(name: str) -> None:
    # Without the true columns: only what the values do say is read.
    table = {name: FRIENDS[name], **BASE}
    own = dict(list(OWN.items())[:5])
    own |= {"Units Paid": {"units": name}}.get(name, {})
    own |= {MEANT[name]: name} if name in MEANT else {}
    assert find(table).mapping() == own


# --- the same names, with values that make them what they say


@pytest.mark.parametrize(
    ("name", "column", "field", "gone"),
    [
        ("Charge Code", CODES, "code", "CPT"),
        ("Procedure Description", CODES, "code", "CPT"),
        ("CODE", CODES, "code", "CPT"),
        ("Proc Date", DATES, "service_date_from", "DOS"),
        ("Rendering Provider", NPI, "rendering_npi", "Rendering NPI"),
        ("Provider", NPI, "rendering_npi", "Rendering NPI"),
        ("Patient", ["A17", "A18"], "patient_id", "Patient ID"),
    ],
)
def test_a_name_that_says_little_counts_where_the_values_prove_it(
    name: str, column: list[str], field: str, gone: str
) -> None:
    assert find({**without(gone), name: column}).mapping()[field] == name


@pytest.mark.parametrize(
    ("name", "column", "gone"),
    [
        ("Charge Code", ["CHG1", "CHG2"], "CPT"),
        ("CODE", ["I10", "E11.9", "M25.561"], "CPT"),
        ("Rendering Provider", ["House, G", "Cox, P"], "Rendering NPI"),
        ("Provider", ["4155550100", "6175550111"], "Rendering NPI"),  # telephone numbers
        ("Patient", ["Doe, Jane", "Roe, Richard"], "Patient ID"),
        ("Patient", ["2001-01-31", "1950-12-01"], "Patient ID"),
    ],
)
def test_and_not_where_they_do_not(name: str, column: list[str], gone: str) -> None:
    with pytest.raises(InputRejected, match="No column was recognised"):
        find({**without(gone), name: column})


@pytest.mark.parametrize(
    ("name", "column", "field"),
    [
        ("LINE", ["1", "2", "3"], "line_number"),
        ("LINE", ["Medicare", "Medicaid"], "line_of_business"),
        ("LINE", ["Surgery", "Imaging"], None),
        ("STATUS", ["Paid", "Denied"], "claim_status"),
        ("STATUS", ["Married", "Single"], None),
        ("CODE", ["I10", "E11.9"], "diagnoses"),
        ("CODE", ["99214", "G0009"], None),
        ("CODE", ["99214-25", "401"], None),
        ("BILLTYPE", ["HCFA", "HCFA"], None),
        ("BILLTYPE", ["131", "851"], "bill_type"),
        ("UNIT", ["4 West", "ICU"], None),
        ("UNIT", ["1", "2"], "units"),
        ("Procedure Modifier", ["Left side", "Separate"], None),
        ("Place of Service", ["Office", "Home"], None),
        ("Place of Service", ["11", "2"], "place_of_service"),
        ("Sex", ["Male", "Female", "Unknown"], "patient_sex"),
        ("Billing Provider", ["1234567893"], "billing_npi"),
        ("Billing Provider", ["Clinic of the Hill"], None),
        ("Original Ref No", ["2024-01-02", "2024-01-03"], None),
        ("Diagnosis", ["Hypertension", "Sprain of ankle"], None),
        ("Received Date", ["yes", "no"], None),
        ("Ln", ["1", "2"], "line_number"),
        ("Ln", ["Doe", "Roe"], None),
        ("Total Charges", ["120.00", "$ 80"], "charge_amount"),
        ("Fee", ["120.00"], "charge_amount"),
        ("Fee", ["Waived", "Standard"], None),
        ("Amount", ["120.00"], "charge_amount"),
        ("Amount", ["Ten", "Many"], None),
        ("M1", ["25", "GT"], "modifiers"),
        ("M1", ["25", "00"], "modifiers"),
        ("M1", ["1", "0"], None),
        ("M1", ["10", "11", "12"], None),
        ("M1", ["Yes", "No thanks"], None),
        ("Frequency", ["1", "7", "8"], "claim_frequency"),
        ("Freq", ["01", "1"], "claim_frequency"),
        ("Frequency", ["2", "3", "4"], None),
        ("Frequency", ["Daily", "Weekly"], None),
        ("To", ["2024-03-05"], None),  # of what, where the date of service is called otherwise
    ],
)
def test_a_generic_name_is_what_its_values_are(
    name: str, column: list[str], field: str | None
) -> None:
    found = find({**BASE, name: column}).mapping()
    assert {f for f, header in found.items() if header == name} == ({field} if field else set())


# --- close candidates


def test_two_that_differ_are_asked_about_unless_values_tell() -> None:
    with pytest.raises(InputRejected, match="'CPT', 'Procedure' could each be the procedure code"):
        find({**BASE, "Procedure": list(reversed(CODES))})
    columns = find({**BASE, "Procedure": WORDS}, rows=3)
    assert columns.mapping()["code"] == "CPT"
    columns = find({**without("CPT"), "Procedure": CODES, "HCPCS": WORDS}, rows=3)
    assert columns.mapping()["code"] == "Procedure"
    assert find({**BASE, "Procedure": CODES[::-1]}, code="Procedure").mapping()["code"] == (
        "Procedure"
    )


def test_values_that_tell_less_clearly_are_asked_about() -> None:
    units = {"Qty": ["1", "2"], "Units": ["1", "2", "box", "each"]}
    with pytest.raises(InputRejected, match="could each be the units"):
        find({**BASE, **units})
    columns = find({**BASE, "Qty": ["1", "2"], "Units": ["Box", "Each"]}, rows=4)
    assert columns.mapping()["units"] == "Qty"
    (note,) = columns.notes
    assert note == (
        "Column 'Units' is named like the units, but none of its values look like one: 'Qty' was"
        " read."
    )


# --- the order of columns


@given(st.permutations(sorted(FULL | FRIENDS)))
def test_the_order_of_columns_decides_nothing(order: list[str]) -> None:
    table = FULL | FRIENDS
    columns = find({name: table[name] for name in order})
    assert columns.mapping() == find(table).mapping()
    assert sorted(columns.notes) == sorted(find(table).notes)


@given(st.permutations(["CPT", "Proc Code", "Claim Number", "Claim ID", "Member ID", "MRN", "DX1"]))
def test_nor_among_columns_that_say_the_same(order: list[str]) -> None:
    table = {
        **without("CPT", "Claim ID", "Patient ID"),
        "CPT": CODES, "Proc Code": CODES, "DX1": ["I10"], "Claim ID": BASE["Claim ID"],
        "Claim Number": [f"N{n}" for n in range(ROWS)], "Member ID": ["M1"], "MRN": ["7", "8"],
    }  # fmt: skip
    shuffled = {name: table[name] for name in order}
    rest = {name: column for name, column in table.items() if name not in shuffled}
    assert find(shuffled | rest).mapping() == {
        "claim_id": "Claim ID", "code": "CPT", "diagnoses": "DX1", "patient_id": "Member ID",
        "rendering_npi": "Rendering NPI", "service_date_from": "DOS",
    }  # fmt: skip


# --- the sample


def test_the_share_is_of_cells_or_of_distinct_values_whichever_is_more() -> None:
    frame = pl.DataFrame({"0": ["11"] * 8 + ["Office", "Home"], "1": ["Office"] * 9 + ["11"]})
    seen = sample.Sample(frame)
    assert seen.judge("place_of_service", [0]) == (0.8, 10)
    assert seen.judge("place_of_service", [1]) == (0.5, 10)
    assert seen.judge("claim_note", [0]) == (None, 10)


def test_every_field_but_the_note_has_a_test() -> None:
    assert set(values.FITS) == mapping.names.FIELDS - {"claim_note"}
    assert set(values.PROVES) < set(values.FITS)


def test_from_and_to_are_the_dates_of_service_where_no_other_column_is() -> None:
    dates = {"From": ["2024-03-05"], "To": ["2024-03-06"]}
    found = find({**without("DOS"), **dates}).mapping()
    assert (found["service_date_from"], found["service_date_to"]) == ("From", "To")
    found = find({**BASE, **dates}).mapping()
    assert found["service_date_from"] == "DOS"
    assert "service_date_to" not in found


@pytest.mark.parametrize("end", ["Thru", "To", "Through"])
def test_a_last_day_beside_a_dos_is_one_where_most_services_end_on_the_day(end: str) -> None:
    def ended(*days: str) -> Columns:
        rows = {name: values[:1] * len(days) for name, values in BASE.items()}
        return find({**rows, "DOS": ["2024-03-05"] * len(days), end: list(days)})

    read = ended("2024-03-05", "2024-03-05", "2024-03-07", "")
    assert read.mapping()["service_date_to"] == end
    assert read.warnings == []
    # An authorization, or the end of coverage; it may be stays alone, so it is said.
    other = ended("2024-03-05", "2024-12-31", "2024-12-31")
    assert "service_date_to" not in other.mapping()
    assert f"say --map service_date_to='{end}'" in other.warnings[0]
    assert ended("", "").warnings == []


def test_from_and_to_of_other_values_are_not() -> None:
    with pytest.raises(InputRejected, match="No column was recognised"):
        find({**without("DOS"), "From": ["Home", "Office"], "To": ["Hospital", "Home"]})


def test_four_columns_named_by_a_letter() -> None:
    columns = {"M1": ["25", "59"], "M2": ["00", "LT"], "M3": ["", "QW"], "M4": ["", ""]}
    assert find({**BASE, **columns}).mapping()["modifiers"] == "M1, M2, M3, M4"
    own = {"MOD B": ["59"], "MOD A": ["25"], "M1": ["GT"]}
    assert find({**BASE, **own}).mapping()["modifiers"] == "MOD A, MOD B"


def test_a_surrogate_key_is_the_claim_id_where_no_other_column_is() -> None:
    keys = {"CLM_SK": ["70001", "70002"]}
    assert find({**without("Claim ID"), **keys}).mapping()["claim_id"] == "CLM_SK"
    assert find({**BASE, **keys}).mapping()["claim_id"] == "Claim ID"


def test_the_charge_of_the_line_goes_before_totals_and_fees() -> None:
    amounts = {"Amount": ["1.00"], "Fee": ["2.00"], "Total Charges": ["3.00"]}
    assert find({**BASE, **amounts}).mapping()["charge_amount"] == "Total Charges"
    assert find({**BASE, **amounts, "Charge": ["4.00"]}).mapping()["charge_amount"] == "Charge"
