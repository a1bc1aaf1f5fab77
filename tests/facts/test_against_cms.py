"""Every built-in row that states a CMS fact, held against the real CMS file."""

import re
from collections.abc import Callable

import polars as pl
import pytest

Rows = list[dict[str, str]]
Table = Callable[[str], Rows]
pytestmark = pytest.mark.shared

# Type 3 lists are long and open; the starter set holds the primaries of a clinic.
PARTIAL = {"96160", "G0506"}
# The code itself ended: it is in the unit limits of 2024Q3 and not in those of 2026Q2.
FEE_COLUMNS = (
    "status", "pctc", "global_days", "multiple", "bilateral", "assistant", "cosurgeon", "team",
)  # fmt: skip
ENDED = {("77002", "55700"): "2025-12-31"}


def test_pairs_are_in_force_with_their_indicator(starter: Table, cms_ptp: pl.DataFrame) -> None:
    rows = starter("ptp")
    mine = pl.DataFrame(rows).select("column1", "column2", "modifier_indicator", "rationale")
    found = mine.join(cms_ptp, on=["column1", "column2"], validate="1:1")
    assert found.height == len(rows)
    differ = found.filter(
        (pl.col("modifier_indicator") != pl.col("indicator"))
        | (pl.col("rationale") != pl.col("rationale_right"))
    )
    assert differ.rows() == []


def test_add_on_rows_are_cms_rows(starter: Table, cms_aoc: Rows) -> None:
    columns = ("edit_type", "addon", "primary", "effective", "deletion")
    real = {tuple(row[c] for c in columns) for row in cms_aoc}
    for row in starter("aoc"):
        if row["source"].endswith("not checked"):
            assert row["effective"] > "2025-12-31", "the file at hand knows this quarter"
            continue
        key = (row["addon"], row["primary"])
        stated = row | ({"deletion": ""} if key in ENDED else {})
        assert tuple(stated[c] for c in columns) in real, row
        assert row["deletion"] == ENDED.get(key, row["deletion"])


def test_an_add_on_of_the_starter_set_lacks_no_primary(starter: Table, cms_aoc: Rows) -> None:
    mine = {(row["addon"], row["primary"], row["effective"]) for row in starter("aoc")}
    addons = {addon for addon, _, _ in mine} - PARTIAL
    # A row withdrawn on its own first day never applies; C codes are on no professional claim.
    missing = {
        (row["addon"], row["primary"], row["effective"])
        for row in cms_aoc
        if row["addon"] in addons
        and row["effective"] != row["deletion"]
        and not re.fullmatch(r"C\d{4}", row["primary"])
    } - mine
    assert missing == set()


def test_the_primary_that_ended_left_the_unit_limits(
    cms_mue: dict[str, dict[str, tuple[str, str, str]]],
) -> None:
    for _, code in ENDED:
        assert code in cms_mue["2024Q3"]
        assert code not in cms_mue["2026Q2"]


def test_unit_limits_are_the_same_in_both_quarters(
    starter: Table, cms_mue: dict[str, dict[str, tuple[str, str, str]]]
) -> None:
    for row in starter("mue"):
        stated = (row["mue_value"], row["mai"], row["rationale"])
        assert cms_mue["2024Q3"][row["code"]][:2] == stated[:2], row
        assert cms_mue["2026Q2"][row["code"]] == stated, row


def test_fee_rows_are_those_of_the_file(
    starter: Table, cms_fees: dict[tuple[str, str], list[str]]
) -> None:
    for row in starter("fees"):
        assert cms_fees[row["code"], row["component"]] == [row[c] for c in FEE_COLUMNS], row


def test_every_hcpcs_modifier_is_known_with_its_dates(policy: Table, cms_hcpcs: Rows) -> None:
    mine = {row["modifier"]: row for row in policy("modifiers")}
    real = {row["code"]: row for row in cms_hcpcs if row["recid"] == "7"}
    assert len(real) > 350
    assert set(real) - set(mine) == set()
    for modifier, row in real.items():
        assert mine[modifier]["deletion"] == row["deletion"], modifier
        # Physical status is older as a CPT modifier than as an HCPCS one.
        wanted = "" if re.fullmatch("P[1-6]", modifier) else row["effective"]
        assert mine[modifier]["effective"] == wanted, modifier


def test_modifiers_beyond_hcpcs_are_cpt_ones(policy: Table, cms_hcpcs: Rows) -> None:
    real = {row["code"] for row in cms_hcpcs if row["recid"] == "7"}
    rest = {row["modifier"] for row in policy("modifiers")} - real
    assert all(re.fullmatch(r"\d\d|[1238]P", modifier) for modifier in rest)


def test_therapy_codes_are_those_priced_as_therapy(
    policy: Table, cms_fees: dict[tuple[str, str], list[str]]
) -> None:
    priced = {code for (code, part), row in cms_fees.items() if not part and row[3] == "5"}
    on_the_list_only = {"92608", "97039", "97139", "97799"}
    assert {row["code"] for row in policy("therapy")} == priced | on_the_list_only


def test_visits_of_today_are_codes_of_today(
    policy: Table, cms_fees: dict[tuple[str, str], list[str]], cms_hcpcs: Rows
) -> None:
    hcpcs = {row["code"]: row for row in cms_hcpcs}
    for row in policy("em_codes"):
        for code in (row["code_low"], row["code_high"]):
            if code in hcpcs:
                assert row["deletion"] == hcpcs[code]["deletion"], row
            elif row["deletion"]:
                assert (code, "") not in cms_fees, row
            else:
                assert (code, "") in cms_fees, row


def test_laboratory_letter_codes_are_tests(policy: Table, cms_hcpcs: Rows) -> None:
    codes = {row["code"]: row for row in cms_hcpcs}
    for row in policy("lab"):
        for code in {row["code_low"], row["code_high"]}:
            if code[0].isalpha():
                assert codes[code]["type_of_service"] == "5" or codes[code]["lab"], code


def test_every_code_that_cms_lists_has_a_known_form(policy: Table, cms_codes: list[str]) -> None:
    assert len(cms_codes) > 20_000
    forms = [re.compile(row["regex"]) for row in policy("code_formats")]
    assert [code for code in cms_codes if not any(form.search(code) for form in forms)] == []


def test_sided_codes_are_paired_in_the_fee_schedule(
    policy: Table, cms_fees: dict[tuple[str, str], list[str]]
) -> None:
    """Where the table asks a side of surgery with 50 allowed, most codes have indicator 1 or 3."""
    for row in policy("laterality"):
        if "indicator 1 or 3" not in row["source"]:
            continue
        found = [
            fee[4]
            for (code, part), fee in cms_fees.items()
            if not part
            and re.fullmatch(r"\d{5}", code)
            and row["code_low"] <= code <= row["code_high"]
            and fee[2] != "ZZZ"
        ]
        assert found, row
        assert set(found) <= {"1", "3"}, row
