"""The policy tables say what the rules were promised, and nothing that was ruled out."""

import re
from collections.abc import Callable

import pytest

Table = Callable[[str], list[dict[str, str]]]


def words(text: str) -> list[str]:
    return text.split()


BYPASS = words("""
E1 E2 E3 E4 FA F1 F2 F3 F4 F5 F6 F7 F8 F9 TA T1 T2 T3 T4 T5 T6 T7 T8 T9 LT RT LC LD RC LM RI
24 25 57 58 78 79 27 59 91 XE XS XP XU
""")
FACILITY = words("02 06 08 19 21 22 23 24 26 31 34 41 42 51 52 53 56 61")


def category(policy: Table, code: str) -> dict[str, str]:
    rows = [
        row
        for row in policy("em_codes")
        if len(code) == 5
        and code[0].isdigit() == row["code_low"][0].isdigit()
        and row["code_low"] <= code <= row["code_high"]
    ]
    assert len(rows) <= 1
    return rows[0] if rows else {}


def test_the_44_modifiers_that_may_bypass_a_pair(policy: Table) -> None:
    assert len(BYPASS) == 44
    found = {row["modifier"] for row in policy("modifiers") if row["ncci_bypass"] == "1"}
    assert found == set(BYPASS)


@pytest.mark.parametrize("modifier", ["22", "50", "51", "76", "77", "26", "TC", "GP", "KX"])
def test_known_modifiers_that_do_not_bypass(policy: Table, modifier: str) -> None:
    found = [row["ncci_bypass"] for row in policy("modifiers") if row["modifier"] == modifier]
    assert found == ["0"]


@pytest.mark.parametrize("modifier", ["Z9", "00", "9P", "QU", "XX"])
def test_invented_modifiers_are_not_there(policy: Table, modifier: str) -> None:
    assert modifier not in {row["modifier"] for row in policy("modifiers")}


@pytest.mark.parametrize(
    ("modifier", "start", "end"),
    [("JZ", "2023-01-01", ""), ("CQ", "2019-01-01", ""), ("XE", "2015-01-01", ""),
     ("JG", "2018-01-01", "2024-12-31"), ("25", "", ""), ("21", "", "2008-12-31")],
)  # fmt: skip
def test_modifiers_have_their_dates(policy: Table, modifier: str, start: str, end: str) -> None:
    row = next(row for row in policy("modifiers") if row["modifier"] == modifier)
    assert (row["effective"], row["deletion"]) == (start, end)


@pytest.mark.parametrize(
    "code",
    words("""
    99202 99215 99221 99233 99236 99239 99244 99255 99285 99291 99292 99304 99310 99316
    99345 99350 99460 99468 99478 92002 92014 99220 99241
    """),
)
def test_these_are_visits(policy: Table, code: str) -> None:
    row = category(policy, code)
    assert (row["visit"], row["soft"]) == ("1", "0")


@pytest.mark.parametrize(
    "code",
    words("""
    99358 99417 G2212 99366 99375 99396 G0439 99402 99407 99421 99439 99442 99447 99457
    99483 99490 99495 99497 98016 G2211 99499
    """),
)
def test_these_belong_to_the_section_and_are_no_visits(policy: Table, code: str) -> None:
    row = category(policy, code)
    assert (row["visit"], row["soft"]) == ("0", "1")


@pytest.mark.parametrize("code", ["20610", "99183", "92250", "99000", "99500", "90837", "G0101"])
def test_these_are_no_visits_at_all(policy: Table, code: str) -> None:
    assert not category(policy, code)


def test_the_new_patient_codes(policy: Table) -> None:
    new = [row["code_low"] for row in policy("em_codes") if row["patient_type"] == "new"]
    assert {"99202", "99203", "99204", "99205", "99341", "99345", "92002", "99381"} <= set(new)
    assert not {"99211", "99213", "99347", "92012", "99221"} & set(new)


@pytest.mark.parametrize(
    ("code", "deletion"),
    [("99201", "2020-12-31"), ("99241", "2022-12-31"), ("99242", ""), ("99443", "2024-12-31"),
     ("G2012", "2024-12-31"), ("99213", "")],
)  # fmt: skip
def test_ended_visits_end_on_their_last_valid_day(policy: Table, code: str, deletion: str) -> None:
    assert category(policy, code)["deletion"] == deletion


def test_conflicting_modifiers_are_known_and_stand_once(policy: Table) -> None:
    known = {row["modifier"] for row in policy("modifiers")}
    pairs = [(row["modifier_a"], row["modifier_b"]) for row in policy("modifier_conflicts")]
    assert {m for pair in pairs for m in pair} <= known
    assert all(a != b for a, b in pairs)
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("pair", "severity"),
    [({"26", "TC"}, "certain"), ({"LT", "50"}, "certain"), ({"59", "XS"}, "certain"),
     ({"93", "95"}, "certain"), ({"JW", "JZ"}, "certain"), ({"AT", "GA"}, "certain"),
     ({"CO", "CQ"}, "certain"), ({"LT", "RT"}, "review"), ({"54", "55"}, "review")],
)  # fmt: skip
def test_known_conflicts(policy: Table, pair: set[str], severity: str) -> None:
    found = [
        row["severity"]
        for row in policy("modifier_conflicts")
        if {row["modifier_a"], row["modifier_b"]} == pair
    ]
    assert found == [severity]


@pytest.mark.parametrize(
    "pair", [{"26", "RT"}, {"25", "57"}, {"GP", "CQ"}, {"GO", "CO"}, {"AA", "P2"}, {"59", "GP"}]
)
def test_lawful_companions_are_no_conflict(policy: Table, pair: set[str]) -> None:
    assert pair not in [
        {row["modifier_a"], row["modifier_b"]} for row in policy("modifier_conflicts")
    ]


def test_sides_are_known_modifiers_and_imaging_is_information(policy: Table) -> None:
    known = {row["modifier"] for row in policy("modifiers")}
    for row in policy("laterality"):
        assert set(row["any_of"].split()) <= known
        assert (row["severity"] == "info") == (row["code_low"][0] in "7L"), row


@pytest.mark.parametrize("code", ["73565", "73050", "67805", "73521", "77066", "45378", "99213"])
def test_codes_without_a_side_are_not_asked_for_one(policy: Table, code: str) -> None:
    """73565 and 73050 lie in a range, but their bilateral indicator 2 takes them out."""
    asked = [
        row["code_low"]
        for row in policy("laterality")
        if row["code_low"] <= code <= row["code_high"]
    ]
    assert bool(asked) == (code in {"73565", "73050"})


def test_therapy_disciplines(policy: Table) -> None:
    by_code = {row["code"]: set(row["discipline_modifiers"].split()) for row in policy("therapy")}
    assert by_code["97110"] == {"GP", "GO", "GN"}
    assert all(by_code[code] == {"GP"} for code in ("97161", "97162", "97163", "97164"))
    assert all(by_code[code] == {"GO"} for code in ("97165", "97166", "97167", "97168"))
    assert all(
        by_code[code] == {"GN"} for code in ("92521", "92522", "92523", "92524", "92597", "92607")
    )
    assert not {"97010", "97014", "97545", "92610", "97597", "99213"} & set(by_code)
    assert min(row["from"] for row in policy("therapy")) == "2018-01-01"


def test_facility_places(policy: Table) -> None:
    places = policy("place_of_service")
    assert [row["pos"] for row in places if row["facility"] == "1"] == FACILITY
    assert all(re.fullmatch(r"\d\d", row["pos"]) for row in places)
    assert not {"10", "11", "12", "20", "32", "49", "81"} & set(FACILITY)


def test_places_where_the_technical_part_is_the_facilitys(policy: Table) -> None:
    tiers = {row["pos"]: row["component_tier"] for row in policy("facility_pos")}
    certain = {pos for pos, tier in tiers.items() if tier == "certain"}
    assert certain == {"19", "21", "22", "23", "51", "52", "61"}
    assert set(tiers) - certain == {"24", "26", "31", "34", "53", "56"}


def test_add_ons_that_may_begin_the_day_before(policy: Table) -> None:
    infusion = {"96361", "96366", "96367", "96375", "96415", "96417"}
    assert {row["code"] for row in policy("infusion_addons")} == infusion | {"01968", "01969"}


@pytest.mark.parametrize(
    "code",
    ["99213", "00840", "1159F", "0213T", "0001U", "0002M", "0001A", "J1100", "D0120", "A0425"],
)
def test_valid_forms_of_code(policy: Table, code: str) -> None:
    assert any(re.search(row["regex"], code) for row in policy("code_formats"))


@pytest.mark.parametrize(
    "code",
    ["9921", "992133", "99213-", "O9213", "I1234", "Z1231", "W1234", "J110", "J11000", "1159G",
     "99 13", "٩٩٢١٣", "25", "RT", "", "M17.11", "1234567893"],
)  # fmt: skip
def test_invalid_forms_of_code(policy: Table, code: str) -> None:
    assert not any(re.search(row["regex"], code) for row in policy("code_formats"))


def laboratory(policy: Table, code: str) -> bool:
    return any(
        row["code_low"] <= code <= row["code_high"]
        and re.sub(r"\d", "9", row["code_low"]) == re.sub(r"\d", "9", code)
        for row in policy("lab")
    )


@pytest.mark.parametrize("code", ["80047", "89398", "85025", "G0103", "P3001", "0001U", "Q0111"])
def test_laboratory_codes(policy: Table, code: str) -> None:
    assert laboratory(policy, code)


@pytest.mark.parametrize("code", ["36415", "80046", "93000", "00100", "00840", "G0463", "P9612"])
def test_codes_that_are_no_laboratory_test(policy: Table, code: str) -> None:
    assert not laboratory(policy, code)


def warned(policy: Table, one: str, two: str) -> bool:
    def hit(row: dict[str, str], a: str, b: str) -> bool:
        return (
            row["code_low_a"] <= a <= row["code_high_a"]
            and row["code_low_b"] <= b <= row["code_high_b"]
        )

    return any(hit(row, one, two) or hit(row, two, one) for row in policy("ptp_warned"))


@pytest.mark.parametrize(
    ("one", "two"),
    [("11055", "11720"), ("11719", "11720"), ("38221", "38220"), ("11102", "17000"),
     ("11106", "17004"), ("29827", "29822"), ("29826", "29823"), ("29824", "29827"),
     ("76942", "76881"), ("76642", "76942")],
)  # fmt: skip
def test_warned_pairs(policy: Table, one: str, two: str) -> None:
    assert warned(policy, one, two)


@pytest.mark.parametrize(
    ("one", "two"),
    [("29823", "29824"), ("29823", "29827"), ("29828", "29823"), ("29881", "29877"),
     ("45385", "45380"), ("11102", "17110"), ("76942", "77002"), ("20611", "20610")],
)  # fmt: skip
def test_pairs_without_a_warning(policy: Table, one: str, two: str) -> None:
    assert not warned(policy, one, two)


def modalities(policy: Table, code: str) -> set[str]:
    return {
        word
        for row in policy("guidance_included")
        if row["code_low"] <= code <= row["code_high"]
        for word in row["modality"].split()
    }


@pytest.mark.parametrize(
    ("code", "wanted"),
    [("20611", {"us"}), ("62323", {"fluoro", "ct"}), ("64493", {"fluoro", "ct"}),
     ("73040", {"fluoro"}), ("29881", {"fluoro"}), ("64415", {"any"}), ("92928", {"fluoro"}),
     ("20610", set()), ("62322", set()), ("27093", set()), ("92950", set()), ("92960", set()),
     ("60100", set()), ("64450", set())],
)  # fmt: skip
def test_guidance_that_a_code_includes(policy: Table, code: str, wanted: set[str]) -> None:
    assert modalities(policy, code) == wanted
