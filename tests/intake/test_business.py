"""Words that decide about a line: claim type, status, frequency, line of business."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"


def table(head: str, *rows: str) -> str:
    return "\n".join([head, *rows]) + "\n"


# --- institutional lines


@pytest.mark.parametrize(
    "word",
    ["institutional", "Inst", "UB-04", "837I", "Facility", "INPATIENT HOSPITAL", "Outpatient"],
)
def test_institutional_lines_are_set_aside(read: Callable[..., Intake], word: str) -> None:
    intake = read(table(HEADER + ",Claim Type", ROW + ",professional", ROW + f",{word}"))
    assert intake.lines["source_row"].to_list() == [2]
    assert intake.set_aside.rows() == [("claims.csv", 3, "C1", "institutional")]
    assert (intake.files[0].lines_read, intake.files[0].set_aside) == (2, 1)


@pytest.mark.parametrize(
    "word", ["professional", "P", "837P", "HCFA-1500", "CMS 1500", "Physician"]
)
def test_professional_lines_stay_though_they_have_a_bill_type(
    read: Callable[..., Intake], word: str
) -> None:
    intake = read(table(HEADER + ",Claim Type,Bill Type", ROW + f",{word},131"))
    assert intake.lines.height == 1
    assert intake.files[0].notes == ()


def test_they_are_set_aside_before_they_are_judged(read: Callable[..., Intake]) -> None:
    bare = ROW.replace("2024-03-05,99213", ",")
    intake = read(table(HEADER + ",Claim Type", ROW + ",P", bare + ",I", bare + ",P"))
    assert intake.set_aside["source_row"].to_list() == [3]
    assert intake.rejected["source_row"].to_list() == [4]


@pytest.mark.parametrize(
    ("cells", "aside"),
    [
        (",131", 1),
        (",0131", 1),
        (",", 0),
        (",000", 0),
        ("undetermined,131", 1),
        ("undetermined,", 0),
        ("dental,", 0),
    ],
)
def test_a_bill_type_decides_where_the_claim_type_says_neither(
    read: Callable[..., Intake], cells: str, aside: int
) -> None:
    intake = read(table(HEADER + ",Claim Type,Type of Bill", ROW + ",P,", ROW + f",{cells}"))
    assert intake.set_aside.height == aside
    said = [note for note in intake.files[0].notes if "neither professional nor" in note]
    assert len(said) == (not aside and not cells.startswith(","))


@pytest.mark.parametrize(
    "header",
    [
        "Rev Code", "REVENUE_CODE", "revenue_center_code", "Rev Cd", "REV_CNTR",
        "UB Revenue Code",
    ],
)  # fmt: skip
def test_lines_with_a_revenue_code_are_set_aside(read: Callable[..., Intake], header: str) -> None:
    cells = ["0450", "", "0000", "636", "000", "450.0", "0", "--"]
    intake = read(table(f"{HEADER},{header}", *(f"{ROW},{cell}" for cell in cells)))
    assert intake.files[0].mapping["revenue_code"] == header
    assert intake.set_aside["source_row"].to_list() == [2, 5, 7]
    assert intake.lines["source_row"].to_list() == [3, 4, 6, 8, 9]
    assert set(intake.set_aside["reason"]) == {"institutional"}


@pytest.mark.parametrize(
    ("cells", "aside"),
    [
        ("professional,,0450", 0),
        ("professional,131,0450", 0),
        ("P,,0450", 0),
        ("undetermined,,0450", 1),
        (",,0450", 1),
        (",131,", 1),
        ("institutional,,", 1),
        ("undetermined,,0000", 0),
        (",000,0000", 0),
    ],
)
def test_a_claim_type_goes_before_a_revenue_code(
    read: Callable[..., Intake], cells: str, aside: int
) -> None:
    head = HEADER + ",Claim Type,Type of Bill,Rev Code"
    intake = read(table(head, ROW + ",P,,", ROW + f",{cells}"))
    assert intake.set_aside.height == aside
    assert intake.lines.height == 2 - aside


@pytest.mark.parametrize("cell", ["Emergency room", "12,345.67", "2024-03-05"])
def test_a_column_named_like_it_of_other_values_sets_nothing_aside(
    read: Callable[..., Intake], cell: str
) -> None:
    intake = read(table(HEADER + ",Rev Code", *[f'{ROW},"{cell}"'] * 12))
    assert intake.set_aside.is_empty()
    assert "'Rev Code' is named like the revenue code" in intake.files[0].warnings[0]


def test_the_codes_of_research_files(read: Callable[..., Intake]) -> None:
    text = table(HEADER + ",NCH_CLM_TYPE_CD", ROW + ",71", ROW + ",40", ROW + ",82")
    assert read(text).set_aside["source_row"].to_list() == [3]
    # Elsewhere 40 is no word for institutional.
    assert read(text.replace("NCH_CLM_TYPE_CD", "Claim Type")).set_aside.is_empty()


# --- line of business


@pytest.mark.parametrize(
    ("payer", "business"),
    [
        ("Medicare Part B", "medicare"),
        ("MEDICARE", "medicare"),
        ("State Medicaid", "medicaid"),
        ("Medicare-Medicaid Plan", "medicaid"),
        ("Sunshine Medicaid HMO", "medicaid"),
        ("Humana Medicare Advantage", "unknown"),
        ("Medicare Supplement", "unknown"),
        ("Medicare HMO", "unknown"),
        ("Aetna MA Medicare", "unknown"),
        ("Medicare PPO", "unknown"),
        ("Aetna", "unknown"),
        ("MedicareX", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_payers_name_tells(
    line: Callable[..., dict[str, object]], payer: str, business: str
) -> None:
    assert line({"Payer": payer})["line_of_business"] == business


@pytest.mark.parametrize(
    ("word", "business"),
    [
        ("Medicare FFS", "medicare"),
        ("MCR", "medicare"),
        ("Medicaid", "medicaid"),
        ("MCD", "medicaid"),
        ("Commercial", "commercial"),
        ("COMM", "commercial"),
        ("Medicare Advantage", "unknown"),
        ("Dental", "unknown"),
    ],
)
def test_a_line_of_business_column_tells(
    line: Callable[..., dict[str, object]], word: str, business: str
) -> None:
    assert line({"LOB": word})["line_of_business"] == business


def test_the_column_counts_before_the_payer_and_the_option_last(
    read: Callable[..., Intake],
) -> None:
    rows = [ROW + cells for cells in (",Medicare,Commercial", ",Medicare,", ",Aetna,")]
    text = table(HEADER + ",Payer,LOB", *rows)
    assert read(text).lines["line_of_business"].to_list() == ["commercial", "medicare", "unknown"]
    assert read(text, line_of_business="medicaid").lines["line_of_business"].to_list() == [
        "commercial",
        "medicare",
        "medicaid",
    ]
    assert read(table(HEADER, ROW), line_of_business="commercial").lines[
        "line_of_business"
    ].to_list() == ["commercial"]


def test_another_line_of_business_is_no_choice(read: Callable[..., Intake]) -> None:
    with pytest.raises(ConfigError, match="medicare, medicaid, commercial"):
        read(table(HEADER, ROW), line_of_business="tricare")


# --- status and frequency


@pytest.mark.parametrize(
    ("header", "cell", "status"),
    [
        ("Claim Status", "DENIED", "denied"),
        ("Claim Status", "Paid", "paid"),
        ("Claim Status", "Pending", None),
        ("Line Status", "D", "denied"),
        ("Line Status", "P", "paid"),
        ("Line Status", "Rejected", "denied"),
        ("Line Status", "Approved", "paid"),
        ("Line Status", "", None),
        ("Denied", "Y", "denied"),
        ("Denied", "N", None),
        ("LINE_PRCSG_IND_CD", "A", "paid"),
        ("LINE_PRCSG_IND_CD", "M", "denied"),
        ("LINE_PRCSG_IND_CD", "9", None),
    ],
)
def test_paid_or_denied(
    line: Callable[..., dict[str, object]], header: str, cell: str, status: str | None
) -> None:
    assert line({header: cell})["paid_status"] == status


def test_the_lines_status_counts_before_the_claims(
    line: Callable[..., dict[str, object]],
) -> None:
    found = line({"Claim Status": "Paid", "Line Status": "Denied"})
    assert found["paid_status"] == "denied"
    assert line({"Claim Status": "Paid", "Line Status": ""})["paid_status"] == "paid"


@pytest.mark.parametrize(
    ("header", "cell", "frequency"),
    [
        ("Bill Frequency Code", "7", "7"),
        ("Bill Frequency Code", "01", "1"),
        ("Bill Frequency Code", "8.0", "8"),
        ("Bill Frequency Code", "", None),
        ("Claim Status", "VOID", "8"),
        ("Claim Status", "Reversed", "8"),
        ("Claim Status", "Paid", None),
        ("Void Indicator", "Y", "8"),
        ("Void Indicator", "N", None),
        ("Type of Bill", "138", None),  # its third digit is not asked
    ],
)
def test_claim_frequency(
    line: Callable[..., dict[str, object]], header: str, cell: str, frequency: str | None
) -> None:
    assert line({header: cell, "Claim Type": "P"})["claim_frequency"] == frequency


def test_the_claims_that_a_claim_refers_to(line: Callable[..., dict[str, object]]) -> None:
    found = line({"Original Reference Number": "ICN9", "DCN": "ICN10", "Frequency Code": "7"})
    assert found["original_claim_id"] == "ICN9"
    assert found["payer_claim_id"] == "ICN10"


@pytest.mark.parametrize(
    ("payer", "business"),
    [("Medicare Part B", "unknown"), ("Aetna Medicare", "unknown"), ("Medicaid", "unknown")],
)
def test_medicare_advantage_is_no_original_medicare_whatever_the_payers_name(
    line: Callable[..., dict[str, object]], payer: str, business: str
) -> None:
    assert line({"Payer": payer, "LOB": "Medicare Advantage"})["line_of_business"] == business
    said = line({"Payer": payer, "LOB": "Medicare Advantage"}, line_of_business="medicare")
    assert said["line_of_business"] == "medicare"
    assert line({"Payer": "Medicare Part B", "LOB": "Dental"})["line_of_business"] == "medicare"
