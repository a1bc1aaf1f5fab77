"""Which rules a card lists: every one that finds something on the code, and none that cannot."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditor.asking import card_tables
from auditor.asking.card import code
from auditor.asking.card_facts import facts
from auditor.asking.card_rules import (
    _LOOKS,
    EVERY_LINE,
    ONLY_WITH_MODIFIER,
    Asked,
    first_sentence,
    touching,
)
from auditor.reference import load_reference, memory_reference
from auditor.reference.interface import Reference
from auditor.rules import catalogue
from auditor.rules.interface import rule_of
from auditor.rules.notation import parse_line

CASES = sorted((Path(__file__).parents[1] / "rules").glob("*.toml"))
QUICK = 2
"""So many codes of a rule's cases are asked in every run; the others where --run-long asks."""


def test_every_rule_has_a_way_to_be_asked() -> None:
    without = {rule.id for rule in catalogue() if rule.when is None}
    assert set(_LOOKS) | EVERY_LINE == without
    assert not set(_LOOKS) & EVERY_LINE
    assert set(_LOOKS) >= ONLY_WITH_MODIFIER


def flagged(path: Path) -> list[tuple[str, date]]:
    """Code and date of each line that a case of the rule's file flags, each code once."""
    found: dict[str, date] = {}
    for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
        if {"reference", "options"} & case.keys():
            continue
        for expected in case.get("expect", ()):
            number = int(expected.split()[0])
            line = parse_line(case["lines"][number - 1], number)
            day = line["service_date_to"] or line["service_date_from"]
            if day is not None:  # of a span the last day: tables may begin meanwhile
                found.setdefault(line["code"], day)
    return list(found.items())


@cache
def tables(path: Path) -> Reference:
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return memory_reference(**data.get("reference", {}))


def looks(path: Path, name: str, day: date) -> bool:
    """Whether the rule of the file is found to touch the code."""
    reference = tables(path)
    rows = card_tables.read(name, reference, day)
    asked = Asked(
        facts(name, day, reference),
        card_tables.fees(rows),
        card_tables.pairs(rows, 0)[0],
        card_tables.units(rows),
        in_use=False,
        starter=frozenset(),
        unpaid=bool(card_tables.unpaid(name, reference, day)),
        pairs_to=date(2099, 12, 31),
    )
    return path.stem in {rule.id for rule in touching(asked, reference)[0]}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_rule_that_finds_something_on_a_code_is_listed(path: Path) -> None:
    rule = rule_of(path.stem)
    if rule.id in EVERY_LINE or (rule.when is not None and not touches_codes(rule.id)):
        assert rule.id not in _LOOKS
        return
    for name, day in flagged(path)[:QUICK]:
        assert looks(path, name, day), (name, day)


@pytest.mark.long
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_case_of_a_rule_is_listed(path: Path) -> None:
    rule = rule_of(path.stem)
    if rule.id in EVERY_LINE or (rule.when is not None and not touches_codes(rule.id)):
        return
    for name, day in flagged(path)[QUICK:]:
        assert looks(path, name, day), (name, day)


@cache
def touches_codes(rule_id: str) -> bool:
    """Whether the line rule's condition asks for a fact of codes."""
    when = rule_of(rule_id).when
    assert when is not None
    return bool(fact_names() & set(when().meta.root_names()))


@cache
def fact_names() -> frozenset[str]:
    return frozenset(facts("99213", date(2026, 1, 5), load_reference()).kind)


@pytest.mark.parametrize(
    ("name", "never"),
    [
        ("A4550", "AOC-1 AOC-4 EM-DAY GLB-25 LAB-1 PTP-0 PTP-1 THR-1 MOD-26POS VAC-1 STA-I"),
        ("80053", "AOC-1 EM-DAY GLB-25 GLB-78 MOD-26POS THR-1 ANE-1 MOD-LAT MOD-91 DRG-4"),
        ("27447", "EM-DAY LAB-1 THR-1 AOC-1 MOD-26POS GLB-25 MOD-AST ANE-1 VAC-2 QW-1"),
        ("99213", "AOC-1 GLB-78 MOD-2557 LAB-90 MOD-26POS STA-B DRG-1 PTP-4 MOD-LAT"),
        ("00840", "AOC-1 GLB-25 EM-DAY MUE-3 MOD-BIL2 LAB-1 VAC-1 THR-1 STA-B"),
        ("97110", "AOC-1 EM-DAY GLB-25 LAB-1 MOD-26POS THR-2 ANE-1 STA-B VAC-2"),
        ("0500F", "AOC-1 PTP-0 PTP-1 MUE-1 MUE-2 MUE-3 GLB-25 LAB-1 EM-DAY STA-B"),
        ("99002", "PTP-0 PTP-1 AOC-1 GLB-25 MUE-3 EM-DAY"),
    ],
)
def test_a_rule_that_cannot_touch_a_code_is_not_listed(
    name: str, never: str, tables_at_hand: Reference
) -> None:
    listed = {rule.id for rule in code(name, tables_at_hand, date(2025, 11, 3)).rules}
    assert not listed & set(never.split())


@pytest.fixture(scope="module")
def tables_at_hand() -> Reference:
    return load_reference()


def test_a_rule_that_only_a_modifier_breaks_is_marked() -> None:
    card = code("27447", load_reference(), date(2025, 11, 3))
    marked = {rule.id: rule.only_with_modifier for rule in card.rules}
    assert marked["MOD-LAT"] is False
    assert marked["MOD-2557"] is marked["MOD-BIL"] is True


def test_the_first_sentence_is_one() -> None:
    assert first_sentence("A line of ch. 12 with 1.5 units. Another.") == (
        "A line of ch. 12 with 1.5 units."
    )
    for rule in catalogue():
        assert first_sentence(rule.flags).endswith("."), rule.id
