"""Finding stored lines by claim, patient or version, file by file, so that memory is bounded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from auditor.history.files import (
    ENDED,
    INDEX,
    LINES,
    REJECTED,
    among,
    of_runs,
    parts_of,
    path_of,
    read_once,
    reading,
    scan,
)
from auditor.history.index import (
    EVIDENCE,
    evidence,
    groups,
    groups_of,
    index_of,
    numbered,
    numbered_of,
    renew,
    stale,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from polars._typing import PolarsDataType

    from auditor.history.files import Part

Found = TypeVar("Found")
FOUND = {
    "version": pl.UInt64,
    "claim": pl.UInt64,
    "content": pl.UInt64,
    "patient": pl.UInt64,
    "first": pl.Int32,
    "last": pl.Int32,
    "code": pl.String,
    "afresh": pl.Boolean,
    "payerless": pl.Boolean,
    "own": pl.UInt32,
    "icn": pl.UInt32,
    "names": pl.UInt32,
    "part": pl.UInt32,
}
"""Columns of what is found: the index, and the number of the part it lies in."""
_AT_ONCE = 15
"""Files of one query: enough that its cost is shared, few enough that memory is bounded."""
_TOGETHER = 2
"""Files that are read at the same time."""
_NUMBERS = {"version": pl.UInt64, "since": pl.UInt64}


class Store:
    """The lines that `runs` brought and did not end, in the files of `folder`."""

    def __init__(self, folder: Path, runs: Iterable[int], *, renewing: bool = True) -> None:
        """Look at the files. Raises HistoryError.

        Indexes of another polars are made anew; without `renewing` they are so in memory alone.
        """
        self.folder = folder
        self.parts = parts_of(folder, runs)
        if renewing:
            renew(folder, self.parts)
        self._stale = frozenset(() if renewing else stale(folder, self.parts))

    @cached_property
    def ended(self) -> pl.Series:
        """Versions that stand no longer, sorted."""
        return self._of_all(ENDED, ["version"], {"version": pl.UInt64})["version"].sort()

    @cached_property
    def rejected(self) -> pl.DataFrame:
        """run, claim_id, patient_id, service_date, cleared: what the runs said of rejected rows."""
        columns = {
            "run": pl.UInt64,
            "claim_id": pl.String,
            "patient_id": pl.String,
            "service_date": pl.Date,
            "cleared": pl.Boolean,
        }
        return self._of_all(REJECTED, list(columns), columns)

    @cached_property
    def groups(self) -> pl.Series:
        """Billing NPIs under which somebody else rendered, of all stored lines."""
        columns = ("rendering_npi", "billing_npi")
        found = {npi for part in self.parts for npi in self._said(part, groups, groups_of, columns)}
        return pl.Series("billing_npi", sorted(found), dtype=pl.String)

    @cached_property
    def numbered(self) -> bool:
        """Whether a stored line carries the payer's number of its claim."""
        columns = ("payer_claim_id",)
        return any(self._said(part, numbered, numbered_of, columns) for part in self.parts)

    def _said(
        self,
        part: Part,
        of_index: Callable[[Path], Found],
        of_lines: Callable[[pl.DataFrame], Found],
        columns: Sequence[str],
    ) -> Found:
        """What the index of `part` says beside its rows; of some of its runs, what lines say."""
        if part.whole and part.name not in self._stale:
            with reading(path_of(self.folder, INDEX, part.name)):
                return of_index(path_of(self.folder, INDEX, part.name))
        with reading(path_of(self.folder, LINES, part.name)):
            lines = evidence(scan(self.folder, LINES, part), columns)
            return of_lines(of_runs(lines, part).collect())

    def standing(
        self, column: str, hashes: pl.Series, columns: Sequence[str] = tuple(FOUND)
    ) -> pl.DataFrame:
        """Standing lines whose `column` (claim or patient) is among `hashes`: `columns` of FOUND.

        A patient's lines lie in every file: a column less is one less to be read of all of them.
        A claim's lie in one or two: of the others only its own column is read.
        """
        hashes = hashes.unique()
        held: Collection[int] = range(len(self.parts)) if len(hashes) else ()
        if column == "claim" and held:
            held = self._holding(hashes)
        wanted = hashes.implode()

        def among_part(number: int) -> pl.DataFrame:
            part = self.parts[number]
            with reading(path_of(self.folder, INDEX, part.name)):
                index = of_runs(self._index(part), part)
                rows = index.filter(pl.col(column).is_in(wanted)).with_columns(
                    part=pl.lit(number, pl.UInt32)
                )
                got = rows.select(columns).collect()
            if column == "patient":
                read_once(path_of(self.folder, INDEX, part.name))
            return got

        nothing = pl.DataFrame(schema={name: FOUND[name] for name in columns})
        lines = pl.concat([nothing, *_each(among_part, sorted(held))])
        return lines.filter(~pl.col("version").is_in(self.ended.implode()))

    def _holding(self, claims: pl.Series) -> set[int]:
        """Numbers of the parts that may have lines of `claims` (distinct hashes).

        The hashes are made ready once for several files, and not for each of them.
        """
        asked = claims.alias("claim").to_frame().lazy()
        held = {number for number, part in enumerate(self.parts) if part.name in self._stale}
        sure = [number for number in range(len(self.parts)) if number not in held]
        for start in range(0, len(sure), _AT_ONCE):
            some = sure[start : start + _AT_ONCE]
            of_some = pl.concat(
                scan(self.folder, INDEX, self.parts[number]).select(
                    "claim", part=pl.lit(number, pl.UInt32)
                )
                for number in some
            )
            met = of_some.join(asked, on="claim", how="semi").select(pl.col("part").unique())
            try:
                held.update(met.collect(engine="streaming")["part"])
            except (pl.exceptions.PolarsError, OSError):
                held.update(some)  # read one by one, it is known which of them is damaged
        return held

    def height(self) -> int:
        """How many lines the runs brought, those that ended included."""
        lines = (of_runs(scan(self.folder, LINES, part), part) for part in self.parts)
        return sum(each.select(pl.len()).collect().item() for each in lines)

    def _index(self, part: Part) -> pl.LazyFrame:
        if part.name not in self._stale:
            return scan(self.folder, INDEX, part)
        return index_of(evidence(scan(self.folder, LINES, part)).collect()).lazy()

    def lines(self, found: pl.DataFrame, columns: Sequence[str] = tuple(EVIDENCE)) -> pl.DataFrame:
        """`version`, `since`, `columns` of the lines `found` (version, part), sorted by version."""
        parts = found.partition_by("part", as_dict=True, include_key=False)
        wanted = {number: rows["version"].sort() for (number,), rows in parts.items()}

        def of_part(number: int) -> pl.DataFrame:
            part = self.parts[number]
            with reading(path_of(self.folder, LINES, part.name)):
                lines = evidence(scan(self.folder, LINES, part), columns)
                mine = pl.col("version").is_in(wanted[number].implode())
                found = lines.filter(mine).collect()
            read_once(path_of(self.folder, LINES, part.name))
            return found

        nothing = pl.DataFrame(schema=_NUMBERS | {c: EVIDENCE[c] for c in columns})
        both = pl.concat([nothing, *_each(of_part, sorted(wanted))])
        # merged files are not in the order of versions
        return both if both["version"].is_sorted() else both.sort("version")

    def everything(self) -> pl.LazyFrame:
        """All standing lines, as the evidence."""
        schema = _NUMBERS | EVIDENCE
        scans = [
            of_runs(evidence(scan(self.folder, LINES, part)), part) for part in self.parts
        ] or [pl.LazyFrame(schema=schema)]
        return pl.concat(scans).filter(~pl.col("version").is_in(self.ended.implode()))

    def _of_all(
        self, kind: str, columns: list[str], schema: Mapping[str, PolarsDataType]
    ) -> pl.DataFrame:
        """Rows of a small file that its runs wrote, of all parts."""
        read = [pl.DataFrame(schema=schema)]
        for part in self.parts:
            with reading(path_of(self.folder, kind, part.name)):
                rows = scan(self.folder, kind, part).filter(among(pl.col("run"), part.wanted))
                read.append(rows.select(columns).collect())
        return pl.concat(read)


def _each(work: Callable[[int], pl.DataFrame], numbers: Sequence[int]) -> list[pl.DataFrame]:
    """What `work` answers of each of `numbers`, two at a time: while one waits for the disk."""
    if len(numbers) <= 1:
        return [work(number) for number in numbers]
    with ThreadPoolExecutor(_TOGETHER) as pool:
        return list(pool.map(work, numbers))
