"""Little work stays on one processor.

polars hands every query to a thread of its pool and waits for it. Of a few lines a query takes some
30 microseconds, and to wake another processor for it takes as long again; on one processor the
hand-over is a mere switch. There is next to nothing to share out either.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THREADS = "POLARS_MAX_THREADS"
LITTLE = 1_000_000
"""Bytes of delimited text, some five thousand lines: from there on two processors are quicker."""
_STAT = Path("/proc/self/stat")
_PROCESSOR = 36
"""Where the processor stands among what follows the program's name in its line (proc(5), 39)."""


def stay() -> None:
    """Keep this process, and the threads that it will start, on the processor that it is on.

    Before polars is imported, which starts its threads then. Nothing is done where somebody chose
    the number of threads, or where the system has no such thing (macOS, Windows).
    """
    if THREADS in os.environ or not hasattr(os, "sched_setaffinity"):
        return
    try:
        at = int(_STAT.read_text(encoding="utf-8").rpartition(")")[2].split()[_PROCESSOR])
        os.sched_setaffinity(0, {at})
    except (OSError, ValueError, IndexError):  # a quicker answer is all that is lost
        return
    os.environ[THREADS] = "1"


@contextmanager
def meanwhile(work: Callable[[], object], little: bool) -> Iterator[None]:  # noqa: FBT001 - said by all
    """Do `work` beside what is done in the block, unless that is `little`, where it is left out.

    `work` prepares what would be done without it, too: what it raises is left to be raised then.
    """
    if little:
        yield
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as beside:
        beside.submit(work)
        yield
