"""Splitting the text of a delimited file into records, without losing or bending one.

polars fills short rows with nulls without a word, so its reading is used only where counting
proves it right: no row too long (polars refuses those), and exactly the delimiters that full rows
need (see _whole). Everything else goes line by line: records that are plainly well
formed are read together, the odd ones alone by the csv module, and what does not have the
header's number of cells is handed back as ragged.
"""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

import polars as pl

from auditor.intake.source import Ragged

MOST_LINES = 64  # of one record; a longer one is an unclosed quote that swallowed its neighbours
_UNUSED = tuple(map(chr, (31, 30, 29, 28, 1, 2, 3, 4)))  # separators that no text contains


class Records(NamedTuple):
    """The rows below the header."""

    cells: pl.DataFrame
    rows: pl.Series
    ragged: tuple[Ragged, ...]
    next_row: int
    """Of the record that would follow."""


def split(data: bytes, *, skip: int, width: int, delimiter: str, first_row: int) -> Records:
    """Records of `data` (UTF-8, LF) after `skip` lines, numbered from `first_row`."""
    whole = _whole(data, skip, width, delimiter)
    if whole is not None:
        rows = pl.int_range(first_row, first_row + whole.height, dtype=pl.UInt32, eager=True)
        return Records(whole, rows, (), first_row + whole.height)
    return _by_lines(data, skip, width, delimiter, first_row)


def read(data: bytes, skip: int, width: int, delimiter: str, *, quoted: bool) -> pl.DataFrame:
    """All cells as text, empty ones null."""
    frame = pl.read_csv(
        data,
        has_header=False,
        schema={str(n): pl.String for n in range(width)},
        separator=delimiter,
        quote_char='"' if quoted else None,
        skip_lines=skip,
        truncate_ragged_lines=False,
    )
    if not quoted:
        return frame
    # A quoted empty cell comes as '', an empty one as null; both are empty.
    empty = frame.select((pl.all() == "").any()).row(0)
    return frame.with_columns(
        pl.when(pl.col(name) != "").then(pl.col(name)).alias(name)
        for name, has in zip(frame.columns, empty, strict=True)
        if has
    )


def _whole(data: bytes, skip: int, width: int, delimiter: str) -> pl.DataFrame | None:
    """The whole body in one reading, or None where that is not proven to be right.

    Every byte is part of a cell, a delimiter, a line end or a quote. Where the lengths of the
    cells that were read leave exactly the delimiters of full rows, no row is short (polars would
    have filled it), and no quote became part of a cell.
    """
    start = _after_lines(data, skip)
    if width == 1 or start >= len(data):
        return None
    quotes = data.count(b'"', start)
    try:
        frame = read(data, skip, width, delimiter, quoted=quotes > 0)
    except pl.exceptions.PolarsError:
        return None  # a row too long, a quote out of place
    held = sum(frame.select(pl.all().str.len_bytes().sum()).row(0))
    ends = frame.height - (not data.endswith(b"\n"))
    delimiters = len(data) - start - held - ends - quotes
    full = frame.height
    if delimiters != (width - 1) * full and data.count(b"\n", start) == ends:
        full -= _empty_lines(data, start)  # no cell has a line break, so these are rows
    return frame if delimiters == (width - 1) * full else None


def _empty_lines(data: bytes, start: int) -> int:
    """How many lines from `start` on hold nothing at all."""
    count, at = 0, data.find(b"\n\n", max(start - 1, 0))
    while at >= 0:
        count += 1
        at = data.find(b"\n\n", at + 1)
    return count


def _after_lines(data: bytes, skip: int) -> int:
    """Offset of the first byte after `skip` lines."""
    at = 0
    for _ in range(skip):
        end = data.find(b"\n", at)
        if end < 0:
            return len(data)
        at = end + 1
    return at


def lines_of(data: bytes, skip: int) -> pl.Series:
    """Every line after `skip` as text; a blank one is null."""
    mark = next((c for c in _UNUSED if c.encode() not in data), None)
    if mark is None:
        text = data[_after_lines(data, skip) :].decode().removesuffix("\n").split("\n")
        return pl.Series("0", text, dtype=pl.String)
    return read(data, skip, 1, mark, quoted=False).to_series()


def _regular(width: str, delimiter: str) -> str:
    """Pattern of a record whose quotes all open and close a cell, with `width` more cells."""
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"|[^"{mark}]*)'
    return rf"^{cell}(?:{mark}{cell}){width}$"


def _by_lines(data: bytes, skip: int, width: int, delimiter: str, first_row: int) -> Records:
    schema = {str(n): pl.String for n in range(width)}
    cells, rows = [pl.DataFrame(schema=schema)], [pl.Series(dtype=pl.UInt32)]
    if _after_lines(data, skip) >= len(data):
        return Records(cells[0], rows[0], (), first_row)
    lines = lines_of(data, skip)
    texts = _joined(lines, delimiter) if b'"' in data else lines.alias("text").to_frame()
    del lines
    next_row = first_row + texts.height
    text = pl.col("text")
    blank = text.is_null() | ~text.str.contains(r"\S")
    marked = texts.with_row_index("row", first_row).with_columns(
        blank=blank, good=~blank & text.str.contains(_regular(f"{{{width - 1}}}", delimiter))
    )
    del texts
    odd = marked.filter(~pl.col("good") & ~pl.col("blank")).select("row", "text")
    blanks = marked.filter("blank")["row"]
    plain = marked.filter("good").select("row", "text")
    del marked
    if plain.height:
        rows.append(plain["row"])
        joined = plain["text"].str.join("\n").item().encode()
        del plain
        cells.append(read(joined, 0, width, delimiter, quoted=b'"' in joined))
        if cells[-1].height != len(rows[-1]):
            message = f"{len(rows[-1])} well-formed records were read as {cells[-1].height} rows"
            raise RuntimeError(message)
    ragged: list[Ragged] = []
    mended: list[tuple[int, list[str]]] = []
    for row, record in odd.iter_rows():
        found = _cells(record, delimiter)
        if len(found) == width:
            mended.append((row, found))
        else:
            reason = f"the row has {len(found)} cells, the header {width}"
            ragged.append(Ragged(row, tuple(found), reason))
    rows.append(pl.Series([row for row, _ in mended], dtype=pl.UInt32))
    table = {str(n): [found[n] or None for _, found in mended] for n in range(width)}
    cells.append(pl.DataFrame(table, schema=schema))
    rows.append(blanks)  # kept as empty rows, so that all are counted in one place
    cells.append(pl.DataFrame({name: [None] * len(blanks) for name in schema}, schema=schema))
    numbers = pl.concat(rows)
    order = numbers.arg_sort()
    return Records(pl.concat(cells)[order], numbers[order], tuple(ragged), next_row)


def _joined(lines: pl.Series, delimiter: str) -> pl.DataFrame:
    """Column text, one a record: lines that a quoted line break cut are put together again.

    A line whose quotes so far are odd in number continues on the next. Where what comes together
    is not well formed (a stray or unclosed quote), its lines stand alone instead, so that one bad
    line costs no good one.
    """
    frame = lines.alias("text").to_frame()
    quotes = lines.str.count_matches('"', literal=True).fill_null(0)
    starts = (quotes.cum_sum() - quotes) % 2 == 0
    if starts.all():
        return frame
    frame = frame.with_columns(record=starts.cum_sum(), cut=~starts).with_row_index("place")
    sizes = frame.group_by("record").agg(n=pl.len(), cut=pl.col("cut").any()).filter("cut")
    short = sizes.filter(pl.col("n") <= MOST_LINES)["record"].implode()
    joined = (
        frame.filter(pl.col("record").is_in(short))
        .group_by("record")
        .agg(text=pl.col("text").fill_null("").str.join("\n"), place=pl.col("place").min())
        .filter(pl.col("text").str.contains(_regular("*", delimiter)))
    )
    rest = frame.filter(~pl.col("record").is_in(joined["record"].implode()))
    parts = [part.select("place", "text") for part in (rest, joined)]
    return pl.concat(parts).sort("place").select("text")


def _cells(text: str, delimiter: str) -> list[str]:
    """The cells of one odd record; a quote that never closes takes the rest of its line."""
    try:
        found = list(csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter))
    except csv.Error:  # a cell longer than the module takes, a stray carriage return
        return text.split(delimiter)
    return [cell for part in found for cell in part]
