"""The rules of visits and global periods against the oracle, on batches built to collide.

Visits, operations and what they include; some claims lie as many days, or years, apart as makes
the difference.
"""

import tomllib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from batches import Raw, batches, frame, often
from compare import difference, notation, of_auditor, of_oracle
from hypothesis import given
from hypothesis import strategies as st
from oracle.family_surgery import RANK as OF_SURGERY
from oracle.family_visits import RANK as OF_VISITS
from oracle.harness import found, run
from oracle.oracle import judge
from oracle.tables import tables
from oracle.test_oracle import CASES, raw_line
from test_oracle import rounds

from auditor.reference import memory_reference
from auditor.rules.notation import claim_lines

FAMILIES = [
    family.split()
    for family in (
        "99202 99203 99213 99214 99215 99211 99341 99348",
        "99221 99231 99232 99234 99238 99239 99214",
        "99284 99283 92002 92004 92012 92014 99213",
        "90791 90834 90837 90845 99213 99232",
        "94002 94660 99232 99291 99292 71045 36600 94760",
        "99211 96372 96413 90471 95117 96405 G0008",
        "G2211 99214 99213 G0439 77067 99348",
        "99244 99254 99241 99203 99213",
        "99396 99386 99213 99203 G0439 98001 99490",
        "27447 20610 11402 51702 12001 12032 99213",
        "27570 66984 11602 11102 13132 99232 20550",
        "22551 95940 G0453 51701 12001 99291",
        "96131 96130 97110 97140 90837 99291",
        "99304 99308 99315 99284 99213",
        "G2211 99214",
        "99396 99213",
        "27447 51702",
    )
]
SECOND_YEAR = "2026-01-01"


def _fee(code: str, days: str = "XXX", status: str = "A", later: str | None = None) -> list[Any]:
    """A code's row, or the two rows of one whose status changes with the year."""
    row = {"code": code, "status": status, "global_days": days}
    if later is None:
        return [row]
    return [row | {"valid_to": "2025-12-31"}, row | {"status": later, "valid_from": SECOND_YEAR}]


FEES: list[Any] = [
    row
    for rows in (
        _fee("27447", "090"),
        _fee("27570", "010"),
        _fee("66984", "090", later="N"),
        _fee("22551", "090"),
        _fee("11402", "010"),
        _fee("11602", "010"),
        _fee("11102", "000"),
        _fee("13132", "010"),
        _fee("12001", "000"),
        _fee("12032", "010", later="B"),
        _fee("20610", "000"),
        _fee("20550", "000"),
        _fee("51701", "000"),
        _fee("51702", "000"),
        _fee("94760", status="T"),
        _fee("99396", status="N"),
        _fee("99244", status="I"),
        _fee("99213"),
        _fee("99214", later="N"),
        _fee("99239", later="I"),
        _fee("99291", status="A", later="N"),
    )
    for row in rows
]
PTP: list[Any] = [
    ("27447", "12001", 1),
    ("22551", "51701", 0),
    ("99239", "99214", 0),
    ("96372", "99211", 0),
]
MUE: list[Any] = [("99244", 0, 3), ("99239", 1, 2), ("90471", 0, 2), ("G0439", 0, 2)]
REFERENCE = memory_reference(ptp=PTP, mue=MUE, fees=FEES)
TABLES = tables(ptp=PTP, mue=MUE, fees=FEES)
MINE = frozenset([*OF_SURGERY, *OF_VISITS])
APART = (0, 0, 0, 1, 10, 11, 12, 60, 89, 90, 91, 92, 364, 1094, 1095, 1096, 1097, 1400)
MORE = ("24", "25", "25", "57", "54", "55", "79", "78", "80", "FT", "59", "CQ", "GY", "LT")


@st.composite
def nights(draw: st.DrawFn) -> list[Raw]:
    """Batches some of whose claims lie further back, with the modifiers of this field."""
    rows = draw(batches(FAMILIES))
    claims = sorted({str(row["claim_id"]) for row in rows})
    back = {claim: draw(st.sampled_from(APART)) for claim in claims}
    return [_changed(draw, row, back[str(row["claim_id"])]) for row in rows]


def _changed(draw: st.DrawFn, row: Raw, days: int) -> Raw:
    moved: Raw = {
        name: (date.fromisoformat(str(row[name])) - timedelta(days=days)).isoformat()
        for name in ("service_date_from", "service_date_to")
    }
    visit = row["code"] in ("99213", "99214", "99348")
    modifier = draw(often(None, *MORE, *(["25"] * 20 if visit else []), weight=40))
    if modifier is not None:
        moved["modifiers"] = modifier
    units = draw(often(None, "40", weight=30))
    if units is not None:
        moved["units"] = units
    return row | moved


def agree(rows: Sequence[Raw]) -> None:
    lines = frame(rows)
    findings = of_auditor(rows, found(run(lines, REFERENCE), lines))
    theirs = of_oracle(rows, judge(rows, TABLES).findings)
    told = difference(findings, theirs)
    assert not told, f"{told}\n{notation(rows)}"


@rounds(40)
@given(nights())
def test_auditor_and_oracle_agree_on_visits_and_surgery(rows: list[Raw]) -> None:
    agree(rows)


@pytest.mark.parametrize("rule", sorted(MINE))
def test_all_cases_of_a_rule_in_one_batch(rule: str) -> None:
    """The worked cases meet here: one patient's lines of all of them, judged together."""
    data = tomllib.loads((CASES / f"{rule}.toml").read_text(encoding="utf-8"))
    texts = [line for case in data["case"] for line in (*case["lines"], *case.get("history", ()))]
    rows = [raw_line(text, number) for number, text in enumerate(texts, start=1)]
    lines = claim_lines(texts)
    own = data["reference"]
    reference = memory_reference(**own)
    ours = of_auditor(rows, found(run(lines, reference), lines))
    theirs = judge(rows, tables(**own)).findings
    told = difference(ours, of_oracle(rows, theirs))
    assert not told, told
    assert rule in {name for finding in theirs for name in (finding.rule, *finding.also)}
