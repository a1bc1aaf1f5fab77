"""NCCI procedure-to-procedure edits: practitioner and hospital, text and workbook.

Seven columns; the header stands in one row or is wrapped over four. A deletion of `*` is in
force. Rows of indicator 9 (never in force: effective = deletion) are kept, so that a copy of the
table is whole; the audit leaves them out. [NCCI policy manual, ch. I.E]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.layout import CODE, Header, Layout, absent, code, day, number, squeeze, text
from auditor.reference.names import Hints

if TYPE_CHECKING:
    from collections.abc import Sequence

_STARTS = {
    "column1": "column1",
    "column2": "column2",
    "effective": "effective",
    "deletion": "deletion",
    "modifier": "modifier",
    "rationale": "ptpeditrationale",
}

LAYOUT = Layout(
    columns={
        "column1": code("column1"),
        "column2": code("column2"),
        "effective": day("effective"),
        "deletion": day("deletion"),
        "modifier_indicator": number("modifier", pl.UInt8),
        "rationale": text("rationale"),
    },
    ok=(
        code("column1").str.contains(CODE)
        & code("column2").str.contains(CODE)
        & day("effective").is_not_null()
        & (day("deletion").is_not_null() | (text("deletion") == "*"))
        & text("modifier").is_in(["0", "1", "9"])
    ),
)

CHANGES = Layout(
    columns={
        "column1": code("column1"),
        "column2": code("column2"),
        "modifier_indicator": number("modifier", pl.UInt8),
    },
    ok=(
        code("column1").str.contains(CODE)
        & code("column2").str.contains(CODE)
        & (text("modifier").is_in(["0", "1", "9"]) | absent("modifier"))
    ),
)


def header(head: Sequence[Sequence[str]]) -> Header | None:
    """The header, if `head` is the beginning of a PTP table or of a PTP change file."""
    for number_, record in enumerate(head):
        cells = [squeeze(cell) for cell in record]
        if cells[:2] != ["column1", "column2"]:
            continue
        columns = {
            name: position
            for name, start in _STARTS.items()
            for position, cell in reversed(list(enumerate(cells)))
            if cell.startswith(start)
        }
        if "modifier" not in columns:
            return None
        first = number_ + 1
        # The wrapped rest of the header has nothing, or words, where a code would stand.
        while first < len(head) and not any(map(str.isdigit, "".join(head[first][:1]))):
            first += 1
        change = "effective" not in columns
        # Medicaid's table has no column for edits older than 1996.
        medicaid = not change and not any("inexistence" in cell or "1996" in cell for cell in cells)
        return Header("ptp", first, columns, change, Hints(medicaid=True if medicaid else None))
    return None
