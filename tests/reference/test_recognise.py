"""What a file is taken for, what it is refused as, and whose word counts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from auditor.errors import ReferenceDataError
from auditor.reference.containers import Member
from auditor.reference.recognise import NotACmsTable, find_tables

if TYPE_CHECKING:
    from auditor.reference.interface import Kind
    from auditor.reference.recognise import Found
    from tests.reference.conftest import Make

PTP = [("10060", "99213", "", "20200101", "*", "1", "Policy")]
MUE = [("0001U", 1, "2 Date of Service Edit: Policy", "x")]
FEES = [("00100", "", "J", "9", "XXX", "9", "9", "9", "9", "9")]
AOC = [("1", "0071U", "", "0070U", "", "2018274", "", "")]
Q3_2024 = date(2024, 7, 1)


def find(
    name: str | tuple[str, ...],
    data: bytes,
    kind: Kind | None = None,
    effective: date | None = None,
) -> list[Found]:
    names = (name,) if isinstance(name, str) else name
    return find_tables(Member(names, data, "0", "0"), kind, effective)


def only(found: list[Found]) -> Found:
    [one] = found
    return one


def test_titles(make: type[Make]) -> None:
    files = {
        "ccipra-v302r0-f3.TXT": (make.ptp(PTP), "PTP practitioner 2024Q3, part 3"),
        "ccioph-v302r1-f3.TXT": (make.ptp(PTP), "PTP hospital 2024Q3 r1, part 3"),
        "AOC_V2025Q4_01-MCR.txt": (make.aoc(AOC), "AOC 2025Q4 r1"),
        "MCR_MUE_X_Eff_04-01-2026.csv": (make.mue(MUE), "MUE practitioner 2026Q2"),
        "MCR_MUE_Y_Eff_04-01-2026.csv": (make.mue(MUE, "DME Supplier"), "MUE DME 2026Q2"),
        "MCR_MUE_Z_Eff_04-01-2026.csv": (
            make.mue(MUE, "Outpatient Hospital"),
            "MUE hospital 2026Q2",
        ),
        "PPRRVU25_OCT.txt": (make.fees_text(FEES), "Fee schedule 2025Q4"),
        "HCPC2025_OCT_ANWEB_v2.xlsx": (
            make.hcpcs([("A1", "7", "C", "20020701", "")]),
            "HCPCS Level II 2025Q4 r2",
        ),
    }
    for name, (data, title) in files.items():
        assert only(find(name, data)).title == title


def test_the_title_dates_a_fee_schedule_of_no_telling_name(make: type[Make]) -> None:
    title = "2025 National Physician Fee Schedule Relative Value File October Release"
    assert only(find("fees.csv", make.fees(FEES, title))).effective == date(2025, 10, 1)


def test_the_sheet_dates_a_workbook_of_no_telling_name(make: type[Make]) -> None:
    data = make.aoc_book(AOC, sheet="AOC_V2025Q4-MCR_xlsx")
    assert only(find("addons.xlsx", data)).title == "AOC 2025Q4"


def test_the_archive_dates_a_file_of_no_telling_name(make: type[Make]) -> None:
    found = only(find(("f.txt", "add-code-edits-medicare-effective-10012025.zip"), make.aoc(AOC)))
    assert found.title == "AOC 2025Q4"


def test_the_name_goes_before_the_contents_and_the_disagreement_is_said(make: type[Make]) -> None:
    title = "2025 National Physician Fee Schedule Relative Value File October Release"
    data = make.fees(FEES, title)
    found = only(find("PPRRVU26_APR.csv", data))
    assert found.effective == date(2026, 4, 1)
    assert found.note == "names and contents disagree: 2026Q2 believed, not 2025Q4"
    assert only(find("PPRRVU25_OCT.csv", data)).note == ""
    assert only(find("PPRRVU26_APR.csv", data, effective=date(2025, 10, 1))).note == ""


def test_the_operator_goes_before_the_name(make: type[Make]) -> None:
    found = only(find("ccioph-v302r0-f1.TXT", make.ptp(PTP), "ptp-practitioner", date(2023, 1, 1)))
    assert (found.kind, found.effective, found.part) == ("ptp-practitioner", date(2023, 1, 1), 1)


def test_a_pair_table_of_nobody_needs_the_operator(make: type[Make]) -> None:
    with pytest.raises(ReferenceDataError, match="does not say whose") as error:
        find("edits-2024q3-f1.txt", make.ptp(PTP))
    assert "--kind ptp-practitioner" in error.value.next_step
    found = only(find("edits-2024q3-f1.txt", make.ptp(PTP), "ptp-hospital"))
    assert (found.kind, found.effective) == ("ptp-hospital", Q3_2024)


def test_an_undated_table_needs_the_operator(make: type[Make]) -> None:
    with pytest.raises(ReferenceDataError, match="date it") as error:
        find("mue.csv", make.mue(MUE))
    assert "--effective" in error.value.next_step
    assert only(find("mue.csv", make.mue(MUE), effective=Q3_2024)).effective == Q3_2024


@pytest.mark.parametrize("kind", ["aoc", "ptp-practitioner", "mue-hospital", "fee-schedule"])
def test_the_operator_cannot_make_one_table_another(make: type[Make], kind: Kind) -> None:
    with pytest.raises(ReferenceDataError, match=f"holds mue-practitioner, not {kind}"):
        find("MCR_MUE_PractitionerServices_Eff_04-01-2026.csv", make.mue(MUE), kind)


def test_medicaid_tables_are_refused(make: type[Make]) -> None:
    six = [("Column 1", "Column 2", "Effective Date", "Deletion Date", "Modifier Indicator",
            "PTP Edit Rationale"), ("10060", "99213", "20200101", "", "1", "Policy")]  # fmt: skip
    three = [("HCPCS/CPT Code", "Practitioner Services MUE Values", "MUE Rationale"),
             ("0001U", "1", "x")]  # fmt: skip
    for name, data in (
        ("ccipra-v302r0-f1.txt", make.text(six)),
        ("MUE_PractitionerServices_Eff_04-01-2026.txt", make.text(three)),
        ("AOC_V2025Q4-MCD.txt", make.aoc(AOC)),
        ("medicaid-ccipra-v302r0-f1.txt", make.ptp(PTP)),
    ):
        with pytest.raises(NotACmsTable, match="Medicaid"):
            find(name, data)


def test_change_files_are_told_from_tables(make: type[Make]) -> None:
    pairs = make.ptp_change([("10060", "99213", "1")])
    found = only(find("MCR_NCCI_OCE_Deletions_Eff_10-01-2025.txt", pairs))
    assert (found.kind, found.change) == ("ptp-hospital", "deletions")
    assert found.read().frame.rows() == [("10060", "99213", 1)]
    units = make.mue_change([("J0139", 160), ("J0870", 1081)])
    found = only(find("MCR_MUE_DME_Revisions_Eff_10-01-2025.txt", units))
    assert (found.kind, found.change) == ("mue-dme", "revisions")
    assert found.read().frame.rows() == [("J0139", 160), ("J0870", 1081)]


def test_a_workbook_of_changes_is_told_by_its_sheets(make: type[Make]) -> None:
    header = ("Column 1", "Column 2", "Modifier\nIndicator\n0=not allowed")
    row = ("10060", "99213", "1")
    data = make.book(
        {
            "NCCI_Adds_Eff_10-01-2025": [("Notice",), header, row],
            "NCCI_Dels_Eff_10-01-2025": [("Notice",), header],
            "About": [("Nothing here",)],
        }
    )
    found = find("MCR_NCCI_OCE_Changes_Eff_10-01-2025.xlsx", data)
    assert [(f.change, f.read().frame.height) for f in found] == [
        ("additions", 1),
        ("deletions", 0),
    ]


def test_a_quarter_without_changes_is_a_notice_alone(make: type[Make]) -> None:
    notice = b'"A notice of copyright.\r\n\r\nMore of it."\t\t\r\n'
    found = only(find("MCR_NCCI_OCE_Deletions_Eff_10-01-2025.txt", notice))
    assert (found.kind, found.change, found.read().frame.height) == ("ptp-hospital", "deletions", 0)
    with pytest.raises(ReferenceDataError, match="notice and no table"):
        find("MCR_MUE_PractitionerServices_Eff_04-01-2026.csv", notice)
    with pytest.raises(NotACmsTable):
        find("MCR_NCCI_OCE_Deletions_Eff_10-01-2025.txt", b"Some words.\r\n")
    del make


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("README.md", b"# Notes\n\nColumn 1 is first.\n"),
        ("empty.csv", b""),
        ("claims.csv", b"claim_id,patient_id,code\n1,2,99213\n"),
        ("page.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
        ("old.xls", b"\xd0\xcf\x11\xe0" + bytes(600)),
        ("noise.bin", bytes(range(256)) * 40),
        ("ccipra-v302r0-f1.TXT", b"Column 1\tColumn 3\r\n10060\t99213\r\n"),
    ],
)
def test_other_files_are_no_cms_tables(name: str, data: bytes) -> None:
    with pytest.raises(NotACmsTable):
        find(name, data)


def test_a_workbook_of_something_else_is_no_cms_table(make: type[Make]) -> None:
    with pytest.raises(NotACmsTable):
        find("claims.xlsx", make.book({"Claims": [("claim_id", "code"), ("1", "99213")]}))
    with pytest.raises(NotACmsTable):
        find("empty.xlsx", make.book({"Claims": []}))


def test_a_fee_header_without_one_of_its_columns_is_no_fee_schedule(make: type[Make]) -> None:
    data = make.fees(FEES).replace(b"BILAT", b"OTHER")
    with pytest.raises(NotACmsTable):
        find("PPRRVU25_OCT.csv", data)
