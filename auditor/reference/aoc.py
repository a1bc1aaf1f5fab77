"""Add-on code edits: fixed-width text without a header, and workbook.

Dates are YYYYDDD. A row ends on the earliest of three dates: its own deletion, the add-on's and
the primary's. Neighbouring date fields of the text touch, so it is cut by position.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.layout import (
    CODE,
    Header,
    Layout,
    absent,
    code,
    julian,
    number,
    squeeze,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

FIXED = {
    "type": (1, 1),
    "addon": (2, 6),
    "addon_deletion": (7, 13),
    "primary": (14, 18),
    "primary_deletion": (19, 25),
    "effective": (26, 32),
    "deletion": (33, 39),
    "note": (40, 295),
}
_LINE = re.compile(
    rb"[123][A-Z0-9]{5}(?:\d{7}| {7})[A-Z0-9]{5}(?:\d{7}| {7})\d{7}(?:\d{7}| {7}|\r?\n)"
)

# Some quarters write AOC_DelDT_Julian and the like, so only the beginning is compared.
_STARTS = {
    "type": "aocedittype",
    "addon": "addoncode",
    "addon_deletion": "aocdeldt",
    "primary": "primarycode",
    "primary_deletion": "primarycodedeldt",
    "effective": "aocediteffdt",
    "deletion": "aoceditdeldt",
    "note": "specialinstruction",
}
_ENDS = ("addon_deletion", "primary_deletion", "deletion")

LAYOUT = Layout(
    columns={
        "addon": code("addon"),
        "primary": code("primary"),
        "edit_type": number("type", pl.UInt8),
        "effective": julian("effective"),
        "deletion": pl.min_horizontal(*map(julian, _ENDS)),
        "edit_deletion": julian("deletion"),
        "note": pl.when(~absent("note")).then(text("note")),
    },
    ok=pl.all_horizontal(
        code("addon").str.contains(CODE),
        code("primary").str.contains(CODE),
        text("type").is_in(["1", "2", "3"]),
        julian("effective").is_not_null(),
        *(absent(name) | julian(name).is_not_null() for name in _ENDS),
    ),
)


def is_fixed(data: bytes) -> bool:
    """True for the beginning of the fixed-width text."""
    return _LINE.match(data) is not None


def header(head: Sequence[Sequence[str]]) -> Header | None:
    """The header, if `head` is the beginning of an add-on workbook (or of a CSV made of one)."""
    for number_, record in enumerate(head):
        cells = [squeeze(cell) for cell in record]
        if cells[:2] != ["aocedittype", "addoncode"]:
            continue
        columns = {}
        for name, start in _STARTS.items():
            found = [i for i, cell in enumerate(cells) if cell.startswith(start)]
            if found:  # primarycode begins primarycodedeldt too: the first is meant
                columns[name] = found[0]
        return Header("aoc", number_ + 1, columns) if len(columns) == len(_STARTS) else None
    return None
