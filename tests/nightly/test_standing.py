"""What was wrong with a day's lines stands until something mends it, however often one starts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from auditor.errors import ExitCode
from auditor.ledger import runs
from auditor.ledger.runs import NewRun, Night
from auditor.ledger.store import opened
from auditor.nightly.outcome import FeedOutcome, Figures, NightOutcome, Warned
from auditor.nightly.standing import left_out, standing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

DAY, NEXT = date(2026, 11, 22), date(2026, 11, 23)
FIGURES = Figures(
    files=1,
    lines_read=10,
    lines_audited=8,
    lines_seen_before=0,
    lines_set_aside=0,
    lines_rejected=2,
    lines_judged_again=0,
    lines_superseded=0,
    not_judged=0.0,
    found={},
    new={},
    reopened=0,
    standing=0,
    resolved=0,
    open={},
    new_at_risk={},
)
REJECTED = Warned(kind="rejected", text="2 of 10 lines were rejected.", fails=True)
DRIFT = Warned(kind="drift", text="10 lines, usually 90.")
FILES = Warned(kind="files", text="A file cannot be read.", fails=True)
BAD = FeedOutcome(
    feed="clinic",
    exit_code=ExitCode.INCOMPLETE,
    run_id="2026-11-22-clinic",
    figures=FIGURES,
    warnings=(REJECTED, DRIFT, FILES),
)
NOTHING = FeedOutcome(feed="clinic", exit_code=ExitCode.DONE)
WELL = replace(NOTHING, run_id="2026-11-22-clinic.2", figures=FIGURES)
OTHER = FeedOutcome(feed="lab", exit_code=ExitCode.DONE)
DRIFTED = replace(BAD, exit_code=ExitCode.DONE, warnings=(DRIFT,))
UNTOLD = replace(BAD, warnings=())
UNREAD = replace(
    NOTHING, exit_code=ExitCode.UNREADABLE, warnings=(FILES,), error="It is no claim file."
)
CUT = replace(BAD, warnings=(), error="A report could not be put into its place.")

Start = tuple[date, tuple[FeedOutcome, ...]]
CASES: dict[str, tuple[tuple[Start, ...], tuple[tuple[ExitCode, int], ...]]] = {
    # the starts in their order; (exit code, warnings) of what stands
    "no night": ((), ()),
    "the last night itself tells it": (((DAY, (BAD,)),), ()),
    "nothing new": (((DAY, (BAD,)), (DAY, (NOTHING,))), ((ExitCode.INCOMPLETE, 2),)),
    "however often": (((DAY, (BAD,)), *[(DAY, (NOTHING,))] * 9), ((ExitCode.INCOMPLETE, 2),)),
    "a new run that is fine": (((DAY, (BAD,)), (DAY, (WELL,)), (DAY, (NOTHING,))), ()),
    "a new run that is not": (
        ((DAY, (BAD,)), (DAY, (replace(WELL, warnings=(DRIFT,)),)), (DAY, (NOTHING,))),
        ((ExitCode.DONE, 1),),
    ),
    "the next day": (((DAY, (BAD,)), (NEXT, (NOTHING,))), ()),
    "a warning that fails nothing": (((DAY, (DRIFTED,)), (DAY, (NOTHING,))), ((ExitCode.DONE, 1),)),
    "the other feed alone": (
        ((DAY, (BAD, OTHER)), (DAY, (NOTHING, OTHER)), (DAY, (OTHER,))),
        ((ExitCode.INCOMPLETE, 2),),
    ),
    "what the inbox had is looked at anew": (((DAY, (UNREAD,)), (DAY, (NOTHING,))), ()),
    "a report in its place by now": (((DAY, (CUT,)), (DAY, (NOTHING,))), ()),
    "told by the night after it was killed": (
        ((DAY, (NOTHING, UNTOLD)), (DAY, (NOTHING,))),
        ((ExitCode.INCOMPLETE, 0),),
    ),
    "beside what is wrong now": (
        ((DAY, (BAD,)), (DAY, (UNREAD,))),
        ((ExitCode.INCOMPLETE, 2),),
    ),
}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with opened(tmp_path / "ledger.sqlite") as connection:
        yield connection


def nights_of(starts: tuple[Start, ...]) -> list[Night]:
    """The latest first, as the ledger gives them."""
    return [
        Night(
            night_id=number,
            exit_code=outcome.exit_code,
            outcome=outcome,
        )
        for number, (day, feeds) in reversed(list(enumerate(starts, 1)))
        for outcome in (
            NightOutcome(
                as_of=day,
                started_at=f"{day}T{number:02}:00:00+00:00",
                ended_at=f"{day}T{number:02}:05:00+00:00",
                feeds=feeds,
            ),
        )
    ]


@pytest.mark.parametrize(("starts", "stands"), CASES.values(), ids=CASES)
def test_what_stands(
    ledger: sqlite3.Connection,
    starts: tuple[Start, ...],
    stands: tuple[tuple[ExitCode, int], ...],
) -> None:
    found = list(standing(ledger, nights_of(starts), ("clinic", "lab")))
    assert tuple((e.outcome.exit_code, len(e.outcome.warnings)) for e in found) == stands
    assert all(each.outcome.feed == "clinic" for each in found)
    assert not any(w.kind == "files" for each in found for w in each.outcome.warnings)


def test_what_was_left_out_stands_as_all_that_was_told_of_it() -> None:
    starts = ((DAY, (UNREAD, UNTOLD, OTHER)), (DAY, (OTHER,)))
    found = list(left_out(nights_of(starts), ("clinic", "lab")))
    assert [each.outcome for each in found] == [UNREAD, UNTOLD]


@pytest.mark.parametrize(
    ("codes", "stands"),
    [((), 1), ((ExitCode.INCOMPLETE,), 1), ((ExitCode.INCOMPLETE, ExitCode.FINDINGS), 0)],
)
def test_a_rerun_that_goes_well_ends_it(
    ledger: sqlite3.Connection, codes: tuple[ExitCode, ...], stands: int
) -> None:
    before = None
    for version, code in enumerate((BAD.exit_code, *codes), 1):
        before = runs.append_run(
            ledger,
            NewRun(
                run_id="2026-11-22-clinic" if version == 1 else f"2026-11-22-clinic.v{version}",
                feed="clinic",
                as_of=DAY,
                exit_code=code,
                figures=FIGURES,
                manifest="{}",
                folder=f"f{version}",
                files=(),
                version=version,
                rerun_of=before,
                reason=None if version == 1 else "mended",
            ),
        )
    nights = nights_of(((DAY, (BAD,)), (DAY, (NOTHING,))))
    assert len(list(standing(ledger, nights, ("clinic",)))) == stands
