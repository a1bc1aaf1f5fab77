"""The oracle against the worked cases of the rules it knows, before it judges the auditor."""

import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from oracle.bypass import two_places
from oracle.normalise import normalise, resolve
from oracle.oracle import JUDGED, judge
from oracle.tables import tables

from auditor.rules.notation import parse_line

CASES = Path(__file__).parents[1] / "rules"
BEYOND = {"history", "options", "columns"}
"""What a case may ask of the auditor that the oracle knows nothing of."""


def raw_line(text: str, number: int) -> dict[str, Any]:
    """A line of the notation as the texts of an export."""
    line = parse_line(text, number)
    raw = {name: None if value is None else str(value) for name, value in line.items()}
    for name, one in (("units", 1000), ("charge_amount", 100)):
        raw[name] = None if line.get(name) is None else str(Decimal(line[name]) / one)
    return raw


def every_case() -> Iterator[Any]:
    for rule in sorted(JUDGED):
        data = tomllib.loads((CASES / f"{rule}.toml").read_text(encoding="utf-8"))
        for case in data["case"]:
            if BEYOND & case.keys():
                continue
            named = {**data["reference"], **case.get("reference", {})}
            given = {kind: rows for kind, rows in named.items() if rows is not False}
            yield pytest.param(rule, given, case, id=f"{rule}-{case['name']}")


@pytest.mark.parametrize(("rule", "given", "case"), list(every_case()))
def test_case(rule: str, given: dict[str, Any], case: dict[str, Any]) -> None:
    raws = [raw_line(text, n) for n, text in enumerate(case["lines"], start=1)]
    rejected = [
        (
            row.get("claim"),
            row.get("patient"),
            date.fromisoformat(row["date"]) if "date" in row else None,
        )
        for row in case.get("rejected", ())
    ]
    verdict = judge(raws, tables(**given), rejected)
    carrying = {f"{f.key + 1} {f.tier}" for f in verdict.findings if rule in {f.rule, *f.also}}
    assert carrying == set(case["expect"])
    headlines = {f"{f.key + 1} {f.rule}" for f in verdict.findings}
    wanted = {h for h in case.get("headline", ()) if h.split()[1] in JUDGED}
    assert wanted <= headlines
    besides = {f"{f.key + 1} {other}" for f in verdict.findings for other in f.also}
    assert {a for a in case.get("also", ()) if a.split()[1] in JUDGED} <= besides


def test_normalises_what_exports_write() -> None:
    (line,) = normalise(
        [
            {
                "claim_id": " c1 ",
                "patient_id": "P1",
                "service_date_from": "11/03/2025",
                "code": " 840.0 ",
                "modifiers": "rt, 59",
                "units": "1.50",
                "charge_amount": "$1,200.10",
                "claim_frequency": "",
                "line_of_business": "Medicare",
            }
        ]
    )
    assert line.code == "00840"
    assert line.modifiers == {"RT", "59"}
    assert line.units == Fraction(3, 2)
    assert line.charge == Fraction(120010, 100)
    assert line.last == line.first == date(2025, 11, 3)
    assert line.business == "medicare"
    assert line.frequency == "1"
    assert line.claim_id == "c1"


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("RT", "LT", True),
        ("F1", "F2", True),
        ("FA", "F5", True),
        ("E1", "E3", True),
        ("LD", "RC", True),
        ("F1 F2", "F3", True),
        ("RT", "RT", False),
        ("LT", "F1", False),
        ("50", "LT", False),
        ("F1 F2", "F2", False),
        ("LD", "LT", False),
        ("RT", "", False),
        ("59", "LT", False),
    ],
)
def test_two_places(one: str, other: str, *, apart: bool) -> None:
    assert two_places(frozenset(one.split()), frozenset(other.split())) is apart
    assert two_places(frozenset(other.split()), frozenset(one.split())) is apart


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (["71046 icn=A", "71046 claim=C2 freq=8 orig=A icn=B"], []),
        (["71046 icn=A", "71046 claim=C2 freq=7 orig=A icn=B"], [1]),
        (["71046 icn=A", "71046 freq=7 orig=A icn=B"], [1]),
        (
            [
                "71046 icn=A",
                "71046 claim=C9 freq=7 orig=A icn=B",
                "71046 claim=C2 freq=7 orig=B icn=C",
            ],
            [2],
        ),
        (
            [
                "71046 icn=A",
                "71046 claim=C9 freq=7 orig=A icn=B received=2025-11-05",
                "71046 claim=C2 freq=7 orig=A icn=C received=2025-11-09",
            ],
            [2],
        ),
        (
            [
                "71046 icn=A",
                "71046 claim=C2 freq=7 orig=A icn=B",
                "71046 claim=C3 freq=8 orig=B icn=C",
            ],
            [],
        ),
        (["71046", "71046 claim=C2 freq=7 orig=A icn=B"], [0, 1]),
        (["71046", "71046 claim=C2 freq=8"], [0]),  # names nothing: it asks for no payment
        (["71046 icn=A payer=X", "71046 claim=C2 freq=8 orig=A icn=B payer=Y"], [0, 1]),
        (["71046", "71046 freq=8 orig=A"], []),  # keeps the claim id; nobody knew the number yet
        (["71046", "71046 freq=8"], []),
        (["71046", "71046 freq=7 orig=A"], [1]),
        (["71046", "71046 freq=8 orig=A dos=2025-11-05"], [0, 1]),  # the id is the patient's
        (["71046 received=2025-11-09", "71046 freq=8 orig=A received=2025-11-05"], [0, 1]),
    ],
)
def test_voids_and_replacements(lines: list[str], kept: list[int]) -> None:
    raws = [raw_line(text, n) for n, text in enumerate(lines, start=1)]
    assert [line.key for line in resolve(normalise(raws)).lines] == kept
