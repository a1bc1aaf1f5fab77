"""Every layout gives the same table; what does not parse is counted, and pointed at."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from auditor.reference.containers import Member
from auditor.reference.recognise import find_tables

if TYPE_CHECKING:
    from auditor.reference.layout import Parsed
    from tests.reference.conftest import Make

PTP_ROWS = [
    ("10060", "99213", "", "20200101", "*", "1", "More extensive procedure"),
    ("G0008", "0591T", "*", "19960101", "20231231", "0", "Policy"),
    ("20610", "10060", "", "20210401", "20210401", "9", "Policy"),
]
AOC_ROWS = [
    ("1", "0071U", "", "0070U", "", "2018274", "", ""),
    ("2", "0054T", "", "CCCCC", "", "2013091", "", "Contractor Defined"),
    ("1", "0079T", "2013365", "0078T", "2014365", "2013091", "2015365", ""),
    ("3", "11046", "", "11043", "", "2013091", "2013091", "withdrawn"),
]
MUE_ROWS = [
    ("0001U", 1, "2 Date of Service Edit: Policy", "Nature of Analyte"),
    ("J1100", 120, "3 Date of Service Edit: Clinical", "Clinical: Data"),
    ("A4206", 0, "1 Line Edit", "CMS Policy"),
]
FEES_ROWS = [
    ("00100", "", "J", "9", "XXX", "9", "9", "9", "9", "9"),
    ("71046", "26", "A", "1", "XXX", "0", "0", "0", "0", "0"),
    ("71046", "TC", "A", "1", "XXX", "0", "0", "0", "0", "0"),
    ("27130", "", "A", "0", "090", "2", "1", "2", "1", "0"),
    ("45378", "53", "A", "0", "000", "3", "0", "1", "0", "0"),
]
HCPCS_ROWS = [
    ("   A1", "7", "C", "20020701", ""),
    ("J1100", "3", "D", "19860101", None),
    ("C9088", "3", "D", 20210401, 20250930),
]


def read(name: str, data: bytes) -> Parsed:
    [found] = find_tables(Member((name,), data, "0", "0"), None, None)
    return found.read()


def test_ptp(make: type[Make]) -> None:
    parsed = read("ccipra-v302r0-f1.TXT", make.ptp(PTP_ROWS))
    policy, more = "Policy", "More extensive procedure"
    assert parsed.frame.rows() == [
        ("10060", "99213", date(2020, 1, 1), None, 1, more),
        ("20610", "10060", date(2021, 4, 1), date(2021, 4, 1), 9, policy),
        ("G0008", "0591T", date(1996, 1, 1), date(2023, 12, 31), 0, policy),
    ]
    assert parsed.unparsed == 0


@pytest.mark.parametrize("layout", ["one row", "workbook", "quoted", "utf-16", "comma", "bom"])
def test_ptp_in_other_layouts_is_the_same_table(make: type[Make], layout: str) -> None:
    name, text = "ccipra-v302r0-f1.TXT", make.ptp(PTP_ROWS)
    one_row = make.ptp(
        PTP_ROWS,
        [("Column 1", "Column 2", "*=in existence prior to 1996", "Effective Date",
          "Deletion Date *=no data", "Modifier 0=not allowed", "PTP Edit Rationale")],
    )  # fmt: skip
    data = {
        "one row": one_row,
        "workbook": make.ptp_book(PTP_ROWS),
        "quoted": text.replace(b"Policy\r\n", b'"Policy"\r\n'),
        "utf-16": text.decode().encode("utf-16"),
        "comma": text.replace(b"\t", b","),
        "bom": b"\xef\xbb\xbf" + one_row,
    }[layout]
    if layout == "workbook":
        name = "ccipra-v302r0-f1.xlsx"
    assert read(name, data).frame.equals(read("ccipra-v302r0-f1.TXT", text).frame)


@pytest.mark.parametrize(
    "bad",
    [
        ("1006", "99213", "", "20200101", "*", "1", "a code of four, and no number"),
        ("10060", "9921", "", "2020010", "*", "1", "a date of seven digits"),
        ("10060", "99213", "", "20201301", "*", "1", "month 13"),
        ("10060", "99213", "", "20200101", "", "1", "a blank deletion is Medicaid's way"),
        ("10060", "99213", "", "20200101", "*", "2", "no such indicator"),
        ("10060", "99213", "", "20200101", "*", "", "no indicator"),
        ("10060", "", "", "20200101", "*", "1", "no column 2"),
        ("10060",),
    ],
)
def test_a_ptp_row_that_does_not_parse_is_counted(make: type[Make], bad: tuple[str, ...]) -> None:
    bad = ("1006X9", *bad[1:]) if bad[0] == "1006" else bad
    parsed = read("ccipra-v302r0-f1.TXT", make.ptp([PTP_ROWS[0], bad, PTP_ROWS[1]]))
    assert (parsed.frame.height, parsed.unparsed, parsed.unparsed_rows) == (2, 1, (8,))


def test_a_bad_first_row_is_not_taken_for_the_rest_of_the_header(make: type[Make]) -> None:
    parsed = read("ccipra-v302r0-f1.TXT", make.ptp([("1006X9", *PTP_ROWS[0][1:]), *PTP_ROWS]))
    assert (parsed.frame.height, parsed.unparsed) == (3, 1)


def test_blank_lines_and_an_old_end_of_file_mark_are_not_rows(make: type[Make]) -> None:
    data = make.ptp([*PTP_ROWS[:2], ("",) * 7, PTP_ROWS[2]]) + b"\r\n\r\n\x1a"
    parsed = read("ccipra-v302r0-f1.TXT", data)
    assert (parsed.frame.height, parsed.unparsed) == (3, 0)


def test_a_stray_quotation_mark_swallows_no_rows(make: type[Make]) -> None:
    stray = ("10060", "99214", "", "20200101", "*", "1", '"a mark never closed')
    parsed = read("ccipra-v302r0-f1.TXT", make.ptp([stray, *PTP_ROWS]))
    assert (parsed.frame.height, parsed.unparsed) == (4, 0)


def test_two_stray_quotation_marks_swallow_no_rows_unseen(make: type[Make]) -> None:
    first = ("10060", "99214", "", "20200101", "*", "1", '"opened')
    last = ("10060", "99215", "", "20200101", "*", "1", 'closed"')
    parsed = read("ccipra-v302r0-f1.TXT", make.ptp([first, *PTP_ROWS, last]))
    assert parsed.frame.height + parsed.unparsed == 5


def test_the_same_row_twice_is_one_row_and_said(make: type[Make]) -> None:
    parsed = read("ccipra-v302r0-f1.TXT", make.ptp([*PTP_ROWS, PTP_ROWS[0]]))
    assert (parsed.frame.height, parsed.unparsed, parsed.repeated) == (3, 0, 1)


def test_aoc(make: type[Make]) -> None:
    parsed = read("AOC_V2025Q4_01-MCR.txt", make.aoc(AOC_ROWS))
    april, y13 = date(2013, 4, 1), date(2013, 12, 31)
    assert parsed.frame.rows() == [
        ("0054T", "CCCCC", 2, april, None, None, "Contractor Defined"),
        ("0071U", "0070U", 1, date(2018, 10, 1), None, None, None),
        # The add-on's own end comes first of the three; the edit's is kept beside it.
        ("0079T", "0078T", 1, april, y13, date(2015, 12, 31), None),
        ("11046", "11043", 3, april, april, april, "withdrawn"),
    ]
    assert parsed.unparsed == 0


@pytest.mark.parametrize("suffix", ["", "_Julian"])
def test_aoc_workbook_is_the_same_table(make: type[Make], suffix: str) -> None:
    header = [
        "AOC_Edit_Type", "Add-On_Code", f"AOC_DelDT{suffix}", "Primary_Code",
        f"Primary_Code_DelDT{suffix}", f"AOC_Edit_EffDT{suffix}", f"AOC_Edit_DelDT{suffix}",
        "Special_Instruction_Notes",
    ]  # fmt: skip
    numbers = [[int(c) if c.isdigit() and len(c) == 7 else c for c in row] for row in AOC_ROWS]
    text = read("AOC_V2025Q4_01-MCR.txt", make.aoc(AOC_ROWS)).frame
    for rows in (AOC_ROWS, numbers):
        book = read("AOC_V2025Q4_01-MCR.xlsx", make.aoc_book(rows, header)).frame
        assert book.equals(text)


@pytest.mark.parametrize(
    "bad",
    [
        ("4", "0071U", "", "0070U", "", "2018274", "", ""),
        ("1", "0071U", "", "007 U", "", "2018274", "", ""),
        ("1", "0071U", "", "0070U", "", "2018366", "", ""),  # 2018 had 365 days
        ("1", "0071U", "2018", "0070U", "", "2018274", "", ""),
        ("1", "0071U", "", "0070U", "", "", "", ""),
    ],
)
def test_an_aoc_row_that_does_not_parse_is_counted(make: type[Make], bad: tuple[str, ...]) -> None:
    for name, data in (
        ("AOC_V2025Q4.txt", make.aoc([AOC_ROWS[0], bad])),
        ("AOC_V2025Q4.xlsx", make.aoc_book([AOC_ROWS[0], bad])),
    ):
        parsed = read(name, data)
        assert (parsed.frame.height, parsed.unparsed) == (1, 1), name


def test_an_aoc_text_cut_off_in_a_row_loses_that_row_visibly(make: type[Make]) -> None:
    parsed = read("AOC_V2025Q4.txt", make.aoc(AOC_ROWS)[: 3 * 296 + 20])
    assert (parsed.frame.height, parsed.unparsed, parsed.unparsed_rows) == (3, 1, (4,))


def test_mue(make: type[Make]) -> None:
    parsed = read("MCR_MUE_PractitionerServices_Eff_04-01-2026.csv", make.mue(MUE_ROWS))
    assert parsed.frame.rows() == [
        ("0001U", 1, 2, "Nature of Analyte"),
        ("A4206", 0, 1, "CMS Policy"),
        ("J1100", 120, 3, "Clinical: Data"),
    ]
    book = read("MCR_MUE_PractitionerServices_Eff_04-01-2026.xlsx", make.mue_book(MUE_ROWS))
    assert book.frame.equals(parsed.frame)


@pytest.mark.parametrize(
    "bad",
    [
        ("0001", 1, "2 Date of Service Edit: Policy", ""),
        ("0001U", "many", "2 Date of Service Edit: Policy", ""),
        ("0001U", -1, "2 Date of Service Edit: Policy", ""),
        ("0001U", 1.5, "2 Date of Service Edit: Policy", ""),
        ("0001U", 1, "4 Another Edit", ""),
        ("0001U", 1, "", ""),
    ],
)
def test_an_mue_row_that_does_not_parse_is_counted(make: type[Make], bad: tuple[str, ...]) -> None:
    bad = ("X001", *bad[1:]) if bad[0] == "0001" else bad
    parsed = read("MCR_MUE_PractitionerServices_Eff_04-01-2026.csv", make.mue([*MUE_ROWS[1:], bad]))
    assert (parsed.frame.height, parsed.unparsed) == (2, 1)


def test_a_number_gets_its_zeros_back_in_a_workbook(make: type[Make]) -> None:
    rows = [(100, 1, "2 Date of Service Edit: Policy", "x")]
    book = read("MCR_MUE_PractitionerServices_Eff_04-01-2026.xlsx", make.mue_book(rows))
    assert book.frame["code"].to_list() == ["00100"]


def test_fees(make: type[Make]) -> None:
    parsed = read("PPRRVU2025_Oct.csv", make.fees(FEES_ROWS))
    assert parsed.frame.rows() == sorted(FEES_ROWS)
    assert parsed.unparsed == 0


@pytest.mark.parametrize("layout", ["text", "32 columns", "workbook"])
def test_fees_in_other_layouts_are_the_same_table(make: type[Make], layout: str) -> None:
    numbers = [
        [int(cell) if place and cell.isdigit() else cell for place, cell in enumerate(row)]
        for row in make.fees_rows(FEES_ROWS, "")
    ]
    name, data = {
        "text": ("PPRRVU2025_Oct.txt", make.fees_text(FEES_ROWS)),
        "32 columns": ("PPRRVU2026_Apr_QPP.csv", make.fees(FEES_ROWS, priced=True)),
        "workbook": ("PPRRVU2025_Oct.xlsx", make.book({"PPRRVU": numbers})),
    }[layout]
    assert read(name, data).frame.rows() == sorted(FEES_ROWS)


@pytest.mark.parametrize(
    "bad",
    [
        ("0010", "", "J", "9", "XXX", "9", "9", "9", "9", "9"),
        ("00100", "59", "J", "9", "XXX", "9", "9", "9", "9", "9"),
        ("00100", "", "", "9", "XXX", "9", "9", "9", "9", "9"),
        ("00100", "", "J", "9", "ABC", "9", "9", "9", "9", "9"),
    ],
)
def test_a_fee_row_that_does_not_parse_is_counted(make: type[Make], bad: tuple[str, ...]) -> None:
    bad = ("X010", *bad[1:]) if bad[0] == "0010" else bad
    parsed = read("PPRRVU2025_Oct.csv", make.fees([FEES_ROWS[1], bad]))
    assert (parsed.frame.height, parsed.unparsed) == (1, 1)


@pytest.mark.parametrize("above", [(), (("A title over the header",), ("and another",))])
def test_hcpcs(make: type[Make], above: tuple[tuple[str, ...], ...]) -> None:
    parsed = read("HCPC2025_OCT_ANWEB.xlsx", make.hcpcs(HCPCS_ROWS, above))
    assert parsed.frame.rows() == [
        ("A1", "modifier", date(2002, 7, 1), None, "C"),
        ("C9088", "procedure", date(2021, 4, 1), date(2025, 9, 30), "D"),
        ("J1100", "procedure", date(1986, 1, 1), None, "D"),
    ]
    assert parsed.unparsed == 0


def test_hcpcs_rows_of_other_sorts(make: type[Make]) -> None:
    rows = [
        *HCPCS_ROWS,
        ("J1100", "4", "", "", ""),  # the descriptor goes on: no row of its own
        ("J11", "3", "D", "19860101", ""),
        ("J1101", "3", "D", "1986", ""),
        ("J1102", "5", "D", "19860101", ""),
        ("ZZ", "5", "D", "19860101", ""),
    ]
    parsed = read("HCPC2025_OCT_ANWEB.xlsx", make.hcpcs(rows))
    assert (parsed.frame.height, parsed.unparsed) == (3, 4)


def test_a_cell_of_no_characters_is_an_empty_cell(make: type[Make]) -> None:
    rows = [("J1100", "3", "", "19860101", ""), ("",) * 5]
    parsed = read("HCPC2025_OCT_ANWEB.xlsx", make.hcpcs(rows, texts=True))
    assert parsed.frame.rows() == [("J1100", "procedure", date(1986, 1, 1), None, None)]
    assert parsed.unparsed == 0
