"""Old lines leave the store of audited lines, and what retention counts is what goes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from auditor.history.interface import Memory
from auditor.history.upkeep import compact
from auditor.nightly.forgetting import Stored
from auditor.nightly.retention import Counted
from schemas import ClaimLines, RejectedRows, dtypes, empty

if TYPE_CHECKING:
    from pathlib import Path

TYPES = dtypes(ClaimLines)
DAY = date(2020, 1, 1)


def lines(*rows: tuple[str, str, date, date | None]) -> pl.DataFrame:
    """Claim, patient, day of service, day of receipt."""
    told: list[dict[str, Any]] = [
        {
            "source_file": "x.csv",
            "source_row": n + 2,
            "line_key": n,
            "claim_id": claim,
            "line_number": 1,
            "patient_id": patient,
            "service_date_from": day,
            "service_date_to": day,
            "received_date": received,
            "code": "99213",
        }
        for n, (claim, patient, day, received) in enumerate(rows)
    ]
    return pl.DataFrame(told, schema=TYPES, orient="row")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    nights = [
        lines(
            ("C1", "P1", date(2019, 1, 5), None),
            ("C2", "P2", date(2019, 2, 5), None),
            ("C3", "P3", date(2019, 3, 5), date(2020, 2, 1)),
        ),
        lines(("C4", "P1", date(2019, 12, 31), None), ("C5", "P1", DAY, None)),
    ]
    for run, night in enumerate(nights, 1):
        memory = Memory(tmp_path, range(1, run), nobody="^$")
        tonight = memory.resolve(night, empty(RejectedRows), "delta", ())
        memory.stage(tonight, run, tmp_path)
    return tmp_path


def claims(folder: Path) -> list[str]:
    standing = Memory(folder, (1, 2), nobody="^$").standing().collect()
    return sorted(standing["claim_id"])


def test_old_lines_go_and_late_ones_and_held_ones_stay(folder: Path) -> None:
    store, runs = Stored(), (1, 2)
    assert set(store.patients(folder, runs)) == {"P1", "P2", "P3"}
    want = Counted(3, date(2019, 1, 5), date(2019, 12, 31))
    assert store.count(folder, runs, DAY, frozenset()) == want
    held = frozenset({"P2"})
    found = store.count(folder, runs, DAY, held)
    assert found == Counted(2, date(2019, 1, 5), date(2019, 12, 31))
    assert store.forget(folder, runs, DAY, held) == found.lines
    assert claims(folder) == ["C2", "C3", "C5"]
    assert store.count(folder, runs, DAY, held) is None
    assert store.forget(folder, runs, DAY, held) == 0


@pytest.mark.parametrize("merged", [False, True])
def test_the_lines_of_some_runs_alone_are_counted(folder: Path, *, merged: bool) -> None:
    if merged:
        assert compact(folder, (1, 2), many=1)
    counts = [Stored().count(folder, runs, DAY, frozenset()) for runs in ((1,), (2,), (1, 2), ())]
    assert [None if found is None else found.lines for found in counts] == [2, 1, 3, None]


def test_a_feed_without_a_store_has_nothing_old(tmp_path: Path) -> None:
    assert Stored().count(tmp_path / "none", (1,), DAY, frozenset()) is None
    assert set(Stored().patients(tmp_path / "none", (1,))) == set()
