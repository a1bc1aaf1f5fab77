"""The day of a night: one far ahead is refused, one that goes back is told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from auditor.errors import ConfigError
from auditor.ledger.store import opened
from auditor.nightly import day
from auditor.nightly.preview import dry
from tests.nightly.office import Office

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("days", [-9_999, -1, 0, 1, day.MOST_AHEAD])
def test_a_day_that_may_be(days: int) -> None:
    day.check(TODAY + timedelta(days), TODAY)


@pytest.mark.parametrize("days", [day.MOST_AHEAD + 1, 365, 36_525])
def test_a_day_far_ahead(days: int) -> None:
    with pytest.raises(ConfigError, match=rf"is {days:,} days from now") as error:
        day.check(TODAY + timedelta(days), TODAY)
    assert error.value.where == "--as-of"
    assert "AUDITOR_AS_OF" in error.value.next_step


@pytest.mark.parametrize(
    ("nights", "runs", "as_of", "told"),
    [
        ((), (), "2026-11-22", None),
        (("2026-11-22",), (), "2026-11-22", None),
        (("2026-11-21", "2026-11-20"), (), "2026-11-22", None),
        (("2026-11-23", "2026-11-20"), (), "2026-11-22", "2026-11-23"),
        ((), ("2026-11-25",), "2026-11-22", "2026-11-25"),
        (("2026-11-23",), ("2026-11-21",), "2026-11-22", "2026-11-23"),
    ],
)
def test_a_day_that_goes_back_is_told(
    tmp_path: Path, nights: tuple[str, ...], runs: tuple[str, ...], as_of: str, told: str | None
) -> None:
    with opened(tmp_path / "ledger.sqlite") as ledger:
        ledger.executemany(
            "INSERT INTO nights (started_at, ended_at, as_of, exit_code, outcome)"
            " VALUES ('', '', ?, 0, '{}')",
            [(each,) for each in nights],
        )
        ledger.executemany(
            "INSERT INTO runs (run_id, feed, as_of, version, recorded_at, exit_code, figures,"
            " manifest, folder) VALUES (?1, 'clinic', ?1, 1, '', 0, '{}', '{}', 'f')",
            [(each,) for each in runs],
        )
        found = day.warned(ledger, date.fromisoformat(as_of))
    assert [(w.kind, w.fails) for w in found] == ([] if told is None else [("day", False)])
    assert all(f"before the newest one in the ledger ({told})" in w.text for w in found)


def test_a_night_and_its_rehearsal_say_so(tmp_path: Path) -> None:
    office = Office(tmp_path, tmp_path)
    assert [w for f in office.night("2025-11-10").feeds for w in f.warnings] == []
    said = [w for f in office.night("2025-11-08").feeds for w in f.warnings]
    assert [w.kind for w in said] == ["day"]
    assert dry(office.at("2025-11-08")).notes[0] == said[0].text
    assert dry(office.at("2025-11-10")).notes == ()
