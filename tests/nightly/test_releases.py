"""How old the imported tables are."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from auditor.nightly.releases import ages
from auditor.reference.interface import Kind, Release
from auditor.reference.kinds import quarter_end


def release(kind: Kind, effective: date, *, starter: bool = False, used: bool = True) -> Release:
    return Release(
        kind=kind,
        label=f"{kind} {effective}",
        effective=effective,
        vouches_to=quarter_end(effective),
        rows=1,
        sha256="0" * 64,
        source="file.txt",
        starter=starter,
        used=used,
        note="",
    )


CASES = {
    "of this quarter": (date(2026, 10, 1), date(2026, 12, 31), 0),
    "of the quarter before": (date(2026, 10, 1), date(2027, 1, 1), 1),
    "a year": (date(2025, 10, 1), date(2026, 11, 22), 4),
    "within a quarter": (date(2026, 4, 15), date(2026, 6, 30), 0),
    "loaded early": (date(2027, 1, 1), date(2026, 12, 20), -1),
}


@pytest.mark.parametrize(("effective", "today", "quarters"), CASES.values(), ids=CASES)
def test_age(effective: date, today: date, quarters: int) -> None:
    (age,) = ages([release("aoc", effective)], today)
    assert age.quarters == quarters
    assert (age.fetch != "") == (quarters > 0)


def test_the_newest_release_that_judges_counts() -> None:
    found = ages(
        [
            release("aoc", date(2026, 1, 1)),
            release("aoc", date(2026, 7, 1)),
            release("aoc", date(2026, 10, 1), used=False),
            release("mue-practitioner", date(2026, 10, 1), starter=True),
            release("hcpcs", date(2026, 10, 1)),
        ],
        date(2026, 11, 22),
    )
    assert [(a.kind, a.quarters) for a in found] == [("aoc", 1), ("hcpcs", 0)]
    assert [a.told() for a in found] == [
        "aoc 2026-07-01: 1 quarter old; fetch AOC_V2026Q4... (AOC 2026Q4)",
        "hcpcs 2026-10-01: of this quarter",
    ]
    old = ages([release("aoc", date(2026, 1, 1))], date(2026, 10, 1) + timedelta(days=400))
    assert old[0].told().startswith("aoc 2026-01-01: 7 quarters old; fetch AOC_V2027Q4")
