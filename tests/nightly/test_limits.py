"""When a night is no ordinary one: every warning, and what must not give one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.nightly.limits import FEWEST, RUNS, RUNS_NEEDED, warnings_of
from auditor.nightly.outcome import Figures
from auditor.nightly.settings import Change, Feed, Limits, Mode

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = timezone(timedelta(hours=-5))
NOW = datetime(2026, 11, 23, 6, 30, tzinfo=HERE)
"""A Monday."""
TODAY = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
YESTERDAY = datetime(2026, 11, 23, 4, 59, tzinfo=UTC)
"""Minutes apart, and two days here."""


def figures(read: int = 1000, rejected: int = 0, **values: Any) -> Figures:  # noqa: ANN401 - any figure
    return replace(
        Figures(
            files=1,
            lines_read=read,
            lines_audited=read - rejected,
            lines_seen_before=0,
            lines_set_aside=0,
            lines_rejected=rejected,
            lines_judged_again=0,
            lines_superseded=0,
            not_judged=0.1,
            found={"certain": read // 100, "review": read // 25},
            new={},
            reopened=0,
            standing=0,
            resolved=0,
            open={},
            new_at_risk={},
        ),
        **values,
    )


def feed(mode: Mode = "delta") -> Feed:
    return Feed(files="c_*.csv", mode=mode)


def kinds(  # noqa: PLR0913 - as many as the function has that it asks
    limits: Limits,
    tonight: Figures | None,
    earlier: Sequence[Figures] = (),
    *,
    mode: Mode = "delta",
    now: datetime = NOW,
    arrived: datetime | None = None,
) -> list[tuple[str, bool]]:
    found = warnings_of(feed(mode), limits, tonight, earlier, now, arrived=arrived)
    return [(w.kind, w.fails) for w in found]


BY_SIX = Limits(expect_by="06:30")
LATE = {
    "none has come": (BY_SIX, NOW, None, True),
    "the last came yesterday": (BY_SIX, NOW, YESTERDAY, True),
    "one was taken earlier today": (BY_SIX, NOW, TODAY, False),
    "a minute early": (BY_SIX, NOW.replace(minute=29), YESTERDAY, False),
    "none is expected": (Limits(), NOW, YESTERDAY, False),
    "none on mondays": (replace(BY_SIX, expect_on=("tuesday", "sunday")), NOW, YESTERDAY, False),
    "one on mondays": (replace(BY_SIX, expect_on=("monday",)), NOW, YESTERDAY, True),
}


@pytest.mark.parametrize(("limits", "now", "arrived", "told"), LATE.values(), ids=LATE)
def test_late(limits: Limits, now: datetime, arrived: datetime | None, *, told: bool) -> None:
    assert kinds(limits, None, now=now, arrived=arrived) == ([("late", False)] if told else [])
    assert kinds(limits, figures(), now=now, arrived=arrived) == []
    failing = replace(limits, fail=("late",))
    assert kinds(failing, None, now=now, arrived=arrived) == ([("late", True)] if told else [])


def test_short() -> None:
    limits = Limits(min_lines=1000)
    assert kinds(limits, figures(1000)) == []
    assert kinds(limits, figures(999)) == [("short", False)]
    assert kinds(replace(limits, fail=("short",)), figures(0)) == [("short", True)]
    # one fact is told once: the drift of the lines would say the same
    assert kinds(limits, figures(300), [figures(2000)] * 9) == [("short", False)]


@pytest.mark.parametrize(("rejected", "told"), [(0, False), (50, False), (51, True), (1000, True)])
def test_more_rejected_than_allowed_always_fails(rejected: int, *, told: bool) -> None:
    assert kinds(Limits(), figures(1000, rejected)) == ([("rejected", True)] if told else [])


def test_a_file_without_lines_is_not_rejected() -> None:
    assert kinds(Limits(), figures(0)) == []
    assert kinds(Limits(max_rejected=0.0), figures(1000, 1)) == [("rejected", True)]


@dataclass
class Drift:
    tonight: Figures
    told: bool
    usual: Figures = field(default_factory=figures)
    mode: Mode = "delta"
    runs: int = RUNS
    change: Change = field(default_factory=Change)


DRIFT = {
    "as ever": Drift(figures(), told=False),
    "half as much again": Drift(figures(1500), told=False),
    "more than that": Drift(figures(1501), told=True),
    "two thirds": Drift(figures(667), told=False),
    "less than that": Drift(figures(666), told=True),
    "nothing": Drift(figures(0), told=True),
    "too few runs to know": Drift(figures(0), told=False, runs=RUNS_NEEDED - 1),
    "just enough runs": Drift(figures(0), told=True, runs=RUNS_NEEDED),
    "not looked at": Drift(figures(0), told=False, change=Change(lines=None)),
    "a handful of lines less": Drift(figures(0), told=False, usual=figures(FEWEST)),
    "more than a handful": Drift(figures(0), told=True, usual=figures(FEWEST + 1)),
    "a first handful": Drift(figures(FEWEST), told=False, usual=figures(0)),
    "what chance may do": Drift(
        figures(460), told=False, usual=figures(400), change=Change(lines=0.1)
    ),
    "what chance does not": Drift(
        figures(461), told=True, usual=figures(400), change=Change(lines=0.1)
    ),
    # a month-to-date export of the 2nd of the month after one of the 30th
    "a month begins": Drift(
        figures(1000, lines_audited=900, lines_seen_before=100),
        told=False,
        usual=figures(30_000, lines_audited=1000, found={"certain": 10, "review": 40}),
        mode="snapshot",
    ),
    "a month goes on": Drift(
        figures(30_000, lines_audited=1000, found={"certain": 10, "review": 40}),
        told=False,
        usual=figures(15_000, lines_audited=1000, found={"certain": 10, "review": 40}),
        mode="snapshot",
    ),
    "the export of yesterday once more": Drift(
        figures(30_000, lines_audited=0, found={}),
        told=True,
        usual=figures(15_000, lines_audited=1000, found={"certain": 10, "review": 40}),
        mode="snapshot",
    ),
    "never one rejected, and now three": Drift(figures(1000, 3), told=False),
    "never one rejected, and now many": Drift(figures(1000, 40), told=True),
    "a thousandth rejected of very many": Drift(
        figures(100_000, 100), told=False, usual=figures(100_000)
    ),
    "twice as many rejected": Drift(figures(1000, 40), told=False, usual=figures(1000, 20)),
    "three times as many": Drift(figures(1000, 46), told=True, usual=figures(1000, 15)),
    "fewer rejected": Drift(figures(1000, 0), told=False, usual=figures(1000, 45)),
    "rejected is not looked at": Drift(figures(1000, 40), told=False, change=Change(rejected=None)),
    "a small file with rejected lines": Drift(figures(90, 4), told=False, usual=figures(90)),
    "more not judged": Drift(figures(not_judged=0.2), told=True),
    "a little more not judged": Drift(figures(not_judged=0.14), told=False),
    "less not judged": Drift(figures(not_judged=0.0), told=False),
    "not judged is not looked at": Drift(
        figures(not_judged=1.0), told=False, change=Change(not_judged=None)
    ),
    "twice the findings": Drift(figures(found={"certain": 100}), told=False),
    "more than twice": Drift(figures(found={"certain": 60, "review": 41}), told=True),
    "half the findings": Drift(figures(found={"review": 25}), told=False),
    "no findings": Drift(figures(found={}), told=True),
    "more ledger entries": Drift(
        figures(found={"certain": 10, "review": 40, "info": 900}), told=False
    ),
    "twice the lines and the findings": Drift(
        figures(1400, found={"certain": 14, "review": 56}), told=False
    ),
    "lines judged again bring findings": Drift(
        figures(lines_judged_again=1000, found={"certain": 20, "review": 80}), told=False
    ),
    "findings are not looked at": Drift(
        figures(found={}), told=False, change=Change(findings=None)
    ),
    "few findings": Drift(figures(found={}), told=False, usual=figures(found={"certain": FEWEST})),
}


@pytest.mark.parametrize("case", DRIFT.values(), ids=DRIFT)
def test_drift(case: Drift) -> None:
    limits = Limits(change=case.change)
    found = kinds(limits, case.tonight, [case.usual] * case.runs, mode=case.mode)
    assert found == ([("drift", False)] if case.told else [])
    failing = replace(limits, fail=("drift",))
    found = kinds(failing, case.tonight, [case.usual] * case.runs, mode=case.mode)
    assert found == ([("drift", True)] if case.told else [])


def test_only_the_last_ten_runs_are_compared_with() -> None:
    earlier = [figures(1000)] * RUNS + [figures(100_000)] * 20
    assert kinds(Limits(), figures(1000), earlier) == []
    # one night that went wrong is not what is usual
    assert kinds(Limits(), figures(1000), [figures(0), *earlier]) == []


def test_the_words_tell_the_figure_the_usual_one_and_what_to_do() -> None:
    limits = Limits(min_lines=10, expect_by="06:00")
    earlier = [figures(1000, 10)] * 6

    def texts(tonight: Figures | None, mode: Mode = "delta") -> list[str]:
        found = warnings_of(feed(mode), limits, tonight, earlier, NOW, arrived=YESTERDAY)
        return [w.text for w in found]

    assert texts(None) == [
        (
            "No new file has come today; one is expected by 06:00. The last one was taken on"
            " 2026-11-22. Ask whoever makes the export."
        )
    ]
    assert texts(figures(3)) == [
        (
            "3 lines were read; at least 10 are expected. Ask whoever makes the export whether it"
            " is whole."
        )
    ]
    assert texts(figures(1000, 80)) == [
        (
            "80 of 1,000 lines (8.0%) were rejected; 5.0% are allowed. The report's sheet Input"
            " says why, row by row; have the export mended and send those lines again."
        )
    ]
    assert texts(figures(400)) == [
        (
            "400 lines, usually 1,000 (the median of the last 6 runs). Ask whoever makes the export"
            " whether it is whole, and newer than the last one."
        )
    ]
    assert texts(figures(4000, lines_audited=2000, found={"review": 100}), "snapshot") == [
        (
            "2,000 new or changed lines, usually 990 (the median of the last 6 runs). Ask whoever"
            " makes the export whether another site or a longer time is in it."
        )
    ]
    assert texts(figures(1000, 45, not_judged=0.3, found={})) == [
        (
            "4.5% of the lines were rejected, usually 1.0% (the median of the last 6 runs). The"
            " report's sheet Input says why, row by row."
        ),
        (
            "30.0% of what the rules ask could not be judged, usually 10.0% (the median of the"
            " last 6 runs). The report's sheet Coverage says which rules and why: mostly a column"
            " of the export is empty, or services are older or newer than the reference tables."
        ),
        (
            "0.0 certain and review findings in 1,000 lines, usually 50.5 (the median of the last 6"
            " runs). The report's sheet Coverage says what could not be judged: a column of the"
            " export may be empty, or a reference table missing."
        ),
    ]


COUNTS = st.integers(0, 10**7)
NIGHTS = st.builds(
    lambda read, part, again, share, found: figures(
        read,
        int(read * part),
        lines_judged_again=again,
        not_judged=share,
        found={"certain": found, "info": found},
    ),
    COUNTS,
    st.floats(0, 1),
    COUNTS,
    st.floats(0, 1),
    COUNTS,
)


@given(
    tonight=NIGHTS,
    earlier=st.lists(NIGHTS, max_size=14),
    mode=st.sampled_from(("snapshot", "delta")),
)
def test_any_night_can_be_compared(tonight: Figures, earlier: list[Figures], mode: Mode) -> None:
    found = warnings_of(feed(mode), Limits(), tonight, earlier, NOW)
    assert [w.fails for w in found] == [w.kind == "rejected" for w in found]
    assert {w.kind for w in found} <= {"rejected", "drift"}
    same = warnings_of(feed(mode), Limits(max_rejected=1.0), tonight, [tonight] * RUNS, NOW)
    assert same == ()
