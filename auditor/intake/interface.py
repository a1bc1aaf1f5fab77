"""What intake takes and hands over; the implementation lies beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import polars as pl

    from auditor.intake.layout import Layout
    from auditor.intake.places import Gone, Places, Reading

DateOrder = Literal["month-first", "day-first"]


class Keeper(Protocol):
    """Where claim lines go while files are read, for those that are too many to be held."""

    def begin(self) -> None:
        """A file begins; one that was not `done` begins anew, and what came of it is void."""

    def add(self, lines: pl.DataFrame) -> None:
        """Take some lines: schemas.ClaimLines without line_key, in the order of the file."""

    def done(self) -> None:
        """The file was read to its end."""


class Readers(Protocol):
    """Others that read places of a large file beside one another, and keep their lines."""

    def read(self, reading: Reading, places: Places, so_far: int) -> Iterator[Gone]:
        """Have what is left of `places` read as `reading` says; tell what came of it, in order.

        so_far: lines that were read of the file before, which the keeper took or others did.
        """


@dataclass(frozen=True, slots=True)
class IntakeOptions:
    """How the operator helps the reader along; every field may stay as it is."""

    sheet: str | None = None
    """Name of the worksheet to read, or a pattern such as 'Day *' that several fit and all are
    read; None: the one sheet that looks like claim lines."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Canonical field -> header in the file (`--map FIELD=COLUMN`)."""
    line_of_business: str | None = None
    """medicare, medicaid or commercial for every line that does not say so itself."""
    date_order: DateOrder | None = None
    """Of dates written with numbers alone (03/04/2024); None: what the file's dates show."""
    year_pivot: int | None = None
    """Two-digit years below it are 20xx, the others 19xx; None: such dates are not read."""
    layout: Layout | None = None
    """What the files must look like; None: their columns are recognised."""
    password: Callable[[str], str | None] | None = field(default=None, repr=False)
    """Asked with a file's name when a workbook is encrypted; None, or its answer: none is known."""
    payers: Mapping[str, str] = field(default_factory=dict)
    """Payer's name, or a pattern with *, -> medicare, medicaid or commercial, for every line whose
    file has no line of business of its own there."""
    keeper: Keeper | None = field(default=None, repr=False)
    """Takes the lines, of which Intake then holds none; None: Intake holds them."""
    readers: Readers | None = field(default=None, repr=False)
    """Read large files with a keeper's help; None: this process reads all."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """What was read from one file (or one sheet of a workbook)."""

    name: str
    """As in ClaimLines.source_file."""
    sha256: str
    encoding: str
    """utf-8, cp1252, utf-16 ..., or the format: xlsx, parquet, 837P ..."""
    delimiter: str
    """'' for what is no delimited text."""
    header_row: int
    """1-based row of the header in the file."""
    rows: int
    """Data rows below the header, blank lines and totals rows not counted."""
    lines_read: int
    """Claim lines those rows hold (a wide row holds several) = audited + set aside + rejected."""
    rejected: int
    set_aside: int
    mapping: Mapping[str, str]
    """Canonical field -> header it was read from (wide or several: joined by ', ')."""
    unused: tuple[str, ...]
    """Headers that no field was read from."""
    notes: tuple[str, ...]
    """Whole-file remarks in plain words: encoding fallback, totals row left out ..."""
    unneeded: tuple[str, ...] = ()
    """Those of `unused` whose names are known: another column served, or no rule needs them."""
    warnings: tuple[str, ...] = ()
    """Those of `notes` without which the result cannot be trusted: the summaries repeat them."""
    unread: tuple[str, ...] = ()
    """Those of `warnings` that tell of columns the layout leaves unread."""
    repaired: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(canonical field, what was done) -> how many values; Intake.repairs lists the first ones."""


@dataclass(frozen=True, slots=True)
class Intake:
    """All inputs of a run together."""

    lines: pl.DataFrame
    """schemas.ClaimLines; line_key counts 0.. over the whole batch. None where a keeper has all."""
    rejected: pl.DataFrame
    """schemas.RejectedRows."""
    set_aside: pl.DataFrame
    """schemas.SetAside: what intake itself sets aside (institutional lines)."""
    repairs: pl.DataFrame
    """schemas.Repairs."""
    files: tuple[FileRead, ...]
    fields_present: frozenset[str]
    """Canonical fields that at least one file has a column for."""
    notes: tuple[str, ...] = ()
    """Remarks on all files together, in plain words."""
