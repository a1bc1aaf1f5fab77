"""The day's answers and the night's findings on the same lines are the same."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from auditor.asking.check import AskedLine, Encounter, check
from auditor.asking.judged import OPTIONAL
from auditor.auditing import audit
from auditor.intake import read_claims
from auditor.intake.interface import IntakeOptions
from auditor.result import AuditOptions

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from auditor.asking.answers import Answer
    from auditor.reference.interface import Reference

DAY = date(2026, 3, 2)
OPTIONS = AuditOptions(as_of=DAY, run_id="r")
CODES = [
    "20610", "20611", "77002", "76942", "99213", "99214", "99203", "99211", "93000", "93010",
    "80053", "80048", "97110", "97140", "97530", "98941", "27447", "96372", "J1885", "G2211",
    "90471", "90460", "45378", "45385", "11055", "11730", "58150", "36415", "01996", "12345",
]  # fmt: skip
MODIFIERS = [
    "25", "59", "XS", "RT", "LT", "26", "TC", "GP", "AT", "50", "76", "24", "Q8", "QW", "ZZ",
]  # fmt: skip


def lines(days: st.SearchStrategy[date | None]) -> st.SearchStrategy[AskedLine]:
    return st.builds(
        AskedLine,
        code=st.sampled_from(CODES),
        modifiers=st.lists(st.sampled_from(MODIFIERS), max_size=3).map(tuple),
        units=st.sampled_from([1, 1, 1, 2, 4, 12]).map(Decimal),
        day=days,
        practitioner=st.sampled_from(["", "", "", "anna"]),
    )


ENCOUNTERS = st.builds(
    Encounter,
    lines=st.lists(
        lines(st.sampled_from([None, None, None, DAY - timedelta(30)])), min_size=1, max_size=4
    ).map(tuple),
    day=st.just(DAY),
    pos=st.sampled_from(["11", "22"]),
    birth=st.sampled_from([None, date(1950, 5, 5), date(2020, 5, 5)]),
    sex=st.sampled_from([None, "F", "M"]),
    payer=st.sampled_from([None, "medicare", "medicaid", "commercial"]),
    diagnoses=st.sampled_from([(), ("M1711",), ("Z1211", "K635"), ("L84",)]),
    specialties=st.sampled_from([{}, {"*": "11"}, {"*": "65"}]),
)


def npi(body: int) -> str:
    """Nine digits and their check digit."""
    digits = [int(d) for d in f"80840{body}"]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[::-1][::2]]
    return f"{body}{-(sum(doubled) + sum(digits[::-1][1::2])) % 10}"


def night(encounters: list[Encounter], path: Path, reference: Reference) -> list[set[Any]]:
    """What `auditor audit` finds on an export with these lines, written without the day's help.

    What a question leaves open is a column that its export lacks: each is an export of its own.
    """
    found = []
    for number, each in enumerate(encounters):
        export = path / f"e{number}.csv"
        rows = [row(each, line) for line in each.lines]
        kept = [n for n in rows[0] if n not in OPTIONAL or any(r[n] for r in rows)]
        with export.open("w", newline="") as file:
            writer = csv.DictWriter(file, kept, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        intake = read_claims([export], IntakeOptions(columns={name: name for name in kept}))
        assert intake.lines.height == len(each.lines)
        result = audit(intake, reference, OPTIONS)
        columns = ("source_row", "rule_id", "tier", "code", "also", "table_row", "remedy")
        found.append(
            {(source - 2, *told) for source, *told in result.findings.select(columns).iter_rows()}
        )
        export.unlink()
    return found


def row(asked: Encounter, line: AskedLine) -> dict[str, str]:
    who = asked.practitioners.index(line.practitioner)
    day = asked.day_of(line)
    claim = f"A{who}-{day:%Y%m%d}"
    same = [
        n for n in asked.lines if n.practitioner == line.practitioner and asked.day_of(n) == day
    ]
    return {
        "claim_id": claim,
        "line_number": str(1 + next(i for i, n in enumerate(same) if n is line)),
        "patient_id": "MRN1",
        "patient_birth_date": asked.birth.isoformat() if asked.birth else "",
        "patient_sex": asked.sex or "",
        "line_of_business": asked.payer or "",
        "rendering_npi": npi(123456700 + who),
        "billing_npi": npi(200000000),
        "tax_id": "TIN",
        "specialty": asked.specialty_of(line.practitioner) or "",
        "service_date_from": day.isoformat(),
        "place_of_service": asked.pos,
        "code": line.code,
        "modifiers": " ".join(line.modifiers),
        "units": str(line.units),
        "charge_amount": f"{10 * line.units:.2f}",
        "diagnoses": " ".join(asked.diagnoses),
    }


def day(answer: Answer) -> set[Any]:
    return {
        (x.line - 1, f.rule_id, f.tier, x.code, " ".join(f.also), f.table_row, f.remedy)
        for x in answer.lines
        for f in x.findings
    }


@given(st.lists(ENCOUNTERS, min_size=1, max_size=3))
def test_day_and_night_find_the_same(
    starter: Reference, tmp_path_factory: pytest.TempPathFactory, encounters: list[Encounter]
) -> None:
    path = tmp_path_factory.mktemp("night")
    answers = check(encounters, starter, OPTIONS)
    assert [day(a) for a in answers] == night(encounters, path, starter)
