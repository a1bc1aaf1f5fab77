"""What each night brought, closed and left open, by rule, practitioner and amount."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.ledger import opened
from auditor.ledger.trend import NIGHTS_SHOWN, feeds, trend
from schemas import Trend
from tests.ledger.nights import FIRST, add_run, finding, night
from tests.ledger.test_life import a_night

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with opened(tmp_path / "ledger.sqlite") as connection:
        yield connection


def told(frame: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    Trend.validate(frame)
    return frame.select("night", *columns).rows()


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_a_night_is_told_by_tier_and_basis_and_nothing_is_added_across(
    ledger: sqlite3.Connection,
) -> None:
    one, two, three = (
        finding(1),
        finding(2, rule_id="PTP-1", amount_at_risk=Decimal("10.00"), rendering_npi=None),
        finding(3, tier="review", amount_basis="charge", amount_at_risk=Decimal("5.00")),
    )
    night(ledger, 0, [one, two, three])
    night(ledger, 1, [one | {"amount_at_risk": Decimal("70.00")}], looked=[two])
    last = night(ledger, 3, [one | {"tier": "review"}, two])
    columns = ("tier", "amount_basis", "new", "reopened", "resolved", "open")
    money = ("new_at_risk", "open_at_risk")
    expected = [
        (day(0), "certain", "allowed", 2, 0, 0, 2, Decimal("85.25"), Decimal("85.25")),
        (day(0), "review", "charge", 1, 0, 0, 1, Decimal("5.00"), Decimal("5.00")),
        (day(1), "certain", "allowed", 0, 0, 1, 1, Decimal(0), Decimal("70.00")),
        (day(1), "review", "charge", 0, 0, 0, 1, Decimal(0), Decimal("5.00")),
        (day(3), "certain", "allowed", 0, 1, 0, 1, Decimal(0), Decimal("10.00")),
        (day(3), "review", "allowed", 0, 0, 0, 1, Decimal(0), Decimal("75.25")),
        (day(3), "review", "charge", 0, 0, 0, 1, Decimal(0), Decimal("5.00")),
    ]
    assert told(trend(ledger, "clinic"), *columns, *money) == expected
    assert told(last.trends.nights, *columns, *money) == expected, "and so the report has it"
    by_rule = trend(ledger, "clinic", ("rule_id",)).filter(night=day(1))
    assert told(by_rule, "rule_id", "tier", "resolved", "open") == [
        (day(1), "AOC-1", "certain", 0, 1),
        (day(1), "AOC-1", "review", 0, 1),
        (day(1), "PTP-1", "certain", 1, 0),
    ]
    people = trend(ledger, "clinic", ("rendering_npi",)).filter(night=day(3), tier="certain")
    assert told(people, "rendering_npi", "open") == [(day(3), None, 1)]
    assert last.trends.people.equals(trend(ledger, "clinic", ("rendering_npi",)))


def test_runs_of_one_day_are_one_night_and_late_ones_count_when_they_came(
    ledger: sqlite3.Connection,
) -> None:
    night(ledger, 0, [finding(1)])
    night(ledger, 0, [finding(2)])
    night(ledger, 2, [finding(3)])
    night(ledger, 1, [finding(4)])
    run = add_run(ledger, "clinic", day(0))
    assert told(trend(ledger, "clinic"), "new", "open") == [(day(0), 2, 2), (day(2), 2, 4)]
    assert run == 5


def test_feeds_are_apart(ledger: sqlite3.Connection) -> None:
    night(ledger, 0, [finding(1)])
    night(ledger, 0, [finding(1), finding(2)], feed="hospital")
    assert feeds(ledger) == ["clinic", "hospital"]
    assert told(trend(ledger, "hospital"), "feed", "open") == [(FIRST, "hospital", 2)]
    assert trend(ledger, "nobody").is_empty()


def test_a_report_looks_back_on_a_handful_of_nights(ledger: sqlite3.Connection) -> None:
    for number in range(NIGHTS_SHOWN + 3):
        life = night(ledger, number, [finding(number + 1)])
    shown = life.trends.nights
    assert shown["night"].to_list() == [day(n) for n in range(3, NIGHTS_SHOWN + 3)]
    assert shown["open"].to_list() == [n + 1 for n in range(3, NIGHTS_SHOWN + 3)]
    assert shown.equals(trend(ledger, "clinic").tail(NIGHTS_SHOWN))


@given(st.lists(a_night(), min_size=1, max_size=6))
def test_what_was_open_after_each_night_is_what_was_open_then(
    tmp_path_factory: pytest.TempPathFactory, several: list[dict[str, Any]]
) -> None:
    counted = """
        SELECT tier, amount_basis, count(*), coalesce(sum(amount_at_risk), 0) FROM open_findings
        GROUP BY tier, amount_basis ORDER BY tier, amount_basis
    """
    with opened(tmp_path_factory.mktemp("trend") / "l.sqlite") as ledger:
        ledger.execute("PRAGMA synchronous = OFF")
        then = []
        for number, each in enumerate(several):
            life = night(ledger, number, **each)
            then += [(day(number), *row) for row in ledger.execute(counted)]
        found = trend(ledger, "clinic")
        assert life.trends.nights.equals(found)
        was_open = found.filter(pl.col("open") > 0)
        rows = told(was_open, "tier", "amount_basis", "open", "open_at_risk")
        assert [(*row[:-1], int(row[-1] * 100)) for row in rows] == then
