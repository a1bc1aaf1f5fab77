"""Processes that read places of a large file beside one another, each into a slab of its own.

Reading, normalising, dividing and writing the lines of a place needs no other place, so the
processes that judge the parts afterwards read first. What they find comes back without the lines:
those lie on the disk, numbered from 0 on, and here it is known from what number.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from auditor.ahead import ahead
from auditor.engine.whole import Census, census
from auditor.parts.crew import READ
from auditor.parts.spill import divide, numbered, without_same

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import polars as pl

    from auditor.intake.places import Gone, Place, Places, Reading
    from auditor.parts.crew import Crew
    from auditor.parts.spill import Spill

_A_LINE = 200
"""Bytes of text, about, where no line was read that could tell."""

_MOST = 1_000_000
"""Lines of a run: twice as many take a process 2.5 GB in place of 1.9, and no less time."""
_TURNS = 2
"""Runs that each process would get of what is left, were they as long as the next one."""
_LEAST = 0.3
"""Of a whole run: each is a file in every part, and many small ones take longer to read."""
Run = tuple[int, list["Place"]]
"""The number of a slab, and places that follow each other."""


@dataclass(slots=True)
class ReadTask:
    """What a process must know to read places of a file."""

    reading: Reading
    folder: Path
    count: int
    """Parts that lines are divided into."""

    def do(self, run: Run) -> Read:
        """Write the lines of some places as a slab."""
        number, places = run
        held = _Held()
        gone = self.reading.run(places, held)
        same: dict[str, str | bool | None] = {}
        if held.lines:
            slab = self.folder / str(number)
            slab.mkdir()
            same = without_same(held.lines)
            divide(held.lines, slab, self.count)
        return Read(gone, held.census, same)


@dataclass(slots=True)
class Read:
    """What came of a run."""

    gone: Gone
    census: Census
    same: dict[str, str | bool | None]


class _Held:
    """A keeper (auditor.intake.interface.Keeper) of the lines of one run."""

    def __init__(self) -> None:
        self.lines: list[pl.DataFrame] = []
        self.census = Census()

    def begin(self) -> None:
        """Nothing is there that could be void."""

    def add(self, lines: pl.DataFrame) -> None:
        """Take some lines."""
        if lines.height:
            lines = numbered(lines, self.census.lines)
            self.census += census(lines)
            self.lines.append(lines)

    def done(self) -> None:
        """The caller knows."""


class Readers:
    """Readers of large files (auditor.intake.interface.Readers) whose lines go to a Spill."""

    def __init__(self, crew: Crew, spill: Spill) -> None:
        """Have `crew` read into slabs of `spill`."""
        self._crew = crew
        self._spill = spill

    def read(self, reading: Reading, places: Places, so_far: int) -> Iterator[Gone]:
        """What came of each run; see auditor.intake.interface.Readers."""
        spill, row = self._spill, places.row
        task = ReadTask(reading, spill.folder, spill.count)
        a_line = places.at / so_far if so_far else _A_LINE
        most = min(spill.slab, _MOST) * a_line
        runs = ahead(_runs(places, most, len(self._crew.processes)))
        for read in self._crew.each(READ, task, zip(count(spill.free()), runs)):
            spill.took(read.census, row, read.same)
            read.gone.first_row = row
            row += read.gone.rows
            yield read.gone


def _runs(places: Places, most: float, many: int) -> Generator[list[Place]]:
    """The places in runs of `most` bytes at the most.

    The less is left the shorter they are, down to _LEAST, so that none of `many` processes waits
    long for what others read last.
    """
    run, begun = list["Place"](), places.at
    for place in places.rest():
        run.append(place)
        share = (places.size - begun) / (many * _TURNS)
        if place.stop - begun >= min(most, max(share, most * _LEAST)):
            yield run
            run, begun = [], place.stop
    if run:
        yield run
