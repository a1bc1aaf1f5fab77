"""A sheet of the report: rows in from top to bottom, with their looks, tables and links.

openpyxl keeps everything about a sheet but its cells: widths, panes, tables, validations,
conditional formats, charts, print setup. The cells are kept here, single rows ready and long
tables as frames, and become XML when the file is written (auditor.report.archive).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table, TableStyleInfo

from auditor.report.grid import Block, Value, row_xml
from auditor.report.heights import height_of, lines_of
from auditor.report.style import LOOKS
from auditor.report.text import clean, day, printed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl
    from openpyxl import Workbook

Span: TypeAlias = "tuple[int, int, Value | date, str]"
"""First and last column (1-based) of a cell, its value and its look."""

FOOTER = "Confidential: contains PHI (patient data)"
LETTER = 1
LAST_ROW = 1_048_576
"""Rows of a sheet in Excel."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: what it is called, how wide and in which look it stands."""

    header: str
    width: float
    look: str
    value: pl.Expr
    looks: Mapping[str, str] = field(default_factory=dict)
    """Values that have a look of their own."""
    by: pl.Expr | None = None
    """What is looked up in `looks`, a text; None: the value itself."""
    link: pl.Expr | None = None
    """Where its cells lead: a place in this workbook ('Sheet'!A1), or null."""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """The workbook being made, its styles by name and the private folder it is made in."""

    workbook: Workbook
    styles: dict[str, int]
    room: Path
    about: str
    """What the header of every printed page says."""
    footer: str = FOOTER
    sheets: list[Sheet] = field(default_factory=list)


class Sheet:
    """One sheet of a book, written from top to bottom."""

    def __init__(  # noqa: PLR0913 - what a sheet is like, by name where it is unusual
        self,
        book: Book,
        title: str,
        widths: Sequence[float],
        *,
        freeze: str = "",
        protected: bool = True,
        upright: bool = False,
    ) -> None:
        """Begin a sheet; `protected` (without a password) where nothing is to be typed."""
        self.book = book
        self.row = 0
        """Number of the row written last."""
        self.merged: list[str] = []
        """Ranges of merged cells, in order: openpyxl keeps a set, which has none."""
        self.parts: list[bytes | Block] = []
        """Rows ready, and tables to be rendered, in order."""
        self.links: list[tuple[str, str]] = []
        """Single cells that lead somewhere, and where."""
        self.charts: list[str] = []
        """What each chart shows, in words."""
        self.widths = tuple(widths)
        ws = book.workbook.create_sheet(title)
        self.ws = ws
        book.sheets.append(self)
        self.letters: tuple[str, ...] = tuple(map(get_column_letter, range(1, len(widths) + 1)))
        for letter, width in zip(self.letters, widths, strict=True):
            ws.column_dimensions[letter].width = width
        ws.sheet_view.showGridLines = False
        if freeze:
            ws.freeze_panes = freeze
        if protected:
            _protect(ws)
        ws.sheet_properties.pageSetUpPr.fitToPage = True
        ws.page_setup.orientation = "portrait" if upright else "landscape"
        ws.page_setup.paperSize = LETTER
        ws.page_setup.fitToWidth = 1
        ws.page_setup.fitToHeight = 0
        ws.page_margins.left = ws.page_margins.right = 0.5
        ws.page_margins.top = 0.7
        ws.page_margins.bottom = 0.6
        ws.page_margins.header = ws.page_margins.footer = 0.3
        ws.oddHeader.left.text = printed(book.about)
        ws.oddHeader.right.text = "&A"
        ws.oddFooter.left.text = book.footer
        ws.oddFooter.right.text = "Page &P of &N"

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
                for text, look, width in zip(ready, looks, self.widths, strict=False)
                if type(text) is str and LOOKS[look].wrap
            ]
            height = height_of(max((lines_of(*w) for w in wrapped), default=1))
        self.row += 1
        styles = [self.book.styles.get(look, 0) for look in looks]
        self.parts.append(row_xml(self.row, height, self.letters, ready, styles))
        return self.row

    def skip(self, rows: int = 1) -> None:
        """Leave rows empty."""
        for _ in range(rows):
            self.add([], [], height=height_of(1))

    def paragraph(self, text: str, look: str, first: int, last: int) -> int:
        """A text across columns `first` to `last` (1-based), as high as it needs to be."""
        return self.spans((first, last, text, look))

    def spans(self, *spans: Span, height: float = 0) -> int:
        """A row of cells that may span columns; answers its number.

        Merged cells do not grow with their text in any program, so the height is reckoned here;
        it is at least `height` points.
        """
        row: list[Value | date] = [None] * len(self.widths)
        looks = [""] * len(self.widths)
        lines = 1
        for first, last, value, look in spans:
            row[first - 1 : last] = [value, *[""] * (last - first)]
            looks[first - 1 : last] = [look] * (last - first + 1)
            if last > first:
                left, right = self.letters[first - 1], self.letters[last - 1]
                self.merged.append(f"{left}{self.row + 1}:{right}{self.row + 1}")
            if isinstance(value, str) and LOOKS[look].wrap:
                bold = 0.9 if LOOKS[look].bold else 1
                width = sum(self.widths[first - 1 : last]) * bold * 10 / LOOKS[look].size
                lines = max(lines, lines_of(value, width))
        return self.add(row, looks, height=max(height, height_of(lines)))

    def section(self, title: str, last: int) -> int:
        """A blank row and a title across columns B to `last` (1-based)."""
        self.skip()
        return self.spans((2, last, title, "section"), height=20)

    def header(self, first: int, names: Sequence[str], numbers: Sequence[int]) -> int:
        """A header row from column `first` (1-based) on; `numbers` are columns of figures."""
        places = range(first, first + len(names))
        looks = ["head number" if n in numbers else "head" for n in places]
        before = [None] * (first - 1)
        return self.add([*before, *names], [*[""] * (first - 1), *looks])

    def link(self, column: int, where: str) -> None:
        """Make the cell in `column` (1-based) of the row written last lead to `where`."""
        self.links.append((f"{self.letters[column - 1]}{self.row}", where))

    def chart(self, chart: object, told: str) -> None:
        """Put in a chart whose place is set; `told` says in words what it shows."""
        self.ws.add_chart(chart)
        self.charts.append(clean(told))

    def table(self, name: str, columns: Sequence[Column], frame: pl.DataFrame) -> str:
        """Write `frame` as an Excel table with a filter; answers its range.

        Its header repeats on every printed page.
        """
        first = self.listing(columns, frame)
        if frame.is_empty():
            self.skip()  # Excel repairs a file whose table has no row at all
        ref = f"A{first}:{self.letters[len(columns) - 1]}{self.row}"
        table = Table(displayName=name, ref=ref)
        table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
        table._initialise_columns()  # noqa: SLF001 - else openpyxl looks for cells that it has not
        for made, column in zip(table.tableColumns, columns, strict=True):
            made.name = column.header
        self.ws.add_table(table)
        self.ws.print_title_rows = f"{first}:{first}"
        return ref

    def listing(self, columns: Sequence[Column], frame: pl.DataFrame) -> int:
        """Write a header and `frame` below it; answers the number of the header's row."""
        heads = ["head number" if LOOKS[c.look].across == "right" else "head" for c in columns]
        first = self.add([c.header for c in columns], heads)
        styles = self.book.styles
        for letter, column in zip(self.letters, columns, strict=False):
            if column.hidden:
                self.ws.column_dimensions[letter].hidden = True
        self.parts.append(
            Block(
                frame,
                tuple(c.value for c in columns),
                tuple(styles[c.look] for c in columns),
                self.letters,
                first + 1,
                {n: c.width for n, c in enumerate(columns) if LOOKS[c.look].wrap},
                {
                    n: (
                        c.value if c.by is None else c.by,
                        {value: styles[look] for value, look in c.looks.items()},
                    )
                    for n, c in enumerate(columns)
                    if c.looks
                },
                {n: c.link for n, c in enumerate(columns) if c.link is not None},
            )
        )
        self.row += frame.height
        return first

    def print_columns(self, last: str) -> None:
        """Print columns A to `last` only."""
        self.ws.print_area = f"A1:{last}{self.row}"

    @property
    def extent(self) -> str:
        """The range of its cells."""
        return f"A1:{self.letters[-1]}{max(1, self.row)}"


def place_of(title: str, cell: str = "A1") -> str:
    """A place in this workbook as links name it."""
    return f"'{title}'!{cell}"


def _protect(ws: object) -> None:
    """Against slips, not against people: no password; reading, filtering, resizing stay free."""
    protection = ws.protection  # type: ignore[attr-defined] # openpyxl is untyped
    protection.sheet = True
    protection.autoFilter = protection.sort = False  # False: not forbidden
    protection.formatColumns = protection.formatRows = False


def _ready(value: Value | date) -> Value:
    """A single value as a cell takes it."""
    if isinstance(value, str):
        return clean(value)
    return day(value) if isinstance(value, date) else value
