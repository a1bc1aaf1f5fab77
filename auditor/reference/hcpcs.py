"""HCPCS Level II codes and modifiers: the workbook of the alphanumeric file.

RECID 3 is a procedure, 7 a modifier (written behind three blanks), 4 and 8 the continued text of
the row above. A code ends on TERM DT; action code D alone ends nothing. Descriptors and cross
references are kept apart from the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.layout import Header, Layout, absent, day, squeeze, text
from auditor.reference.words import LONG, SHORT, SUCCESSOR, gathered

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = {
    "code": "hcpc",
    "recid": "recid",
    "coverage": "cov",
    "effective": "adddt",
    "deletion": "termdt",
}
_WORDS = {
    "long": "longdescription",
    "short": "shortdescription",
    **{f"xref{number}": f"xref{number}" for number in range(1, 6)},
}
WORD_COLUMNS = frozenset(_WORDS)
CONTINUED = ("4", "8")
_CODES = r"^(?:[A-Z0-9]{5}|[A-Z][A-Z0-9])$"


def _words(raw: pl.DataFrame) -> pl.DataFrame:
    """Descriptors, their continued rows joined, and cross references that are codes."""
    continued = pl.col("recid").is_in(CONTINUED).fill_null(value=False)
    code = pl.when(~continued).then(text("code").str.to_uppercase()).forward_fill()
    rows = raw.lazy().with_columns(code=code)
    found = [
        rows.group_by("code", maintain_order=True)
        .agg(text=pl.col(name).fill_null("").str.strip_chars().str.join(" "))
        .with_columns(kind=pl.lit(kind))
        for name, kind in (("long", LONG), ("short", SHORT))
        if name in raw.columns
    ]
    found += [
        rows.select("code", kind=pl.lit(SUCCESSOR), text=text(name).str.to_uppercase()).filter(
            pl.col("text").str.contains(_CODES)
        )
        for name in raw.columns
        if name.startswith("xref")
    ]
    return gathered([each.filter(pl.col("code").str.contains(_CODES)) for each in found])


_PROCEDURE = text("recid") == "3"
LAYOUT = Layout(
    columns={
        "code": text("code").str.to_uppercase(),
        "kind": pl.when(_PROCEDURE).then(pl.lit("procedure")).otherwise(pl.lit("modifier")),
        "effective": day("effective"),
        "deletion": day("deletion"),
        "coverage": pl.when(~absent("coverage")).then(text("coverage")),
    },
    ok=pl.all_horizontal(
        (_PROCEDURE & text("code").str.contains(r"^[A-Z]\d{4}$"))
        | ((text("recid") == "7") & text("code").str.contains(r"^[A-Z0-9]{2}$")),
        absent("effective") | day("effective").is_not_null(),
        absent("deletion") | day("deletion").is_not_null(),
    ),
    unique=("kind", "code"),
    words=_words,
)


def header(head: Sequence[Sequence[str]]) -> Header | None:
    """The header, if `head` is the beginning of the alphanumeric file."""
    for number_, record in enumerate(head):
        cells = [squeeze(cell) for cell in record]
        if cells[:1] != ["hcpc"] or not set(_NAMES.values()) <= set(cells):
            continue
        names = _NAMES | {n: cell for n, cell in _WORDS.items() if cell in cells}
        return Header("hcpcs", number_ + 1, {n: cells.index(cell) for n, cell in names.items()})
    return None
