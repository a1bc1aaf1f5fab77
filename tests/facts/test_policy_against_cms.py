"""The policy tables on codes, held against the CMS files: codes, ranges, pairs, limits."""

import re
from collections.abc import Callable

import polars as pl
import pytest

Rows = list[dict[str, str]]
Table = Callable[[str], Rows]
Fees = dict[tuple[str, str], list[str]]
Limits = dict[str, dict[str, tuple[str, str, str]]]
Pairs = dict[tuple[str, str], str]
pytestmark = pytest.mark.shared

BY_CODE = (
    "addon_units", "age_rules", "clia_waived", "critical_care_bundled", "foot_care", "infusion",
    "lab_panels", "single_dose_drugs", "sole_service", "therapy_class", "timed_codes", "unlisted",
    "vaccine_admin", "vaccine_products", "view_counts",
)  # fmt: skip
PRICING = {"31": "frequently_serviced", "32": "inexpensive", "33": "oxygen", "36": "capped_rental"}


def form(code: str) -> str:
    return re.sub(r"\d", "9", code)


def within(codes: list[str], row: dict[str, str], end: str = "") -> list[str]:
    """The known codes of a row's range."""
    low, high = row[f"code_low{end}"], row[f"code_high{end}"]
    return [code for code in codes if low <= code <= high and form(code) == form(low)]


@pytest.fixture(scope="session")
def pairs(cms_ptp: pl.DataFrame) -> Pairs:
    return {
        (one, two): indicator
        for one, two, indicator in cms_ptp.select("column1", "column2", "indicator").iter_rows()
    }


@pytest.fixture(scope="session")
def primaries(cms_aoc: Rows) -> dict[str, set[str]]:
    """Add-on -> its open primaries that a professional claim may hold."""
    found: dict[str, set[str]] = {}
    for row in cms_aoc:
        if not row["deletion"] and not re.fullmatch(r"C\d{4}", row["primary"]):
            found.setdefault(row["addon"], set()).add(row["primary"])
    return found


@pytest.mark.parametrize("name", BY_CODE)
def test_a_code_by_itself_is_a_code_that_cms_knows(
    policy: Table, cms_codes: list[str], name: str
) -> None:
    known = set(cms_codes)
    for row in policy(name):
        assert row["code_low"] == row["code_high"]
        assert row["code_low"] in known or row["deletion"], row
        for other in (row.get("component", ""), *row.get("with_code", "").split()):
            assert not other or other in known, row


@pytest.mark.parametrize(
    "name", ["closure", "dme_rental", "em_same_day", "endoscopy", "sex_rules", "pos_rules"]
)
def test_no_range_is_empty_and_its_ends_are_codes(
    policy: Table, cms_codes: list[str], name: str
) -> None:
    # Ranges that follow a section of the book may begin or end between two codes of today.
    sections = {"sex_rules", "pos_rules", "em_same_day"}
    for row in policy(name):
        found = within(cms_codes, row)
        assert found, row
        if name not in sections and not row["source"].startswith("no incision"):
            assert (found[0], found[-1]) == (row["code_low"], row["code_high"]), row


def test_place_rules_hold_visits_and_anesthesia_only(policy: Table, cms_codes: list[str]) -> None:
    visits = policy("em_codes")
    for row in policy("pos_rules"):
        if row["code_low"] == "00100":
            continue
        for code in within(cms_codes, row):
            assert any(v["code_low"] <= code <= v["code_high"] for v in visits), code


def test_services_that_cannot_be_remote_hold_no_visit(policy: Table) -> None:
    for row in policy("telehealth_never"):
        assert not [
            visit["code_low"]
            for visit in policy("em_codes")
            if row["code_low"] <= visit["code_low"] <= row["code_high"]
        ]


def test_equipment_is_priced_as_its_category(policy: Table, cms_hcpcs: Rows) -> None:
    priced = {row["code"]: row for row in cms_hcpcs if row["recid"] == "3"}
    for row in policy("dme_rental"):
        for code in within(list(priced), row):
            assert not priced[code]["deletion"], code
            assert PRICING[priced[code]["pricing"]] == row["payment_category"], code


def test_a_scope_includes_the_diagnostic_scope_of_its_family(
    policy: Table, cms_scopes: dict[str, str], cms_codes: list[str]
) -> None:
    rows = [r for r in policy("endoscopy") if r["source"].startswith("endoscopic base code")]
    base = {r["family"]: r["code_low"] for r in rows if r["role"] == "diagnostic"}
    for row in rows:
        for code in within(cms_codes, row):
            wanted = None if row["role"] == "diagnostic" else base[row["family"]]
            assert cms_scopes.get(code) == wanted, code
    families = {code for code in cms_scopes.values() if re.fullmatch(r"\d{5}", code)}
    assert families - set(base.values()) == {"66710"}, "a laser, not a scope"


def test_a_scope_bundles_fluoroscopy(policy: Table, cms_codes: list[str], pairs: Pairs) -> None:
    scopes = [
        code
        for row in policy("endoscopy")
        if row["role"] != "open"
        for code in within(cms_codes, row)
    ]
    add_ons = {"31632", "31633", "31637"}  # they stand beside a scope that has the pair
    apart = {"29914", "29915", "29916", "31242", "31243", "43290", "43291", "53865"} | add_ons
    assert {code for code in scopes if (code, "76000") not in pairs} == apart


def test_open_surgery_of_a_joint_is_paired_with_its_arthroscopies(
    policy: Table, cms_codes: list[str], cms_fees: Fees, pairs: Pairs
) -> None:
    rows = policy("endoscopy")
    for row in (row for row in rows if row["role"] == "open"):
        scopes = [
            code
            for other in rows
            if other["joint"] == row["joint"] and other["role"] != "open"
            for code in within(cms_codes, other)
        ]
        for code in within(cms_codes, row):
            assert cms_fees[code, ""][2] == "090", code
            assert any((code, scope) in pairs for scope in scopes), code


def test_exclusions_of_a_day_are_pairs_of_that_indicator(
    policy: Table, cms_codes: list[str], pairs: Pairs
) -> None:
    not_yet_paired = {"90480"}  # younger than the pairs at hand treat it
    for row in policy("em_same_day"):
        if row["code_low_b"] in not_yet_paired:
            continue
        found = {
            pairs[pair]
            for one in within(cms_codes, row)
            for two in within(cms_codes, row, "_b")
            for pair in ((one, two), (two, one))
            if pair in pairs
        }
        assert found == {row["indicator"]}, row


def test_critical_care_pairs(policy: Table, pairs: Pairs) -> None:
    for row in policy("critical_care_bundled"):
        assert pairs["99291", row["code_low"]] == row["indicator"], row


def test_panels_and_their_components(policy: Table, pairs: Pairs) -> None:
    for row in policy("lab_panels"):
        assert pairs.get((row["code_low"], row["component"]), "") == row["indicator"], row


def test_a_longer_series_of_views_includes_a_shorter_one(policy: Table, pairs: Pairs) -> None:
    parts: dict[str, list[str]] = {}
    for row in policy("view_counts"):
        parts.setdefault(row["body_part"], []).append(row["code_low"])
    assert all(len(codes) > 1 for codes in parts.values())
    unpaired = {
        (codes[n], codes[n + 1])
        for codes in parts.values()
        for n in range(len(codes) - 1)
        if not {(codes[n + 1], codes[n]), (codes[n], codes[n + 1])} & set(pairs)
    }
    assert unpaired == set()


def test_unit_ceilings_are_unit_limits(policy: Table, cms_mue: Limits) -> None:
    for row in policy("addon_units"):
        if row["rule"] in ("max_units", "sum_max"):
            assert cms_mue["2026Q2"][row["code_low"]][0] == row["value"], row


def test_primaries_are_those_of_the_add_on_table(
    policy: Table, primaries: dict[str, set[str]]
) -> None:
    for row in policy("addon_units"):
        if row["rule"] == "only_with":
            assert primaries[row["code_low"]] == set(row["with_code"].split()), row
    for row in policy("infusion"):
        assert primaries.get(row["code_low"], set()) == set(row["requires_initial"].split()), row


def test_status_t_services(policy: Table, cms_fees: Fees) -> None:
    mine = {row["code_low"] for row in policy("sole_service")}
    assert mine == {code for (code, part), row in cms_fees.items() if row[0] == "T"}


def test_foot_care_is_once_a_day(policy: Table, cms_mue: Limits) -> None:
    for row in policy("foot_care"):
        assert cms_mue["2026Q2"][row["code_low"]][:2] == ("1", "2")


def test_codes_that_are_therapy_sometimes_are_not_priced_as_therapy_always(
    policy: Table, cms_fees: Fees
) -> None:
    always = {row["code"] for row in policy("therapy")}
    for row in policy("therapy_class"):
        assert row["code_low"] not in always
        assert cms_fees[row["code_low"], ""][3] != "5", row


def test_letter_codes_without_a_name_say_so(policy: Table, cms_hcpcs: Rows) -> None:
    text = {row["code"]: row for row in cms_hcpcs if row["recid"] == "3"}
    words = re.compile(
        r"not otherwise|unlisted|miscellaneous|unclassified|unspecified|\bno[cs]\b|other type"
        r"|by report|variable|not elsewhere"
    )
    for row in policy("unlisted"):
        if row["kind"] == "not_otherwise_classified":
            assert words.search(text[row["code_low"]]["text"]), row
            assert not text[row["code_low"]]["deletion"], row


def test_laboratory_tables_hold_laboratory_codes(policy: Table) -> None:
    laboratory = policy("lab")
    codes = {row["code_low"] for row in policy("clia_waived")}
    codes |= {row[c] for row in policy("lab_panels") for c in ("code_low", "component")}
    for code in codes:
        assert any(
            row["code_low"] <= code <= row["code_high"] and form(row["code_low"]) == form(code)
            for row in laboratory
        ), code


def test_surgery_without_incision_has_no_long_global_period_by_mistake(
    policy: Table, cms_codes: list[str], cms_fees: Fees
) -> None:
    allowed = {"injection": {"000", "010", "XXX", "ZZZ"}, "closed_treatment": {"000", "010", "090"}}
    for row in policy("closure"):
        if row["kind"] in allowed:
            days = {cms_fees[c, ""][2] for c in within(cms_codes, row) if (c, "") in cms_fees}
            assert days <= allowed[row["kind"]], row
