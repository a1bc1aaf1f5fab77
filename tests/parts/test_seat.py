"""Each process of a crew has a processor of its own, and gives it up where others want it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from auditor.parts import crew, seat
from auditor.parts.seat import Seat, seats

if TYPE_CHECKING:
    from collections.abc import Iterator

LINUX = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system holds no process to a processor"
)


def allowed(monkeypatch: pytest.MonkeyPatch, *processors: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(processors), raising=False)


def test_seats_are_apart_from_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed(monkeypatch, 0, 1)
    assert seats(2) == [0, 1]
    allowed(monkeypatch, 2, 3, 4, 5, 8, 9, 10, 11)
    assert seats(4) == [2, 4, 8, 10]  # neighbours may be two halves of one
    assert seats(3) == [2, 4, 9]
    assert seats(8) == [2, 3, 4, 5, 8, 9, 10, 11]
    assert seats(9) == [None] * 9


def test_a_system_without_seats_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert seats(2) == [None, None]


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Seconds that pass, and that are worked, between two looks; whoever left is noted."""
    each, now = [0.5, 0.5], [100.0, 10.0]

    def passing() -> float:
        now[0] += each[0]
        return now[0]

    def working() -> float:
        now[1] += each[1]
        return now[1]

    monkeypatch.setattr(time, "monotonic", passing)
    monkeypatch.setattr(time, "process_time", working)
    monkeypatch.setattr(Seat, "leave", lambda self: setattr(self, "left", True))
    return each


def test_a_seat_is_left_by_who_gets_too_little_of_it(times: list[float]) -> None:
    mine = Seat()
    for _ in range(20):
        mine.look(busy=True)
    assert not mine.left
    times[1] = 0.2
    for _ in range(3):
        mine.look(busy=True)
    assert not mine.left
    mine.look(busy=True)
    assert mine.left


def test_who_has_nothing_to_do_stays(times: list[float]) -> None:
    mine = Seat()
    times[1] = 0.0
    for number in range(20):
        mine.look(busy=number % 4 != 0)
    assert not mine.left


@LINUX
def test_processes_are_seated_apart() -> None:
    mine = os.sched_getaffinity(0)
    with crew.begun(min(2, len(mine))) as found:
        until = time.monotonic() + 30
        while True:
            taken = [os.sched_getaffinity(each.pid) for each in found.processes]
            if all(len(each) == 1 for each in taken):
                break
            assert time.monotonic() < until  # the interpreter starts, and then sits down
            time.sleep(0.05)
        assert len(set.union(*taken)) == len(taken)
        assert set.union(*taken) <= mine


@LINUX
def test_leaving_is_going_wherever_the_parent_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, moved = os.sched_getaffinity(0), dict[int, set[int]]()
    monkeypatch.setattr(os, "getppid", os.getpid)
    monkeypatch.setattr(os, "sched_setaffinity", lambda who, where: moved.update({who: where}))
    mine = Seat()
    mine.leave()
    assert mine.left
    assert set(moved) >= {int(each.name) for each in seat._THREADS.iterdir()} & {os.getpid()}  # noqa: SLF001 - where its threads are told
    assert all(where == whole for where in moved.values())
