"""Tables as grids of text: worksheets, delimited text and fixed-width text.

Nothing is inferred: every cell is text, so that 00100 keeps its zeros and an indicator 9 its form.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import fastexcel
import polars as pl

from auditor.errors import ReferenceDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from auditor.reference.containers import Member

HEAD_RECORDS = 40
"""Where a header must stand; the fee schedule's is in record 10."""
_HEAD_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Grid:
    """A rectangle of text whose first records are at hand and whose rest is read when asked."""

    title: str
    """Sheet name; '' for text."""
    head: list[list[str]]
    """The first records, cells stripped, '' for an empty one."""
    read: Callable[[int], tuple[pl.DataFrame, int]]
    """From the record of that number (0-based) on: columns c0, c1 ... and `row`, the 1-based
    line or row in the file; and the lines that no record came of (a stray quotation mark)."""


def sheets(member: Member) -> list[Grid]:
    """Every worksheet of a workbook that holds a cell; ReferenceDataError for a damaged one."""
    grids = []
    try:
        book = fastexcel.read_excel(member.data)
        for name in book.sheet_names:
            frame = book.load_sheet(name, header_row=None, dtypes="string").to_polars()
            if frame.height:
                grids.append(_sheet(name, frame))
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError) as error:
        what = f"the workbook could not be read ({type(error).__name__})."
        raise ReferenceDataError(
            what, where=member.shown, next_step="Download it from CMS again."
        ) from None
    return grids


def _sheet(name: str, frame: pl.DataFrame) -> Grid:
    frame = frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns)})
    # An empty cell and a cell of '' are one thing to us.
    frame = frame.with_columns(pl.all().replace("", None)).with_row_index("row", offset=1)
    head = [[(cell or "").strip() for cell in row[1:]] for row in frame.head(HEAD_RECORDS).rows()]

    def read(record: int) -> tuple[pl.DataFrame, int]:
        return frame.slice(record), 0

    return Grid(name, head, read)


def delimited(data: bytes, separator: str) -> Grid:
    """Text of `separator`; quotation marks may hold line ends, as in the CMS notices."""
    sample = data[:_HEAD_BYTES].decode("latin-1")
    lines = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
    head: list[list[str]] = []
    ends = [0]
    try:
        for record in lines:
            head.append([cell.strip() for cell in record])
            ends.append(lines.line_num)
            if len(head) == HEAD_RECORDS:
                break
    except csv.Error:  # a field of more than the reader's limit: not a table
        head = []

    def read(record: int) -> tuple[pl.DataFrame, int]:
        width = max(len(cells) for cells in head)
        return _records(_after_lines(data, ends[record]), separator, width, ends[record])

    return Grid("", head, read)


def fixed(data: bytes, layout: Mapping[str, tuple[int, int]], skip: int = 0) -> pl.DataFrame:
    """Fixed-width lines: `layout` is name -> (first, last) position, 1-based; and `row`."""
    lines = data.decode("latin-1").split("\n")[skip:]  # splitlines would split at NEL too
    frame = pl.DataFrame({"line": lines}, schema={"line": pl.String})
    columns = [
        pl.col("line").str.slice(first - 1, last - first + 1).str.strip_chars().alias(name)
        for name, (first, last) in layout.items()
    ]
    frame = frame.with_row_index("row", offset=skip + 1)
    frame = frame.filter(pl.col("line").str.strip_chars() != "")
    return frame.select("row", *columns).with_columns(pl.col(list(layout)).replace("", None))


def _after_lines(data: bytes, lines: int) -> bytes:
    position = 0
    for _ in range(lines):
        position = data.find(b"\n", position) + 1
        if position == 0:
            return b""
    return data[position:]


def _records(data: bytes, separator: str, width: int, offset: int) -> tuple[pl.DataFrame, int]:
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            data = data.decode("latin-1").encode()
    data = data.rstrip(b"\r\n\x1a")  # the end-of-file mark of old DOS programs, and blank lines
    schema = {f"c{i}": pl.String for i in range(width)}
    if not data:
        return pl.DataFrame(schema={"row": pl.UInt32, **schema}), 0
    quoted = b'"' in data
    try:
        frame = _parse(data, separator, schema, offset, quote='"' if quoted else None)
    except pl.exceptions.ComputeError:
        # A mark that is never closed. Read without quoting, its own line alone goes wrong.
        frame = _parse(data, separator, schema, offset, quote=None)
    return frame, max(data.count(b"\n") + 1 - frame.height, 0)


def _parse(
    data: bytes, separator: str, schema: dict[str, type[pl.String]], offset: int, quote: str | None
) -> pl.DataFrame:
    return pl.read_csv(
        data,
        separator=separator,
        has_header=False,
        schema=schema | {"beyond": pl.String},
        missing_columns="insert",
        extra_columns="ignore",
        quote_char=quote,
        row_index_name="row",
        row_index_offset=offset + 1,
    )
