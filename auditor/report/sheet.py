"""A sheet of the report: rows in, with their looks, and never a formula out of a text.

Everything goes through openpyxl's streaming writer, so that long sheets stay small in memory.
What openpyxl does not offer is added here: cells whose type is given and not guessed (a claim's
'=1+1' is a text) and whose style is looked up once a column, row heights at no cost, working
files in our own folder instead of the shared one, and Excel's `ignoredErrors`, which spares claim
ids the green triangle of "number stored as text". It rests on openpyxl 3.1; tests/report reads
every kind of cell back.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias
from xml.sax.saxutils import escape

from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.xml.functions import Element, SubElement, fromstring

from auditor.report.heights import height_of, heights_of, lines_of
from auditor.report.style import LOOKS
from auditor.report.text import cell_values, clean, day

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from openpyxl import Workbook

Value: TypeAlias = "str | int | float | None"
"""What a cell takes: a text, a number (dates are Excel's day numbers), or nothing."""

Span: TypeAlias = "tuple[int, int, Value | date, str]"
"""First and last column (1-based) of a cell, its value and its look."""

Row: TypeAlias = "tuple[Sequence[Value], Sequence[int]]"
"""Values and their styles."""

FOOTER = "Confidential: contains patient data, page &P of &N"
LETTER = 1
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: what it is called, how wide and in which look it stands."""

    header: str
    width: float
    look: str
    value: pl.Expr


@dataclass(frozen=True, slots=True)
class Book:
    """The workbook being made, its styles by name and the private folder it is made in."""

    workbook: Workbook
    styles: dict[str, int]
    room: Path


class Sheet:
    """One sheet of a book, written from top to bottom."""

    def __init__(
        self,
        book: Book,
        title: str,
        widths: Sequence[float],
        *,
        freeze: str = "",
    ) -> None:
        """Set what openpyxl takes only before the first row: widths, panes, fit to page."""
        self.book = book
        self.row = 0
        """Number of the row written last."""
        self.height = 0.0
        """Points of that row."""
        self.merged: list[str] = []
        """Ranges of merged cells, in order: openpyxl keeps a set, which has none."""
        self._widths = tuple(widths)
        ws = book.workbook.create_sheet(title)
        self.ws = ws
        for number, width in enumerate(widths, start=1):
            ws.column_dimensions[get_column_letter(number)].width = width
        ws.sheet_properties.pageSetUpPr.fitToPage = True
        ws.sheet_view.showGridLines = False
        if freeze:
            ws.freeze_panes = freeze
        ws.page_setup.orientation = "landscape"
        ws.page_setup.paperSize = LETTER
        ws.page_setup.fitToWidth = 1
        ws.page_setup.fitToHeight = 0
        ws.page_margins.left = ws.page_margins.right = 0.5
        ws.page_margins.top = 0.5
        ws.page_margins.bottom = 0.6
        ws.page_margins.header = ws.page_margins.footer = 0.3
        ws.oddFooter.left.text = FOOTER
        ws.oddFooter.right.text = "&A"
        self.letters = tuple(map(get_column_letter, range(1, len(widths) + 1)))
        # Our writer takes a row as it is, without openpyxl's guess at the type of each value.
        ws._values_to_row = lambda row, _: row  # noqa: SLF001 - see the module's docstring

    def add(
        self, values: Sequence[Value | date], looks: Sequence[str], *, height: float | None = None
    ) -> int:
        """Write one row; answers its number. None leaves a cell out, '' keeps its look.

        `height` is in points; None: as high as the texts need.
        """
        ready = [_ready(v) for v in values]
        if height is None:
            wrapped = [
                (text, width * (0.9 if LOOKS[look].bold else 1))
                for text, look, width in zip(ready, looks, self._widths, strict=False)
                if type(text) is str and LOOKS[look].wrap
            ]
            height = height_of(max((lines_of(*w) for w in wrapped), default=1))
        self._send(ready, [self.book.styles.get(look, 0) for look in looks], height)
        return self.row

    def skip(self, rows: int = 1) -> None:
        """Leave rows empty."""
        for _ in range(rows):
            self._send([], [], height_of(1))

    def paragraph(self, text: str, look: str, first: int, last: int) -> int:
        """A text across columns `first` to `last` (1-based), as high as it needs to be."""
        return self.spans((first, last, text, look))

    def spans(self, *spans: Span, height: float = 0) -> int:
        """A row of cells that may span columns; answers its number.

        Merged cells do not grow with their text in any program, so the height is reckoned here;
        it is at least `height` points.
        """
        row: list[Value | date] = [None] * len(self._widths)
        looks = [""] * len(self._widths)
        lines = 1
        for first, last, value, look in spans:
            row[first - 1 : last] = [value, *[""] * (last - first)]
            looks[first - 1 : last] = [look] * (last - first + 1)
            if last > first:
                left, right = self.letters[first - 1], self.letters[last - 1]
                self.merged.append(f"{left}{self.row + 1}:{right}{self.row + 1}")
            if isinstance(value, str) and LOOKS[look].wrap:
                lines = max(lines, lines_of(value, sum(self._widths[first - 1 : last])))
        return self.add(row, looks, height=max(height, height_of(lines)))

    def table(
        self,
        name: str,
        columns: Sequence[Column],
        frame: pl.DataFrame,
        *,
        look_by: dict[str, dict[str, str]] | None = None,
    ) -> str:
        """Write `frame` as an Excel table with a filter; answers its range.

        Its header repeats on every printed page. For `look_by` see `listing`.
        """
        first = self.listing(columns, frame, look_by=look_by)
        if frame.is_empty():
            self.skip()  # Excel repairs a file whose table has no row at all
        ref = f"A{first}:{get_column_letter(len(columns))}{self.row}"
        table = Table(displayName=name, ref=ref)
        table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
        table._initialise_columns()  # noqa: SLF001 - a streamed sheet cannot do it by itself
        for made, column in zip(table.tableColumns, columns, strict=True):
            made.name = column.header
        self.ws._tables.add(table)  # noqa: SLF001 - add_table() warns about every streamed sheet
        self.ws.print_title_rows = f"{first}:{first}"
        return ref

    def listing(
        self,
        columns: Sequence[Column],
        frame: pl.DataFrame,
        *,
        look_by: dict[str, dict[str, str]] | None = None,
    ) -> int:
        """Write a header and `frame` below it; answers the number of the header's row.

        `look_by` gives, for the column of that header, the look of each value.
        """
        heads = ["head number" if LOOKS[c.look].across == "right" else "head" for c in columns]
        first = self.add([c.header for c in columns], heads)
        usual = [self.book.styles[c.look] for c in columns]
        special = [
            (n, {v: self.book.styles[look] for v, look in (look_by or {})[c.header].items()})
            for n, c in enumerate(columns)
            if c.header in (look_by or {})
        ]
        wrapped = {c.header: c.width for c in columns if LOOKS[c.look].wrap}
        ready = frame.select(c.value.alias(c.header) for c in columns)
        for batch in ready.iter_slices(_BATCH):
            heights = heights_of(batch, wrapped)
            lists = [cell_values(c) for c in batch.get_columns()]
            # A blank cell carries its row's line.
            lists = [["" if v is None else v for v in values] for values in lists]
            looks = list(usual)
            for height, values in zip(heights, zip(*lists, strict=True), strict=True):
                for n, by_value in special:
                    looks[n] = by_value.get(values[n], usual[n])
                self._send(values, looks, height)
        return first

    def print_columns(self, last: str) -> None:
        """Print columns A to `last` only."""
        self.ws.print_area = f"A1:{last}{self.row}"

    def _send(self, values: Sequence[Value], styles: Sequence[int], height: float) -> None:
        if self.ws._writer is None:  # noqa: SLF001 - see the module's docstring
            self.ws._writer = _SheetWriter(self)  # noqa: SLF001 - as above
            self.ws._writer.write_top()  # noqa: SLF001 - as above
        self.row += 1
        self.height = height
        self.ws.append((values, styles))


def close(book: Book) -> None:
    """Close the streams of sheets that were begun and not saved, after a failure.

    Left to the garbage collector they complain on standard error.
    """
    for ws in book.workbook.worksheets:
        if ws._writer is not None and not ws.closed:  # noqa: SLF001 - see the module's docstring
            with suppress(OSError, SyntaxError):  # lxml's errors are SyntaxErrors
                ws.close()


def _ready(value: Value | date) -> Value:
    """A single value as a cell takes it."""
    if isinstance(value, str):
        return clean(value)
    return day(value) if isinstance(value, date) else value


class _Stream(Protocol):
    """lxml's stream, as far as it is used."""

    def write(self, element: object) -> None: ...


class _SheetWriter(WorksheetWriter):  # type: ignore[misc] # openpyxl is untyped
    """openpyxl's writer with its working file in our folder, and `ignoredErrors`."""

    def __init__(self, sheet: Sheet) -> None:
        ws = sheet.ws
        super().__init__(ws, out=str(sheet.book.room / f"sheet{ws.parent.index(ws)}.xml"))
        self.sheet = sheet

    def write_row(self, xf: _Stream, row: Row, row_idx: int) -> None:
        """One row with its height; a str is a text whatever it says, all else a number.

        A row parsed from a text is made in half the time of one built cell by cell.
        """
        parts = [f'<row r="{row_idx}" ht="{self.sheet.height:g}" customHeight="1">']
        for letter, value, style in zip(self.sheet.letters, *row, strict=False):
            if value is None:
                continue
            start = f'<c r="{letter}{row_idx}" s="{style}"'
            if type(value) is not str:
                parts.append(f"{start}><v>{value:.16g}</v></c>")
            elif value:
                text = f'<t xml:space="preserve">{escape(value)}</t>'
                parts.append(f'{start} t="inlineStr"><is>{text}</is></c>')
            else:
                parts.append(f"{start}/>")
        parts.append("</row>")
        xf.write(fromstring("".join(parts)))

    def write_merged_cells(self) -> None:
        """The merged cells in the order they were made."""
        if self.sheet.merged:
            merged = Element("mergeCells", count=str(len(self.sheet.merged)))
            for ref in self.sheet.merged:
                SubElement(merged, "mergeCell", ref=ref)
            self.xf.send(merged)

    def write_breaks(self) -> None:
        """The breaks and, because its place in the file is next, what Excel shall not mark."""
        super().write_breaks()
        ignored = Element("ignoredErrors")
        SubElement(ignored, "ignoredError", sqref="A1:AZ1048576", numberStoredAsText="1")
        self.xf.send(ignored)

    def cleanup(self) -> None:
        """Remove the working file, which openpyxl does not count among its own."""
        Path(self.out).unlink()
