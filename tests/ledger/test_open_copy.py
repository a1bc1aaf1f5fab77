"""The copy of the open findings is looked at only where it says what the ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from auditor.ledger import known, open_copy
from auditor.ledger.store import opened
from tests.ledger import nights

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with opened(tmp_path / "l.sqlite") as connection:
        yield connection


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(open_copy, "WORTH", 1)
    return tmp_path / "open" / "clinic.parquet"


def three(ledger: sqlite3.Connection, copy: Path) -> None:
    """Nights of which each finds, changes and closes something."""
    first = [nights.finding(n) for n in range(6)]
    nights.night(ledger, 0, first, copy=copy)
    nights.night(ledger, 1, first[1:3], looked=first[:1], copy=copy)
    again = [first[0], first[3] | {"tier": "review"}, nights.finding(7)]
    nights.night(ledger, 2, again, copy=copy)


def test_it_says_what_the_ledger_says(ledger: sqlite3.Connection, copy: Path) -> None:
    three(ledger, copy)
    held = open_copy.read(copy, ledger, "clinic")
    assert held is not None
    assert held.height == 7
    assert_frame_equal(known.open_of(ledger, "clinic", copy), known.open_of(ledger, "clinic"))
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.parent.stat().st_mode & 0o777 == 0o700


def test_a_night_that_reads_it_comes_to_the_same(
    ledger: sqlite3.Connection, copy: Path, tmp_path: Path
) -> None:
    three(ledger, copy)
    with opened(tmp_path / "other.sqlite") as other:
        three(other, tmp_path / "none" / "of.parquet")
        (tmp_path / "none" / "of.parquet").unlink()
        ours = nights.night(ledger, 3, [nights.finding(7), nights.finding(9)], copy=copy)
        theirs = nights.night(other, 3, [nights.finding(7), nights.finding(9)])
        for table in ("findings", "closed"):
            assert_frame_equal(getattr(ours, table), getattr(theirs, table))
        events = "SELECT run, finding, event, tier, why FROM finding_events ORDER BY event_id"
        assert ledger.execute(events).fetchall() == other.execute(events).fetchall()


def test_it_is_not_looked_at_once_the_ledger_is_in_another_state(
    ledger: sqlite3.Connection, copy: Path
) -> None:
    three(ledger, copy)
    nights.night(ledger, 3, [nights.finding(8)])
    assert open_copy.read(copy, ledger, "clinic") is None
    assert known.open_of(ledger, "clinic", copy).height == 8


def test_it_is_of_one_ledger_and_one_feed(
    ledger: sqlite3.Connection, copy: Path, tmp_path: Path
) -> None:
    three(ledger, copy)
    assert open_copy.read(copy, ledger, "other") is None
    with opened(tmp_path / "other.sqlite") as other:
        nights.night(other, 0, [nights.finding(1)])
        assert open_copy.read(copy, other, "clinic") is None


@pytest.mark.parametrize("content", [b"", b"PAR1", None])
def test_a_damaged_one_is_as_none(
    ledger: sqlite3.Connection, copy: Path, content: bytes | None
) -> None:
    three(ledger, copy)
    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) // 2] if content is None else content)
    assert open_copy.read(copy, ledger, "clinic") is None
    assert known.open_of(ledger, "clinic", copy).height == 7


def test_few_are_not_worth_one(
    ledger: sqlite3.Connection, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    three(ledger, copy)
    monkeypatch.setattr(open_copy, "WORTH", 100)
    nights.night(ledger, 3, [nights.finding(8)], copy=copy)
    assert not copy.exists()


def test_a_place_that_refuses_it_costs_nothing(ledger: sqlite3.Connection, copy: Path) -> None:
    copy.parent.write_text("a file where the folder would be")
    nights.night(ledger, 0, [nights.finding(1)], copy=copy)
    assert known.open_of(ledger, "clinic", copy).height == 1


def test_what_is_kept_may_be_empty_of_rows(ledger: sqlite3.Connection, copy: Path) -> None:
    open_copy.keep(copy, pl.DataFrame(schema={"finding": pl.Int64}), ledger, "clinic")
    assert not copy.exists()
