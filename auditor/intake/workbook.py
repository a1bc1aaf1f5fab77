"""Excel workbooks (.xlsx): guards, the choice of the sheet, its rows as text.

Read through fastexcel as a raw grid of text: with its defaults a column of numbers that turns
into text after a thousand rows loses the text without a word.
"""

from __future__ import annotations

import hashlib
import io
import logging
import zipfile
import zlib
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import fastexcel
import polars as pl
from lxml import etree  # type: ignore[import-untyped]  # it ships no type hints

from auditor.errors import ConfigError, InputRejected
from auditor.intake import header as headers
from auditor.intake.header import HeaderRow, Record
from auditor.intake.source import Body

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from auditor.intake.content import Content
    from auditor.intake.interface import IntakeOptions
    from auditor.intake.source import Source

# Its warnings may name what stands in a cell; without a handler Python would print them.
logging.getLogger("calamine").addHandler(logging.NullHandler())

MOST_BYTES = 2 << 30  # unpacked; the largest honest sheet, 1,048,576 rows of 20 cells, has 0.7 GB
MOST_MEMBERS = 10_000
_SAVE = "Open it in Excel and save it again as a workbook (.xlsx)."


@dataclass(frozen=True, slots=True)
class Sheet:
    """One worksheet; see Source. Rows are those that a spreadsheet program shows."""

    name: str
    sha256: str
    notes: tuple[str, ...]
    grid: pl.DataFrame
    """From row 1 on, so that a row's place is its number; all String, columns '0', '1' ..."""
    reader: fastexcel.ExcelReader
    title: str
    encoding: str = "xlsx"
    delimiter: str = ""
    day_zero: date | None = date(1899, 12, 30)
    header: None = None
    columns: None = None

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
        long = cells.select(pl.all().str.contains(r"^-?\d{16,}$").any()).row(0)
        suspects = [n for n, found in enumerate(long) if found]
        if not suspects:
            return frozenset()
        sheet = self.reader.load_sheet(
            self.title,
            header_row=None,
            skip_rows=first,
            use_columns=suspects,
            schema_sample_rows=None,
        )
        kinds = {column.index: column.dtype for column in sheet.selected_columns}
        return frozenset(n for n in suspects if kinds.get(n) in ("int", "float"))


def open_workbook(
    content: Content, options: IntakeOptions, fits: Callable[[Source], bool]
) -> Sequence[Source]:
    """The sheet of a workbook that holds claim lines.

    `sheet` names it; else it is the only visible sheet, or the one visible sheet of which `fits`
    says that its header has every required field. Raises InputRejected for a workbook that is
    damaged or protected, or whose sheets leave the choice open; ConfigError for a sheet that is
    not there.
    """
    name, sheet = content.name, options.sheet
    raw = content.read(MOST_BYTES, "a workbook")
    if raw.startswith(b"\xd0\xcf\x11\xe0"):  # OLE: .xls, or encrypted
        raise locked(name)
    states = _states(raw, name)
    digest = hashlib.sha256(raw).hexdigest()
    try:
        reader = fastexcel.read_excel(raw)
        titles = list(reader.sheet_names)
    except fastexcel.FastExcelError as error:
        raise _damaged(name, error) from None
    seen = [title for title in titles if states.get(title, "visible") == "visible"]

    def load(title: str, *notes: str) -> Sheet:
        full = f"{name} [{title}]"
        try:
            grid = reader.load_sheet(title, header_row=None, skip_rows=0, dtypes="string")
            cells = grid.to_polars()
        except fastexcel.FastExcelError as error:
            raise _damaged(full, error) from None
        cells = cells.rename({old: str(n) for n, old in enumerate(cells.columns)})
        return Sheet(full, digest, notes, cells, reader, title)

    if sheet is not None:
        return [load(_named(sheet, titles, name))]
    if not seen:
        raise InputRejected(
            "Every sheet of the workbook is hidden.",
            where=name,
            next_step=f"Name the sheet with --sheet: {_quoted(titles)}.",
        )
    left = [title for title in titles if title not in seen]
    notes = (f"Hidden sheets were not read: {_quoted(left)}.",) if left else ()
    if len(seen) == 1 and not left:
        return [load(seen[0])]
    fitting = [loaded for loaded in map(load, seen) if fits(loaded)]
    if len(fitting) != 1:
        found = _quoted([loaded.title for loaded in fitting])
        raise InputRejected(
            f"{len(fitting)} sheets look like claim lines: {found}."
            if fitting
            else f"None of the sheets {_quoted(seen)} has a header with every required field."
            + (f" Hidden ones were not looked at: {_quoted(left)}." if left else ""),
            where=name,
            next_step="Name the sheet to read with --sheet NAME.",
        )
    others = [title for title in seen if title != fitting[0].title]
    also = (f"Other sheets were not read: {_quoted(others)}.",) if others else ()
    return [replace(fitting[0], notes=(*also, *notes))]


def _named(sheet: str, titles: list[str], where: str) -> str:
    """The title that the operator means: as written, else whatever the case."""
    folded = sheet.strip().casefold()
    wanted = [t for t in titles if t == sheet] or [
        t for t in titles if t.strip().casefold() == folded
    ]
    if len(wanted) == 1:
        return wanted[0]
    raise ConfigError(
        f"There is no sheet '{sheet}'.",
        where=where,
        next_step=f"Its sheets are: {_quoted(titles)}.",
    )


def _quoted(titles: Collection[str]) -> str:
    return ", ".join(f"'{title}'" for title in titles)


def _states(raw: bytes, name: str) -> dict[str, str]:
    """Title -> visible, hidden or veryHidden, read from the archive before anything is unpacked.

    Refuses what is not a workbook, or unpacks to more than a workbook can honestly hold.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_BYTES:
                raise InputRejected(
                    f"The workbook unpacks to more than {MOST_BYTES >> 30} GiB or has more than"
                    f" {MOST_MEMBERS:,} parts; it was not opened.",
                    where=name,
                    next_step="Split it, or export the claim lines as CSV.",
                )
            book = [m for m in members if m.filename.lower() == "xl/workbook.xml"]
            if not book:
                raise InputRejected(
                    "The file is a zip archive, but not an Excel workbook (.xlsx).",
                    where=name,
                    next_step="Unpack it and name the claim file in it, or save it as CSV.",
                )
            root = etree.fromstring(archive.read(book[0]), _parser())
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        NotImplementedError,
        OSError,
        EOFError,
        RuntimeError,
        etree.XMLSyntaxError,
    ) as error:
        raise _damaged(name, error) from None
    return {
        str(node.get("name")): str(node.get("state", "visible")) for node in root.iter("{*}sheet")
    }


def _parser() -> etree.XMLParser:
    """A parser that fetches nothing and expands nothing."""
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)


def _damaged(name: str, error: Exception) -> InputRejected:
    if "password" in str(error).lower():
        return locked(name)
    return InputRejected(
        "The workbook is damaged or cut short and cannot be opened.", where=name, next_step=_SAVE
    )


def locked(name: str) -> InputRejected:
    """The error for a workbook with a password."""
    return InputRejected(
        "The workbook is protected by a password.",
        where=name,
        next_step="Save a copy without the password, or export the sheet as CSV.",
    )
