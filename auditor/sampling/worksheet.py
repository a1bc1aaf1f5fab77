"""The audit worksheet: the sample to be filled in, the frame that proves it, and how to do it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table, TableStyleInfo

import auditor
from auditor.errors import ReportError
from auditor.sampling import book, facts
from auditor.sampling.book import Look, Pen
from auditor.sampling.columns import (
    CHECK,
    DIFFERENCE,
    FRAME,
    HOW_TO,
    IN_ERROR,
    NO,
    PAID,
    SAMPLE,
    SHOULD_BE,
    YES,
    header,
    row_check,
    sample_columns,
)
from auditor.sampling.howto import SECTIONS, paragraphs

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    import polars as pl
    from openpyxl.worksheet.worksheet import Worksheet

    from auditor.sampling.columns import Column
    from auditor.sampling.interface import Design

_HEAD_HEIGHT = 32
_LINE_POINTS = 13.0
_PAD = 4.0
_TALLEST = 400.0
_TEXT_WIDTH = 100.0
"""A page: LibreOffice does not shrink a single column to fit."""
_LARGEST = 9_999_999
"""Dollars; an amount above is a slip."""


def write_worksheet(sample: pl.DataFrame, design: Design, path: Path, *, as_of: date) -> Path:
    """Write the worksheet of a drawn sample and answer where it is.

    `path` ends in .xlsx; a file there is never overwritten, the next free name is taken. `as_of`
    dates the document. Raises ReportError for another ending, or where it cannot be written.
    """
    if path.suffix.lower() != ".xlsx" or path.is_dir():
        raise ReportError(
            "The worksheet is an Excel workbook.",
            where=str(path),
            next_step="Give it a file name that ends in .xlsx.",
        )
    made = book.new_book(
        "Audit worksheet",
        "A random sample of claim lines; confidential, contains patient data",
        auditor.__version__,
    )
    pen = Pen()
    _sample(pen, made.create_sheet(SAMPLE), sample, design)
    _frame(pen, made.create_sheet(FRAME), design)
    _how_to(pen, made.create_sheet(HOW_TO), design)
    return book.save_new(made, path, as_of)


def _sample(pen: Pen, sheet: Worksheet, sample: pl.DataFrame, design: Design) -> None:
    columns = sample_columns(design.basis)
    for number, column in enumerate(columns, start=1):
        pen.put(sheet, 1, number, header(column), Look(column.kind, head=True))
    sheet.row_dimensions[1].height = _HEAD_HEIGHT
    for row, values in enumerate(sample.iter_rows(named=True), start=2):
        high = 1
        for number, column in enumerate(columns, start=1):
            value = _value(column, values, design)
            look = Look(column.kind, asked=column.asked, soft=column.kind == "code")
            pen.put(sheet, row, number, value, look)
            if column.kind == "wrapped" and isinstance(value, str):
                high = max(high, book.lines_high(value, column.width))
        sheet.row_dimensions[row].height = min(_TALLEST, high * _LINE_POINTS + _PAD)
    last = sample.height + 1
    table = Table(displayName="Sample", ref=f"A1:{get_column_letter(len(columns))}{last}")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=False)
    sheet.add_table(table)
    for number, column in enumerate(columns, start=1):
        validation = _validation(column)
        if validation is not None:
            letter = get_column_letter(number)
            validation.add(f"{letter}2:{letter}{last}")
            sheet.add_data_validation(validation)
    book.page(sheet, [column.width for column in columns], titles="1:1")
    sheet.freeze_panes = "C2"
    # the technical columns at the right are for the way back, not for paper
    shown = next(n for n, c in enumerate(columns, start=1) if c.header == "Stratum")
    sheet.print_area = f"A1:{get_column_letter(shown)}{last}"


def _value(column: Column, row: dict[str, object], design: Design) -> object:
    if column.header == CHECK:
        charge = row["charge_cents"]
        return row_check(
            design,
            int(str(row["number"])),
            str(row["line_id"]),
            int(str(row["stratum_number"])),
            None if charge is None else int(str(charge)),
        )
    value = row.get(column.source)
    if column.kind == "money" and value is not None:
        return Decimal(str(value)) / 100
    return value


def _validation(column: Column) -> DataValidation | None:
    """What Excel takes in a column that is filled in; in words where it does not."""
    if column.header in {SHOULD_BE, PAID}:
        made = DataValidation(
            type="decimal", operator="between", formula1="0", formula2=str(_LARGEST)
        )
        made.error = "An amount in dollars, 0 or more, for example 85.25."
        made.prompt = (
            "What should have been billed or paid for this line; 0 if nothing."
            if column.header == SHOULD_BE
            else "What was paid for this line, from the remittance advice; 0 if nothing."
        )
    elif column.header == DIFFERENCE:
        made = DataValidation(
            type="decimal", operator="between", formula1=str(-_LARGEST), formula2=str(_LARGEST)
        )
        made.error = "An amount in dollars, or leave it empty."
        made.prompt = "May stay empty: the program works it out. If filled in, it is checked."
    elif column.header == IN_ERROR:
        made = DataValidation(type="list", formula1=f'"{YES},{NO}"')
        made.error = "yes or no; leave it empty while the line is not reviewed."
        made.prompt = "yes if the line is wrong in any way, no if it is right as billed."
    elif column.asked and column.kind == "date":
        made = DataValidation(type="date", operator="greaterThan", formula1="36526")
        made.error = "A date, for example 2026-11-21."
        made.prompt = "The day of the review."
    else:
        return None
    made.allow_blank = True
    made.showErrorMessage = made.showInputMessage = True
    made.errorTitle = made.promptTitle = column.header
    return made


def _frame(pen: Pen, sheet: Worksheet, design: Design) -> None:
    widths: list[float] = [34, 68, 20, 16, 22]
    pen.put(sheet, 1, 1, "Frame: what the sample was drawn from", Look(title=True))
    row = 3
    for label, told, meaning in facts.rows(design):
        pen.put(sheet, row, 1, label, Look())
        kind = "money" if label.startswith("Billed") else "count"
        pen.put(sheet, row, 2, told, Look("text" if isinstance(told, str) else kind))
        pen.put(sheet, row, 3, meaning, Look(soft=True))
        row += 1
    row += 1
    for column, text in enumerate(facts.STRATA_HEADER, start=1):
        pen.put(sheet, row, column, text, Look(head=True))
    for s in design.strata:
        row += 1
        values = (s.number, s.name, s.lines, s.charge_cents / 100, s.sampled)
        for column, value in enumerate(values, start=1):
            kind = "text" if isinstance(value, str) else "money" if column == 4 else "count"  # noqa: PLR2004 - the column of the amount billed
            pen.put(sheet, row, column, value, Look(kind))
    row += 2
    for column, text in enumerate(facts.LEFT_OUT_HEADER, start=1):
        pen.put(sheet, row, column, text, Look("wrapped", head=True))
    for each in design.left_out:
        row += 1
        pen.put(sheet, row, 1, each.reason, Look("wrapped"))
        pen.put(sheet, row, 2, each.lines, Look("count"))
        sheet.row_dimensions[row].height = (
            book.lines_high(each.reason, widths[0]) * _LINE_POINTS + _PAD
        )
    if not design.left_out:
        pen.put(sheet, row + 1, 1, "(none)", Look(soft=True))
    book.page(sheet, widths)
    sheet.protection.sheet = True


def _how_to(pen: Pen, sheet: Worksheet, design: Design) -> None:
    pen.put(sheet, 1, 1, "How to fill in this worksheet", Look(title=True))
    row = 2
    for section in SECTIONS:
        row += 1
        pen.put(sheet, row, 1, section, Look(head=True))
        for text in paragraphs(section, design):
            row += 1
            pen.put(sheet, row, 1, text, Look("wrapped"))
            high = book.lines_high(text, _TEXT_WIDTH)
            sheet.row_dimensions[row].height = high * _LINE_POINTS + _PAD
        row += 1
    book.page(sheet, [_TEXT_WIDTH])
    sheet.page_setup.fitToHeight = 1
    sheet.protection.sheet = True
