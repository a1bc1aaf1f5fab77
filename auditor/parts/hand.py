"""A process that works on parts for another one (auditor.parts.crew).

It is told over its input, in pickles: task by task what to do and on which places of a file or on
which parts, and the job before the first that is about parts. It answers each with what came of it,
or with what went wrong; of an error that nobody foresaw only its type and our place, because
messages may quote a claim. When its input ends it is done.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, BinaryIO

from auditor.engine.clock import Clock
from auditor.errors import AuditorError, ReferenceDataError, our_place
from auditor.parts.crew import READ, Job, Task
from auditor.parts.run import TASKS
from auditor.parts.seat import Seat
from auditor.reference import load_reference
from auditor.rules import catalogue

if TYPE_CHECKING:
    from auditor.reference.interface import Reference

_LOOK = 0.5
"""Seconds between two looks whether the parent is there."""


def serve(given: BinaryIO, answers: BinaryIO, at_work: Event | None = None) -> None:
    """Do what `given` says, until it ends; `at_work` is set while something is done."""
    hand, at_work = _Hand(), at_work or Event()
    while True:
        try:
            told = pickle.load(given)  # noqa: S301 - as above
        except EOFError:
            return
        if isinstance(told, Job):
            hand.job = told
            continue
        if isinstance(told, Task):
            hand.task = told
            continue
        at_work.set()
        try:
            answer: tuple[str, Any] = ("done", hand.done(told))
        except AuditorError as error:
            answer = ("ours", (type(error), error.what, error.where, error.next_step))
        except OSError as error:
            answer = ("disk", (error.errno, error.strerror))
        except Exception as error:  # noqa: BLE001 - whatever it is, its text must not be shown
            answer = ("other", f"{type(error).__name__} in {our_place(error)}")
        at_work.clear()
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()


class _Hand:
    """What this process was told, and has opened for it."""

    job: Job
    task: Task
    _reference: Reference | None = None

    def done(self, item: Any) -> Any:  # noqa: ANN401 - of each task its own
        """What comes of the task on `item`."""
        name, more = self.task.name, self.task.more
        if name == READ:
            return more.do(item)
        clock = Clock()
        if self._reference is None:
            self._reference = _opened(self.job)
        TASKS[name](self.job.work, self._reference, item, more, clock)
        return clock.parts


def _opened(job: Job) -> Reference:
    """The tables that the parent opened. Raises ReferenceDataError where they are others now."""
    found = load_reference(job.store)
    if found.releases() != job.releases:
        raise ReferenceDataError(
            "The reference tables were changed while the audit was at work.",
            next_step="Run again: the tables of one audit are those that it began with.",
        )
    return found


def main() -> None:
    """The whole of such a process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is asked, and ends this one
    at_work = Event()
    Thread(target=_watch, args=(os.getppid(), at_work), daemon=True).start()
    catalogue()  # all rules, while the parent reads the files
    # Nothing that prints by mistake shall stand among the answers.
    try:
        with os.fdopen(os.dup(1), "wb") as answers:
            os.dup2(2, 1)
            serve(sys.stdin.buffer, answers, at_work)
    except BrokenPipeError:
        os._exit(1)  # the parent was killed, as `_watch` would have seen; nobody is to be told


def _watch(parent: int, at_work: Event) -> None:
    """End with the parent: what it left half done its successor does again."""
    seat = Seat()
    while os.getppid() == parent:
        busy = at_work.is_set()
        time.sleep(_LOOK)
        seat.look(busy=busy and at_work.is_set())
    os._exit(1)
