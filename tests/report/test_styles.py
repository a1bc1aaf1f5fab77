"""Looks are entered once a process, and each workbook has its own of them all the same."""

from __future__ import annotations

from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from auditor.report import style

KINDS = ("_fonts", "_fills", "_borders", "_alignments", "_number_formats", "_cell_styles")


def kept(workbook: Workbook, kind: str = "_fonts") -> Any:  # noqa: ANN401 - openpyxl is untyped
    """What openpyxl keeps of one kind of style."""
    return getattr(workbook, kind)


@pytest.mark.parametrize("name", style.LOOKS)
def test_a_workbook_has_every_look_by_its_number(name: str) -> None:
    workbook, look = Workbook(), style.LOOKS[name]
    cell = WriteOnlyCell(workbook.active)
    number = style.register(workbook)[name]
    setattr(cell, "_style", kept(workbook, "_cell_styles")[number])  # noqa: B010 - private to openpyxl
    assert (cell.font.size, cell.font.bold) == (look.size, look.bold)
    assert cell.font.color.rgb == f"00{look.ink}"
    assert cell.number_format == look.number_format
    assert (cell.alignment.wrap_text, cell.alignment.indent) == (look.wrap, look.indent)
    assert (cell.fill.fill_type == "solid") == bool(look.fill)
    assert (cell.border.bottom.style == "thin") == (look.line or look.box)
    assert bool(cell.quotePrefix) == look.quoted


@pytest.mark.parametrize("kind", KINDS)
def test_each_style_is_found_in_its_place(kind: str) -> None:
    workbook = Workbook()
    style.register(workbook)
    styles = kept(workbook, kind)
    assert len(styles) > len(kept(Workbook(), kind))
    assert [styles.index(each) for each in styles] == list(range(len(styles)))


def test_what_one_workbook_enters_no_other_has() -> None:
    one, other, third = Workbook(), Workbook(), Workbook()
    style.register(one)
    style.register(other)
    before = len(kept(other))
    font = Font(name="Courier New", size=31)
    WriteOnlyCell(one.active).font = font
    style.register(third)
    assert font in kept(one)
    assert font not in kept(other)
    assert font not in kept(third)
    assert len(kept(one)) == before + 1 == len(kept(third)) + 1
