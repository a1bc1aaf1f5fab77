"""`auditor nightly status`: what it gathers, its words, and the exit code a monitor asks for."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor import config
from auditor.cli import output
from auditor.cli.nightly.status import lines_text
from auditor.errors import ExitCode
from auditor.ledger import runs
from auditor.ledger.runs import Delivery, NewRun, Night, Run
from auditor.ledger.store import opened, transaction
from auditor.lock import locked
from auditor.nightly.begun import marked
from auditor.nightly.outcome import FeedOutcome, Figures, NightOutcome, Warned
from auditor.nightly.releases import Age
from auditor.nightly.status import FeedStatus, Status, status

if TYPE_CHECKING:
    from collections.abc import Callable

SNAPSHOTS = Path(__file__).parent / "snapshots"
CONFIG = """
[nightly]
[nightly.limits]
expect_by = "06:00"
[feeds.clinic]
files = "clinic_*.csv"
mode = "snapshot"
[feeds.lab]
files = "lab_*.csv"
mode = "delta"
"""
FIGURES = Figures(
    files=1,
    lines_read=12_345,
    lines_audited=900,
    lines_seen_before=11_395,
    lines_set_aside=30,
    lines_rejected=20,
    lines_judged_again=4,
    lines_superseded=3,
    not_judged=0.125,
    found={"certain": 9, "review": 40},
    new={"certain": 2, "review": 5, "info": 90},
    reopened=1,
    standing=41,
    resolved=6,
    open={"certain": 30, "review": 1_200},
    new_at_risk={"certain": {"allowed": "120.50"}},
)
LATE = Warned(
    kind="late",
    text="No new file has come today; one is expected by 06:00. None has come yet. Ask whoever"
    " makes the export.",
)
OUTCOME = NightOutcome(
    as_of=date(2026, 11, 22),
    started_at="2026-11-22T06:30:00+00:00",
    ended_at="2026-11-22T06:33:10+00:00",
    feeds=(
        FeedOutcome(
            feed="clinic",
            exit_code=ExitCode.UNREADABLE,
            run_id="2026-11-22-0badcafe",
            figures=FIGURES,
            error="File 0123456789ab: This is not a claim file. Look at the file.",
        ),
        FeedOutcome(feed="lab", exit_code=ExitCode.DONE, warnings=(LATE,)),
    ),
)


def run_(number: int, feed: str = "clinic", **values: Any) -> Run:  # noqa: ANN401 - any field
    day = date(2026, 11, 19 + number)
    return replace(
        Run(
            run=number,
            run_id=f"{day}-0badcafe",
            feed=feed,
            as_of=day,
            version=1,
            rerun_of=None,
            reason=None,
            recorded_at=f"{day}T06:33:00+00:00",
            exit_code=ExitCode.DONE,
            folder=f"{day}/{feed}",
            figures=FIGURES,
            steps=frozenset({"published", "archived"}),
        ),
        **values,
    )


FULL = Status(
    now="2026-11-22T11:40:00+00:00",
    running=False,
    night=Night(night_id=3, exit_code=ExitCode.UNREADABLE, outcome=OUTCOME),
    feeds=(
        FeedStatus(
            feed="clinic",
            last_success="2026-11-20T06:33:00+00:00",
            waiting=2,
            incomplete=1,
            oldest=20_000.0,
            runs=(
                run_(3, steps=frozenset({"published"}), exit_code=ExitCode.UNREADABLE),
                run_(2, version=2, rerun_of=1, reason="new tables"),
                run_(1),
            ),
        ),
        FeedStatus(feed="lab", last_success=None, waiting=0, incomplete=0, oldest=None, runs=()),
    ),
    strange=1,
    unfinished=(run_(3, steps=frozenset({"published"})),),
    undelivered=(
        Delivery(
            night_id=3,
            started_at="2026-11-22T06:30:00+00:00",
            feed="clinic",
            kind="mail",
            attempts=3,
            delivered=False,
            detail="The mail server did not answer.",
            attempted_at="2026-11-22T06:34:00+00:00",
        ),
        Delivery(
            night_id=3,
            started_at="2026-11-22T06:30:00+00:00",
            feed="lab",
            kind="webhook",
            attempts=0,
            delivered=False,
            detail="Not tried yet.",
            attempted_at="2026-11-22T06:33:00+00:00",
        ),
    ),
    ages=(
        Age("aoc", "AOC 2026Q4", 0, ""),
        Age("ptp-practitioner", "PTP practitioner 2026Q2", 2, "ccipra-v324r... (PTP 2026Q4)"),
    ),
    problems=(),
    broken_off="2026-11-22T11:30:00+00:00",
    too_old=("lab",),
)
CALM = replace(
    FULL,
    running=True,
    night=Night(night_id=3, exit_code=ExitCode.DONE, outcome=replace(OUTCOME, feeds=())),
    feeds=(replace(FULL.feeds[0], waiting=0, incomplete=0, oldest=None, runs=(run_(1),)),),
    strange=0,
    undelivered=(),
    ages=(),
    broken_off=None,
    too_old=(),
)


@pytest.mark.parametrize(("name", "told"), {"trouble": FULL, "calm": CALM}.items())
def test_the_words(
    name: str,
    told: Status,
    golden: Callable[[Path, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = "\n".join(lines_text(told)) + "\n"
    assert text.isascii()
    assert text == output.plain(text)
    golden(SNAPSHOTS / f"nightly-status-{name}.txt", text)


def test_as_json(golden: Callable[[Path, str], None]) -> None:
    text = json.dumps(FULL.plain(), indent=2) + "\n"
    golden(SNAPSHOTS / "nightly-status.json", text)
    json.dumps(CALM.plain())


CODES = {
    "all is well": (CALM, 0),
    "no night yet": (replace(CALM, night=None), 0),
    "findings are what it is for": (
        replace(CALM, night=Night(night_id=1, exit_code=ExitCode.FINDINGS, outcome=OUTCOME)),
        0,
    ),
    "incomplete": (
        replace(CALM, night=Night(night_id=1, exit_code=ExitCode.INCOMPLETE, outcome=OUTCOME)),
        6,
    ),
    "cut off": (replace(CALM, running=False), 6),
    "broken off before anything was recorded": (replace(CALM, broken_off=FULL.broken_off), 6),
    "not cut off": (replace(CALM, running=False, unfinished=()), 0),
    "not to be looked at": (replace(CALM, problems=("The inbox cannot be read.",)), 6),
    "too old": (replace(CALM, too_old=("lab",)), 6),
    "not delivered": (replace(CALM, undelivered=FULL.undelivered), 0),
}


@pytest.mark.parametrize(("told", "code"), CODES.values(), ids=CODES)
def test_the_exit_code(told: Status, code: int) -> None:
    assert told.exit_code == code


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "auditor.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "inbox").mkdir()
    return tmp_path


def gathered(place: Path, **options: Any) -> Status:  # noqa: ANN401 - any option
    settings = config.load(place / "auditor.toml")
    assert settings.nightly is not None
    assert settings.ledger is not None
    now = options.pop("now", datetime.now(UTC))
    return status(settings, settings.nightly, settings.ledger, now, **options)


def recorded(place: Path, *codes: ExitCode, **values: Any) -> list[int]:  # noqa: ANN401 - any field
    with opened(place / "state" / "ledger.sqlite") as connection, transaction(connection):
        return [
            runs.append_run(
                connection,
                NewRun(
                    run_id=f"{number}-{values.get('feed', 'clinic')}",
                    as_of=date(2026, 11, 22),
                    exit_code=code,
                    figures=FIGURES,
                    manifest="{}",
                    folder="f",
                    files=(),
                    **({"feed": "clinic"} | values),
                ),
            )
            for number, code in enumerate(codes)
        ]


def test_before_the_first_night_nothing_is_made(place: Path) -> None:
    found = gathered(place)
    assert (found.night, found.running, found.unfinished) == (None, False, ())
    assert [(f.feed, f.last_success, f.runs) for f in found.feeds] == [
        ("clinic", None, ()),
        ("lab", None, ()),
    ]
    assert sorted(path.name for path in place.iterdir()) == ["auditor.toml", "inbox"]


def test_what_waits_in_the_inbox(place: Path) -> None:
    for name in ("clinic_1.csv", "clinic_2.csv", "other.csv", ".hidden", "lab_1.csv.part"):
        (place / "inbox" / name).touch()
    now = datetime.fromtimestamp((place / "inbox" / "clinic_1.csv").stat().st_ctime, UTC)
    found = gathered(place, now=now + timedelta(seconds=30))
    assert [(f.feed, f.waiting, f.incomplete) for f in found.feeds] == [
        ("clinic", 2, 2),
        ("lab", 0, 0),
    ]
    later = gathered(place, now=now + timedelta(hours=2)).feeds[0]
    assert later.incomplete == 0
    assert later.oldest == pytest.approx(7200, abs=1)
    assert found.strange == 1


def test_runs_and_last_successes(place: Path) -> None:
    recorded(place, ExitCode.DONE, ExitCode.DONE, ExitCode.INCOMPLETE)
    recorded(place, ExitCode.FINDINGS, feed="lab")
    clinic, lab = gathered(place, last=2).feeds
    assert [run.run_id for run in clinic.runs] == ["2-clinic", "1-clinic"]
    assert [run.run_id for run in lab.runs] == ["0-lab"]
    assert clinic.last_success is not None
    assert lab.last_success is not None


def test_what_is_unfinished_matters_once_nobody_is_at_work(place: Path) -> None:
    (run,) = recorded(place, ExitCode.DONE)
    with locked(place / "state" / "lock", "A night is at work."):
        found = gathered(place)
        assert (found.running, found.exit_code) == (True, ExitCode.DONE)
    with locked(place / "state" / "lock", "A night is at work.", "A purge is at work"):
        assert "UTC: a purge is at work (process " in next(lines_text(gathered(place)))
    found = gathered(place)
    assert (found.running, found.exit_code) == (False, ExitCode.INCOMPLETE)
    with opened(place / "state" / "ledger.sqlite") as connection:
        runs.append_step(connection, run, "published")
        runs.append_step(connection, run, "archived")
    assert gathered(place).exit_code == ExitCode.DONE


def test_a_night_that_died_before_it_was_recorded(place: Path) -> None:
    state = place / "state"
    with opened(state / "ledger.sqlite"), marked(state), locked(state / "lock", "At work."):
        assert (gathered(place).running, gathered(place).broken_off) == (True, None)
    assert gathered(place).broken_off is None
    with pytest.raises(ZeroDivisionError), marked(state):
        _ = 1 / 0
    found = gathered(place)
    assert found.exit_code == ExitCode.INCOMPLETE
    assert found.broken_off is not None
    assert abs(datetime.fromisoformat(found.broken_off) - datetime.now(UTC)) < timedelta(minutes=1)
    (state / "begun").write_text("", encoding="ascii")  # killed at once
    assert gathered(place).broken_off is not None
    with marked(state):
        pass  # the next night comes to its end
    assert gathered(place).exit_code == ExitCode.DONE


def test_a_success_that_is_too_old(place: Path) -> None:
    recorded(place, ExitCode.DONE)
    recorded(place, ExitCode.INCOMPLETE, feed="lab")
    now = datetime.now(UTC)
    day = timedelta(hours=26)
    assert gathered(place, now=now, max_age=day).too_old == ("lab",)
    assert gathered(place, now=now + day * 1.01, max_age=day).too_old == ("clinic", "lab")
    assert gathered(place, now=now + day * 1.01).too_old == ()


def test_a_feed_that_the_last_night_left_out_stands_as_it_stood(
    run: Callable[..., Any], place: Path
) -> None:
    """Who starts one feed by hand must not make a monitor forget that the other one failed."""
    failed = FeedOutcome(feed="clinic", exit_code=ExitCode.UNREADABLE, error="It is damaged.")
    well = FeedOutcome(feed="lab", exit_code=ExitCode.DONE)
    with opened(place / "state" / "ledger.sqlite") as connection:
        for feeds in ((failed, well), (well,), (well,)):
            runs.append_night(connection, replace(OUTCOME, feeds=feeds))
    found = gathered(place)
    assert [each.outcome for each in found.left_out] == [failed]
    told = run("nightly", "status")
    assert told.code == 6
    assert "It ran only some of the feeds, and left out: clinic." in told.out
    assert "clinic (night of 2026-" in told.out
    with opened(place / "state" / "ledger.sqlite") as connection:
        mended = replace(failed, exit_code=ExitCode.DONE, error=None)
        runs.append_night(connection, replace(OUTCOME, feeds=(mended, well)))
    assert gathered(place).left_out == ()
    assert run("nightly", "status").code == 0


def test_a_second_start_that_finds_nothing_new_mends_nothing(
    run: Callable[..., Any], place: Path
) -> None:
    warned = Warned(kind="rejected", text="90 of 100 lines were rejected.", fails=True)
    bad = FeedOutcome(
        feed="clinic", exit_code=ExitCode.INCOMPLETE, run_id="2026-11-22-clinic", warnings=(warned,)
    )
    nothing = FeedOutcome(feed="clinic", exit_code=ExitCode.DONE)
    with opened(place / "state" / "ledger.sqlite") as connection:
        for feed in (bad, nothing):
            runs.append_night(connection, replace(OUTCOME, feeds=(feed,)))
    told = run("nightly", "status")
    assert told.code == 6
    out = " ".join(told.out.split())
    assert "clinic, rejected (night of 2026-11-22 06:30 UTC): 90 of 100 lines were rejected." in out
    plain = json.loads(run("nightly", "status", "--json").out)
    assert [each["exit_code"] for each in plain["standing"]] == [6]
    with opened(place / "state" / "ledger.sqlite") as connection:
        runs.append_night(connection, replace(OUTCOME, as_of=date(2026, 11, 23), feeds=(nothing,)))
    assert run("nightly", "status").code == 0


def test_what_was_delivered_is_not_told(place: Path) -> None:
    with opened(place / "state" / "ledger.sqlite") as connection:
        night = runs.append_night(connection, OUTCOME)
        connection.executemany(
            "INSERT INTO deliveries (night_id, feed, kind, attempted_at, delivered, detail)"
            " VALUES (?, 'clinic', ?, '2026-11-22T06:34:00+00:00', ?, 'words')",
            [(night, "mail", 0), (night, "webhook", 0), (night, "webhook", 1)],
        )
    found = gathered(place)
    assert [(d.kind, d.attempts) for d in found.undelivered] == [("mail", 1)]
    assert found.night is not None
    assert found.night.outcome == OUTCOME


def test_reference_tables_that_cannot_be_read_are_told(place: Path) -> None:
    store = place / "store"
    store.mkdir()
    (store / "manifest.json").write_text("{", encoding="utf-8")
    text = CONFIG.replace("[nightly]\n", 'reference = "store"\n[nightly]\n', 1)
    (place / "auditor.toml").write_text(text, encoding="utf-8")
    found = gathered(place)
    assert found.ages == ()
    assert len(found.problems) == 1
    assert found.exit_code == ExitCode.INCOMPLETE


def test_the_command(run: Callable[..., Any], place: Path) -> None:
    assert run("nightly", "status").code == 0
    with opened(place / "state" / "ledger.sqlite") as connection:
        runs.append_night(connection, OUTCOME)
    (place / "inbox" / "clinic_Jane-Doe.csv").touch()
    told = run("nightly", "status")
    assert (told.code, told.err) == (6, "")
    assert "exit code 3, a file, the tables or the ledger could not be read." in " ".join(
        told.out.split()
    )
    assert "1 file, the oldest for less than a minute, 1 not complete" in told.out
    as_json = run("nightly", "status", "--json")
    assert as_json.code == 6
    assert json.loads(as_json.out)["last_night"]["exit_code"] == 3
    assert "Jane" not in told.out + as_json.out


def test_a_monitor_asks_for_the_age(run: Callable[..., Any], place: Path) -> None:
    recorded(place, ExitCode.DONE)
    with opened(place / "state" / "ledger.sqlite") as connection:
        for step in ("published", "archived"):
            runs.append_step(connection, 1, step)
    assert run("nightly", "status").code == 0
    told = run("nightly", "status", "--max-age", "26")
    assert told.code == 6
    assert "lab: its last success is older than --max-age allows." in told.out
    assert "clinic: its" not in told.out


def test_the_configuration_may_stand_before_or_behind_the_command(
    run: Callable[..., Any], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = place / "other"
    other.mkdir()
    os.chdir(other)
    file = str(place / "auditor.toml")
    for args in (("--config", file, "status"), ("status", "--config", file)):
        assert run("nightly", *args).code == 0
    monkeypatch.setenv("AUDITOR_CONFIG", "none.toml")
    assert run("nightly", "--config", file, "status").code == 0
    told = run("nightly", "status")
    assert told.code == 2
    assert told.err.startswith("Error: none.toml: The configuration file does not exist.")


def test_a_configuration_that_is_not_about_a_night(run: Callable[..., Any], tmp_path: Path) -> None:
    told = run("nightly", "status")
    assert (told.code, told.out) == (2, "")
    assert told.err == (
        "Error: There is no auditor.toml in this folder. Name the configuration of the night with"
        " --config FILE.\n"
    )
    (tmp_path / "auditor.toml").write_text("fail_on = 'certain'\n", encoding="utf-8")
    told = run("nightly", "status")
    assert told.code == 2
    assert "says nothing of a night: it has no [nightly]" in told.err
