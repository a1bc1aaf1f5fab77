"""Random nights: the store says of each what a slow model of it says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from history_model import Slow, in_order
from history_world import (
    DAY_ZERO,
    Feed,
    Line,
    Missing,
    Mode,
    Night,
    lines_of,
    rejected_of,
    said,
    versions,
)
from hypothesis import given
from hypothesis import strategies as st

from auditor.history.interface import compact, rebuild_index, sweep

if TYPE_CHECKING:
    from auditor.history.interface import Tonight

CLAIMS, PATIENTS = ("C1", "C2", "C3", "C4", "C5", "C6"), ("P1", "P2", "P3", "UNKNOWN")
CHANGES: tuple[dict[str, Any], ...] = (
    {"units": 3000},
    {"patient": "P2"},
    {"number": 2},
    {"claim": "C5"},
    {"payer": "X"},
    {"frequency": "8"},
    {"original": "N2"},
    {"day": 30},
)
SEEDS, MODES = st.integers(0, 10**9), st.sampled_from(("snapshot", "delta"))


def a_line(dice: Random) -> Line:
    return Line(
        claim=dice.choice(CLAIMS),
        number=dice.choice((1, 2, 3, None)),
        patient=dice.choice(PATIENTS),
        day=dice.randrange(60),
        code=dice.choice(("CUT", "SEE", "NEW", "OLD", "OLD")),
        units=dice.choice((1000, 2000)),
        length=dice.choice((0, 0, 0, 0, 0, 0, 1, 4, 366, 367)) if dice.random() < 0.3 else 0,
        frequency=dice.choice(("1", "7", "8")) if dice.random() < 0.1 else None,
        original=dice.choice(("N1", "N2", "N3", "C2")) if dice.random() < 0.1 else None,
        control=dice.choice(("N1", "N2", "N3")) if dice.random() < 0.2 else None,
    )


def a_story(seed: int) -> list[Night]:
    """Nights whose files hold new lines and lines of before, as they were or changed.

    All from one number: nights full enough to be about something are too large to be drawn, and
    shrunk, value by value.
    """
    dice = Random(seed)  # noqa: S311 - invented claims, no secret
    made: list[Night] = []
    before: list[Line] = []
    for _ in range(dice.randint(3, 5)):
        files = []
        for name in dice.choice((("a.csv",), ("a.csv",), ("a.csv", "b.csv"), ())):
            lines = [a_line(dice) for _ in range(dice.randint(0, 6))]
            for line in dice.sample(before, min(len(before), dice.randint(0, 8))):
                lines += [line] * dice.choice((1, 1, 1, 2))
                if dice.random() < 0.3:
                    lines[-1] = replace(line, **dice.choice(CHANGES))
            dice.shuffle(lines)
            files.append((name, tuple(lines)))
            before += lines
        many = dice.choice((0, 0, 1, 2)) if files else 0
        made.append(Night(tuple(files), tuple(a_missing(dice, len(files)) for _ in range(many))))
    return made


def a_missing(dice: Random, files: int) -> Missing:
    return Missing(
        dice.choice((*CLAIMS, None)),
        dice.choice((*PATIENTS, None)),
        dice.choice((*range(0, 60, 3), None)),
        dice.randrange(files),
    )


def said_of(night: Night, tonight: Tonight, reason: str) -> Counter[Line]:
    """Lines that were set aside for `reason`."""
    rows = tonight.set_aside.filter(pl.col("reason") == reason)
    place = ["source_file", "source_row"]
    return Counter(said(lines_of(night).join(rows.select(place), on=place, how="semi")))


@given(seed=SEEDS, mode=MODES)
def test_random_nights(seed: int, mode: Mode) -> None:
    story, dice = a_story(seed), Random(seed)  # noqa: S311 - as above
    with TemporaryDirectory() as name:
        folder = Path(name) / "store"
        folder.mkdir()
        feed = Feed(folder, mode)
        slow = Slow(mode, feed.reaches)
        views: dict[int, dict[int, Line]] = {}
        for night in story:
            wanted = slow.judge(night)
            found = feed.take(night)
            assert Counter(said(found.fresh)) == wanted.fresh
            assert said_of(night, found, "seen before") == wanted.seen
            assert said_of(night, found, "superseded") == wanted.superseded
            assert dict(found.ended.select("version", "why").rows()) == wanted.ended
            assert versions(found.again) == wanted.again
            assert versions(found.context) == wanted.context
            assert keys(found.cleared) == wanted.cleared
            run = feed.runs[-1]
            now = feed.standing()
            brought = {v: line for v, line in now.items() if v >> 32 == run}
            assert in_order(brought)
            slow.keep(wanted, night, brought)
            assert now == slow.standing
            views[run] = now
            if dice.random() < 0.5:
                compact(folder, feed.runs, enough=dice.choice((1, 5, 1000)), many=2)
            if dice.random() < 0.5:
                rebuild_index(folder)
            sweep(folder, feed.runs)
        for run, view in views.items():
            assert feed.standing(run) == view


def keys(frame: pl.DataFrame) -> set[Missing]:
    return {
        Missing(claim, patient, None if on is None else (on - DAY_ZERO).days)
        for claim, patient, on in frame.rows()
    }


@given(seed=SEEDS, mode=MODES)
def test_the_order_of_the_rows_says_nothing(seed: int, mode: Mode) -> None:
    story = a_story(seed)
    with TemporaryDirectory() as name:
        folder = Path(name) / "store"
        folder.mkdir()
        feed = Feed(folder, mode)
        for night in story[:-1]:
            feed.take(night)
        night, memory = story[-1], feed.memory()
        lines = lines_of(night)
        files = lines.partition_by("source_file", maintain_order=True)
        mixed = pl.concat(
            [lines.head(0), *(f.sample(fraction=1, shuffle=True, seed=seed) for f in files)]
        )
        told = []
        for number, each in enumerate((lines, mixed)):
            found = memory.resolve(each, rejected_of(night), mode, feed.reaches)
            room = Path(name) / f"room-{number}"
            room.mkdir()
            staged = memory.stage(found, 99, room)
            told.append(
                (staged, Counter(said(found.fresh)), found.ended, found.again, found.context)
            )
        assert told[0][:2] == told[1][:2]
        for one, other in zip(told[0][2:], told[1][2:], strict=True):
            assert one.equals(other)


@pytest.mark.long
@given(seed=SEEDS, mode=MODES)
def test_no_content_stands_more_often_than_the_files_say(seed: int, mode: Mode) -> None:
    story = a_story(seed)
    with TemporaryDirectory() as name:
        folder = Path(name) / "store"
        folder.mkdir()
        feed = Feed(folder, mode)
        most: Counter[Line] = Counter()
        for night in story:
            feed.take(night)
            for _, lines in night.files:
                most |= Counter(lines)
            standing = Counter(feed.standing().values())
            assert all(count <= most[line] for line, count in standing.items())
