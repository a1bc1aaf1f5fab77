"""The charts of the Summary: which rules cost most, and which practitioners they come from.

Where enough nights are known, how many findings were open after each and what they put at risk
come first, and the others look back on these nights. What they draw stands beside them in cells, to
the right of the printed page.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
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

from auditor.practice import MONEY_BASES
from auditor.report import figures
from auditor.report.heights import height_of
from auditor.report.sheet import place_of
from auditor.report.style import GREY, LINE, TIER_BAR
from auditor.report.text import clean

if TYPE_CHECKING:
    from auditor.ledger.trend import Trends
    from auditor.report.sheet import Sheet
    from auditor.report.view import View

SHOWN = 8
"""Bars of a chart."""
ROWS = SHOWN + 4
LEAST_NIGHTS = 5
"""So many make a line that says something."""
LEFT, RIGHT = 11, 15
"""What the charts draw stands from columns K and O on: name, certain, review."""
_TIERS = ("certain", "review")
_NAME = 60
"""Characters of a name in the words that tell of a chart: a text in a wrong column may be long."""


class _Drawn(NamedTuple):
    """One chart."""

    title: str
    frame: pl.DataFrame
    """Name of each bar, certain, review."""
    look: str = "count"
    form: str = "#,##0"
    upright: bool = False
    """Columns, in order from left to right, instead of bars."""
    from_zero: bool = False


def side_by_side(sheet: Sheet, view: View, basis: str) -> None:
    """The charts below the row written last, and their figures to the right of the page."""
    life = view.result.life
    if life is not None and life.trends.nights["night"].n_unique() >= LEAST_NIGHTS:
        _pair(sheet, *_of_nights(life.trends.nights))
        _pair(sheet, *_of_kinds(life.trends))
        return
    findings = view.result.findings
    rules = figures.costliest(findings, basis, SHOWN)
    left = _Drawn(f"Rules that put most at risk ({basis} amount)", rules, *_MONEY)
    if rules.is_empty():
        left = _Drawn("Rules with most findings", figures.commonest(findings, SHOWN))
    people = figures.by_practitioner(findings, SHOWN)
    if not left.frame.is_empty():
        _pair(sheet, left, _Drawn("Practitioners with most findings", people))


_MONEY = ("money or dash", '"$"#,##0')


def _of_nights(nights: pl.DataFrame) -> tuple[_Drawn, _Drawn]:
    """What was open after each night, and what it put at risk on the basis most of it has."""
    work = nights.filter(pl.col("tier").is_in(_TIERS))
    last = work.filter(pl.col("amount_basis").is_in(MONEY_BASES))
    found = dict(last.group_by("amount_basis").agg(pl.col("open").sum()).iter_rows())
    basis = max(MONEY_BASES, key=lambda each: found.get(each, 0))
    money = work.filter(pl.col("amount_basis") == basis)
    days = nights.select("night").unique().sort("night")
    return (
        _Drawn(
            "Open findings after each night",
            _by_night(days, work, "open"),
            upright=True,
            from_zero=True,
        ),
        _Drawn(
            f"At risk in the open ones ({basis} amount)",
            _by_night(days, money, "open_at_risk"),
            *_MONEY,
            upright=True,
        ),
    )


def _by_night(days: pl.DataFrame, work: pl.DataFrame, what: str) -> pl.DataFrame:
    """The day as a short text (11-21), and the sum of `what` for certain and for review."""
    sums = [pl.col(what).filter(pl.col("tier") == tier).sum().alias(tier) for tier in _TIERS]
    told = days.join(work.group_by("night").agg(sums), on="night", how="left")
    return told.sort("night").select(
        pl.col("night").dt.to_string("%m-%d"), pl.col(_TIERS).fill_null(0)
    )


def _of_kinds(trends: Trends) -> tuple[_Drawn, _Drawn]:
    """Where the new findings of these nights come from."""
    nights = trends.nights["night"].n_unique()
    who = pl.col("rendering_npi").fill_null("no rendering NPI")
    return (
        _Drawn(
            f"Rules with most new findings in {nights} nights",
            _most(trends.rules, "rule_id"),
            from_zero=True,
        ),
        _Drawn(
            f"Practitioners with most in {nights} nights",
            _most(trends.people.with_columns(who), "rendering_npi"),
            from_zero=True,
        ),
    )


def _most(found: pl.DataFrame, name: str) -> pl.DataFrame:
    """The names with most new findings, and how many of them are certain and review."""
    sums = [pl.col("new").filter(pl.col("tier") == tier).sum().alias(tier) for tier in _TIERS]
    total = pl.sum_horizontal(_TIERS)
    frame = found.group_by(name).agg(sums).filter(total > 0)
    return frame.sort(total, name, descending=[True, False]).head(SHOWN)


def _pair(sheet: Sheet, left: _Drawn, right: _Drawn) -> None:
    """Two charts beside each other."""
    if left.frame.is_empty():
        return
    sheet.skip()
    sheet.spans((2, 4, left.title, "section"), (5, 8, right.title, "section"), height=20)
    top = sheet.row
    _figures(sheet, left, right)
    sheet.skip(max(0, ROWS - (sheet.row - top)))
    for drawn, column, first, last in ((left, LEFT, 1, 4), (right, RIGHT, 4, 8)):
        if drawn.frame.is_empty():
            continue
        chart = _bars(sheet, column, top + 1, drawn)
        chart.anchor = TwoCellAnchor(
            editAs="oneCell",
            _from=AnchorMarker(col=first, row=top),
            to=AnchorMarker(col=last, row=top + ROWS),
        )
        sheet.chart(chart, _told(drawn))


def _figures(sheet: Sheet, left: _Drawn, right: _Drawn) -> None:
    """The cells that the charts draw, side by side."""
    plain = LEFT - 1
    heads = ["Drawn in the chart", *_TIERS]
    head_looks = ["grey", *["grey number"] * 2]
    sheet.add(
        [*[None] * plain, *heads, None, *heads],
        [*[""] * plain, *head_looks, "", *head_looks],
        height=height_of(1),
    )
    none = (None, None, None)
    for n in range(max(left.frame.height, right.frame.height)):
        one = left.frame.row(n) if n < left.frame.height else none
        two = right.frame.row(n) if n < right.frame.height else none
        values = [float(v) if isinstance(v, Decimal) else v for v in (*one, None, *two)]
        sheet.add(
            [*[None] * plain, *values],
            [*[""] * plain, "grey", *[left.look] * 2, "", "grey", *[right.look] * 2],
            height=height_of(1),
        )


def _bars(sheet: Sheet, column: int, head: int, drawn: _Drawn) -> BarChart:
    """The bars of `drawn`, whose header stands in row `head` from `column` (1-based) on."""
    chart = BarChart()
    chart.type = "col" if drawn.upright else "bar"
    chart.grouping = "stacked"
    chart.overlap = 100
    chart.gapWidth = 40
    chart.legend.position = "b"
    for number, tier in enumerate(_TIERS):
        series = _series(sheet, column, column + 1 + number, head, drawn.frame)
        series.idx = series.order = number
        series.spPr = GraphicalProperties(solidFill=TIER_BAR[tier])
        chart.series.append(series)
    chart.x_axis.delete = chart.y_axis.delete = False  # openpyxl 3.1 hides axes unless told not to
    if not drawn.upright:
        chart.x_axis.scaling.orientation = "maxMin"  # first row of the table on top
        chart.x_axis.tickLblSkip = 1  # every bar has its name
    chart.x_axis.txPr = chart.y_axis.txPr = chart.legend.txPr = _font(GREY)
    chart.x_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(solidFill=LINE))
    chart.y_axis.number_format = drawn.form
    if drawn.from_zero:
        chart.y_axis.scaling.min = 0
    if not drawn.upright:
        chart.y_axis.crosses = "max"  # below the bars, since the names run downwards
    chart.y_axis.majorGridlines.spPr = GraphicalProperties(ln=LineProperties(solidFill=LINE))
    chart.y_axis.graphicalProperties = GraphicalProperties(ln=LineProperties(noFill=True))
    chart.graphical_properties = GraphicalProperties(ln=LineProperties(noFill=True))
    left, tall = (0.14, 0.72) if drawn.upright else (0.36, 0.78)
    inner = ManualLayout(xMode="edge", yMode="edge", x=left, y=0.02, w=0.96 - left, h=tall)
    chart.layout = Layout(manualLayout=inner)
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


def _told(drawn: _Drawn) -> str:
    """The chart in words, for those who hear the workbook."""
    which, at = ("last", -1) if drawn.upright else ("first", 0)
    name, certain, review = drawn.frame.row(at)
    name = name if len(name) <= _NAME else name[:_NAME] + "..."
    return (
        f"Bar chart, {drawn.title.lower()}, certain and review stacked; {drawn.frame.height} bars,"
        f" the {which} is {name} with {certain:,} certain and {review:,} review."
    )


def _font(ink: str) -> RichText:
    look = CharacterProperties(sz=800, solidFill=ink)
    return RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=look), endParaRPr=look)])
