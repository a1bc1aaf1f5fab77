"""The two charts of the Summary: which rules cost most, and which practitioners they come from.

What they draw stands beside them in cells, to the right of the printed page.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from openpyxl.chart import BarChart
from openpyxl.chart.data_source import (
    AxDataSource,
    NumData,
    NumDataSource,
    NumRef,
    NumVal,
    StrData,
    StrRef,
    StrVal,
)
from openpyxl.chart.layout import Layout, ManualLayout
from openpyxl.chart.series import Series, SeriesLabel
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties

from auditor.report import figures
from auditor.report.heights import height_of
from auditor.report.sheet import place_of
from auditor.report.style import GREY, LINE, TIER_BAR
from auditor.report.text import clean

if TYPE_CHECKING:
    import polars as pl

    from auditor.report.sheet import Sheet
    from auditor.report.view import View

SHOWN = 8
"""Bars of a chart."""
ROWS = SHOWN + 4
RULES, PEOPLE = 11, 15
"""What the charts draw stands from columns K and O on: name, certain, review."""
_TIERS = ("certain", "review")
_NAME = 60
"""Characters of a name in the words that tell of a chart: a text in a wrong column may be long."""


def side_by_side(sheet: Sheet, view: View, basis: str) -> None:
    """Both charts below the row written last, and their figures to the right of the page."""
    findings = view.result.findings
    rules = figures.costliest(findings, basis, SHOWN)
    left, form, look = f"Rules that put most at risk ({basis} amount)", '"$"#,##0', "money or dash"
    if rules.is_empty():
        rules = figures.commonest(findings, SHOWN)
        left, form, look = "Rules with most findings", "#,##0", "count"
    people = figures.by_practitioner(findings, SHOWN)
    if rules.is_empty():
        return
    right = "Practitioners with most findings"
    sheet.skip()
    sheet.spans((2, 4, left, "section"), (5, 8, right, "section"), height=20)
    top = sheet.row
    _figures(sheet, rules, people, look)
    sheet.skip(max(0, ROWS - (sheet.row - top)))
    drawn = ((left, rules, RULES, 1, 4, form), (right, people, PEOPLE, 4, 8, "#,##0"))
    for title, frame, column, first, last, number_format in drawn:
        chart = _bars(sheet, column, top + 1, frame, number_format)
        chart.anchor = TwoCellAnchor(
            editAs="oneCell",
            _from=AnchorMarker(col=first, row=top),
            to=AnchorMarker(col=last, row=top + ROWS),
        )
        sheet.chart(chart, _told(title, frame))


def _figures(sheet: Sheet, rules: pl.DataFrame, people: pl.DataFrame, look: str) -> None:
    """The cells that the charts draw, side by side."""
    plain = RULES - 1
    heads = ["Drawn in the chart", *_TIERS]
    head_looks = ["grey", *["grey number"] * 2]
    sheet.add(
        [*[None] * plain, *heads, None, *heads],
        [*[""] * plain, *head_looks, "", *head_looks],
        height=height_of(1),
    )
    none = (None, None, None)
    for n in range(max(rules.height, people.height)):
        one = rules.row(n) if n < rules.height else none
        two = people.row(n) if n < people.height else none
        values = [float(v) if isinstance(v, Decimal) else v for v in (*one, None, *two)]
        sheet.add(
            [*[None] * plain, *values],
            [*[""] * plain, "grey", look, look, "", "grey", "count", "count"],
            height=height_of(1),
        )


def _bars(sheet: Sheet, column: int, head: int, frame: pl.DataFrame, form: str) -> BarChart:
    """The bars of `frame`, whose header stands in row `head` from `column` (1-based) on."""
    chart = BarChart()
    chart.type = "bar"
    chart.grouping = "stacked"
    chart.overlap = 100
    chart.gapWidth = 40
    chart.legend.position = "b"
    for number, tier in enumerate(_TIERS):
        series = _series(sheet, column, column + 1 + number, head, frame)
        series.idx = series.order = number
        series.spPr = GraphicalProperties(solidFill=TIER_BAR[tier])
        chart.series.append(series)
    chart.x_axis.delete = chart.y_axis.delete = False  # openpyxl 3.1 hides axes unless told not to
    chart.x_axis.scaling.orientation = "maxMin"  # first row of the table on top
    chart.x_axis.tickLblSkip = 1  # every bar has its name
    chart.x_axis.txPr = chart.y_axis.txPr = chart.legend.txPr = _font(GREY)
    chart.x_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=LINE))
    chart.y_axis.number_format = form
    chart.y_axis.crosses = "max"  # below the bars, since the names run downwards
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=LINE))
    chart.y_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(noFill=True))
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(noFill=True))
    chart.layout = Layout(
        manualLayout=ManualLayout(xMode="edge", yMode="edge", x=0.36, y=0.02, w=0.6, h=0.78)
    )
    return chart


def _series(sheet: Sheet, names: int, values: int, head: int, frame: pl.DataFrame) -> Series:
    """The bars of the column `values`, named by the column `names` (1-based).

    What they draw stands in the chart too: a preview and Excel's protected view draw from that.
    """

    def place(column: int, first: int, last: int) -> str:
        letter = sheet.letters[column - 1]
        rows = f"${letter}${first}" + f":${letter}${last}" * (last > first)
        return place_of(sheet.ws.title, rows)

    def texts(column: int, first: int, told: list[str]) -> StrRef:
        # no blanks around them: openpyxl would say so in an attribute that a chart's texts have not
        plain = [" ".join(clean(text).split()) for text in told]
        cache = StrData(len(told), [StrVal(n, text) for n, text in enumerate(plain)])
        return StrRef(place(column, first, first + len(told) - 1), cache)

    first, last = head + 1, head + frame.height
    amounts = enumerate(frame[:, values - names])
    cache = NumData("General", frame.height, [NumVal(n, v=f"{float(a):.16g}") for n, a in amounts])
    return Series(
        tx=SeriesLabel(texts(values, head, [_TIERS[values - names - 1]])),
        cat=AxDataSource(strRef=texts(names, first, frame[:, 0].to_list())),
        val=NumDataSource(NumRef(place(values, first, last), cache)),
    )


def _told(title: str, frame: pl.DataFrame) -> str:
    """The chart in words, for those who hear the workbook."""
    name, certain, review = frame.row(0)
    name = name if len(name) <= _NAME else name[:_NAME] + "..."
    return (
        f"Bar chart, {title.lower()}, certain and review stacked; {frame.height} bars, the first"
        f" is {name} with {certain:,} certain and {review:,} review."
    )


def _font(ink: str) -> RichText:
    look = CharacterProperties(sz=800, solidFill=ink)
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=look), endParaRPr=look)])
