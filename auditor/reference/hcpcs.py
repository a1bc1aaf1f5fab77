"""HCPCS Level II codes and modifiers: the workbook of the alphanumeric file.

RECID 3 is a procedure, 7 a modifier (written behind three blanks), 4 and 8 the continued text of
the row above. A code ends on TERM DT; action code D alone ends nothing. Descriptors are not kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.layout import Header, Layout, absent, day, squeeze, text

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = {
    "code": "hcpc",
    "recid": "recid",
    "coverage": "cov",
    "effective": "adddt",
    "deletion": "termdt",
}
CONTINUED = ("4", "8")

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
)


def header(head: Sequence[Sequence[str]]) -> Header | None:
    """The header, if `head` is the beginning of the alphanumeric file."""
    for number_, record in enumerate(head):
        cells = [squeeze(cell) for cell in record]
        if cells[:1] != ["hcpc"] or not set(_NAMES.values()) <= set(cells):
            continue
        return Header("hcpcs", number_ + 1, {n: cells.index(cell) for n, cell in _NAMES.items()})
    return None
