"""The memory of a measured process together with those that it starts.

What the system tells of a process that has ended is the peak of the largest one, and an audit in
parts has several. Here they are added up while they run. Pages that several share count once (PSS).
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROCESSES = Path("/proc")
EVERY = 0.5
"""Seconds between two looks."""


class Seen:
    """The most that was seen so far."""

    peak: int = 0
    """Bytes; 0 where the system does not tell."""


@contextmanager
def watched() -> Iterator[Seen]:
    """While this runs, look at all processes below this one."""
    seen, over = Seen(), threading.Event()

    def look() -> None:
        while not over.wait(EVERY):
            seen.peak = max(seen.peak, sum(map(_held, below(os.getpid()))))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def below(process: int) -> list[int]:
    """The processes that `process` started, and those that they started."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            # a program's name stands in brackets, and may hold anything
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            children[int(fields[1])].append(int(folder.name))
    found, left = [], [process]
    while left:
        mine = children[left.pop()]
        found += mine
        left += mine
    return found


def _held(process: int) -> int:
    """Bytes that `process` holds in memory; 0 where it has ended."""
    with suppress(OSError):
        for line in (_PROCESSES / str(process) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
