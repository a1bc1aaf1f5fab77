"""Values made fit for a cell: what Excel cannot hold is taken out or cut where one can see it."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

LIMIT = 32_767
"""Characters a cell holds; Excel counts those beyond U+FFFF, such as emoji, twice."""
CUT = " [cut here: the text is longer than a cell holds; the findings file has all of it]"

# XML knows no control characters but tab and line feed, and not U+FFFE and U+FFFF; a carriage
# return shows as _x000D_ in Excel.
_FORBIDDEN = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F\x{FFFE}\x{FFFF}]"
# Excel reads _x0041_ in a text as the character A (ECMA-376 part 1, 22.9.2.19): keep it as told.
# The underscore at its end may begin another one, so it is left out and all that begin so are kept.
_ESCAPE_LIKE = r"_(x[0-9A-Fa-f]{4})"
UNFIT = f"{_FORBIDDEN}|\\r|{_ESCAPE_LIKE}"
"""A text with any of this is not written as it stands."""
_FORBIDDEN_RE = re.compile(_FORBIDDEN.replace(r"\x{FFFE}\x{FFFF}", "\ufffe\uffff"))
_ESCAPE_LIKE_RE = re.compile(_ESCAPE_LIKE)

DAY_ZERO = date(1899, 12, 30)
FIRST_DAY = date(1900, 3, 1)
"""Excel believes in 29 February 1900, so its day numbers are right from March on."""
LAST_DAY = date(9999, 12, 31)
"""Excel knows no later one."""
_PRINTED = 120
"""Characters of a text of ours in a page's header, which holds 255 with its codes."""


def clean(text: str) -> str:
    """One text without what a cell cannot hold, cut visibly where it is too long."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _shorten(_ESCAPE_LIKE_RE.sub(r"_x005F_\1", _FORBIDDEN_RE.sub("", lines)))


def cell_texts(column: pl.Series) -> pl.Series:
    """A column of texts without what a cell cannot hold, cut visibly where one is too long."""
    if column.str.contains(UNFIT).any():
        column = (
            column.str.replace_all(r"\r\n?", "\n")
            .str.replace_all(_FORBIDDEN, "")
            .str.replace_all(_ESCAPE_LIKE, "_x005F_$1")
        )
    # Bytes are quicker counted than letters, and are never fewer than Excel's units.
    if int(column.str.len_bytes().max() or 0) > LIMIT:  # type: ignore[arg-type]
        long = column.str.len_bytes() > LIMIT
        shortened = [_shorten(text) for text in column.filter(long)]
        column = column.scatter(long.arg_true(), shortened)
    return column


def day(value: date) -> int | str:
    """Excel's number of a day; an ISO text where Excel has none."""
    return (value - DAY_ZERO).days if value >= FIRST_DAY else value.isoformat()


def printed(text: str) -> str:
    """A text as the header of a page takes it, where & begins a code; cut where it is too long."""
    line = " ".join(_FORBIDDEN_RE.sub("", text).split())
    return line[:_PRINTED].replace("&", "&&")


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
