"""Processes that work on parts beside one another.

Polars on many threads spends a fifth more on one part than on one thread, and threads wait for each
other between the thousand small steps of an audit; parts need nothing of each other. So each
process takes one part at a time, on one thread. What it makes goes to the disk (auditor.parts.run),
where it is the same whoever made it.

A process that stops, for whatever reason, ends the audit; a parent that dies ends its processes. No
error text crosses but that of our own errors, which hold no claim.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any

from auditor.errors import AuditorError, ExitCode
from auditor.parts.seat import seats

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from pathlib import Path

    from auditor.engine.clock import Clock
    from auditor.parts.run import Work
    from auditor.reference.interface import Release

ENOUGH = 1_000_000
"""Lines of all parts from which on it is worth starting processes: each takes a second to begin."""
MEMORY_EACH = 3 << 30
"""Bytes of the machine's memory for each process: a part of usual size takes half of that."""
READ = "read"
"""The task of reading places of a file (auditor.parts.readers)."""
_START = (
    "import sys, pickle; sys.path[:] = pickle.load(sys.stdin.buffer);"
    "from auditor.parts.hand import main; main()"
)
_SEATED = "import os; os.sched_setaffinity(0, {%d});"
"""Before polars starts its threads."""


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of the reference tables, as the command was given it; None: the default one."""

    folder: Path | None
    crew: Crew | None = None
    """Processes that were begun before; None: they are begun when they are needed."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for all parts."""

    work: Work
    store: Path | None
    """The folder of the reference tables, as the command was given it."""
    releases: tuple[Release, ...]
    """Those that the parent found in it."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done with all that is told from now on."""

    name: str
    """Of auditor.parts.run.TASKS, or READ."""
    more: Any
    """What is needed for it besides."""


@dataclass(slots=True)
class Crew:
    """The processes of one audit."""

    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def know(self, job: Job) -> None:
        """Tell the processes their job."""
        told = pickle.dumps(job, pickle.HIGHEST_PROTOCOL)
        with _ended():
            for process in self.processes:
                _say(process, told)

    def work(self, task: str, numbers: Iterable[int], more: object, clock: Clock) -> None:
        """Have `task` (of auditor.parts.run.TASKS) done on the parts `numbers`.

        more: what the task is told besides. Raises what a process met: AuditorError and OSError as
        they were, AuditorError for all else.
        """
        for timed in self.each(task, more, iter(numbers)):
            clock.parts.extend(timed)

    def each(self, task: str, more: object, items: Iterator[Any]) -> Generator[Any]:
        """Have `task` done on each of `items`, and answer what comes of it in their order.

        Raises as `work` does, and after that the processes are gone; and what `items` raises, when
        all that came before is answered: then they are still there.
        """
        told = Task(task, more)
        left = _Left(items)
        found = _Answers()
        with ThreadPoolExecutor(len(self.processes)) as pool:
            for process in self.processes:
                pool.submit(self._feed, process, told, left, found)
            try:
                yield from _in_order(found, len(self.processes))
            except BaseException:
                self.stop()  # the others' threads wait for an answer
                raise
        if left.broken is not None:
            raise left.broken

    @staticmethod
    def _feed(
        process: subprocess.Popen[bytes],
        told: Task,
        left: _Left,
        found: _Answers,
    ) -> None:
        """Give `process` one item after the other."""
        try:
            with _ended(told.name):
                _say(process, pickle.dumps(told, pickle.HIGHEST_PROTOCOL))
                while (item := left.next()) is not None:
                    _say(process, pickle.dumps(item[1], pickle.HIGHEST_PROTOCOL))
                    found.put((item[0], _answer(process)))
        except BaseException as error:  # noqa: BLE001 - raised where the answers are asked for
            found.put(error)
        else:
            found.put(None)

    def stop(self) -> None:
        """End the processes, whatever they are doing."""
        for each in self.processes:
            each.kill()
        for each in self.processes:
            each.wait()
            for pipe in (each.stdin, each.stdout):
                if pipe is not None:
                    with suppress(BrokenPipeError):  # what was not said yet
                        pipe.close()


class _Left:
    """Items that are still to be done, for several that ask."""

    def __init__(self, items: Iterator[Any]) -> None:
        self._items = enumerate(items)
        self._lock = Lock()
        self.broken: Exception | None = None
        """What the items raised, of which there are then no more."""

    def next(self) -> tuple[int, Any] | None:
        """The next one and its number; None: there is none."""
        with self._lock:
            if self.broken is not None:
                return None
            try:
                return next(self._items, None)
            except Exception as error:  # noqa: BLE001 - raised where all of them are done
                self.broken = error
                return None


_Answers = SimpleQueue[tuple[int, Any] | BaseException | None]
"""Each with its number; what went wrong; None: a feeder has no more."""


def _in_order(found: _Answers, many: int) -> Generator[Any]:
    """The answers of `many` feeders by their numbers; raises what one of them met."""
    early: dict[int, Any] = {}
    number = 0
    while many:
        answer = found.get()
        if answer is None:
            many -= 1
            continue
        if isinstance(answer, BaseException):
            raise answer
        early[answer[0]] = answer[1]
        while number in early:
            yield early.pop(number)
            number += 1


@contextmanager
def crew(job: Job, many: int) -> Iterator[Crew]:
    """`many` processes that know `job`; gone afterwards."""
    with begun(many) as found:
        found.know(job)
        yield found


@contextmanager
def begun(many: int) -> Iterator[Crew]:
    """`many` processes that load what they need while their job is made; gone afterwards."""
    found = Crew()
    try:
        for seat in seats(many):
            found.processes.append(_started(seat))
        with _ended():
            for process in found.processes:
                _say(process, pickle.dumps(sys.path))
        yield found
    finally:
        found.stop()


def _started(seat: int | None) -> subprocess.Popen[bytes]:
    """A process of our own interpreter, on the processor `seat`, that waits for what to do."""
    start = _START if seat is None else _SEATED % seat + _START
    return subprocess.Popen(  # noqa: S603 - no word of it is anybody else's
        [sys.executable, "-c", start],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # One thread each: there are as many processes as processors.
        env=os.environ | {"POLARS_MAX_THREADS": "1"},
    )


def _say(process: subprocess.Popen[bytes], message: bytes) -> None:
    if process.stdin is not None:
        process.stdin.write(message)
        process.stdin.flush()


def _answer(process: subprocess.Popen[bytes]) -> Any:  # noqa: ANN401 - of each task its own
    """What came of an item; raises what the process met."""
    kind, answer = pickle.load(process.stdout)  # type: ignore[arg-type]  # noqa: S301 - our own
    if kind != "done":
        raise _error(kind, answer)
    return answer


@contextmanager
def _ended(task: str = "") -> Iterator[None]:
    """A process that is gone, with what it was told to do, is told as what it is."""
    try:
        yield
    except (BrokenPipeError, EOFError, pickle.UnpicklingError):
        if task == READ:
            raise _internal(
                "A process that read a claim file has ended (killed, or out of memory).",
                "Start again when other programs leave it more memory; the files are then read"
                " anew.",
            ) from None
        raise _internal(
            "A process that worked on a part has ended (killed, or out of memory).",
            "Say --parts with a larger number, so that each part takes less memory. The same"
            " command goes on where this one stopped.",
        ) from None


def _error(kind: str, answer: Any) -> BaseException:  # noqa: ANN401 - of each kind its own
    """What a process met, as an error of this one."""
    if kind == "ours":
        error, what, where, next_step = answer
        found: AuditorError = error(what, where=where, next_step=next_step)
        return found
    if kind == "disk":
        return OSError(*answer)
    return _internal(
        f"A part could not be judged ({answer}).",
        "This is a fault of the program: please report it with these words.",
    )


def _internal(what: str, next_step: str) -> AuditorError:
    error = AuditorError(what, next_step=next_step)
    error.exit_code = ExitCode.INTERNAL
    return error


def how_many(lines: int, parts: int) -> int:
    """How many processes work on so many lines in so many parts; below two none is started."""
    if lines < ENOUGH:
        return 1
    return min(processors(), parts, max(_memory() // MEMORY_EACH, 1))


def processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int:
    """Bytes of the machine; where it does not say, enough for two."""
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 2 * MEMORY_EACH
