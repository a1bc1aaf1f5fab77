"""`auditor rules`: the catalogue, a family, one page, and words that stand for no rule."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.rules import catalogue

SNAPSHOTS = Path(__file__).parent / "snapshots"


def test_the_catalogue(run: Callable[..., Any], golden: Callable[[Path, str], None]) -> None:
    told = run("rules")
    assert (told.code, told.err) == (0, "")
    golden(SNAPSHOTS / "rules.txt", told.out)


def test_every_rule_is_listed_once(run: Callable[..., Any]) -> None:
    firsts = [line.split()[0] for line in run("rules").out.splitlines() if line]
    assert firsts[1:-1] == [rule.id for rule in catalogue()]


def test_one_page(run: Callable[..., Any], golden: Callable[[Path, str], None]) -> None:
    told = run("rules", "AOC-1")
    assert (told.code, told.err) == (0, "")
    golden(SNAPSHOTS / "rules-AOC-1.txt", told.out)


@pytest.mark.parametrize("rule", catalogue(), ids=lambda rule: rule.id)
def test_every_rule_has_a_page_with_its_texts_and_examples(
    rule: Any,  # noqa: ANN401 - a Rule, whose class would load the rules package's types here
    run: Callable[..., Any],
) -> None:
    told = run("rules", rule.id)
    assert told.code == 0
    flat = " ".join(told.out.split())
    for text in (rule.name, rule.flags, rule.why, rule.not_flagged, rule.remedy, rule.citation):
        assert " ".join(text.split()) in flat
    for line in (*rule.example_flag, *rule.example_ok):
        assert f"  {line}\n" in told.out


@pytest.mark.parametrize("word", ["aoc-1", "Orphan-Add-On", "AOC-1"])
def test_a_rule_is_found_by_id_and_name_in_any_case(word: str, run: Callable[..., Any]) -> None:
    assert run("rules", word).out == run("rules", "AOC-1").out


def test_a_family_is_listed(run: Callable[..., Any]) -> None:
    told = run("rules", "aoc").out
    assert "AOC-1" in told
    assert "PTP" not in told


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("AOC-11", "Did you mean AOC-1?"),
        ("orphan-addon", "Did you mean orphan-add-on?"),
        ("xyzzy", "There is no rule 'xyzzy'. 'auditor rules' lists them all."),
    ],
)
def test_an_unknown_rule_is_a_usage_error(word: str, message: str, run: Callable[..., Any]) -> None:
    told = run("rules", word)
    assert (told.code, told.out) == (2, "")
    assert message in told.err
