"""Splitting the text of a delimited file into records, without losing or bending one.

polars fills short rows with nulls without a word, so its reading is used only where counting
proves it right: no row too long (polars refuses those), and exactly the delimiters that full rows
need (see _whole). Everything else goes line by line: records that are plainly well
formed are read together, the odd ones alone by the csv module, and what does not have the
header's number of cells is handed back as ragged.
"""

from __future__ import annotations

import csv
import re
from typing import NamedTuple

import polars as pl

from auditor.intake.source import Ragged

_MOST_LINES = 64  # of one record; a longer one is an unclosed quote that swallowed its neighbours
_UNUSED = tuple(map(chr, (31, 30, 29, 28, 1, 2, 3, 4)))  # separators that no text contains


class Records(NamedTuple):
    """The rows below the header."""

    cells: pl.DataFrame
    rows: pl.Series
    ragged: tuple[Ragged, ...]


def split(data: bytes, *, skip: int, width: int, delimiter: str, first_row: int) -> Records:
    """Records of `data` (UTF-8, LF) after `skip` lines, numbered from `first_row`."""
    whole = _whole(data, skip, width, delimiter)
    if whole is not None:
        rows = pl.int_range(first_row, first_row + whole.height, dtype=pl.UInt32, eager=True)
        return Records(whole, rows, ())
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
    return frame if delimiters == (width - 1) * frame.height else None


def _after_lines(data: bytes, skip: int) -> int:
    """Offset of the first byte after `skip` lines."""
    at = 0
    for _ in range(skip):
        end = data.find(b"\n", at)
        if end < 0:
            return len(data)
        at = end + 1
    return at


def _lines(data: bytes, skip: int) -> pl.Series:
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
    if _after_lines(data, skip) >= len(data):
        empty = pl.DataFrame(schema={str(n): pl.String for n in range(width)})
        return Records(empty, pl.Series(dtype=pl.UInt32), ())
    records = _joined(_lines(data, skip), delimiter).with_row_index("row", first_row)
    good = pl.col("text").str.contains(_regular(f"{{{width - 1}}}", delimiter))
    blank = pl.col("text").str.strip_chars().fill_null("") == ""
    marked = records.with_columns(good=good & ~blank, blank=blank)
    plain = marked.filter("good")
    cells = [pl.DataFrame(schema={str(n): pl.String for n in range(width)})]
    rows = [pl.Series(dtype=pl.UInt32)]
    if plain.height:
        text = plain["text"].str.join("\n").item()
        cells.append(read(text.encode(), 0, width, delimiter, quoted='"' in text))
        rows.append(plain["row"])
        if cells[-1].height != plain.height:
            message = f"{plain.height} well-formed records were read as {cells[-1].height} rows"
            raise RuntimeError(message)
    odd = marked.filter(~pl.col("good") & ~pl.col("blank")).select("row", "text")
    ragged: list[Ragged] = []
    mended: list[tuple[int, list[str]]] = []
    for row, text in odd.iter_rows():
        found = _cells(text, delimiter)
        if len(found) == width:
            mended.append((row, found))
        else:
            reason = f"the row has {len(found)} cells, the header {width}"
            ragged.append(Ragged(row, tuple(found), reason))
    if mended:
        table = {str(n): [cells[n] or None for _, cells in mended] for n in range(width)}
        cells.append(pl.DataFrame(table, schema={str(n): pl.String for n in range(width)}))
        rows.append(pl.Series([row for row, _ in mended], dtype=pl.UInt32))
    blanks = marked.filter("blank")["row"]
    if len(blanks):  # kept as empty rows, so that all are counted in one place
        cells.append(
            pl.DataFrame(
                {str(n): [None] * len(blanks) for n in range(width)},
                schema={str(n): pl.String for n in range(width)},
            )
        )
        rows.append(blanks)
    numbers = pl.concat(rows)
    order = numbers.arg_sort()
    return Records(pl.concat(cells)[order], numbers[order], tuple(ragged))


def _joined(lines: pl.Series, delimiter: str) -> pl.DataFrame:
    """One text a record: lines that a quoted line break cut are put together again.

    A line whose quotes so far are odd in number continues on the next. Where what comes together
    is not well formed (a stray or unclosed quote), its lines stand alone instead, so that one bad
    line costs no good one.
    """
    frame = lines.alias("text").to_frame()
    quotes = frame["text"].str.count_matches('"', literal=True).fill_null(0)
    if not quotes.sum():
        return frame
    before = quotes.cum_sum() - quotes
    frame = frame.with_columns(record=(before % 2 == 0).cum_sum())
    size = frame.group_by("record", maintain_order=True).agg(
        text=pl.col("text").fill_null("").str.join("\n"), lines=pl.len()
    )
    whole = pl.col("text").str.contains(_regular("*", delimiter)) & (pl.col("lines") <= _MOST_LINES)
    if size["lines"].max() == 1:
        return frame.select("text")
    size = size.with_columns(whole=whole | (pl.col("lines") == 1))
    kept = size.filter("whole").select("record", "text", place=pl.lit(0, pl.UInt32))
    torn = size.filter(~pl.col("whole")).select("record")
    apart = (
        frame.with_row_index("place")
        .join(torn, on="record", how="semi")
        .select("record", "text", "place")
    )
    return pl.concat([kept, apart]).sort("record", "place").select("text")


def _cells(text: str, delimiter: str) -> list[str]:
    """The cells of one odd record; a quote that never closes takes the rest of its line."""
    try:
        found = list(csv.reader(text.split("\n"), delimiter=delimiter))
    except csv.Error:  # a cell longer than the module takes, a stray carriage return
        return text.split(delimiter)
    return [cell for part in found for cell in part]
