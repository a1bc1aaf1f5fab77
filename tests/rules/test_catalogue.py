"""The rules about the rules: one declaration serves the catalogue, the workbook and these tests."""

import re
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
from oracle.harness import Found, found, isolate, run

from auditor.reference import load_reference, memory_reference
from auditor.reference.interface import Kind, Reference
from auditor.rules import Rule, catalogue, modules
from auditor.rules.interface import rule_of
from auditor.rules.notation import claim_lines
from schemas import ClaimLines, dtypes

RULES = pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.id)
WORDS = ("flags", "why", "not_flagged", "remedy", "citation")
BUSINESS = {"medicare", "medicaid", "commercial", "unknown"}
DENIAL_ORDER = ("DUP-1", "STA-B", "PTP-0", "AOC-1", "AOC-6", "PTP-1", "MUE-0", "MUE-3", "GLB-25")
"""SPEC: duplicate, status, PTP-0, orphan add-ons, PTP-1, MUE, policy; the first is the headline."""
NOT_IN_STARTER = {
    "AOC-3": memory_reference(
        aoc=[("22552", "22551", 1, "2013-04-01")],
        fees=[("33509", "", "A", "0", "ZZZ"), ("22552", "", "A", "0", "ZZZ")],
    )
}
"""Rules that are silent on the starter set on purpose, and tables for their examples."""


@pytest.fixture(scope="module")
def starter() -> Reference:
    """The built-in tables alone: nothing was ever imported on the clean machine of the tests."""
    return load_reference()


def test_a_case_file_for_every_rule_and_a_rule_for_every_case_file() -> None:
    files = {path.stem for path in Path(__file__).parent.glob("*.toml")}
    assert files == {rule.id for rule in catalogue()}


def test_ids_and_names_are_unique_and_in_order() -> None:
    ids = [rule.id for rule in catalogue()]
    assert ids == sorted(ids)
    spoken_for = Counter([*ids, *(alias for rule in catalogue() for alias in rule.aliases)])
    assert max(spoken_for.values()) == 1
    assert max(Counter(rule.name for rule in catalogue()).values()) == 1


def test_every_module_of_the_package_that_judges_is_found() -> None:
    for module in modules():
        judges = hasattr(module, "find") or all(rule.when for rule in module.RULES)
        assert judges, module.__name__
        assert module.__doc__


@RULES
def test_declares_itself_whole(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]{2,5}-[A-Z0-9]+", rule.id)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name)
    for word in WORDS:
        assert getattr(rule, word).strip(), word
        assert "  " not in getattr(rule, word), word
    assert rule.tier in ("certain", "review", "info")
    assert rule.shape in ("line", "day", "span", "provider")
    assert rule.profiles
    assert set(rule.profiles) | set(rule.review_for) <= BUSINESS
    assert not set(rule.profiles) & set(rule.review_for)
    assert set(rule.columns) <= set(dtypes(ClaimLines))
    assert set(rule.tables) <= set(get_args(Kind))
    assert rule.example_flag
    assert rule.example_ok


@RULES
def test_never_accuses_and_never_vouches_for_a_modifier(rule: Rule) -> None:
    said = " ".join(getattr(rule, word) for word in WORDS).lower()
    for word in ("fraud", "abuse", "upcod", "is proper", "is appropriate", "guarantee"):
        assert word not in said


def test_what_denies_a_line_has_one_order() -> None:
    order = {rule.id: rule.precedence for rule in catalogue()}
    for first, second in pairwise(DENIAL_ORDER):
        assert order[first] < order[second], (first, second)
    denying = Counter(rule.precedence for rule in catalogue() if rule.denies)
    assert max(denying.values()) == 1
    assert all(rule.tier != "info" for rule in catalogue() if rule.denies)


def own_tables(rule: Rule, starter: Reference) -> Reference:
    """The tables of the rule's case file, where it says `examples = "own"`, else the starter's."""
    if rule.id in NOT_IN_STARTER:
        return NOT_IN_STARTER[rule.id]
    path = Path(__file__).with_name(f"{rule.id}.toml")
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return memory_reference(**data["reference"]) if data.get("examples") == "own" else starter


def carriers(rule: Rule, texts: tuple[str, ...], reference: Reference) -> list[Found]:
    lines = claim_lines(texts)
    reference = own_tables(rule, reference)
    return [f for f in found(run(lines, reference), lines) if rule.id in {f.rule, *f.also}]


Examples = dict[tuple[str, str], list[Found]]


@pytest.fixture(scope="module")
def examples(starter: Reference) -> Examples:
    """(rule, flag or ok) -> what carries the rule in its own example.

    Examples that the starter set serves are judged in one batch, each with patients, claims and
    practitioners of its own; the others by themselves.
    """
    told: Examples = {}
    frames, places = [], []
    for number, (rule, kind) in enumerate((r, k) for r in catalogue() for k in ("flag", "ok")):
        texts = rule.example_flag if kind == "flag" else rule.example_ok
        if own_tables(rule, starter) is not starter:
            told[rule.id, kind] = carriers(rule, texts, starter)
            continue
        told[rule.id, kind] = []
        frames.append(isolate(claim_lines(texts), number))
        places += [(rule.id, kind)] * frames[-1].height
    batch = pl.concat(frames, rechunk=True).with_columns(
        source_row=pl.int_range(pl.len(), dtype=pl.UInt32) + 2,
        line_key=pl.int_range(pl.len(), dtype=pl.UInt32),
    )
    for finding in found(run(batch, starter), batch):
        rule_id, kind = places[finding.line]
        if rule_id in {finding.rule, *finding.also}:
            told[rule_id, kind].append(finding)
    return told


@RULES
def test_its_example_is_flagged(rule: Rule, examples: Examples) -> None:
    hits = examples[rule.id, "flag"]
    assert hits
    assert "fraud" not in " ".join(f.text for f in hits).lower()


@RULES
def test_its_counterexample_is_not(rule: Rule, examples: Examples) -> None:
    assert not examples[rule.id, "ok"]


@pytest.mark.long
@RULES
def test_its_examples_alone(rule: Rule, starter: Reference) -> None:
    assert carriers(rule, rule.example_flag, starter)
    assert not carriers(rule, rule.example_ok, starter)


@pytest.mark.long
@RULES
def test_selected_alone_it_says_the_same_of_its_example(rule: Rule, starter: Reference) -> None:
    """A rule that others feed (payability, pairs) must not change when only it is asked for.

    A headline says what surer findings of the line say as well, after its own words.
    """
    lines = claim_lines(rule.example_flag)
    reference = own_tables(rule, starter)
    whole = [f for f in found(run(lines, reference), lines) if f.rule == rule.id]
    chosen = found(run(lines, reference, select=[rule.id]), lines)
    assert {f.rule for f in chosen} == {rule.id}
    told = {(f.line, text) for f in chosen for text in (f.text, f.text.split(". ")[0])}
    assert {(f.line, f.text.split(". ")[0] if f.also else f.text) for f in whole} <= told


def test_the_page_names_the_places_of_the_table_that_decides() -> None:
    table = memory_reference().policy("facility_pos")
    told = {}
    for tier in ("certain", "review"):
        (places,) = re.findall(rf"([0-9 ]+) \({tier}\)", rule_of("MOD-26POS").flags)
        told[tier] = places.split()
    of_tier = table.group_by("component_tier").agg("pos")
    assert {tier: sorted(places) for tier, places in of_tier.iter_rows()} == told


def test_cells_are_named_by_rules_that_join_lines_and_are_columns_of_theirs() -> None:
    named = {rule.id: rule for rule in catalogue() if rule.cells}
    assert set(named) == {"MUE-2", "MUE-3"}
    for rule in named.values():
        assert rule.shape != "line"
        assert set(rule.cells) <= set(rule.columns)
