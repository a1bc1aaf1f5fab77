"""Random nights: the store says of each what a slow model of it says."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

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

CLAIMS, PATIENTS = ("C1", "C2", "C3", "C4"), ("P1", "P2", "UNKNOWN")
NEW = st.builds(
    Line,
    claim=st.sampled_from(CLAIMS),
    number=st.sampled_from((1, 2, None)),
    patient=st.sampled_from(PATIENTS),
    day=st.integers(0, 25),
    code=st.sampled_from(("CUT", "SEE", "NEW", "OLD")),
    units=st.sampled_from((1000, 2000)),
    length=st.sampled_from((0, 0, 0, 0, 1, 4, 400)),
    frequency=st.sampled_from((None, None, None, None, None, None, "1", "7", "8")),
)
CHANGE = st.sampled_from(
    ({}, {}, {"units": 3000}, {"patient": "P2"}, {"number": 2}, {"claim": "C5"}, {"payer": "X"})
)
MISSING = st.builds(
    Missing,
    claim=st.sampled_from((*CLAIMS, None)),
    patient=st.sampled_from((*PATIENTS, None)),
    day=st.sampled_from((*range(0, 25, 3), None)),
)


@st.composite
def nights(draw: st.DrawFn) -> list[Night]:
    """Nights whose files hold new lines and lines of before, as they were or changed."""
    made: list[Night] = []
    before: list[Line] = []
    for _ in range(draw(st.integers(1, 5))):
        files = []
        for name in draw(st.sampled_from((("a.csv",), ("a.csv",), ("a.csv", "b.csv"), ()))):
            lines = draw(st.lists(NEW, max_size=5))
            if before:
                old = draw(st.lists(st.tuples(st.sampled_from(before), CHANGE), max_size=6))
                lines += [replace(line, **change) for line, change in old]
            files.append((name, tuple(draw(st.permutations(lines)))))
            before += lines
        missing = draw(st.lists(MISSING, max_size=2)) if files else []
        made.append(Night(tuple(files), tuple(missing)))
    return made


def said_of(night: Night, tonight: Tonight, reason: str) -> Counter[Line]:
    """Lines that were set aside for `reason`."""
    rows = tonight.set_aside.filter(pl.col("reason") == reason)
    place = ["source_file", "source_row"]
    return Counter(said(lines_of(night).join(rows.select(place), on=place, how="semi")))


@given(story=nights(), mode=st.sampled_from(("snapshot", "delta")), data=st.data())
def test_random_nights(story: list[Night], mode: Mode, data: st.DataObject) -> None:
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
            if data.draw(st.booleans()):
                compact(folder, feed.runs, enough=data.draw(st.sampled_from((1, 5, 1000))), many=2)
            if data.draw(st.booleans()):
                rebuild_index(folder)
            sweep(folder, feed.runs)
        for run, view in views.items():
            assert feed.standing(run) == view


def keys(frame: pl.DataFrame) -> set[Missing]:
    return {
        Missing(claim, patient, None if on is None else (on - DAY_ZERO).days)
        for claim, patient, on in frame.rows()
    }


@given(story=nights(), mode=st.sampled_from(("snapshot", "delta")), seed=st.integers(0, 99))
def test_the_order_of_the_rows_says_nothing(story: list[Night], mode: Mode, seed: int) -> None:
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
            staged = memory.stage(found, rejected_of(night), 99, room)
            told.append(
                (staged, Counter(said(found.fresh)), found.ended, found.again, found.context)
            )
        assert told[0][:2] == told[1][:2]
        for one, other in zip(told[0][2:], told[1][2:], strict=True):
            assert one.equals(other)


@pytest.mark.long
@given(story=nights(), mode=st.sampled_from(("snapshot", "delta")))
def test_no_content_stands_more_often_than_the_files_say(story: list[Night], mode: Mode) -> None:
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
