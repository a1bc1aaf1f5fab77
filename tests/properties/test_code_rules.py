"""Agreement on days of status codes, lone services and repeated lines, built to collide."""

from typing import Any

from batches import Raw, batches, frame
from compare import difference, notation, of_auditor, of_oracle
from hypothesis import given
from hypothesis import strategies as st
from oracle.harness import found, run
from oracle.oracle import judge
from oracle.tables import tables
from test_oracle import rounds

from auditor.reference import memory_reference

NEXT, END = "2026-01-01", "2025-12-31"
PTP: list[Any] = [
    ("99213", "36591", 0),
    ("94760", "99213", 1),
    ("96523", "36591", 0),
    ("96523", "J1100", 1),
    ("20611", "20610", 1),
    ("20610", "99213", 1),
    ("99213", "94760", 1, "2010-01-01", END),
    ("99396", "99417", 1, NEXT),
]
MUE: list[Any] = [("20611", 0, 2, "2025-10-01"), ("20610", 2, 3), ("99417", 0, 2)]
FEES: list[Any] = [
    ("94760", "", "T"),
    ("96523", "", "T"),
    ("36591", "", "T"),
    ("36592", "", "A"),
    ("99213", "", "A"),
    ("99214", "", "C"),
    ("20610", "", "R"),
    ("20611", "", "A"),
    ("80053", "", "X"),
    ("J1100", "", "E"),
    ("99080", "", "B"),
    {"code": "99417", "status": "I", "valid_to": END},
    {"code": "99417", "status": "A", "valid_from": NEXT},
    ("99396", "", "N"),
]
FAMILIES: list[list[str]] = [
    family.split()
    for family in (
        "94760 99213 99214 20610 36591",
        "96523 36591 36592 80053 99213 J1100",
        "99417 99396 99213 99080",
        "20610 20611 99213",
        "99232 E0601",
        "J1100 A0425 00840",
        "73030 99213",
    )
]
REFERENCE = memory_reference(ptp=PTP, mue=MUE, fees=FEES)
TABLES = tables(ptp=PTP, mue=MUE, fees=FEES)


class Night(list[Raw]):
    """A batch that prints as a case."""

    def __repr__(self) -> str:
        return f"\n{notation(self)}\n"


@st.composite
def nights(draw: st.DrawFn) -> Night:
    """Lines of one or two families; one claim in three is short of something to tell it by."""
    return Night(draw(batches(FAMILIES)))


@rounds(40)
@given(nights())
def test_auditor_and_oracle_agree_on_these_families(rows: Night) -> None:
    lines = frame(rows)
    ours = of_auditor(rows, found(run(lines, REFERENCE), lines))
    told = difference(ours, of_oracle(rows, judge(rows, TABLES).findings))
    assert not told, told
