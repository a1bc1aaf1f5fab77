"""Rules of form that say a defect of the export once, and not on every line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from oracle.harness import run

from auditor.reference import memory_reference
from auditor.rules.notation import claim_lines

if TYPE_CHECKING:
    import polars as pl

GOOD = "99213 dx=M1711 ptr=A dos=2025-11-03 received=2025-11-20"
LIST = memory_reference(fees=[("99213",), ("99214",)])
WRONG = {
    "COD-2": "99123 dx=M1711 ptr=A",
    "COD-4": "99213 dx=25000 ptr=A",
    "COD-5": "99213 dx=M1711 ptr=-",
    "DAT-1": "99213 received=2025-11-01",
    "TFL-1": "99213 dos=2024-01-02 received=2025-11-20",
    "NPI-2": "99213 npi=-",
}


def findings(rule: str, wrong: int, right: int) -> pl.DataFrame:
    texts = [f"{WRONG[rule]} claim=C{n} patient=P{n}" for n in range(wrong)]
    texts += [f"{GOOD} claim=D{n} patient=Q{n}" for n in range(right)]
    return run(claim_lines(texts), LIST, select=[rule]).findings


@pytest.mark.parametrize("rule", WRONG)
def test_most_of_a_file_is_one_finding(rule: str) -> None:
    found = findings(rule, 40, 20)
    assert found.height == 1
    assert "40 of 60" in found["message"][0]
    assert found["claim_id"].to_list() == ["C0"]


@pytest.mark.parametrize("rule", WRONG)
@pytest.mark.parametrize(("wrong", "right"), [(30, 30), (30, 19)])
def test_half_of_a_file_or_a_small_one_is_told_line_by_line(
    rule: str, wrong: int, right: int
) -> None:
    assert findings(rule, wrong, right).height == wrong


@pytest.mark.parametrize(("numbers", "told"), [(40, 40), (60, 1)])
def test_masked_practitioners_are_one_finding(numbers: int, told: int) -> None:
    """A number that begins with 9 is no NPI; the patients' lines carry a right one beside."""
    texts = [f"99213 npi=9{n:09} claim=C{n} patient=P{n}" for n in range(numbers)]
    texts += [f"{GOOD} claim=D{n} patient=Q{n}" for n in range(200)]
    found = run(claim_lines(texts), LIST, select=["NPI-1"]).findings
    assert found.height == told
    masked = found["message"].str.contains(f"{numbers} of the {numbers + 1} different NPIs")
    assert masked.all() == (told == 1)
    assert found["claim_id"].min() == "C0"
