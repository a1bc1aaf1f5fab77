"""Rows of a sheet as XML: long tables a column at a time, single rows cell by cell.

A report may have millions of cells, and a Python object for each is what makes workbooks slow. So
a table is turned into sheet XML by polars' string expressions, some thousand rows at a time, while
the file is being written; openpyxl makes everything around it (ECMA-376 part 1, 18.3.1). A text is
always an inline string, whatever it says: a claim's '=1+1' never becomes a formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from xml.sax.saxutils import escape, quoteattr

import polars as pl

from auditor.report.heights import heights
from auditor.report.text import DAY_ZERO, FIRST_DAY, LAST_DAY, LIMIT, UNFIT, cell_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Value: TypeAlias = "str | int | float | None"
"""What a single cell takes: a text, a number (dates are Excel's day numbers), or nothing."""

PIECE = 10_000
"""Rows rendered at a time: some tens of megabytes of text."""
MOST_LINKS = 65_530
"""Excel repairs, and so drops, the links of a sheet that has more."""
# Beside the columns of a piece, which are called by their numbers
_STYLE, _FIT, _BLANK, _UNFIT, _LONGEST, _FAR = (
    "style ", "fit ", "blank ", "unfit ", "longest ", "far "
)  # fmt: skip
_ROW = pl.col("row")
_TEXT_OPEN, _TEXT_CLOSE = '<is><t xml:space="preserve">', "</t></is></c>"


@dataclass(frozen=True, slots=True)
class Block:
    """A frame that stands in a sheet: what is in each column, and how each column looks."""

    frame: pl.DataFrame
    values: tuple[pl.Expr, ...]
    """One elementwise expression a column; blank where the answer is null or ''."""
    styles: tuple[int, ...]
    """The style of each column."""
    letters: tuple[str, ...]
    first: int
    """Number of its first row."""
    wrapped: Mapping[int, float]
    """Width of the columns (0-based) whose texts wrap: they make the row high."""
    special: Mapping[int, tuple[pl.Expr, Mapping[str, int]]]
    """Of the columns (0-based) whose cells differ in style: what it goes by, and which it is."""
    links: Mapping[int, pl.Expr]
    """Where the cells of a column (0-based) lead: a place in this workbook, or null."""


def row_xml(
    number: int,
    height: float,
    letters: Sequence[str],
    values: Sequence[Value],
    styles: Sequence[int],
) -> bytes:
    """One row; a str is a text whatever it says, all else a number, None leaves a cell out."""
    parts = [f'<row r="{number}" ht="{height:g}" customHeight="1">']
    for letter, value, style in zip(letters, values, styles, strict=False):
        if value is None:
            continue
        start = f'<c r="{letter}{number}" s="{style}"'
        if type(value) is not str:
            parts.append(f"{start}><v>{value:.16g}</v></c>")
        elif value:
            parts.append(f'{start} t="inlineStr">{_TEXT_OPEN}{escape(value)}{_TEXT_CLOSE}')
        else:
            parts.append(f"{start}/>")
    parts.append("</row>")
    return "".join(parts).encode()


def rows_of(block: Block) -> Iterator[bytes]:
    """The rows of `block`, a piece at a time."""
    for place in range(0, block.frame.height, PIECE):
        piece = block.frame.slice(place, PIECE).rechunk()
        yield _rows(block, piece, block.first + place)


def links_of(block: Block, most: int) -> tuple[bytes, int]:
    """The `hyperlink` elements of `block`, at most `most` of them, and how many they are."""
    found: list[pl.Series] = []
    for n, where in block.links.items():
        row = pl.int_range(block.first, block.first + block.frame.height, dtype=pl.UInt32)
        cells = block.frame.select(where.alias("to"), row.alias("row")).drop_nulls("to")
        cells = cells.head(max(0, most - sum(f.len() for f in found)))
        found.append(cells.select(_link(block.letters[n]).alias("xml"))["xml"])
    count = sum(f.len() for f in found)
    return "".join(f.str.join("").item() or "" for f in found).encode(), count


def link_xml(cell: str, where: str) -> bytes:
    """One link from `cell` to a place in this workbook."""
    return f"<hyperlink ref={quoteattr(cell)} location={quoteattr(where)}/>".encode()


def _link(letter: str) -> pl.Expr:
    to = pl.col("to").str.replace_many(["&", "<", '"'], ["&amp;", "&lt;", "&quot;"])
    return pl.format('<hyperlink ref="{}{}" location="{}"/>', pl.lit(letter), pl.col("row"), to)


def _rows(block: Block, piece: pl.DataFrame, first: int) -> bytes:
    # All columns together: a query of its own for each would cost more than most sheets hold.
    names = [str(n) for n in range(len(block.values))]
    ready = piece.select(v.alias(n) for v, n in zip(block.values, names, strict=True))
    # a style that is the same for the whole column is part of the text around the value
    styled = piece.select(
        _style(key, own, block.styles[n]).alias(_STYLE + names[n])
        for n, (key, own) in block.special.items()
    )
    kinds = ready.schema
    found = ready.select(fact for name in names for fact in _facts(name, kinds[name])).row(
        0, named=True
    )
    fit = [
        cell_texts(ready[name]).alias(_FIT + name)
        for name in names
        if found.get(_UNFIT + name) or found.get(_LONGEST + name, 0) > LIMIT
    ]
    cells = ready.hstack([*styled, *fit])
    bodies = cells.select(
        _body(name, kinds[name], str(usual), _case(name, cells.columns, found))
        for name, usual in zip(names, block.styles, strict=False)
    )
    high = {names[n]: width for n, width in block.wrapped.items()}
    parts: list[pl.Expr] = []
    for letter, name in zip(block.letters, names, strict=False):  # a listing may be narrower
        parts += [_lit(f'<c r="{letter}'), _ROW, pl.col(name)]
    row = pl.int_range(first, first + piece.height, dtype=pl.UInt32).cast(pl.String).alias("row")
    height = heights(ready, high).cast(pl.String).alias("height")
    made = bodies.with_columns(row, height)
    whole = pl.concat_str(
        _lit('<row r="'),
        _ROW,
        _lit('" ht="'),
        "height",
        _lit('" customHeight="1">'),
        *parts,
        _lit("</row>"),
    )
    text: str = made.select(whole.str.join("")).item()
    return text.encode()


def _style(key: pl.Expr, own: Mapping[str, int], usual: int) -> pl.Expr:
    """The style number of each value, as a text."""
    return key.replace_strict(
        {value: str(style) for value, style in own.items()},
        default=str(usual),
        return_dtype=pl.String,
    )


def _blank(name: str, kind: pl.DataType) -> pl.Expr:
    """Where a column has nothing to show."""
    value = pl.col(name)
    if kind == pl.String:
        return value.is_null() | (value == "")
    if kind.is_float():
        return value.is_null() | ~value.is_finite()  # Excel repairs a file with such a number
    return value.is_null()


# The columns of one sheet are written alike in every workbook, and most sheets have few rows: then
# to say what is wanted of them takes longer than to do it. So what was said is kept.
@cache
def _facts(name: str, kind: pl.DataType) -> tuple[pl.Expr, ...]:
    """What decides how a column is written."""
    blank = _blank(name, kind).any().alias(_BLANK + name)
    if kind == pl.String:
        return (
            blank,
            pl.col(name).str.contains(UNFIT).any().alias(_UNFIT + name),
            # Bytes are quicker counted than letters, and are never fewer than Excel's units.
            pl.col(name).str.len_bytes().max().fill_null(0).alias(_LONGEST + name),
        )
    if kind == pl.Date:
        in_reach = pl.col(name).is_between(FIRST_DAY, LAST_DAY)
        return blank, (~in_reach.all()).alias(_FAR + name)
    return (blank,)


class _Case(NamedTuple):
    """What there is of a column beside its values."""

    styled: bool
    """Styles of its own for its cells."""
    fitted: bool
    """Its texts made to fit."""
    far: bool
    """Dates that Excel cannot count."""
    blank: bool
    """Cells without a value."""


def _case(name: str, present: Sequence[str], found: Mapping[str, Any]) -> _Case:
    return _Case(
        _STYLE + name in present,
        _FIT + name in present,
        found.get(_FAR + name, False),
        found[_BLANK + name],
    )


@cache
def _body(name: str, kind: pl.DataType, usual: str, case: _Case) -> pl.Expr:
    """What follows a cell's letter and row: its style, its type and its value."""
    opened: list[pl.Expr] = [_lit(f'" s="{usual}"')]
    if case.styled:
        opened = [_lit('" s="'), pl.col(_STYLE + name), _lit('"')]
    value = pl.col(name)
    if kind == pl.String:
        fit = pl.col(_FIT + name) if case.fitted else value
        full = _text(opened, fit.str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"]))
    elif kind == pl.Date:
        full = _number(opened, (value - DAY_ZERO).dt.total_days().cast(pl.String))
        if case.far:
            iso = _text(opened, value.dt.to_string())
            full = pl.when(value.is_between(FIRST_DAY, LAST_DAY)).then(full).otherwise(iso)
    else:
        full = _number(opened, value.cast(pl.String))
    if case.blank:
        empty = pl.concat_str(*opened, _lit("/>"))
        full = pl.when(_blank(name, kind)).then(empty).otherwise(full)
    return full.alias(name)


def _text(opened: list[pl.Expr], value: pl.Expr) -> pl.Expr:
    return pl.concat_str(*opened, _lit(f' t="inlineStr">{_TEXT_OPEN}'), value, _lit(_TEXT_CLOSE))


def _number(opened: list[pl.Expr], value: pl.Expr) -> pl.Expr:
    return pl.concat_str(*opened, _lit("><v>"), value, _lit("</v></c>"))


@cache
def _lit(text: str) -> pl.Expr:
    """A piece of XML."""
    return pl.lit(text)
