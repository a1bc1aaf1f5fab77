"""Rules on modifiers and on the units of add-ons, against the oracle, on batches that collide."""

from itertools import product
from typing import Any

from batches import Lost, Raw, batches, frame, lost_lines, often
from compare import difference, notation, of_auditor, of_oracle
from hypothesis import given
from hypothesis import strategies as st
from oracle.harness import found, run
from oracle.oracle import judge
from oracle.tables import tables
from tables import NEXT, Q4, Q4_END
from test_oracle import Night, rejected, rounds

from auditor.reference import memory_reference

PTP: list[Any] = [
    ("17004", "17003", 0),
    ("95874", "95873", 0),
    ("95886", "95885", 1),
    ("77065", "77067", 1),
    ("77066", "77067", 1, "1996-01-01", Q4_END),
    ("20611", "76942", 1),
]
AOC: list[Any] = [
    ("64491", "64490", 1, "2013-04-01"),
    ("64492", "64490", 1, "2013-04-01"),
    ("64492", "64491", 1, "2013-04-01"),
    ("95885", "95910", 1, "2013-04-01"),
    ("95886", "95910", 1, "2013-04-01"),
    ("95873", "64612", 1, "2013-04-01"),
    ("95874", "64612", 1, "2013-04-01"),
    ("17003", "17000", 1, "2013-04-01"),
    ("99439", "99490", 1, "2013-04-01"),
]
MUE: list[Any] = [
    ("29881", 1, 2, NEXT),
    ("20610", 2, 3, Q4),
    ("64491", 1, 2, NEXT),
    ("95885", 4, 2, Q4, Q4_END),
    ("99439", 2, 2, NEXT),
    ("76942", 1, 3, Q4, Q4_END),
]


def _fee(code: str, **indicators: str) -> list[dict[str, str]]:
    row = {"code": code, **indicators}
    return [row | {"valid_from": Q4, "valid_to": Q4_END}, row | {"valid_from": NEXT}]


FEES: list[Any] = [
    *_fee("29881", bilateral="1", assistant="0", cosurgeon="0", global_days="090"),
    *_fee("63030", bilateral="1", assistant="2", cosurgeon="2", global_days="090"),
    *_fee("22551", bilateral="0", assistant="2", cosurgeon="1", team="1", global_days="090"),
    *_fee("45378", bilateral="0", assistant="1", cosurgeon="9", team="9", global_days="000"),
    *_fee("64721", bilateral="1", assistant="1", cosurgeon="0", global_days="090"),
    *_fee("20610", bilateral="1", assistant="1", cosurgeon="0", global_days="000"),
    *_fee("20611", bilateral="1", assistant="1", cosurgeon="0", global_days="000"),
    *_fee("71046", pctc="1", assistant="9", cosurgeon="9", team="9"),
    *_fee("95885", pctc="1", global_days="ZZZ"),
    *_fee("95886", pctc="1", global_days="ZZZ"),
    *_fee("77065", pctc="1"),
    *_fee("77066", pctc="1"),
    *_fee("77067", pctc="1"),
    *_fee("99497"),
]
# No visit with 000 to 090 days beside it: what GLB-25 and GLB-57 deny the oracle does not know.
FAMILIES: list[list[str]] = [
    family.split()
    for family in (
        "64490 64491 64492",
        "17000 17003 17004 93320 93321",
        "95910 95885 95886",
        "64612 95873 95874 76942 20611",
        "77065 77066 77067",
        "29881 63030 22551 45378 64721",
        "20610 20611 99497 71046 99439",
        "87880 81003 80053 99497",
    )
]
MODIFIERS = [
    *(["51"], ["62"], ["66"], ["80"], ["AS"], ["LT"], ["RT"], ["50"], ["QW"], ["90"]),
    *(["GG"], ["59"], ["XU"], ["78"], ["26"], ["TC"], ["76"], ["55"], ["LT", "RT"]),
    *(["62", "LT"], ["62", "RT"], ["80", "59"], ["51", "RT"], ["26", "GG"], ["66", "62"]),
]
REFERENCE = memory_reference(ptp=PTP, aoc=AOC, mue=MUE, fees=FEES)
TABLES = tables(ptp=PTP, aoc=AOC, mue=MUE, fees=FEES)


@st.composite
def nights(draw: st.DrawFn) -> Night:
    """Batches whose lines carry the modifiers and their laboratories a number, mostly of one day.

    A reversal keeps what it repeats of the line that it takes back.
    """
    rows: list[Raw] = []
    drawn = draw(batches(FAMILIES))
    day = drawn[0]["service_date_from"]
    for row in drawn:
        own: Raw = {"clia_number": draw(often("11D0000001", "11D0000002", None, weight=3))}
        if not (row["units"] or "").startswith("-"):
            own["modifiers"] = " ".join(draw(often([], *MODIFIERS, weight=14)))
            own["units"] = draw(often("1", "2", "3", "5", "0", "1.5", None, weight=6))
            if draw(st.integers(0, 3)) > 0:
                own |= {"service_date_from": day, "service_date_to": day}
        rows.append(row | own)
    return Night(rows, draw(lost_lines(rows)))


def compare(rows: list[Raw], lost: list[Lost]) -> None:
    lines = frame(rows)
    findings = found(run(lines, REFERENCE, rejected(lost)), lines)
    verdict = judge(rows, TABLES, lost)
    ours, theirs = of_auditor(rows, findings), of_oracle(rows, verdict.findings)
    assert not difference(ours, theirs), notation(rows)


@rounds(40)
@given(nights())
def test_auditor_and_oracle_agree(night: Night) -> None:
    compare(night.rows, night.lost)


def test_every_rule_of_the_family_is_met() -> None:
    """The batches above are no comfort where a rule is never hit: here each one is."""
    base: Raw = {
        "claim_id": "C1",
        "patient_id": "P1",
        "payer": "M",
        "line_of_business": "medicare",
        "claim_frequency": "1",
        "rendering_npi": "1111111112",
        "billing_npi": "1234567893",
        "tax_id": "T1",
        "specialty": "207Q00000X",
        "place_of_service": "22",
        "service_date_from": "2025-11-03",
        "service_date_to": "2025-11-03",
        "units": "1",
        "charge_amount": "100",
        "paid_status": None,
        "clia_number": "11D0000001",
    }
    codes = [line.split("-") for line in _LINES]
    rows = [
        base | {"code": code, "modifiers": " ".join(mods), "line_number": str(number)}
        for number, (code, *mods) in enumerate(codes, 1)
    ]
    compare(rows, [])
    hit = {f.rule for f in judge(rows, TABLES).findings}
    hit |= {rule for f in judge(rows, TABLES).findings for rule in f.also}
    assert hit >= {"AOC-5", "MOD-AST", "MOD-62", "GG-1", "MOD-51", "MOD-BIL2", "QW-1"}


_LINES = [
    *("64490", "64492", "64721-LT", "64721-RT", "45378-80", "29881-62", "99213-51"),
    *("77067", "77065", "87880", "87880-QW"),
]


_SURGEONS = ("1111111112", "1222222220", "1333333338")


def _surgery(patient: int, roles: tuple[str, ...]) -> list[Raw]:
    """One surgery of one patient as each of several surgeons bills it, with these modifiers."""
    return [
        {
            "claim_id": f"C{patient}-{number}",
            "line_number": "1",
            "patient_id": f"P{patient}",
            "payer": "M",
            "line_of_business": "medicare",
            "claim_frequency": "1",
            "rendering_npi": surgeon,
            "billing_npi": "1234567893",
            "tax_id": "T1",
            "specialty": "207Q00000X" if number < 2 else "208600000X",
            "place_of_service": "21",
            "service_date_from": "2025-11-03",
            "service_date_to": "2025-11-03",
            "code": "63030",
            "modifiers": modifiers,
            "units": "1",
            "charge_amount": "100",
            "paid_status": None,
        }
        for number, (surgeon, modifiers) in enumerate(zip(_SURGEONS, roles, strict=False))
    ]


def test_two_and_three_surgeons_of_one_surgery_in_every_role() -> None:
    two = product(["", "62", "80", "55", "LT", "RT", "50", "59", "51", "62 LT"], repeat=2)
    three = product(["", "62", "80", "51"], repeat=3)
    rows = [row for number, roles in enumerate([*two, *three]) for row in _surgery(number, roles)]
    compare(rows, [])
    hit = {f.rule for f in judge(rows, TABLES).findings}
    assert hit >= {"MOD-62", "MOD-51"}
