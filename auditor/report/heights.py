"""How high a row must be for its texts.

LibreOffice does not reckon the height of rows it did not write, and no program that of merged
cells, so it is reckoned here, for Calibri, a little high: a blank line is better than a lost one.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

LINE_POINTS = 13.0
"""Height of a line of 10-point text."""
PAD_POINTS = 4.0
HIGHEST = 400.0
"""Excel shows no row higher than 409 points; what is longer is in the cell all the same."""

# A column's width counts digits of 11 points. In 10 points a letter of running text, blanks
# included, takes 0.78 of that on average, and a capital, a digit or an underscore a quarter more.
_LETTER, _WIDE_MORE = 0.78, 0.25
_MARGIN = 2.0
"""Cell padding and indent."""
_FEW = 500
"""Rows up to which it is quicker to measure a text again than to look for its like."""


def height_of(lines: int) -> float:
    """Points of a row of so many lines."""
    return min(HIGHEST, lines * LINE_POINTS + PAD_POINTS)


def heights(frame: pl.DataFrame, widths: Mapping[str, float]) -> pl.Series:
    """Points of each row of `frame`, whose text columns in `widths` wrap at those widths."""
    if not widths:
        return pl.Series("points", [height_of(1)]).new_from_index(0, frame.height)
    if frame.height <= _FEW:
        lines = _of_few(frame.select(pl.col(*widths).fill_null("")), widths)
    else:
        lines = pl.DataFrame([_counted(frame[name], width) for name, width in widths.items()])
    return (lines.max_horizontal() * LINE_POINTS + PAD_POINTS).clip(upper_bound=HIGHEST)


def _of_few(texts: pl.DataFrame, widths: Mapping[str, float]) -> pl.DataFrame:
    """Lines of each text, all columns in one query."""
    broken = texts.select(pl.all().str.contains("\n", literal=True).any()).row(0, named=True)
    return texts.select(_of_one(name, width, broken[name]) for name, width in widths.items())


@cache  # few names and widths, those of our sheets; to say it takes longer than to measure
def _of_one(name: str, width: float, broken: bool) -> pl.Expr:  # noqa: FBT001 - private, of one caller
    if broken:
        return pl.col(name).str.split("\n").list.eval(_lines(pl.element(), width)).list.sum()
    return _lines(pl.col(name), width).alias(name)


def _counted(text: pl.Series, width: float) -> pl.Series:
    """Lines of each text; one that stands in many rows (a remedy, a citation) is measured once."""
    text = text.fill_null("")
    kinds = text.unique().rename("text").to_frame()
    return text.replace_strict(kinds["text"], _measured(kinds, width))


def _measured(texts: pl.DataFrame, width: float) -> pl.Series:
    """Lines of the column `text`: of each of its own lines, together."""
    if not texts["text"].str.contains("\n", literal=True).any():
        return texts.select(_lines(pl.col("text"), width)).to_series()
    split = texts.select(pl.int_range(pl.len()).alias("n"), pl.col("text").str.split("\n"))
    each = split.explode("text", empty_as_null=False)
    lines = _lines(pl.col("text"), width).sum().alias("lines")
    return each.group_by("n", maintain_order=True).agg(lines)["lines"]


# The report's own sentences stand alike in every part of a divided report.
@lru_cache(maxsize=4_096)
def lines_of(text: str, width: float) -> int:
    """Lines that one text takes in columns of `width`."""
    return int(_measured(pl.DataFrame({"text": [text]}), width).item())


def _lines(text: pl.Expr, width: float) -> pl.Expr:
    """Lines of a text that has no ends of line: its length over a line's room less half a word."""
    length = text.str.len_chars()
    units = length * _LETTER + text.str.count_matches("[A-Z0-9_]") * _WIDE_MORE
    word = length / (text.str.count_matches(" ") + 1)
    room = max(1.0, width - _MARGIN)
    # A word that is longer than a line is broken and leaves no room.
    lost = pl.when(word * _LETTER <= room).then(pl.min_horizontal(word / 2, room / 3)).otherwise(0)
    broken = (units / (room - lost)).ceil()
    return pl.when(units <= room).then(1.0).otherwise(broken)
