"""Parquet files: typed columns, made the text that every other format hands over.

Nothing is lost on the way: decimals keep their digits, numbers get no exponent, a date-time keeps
the day that its own time zone shows. A column that is no column of cells (records within records,
bytes) is left out, and the file refused where its name is that of a field.
"""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import InputRejected
from auditor.intake import header as headers
from auditor.intake import names
from auditor.intake.header import HeaderRow, Record
from auditor.intake.source import Body
from auditor.intake.textfile import MOST_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.intake.content import Content
    from auditor.intake.source import Source

SIGNATURES = (b"PAR1", b"PARE")  # the second: even the description of the columns is encrypted
MOST_BYTES = 2 << 30  # of a packed file, which is held; a plain one may be of any size
_CELLS = 16_000_000  # of a block
_BLOCK = 1_000_000  # rows of a block
_FREE = 1_000_000  # rows that a file may have however small it is
_MOST_PER_BYTE = 64  # rows; the claim ids alone take more
_PIECE = 8 << 20
_DIGITS_KEPT = 1e15  # what is larger, a floating-point number does not hold to the last digit
_SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """One Parquet file; see Source. Rows are its records, the first of them 1."""

    name: str
    sha256: str
    notes: tuple[str, ...]
    header: HeaderRow
    content: Content
    kinds: tuple[tuple[str, pl.DataType], ...]
    """Column and type of what is read."""
    rows: int
    encoding: str = "parquet"
    delimiter: str = ""
    title: str = ""
    warnings: tuple[str, ...] = ()
    day_zero: None = None
    columns: None = None

    def head(self) -> list[Record]:
        """The names of the columns, which are no row."""
        return [self.header.record]

    def blocks(self, header: HeaderRow) -> Iterator[Body]:
        """Every record, a bounded number at a time."""
        size = max(min(_BLOCK, _CELLS // max(len(self.kinds), 1)), 1)
        for at in range(0, max(self.rows, 1), size):
            with _scanned(self.content) as frame:
                found = frame.select(name for name, _ in self.kinds).slice(at, size).collect()
            wanted = min(size, self.rows - at)
            if found.height != wanted:
                raise _damaged(self.name)
            bare = [c.name for c in found if c.dtype == pl.Binary and not _isas_text(c)]
            if bare:
                raise _no_cells(bare, self.name)
            cells = [as_text(column).alias(str(n)) for n, column in enumerate(found)]
            rows = pl.int_range(at + 1, at + 1 + found.height, dtype=pl.UInt32, eager=True)
            long = {n for n, column in enumerate(found) if _long(column)}
            yield Body(header.names, pl.DataFrame(cells), rows, numbers=frozenset(long))


def open_parquet(content: Content) -> Source:
    """The Parquet file in `content`.

    Raises InputRejected for one that is encrypted, damaged, cut short, of more rows than its bytes
    can hold, or whose claims lie in columns that are no cells.
    """
    name = content.name
    if content.start.startswith(b"PARE"):
        raise InputRejected(
            "The Parquet file is encrypted.",
            where=name,
            next_step="Write it without encryption, or export the claim lines as CSV.",
        )
    digest, size = hashlib.sha256(), 0
    with content.open() as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    with _scanned(content) as frame:
        schema = frame.collect_schema()
        rows = int(frame.select(pl.len()).collect().item())
        kept, left = _sorted_out(frame, schema)
    if rows > _FREE + _MOST_PER_BYTE * size or len(schema) > MOST_COLUMNS:
        raise InputRejected(
            f"The Parquet file says that it has {rows:,} rows and {len(schema):,} columns in"
            f" {size:,} bytes; no claim file is like that.",
            where=name,
            next_step="Write it again, one claim line a row, or export the claim lines as CSV.",
        )
    needed = [column for column in left if names.matches(column)]
    if needed:
        raise _no_cells(needed, name)
    notes = ["Row numbers of a Parquet file count its records from 1."]
    if left:
        quoted = ", ".join(f"'{column}'" for column in left)
        notes.append(f"Columns that hold no plain values were not read: {quoted}.")
    zoned = [
        column
        for column, kind in kept
        if isinstance(kind, pl.Datetime) and kind.time_zone is not None
    ]
    if zoned:
        quoted = ", ".join(f"'{column}'" for column in zoned)
        notes.append(f"The days of {quoted} are those of the time zone that the file names.")
    record = Record(0, tuple(column for column, _ in kept))
    header = HeaderRow(record, headers.score(record.cells))
    return ParquetFile(name, digest.hexdigest(), tuple(notes), header, content, tuple(kept), rows)


def _sorted_out(
    frame: pl.LazyFrame, schema: pl.Schema
) -> tuple[list[tuple[str, pl.DataType]], list[str]]:
    """(columns that can be text, with their types; those that cannot)."""
    kept, left = [], []
    raw = [name for name, kind in schema.items() if kind == pl.Binary]
    sample = frame.select(raw).head(_SAMPLE).collect() if raw else pl.DataFrame()
    for name, kind in schema.items():
        inner = kind.inner if isinstance(kind, pl.List | pl.Array) else kind
        readable = not inner.is_nested() and inner not in (pl.Binary, pl.Object, pl.Unknown)
        if kind == pl.Binary:  # how some programs write text
            readable = _isas_text(sample[name])
        if readable:
            kept.append((name, kind))
        else:
            left.append(name)
    return kept, left


def _isas_text(column: pl.Series) -> bool:
    """Whether bytes are text in UTF-8."""
    try:
        text = column.cast(pl.String)
    except pl.exceptions.ComputeError:
        return False
    return not text.str.contains(r"[\x00-\x08\x0e-\x1f]").any()


def as_text(column: pl.Series) -> pl.Series:
    """A column as text; null for an empty cell."""
    kind = column.dtype
    if isinstance(kind, pl.List | pl.Array):
        as_list = column.cast(pl.List(kind.inner))
        inner = as_text(as_list.explode(empty_as_null=False, keep_nulls=False))
        text = _rejoined(inner, as_list)
    elif kind.is_float():
        text = _decimal(column)
    elif isinstance(kind, pl.Datetime):
        local = column.dt.replace_time_zone(None)
        midnight = (local.dt.truncate("1d") == local).all()
        text = local.dt.date().cast(pl.String) if midnight else local.dt.to_string("%Y-%m-%d %T")
    else:
        text = column.cast(pl.String, strict=False)
    return pl.select(pl.when(text.str.strip_chars() != "").then(text)).to_series()


def _rejoined(inner: pl.Series, lists: pl.Series) -> pl.Series:
    """The texts of each list joined by a blank, gaps closed."""
    frame = pl.DataFrame({"n": lists.list.len().fill_null(0)}).with_row_index("row")
    owners = frame.select(pl.col("row").repeat_by("n")).to_series()
    owner = owners.list.explode(empty_as_null=False, keep_nulls=False)
    joined = (
        pl.DataFrame({"row": owner, "text": inner})
        .drop_nulls()
        .group_by("row", maintain_order=True)
        .agg(pl.col("text").str.join(" "))
    )
    return frame.join(joined, on="row", how="left", maintain_order="left")["text"]


def _decimal(column: pl.Series) -> pl.Series:
    """Floating-point numbers as a person writes them: no needless .0, no exponent."""
    finite = pl.select(pl.when(column.is_finite()).then(column)).to_series()
    whole = (finite == finite.round(0)) & (finite.abs() < _DIGITS_KEPT)
    integers = pl.select(pl.when(whole).then(finite)).to_series().cast(pl.Int64).cast(pl.String)
    text = pl.select(
        pl.when(whole).then(integers).otherwise(finite.cast(pl.String)).alias("text")
    ).to_series()
    long = text.str.contains("[eE]")
    if not long.any():
        return text
    written = text.filter(long).unique()
    plain = [f"{Decimal(number):f}" for number in written]
    return text.replace(written, pl.Series(plain, dtype=pl.String))


def _long(column: pl.Series) -> bool:
    """Whether numbers are so large that their last digits may be wrong."""
    if not column.dtype.is_float():
        return False
    return bool((column.abs() >= _DIGITS_KEPT).any())


@contextmanager
def _scanned(content: Content) -> Iterator[pl.LazyFrame]:
    """The file for polars; what it stumbles over becomes InputRejected."""
    source: object = content.path
    if content.held is not None or content.packing:
        source = io.BytesIO(content.read(MOST_BYTES, "a Parquet file"))
    try:
        yield pl.scan_parquet(source, glob=False, hive_partitioning=False)  # type: ignore[arg-type]  # a path or bytes
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError):
        raise _damaged(content.name) from None
    if content.held is None and not content.packing:
        with content.open():  # it says so where the file has changed
            pass


def _damaged(name: str) -> InputRejected:
    return InputRejected(
        "The Parquet file is damaged or cut short and cannot be read.",
        where=name,
        next_step="Copy it again from where it comes from; if it stays so, write it again.",
    )


def _no_cells(columns: Sequence[str], name: str) -> InputRejected:
    quoted = ", ".join(f"'{column}'" for column in columns)
    one = len(columns) == 1
    return InputRejected(
        f"{'Column' if one else 'Columns'} {quoted} {'holds' if one else 'hold'} records or bytes"
        " and no plain values.",
        where=name,
        next_step="Write a column for each value: text, number, date, or a list of texts.",
    )
