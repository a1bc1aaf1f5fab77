"""What the operator's words for rules, fields, tiers and dates stand for."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from auditor.cli import selection
from auditor.errors import ConfigError


@dataclass(frozen=True)
class FakeRule:
    """As much of a Rule as a selection reads."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()


RULES: Any = (
    FakeRule("AOC-1", "orphan-add-on", aliases=("AOC-9",)),
    FakeRule("AOC-2", "bare-add-on"),
    FakeRule("MOD-26POS", "missing-professional-component"),
    FakeRule("PTP-0", "disallowed-pair"),
)


@pytest.mark.parametrize(
    ("values", "ids"),
    [
        ([], set()),
        (["AOC-1"], {"AOC-1"}),
        (["aoc-1", "mod-26pos"], {"AOC-1", "MOD-26POS"}),
        (["AOC-1,PTP-0"], {"AOC-1", "PTP-0"}),
        ([" AOC-1 ; PTP-0 , "], {"AOC-1", "PTP-0"}),
        (["AOC"], {"AOC-1", "AOC-2"}),
        (["aoc", "AOC-1"], {"AOC-1", "AOC-2"}),
        (["AOC-9"], {"AOC-1"}),
        (["Orphan-Add-On"], {"AOC-1"}),
    ],
)
def test_words_stand_for_rules(values: list[str], ids: set[str]) -> None:
    assert selection.rule_ids(values, RULES, "--select") == ids


@pytest.mark.parametrize("word", ["AO", "AOC-", "AOC-3", "1", "orphan", "MOD-26"])
def test_a_part_of_a_name_is_not_enough(word: str) -> None:
    with pytest.raises(ConfigError, match=f"^--select: There is no rule '{word}'"):
        selection.rule_ids(["PTP-0", word], RULES, "--select")


def test_the_nearest_rule_is_offered() -> None:
    with pytest.raises(ConfigError, match=r"Did you mean MOD-26POS\?"):
        selection.rule_ids(["MOD-26PS"], RULES, "--ignore")


@pytest.mark.parametrize("value", ["certain", "CERTAIN", " Certain "])
def test_a_choice_is_taken_in_any_case(value: str) -> None:
    assert selection.one_of(value, ("certain", "review"), "--fail-on") == "certain"


@pytest.mark.parametrize("value", ["info", "cert", ""])
def test_what_is_no_choice_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=r"--fail-on: .* is not one of certain, review"):
        selection.one_of(value, ("certain", "review"), "--fail-on")


def test_a_day() -> None:
    assert selection.day(" 2026-02-28", "--as-of") == date(2026, 2, 28)


@pytest.mark.parametrize("value", ["2026-02-29", "28.02.2026", "02/28/2026", "today", ""])
def test_what_is_no_day_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=r"--as-of: .* is not a date. Give it as YYYY-MM-DD."):
        selection.day(value, "--as-of")


def test_columns_may_hold_an_equals_sign_and_blanks() -> None:
    assert selection.column_map(["code=Proc = Code", " units = Qty "], "--map") == {
        "code": "Proc = Code",
        "units": "Qty",
    }


@pytest.mark.parametrize("again", ["code=CPT", "code=Proc", " code =HCPCS"])
def test_a_field_is_mapped_once(again: str) -> None:
    with pytest.raises(ConfigError, match=r"^--map: 'code' is mapped twice"):
        selection.column_map(["code=Proc", "units=Qty", again], "--map")


@pytest.mark.parametrize("value", ["code", "=Proc", "code=", " = "])
def test_a_pair_needs_both_sides(value: str) -> None:
    with pytest.raises(ConfigError, match=r"--map: .* is not of the form FIELD=COLUMN"):
        selection.column_map(["units=Qty", value], "--map")
