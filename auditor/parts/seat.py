"""A processor of its own for each process of a crew, as long as nobody else wants that one.

polars hands every step to a thread of its pool and waits for it. Where both may run anywhere the
system wakes another processor for it, on which another process of the crew is at work; held to one
processor the same work takes a tenth less. But a process that is held to one cannot go elsewhere
when other programs take it. So it gives up its seat when it gets less than half of it.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_LOOKS = 4
"""So many times in turn it was busy and got too little: two seconds."""
_ENOUGH = 0.5
"""Of the time."""
_THREADS = Path("/proc/self/task")


def seats(many: int) -> list[int | None]:
    """A processor for each of `many` processes, apart from each other; None: the system has none.

    Also where there are fewer processors than processes: these then share them as they come.
    """
    if not hasattr(os, "sched_getaffinity"):
        return [None] * many
    free = sorted(os.sched_getaffinity(0))
    if many > len(free):
        return [None] * many
    return [free[number * len(free) // many] for number in range(many)]


@dataclass(slots=True)
class Seat:
    """Looks whether this process gets enough of the processor that it was given."""

    clock: tuple[float, float] = field(default_factory=lambda: (time.monotonic(), _worked()))
    short: int = 0
    """Looks in turn that found it busy and short of time."""
    left: bool = False

    def look(self, *, busy: bool) -> None:
        """Look again; busy: there was work since the last look, without a pause."""
        now = (time.monotonic(), _worked())
        passed, got = (after - before for after, before in zip(now, self.clock, strict=True))
        self.clock = now
        self.short = self.short + 1 if busy and got < _ENOUGH * passed else 0
        if self.short >= _LOOKS and not self.left:
            self.leave()

    def leave(self) -> None:
        """Let the system put this process wherever its parent may be."""
        self.left = True
        if not hasattr(os, "sched_setaffinity"):
            return
        with suppress(OSError):  # a thread, or the parent, that has just ended
            allowed = os.sched_getaffinity(os.getppid())
            for thread in _THREADS.iterdir():
                os.sched_setaffinity(int(thread.name), allowed)


def _worked() -> float:
    """Seconds of processor time of all threads, waits within the system's own work included."""
    return time.process_time()
