"""The chart of the Summary: findings by kind of rule, stacked by tier."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from openpyxl.chart import BarChart, Reference
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties

from auditor.report.figures import TIERS
from auditor.report.style import GREY, INK, LINE, TIER_BAR

if TYPE_CHECKING:
    from auditor.report.sheet import Sheet

LABELLED_PART = 0.06
"""Part of the longest bar that is wide enough for a label; the table has every number."""
LEGEND_ROWS = 2
LEAST_ROWS = 4
MOST_KINDS = 12
"""So many bars and what stands above them fit on the first printed page."""
_GAP = 150_000
"""EMU between the table and the chart (about 4 mm)."""


def families_chart(sheet: Sheet, head: int, last: int, longest: int, told: str) -> int:
    """Put the chart of the table in B`head`:E`last` on its right; answers its height in rows.

    `longest` is the number of findings that the longest bar stands for, `told` the chart in words.
    """
    last = min(last, head + MOST_KINDS)
    chart = BarChart()
    chart.type = "bar"
    chart.grouping = "stacked"
    chart.overlap = 100
    chart.gapWidth = 45
    chart.legend.position = "b"
    data = Reference(sheet.ws, min_col=3, max_col=2 + len(TIERS), min_row=head, max_row=last)
    chart.add_data(data, titles_from_data=True)
    chart.set_categories(Reference(sheet.ws, min_col=2, min_row=head + 1, max_row=last))
    least = max(1, math.ceil(longest * LABELLED_PART))
    for series, tier in zip(chart.series, TIERS, strict=True):
        series.graphicalProperties = GraphicalProperties(solidFill=TIER_BAR[tier])
        series.dLbls = _labels("FFFFFF" if tier == "certain" else INK, least)
    chart.x_axis.delete = False  # openpyxl 3.1 hides axes unless it is told not to
    chart.x_axis.scaling.orientation = "maxMin"  # first row of the table on top
    chart.x_axis.tickLblSkip = 1  # every bar has its name
    chart.x_axis.txPr = chart.legend.txPr = _font(GREY)
    chart.x_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=LINE))
    chart.y_axis.delete = True  # the labels in the bars say it
    chart.y_axis.majorGridlines = None
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(noFill=True))
    rows = max(LEAST_ROWS, last - head + 1) + LEGEND_ROWS
    # Between cells and not in centimetres: column widths differ where Calibri is not installed.
    chart.anchor = TwoCellAnchor(
        editAs="oneCell",
        _from=AnchorMarker(col=5, colOff=_GAP, row=head - 1),
        to=AnchorMarker(col=8, row=head - 1 + rows),
    )
    sheet.chart(chart, told)
    return rows


def _labels(ink: str, least: int) -> DataLabelList:
    labels = DataLabelList()
    labels.showVal = True
    labels.showSerName = labels.showCatName = labels.showLegendKey = labels.showPercent = False
    labels.numFmt = f"[>={least}]#,##0;;;"
    labels.txPr = _font(ink)
    return labels


def _font(ink: str) -> RichText:
    look = CharacterProperties(sz=800, solidFill=ink)
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=look), endParaRPr=look)])
