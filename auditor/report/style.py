"""How the workbook looks: one palette, one table of looks, each a style of the workbook."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils.indexed_list import IndexedList

if TYPE_CHECKING:
    from collections.abc import Mapping

INK = "1F2933"
GREY = "5B6770"
NAVY = "1F3A5F"
LINE = "CBD2D9"
LINK = "0B5394"
PAPER = "FFFDF2"
"""Of cells that wait for a reviewer's words."""
BAND = "DCE5EF"
"""Of a heading within a table."""
MET_FILL = "EEF1F4"
"""Of a line that a finding points to."""
TIER_INK = {"certain": "9B1C1C", "review": "7A4B00", "info": "35506E"}
TIER_FILL = {"certain": "FBE3E1", "review": "FDF1D3", "info": "E6EDF5"}
TIER_BAR = {"certain": "B3363A", "review": "E3A740", "info": "93A8C1"}
"""Bars of the chart: far apart in lightness too, so that they differ in grey print."""

TIER_LOOKS = {tier: tier for tier in TIER_INK}
"""The look of each tier's cell."""

DECISION = {
    "agree": ("1B5E20", "E3F1E3"),
    "disagree": ("9B1C1C", "FBE3E1"),
    "needs records": ("7A4B00", "FDF1D3"),
    "corrected": ("1F3A5F", "E6EDF5"),
    "accepted risk": ("4A2A6B", "EEE6F5"),
}
"""Ink and fill of each answer; the word stands beside the colour, and reads at 4.5:1 or better."""
MISSING_FILL = "FFE699"
"""Of a cell that an answer still needs."""

PLAIN = "General"
COUNT = "#,##0"
MONEY = '"$"#,##0.00;-"$"#,##0.00'
MONEY_OR_DASH = MONEY + ';"–"'  # noqa: RUF001 - the dash a reader expects in an empty column
COUNT_OR_DASH = COUNT + ';-#,##0;"–"'  # noqa: RUF001 - as above
DATE = "yyyy-mm-dd"
PERCENT = "0.0%"
AS_TEXT = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one kind of cell looks like."""

    size: int = 10
    bold: bool = False
    ink: str = INK
    fill: str = ""
    wrap: bool = False
    across: str = ""
    """left, center, right; '': as the value's type has it."""
    down: str = "top"
    number_format: str = PLAIN
    line: bool = False
    """A thin line below."""
    box: bool = False
    """A thin line all around: here one may write."""
    underline: bool = False
    indent: int = 0
    """Room on the side the value stands at, so that a number never touches a text."""
    quoted: bool = False
    """A text out of a claim: stays a text even when somebody edits the cell."""


_ROW = Look(line=True, indent=1)
"""A cell of a table: a line below, and room at its side."""
_TEXT = replace(_ROW, quoted=True)
_WRAPPED = replace(_TEXT, wrap=True)
_FIGURE = replace(_ROW, across="right")
_ANSWER = replace(_FIGURE, size=11, down="center")
_HEAD = Look(bold=True, ink="FFFFFF", fill=NAVY, wrap=True, down="center", indent=1)
_TIER = {
    tier: replace(_TEXT, bold=True, ink=TIER_INK[tier], fill=TIER_FILL[tier]) for tier in TIER_INK
}
_LINE = {
    "text": _TEXT,
    "wrapped": _WRAPPED,
    "key": _WRAPPED,
    "number": _FIGURE,
    "money": replace(_FIGURE, number_format=MONEY),
    "date": replace(_ROW, number_format=DATE),
    "link": replace(_WRAPPED, ink=LINK, underline=True),
}
"""Looks of the cells of a claim line, which a mark changes."""
MARKED: dict[str, dict[str, Any]] = {
    **{tier: {"fill": fill} for tier, fill in TIER_FILL.items()},
    "met": {"fill": MET_FILL},
    "aside": {"ink": GREY},
}
"""Flagged in a tier; a counterpart; set aside."""

LOOKS = {
    "title": Look(size=20, bold=True, ink=NAVY, down="center"),
    "lead": Look(size=11, wrap=True),
    "note": Look(ink=GREY, down="center"),
    "soft": Look(ink=GREY, wrap=True),
    "small": Look(size=9, ink=GREY, wrap=True),
    "right note": Look(size=9, ink=GREY, across="right", down="center"),
    "section": Look(size=13, bold=True, ink=NAVY, down="center"),
    "head": _HEAD,
    "head number": replace(_HEAD, across="right"),
    "group": Look(ink=GREY, across="center", down="bottom"),
    # the cells of tables
    "text": _TEXT,
    "wrapped": _WRAPPED,
    "strong": replace(_WRAPPED, bold=True),
    "grey": replace(_WRAPPED, ink=GREY),
    "number": replace(_FIGURE, number_format=PLAIN),
    "count": replace(_FIGURE, number_format=COUNT_OR_DASH),
    "total": replace(_FIGURE, number_format=COUNT, bold=True),
    "money": replace(_FIGURE, number_format=MONEY),
    "money or dash": replace(_FIGURE, number_format=MONEY_OR_DASH),
    "grey number": replace(_FIGURE, ink=GREY),
    "date": replace(_ROW, number_format=DATE),
    "percent": replace(_FIGURE, number_format=PERCENT),
    "link": replace(_WRAPPED, ink=LINK, underline=True),
    "link number": replace(_FIGURE, ink=LINK, underline=True, number_format=COUNT),
    # where reviewers write
    "entry": replace(_WRAPPED, box=True, fill=PAPER, number_format=AS_TEXT, quoted=False),
    "entry date": replace(_ROW, box=True, fill=PAPER, number_format=DATE),
    **_TIER,
    # the lines around a finding: a heading, and lines that are marked
    "key": _WRAPPED,
    "lines": replace(_ROW, bold=True, ink=NAVY, fill=BAND, quoted=True, down="center"),
    "lines link": replace(_ROW, bold=True, ink=LINK, fill=BAND, underline=True, down="center"),
    **{
        f"{base} {mark}": replace(look, **changed, bold=base == "key" and mark in TIER_FILL)
        for base, look in _LINE.items()
        for mark, changed in MARKED.items()
    },
    # the answers at the top of the Summary
    **{f"big {tier}": replace(look, size=13, down="center") for tier, look in _TIER.items()},
    "big open": replace(_ROW, size=13, bold=True, down="center"),
    "big count": replace(_ANSWER, size=14, bold=True, number_format=COUNT),
    "mid count": replace(_ANSWER, number_format=COUNT_OR_DASH),
    "side count": replace(_ANSWER, ink=GREY, number_format=COUNT_OR_DASH),
    "mid money": replace(_ANSWER, number_format=MONEY_OR_DASH),
    "mid text": replace(_ROW, size=11, wrap=True, down="center"),
}


_KINDS = ("_fonts", "_fills", "_borders", "_alignments", "_number_formats", "_cell_styles")
"""What a workbook of openpyxl keeps of styles."""


def register(workbook: Workbook) -> dict[str, int]:
    """Enter every look in `workbook`, a new one; answers the style number of each by name."""
    numbers, entered = _entered()
    for kind, styles in entered.items():
        ours = IndexedList()
        list.extend(ours, styles)  # its own way asks again what is in it already
        ours._dict = dict(styles._dict)  # noqa: SLF001 - as above
        setattr(workbook, kind, ours)
    return dict(numbers)


@cache
def _entered() -> tuple[Mapping[str, int], Mapping[str, IndexedList]]:
    """The number of every look, and what a workbook keeps of them all: the same in each."""
    workbook = Workbook()
    sheet = workbook.active
    numbers = {name: _number(WriteOnlyCell(sheet), look) for name, look in LOOKS.items()}
    return numbers, {kind: getattr(workbook, kind) for kind in _KINDS}


def _number(cell: WriteOnlyCell, look: Look) -> int:
    cell.font = Font(
        name="Calibri",
        size=look.size,
        bold=look.bold,
        color=look.ink,
        underline="single" if look.underline else None,
    )
    if look.fill:
        cell.fill = PatternFill("solid", fgColor=look.fill)
    cell.alignment = Alignment(
        horizontal=look.across or ("left" if look.indent else None),
        vertical=look.down,
        wrap_text=look.wrap,
        indent=look.indent,
    )
    side = Side(style="thin", color=LINE)
    if look.box:
        cell.border = Border(left=side, right=side, top=side, bottom=side)
    elif look.line:
        cell.border = Border(bottom=side)
    cell.number_format = look.number_format
    cell.quotePrefix = look.quoted
    return int(cell.style_id)
