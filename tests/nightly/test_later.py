"""Which of two exports that one night takes is the later one, and that it is told."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.errors import ExitCode
from auditor.nightly import inbox
from tests.nightly.office import Office, line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditor.nightly.outcome import FeedOutcome

OLD, NEW = line("20610", charge="100.00"), line("20610", charge="250.00")
YESTERDAY, TODAY = 1_762_700_000, 1_762_786_400
"""2025-11-09 and 2025-11-10, 14:53:20 UTC."""


@pytest.fixture
def make(tmp_path: Path, reference: Path) -> Callable[..., Office]:
    def made(mode: str = "snapshot") -> Office:
        return Office(tmp_path / "office", reference, mode)

    return made


def dropped(office: Office, row: tuple[str, ...], name: str, modified: float | None) -> None:
    path = office.drop([row], name)
    if modified is not None:
        os.utime(path, (modified, modified))


def order(office: Office) -> list[str]:
    night = office.at("2025-11-10")
    return [w.path.name for w in inbox.look(night.nightly, night.settings.feeds)]


def charge(office: Office) -> list[int]:
    """Of the lines that stand after the night, in cents."""
    (stored,) = (office.root / "state" / "history" / "clinic").rglob("lines*.parquet")
    return pl.read_parquet(stored)["charge_amount"].to_list()


def only(office: Office) -> FeedOutcome:
    (feed,) = office.night().feeds
    return feed


@pytest.mark.parametrize("mode", ["snapshot", "delta"])
def test_yesterdays_file_copied_last_with_its_time_is_still_yesterdays(
    make: Callable[..., Office], mode: str
) -> None:
    office = make(mode)
    dropped(office, NEW, "clinic-today.csv", TODAY)
    dropped(office, OLD, "clinic-yesterday.csv", YESTERDAY)  # the later one by time of arrival
    assert order(office) == ["clinic-yesterday.csv", "clinic-today.csv"]
    only(office)
    assert charge(office) == [25_000]


def test_without_preserved_times_the_order_of_arrival_decides(make: Callable[..., Office]) -> None:
    office = make()
    dropped(office, OLD, "clinic-2.csv", None)
    before = (office.root / "inbox" / "clinic-2.csv").stat().st_mtime_ns
    while True:  # the clock of the file system moves in steps
        dropped(office, NEW, "clinic-1.csv", None)
        if (office.root / "inbox" / "clinic-1.csv").stat().st_mtime_ns > before:
            break
        time.sleep(0.002)
    assert order(office) == ["clinic-2.csv", "clinic-1.csv"]
    only(office)
    assert charge(office) == [25_000]


def test_a_time_ahead_or_none_says_nothing(make: Callable[..., Office]) -> None:
    office = make()
    dropped(office, OLD, "clinic-ahead.csv", time.time() + 86_400)
    dropped(office, OLD, "clinic-none.csv", 0)
    dropped(office, OLD, "clinic-known.csv", TODAY)
    night = office.at("2025-11-10")
    found = {w.path.name: w for w in inbox.look(night.nightly, night.settings.feeds)}
    for name in ("clinic-ahead.csv", "clinic-none.csv"):
        assert found[name].written == found[name].touched
    assert found["clinic-known.csv"].written == TODAY
    assert order(office)[0] == "clinic-known.csv"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the time of creation")
def test_files_of_one_time_go_by_arrival(make: Callable[..., Office]) -> None:
    office = make()
    dropped(office, OLD, "clinic-z.csv", TODAY)
    before = (office.root / "inbox" / "clinic-z.csv").stat().st_ctime_ns
    while True:
        dropped(office, NEW, "clinic-a.csv", TODAY)
        if (office.root / "inbox" / "clinic-a.csv").stat().st_ctime_ns > before:
            break
        time.sleep(0.002)
    assert order(office) == ["clinic-z.csv", "clinic-a.csv"]


class TestTold:
    def test_which_was_the_later_one(self, make: Callable[..., Office]) -> None:
        office = make()
        dropped(office, NEW, "clinic-today.csv", TODAY)
        dropped(office, OLD, "clinic-yesterday.csv", YESTERDAY)
        dropped(office, line("20610", "C7"), "clinic-else.csv", TODAY - 5)
        later, earlier = (
            inbox.digest(office.root / "inbox" / f"clinic-{name}.csv")[:12]
            for name in ("today", "yesterday")
        )
        told = only(office)
        (warned,) = told.warnings
        assert (warned.kind, warned.fails, told.exit_code) == ("files", False, ExitCode.DONE)
        assert warned.text == (
            "1 claim is in 2 of tonight's files, and the one that was modified last counts: file"
            f" {later} (2025-11-10 14:53:20 UTC) was taken as the later one, after file {earlier}"
            " (2025-11-09 14:53:20 UTC). Where the older export won so, the next one that holds"
            " these claims puts it right."
        )

    def test_nothing_where_no_claim_is_in_both(self, make: Callable[..., Office]) -> None:
        office = make()
        dropped(office, OLD, "clinic-1.csv", TODAY)
        dropped(office, line("20610", "C7"), "clinic-2.csv", YESTERDAY)
        assert (only(office).warnings, len(charge(office))) == ((), 2)

    def test_nothing_of_a_delta(self, make: Callable[..., Office]) -> None:
        office = make("delta")
        dropped(office, OLD, "clinic-1.csv", YESTERDAY)
        dropped(office, NEW, "clinic-2.csv", TODAY)
        assert only(office).warnings == ()

    def test_three_in_their_order(self, make: Callable[..., Office]) -> None:
        office = make()
        for age in (2, 0, 1):
            row = line("20610", charge=f"{100 + age}.00")
            dropped(office, row, f"clinic-{age}.csv", TODAY - age * 3600)
        (warned,) = only(office).warnings
        places = [warned.text.index(f"{hour}:53:20") for hour in (14, 13, 12)]
        assert places == sorted(places)
        assert charge(office) == [10_000]
