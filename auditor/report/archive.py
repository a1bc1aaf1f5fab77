"""The file itself: what openpyxl writes, with the cells that it left out, byte-equal for one run.

openpyxl makes each part of the workbook. Passing through here, a sheet gets its rows, merged
cells, links and `ignoredErrors` (which spare claim ids the green triangle of "number stored as
text"), a chart its description, and every member of the zip a time that tells nothing. It rests on
openpyxl 3.1; tests/report reads every kind of cell back and holds every part against ECMA-376.
"""

from __future__ import annotations

import re
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any, cast
from xml.sax.saxutils import quoteattr
from zipfile import ZIP64_LIMIT, ZIP_DEFLATED, ZipFile

from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.dimensions import SheetDimension
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.functions import Element, SubElement

from auditor.report.grid import MOST_LINKS, PIECE, Block, link_xml, links_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path
    from zipfile import ZipInfo

    from auditor.report.sheet import Book, Sheet

_UNIX = 3
_MANY_CELLS = 5_000_000
"""More may take over 2 GiB, which a zip must know before."""
_PLAIN_ZIP = 20
"""Version 2.0 of zip, as a number: the one without the fields of large files."""
_PADDING = struct.pack("<HHHH12x", 0xA220, 16, 0xA028, 0)
"""As long as the field of a large file; all readers pass it over (ECMA-376 part 2, annex C)."""
_CALC = CalcProperties(calcId=191029, fullCalcOnLoad=False)
"""Of Excel 2019: after an older one Excel asks at closing whether to save what nobody changed."""
_LEVEL = 4
"""Of zlib: half the time of its usual 6, for a twentieth more of the file."""
_ROWS = b"<sheetData/>"
_LINKS = b"<hyperlinks/>"
_NAMED = re.compile(r'name="Chart (\d+)"')
_LABEL_FORMAT = re.compile(r'numFmt formatCode="[^"]*"(?! sourceLinked)')


def save(book: Book, path: Path | IO[bytes], *, as_of: date) -> None:
    """Write `book` to `path` or into an open file, dated `as_of`."""
    midnight = datetime(as_of.year, as_of.month, as_of.day)  # noqa: DTZ001 - Excel's times have no zone
    book.workbook.properties.created = book.workbook.properties.modified = midnight
    book.workbook.calculation = _CALC
    _begin(book)
    with Archive(path) as archive:
        # ExcelWriter and not workbook.save(), which would set `modified` to the present.
        _Writer(book, archive).save()


def _begin(book: Book) -> None:
    """Open on the first sheet, each with the cursor in the first cell that scrolls."""
    for number, sheet in enumerate(book.sheets):
        view = sheet.ws.sheet_view
        view.tabSelected = number == 0
        if view.pane is not None:
            cursor = view.selection[-1]
            cursor.activeCell = cursor.sqref = view.pane.topLeftCell


class Archive(ZipFile):
    """A zip whose members carry no time, system or user of their own."""

    def __init__(self, path: Path | IO[bytes]) -> None:
        """Begin a file at `path`, or in an open one."""
        super().__init__(path, "w", ZIP_DEFLATED, compresslevel=_LEVEL)
        self.charts: list[str] = []
        """What the charts of the drawing that comes next show, in words."""

    def writestr(  # type: ignore[override] # openpyxl gives names and texts only
        self, name: str, data: str | bytes, *_: object
    ) -> None:
        """Add a member from memory."""
        if name.startswith("xl/drawings/drawing"):
            data = _NAMED.sub(self._described, _text(data))
        elif name.startswith("xl/charts/"):
            # Without it LibreOffice takes the number format of the cells instead.
            data = _LABEL_FORMAT.sub(r'\g<0> sourceLinked="0"', _text(data))
        with self.member(name) as out:
            out.write(data.encode() if isinstance(data, str) else data)

    @contextmanager
    def member(self, name: str, *, large: bool = False) -> Iterator[IO[bytes]]:
        """A member to write; `large` where it may have more than 2 GiB."""
        # A member opened by its name alone is of 1980; the system is the other thing it tells.
        with self.open(name, "w", force_zip64=large) as out:
            yield out
        made = self.getinfo(name)
        made.create_system = _UNIX
        if large and max(made.file_size, made.compress_size) <= ZIP64_LIMIT:
            self._not_large(made)

    def _not_large(self, made: ZipInfo) -> None:
        """Write the head of a member again that did not become large after all.

        Excel offers to repair some workbooks whose members have the fields of large files
        (XlsxWriter issue 656), so there are none where they are not needed.
        """
        made.extract_version = made.create_version = _PLAIN_ZIP
        made.extra = _PADDING
        file = cast("IO[bytes]", self.fp)
        end = file.tell()
        file.seek(made.header_offset)
        file.write(made.FileHeader(zip64=False))
        file.seek(end)
        made.extra = b""  # the directory at the end has room enough

    def _described(self, found: re.Match[str]) -> str:
        return f"{found[0]} descr={quoteattr(self.charts[int(found[1]) - 1])}"


class _Writer(ExcelWriter):  # type: ignore[misc] # openpyxl is untyped
    """openpyxl's writer, with sheets of ours."""

    def __init__(self, book: Book, archive: Archive) -> None:
        super().__init__(book.workbook, archive)
        self.book = book

    def write_worksheet(self, ws: Any) -> None:  # noqa: ANN401 - openpyxl is untyped
        """One sheet: openpyxl's parts from a small file, the cells as they are made."""
        sheet = next(s for s in self.book.sheets if s.ws is ws)
        ws._drawing = SpreadsheetDrawing()  # noqa: SLF001 - as openpyxl's own method does
        ws._drawing.charts = ws._charts  # noqa: SLF001 - as above
        frame = self.book.room / "sheet.xml"
        writer = _SheetWriter(sheet, str(frame))
        writer.write()
        ws._rels = writer._rels  # noqa: SLF001 - as above
        head, rest = frame.read_bytes().split(_ROWS)
        before, links, after = rest.partition(_LINKS)
        self._archive.charts = sheet.charts
        large = sheet.row * len(sheet.letters) > _MANY_CELLS
        with self._archive.member(ws.path[1:], large=large) as out:
            out.write(head + b"<sheetData>")
            for piece in _ahead(_rows(sheet)) if sheet.row > PIECE else _rows(sheet):
                out.write(piece)
            out.write(b"</sheetData>" + before)
            if links:
                out.write(b"<hyperlinks>" + _links(sheet) + b"</hyperlinks>")
            out.write(after)
        frame.unlink()
        self.manifest.append(ws)


class _SheetWriter(WorksheetWriter):  # type: ignore[misc] # openpyxl is untyped
    """openpyxl's writer of a sheet, which leaves room for what it does not write."""

    def __init__(self, sheet: Sheet, out: str) -> None:
        super().__init__(sheet.ws, out=out)
        self.sheet = sheet

    def write_dimensions(self) -> None:
        """The range of the cells, of which openpyxl knows none."""
        self.xf.send(SheetDimension(self.sheet.extent).to_tree())

    def write_rows(self) -> None:
        """Leave their place."""
        self.xf.send(Element("sheetData"))

    def write_merged_cells(self) -> None:
        """The merged cells in the order they were made."""
        if self.sheet.merged:
            merged = Element("mergeCells", count=str(len(self.sheet.merged)))
            for ref in self.sheet.merged:
                SubElement(merged, "mergeCell", ref=ref)
            self.xf.send(merged)

    def write_hyperlinks(self) -> None:
        """Leave their place."""
        if links_count(self.sheet):
            self.xf.send(Element("hyperlinks"))

    def write_breaks(self) -> None:
        """The breaks and, because its place in the file is next, what Excel shall not mark."""
        super().write_breaks()
        ignored = Element("ignoredErrors")
        SubElement(ignored, "ignoredError", sqref="A1:AZ1048576", numberStoredAsText="1")
        self.xf.send(ignored)


def links_count(sheet: Sheet) -> int:
    """Links that the sheet asks for; Excel takes no more than MOST_LINKS."""
    asked = len(sheet.links)
    for part in sheet.parts:
        if isinstance(part, Block):
            for where in part.links.values():
                asked += part.frame.select(where.is_not_null().sum()).item()
    return asked


def _rows(sheet: Sheet) -> Iterator[bytes]:
    # Rows that stand ready go together: a piece for each would cost more than it holds.
    for ready, parts in groupby(sheet.parts, lambda part: isinstance(part, bytes)):
        if ready:
            yield b"".join(part for part in parts if isinstance(part, bytes))
        else:
            for part in parts:
                if isinstance(part, Block):
                    yield from rows_of(part)


def _links(sheet: Sheet) -> bytes:
    made = [link_xml(*link) for link in sheet.links]
    room = MOST_LINKS - len(made)
    for part in sheet.parts:
        if isinstance(part, Block) and part.links:
            xml, count = links_of(part, room)
            made.append(xml)
            room -= count
    return b"".join(made)


def _ahead(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; the next one is made while the last is compressed: both leave the GIL."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = pool.submit(next, pieces, None)
            yield piece


def _text(data: str | bytes) -> str:
    return data.decode() if isinstance(data, bytes) else data
