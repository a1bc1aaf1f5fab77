"""What a file's name says, and what it does not say."""

from datetime import date

import pytest

from auditor.reference.interface import Kind
from auditor.reference.kinds import KINDS, ncci_version, quarter_end, quarter_name, quarter_start
from auditor.reference.names import Hints, file_name, merge, read_name

Q3_2024, Q1_2025, Q4_2025 = date(2024, 7, 1), date(2025, 1, 1), date(2025, 10, 1)
Q2_2026, Q3_2026 = date(2026, 4, 1), date(2026, 7, 1)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ccipra-v302r0-f1.TXT", Hints("practitioner", Q3_2024, 0, 1)),
        ("ccipra-v302r0-f4.first60k.xlsx", Hints("practitioner", Q3_2024, 0, 4)),
        ("ccioph-v322r1-f2.zip", Hints("hospital", Q3_2026, 1, 2)),
        ("ccipra-v310r0-f3_final.txt", Hints("practitioner", Q1_2025, 0, 3)),
        (
            "medicare-ncci-2026q3-practitioner-ptp-edits-ccipra-v322r0-f1.zip",
            Hints("practitioner", Q3_2026, 0, 1),
        ),
        ("AOC_V2025Q4_01-MCR.xlsx", Hints(None, Q4_2025, 1)),
        ("AOC_V2025Q4-MCR_xlsx", Hints(None, Q4_2025, 0)),
        ("AOC_V2025Q4_01-MCD.txt", Hints(None, Q4_2025, 1, medicaid=True)),
        ("add-code-edits-medicare-effective-10012025.zip", Hints(None, Q4_2025)),
        ("MCR_MUE_PractitionerServices_Eff_04-01-2026.csv", Hints("practitioner", Q2_2026)),
        ("MCR_MUE_OutpatientHospitalServices_Eff_04-01-2026.csv", Hints("hospital", Q2_2026)),
        ("MCR_MUE_DMESupplierServices_Eff_04-01-2026.csv", Hints("dme", Q2_2026)),
        ("PPRRVU2025_Oct.csv", Hints(None, Q4_2025)),
        ("PPRRVU25_JAN.csv", Hints(None, Q1_2025)),
        ("PPRRVU2026_Apr_nonQPP.csv", Hints(None, Q2_2026)),
        ("rvu26b-updated.zip", Hints(None, Q2_2026)),
        (
            "2025 National Physician Fee Schedule Relative Value File October Release",
            Hints("practitioner", Q4_2025),
        ),
        ("HCPC2025_OCT_ANWEB.xlsx", Hints(None, Q4_2025, 0)),
        ("HCPC2025_JAN_ANWEB_v3.xlsx", Hints(None, Q1_2025, 3)),
        (
            "MCR_NCCI_OCE_CCMIChgs_Eff_10-01-2025.txt",
            Hints("hospital", Q4_2025, change="indicator changes"),
        ),
        (
            "MCR_MUE_DME_Additions_Eff_10-01-2025.txt",
            Hints("dme", Q4_2025, change="additions"),
        ),
        ("NCCI_Dels_Eff_10-01-2025", Hints(None, Q4_2025, change="deletions")),
        ("MCR MUE DME Revs Eff 10-01-2025", Hints("dme", Q4_2025, change="revisions")),
        # An archive of all sorts of changes does not say which sort a file in it is.
        (
            "medicare-ncci-2025q4-dme-quarterly-additions-deletions-revisions-mue.zip",
            Hints("dme", Q4_2025),
        ),
    ],
)
def test_name_says(name: str, said: Hints) -> None:
    assert read_name(name) == said


@pytest.mark.parametrize(
    "name",
    [
        "march.csv",
        "README.md",
        "Sheet1",
        "effective-13452025.txt",  # no such month
        "notes 2025.txt",
        "charges-f1.txt",
        "sharvu26b.zip",  # rvu26b within another word
    ],
)
def test_name_says_nothing(name: str) -> None:
    assert read_name(name) == Hints()


def test_revision_is_not_a_year_or_a_longer_number() -> None:
    assert read_name("AOC_V2025Q4_2025-10.xlsx").revision == 0


@pytest.mark.parametrize(
    ("version", "quarter"),
    [("v300", "2024Q1"), ("v301", "2024Q2"), ("v302", "2024Q3"), ("v303", "2024Q4"),
     ("v310", "2025Q1"), ("v322", "2026Q3")],
)  # fmt: skip
def test_ncci_versions_count_years_from_1994(version: str, quarter: str) -> None:
    day = read_name(f"ccipra-{version}r0-f1.txt").effective
    assert day is not None
    assert quarter_name(day) == quarter
    assert ncci_version(day) == version


def test_there_is_no_fifth_quarter_in_a_version() -> None:
    assert read_name("ccipra-v304r0-f1.txt").effective is None


def test_the_nearest_name_goes_first_and_others_fill_in() -> None:
    merged = merge([Hints(effective=Q3_2024), Hints("hospital", Q1_2025, revision=2)])
    assert merged == Hints("hospital", Q3_2024, 2)


@pytest.mark.parametrize("month", range(1, 13))
def test_quarters(month: int) -> None:
    day = date(2024, month, 17)
    start, end = quarter_start(day), quarter_end(day)
    assert start.day == 1
    assert start <= day <= end
    assert (end.month - start.month, end.month % 3) == (2, 0)
    assert quarter_start(end) == start
    assert quarter_name(start) == f"2024Q{start.month // 3 + 1}"


def test_a_release_within_a_quarter_is_named_by_its_day() -> None:
    assert quarter_name(date(2026, 4, 15)) == "2026-04-15"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("quarter", [date(2024, 7, 1), date(2025, 1, 1), date(2026, 10, 1)])
def test_the_file_to_fetch_is_named_as_cms_names_it(kind: Kind, quarter: date) -> None:
    told = file_name(kind, quarter)
    # what is left out is the revision
    name = told.replace("r...", "r0").replace("...", "-MCR").removesuffix(" to -f4")
    if told:
        assert read_name(name).effective == quarter
    assert bool(told) == (kind not in {"ptp-hospital", "mue-hospital", "mue-dme"})


def test_file_names_of_a_quarter() -> None:
    day = date(2025, 11, 4)
    assert [file_name(kind, day) for kind in KINDS if file_name(kind, day)] == [
        "AOC_V2025Q4...",
        "ccipra-v313r...-f1 to -f4",
        "MCR_MUE_PractitionerServices_Eff_10-01-2025",
        "PPRRVU2025_Oct",
        "HCPC2025_OCT_ANWEB",
    ]
