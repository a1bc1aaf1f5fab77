"""What a reviewer reads in the morning, over nights in which claims come again, changed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.ledger import store
from tests.nightly.office import Office, line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.nightly.outcome import Figures

Lines = list[tuple[str, ...]]
Event = tuple[str, str, str, int]
"""What happened, rule, claim, line."""


def live(office: Office, nights: Sequence[Lines]) -> tuple[list[list[Event]], list[Figures]]:
    """Events of each night, and what it counted."""
    events, figures = [], []
    for number, lines in enumerate(nights, start=1):
        office.drop(lines)
        (feed,) = office.night(f"2025-11-{number + 9}", report=False).feeds
        assert feed.figures is not None
        figures.append(feed.figures)
        with store.opened(office.root / "state" / "ledger.sqlite") as ledger:
            rows = ledger.execute(
                "SELECT event, rule_id, claim_id, line_number FROM finding_events"
                " JOIN findings USING (finding) WHERE finding_events.run = ? AND tier = 'certain'"
                " ORDER BY 1, 2, 3, 4",
                (number,),
            )
            events.append(rows.fetchall())
    return events, figures


@pytest.fixture
def office(tmp_path: Path, reference: Path) -> Office:
    return Office(tmp_path / "office", reference, "snapshot")


def test_the_duplicate_stays_the_later_claim_when_the_earlier_comes_again(office: Office) -> None:
    """A claim comes again whenever its payer says something; that makes it no later."""
    first = line("71046", "A")
    again = line("71046", "A", mods="", orig="R1")
    events, _ = live(
        office, [[first], [line("71046", "B")], [again], [line("71046", "B", orig="R")]]
    )
    assert events == [[], [("new", "DUP-1", "B", 1)], [], []]


def test_lines_numbered_anew_are_not_news(office: Office) -> None:
    before = [line("99213", "A", 1, mods="25"), line("77002", "A", 2)]
    events, figures = live(office, [before, [line("77002", "A", 1)]])
    assert events[0] == [("new", "AOC-1", "A", 2)]
    # for the ledger another id, for a reader the same
    assert events[1] == [("new", "AOC-1", "A", 1), ("resolved", "AOC-1", "A", 2)]
    last = figures[1]
    assert (sum(last.new.values()), last.standing, last.resolved) == (0, 1, 0)
    assert last.open["certain"] == 1
    with store.opened(office.root / "state" / "ledger.sqlite") as ledger:
        assert ledger.execute("SELECT first_seen FROM open_findings").fetchall() == [
            ("2025-11-10",)
        ]
        counted = ledger.execute(
            "SELECT sum(new), sum(resolved) FROM finding_tallies WHERE run = 2"
        )
        assert counted.fetchone() == (0, 0)


@pytest.mark.parametrize("number", ["", "R9"])
def test_a_void_that_keeps_the_id_ends_the_claim(office: Office, number: str) -> None:
    """Whether it names nothing, or a number that the claim did not have when it was exported."""
    events, figures = live(
        office, [[line("77002", "A")], [line("77002", "A", freq="8", orig=number)]]
    )
    assert events == [[("new", "AOC-1", "A", 1)], [("resolved", "AOC-1", "A", 1)]]
    assert figures[1].lines_superseded == 1


def test_what_clears_a_finding_is_named(office: Office) -> None:
    live(office, [[line("77002", "A")], [line("20610", "B")]])
    with store.opened(office.root / "state" / "ledger.sqlite") as ledger:
        (why,) = ledger.execute("SELECT why FROM finding_events WHERE why NOTNULL").fetchone()
    assert why == "The line did not change. Of the same patient and day came tonight: 20610."


def test_lines_fall_once(office: Office) -> None:
    """A void of last week is no news, though it is looked at whenever its patient comes."""
    void = line("77002", "A", freq="8")
    _, figures = live(office, [[line("77002", "A")], [void], [line("99213", "B")]])
    assert [f.lines_superseded for f in figures] == [0, 1, 0]


def test_a_line_of_an_earlier_night_names_its_run(office: Office) -> None:
    """Every night's export has the same name: a row number alone leads to another patient."""
    live(office, [[line("77002", "A", 7)], [line("99213", "B"), line("99292", "C")]])
    found = pl.read_parquet(next((office.root / "outbox/2025-11-11").rglob("*.parquet")))
    (where,) = found.filter(claim_id="A").select("source_file", "source_row").rows()
    assert where == ("clinic.csv (run 2025-11-10-clinic)", 2)
    assert "clinic.csv" in found.filter(pl.col("claim_id") != "A")["source_file"].to_list()
