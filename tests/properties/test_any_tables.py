"""Agreement on tables drawn at random too: shapes that no CMS release has had so far.

Pairs in both directions at once, add-ons that list each other in rings, limits of 0 that end.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from batches import Raw, batches, frame, often
from compare import difference, notation, of_auditor, of_oracle
from hypothesis import given
from hypothesis import strategies as st
from oracle.harness import found, run
from oracle.oracle import judge
from oracle.tables import tables
from tables import NEXT, Q4, Q4_END
from test_oracle import rounds

from auditor.reference import memory_reference

PROCEDURES = ["20610", "45385", "29881", "73040"]
ADD_ONS = ["64491", "64492", "22552", "76937"]
CODES = [*PROCEDURES, *ADD_ONS, "99213", "99291", "99292", "99497", "80053"]
WHOLE = [("1996-01-01", None)]
SPLIT = [("2010-01-01", "2025-09-30"), (Q4, None)]
GAP = [("2010-01-01", "2025-10-01"), (NEXT, "2026-01-01")]
ONE_DAY = [(Q4, Q4)]


class Tables(NamedTuple):
    """Rows as memory_reference takes them."""

    ptp: list[Any]
    aoc: list[Any]
    mue: list[Any]
    fees: list[Any]


@st.composite
def drawn_tables(draw: st.DrawFn) -> Tables:
    terms = often(WHOLE, SPLIT, GAP, ONE_DAY, weight=4)
    couples = st.tuples(st.sampled_from(CODES), st.sampled_from(CODES))
    pairs = draw(st.sets(couples.filter(lambda c: c[0] != c[1]), min_size=4, max_size=20))
    ptp = [
        (*pair, draw(st.sampled_from([0, 1, 1, 9])), start, end)
        for pair in sorted(pairs)
        for start, end in draw(terms)
    ]
    aoc = []
    for addon in ADD_ONS:
        kind = draw(often(1, 2, 3))
        listed = ["CCCCC"] if kind == 2 else draw(st.sets(st.sampled_from(CODES), max_size=3))
        aoc += [
            (addon, primary, kind, start, end)
            for primary in sorted(set(listed) - {addon})
            for start, end in draw(terms)
        ]
    mue: list[Any] = []
    fees: list[Any] = []
    for code in CODES:
        if draw(st.booleans()):
            for start, end in ((Q4, Q4_END), (NEXT, None)):
                value, mai = draw(often(1, 0, 2, 3)), draw(st.sampled_from([1, 2, 3]))
                mue.append((code, value, mai, start, end))
        for start, end in ((Q4, Q4_END), (NEXT, None)):
            fees.append(
                {
                    "code": code,
                    "status": draw(often("A", *"BINPTRCX", weight=10)),
                    "pctc": draw(often("0", "1")),
                    "global_days": draw(st.sampled_from(["000", "090", "XXX", "ZZZ"])),
                    "bilateral": draw(st.sampled_from(["0", "1"])),
                    "valid_from": start,
                    "valid_to": end,
                }
            )
    return Tables(ptp, aoc, mue, fees)


class Case(NamedTuple):
    """Tables and a batch."""

    given: Tables
    rows: Sequence[Raw]

    def __repr__(self) -> str:
        return f"\n{notation(self.rows)}\n{self.given}\n"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    family = draw(st.lists(st.sampled_from(CODES), min_size=3, max_size=7, unique=True))
    return Case(draw(drawn_tables()), draw(batches([family], largest=5)))


@rounds(15)
@given(cases())
def test_auditor_and_oracle_agree_on_any_tables(case: Case) -> None:
    rows = case.rows
    named = case.given._asdict()
    lines = frame(rows)
    ours = of_auditor(rows, found(run(lines, memory_reference(**named)), lines))
    assert not difference(ours, of_oracle(rows, judge(rows, tables(**named)).findings))
