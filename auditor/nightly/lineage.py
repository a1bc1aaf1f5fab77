"""Which runs a run looked back at: the memory of a feed as it was, and as it is.

Every run names the newest of the runs that it was built on (segments.base), so its memory is that
chain back to the first. An ordinary run is built on what stands. A rerun is built on what stood
before the run that it audits again, and a rerun of several on each other; what stands changes only
with the last of them, when the new chain stands for every run of the old one. So a rerun that is
broken off changes no later night, and whatever was looked back at can be looked back at again.

Runs are numbered in the order in which they were made. Along a chain the numbers grow, and so do
those of the first versions: whatever is built on a run came later, and a rerun is numbered after
everything that it leaves standing. The numbers tell which of two runs of a chain came first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable


class Made(NamedTuple):
    """A run that left lines."""

    run: int
    base: int | None
    """The newest run that it looked back at."""
    rerun_of: int | None


class Lineage:
    """The runs of one feed, and what each was built on."""

    def __init__(self, made: Iterable[Made]) -> None:
        """Take the runs of a feed, in any order."""
        self._base: dict[int, int | None] = {}
        self._origin: dict[int, int] = {}
        self.standing: tuple[int, ...] = ()
        """The runs that the next night looks back at, the first of them first."""
        self.reruns: tuple[int, ...] = ()
        """All reruns, in the order in which they were made."""
        for each in sorted(made):
            self._base[each.run] = each.base
            if each.rerun_of is None:
                self._origin[each.run] = each.run
                last: int | None = self.standing[-1] if self.standing else None
                before = self.standing if each.base == last else self.before(each.run)
                self.standing = (*before, each.run)
                continue
            self._origin[each.run] = self._origin[each.rerun_of]
            self.reruns = (*self.reruns, each.run)
            chain = (*self.before(each.run), each.run)
            if self.origins(chain) == self.origins(self.standing):
                self.standing = chain

    @classmethod
    def of(cls, ledger: sqlite3.Connection, feed: str) -> Lineage:
        """That of `feed`."""
        rows = ledger.execute(
            "SELECT run, base, rerun_of FROM segments JOIN runs USING (run, feed) WHERE feed = ?",
            (feed,),
        )
        return cls(Made(*row) for row in rows)

    def before(self, run: int) -> tuple[int, ...]:
        """The runs that `run` looked back at, the first of them first."""
        found = []
        at = self._base[run]
        while at is not None:
            found.append(at)
            at = self._base[at]
        return tuple(reversed(found))

    def origin(self, run: int) -> int:
        """The first version of `run`."""
        return self._origin[run]

    def origins(self, chain: Iterable[int]) -> tuple[int, ...]:
        """The first versions of the runs of `chain`."""
        return tuple(self._origin[run] for run in chain)

    def versions(self, origin: int) -> tuple[int, ...]:
        """All versions of a run, the first first."""
        return tuple(sorted(run for run, first in self._origin.items() if first == origin))
