"""Claim lines on their way to the disk, each to the part of its patient."""

from __future__ import annotations

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import polars.selectors as cs

from auditor import disk
from auditor.engine.whole import Census, census
from schemas import ClaimLines, dtypes, empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SLAB = (1_000_000, 2_000_000)
"""Lines that are held before they are divided and written: fewer where there are few parts, because
memory that is asked for anew takes time, and more where files would be many and small."""
_NAMES = ("claim_id", "original_claim_id")
_IN_A_FILE = 40_000
_SEED = 8_101
"""Of the hash that divides patients; one version of polars always answers the same."""


_SAME = ("source_file", "line_of_business", "claim_dates")
"""Columns that most often say the same in every line of a file, and are then said once."""


class Base(NamedTuple):
    """What the lines of a slab are told from."""

    line_key: int = 0
    source_row: int = 0
    """Of its first row, which stands in the slab as 0; so does its first line_key."""
    same: Mapping[str, str | bool | None] = MappingProxyType({})
    """Columns that say the same in all its lines, and do not stand there."""

    def told(self, lines: pl.LazyFrame) -> pl.LazyFrame:
        """`lines` as they are in the batch."""
        kinds = dtypes(ClaimLines)
        return lines.with_columns(
            pl.col("line_key") + pl.lit(self.line_key, pl.UInt32),
            pl.col("source_row") + pl.lit(self.source_row, pl.UInt32),
            *(pl.lit(value, kinds[name]).alias(name) for name, value in self.same.items()),
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """Lines on the disk, and what is known of all of them."""

    folder: Path
    count: int
    census: Census
    bases: Mapping[int, Base] = field(default_factory=dict)
    """Of the slabs that were written by others than Spill; those of Spill have none."""

    def read(self, part: int) -> pl.DataFrame:
        """schemas.ClaimLines of one part, in the order of the files; line_key is the batch's."""
        files = self._in_order(f"{part}.parquet")
        return below_one_another(self._scan(file).collect() for file in files)

    def lines_of(self, keys: pl.Series) -> pl.DataFrame:
        """schemas.ClaimLines of some keys, whatever part they are in."""
        wanted = pl.col("line_key").is_in(keys.implode())
        files = self._in_order("*.parquet")
        return below_one_another(self._scan(file).filter(wanted).collect() for file in files)

    def _scan(self, file: Path) -> pl.LazyFrame:
        """The lines of a file as they are in the batch."""
        lines = pl.scan_parquet(file, glob=False)
        base = self.bases.get(int(file.parent.name))
        return lines if base is None else base.told(lines)

    def claims(self) -> pl.DataFrame:
        """claim_id and original_claim_id of all lines, each two once."""
        files = self._in_order("*.parquet")
        found = [
            pl.scan_parquet(file).select(cs.by_name(*_NAMES, require_all=False)).unique().collect()
            for file in files
        ]
        return pl.concat([empty(ClaimLines).select(_NAMES), *found], how="diagonal").unique()

    def _in_order(self, name: str) -> list[Path]:
        """Files of this name, as lines came: by the numbers of slabs, of which 10 is after 9."""
        files = self.folder.glob(f"*/{name}")
        return sorted(files, key=lambda file: (int(file.parent.name), int(file.stem)))


def below_one_another(pieces: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """schemas.ClaimLines of what was written in `pieces`, each without its empty columns."""
    return pl.concat([empty(ClaimLines), *pieces], how="diagonal", rechunk=True)


class Spill:
    """A keeper of lines (auditor.intake.interface.Keeper) that divides them by patient."""

    def __init__(self, folder: Path, count: int, slab: int | None = None) -> None:
        """Write into `folder`, which is made, into `count` parts, `slab` lines at a time."""
        self.folder = folder
        self.count = count
        self.slab = slab or min(max(count * _IN_A_FILE, SLAB[0]), SLAB[1])
        self._writer = ThreadPoolExecutor(1)
        self._writing: Future[object] | None = None
        self._held: list[pl.DataFrame] = []
        self._height = self._slabs = 0
        self._lines = 0
        self._census = Census()
        self._bases: dict[int, Base] = {}
        self._mark = (0, 0, Census())
        """Slabs, lines and census of the files that were read to their end."""
        folder.mkdir(parents=True)

    def begin(self) -> None:
        """A file begins, or begins anew."""
        self._written()
        self._slabs, self._lines, self._census = self._mark
        for slab in self.folder.iterdir():
            if int(slab.name) >= self._slabs:
                shutil.rmtree(slab)
                self._bases.pop(int(slab.name), None)
        self._held, self._height = [], 0

    def add(self, lines: pl.DataFrame) -> None:
        """Take some lines of the file."""
        lines = numbered(lines, self._lines)
        self._census += census(lines)
        self._lines += lines.height
        self._held.append(lines)
        self._height += lines.height
        if self._height >= self.slab:
            self._write()

    def done(self) -> None:
        """The file was read to its end."""
        self._write()
        self._written()
        self._mark = (self._slabs, self._lines, self._census)

    def free(self) -> int:
        """The number of the slab that follows the lines that were taken so far."""
        self._write()
        return self._slabs

    def took(self, found: Census, first_row: int, same: Mapping[str, str | bool | None]) -> None:
        """Others wrote the slab that is `free`: what is known of its lines, and of all of them.

        first_row: of the file, which is row 0 of the slab.
        """
        if found.lines:
            self._bases[self._slabs] = Base(self._lines, first_row, same)
        self._slabs += 1
        self._lines += found.lines
        self._census += found

    def parts(self) -> Parts:
        """What was written, after the last file."""
        return Parts(self.folder, self.count, self._census, self._bases)

    def stop(self) -> None:
        """Wait until nothing is written any more: the folder may go after that."""
        self._writer.shutdown()

    def _write(self) -> None:
        """Have the held lines divided and written, while others are read."""
        if not self._height:
            return
        self._written()  # one slab is written and one is held, and no third
        slab = self.folder / str(self._slabs)
        slab.mkdir()
        self._writing = self._writer.submit(divide, self._held, slab, self.count)
        self._slabs += 1
        self._held, self._height = [], 0

    def _written(self) -> None:
        """Wait until nothing is being written. Raises OSError where it could not be."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            writing.result()


def numbered(lines: pl.DataFrame, first: int) -> pl.DataFrame:
    """schemas.ClaimLines of `lines` without line_key, which counts from `first` on."""
    lines = lines.with_row_index("line_key", offset=first)
    return lines.select(pl.col(name).cast(kind) for name, kind in dtypes(ClaimLines).items())


def divide(held: list[pl.DataFrame], slab: Path, count: int) -> None:
    """Write `held` lines into the folder `slab`, a file for each of `count` parts.

    Columns without any value are left out: dividing and writing them would take as long as others.
    """
    lines = pl.concat(held)
    held.clear()
    lines = lines.select(column for column in lines if column.null_count() < len(column))
    part = (lines["patient_id"].hash(_SEED) % count).alias("part")
    for (number,), each in (
        lines.with_columns(part)
        .partition_by("part", include_key=False, as_dict=True, maintain_order=True)
        .items()
    ):
        path = slab / f"{number}.parquet"
        disk.write_parquet(each, path, compression="lz4", statistics=False)


def without_same(held: list[pl.DataFrame]) -> dict[str, str | bool | None]:
    """Take from `held` the columns that say the same in every line, and tell what they say."""
    same = {}
    for name in _SAME:
        value = held[0][name][0]
        if all(
            lines[name].eq_missing(pl.Series([value], dtype=lines[name].dtype)).all()
            for lines in held
        ):
            same[name] = value
    held[:] = [lines.drop(same) for lines in held]
    return same
