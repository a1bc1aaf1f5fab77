"""Where raw rows come from: what every format hands to the common path.

A source knows files, bytes, dialects and sheets. It hands over rows of text cells and nothing
more; which cell means what is decided afterwards, in one place, for every format alike.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

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
    """The rows below the header."""

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
    """One file, or one sheet of a workbook."""

    @property
    def name(self) -> str:
        """As in ClaimLines.source_file."""

    @property
    def sha256(self) -> str:
        """Of the file's bytes."""

    @property
    def encoding(self) -> str:
        """utf-8, cp1252, utf-16-le ... or xlsx."""

    @property
    def delimiter(self) -> str:
        """'' for a workbook."""

    @property
    def serials(self) -> bool:
        """Whether a bare number in a date column may be a spreadsheet's day number."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the whole file."""

    def head(self) -> list[Record]:
        """The first rows, enough to find the header in."""

    def body(self, header: HeaderRow) -> Body:
        """Everything below `header`."""
