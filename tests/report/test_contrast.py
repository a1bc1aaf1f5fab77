"""Every text of the workbook can be read on its ground: 4.5:1 or more (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from auditor.report import write_report
from auditor.report.style import INK, LOOKS

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.styles import Font, PatternFill
    from openpyxl.worksheet.worksheet import Worksheet

    from tests.report.conftest import Make

LEAST = 4.5
WHITE = "FFFFFF"


def light(colour: str) -> float:
    """Relative luminance (WCAG 2.2, terms)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(ink: str, ground: str) -> float:
    darker, lighter = sorted((light(ink), light(ground)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground", "expected"),
    [
        ("000000", WHITE, 21.0),
        (WHITE, WHITE, 1.0),
        ("767676", WHITE, 4.54),
        ("777777", WHITE, 4.48),
    ],
)
def test_contrast_is_that_of_the_authority(ink: str, ground: str, expected: float) -> None:
    assert contrast(ink, ground) == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize("name", LOOKS)
def test_every_look_can_be_read(name: str) -> None:
    look = LOOKS[name]
    assert contrast(look.ink, look.fill or WHITE) >= LEAST


def ink_of(font: Font | None) -> str:
    """The colour of a font; '' for one that leaves it as it is."""
    return font.color.rgb[-6:] if font and font.color and font.color.type == "rgb" else ""


def ground_of(fill: PatternFill | None, *, conditional: bool = False) -> str:
    """The colour of a solid fill; '' for none. A conditional one has its colour behind."""
    if fill is None or fill.fill_type != "solid":
        return ""
    return (fill.bgColor if conditional else fill.fgColor).rgb[-6:]


def marked(sheet: Worksheet) -> list[tuple[str, str, str]]:
    """Range, ink and ground of each conditional format."""
    return [
        (str(area.sqref), ink_of(rule.dxf.font), ground_of(rule.dxf.fill, conditional=True))
        for area in sheet.conditional_formatting
        for rule in area.rules
    ]


def test_every_cell_can_be_read_in_whatever_state(make: type[Make], tmp_path: Path) -> None:
    book = load_workbook(write_report(make.rich(60), tmp_path / "r.xlsx", rules=make.rules))
    formats = {sheet.title: marked(sheet) for sheet in book}
    assert len(formats["Findings"]) == 9
    bad = set()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                own = (ink_of(cell.font) or INK, ground_of(cell.fill) or WHITE)
                states = [own]
                for area, ink, ground in formats[sheet.title]:
                    left, top, right, bottom = range_boundaries(area)
                    if left <= cell.column <= right and top <= cell.row <= bottom:
                        states.append((ink or own[0], ground or own[1]))
                bad |= {state for state in states if contrast(*state) < LEAST}
    assert bad == set()
