"""What the parsers of all kinds share: finding a header, and telling good rows from bad."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import polars as pl

from auditor.reference.names import Hints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Family = Literal["aoc", "ptp", "mue", "fee-schedule", "hcpcs"]

CODE = r"^[A-Z0-9]{5}$"
SHOWN_ROWS = 5


@dataclass(frozen=True, slots=True)
class Header:
    """Where the data of a table begins, and which column holds what."""

    family: Family
    first: int
    """Number of the first data record (0-based)."""
    columns: Mapping[str, int]
    """Raw name of the parser -> position of the column."""
    change: bool = False
    """A quarterly change file, not a whole table."""
    hints: Hints = field(default_factory=Hints)
    """What the titles and the header say: the service type, the release."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the raw text columns of one family become the columns of its table."""

    columns: Mapping[str, pl.Expr]
    ok: pl.Expr
    """True for a row that parses, over the raw columns."""
    unique: tuple[str, ...] = ()
    """Columns that name a row: the table may not hold two rows of one name."""
    words: Callable[[pl.DataFrame], pl.DataFrame] | None = None
    """The descriptors and successors in the raw columns (auditor.reference.words), where files of
    the family carry any."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A table's rows that parse, and how many do not."""

    frame: pl.DataFrame
    unparsed: int
    unparsed_rows: tuple[int, ...]
    """Their first few row numbers, 1-based in the file."""
    repeated: int = 0
    """Rows left out because the very same row stands in the file already."""
    words: pl.DataFrame | None = None
    """code, kind and text of auditor.reference.words; None where the family has none."""


def squeeze(text: str) -> str:
    """Lower case, letters and digits only: headers differ in blanks, dashes and line ends."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def parse(raw: pl.DataFrame, layout: Layout) -> Parsed:
    """The rows of `raw` (text columns, and `row`) under `layout`; blank rows do not count."""
    cells = [name for name in raw.columns if name != "row"]
    table = (
        raw.lazy()
        .filter(~pl.all_horizontal(pl.col(cells).is_null()))
        .select("row", layout.ok.fill_null(value=False).alias("ok"), **layout.columns)
        .collect()
    )
    bad = table.filter(~pl.col("ok"))["row"]
    frame = table if bad.is_empty() else table.filter(pl.col("ok"))
    # One order for all, so that the same rows are the same table whatever file they came in,
    # and rows of one code lie together for the reader.
    frame = frame.drop("row", "ok").sort(pl.all())
    rows = frame.height
    frame = frame.unique(maintain_order=True)
    shown = tuple(bad.head(SHOWN_ROWS).to_list())
    return Parsed(frame, bad.len(), shown, rows - frame.height)


def repeated_names(frame: pl.DataFrame, layout: Layout) -> list[str]:
    """Names (`99213`, `G0008 26`) that more than one row of the table has."""
    if not layout.unique:
        return []
    names = frame.select(pl.concat_str(layout.unique, separator=" ").str.strip_chars())
    repeated = names.to_series().filter(names.to_series().is_duplicated())
    return sorted(set(repeated.to_list()))


def text(name: str) -> pl.Expr:
    """A raw column without the blanks around it."""
    return pl.col(name).str.strip_chars()


def code(name: str) -> pl.Expr:
    """A raw column as a code: a number that a spreadsheet made of 00100 gets its zeros back."""
    value = text(name).str.to_uppercase()
    return pl.when(value.str.contains(r"^\d{3,4}$")).then(value.str.zfill(5)).otherwise(value)


def day(name: str) -> pl.Expr:
    """A raw YYYYMMDD column, or a date cell of a workbook, as a date; null where it is neither."""
    value = text(name)
    plain = pl.when(value.str.len_chars() == 8).then(value)  # noqa: PLR2004 - YYYYMMDD
    return pl.coalesce(
        plain.str.to_date("%Y%m%d", strict=False),
        value.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
    )


def julian(name: str) -> pl.Expr:
    """A raw YYYYDDD column, or a date cell of a workbook, as a date; null where it is neither."""
    value = text(name)
    plain = pl.when(value.str.len_chars() == 7).then(value)  # noqa: PLR2004 - YYYYDDD
    return pl.coalesce(
        plain.str.to_date("%Y%j", strict=False),
        value.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
    )


def absent(name: str) -> pl.Expr:
    """True where a raw column is empty."""
    return text(name).fill_null("") == ""


def number(name: str, dtype: type[pl.DataType]) -> pl.Expr:
    """A raw column of whole numbers; null for anything else."""
    return pl.when(text(name).str.contains(r"^\d+$")).then(text(name)).cast(dtype, strict=False)
