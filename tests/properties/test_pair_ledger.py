"""The pairs behind the rates of bypasses are the oracle's; the modifiers named separate them."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from batches import Raw, batches, frame
from compare import content, notation
from hypothesis import given, settings
from oracle.bypass import bypass, warned
from oracle.duplicates import duplicates
from oracle.harness import run
from oracle.normalise import normalise, resolve, taken_back
from oracle.oracle import _billed_again
from oracle.pairs import judge_pairs
from oracle.payable import Batch
from oracle.tables import tables
from tables import AOC, FAMILIES, FEES, MUE, PTP

from auditor.reference import memory_reference
from auditor.result import AuditResult
from auditor.rules.notation import claim_lines

REFERENCE = memory_reference(ptp=PTP, aoc=AOC, mue=MUE, fees=FEES)
TABLES = tables(ptp=PTP, aoc=AOC, mue=MUE, fees=FEES)
WORDS = {(False, False): "none", (True, True): "weak", (True, False): "ok"}


def rounds(many: int) -> settings:
    """A third of so many examples; with --run-long so many times what the profile asks for."""
    times = settings.get_profile(settings.get_current_profile_name()).max_examples // 25
    return settings(max_examples=many * times if times else max(3, many // 3))


def of_oracle(rows: list[Raw]) -> Counter[Any]:
    """Column 2 line, column 1 code and what separates them, of every pair of indicator 1."""
    lines = normalise(rows)
    standing = resolve(lines)
    gone = taken_back(standing.lines)
    credited = [line for line in standing.lines if line.credit and line.key not in gone]
    gone |= {line.key for line in credited}
    left = [line for line in standing.lines if line.key not in gone]
    doubles = duplicates(replace(standing, lines=left))
    batch = Batch(standing, frozenset(doubles) | gone, TABLES, [], credited)
    pairs = judge_pairs(batch)
    again = frozenset(_billed_again(batch))
    found: Counter[Any] = Counter()
    for line in batch.lines:
        if line.key in again:
            continue
        apart = pairs.bypassed.get(line.key, set())
        weak = pairs.weak.get(line.key, set())
        denied = {code for indicator, _, code, _ in pairs.denies.get(line.key, ()) if indicator}
        told = {code: "weak" if code in weak else "ok" for code in apart}
        told |= dict.fromkeys(denied, "none")
        found.update((content(rows[line.key]), code, word) for code, word in told.items())
    return found


def of_auditor(rows: list[Raw], result: AuditResult) -> Counter[Any]:
    codes = result.lines["code"]
    return Counter(
        (content(rows[row]), codes[other], WORDS[separated, weak])
        for row, other, separated, weak, *_ in result.pairs.iter_rows()
    )


@rounds(12)
@given(batches(FAMILIES))
def test_the_pairs_are_the_oracles(rows: list[Raw]) -> None:
    """And the modifiers named, kept alone on the two lines, separate them as all of them did."""
    result = run(frame(rows), REFERENCE)
    ours, theirs = of_auditor(rows, result), of_oracle(rows)
    assert ours == theirs, notation(rows)
    lines = normalise(rows)
    for row, other, separated, weak, on1, on2 in result.pairs.iter_rows():
        two, one = lines[row], lines[other]
        named1, named2 = frozenset(on1.split()), frozenset(on2.split())
        assert named1 <= one.modifiers
        assert named2 <= two.modifiers
        assert bool(named1 | named2) == separated
        if separated and one.first == one.last == two.first == two.last:
            kept1, kept2 = replace(one, modifiers=named1), replace(two, modifiers=named2)
            outcome = bypass(kept1, kept2, two.first, TABLES)
            assert outcome == bypass(one, two, two.first, TABLES)
            assert weak == (outcome == "weak" or warned(one, two))


@rounds(3)
@given(batches(FAMILIES), batches(FAMILIES, largest=4))
def test_pairs_are_of_audited_lines_and_of_the_rule_asked_for(
    rows: list[Raw], earlier: list[Raw]
) -> None:
    lines, history = frame(rows), frame(earlier)
    result = run(lines, REFERENCE, history=history)
    assert (result.pairs["row"] < result.lines_of_files).all()
    ledger = result.findings["rule_id"] == "PTP-BYP"
    assert set(result.places.filter(ledger)["row"]) == set(result.pairs.filter("separated")["row"])
    assert run(lines, REFERENCE, select=["PTP-1"], history=history).pairs.is_empty()
    assert run(lines, REFERENCE, select=["PTP-BYP"], history=history).pairs.equals(result.pairs)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["45385", "45380-59-RT"], (True, False, "", "59")),
        (["45385-XS", "45380-59"], (True, False, "XS", "59")),
        (["45385", "45380"], (False, False, "", "")),
        (["45385", "45380-91"], (False, False, "", "")),
        (["45385-58", "45380"], (True, False, "58", "")),
        (["20611-RT", "20610-LT"], (True, False, "RT", "LT")),
        (["20611-RT", "20610-RT"], (True, True, "RT", "RT")),
        (["20611-59 dos=2019-06-30", "20610-RT dos=2019-06-30"], (True, True, "", "RT")),
        (["20610-RT", "99213-25-59"], (True, False, "", "25")),
        (["20610-59", "99213"], (True, True, "59", "")),
        (["80053", "82947-91"], (True, False, "", "91")),
        (["38221", "38220-59"], (True, True, "", "59")),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_what_separates_is_named_on_its_line(
    lines: list[str], told: tuple[bool, bool, str, str]
) -> None:
    assert run(claim_lines(lines), REFERENCE).pairs.rows() == [(1, 0, *told)]
