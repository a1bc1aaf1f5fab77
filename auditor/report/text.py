"""Values made fit for a cell: what Excel cannot hold is taken out or cut where one can see it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import polars as pl

LIMIT = 32_767
"""Characters a cell holds; Excel counts those beyond U+FFFF, such as emoji, twice."""
CUT = " [cut here: the text is longer than a cell holds; the findings file has all of it]"

# XML knows no control characters but tab and line feed, and not U+FFFE and U+FFFF; a carriage
# return shows as _x000D_ in Excel.
_FORBIDDEN = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F\x{FFFE}\x{FFFF}]"
# Excel reads _x0041_ in a text as the character A (ECMA-376 part 1, 22.9.2.19): keep it as told.
_ESCAPE_LIKE = r"_(x[0-9A-Fa-f]{4}_)"
_FORBIDDEN_RE = re.compile(_FORBIDDEN.replace(r"\x{FFFE}\x{FFFF}", "\ufffe\uffff"))
_ESCAPE_LIKE_RE = re.compile(_ESCAPE_LIKE)

_DAY_ZERO = date(1899, 12, 30)
_FIRST_DAY = date(1900, 3, 1)
"""Excel believes in 29 February 1900, so its day numbers are right from March on."""


def clean(text: str) -> str:
    """One text without what a cell cannot hold, cut visibly where it is too long."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _shorten(_ESCAPE_LIKE_RE.sub(r"_x005F_\1", _FORBIDDEN_RE.sub("", lines)))


def cell_values(column: pl.Series) -> list[Any]:
    """A column as Excel-ready values: str, int, float or None.

    Dates become Excel's day numbers (an ISO text before March 1900, which Excel cannot number);
    decimals become floats, since a cell holds no other number; texts are cleaned and cut.
    """
    if column.dtype == pl.String:
        cleaned = (
            column.str.replace_all(r"\r\n?", "\n")
            .str.replace_all(_FORBIDDEN, "")
            .str.replace_all(_ESCAPE_LIKE, "_x005F_$1")
        )
        values = cleaned.to_list()
        if int(cleaned.str.len_chars().max() or 0) > LIMIT // 2:  # type: ignore[arg-type]
            values = [None if v is None else _shorten(v) for v in values]
        return values
    if column.dtype == pl.Date:
        return [_day(v) for v in column.to_list()]
    if column.dtype.is_decimal():
        return column.cast(pl.Float64).to_list()
    return column.to_list()


def day(value: date) -> int | str:
    """Excel's number of a day; an ISO text where Excel has none."""
    return (value - _DAY_ZERO).days if value >= _FIRST_DAY else value.isoformat()


def _day(value: date | None) -> int | str | None:
    return None if value is None else day(value)


def _width(text: str) -> int:
    """Length as Excel counts it, in UTF-16 units."""
    return len(text) + sum(c > "\uffff" for c in text)


def _shorten(text: str) -> str:
    if _width(text) <= LIMIT:
        return text
    room = LIMIT - len(CUT)
    kept = text[:room]
    while _width(kept) > room:
        kept = kept[: -max(1, (_width(kept) - room) // 2)]
    return kept + CUT
