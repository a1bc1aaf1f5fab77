"""Therapy, anesthesia, foot care, hearing tests and drugs: auditor and oracle agree.

As test_oracle, on codes and modifiers of these families that are made to meet.
"""

from typing import Any

from batches import Raw, batches, frame, lost_lines, often
from compare import difference, of_auditor, of_oracle
from hypothesis import given
from hypothesis import strategies as st
from oracle.family_treatments import RANK
from oracle.harness import found, run
from oracle.oracle import judge
from oracle.tables import tables
from test_oracle import Night, rejected, rounds

from auditor.reference import memory_reference

Q4, Q4_END, NEXT = "2025-10-01", "2025-12-31", "2026-01-01"
PTP: list[Any] = [
    ("97161", "97164", 0),
    ("97162", "97161", 0),
    ("11750", "00400", 0),
    ("11055", "11721", 1),
]
MUE: list[Any] = [
    ("11721", 1, 2, Q4, Q4_END),
    ("92557", 1, 2, NEXT),
    ("01996", 1, 2, Q4, Q4_END),
    ("97161", 1, 2, Q4, Q4_END),
]


def _fee(code: str, later: str = "A", **indicators: str) -> list[dict[str, str]]:
    row = {"code": code, **indicators}
    return [
        row | {"valid_from": Q4, "valid_to": Q4_END},
        row | {"status": later, "valid_from": NEXT},
    ]


FEES: list[Any] = [
    *_fee("11750", later="N", global_days="010"),
    *_fee("27447", global_days="090"),
    *_fee("36558", global_days="010"),
    *_fee("20610", global_days="000", bilateral="1"),
    {"code": "92557", "bilateral": "2", "valid_from": NEXT},
    *_fee("92588", bilateral="3"),
]
FAMILIES = [
    family.split()
    for family in (
        "97161 97162 97164 97165 97168 97110",
        "00400 00840 01967 01968 01996 11750 27447 36558",
        "00400 00840 11750",
        "J0897 J1885 J2350 96372 99213 36415 20610",
        "J0897 J2350",
        "11721 11055 G0127 92557 92588 11750",
    )
]
ROLES = often("AA", "QK", "QX", "QY", "AD", "QZ", "QK GC", "AA QX", "QK QX", "", weight=2)
WASTE = often("", "JW", "JZ", "JW JZ", "GY", weight=3)
EARS = often("", "50", "52", weight=3)
NONE = st.just("")
REFERENCE = memory_reference(ptp=PTP, mue=MUE, fees=FEES)
TABLES = tables(ptp=PTP, mue=MUE, fees=FEES)


def extra(code: str) -> st.SearchStrategy[str]:
    """Modifiers that these rules ask for, beside what every batch draws."""
    if code.startswith(("00", "01")):
        return ROLES
    if code.startswith("J"):
        return WASTE
    return EARS if code.startswith("92") else NONE


@st.composite
def nights(draw: st.DrawFn) -> Night:
    rows: list[Raw] = []
    for row in draw(batches(FAMILIES)):
        more = draw(extra(str(row["code"])))
        place = draw(often(row["place_of_service"], "11", None, weight=5))
        both = " ".join(filter(None, [row["modifiers"], more]))
        rows.append(row | {"modifiers": both, "place_of_service": place})
    return Night(rows, draw(lost_lines(rows)))


@rounds(40)
@given(nights())
def test_auditor_and_oracle_agree(night: Night) -> None:
    rows, lost = night
    lines = frame(rows)
    findings = found(run(lines, REFERENCE, rejected(lost)), lines)
    verdict = judge(rows, TABLES, lost)
    assert not difference(of_auditor(rows, findings), of_oracle(rows, verdict.findings))


@rounds(8)
@given(nights(), st.sampled_from(sorted(RANK)))
def test_a_rule_selected_alone_judges_as_among_all(night: Night, rule: str) -> None:
    rows, lost = night
    lines = frame(rows)
    everything = found(run(lines, REFERENCE, rejected(lost)), lines)
    alone = found(run(lines, REFERENCE, rejected(lost), select=[rule]), lines)
    carrying = {f.line for f in everything if rule in {f.rule, *f.also}}
    assert {f.line for f in alone} == carrying
