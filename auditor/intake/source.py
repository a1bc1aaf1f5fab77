"""Where raw rows come from: what every format hands to the common path.

A source knows files, bytes, dialects and sheets. It hands over rows of text cells and nothing
more; which cell means what is decided afterwards, in one place, for every format alike.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    import polars as pl

    from auditor.intake.columns import Columns
    from auditor.intake.header import HeaderRow, Record


@dataclass(frozen=True, slots=True)
class Ragged:
    """A row whose number of cells is not the header's; it is rejected, never cut or filled."""

    row: int
    cells: tuple[str, ...]
    reason: str

    def raw(self, names: Sequence[str]) -> str:
        """The row as a JSON object; cells beyond the header are 'cell 16', 'cell 17' ..."""
        keys = [*names, *(f"cell {n}" for n in range(len(names) + 1, len(self.cells) + 1))]
        return json.dumps(dict(zip(keys, self.cells, strict=False)), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Body:
    """Rows below the header: all of them, or a block of a large file."""

    names: tuple[str, ...]
    """Header of each column, none twice."""
    cells: pl.DataFrame
    """All String, columns '0', '1' ...; null is an empty cell. Wholly blank rows may remain."""
    rows: pl.Series
    """UInt32: the row of the file that each row of `cells` came from."""
    ragged: tuple[Ragged, ...] = ()
    blank: int = 0
    """Blank lines that were left out already."""
    numbers: frozenset[int] = field(default_factory=frozenset)
    """Columns whose cells a spreadsheet stores as numbers (of 15 digits at most)."""


class Source(Protocol):
    """One file, one member of an archive, or one sheet of a workbook."""

    @property
    def name(self) -> str:
        """As in ClaimLines.source_file."""

    @property
    def title(self) -> str:
        """Of the sheet; '' where the file has none."""

    @property
    def sha256(self) -> str:
        """Of the file's bytes, unpacked where it lies in an archive."""

    @property
    def encoding(self) -> str:
        """utf-8, cp1252, utf-16-le ..., or the format: xlsx, parquet, 837P ..."""

    @property
    def delimiter(self) -> str:
        """'' for what is no delimited text."""

    @property
    def day_zero(self) -> date | None:
        """What a bare number in a date column counts days from; None where it is no date."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the whole file."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Further remarks, without which the result cannot be trusted."""

    @property
    def header(self) -> HeaderRow | None:
        """The header, where the format itself says which it is; None: look for it in `head`."""

    @property
    def columns(self) -> Columns | None:
        """The columns of every field, where the format itself fixes them (837P); else None."""

    def head(self) -> list[Record]:
        """The first rows, enough to find the header in."""

    def blocks(self, header: HeaderRow) -> Iterator[Body]:
        """Everything below `header`, in blocks of bounded size, at least one.

        May be asked for more than once, and gives the same again. All blocks have the same names.
        """
