"""Workbooks of this room: cells that are what they are given as, and files that are reproducible.

A worksheet has a few hundred rows, so openpyxl's ordinary mode serves; looks follow the report's.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.writer.excel import ExcelWriter

from auditor.report import place
from auditor.report.style import DATE, GREY, INK, LINE, MONEY, NAVY
from auditor.report.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from openpyxl.cell import Cell
    from openpyxl.styles.cell_style import StyleArray
    from openpyxl.worksheet.worksheet import Worksheet

FOOTER = "Confidential: contains patient data, page &P of &N"
_ASKED_FILL = "FFF7DB"
_LETTERS_A_WIDTH = 1.15
"""Letters of running text in 10 points that a unit of column width holds."""
_THIN = Side(style="thin", color=LINE)
_BORDER = Border(bottom=_THIN)
_BOX = Border(bottom=_THIN, left=_THIN, right=_THIN, top=_THIN)
_FORMATS = {"money": MONEY, "date": DATE, "count": "#,##0"}
_RIGHT = frozenset({"money", "count", "number"})
# Claim numbers and codes stand as texts: no green triangles about that (ECMA-376-1, 18.3.1.51).
_IGNORED = (
    b'<ignoredErrors><ignoredError sqref="A1:AZ1048576" numberStoredAsText="1"/></ignoredErrors>'
)
_AFTER = (b"<drawing", b"<legacyDrawing", b"<tableParts", b"<extLst", b"</worksheet>")
"""What may follow `ignoredErrors` in a sheet."""
_ZIP_DAY_ONE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Look:
    """What a cell looks like."""

    kind: str = "text"
    """text, wrapped, number, count, money, date, code."""
    head: bool = False
    title: bool = False
    soft: bool = False
    asked: bool = False
    """To be filled in: a box, pale yellow; the header says so in words."""


class Pen:
    """Writes the cells of one workbook, looking each look up once."""

    def __init__(self) -> None:
        """A pen for one workbook: its styles are that workbook's."""
        self._styles: dict[tuple[Look, bool], StyleArray] = {}

    def put(self, sheet: Worksheet, row: int, column: int, value: object, look: Look) -> None:
        """Write one cell. A str is a text whatever it says, never a formula."""
        cell = sheet.cell(row, column)
        text = isinstance(value, str)
        cell.value = clean(value) if isinstance(value, str) else value
        if text:
            cell.data_type = "s"
        key = (look, text)
        if key not in self._styles:
            _dress(cell, look, text=text)
            self._styles[key] = cell._style  # noqa: SLF001 - openpyxl looks a style up anew for every cell
        cell._style = copy(self._styles[key])  # noqa: SLF001 - as above


def _dress(cell: Cell, look: Look, *, text: bool) -> None:
    ink = "FFFFFF" if look.head else NAVY if look.title else GREY if look.soft else INK
    cell.font = Font(
        name="Calibri", size=16 if look.title else 10, bold=look.head or look.title, color=ink
    )
    if look.head or look.asked:
        cell.fill = PatternFill("solid", fgColor=NAVY if look.head else _ASKED_FILL)
    if not look.title:
        cell.border = _BOX if look.asked else _BORDER
    cell.alignment = Alignment(
        horizontal="right" if look.kind in _RIGHT else "left",
        vertical="center" if look.head else "top",
        wrap_text=look.head or look.kind == "wrapped",
        indent=0 if look.title else 1,
    )
    cell.number_format = "General" if look.head else _FORMATS.get(look.kind, "General")
    cell.quotePrefix = text and not (look.head or look.title)
    if look.asked:
        cell.protection = Protection(locked=False)


def lines_high(text: str, width: float) -> int:
    """Lines that a text takes in a column, a little high."""
    room = max(1.0, (width - 2) * _LETTERS_A_WIDTH)
    return sum(max(1, math.ceil(len(part) / room)) for part in text.split("\n"))


def page(sheet: Worksheet, widths: list[float], *, titles: str = "") -> None:
    """Column widths, one page wide, the footer, and the header on every page."""
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[sheet.cell(1, number).column_letter].width = width
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 1
    sheet.page_setup.fitToWidth = 1
    sheet.page_setup.fitToHeight = 0
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top = sheet.page_margins.bottom = 0.6
    sheet.page_margins.header = sheet.page_margins.footer = 0.3
    sheet.oddFooter.left.text = FOOTER
    sheet.oddFooter.right.text = "&A"
    if titles:
        sheet.print_title_rows = titles


def new_book(title: str, subject: str, version: str) -> Workbook:
    """An empty workbook with its properties."""
    book = Workbook()
    book.remove(book.active)
    book.properties.title = title
    book.properties.subject = subject
    book.properties.creator = book.properties.lastModifiedBy = f"auditor {version}"
    book.properties.language = "en-US"
    return book


def save_new(book: Workbook, path: Path, as_of: date) -> Path:
    """Save to `path`, or the next free name where that is taken; answers the one used.

    The same book gives the same bytes. Raises ReportError where the place cannot be written.
    """

    def make(made: Path) -> None:
        # openpyxl's writer and not book.save(), which would set `modified` to the present
        midnight = datetime(as_of.year, as_of.month, as_of.day)  # noqa: DTZ001 - Excel's times have no zone
        book.properties.created = book.properties.modified = midnight
        raw = made.with_name("raw.xlsx")
        with ZipFile(raw, "w", ZIP_DEFLATED) as archive:
            ExcelWriter(book, archive).save()
        _finish(raw, made)

    return place_made(path, make)


def place_made(path: Path, make: Callable[[Path], None]) -> Path:
    """Let `make` write a file and put it at `path` or the next free name; answers the one used."""
    with place.workroom(path) as room:
        made = room / f"made{path.suffix}"
        make(made)
        while True:
            target, _ = place.next_free(path)
            try:
                place.place_new(made, target)
            except FileExistsError:  # somebody was quicker
                continue
            return target


def _finish(raw: Path, made: Path) -> None:
    """Copy the archive without its times, telling each sheet what Excel shall not mark."""
    with ZipFile(raw) as source, ZipFile(made, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                at = min(data.find(mark) for mark in _AFTER if mark in data)
                data = data[:at] + _IGNORED + data[at:]
            member = ZipInfo(name, _ZIP_DAY_ONE)
            member.compress_type = ZIP_DEFLATED
            member.external_attr = 0o600 << 16
            target.writestr(member, data)
