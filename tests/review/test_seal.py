"""The check value: known answers, every fact counts, and a spreadsheet's forms are the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import seal
from tests.review.conftest import finding, findings

if TYPE_CHECKING:
    from random import Random

    from tests.review.conftest import Made

OTHER_FACTS = {
    "rule_id": "AOC-2",
    "tier": "review",
    "code": "00102",
    "modifiers": "59 RT",
    "units": Decimal("2.500"),
    "charge_amount": Decimal("1120.51"),
    "amount_at_risk": None,
    "counterpart_code": None,
}
OTHER_PLACES = {
    "claim_id": "002500000002",
    "line_number": None,
    "patient_id": "000000002",
    "service_date": date(2025, 3, 11),
}
NO_FACTS = {
    "finding_id": "ab" * 16,
    "story_id": "cd" * 16,
    "message": "Said otherwise.",
    "source_row": 99,
    "table_release": "AOC 2025Q2",
    "counterpart_line_number": 9,
    "run_id": "r2",
}


def digest(size: int, *texts: str) -> str:
    return blake2b("\x1f".join(texts).encode(), digest_size=size).hexdigest()


def test_the_check_is_what_the_docstring_says(made: type[Made]) -> None:
    one = made.finding()
    fingerprint = digest(
        8,
        "auditor finding facts 1",
        *("AOC-1", "certain", "100", "RT 59", "1500", "112050", "7525", "20610"),
    )
    place = digest(4, "auditor finding place 1", "2500000001", "2", "1", "2025-03-10", "")
    sealed = digest(4, "auditor finding seal 1", one["finding_id"], fingerprint, place)
    frame = made.findings([one])
    assert seal.fingerprints(frame).to_list() == [fingerprint]
    assert seal.checks(frame).to_list() == [f"{fingerprint}-{place}-{sealed}"]
    assert seal.checks(frame).str.contains(seal.PATTERN).all()


def test_absent_values_are_empty_texts(made: type[Made]) -> None:
    names = ("units", "charge_amount", "amount_at_risk", "counterpart_code", "line_number")
    bare = made.findings([made.finding(modifiers="", **dict.fromkeys(names))])
    want = digest(8, "auditor finding facts 1", "AOC-1", "certain", "100", "", "", "", "", "")
    assert seal.fingerprints(bare).to_list() == [want]


@pytest.mark.parametrize("name", OTHER_FACTS)
def test_every_fact_is_in_the_fingerprint(made: type[Made], name: str) -> None:
    both = made.findings([made.finding(), made.finding(**{name: OTHER_FACTS[name]})])
    first, second = seal.fingerprints(both)
    assert first != second
    assert seal.places(both).n_unique() == 1
    assert seal.checks(both).n_unique() == 2


@pytest.mark.parametrize("name", OTHER_PLACES)
def test_every_part_of_the_place_is_in_the_check(made: type[Made], name: str) -> None:
    both = made.findings([made.finding(), made.finding(**{name: OTHER_PLACES[name]})])
    assert seal.places(both).n_unique() == 2
    assert seal.fingerprints(both).n_unique() == 1
    assert seal.checks(both).n_unique() == 2


@pytest.mark.parametrize("name", NO_FACTS)
def test_words_and_releases_reopen_nothing(made: type[Made], name: str) -> None:
    both = made.findings([made.finding(), made.finding(**{name: NO_FACTS[name]})])
    assert seal.fingerprints(both).n_unique() == 1
    assert seal.checks(both).n_unique() == (2 if name == "finding_id" else 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("00123", "123"),
        ("00100", "100.0"),
        ("000", "0"),
        ("two\r\nlines", "two lines"),
        ("  blanks   around ", "blanks around"),
        ("a\u00a0b", "a b"),
        ("bell\x07 and\x1f", "bell and"),
        ("_x0041_", "_x005F_x0041_"),
        ("_x005F_x0041_", "_x005F_x005F_x0041_"),
        ("x" * 40_000, "x" * 17_000 + " [cut here: ...]"),
    ],
)
def test_what_a_spreadsheet_makes_of_a_text_is_the_same(
    made: type[Made], one: str, other: str
) -> None:
    both = made.findings([made.finding(code=one, claim_id=one) for one in (one, other)])
    assert seal.checks(both).n_unique() == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [("0", ""), ("100", "1000"), ("1.5", "15"), ("A1", "a1"), ("0x1", "x1"), ("1.05", "1.5")],
)
def test_what_is_not_the_same_stays_apart(made: type[Made], one: str, other: str) -> None:
    both = made.findings([made.finding(code=one) for one in (one, other)])
    assert seal.fingerprints(both).n_unique() == 2


def test_no_findings_have_no_checks(made: type[Made]) -> None:
    assert seal.checks(made.findings([])).to_list() == []


_TEXT = st.text(max_size=12)
_ROW = st.fixed_dictionaries(
    {
        "code": _TEXT,
        "modifiers": _TEXT,
        "claim_id": _TEXT,
        "patient_id": _TEXT,
        "counterpart_code": st.none() | _TEXT,
        "units": st.none() | st.decimals(-9999, 9999, places=3),
        "amount_at_risk": st.none() | st.decimals(-(10**9), 10**9, places=2),
        "line_number": st.none() | st.integers(0, 10**6),
        "service_date": st.dates(),
    }
)


@given(st.lists(_ROW, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_a_check_depends_on_its_own_row_alone(rows: list[dict[str, Any]], rng: Random) -> None:
    frame = findings([finding(n, **row) for n, row in enumerate(rows)])
    whole = dict(zip(frame["finding_id"], seal.checks(frame), strict=True))
    places = list(range(len(rows)))
    rng.shuffle(places)
    kept = frame[places[: rng.randint(1, len(rows))]]
    assert dict(zip(kept["finding_id"], seal.checks(kept), strict=True)).items() <= whole.items()
