"""What the rules of the whole catalogue were promised of their tables, example by example."""

import re
from collections.abc import Callable

import pytest

Row = dict[str, str]
Table = Callable[[str], list[Row]]


def form(code: str) -> str:
    return re.sub(r"\d", "9", code)


def rows(policy: Table, name: str, code: str, end: str = "") -> list[Row]:
    return [
        row
        for row in policy(name)
        if form(code) == form(row[f"code_low{end}"])
        and row[f"code_low{end}"] <= code <= row[f"code_high{end}"]
    ]


def same_day(policy: Table, one: str, two: str) -> set[tuple[str, str]]:
    """(code kept, indicator) of two services of a day."""
    return {
        ({"a": first, "b": second}[row["keep"]], row["indicator"])
        for first, second in ((one, two), (two, one))
        for row in rows(policy, "em_same_day", first)
        if row in rows(policy, "em_same_day", second, "_b")
    }


@pytest.mark.parametrize(
    ("one", "two", "kept", "indicator"),
    [
        ("99235", "99222", "99235", "0"), ("99239", "99214", "99239", "0"),
        ("99222", "99238", "99222", "0"), ("99203", "99213", "99203", "1"),
        ("90791", "90834", "90791", "0"), ("94002", "99233", "99233", "0"),
        ("99211", "96372", "96372", "0"), ("99211", "90471", "90471", "1"),
        ("99211", "G0008", "G0008", "1"), ("G0102", "99213", "99213", "0"),
    ],
)  # fmt: skip
def test_services_that_exclude_each_other(
    policy: Table, one: str, two: str, kept: str, indicator: str
) -> None:
    assert same_day(policy, one, two) == {(kept, indicator)}


@pytest.mark.parametrize(
    ("one", "two"),
    [("99213", "96372"), ("99291", "99283"), ("99497", "99214"), ("99396", "99213"),
     ("99292", "99291"), ("90834", "90785")],
)  # fmt: skip
def test_services_that_do_not(policy: Table, one: str, two: str) -> None:
    assert same_day(policy, one, two) == set()


@pytest.mark.parametrize(
    ("addon", "rule", "value", "beside"),
    [("17003", "max_units", "13", "17000"), ("17003", "not_with", "", "17004"),
     ("64492", "also_requires", "", "64491"), ("95885", "sum_max", "4", "95886"),
     ("G2212", "only_with", "", "99205 99215 99483 G0463")],
)  # fmt: skip
def test_unit_relations(policy: Table, addon: str, rule: str, value: str, beside: str) -> None:
    found = [r for r in rows(policy, "addon_units", addon) if r["rule"] == rule]
    assert [(r["value"], r["with_code"]) for r in found] == [(value, beside)]


@pytest.mark.parametrize("code", ["77002", "77003", "76942", "96368", "95873"])
def test_a_ceiling_per_encounter_is_not_of_a_day(policy: Table, code: str) -> None:
    assert {r["confidence"] for r in rows(policy, "addon_units", code)} == {"per_encounter"}


@pytest.mark.parametrize(
    ("code", "least", "most"),
    [("99393", "5", "11"), ("99397", "65", ""), ("90460", "0", "18"), ("99391", "0", "0"),
     ("49505", "5", "")],
)  # fmt: skip
def test_ages(policy: Table, code: str, least: str, most: str) -> None:
    (row,) = rows(policy, "age_rules", code)
    assert (row["min_age_years"], row["max_age_years"]) == (least, most)


def test_ages_are_in_order(policy: Table) -> None:
    for row in policy("age_rules"):
        assert int(row["min_age_years"]) <= int(row["max_age_years"] or 199), row
        assert row["min_age_years"] != "0" or row["max_age_years"], row


@pytest.mark.parametrize(
    ("code", "sex"),
    [("58150", "F"), ("55250", "M"), ("G0103", "M"), ("59400", "F"), ("01967", "F"),
     ("00921", "M"), ("88175", "F")],
)  # fmt: skip
def test_sexes(policy: Table, code: str, sex: str) -> None:
    assert [r["sex"] for r in rows(policy, "sex_rules", code)] == [sex]


@pytest.mark.parametrize("code", ["55970", "76872", "76856", "58323", "77067", "84702", "99213"])
def test_codes_of_either_sex(policy: Table, code: str) -> None:
    assert not rows(policy, "sex_rules", code)


@pytest.mark.parametrize(
    ("code", "allowed", "not_allowed"),
    [("99284", "23 02 10", "11 21"), ("99223", "21 22 02", "11"), ("99309", "31 32", "11 21"),
     ("99348", "12 13", "11 31"), ("99213", "11 21 22 31 02 10", "32"), ("00840", "21 24", "12")],
)  # fmt: skip
def test_places(policy: Table, code: str, allowed: str, not_allowed: str) -> None:
    (row,) = rows(policy, "pos_rules", code)
    places = set(row["allowed_pos"].split())
    assert set(allowed.split()) <= places
    assert not set(not_allowed.split()) & places


def test_places_are_places_and_telehealth_is_allowed_to_visits(policy: Table) -> None:
    known = {row["pos"] for row in policy("place_of_service")}
    for row in policy("pos_rules"):
        assert set(row["allowed_pos"].split()) <= known
        assert ("02" in row["allowed_pos"].split()) == (row["code_low"] != "00100"), row
    assert {row["pos"] for row in policy("telehealth_pos")} <= known


def complete(policy: Table, panel: str, codes: set[str]) -> bool:
    found = rows(policy, "lab_panels", panel)
    if not {r["component"] for r in found if r["membership"] == "all"} <= codes:
        return False
    for group in {r["option_group"] for r in found if r["option_group"]}:
        options: dict[str, set[str]] = {}
        for row in found:
            if row["option_group"] == group:
                options.setdefault(row["option"], set()).add(row["component"])
        if not any(option <= codes for option in options.values()):
            return False
    return True


@pytest.mark.parametrize(
    ("panel", "codes", "whole"),
    [
        ("80061", "82465 83718 84478", True), ("80061", "82465 84478", False),
        ("80050", "80053 84443 85025", True), ("80050", "80053 84443 85027 85004", True),
        ("80050", "80053 84443 85027", False), ("80074", "86705 86709 86803 87340", True),
        ("80048", "82310 82374 82435 82565 82947 84132 84295 84520", True),
        ("80047", "82310 82374 82435 82565 82947 84132 84295 84520", False),
    ],
)  # fmt: skip
def test_panels(policy: Table, panel: str, codes: str, *, whole: bool) -> None:
    assert complete(policy, panel, set(codes.split())) == whole


def test_options_are_numbered_only_in_groups(policy: Table) -> None:
    for row in policy("lab_panels"):
        marks = {bool(row["option_group"]), bool(row["option"]), row["membership"] == "one_of"}
        assert len(marks) == 1, row


def test_minutes(policy: Table) -> None:
    by_code = {row["code_low"]: row for row in policy("timed_codes")}
    assert (by_code["97110"]["unit_minutes"], by_code["97110"]["counted"]) == ("15", "1")
    assert by_code["90837"]["minimum_minutes"] == "53"
    assert by_code["99291"]["minimum_minutes"] == "30"
    assert not {"99490", "99439", "00840", "97161", "96138"} & set(by_code)
    apart = {code for code, row in by_code.items() if row["counted"] == "0"}
    assert apart == {f"9715{n}" for n in range(1, 9)} & set(by_code) | {"99483"}
    for row in by_code.values():
        assert row["unit_minutes"] or row["minimum_minutes"], row
        assert int(row["minimum_minutes"]) <= int(row["unit_minutes"] or 999), row


def test_vaccines_know_their_administration(policy: Table) -> None:
    administration = {row["code_low"]: row for row in policy("vaccine_admin")}
    for row in policy("vaccine_products"):
        codes = row["medicare_admin"].split() + row["other_admin"].split()
        assert codes
        assert set(codes) <= set(administration), row
        wanted = {"influenza": "G0008", "pneumococcal": "G0009", "hepatitis_b": "G0010"}
        if row["group"] in wanted:
            assert row["medicare_admin"] == wanted[row["group"]], row
    assert administration["90460"]["family"] != administration["90471"]["family"]
    assert administration["90460"]["max_age"] == "18"


def test_waived_tests(policy: Table) -> None:
    exempt = {row["code_low"] for row in policy("clia_waived") if row["qw"] == "exempt"}
    wanted = "81002 81025 82270 82272 82962 83026 84830 85013 85651"
    assert exempt == set(wanted.split())
    assert [r["qw"] for r in rows(policy, "clia_waived", "87880")] == ["needs"]


def test_class_findings(policy: Table) -> None:
    found = {row["code_low"]: row["requires_class_finding"] for row in policy("foot_care")}
    assert found == dict.fromkeys(["11055", "11056", "11057", "11719", "G0127"], "1") | {
        "11720": "dx", "11721": "dx",
    }  # fmt: skip


def test_equipment(policy: Table) -> None:
    category = {
        code: [r["payment_category"] for r in rows(policy, "dme_rental", code)]
        for code in ("E0143", "E0601", "K0001", "E1390", "E1399", "E0441", "K0108", "E0603")
    }
    assert category == {
        "E0143": ["inexpensive"], "E0601": ["capped_rental"], "K0001": ["capped_rental"],
        "E1390": ["oxygen"], "E1399": [], "E0441": [], "K0108": [], "E0603": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "role", "kind"),
    [
        ("12001", "repair", "simple"), ("12032", "repair", "layered"),
        ("13101", "repair", "layered"), ("11104", "biopsy", ""),
        ("11602", "excision_allowed", "layered"), ("17311", "surgery_excluded", "mohs"),
        ("45380", "surgery_excluded", "endoscopy"), ("20610", "surgery_excluded", "injection"),
        ("25600", "surgery_excluded", "closed_treatment"),
    ],
)  # fmt: skip
def test_closures(policy: Table, code: str, role: str, kind: str) -> None:
    assert [(r["role"], r["kind"]) for r in rows(policy, "closure", code)] == [(role, kind)]


@pytest.mark.parametrize("code", ["27447", "11400", "11420", "11440", "25607", "47562", "45395"])
def test_surgery_that_includes_its_closure(policy: Table, code: str) -> None:
    assert not rows(policy, "closure", code)


@pytest.mark.parametrize(
    ("code", "family", "role"),
    [("45378", "colonoscopy", "diagnostic"), ("45385", "colonoscopy", "surgical"),
     ("29881", "knee_arthroscopy", "surgical"), ("29870", "knee_arthroscopy", "diagnostic"),
     ("27447", "knee_open", "open"), ("52000", "cystoscopy", "diagnostic")],
)  # fmt: skip
def test_scopes(policy: Table, code: str, family: str, role: str) -> None:
    found = [(r["family"], r["role"]) for r in rows(policy, "endoscopy", code)]
    assert found == [(family, role)]


@pytest.mark.parametrize("code", ["45395", "29893", "20610", "27369", "27570", "66711"])
def test_no_scopes(policy: Table, code: str) -> None:
    assert not rows(policy, "endoscopy", code)


def test_views_of_a_part_do_not_overlap_and_one_code_is_complete(policy: Table) -> None:
    parts: dict[str, list[Row]] = {}
    for row in policy("view_counts"):
        parts.setdefault(row["body_part"], []).append(row)
    for part, found in parts.items():
        assert [r["complete"] for r in found].count("1") == 1, part
        assert found[-1]["complete"] == "1", part
        assert all(int(r["views_min"]) <= int(r["views_max"] or 99) for r in found), part
        assert len({r["sided"] for r in found}) == 1, part


def test_order_of_modifiers(policy: Table) -> None:
    classes = {row["modifier"]: row["position_class"] for row in policy("modifier_class")}
    assert set(classes) <= {row["modifier"] for row in policy("modifiers")}
    for modifier in [
        "26",
        "TC",
        "50",
        "62",
        "66",
        "78",
        "80",
        "81",
        "82",
        "AS",
        "54",
        "55",
        "QW",
        "AA",
        "QZ",
        "NU",
    ]:
        assert classes[modifier] == "pricing", modifier
    for modifier in ["24", "25", "57", "59", "XE", "LT", "RT", "F1", "T5"]:
        assert classes[modifier] == "statistical", modifier
    assert classes["CQ"] == "payment", "it stands after GP by custom"


def test_regions_have_modifiers(policy: Table) -> None:
    classes = {row["region_class"] for row in policy("modifier_class")} - {""}
    assert {row["class"] for row in policy("modifier_regions")} == classes
    digits = [row["modifier"] for row in policy("modifier_class") if row["region_class"] == "digit"]
    assert len(digits) == 20


@pytest.mark.parametrize(
    ("region", "code", "off"),
    [("digit", "27447", True), ("digit", "26055", False), ("digit", "28285", False),
     ("eyelid", "21280", False), ("eyelid", "21282", False), ("eyelid", "64612", False),
     ("eyelid", "27447", True), ("eyelid", "67820", False), ("coronary", "92928", False),
     ("coronary", "33510", False), ("coronary", "45378", True), ("digit", "11730", False)],
)  # fmt: skip
def test_modifiers_off_their_region(policy: Table, region: str, code: str, *, off: bool) -> None:
    found = [r for r in rows(policy, "modifier_regions", code) if r["class"] == region]
    assert bool(found) == off


@pytest.mark.parametrize(
    ("diagnosis", "valid"),
    [("M17.11", True), ("M1711", True), ("U07.1", True), ("C7A.00", True), ("Z00", True),
     ("M1711X9Z", False), ("250.00", False), ("M1", False), ("M17.", False), ("m17.11", False)],
)  # fmt: skip
def test_the_form_of_a_diagnosis(policy: Table, diagnosis: str, *, valid: bool) -> None:
    (row,) = policy("diagnosis_form")
    assert bool(re.search(row["regex"], diagnosis)) == valid


def test_letters_of_an_ambulance(policy: Table) -> None:
    found = {row["letter"]: (row["origin"], row["destination"]) for row in policy("ambulance")}
    assert set(found) == set("DEGHIJNPRSX")
    assert {letter for letter, ends in found.items() if ends != ("1", "1")} == {"X"}


@pytest.mark.parametrize("code", ["20610", "90471", "96365", "73030"])
def test_what_cannot_be_remote(policy: Table, code: str) -> None:
    assert rows(policy, "telehealth_never", code)


@pytest.mark.parametrize("code", ["99213", "59425", "77427", "92227", "90834", "97110", "80053"])
def test_what_may_be_remote(policy: Table, code: str) -> None:
    assert not rows(policy, "telehealth_never", code)


@pytest.mark.parametrize(
    ("pair", "severity"),
    [({"GA", "GX"}, "certain"), ({"GX", "GY"}, ""), ({"GC", "GE"}, "certain"),
     ({"CO", "CQ"}, "certain"), ({"LT", "F5"}, "review"), ({"LT", "F1"}, ""),
     ({"RT", "TA"}, "review"), ({"KH", "KI"}, "certain"), ({"93", "FQ"}, "")],
)  # fmt: skip
def test_more_conflicts(policy: Table, pair: set[str], severity: str) -> None:
    found = [
        row["severity"]
        for row in policy("modifier_conflicts")
        if {row["modifier_a"], row["modifier_b"]} == pair
    ]
    assert found == ([severity] if severity else [])
