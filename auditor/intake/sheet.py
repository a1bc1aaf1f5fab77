"""One worksheet as rows of text, and the reader of workbooks kept from crashing.

Read through fastexcel as a raw grid of text: with its defaults a column of numbers that turns
into text after a thousand rows loses the text without a word.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import InputRejected
from auditor.intake import header as headers
from auditor.intake.header import HeaderRow, Record
from auditor.intake.package import damaged
from auditor.intake.source import Body
from auditor.intake.textfile import MOST_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import fastexcel

# Warnings of the reader may name what stands in a cell; they go nowhere.
for _name in ("calamine", "fastexcel", "_fastexcel"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False

_ALONE = threading.Lock()


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet; see Source. Rows are those that a spreadsheet program shows."""

    name: str
    sha256: str
    encoding: str
    day_zero: date
    notes: tuple[str, ...]
    grid: pl.DataFrame
    """From row 1 on, so that a row's place is its number; all String, columns '0', '1' ..."""
    reader: fastexcel.ExcelReader
    title: str
    state: str
    """visible, hidden or veryhidden."""
    delimiter: str = ""
    header: None = None
    columns: None = None
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, reader: fastexcel.ExcelReader, title: str, like: Sheet) -> Sheet:
        """Sheet `title` of `reader`, in other respects as `like`. Raises InputRejected."""
        name = f"{like.name} [{title}]"
        with guarded(name):
            sheet = reader.load_sheet(title, header_row=None, skip_rows=0, dtypes="string")
            grid, state = sheet.to_polars(), sheet.visible
        grid = grid.rename({old: str(n) for n, old in enumerate(grid.columns)})
        empty = grid.select((pl.all() == "").any()).row(0) if grid.width else ()
        grid = grid.with_columns(
            pl.when(pl.col(column) != "").then(pl.col(column)).alias(column)
            for column, has in zip(grid.columns, empty, strict=True)
            if has
        )
        return cls(
            name, like.sha256, like.encoding, like.day_zero, like.notes, grid, reader, title, state
        )

    @property
    def empty(self) -> bool:
        """Whether no cell holds anything."""
        return self.grid.height == 0 or not any(
            self.grid[name].null_count() < self.grid.height for name in self.grid.columns
        )

    @property
    def too_wide(self) -> bool:
        """Whether it has more columns than a claim export can have."""
        return self.grid.width > MOST_COLUMNS

    def head(self) -> list[Record]:
        """The first rows."""
        return [
            Record(row, tuple("" if cell is None else cell.strip() for cell in cells))
            for row, cells in enumerate(self.grid.head(headers.LOOKED_AT).iter_rows(), start=1)
        ]

    def blocks(self, header: HeaderRow) -> Iterator[Body]:
        """Every row below the header."""
        first = header.record.row
        cells = self.grid.slice(first)
        rows = pl.int_range(first + 1, first + 1 + cells.height, dtype=pl.UInt32, eager=True)
        yield Body(header.names, cells, rows, numbers=self._numbers(cells, first))

    def _numbers(self, cells: pl.DataFrame, first: int) -> frozenset[int]:
        """Columns of long digit strings stored as numbers, of which Excel keeps 15 digits."""
        if cells.is_empty():
            return frozenset()
        long = cells.select(pl.all().str.contains(r"^-?[0-9]{16,}$").any()).row(0)
        suspects = [n for n, found in enumerate(long) if found]
        if not suspects:
            return frozenset()
        with guarded(self.name):
            sheet = self.reader.load_sheet(
                self.title,
                header_row=None,
                skip_rows=first,
                use_columns=suspects,
                schema_sample_rows=None,
            )
            kinds = {column.index: column.dtype for column in sheet.selected_columns}
        return frozenset(n for n in suspects if kinds.get(n) in ("int", "float"))


def too_wide(sheet: Sheet) -> InputRejected:
    """The error for a sheet with more columns than a claim export can have."""
    return InputRejected(
        f"The sheet has {sheet.grid.width:,} columns; no claim export has more than"
        f" {MOST_COLUMNS:,}.",
        where=sheet.name,
        next_step="Delete what stands far to the right of the claim lines, or export them as CSV.",
    )


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Turn whatever the reader stumbles over in a damaged workbook into InputRejected.

    It may panic, and would then write where it did so, and perhaps what stood there, to standard
    error behind Python's back; so that is shut meanwhile.
    """
    with _ALONE, _hushed():
        try:
            yield
        except Exception:  # noqa: BLE001 -- of a damaged file it raises whatever it stumbles over
            raise damaged(name) from None
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            raise damaged(name) from None


@contextmanager
def _hushed() -> Iterator[None]:
    """Standard error of the process, below Python's, leads nowhere."""
    number = 2
    try:
        with suppress(AttributeError, ValueError):
            sys.stderr.flush()
        kept = os.dup(number)
    except OSError:  # there is none
        yield
        return
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)
        yield
    finally:
        os.dup2(kept, number)
        os.close(kept)
