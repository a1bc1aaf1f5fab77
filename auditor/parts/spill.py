"""Claim lines on their way to the disk, each to the part of its patient."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.whole import Census, census
from schemas import ClaimLines, dtypes, empty

if TYPE_CHECKING:
    from pathlib import Path

SLAB = 2_000_000
"""Lines that are held before they are divided and written."""
_SEED = 8_101
"""Of the hash that divides patients; one version of polars always answers the same."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Lines on the disk, and what is known of all of them."""

    folder: Path
    count: int
    census: Census

    def read(self, part: int) -> pl.DataFrame:
        """schemas.ClaimLines of one part, in the order of the files; line_key is the batch's."""
        files = sorted(self.folder.glob(f"*/{part}.parquet"))
        if not files:
            return empty(ClaimLines)
        return pl.concat([pl.read_parquet(file) for file in files], rechunk=True)

    def lines_of(self, keys: pl.Series) -> pl.DataFrame:
        """schemas.ClaimLines of some keys, whatever part they are in."""
        wanted = pl.col("line_key").is_in(keys.implode())
        files = sorted(self.folder.glob("*/*.parquet"))
        return pl.concat(pl.scan_parquet(file).filter(wanted).collect() for file in files)

    def claims(self) -> pl.DataFrame:
        """claim_id and original_claim_id of all lines, each two once."""
        names = ["claim_id", "original_claim_id"]
        return pl.concat(
            pl.read_parquet(file, columns=names).unique()
            for file in sorted(self.folder.glob("*/*.parquet"))
        ).unique()


class Spill:
    """A keeper of lines (auditor.intake.interface.Keeper) that divides them by patient."""

    def __init__(self, folder: Path, count: int, slab: int = SLAB) -> None:
        """Write into `folder`, which is made, into `count` parts, `slab` lines at a time."""
        self._folder = folder
        self._count = count
        self._slab = slab
        self._held: list[pl.DataFrame] = []
        self._height = self._slabs = 0
        self._lines = 0
        self._census = Census()
        self._mark = (0, 0, Census())
        """Slabs, lines and census of the files that were read to their end."""
        folder.mkdir(parents=True)

    def begin(self) -> None:
        """A file begins, or begins anew."""
        slabs, self._lines, self._census = self._mark
        for slab in range(slabs, self._slabs):
            shutil.rmtree(self._folder / str(slab))
        self._slabs = slabs
        self._held, self._height = [], 0

    def add(self, lines: pl.DataFrame) -> None:
        """Take some lines of the file."""
        lines = lines.with_row_index("line_key", offset=self._lines)
        lines = lines.select(pl.col(name).cast(kind) for name, kind in dtypes(ClaimLines).items())
        self._census += census(lines)
        self._lines += lines.height
        self._held.append(lines)
        self._height += lines.height
        if self._height >= self._slab:
            self._write()

    def done(self) -> None:
        """The file was read to its end."""
        self._write()
        self._mark = (self._slabs, self._lines, self._census)

    def parts(self) -> Parts:
        """What was written, after the last file."""
        return Parts(self._folder, self._count, self._census)

    def _write(self) -> None:
        """The held lines, divided."""
        if not self._height:
            return
        lines = pl.concat(self._held)
        self._held, self._height = [], 0
        slab = self._folder / str(self._slabs)
        slab.mkdir()
        self._slabs += 1
        part = (lines["patient_id"].hash(_SEED) % self._count).alias("part")
        for (number,), each in (
            lines.with_columns(part)
            .partition_by("part", include_key=False, as_dict=True, maintain_order=True)
            .items()
        ):
            each.write_parquet(slab / f"{number}.parquet", compression="lz4", statistics=False)
