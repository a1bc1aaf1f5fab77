"""Runs and nights in the ledger: what is written is read, and what is left to do is known."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ExitCode, LedgerError
from auditor.ledger import runs as ledger
from auditor.ledger.runs import NewRun, RunFile, append_night, append_run, append_step
from auditor.ledger.store import opened, transaction
from auditor.nightly.outcome import FeedOutcome, Figures, NightOutcome, Warned
from auditor.nightly.stored import code_of, figures_of, figures_text, night_of, night_text

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = date(2026, 11, 21)
FIGURES = Figures(
    files=1,
    lines_read=1000,
    lines_audited=900,
    lines_seen_before=50,
    lines_set_aside=30,
    lines_rejected=20,
    lines_judged_again=4,
    lines_superseded=3,
    not_judged=0.125,
    found={"certain": 9, "review": 40},
    new={"certain": 2, "review": 5},
    reopened=1,
    standing=41,
    resolved=6,
    open={"certain": 30, "review": 200},
    new_at_risk={"certain": {"allowed": "120.50"}},
    by_rule={"AOC-1": 2},
    releases={"aoc": "AOC 2026Q4"},
    releases_too_old=("Fetch the file of 2027Q1.",),
)
NIGHT = NightOutcome(
    as_of=DAY,
    started_at="2026-11-21T02:00:00+00:00",
    ended_at="2026-11-21T02:03:00+00:00",
    feeds=(
        FeedOutcome(
            feed="clinic",
            exit_code=ExitCode.INCOMPLETE,
            run_id="2026-11-21-0badcafe",
            figures=FIGURES,
            folder=Path("outbox", "2026-11-21", "clinic"),
            files=1,
            warnings=(Warned(kind="late", text="No file came.", fails=True),),
            seconds=12.5,
        ),
        FeedOutcome(feed="lab", exit_code=ExitCode.DONE),
    ),
    recovered=("2026-11-20-0badcafe",),
    delivery=(Warned(kind="delivery", text="The mail server did not answer."),),
)


def new(number: int, feed: str = "clinic", **values: object) -> NewRun:
    return replace(
        NewRun(
            run_id=f"2026-11-{number:02}-0badcafe",
            feed=feed,
            as_of=date(2026, 11, number),
            exit_code=ExitCode.DONE,
            figures=replace(FIGURES, lines_read=number),
            manifest=f'{{"n": {number}}}',
            folder=f"outbox/{number}",
            files=(RunFile(sha256=f"{number:064x}", name="a.csv", bytes=7, archived="x/a.csv"),),
        ),
        **values,
    )


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with opened(tmp_path / "ledger.sqlite") as opened_:
        yield opened_


def test_a_run_comes_back_as_it_was_written(connection: sqlite3.Connection) -> None:
    number = append_run(connection, new(1, exit_code=ExitCode.FINDINGS))
    (found,) = ledger.runs(connection)
    assert (found.run, found.run_id, found.as_of) == (number, new(1).run_id, date(2026, 11, 1))
    assert (found.exit_code, found.figures) == (ExitCode.FINDINGS, new(1).figures)
    assert (found.folder, found.version, found.rerun_of, found.reason) == (
        "outbox/1",
        1,
        None,
        None,
    )
    assert (found.steps, found.finished) == (frozenset(), False)
    assert ledger.files_of(connection, number) == list(new(1).files)
    assert ledger.manifest_of(connection, number) == '{"n": 1}'
    assert ledger.run_of(connection, new(1).run_id) == found
    assert ledger.run_of(connection, "another") is None


def test_runs_are_the_latest_first_and_of_one_feed_where_asked(
    connection: sqlite3.Connection,
) -> None:
    for number, feed in ((1, "clinic"), (2, "lab"), (3, "clinic")):
        append_run(connection, new(number, feed))

    def told(feed: str | None = None, last: int | None = None) -> list[int]:
        return [run.figures.lines_read for run in ledger.runs(connection, feed, last=last)]

    assert told() == [3, 2, 1]
    assert told("clinic") == [3, 1]
    assert told(last=2) == [3, 2]
    assert told("clinic", last=1) == [3]
    assert told("nobody") == []


def test_a_rerun_is_no_night_more(connection: sqlite3.Connection) -> None:
    first = append_run(connection, new(1))
    append_run(connection, new(2))
    append_run(connection, new(3, version=2, rerun_of=first, reason="new tables"))
    assert [f.lines_read for f in ledger.last_figures(connection, "clinic", 10)] == [2, 1]
    assert [f.lines_read for f in ledger.last_figures(connection, "clinic", 1)] == [2]
    assert ledger.last_figures(connection, "lab", 10) == []
    (rerun, *_) = ledger.runs(connection)
    assert (rerun.version, rerun.rerun_of, rerun.reason) == (2, first, "new tables")


def test_a_run_is_unfinished_until_it_is_published_and_archived(
    connection: sqlite3.Connection,
) -> None:
    first, second, third = (append_run(connection, new(n)) for n in (1, 2, 3))
    append_step(connection, first, "published")
    append_step(connection, second, "published")
    append_step(connection, second, "archived")
    append_step(connection, third, "told")
    assert [(run.run, run.steps) for run in ledger.unfinished(connection)] == [
        (first, {"published"}),
        (third, {"told"}),
    ]
    append_step(connection, first, "archived")
    append_step(connection, first, "archived")  # by a start that did not know
    assert [run.run for run in ledger.unfinished(connection)] == [third]


def test_a_file_is_known_by_its_content_within_its_feed(connection: sqlite3.Connection) -> None:
    digest = new(1).files[0].sha256
    assert ledger.run_of_file(connection, "clinic", digest) is None
    first = append_run(connection, new(1))
    append_run(connection, new(2, files=new(1).files, version=2, rerun_of=first, reason="why"))
    found = ledger.run_of_file(connection, "clinic", digest)
    assert found is not None
    assert found.run == first
    assert ledger.run_of_file(connection, "lab", digest) is None
    ledger.append_again(connection, "clinic", digest, "b.csv", first)
    again = connection.execute("SELECT feed, sha256, name, run FROM files_again").fetchall()
    assert again == [("clinic", digest, "b.csv", first)]


def test_a_run_and_its_files_are_one(connection: sqlite3.Connection) -> None:
    twice = new(1, files=new(1).files * 2)
    with pytest.raises(sqlite3.IntegrityError), transaction(connection):
        append_run(connection, twice)
    assert ledger.runs(connection) == []


def test_the_rows_stay_as_they_are(tmp_path: Path) -> None:
    with opened(tmp_path / "l.sqlite") as connection:
        append_run(connection, new(1))
    with pytest.raises(LedgerError, match="only ever added"), opened(tmp_path / "l.sqlite") as c:
        c.execute("UPDATE runs SET exit_code = 0")


def test_a_night_comes_back_as_it_was_written(connection: sqlite3.Connection) -> None:
    first = append_night(connection, NIGHT)
    second = append_night(connection, replace(NIGHT, feeds=NIGHT.feeds[1:]))
    found = ledger.nights(connection)
    assert [(n.night_id, n.exit_code) for n in found] == [
        (second, ExitCode.DONE),
        (first, ExitCode.INCOMPLETE),
    ]
    assert found[1].outcome == NIGHT
    assert [n.night_id for n in ledger.nights(connection, 1)] == [second]


def test_the_last_run_that_went_well_is_known_by_feed(connection: sqlite3.Connection) -> None:
    good = (ExitCode.DONE, ExitCode.FINDINGS)
    first = append_run(connection, new(1, exit_code=ExitCode.FINDINGS))
    append_run(connection, new(2, exit_code=ExitCode.INCOMPLETE))
    append_run(connection, new(3, version=2, rerun_of=first, reason="why"))
    append_run(connection, new(4, "lab", exit_code=ExitCode.INCOMPLETE))
    told = ledger.last_good(connection, good, ("clinic", "lab", "never"))
    assert told == {"clinic": ledger.runs(connection)[-1].recorded_at}


def test_when_the_last_file_was_taken(connection: sqlite3.Connection) -> None:
    assert ledger.last_taken(connection, "clinic") is None
    first = append_run(connection, new(1))
    append_run(connection, new(2, version=2, rerun_of=first, reason="why"))
    taken = ledger.last_taken(connection, "clinic")
    assert taken is not None
    assert taken.isoformat(timespec="seconds") == ledger.runs(connection)[-1].recorded_at
    assert ledger.last_taken(connection, "lab") is None


def test_deliveries_are_told_once_a_night_feed_and_way(connection: sqlite3.Connection) -> None:
    old, night = append_night(connection, NIGHT), append_night(connection, NIGHT)
    attempts = [
        (old, "clinic", "mail", 0, "refused"),
        (night, "clinic", "mail", 0, "no answer"),
        (night, "clinic", "webhook", 0, "500"),
        (night, "clinic", "webhook", 1, "200"),
        (night, "lab", "mail", 0, "no answer"),
        (night, "lab", "mail", 0, "refused"),
    ]
    connection.executemany(
        "INSERT INTO deliveries (night_id, feed, kind, delivered, detail, attempted_at)"
        " VALUES (?, ?, ?, ?, ?, '2026-11-21T02:03:00+00:00')",
        attempts,
    )
    told = [
        (d.night_id, d.feed, d.kind, d.attempts, d.delivered, d.detail)
        for d in ledger.deliveries(connection, 1)
    ]
    assert told == [
        (night, "clinic", "mail", 1, False, "no answer"),
        (night, "clinic", "webhook", 2, True, "200"),
        (night, "lab", "mail", 2, False, "refused"),
    ]
    assert len(ledger.deliveries(connection, 2)) == 4


COUNTS = st.dictionaries(st.sampled_from(("certain", "review", "info")), st.integers(0, 10**9))


@given(lines=st.integers(0, 10**12), share=st.floats(0, 1), found=COUNTS, late=st.lists(st.text()))
def test_figures_come_back_from_their_text(
    lines: int, share: float, found: dict[str, int], late: list[str]
) -> None:
    figures = replace(
        FIGURES, lines_read=lines, not_judged=share, found=found, releases_too_old=tuple(late)
    )
    assert figures_of(figures_text(figures)) == figures


@pytest.mark.parametrize("name", asdict(FIGURES))
def test_figures_of_an_older_version_count_nothing(name: str) -> None:
    told = asdict(FIGURES)
    kind = type(told.pop(name))
    figures = figures_of(json.dumps(told))
    assert getattr(figures, name) == kind()
    assert replace(figures, **{name: getattr(FIGURES, name)}) == FIGURES


def test_what_a_newer_version_says_is_left_out() -> None:
    told = json.loads(night_text(NIGHT)) | {"weather": "rain"}
    told["feeds"][0] |= {"moon": 1}
    told["feeds"][0]["figures"] |= {"stars": {"seen": 3}}
    told["feeds"][0]["warnings"][0] |= {"colour": "red"}
    assert night_of(json.dumps(told)) == NIGHT
    assert code_of(99) is ExitCode.INTERNAL
