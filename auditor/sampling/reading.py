"""Reading a filled worksheet back: sorted, partly filled, saved by another program.

Nothing is trusted but the rows whose check fits the sheet Frame. What does not fit is refused
with sheet, row and column; what is not answered is named, and is never taken for clean.
"""

from __future__ import annotations

import warnings
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpyxl import load_workbook

from auditor.errors import InputRejected
from auditor.sampling import facts
from auditor.sampling.columns import CHECK, FILL_IN, FRAME, LINE_ID, SAMPLE
from auditor.sampling.rows import Row, check_rows

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from auditor.sampling.interface import Answer, Design

_HEADER_WITHIN = 20
_SHOWN = 20
_MOST_BYTES = 128 << 20
"""Unpacked; a worksheet of 10,000 lines has a tenth of it."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A worksheet as it came back."""

    design: Design
    answers: tuple[Answer, ...]
    """In the order of drawing."""
    open_rows: tuple[Row, ...]
    """Lines without an answer, in the order of the sheet."""
    derived: int
    """Answers whose In error was left empty and follows from the amounts."""


def read_worksheet(path: Path) -> Filled:
    """The design and the answers of a worksheet.

    Raises InputRejected where it is no worksheet of this program, where its sheet Frame was
    changed, or where rows are missing, twice, changed, unreadable or contradict themselves: all of
    them are told, by sheet, row and column.
    """
    workbook = _open(path)
    try:
        design = _design(workbook, path)
        rows = _rows(workbook, path)
    finally:
        workbook.close()
    checked = check_rows(design, rows)
    if checked.problems:
        shown = checked.problems[:_SHOWN]
        more = len(checked.problems) - len(shown)
        told = "; ".join(shown) + (f"; and {more:,} more" if more else "")
        raise InputRejected(
            f"The worksheet does not add up: {told}.",
            where=f"{path}, sheet {SAMPLE}",
            next_step="Correct these cells and run it again; nothing was estimated.",
        )
    return Filled(design, tuple(checked.answers), tuple(checked.open_rows), checked.derived)


def _open(path: Path) -> Workbook:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        with warnings.catch_warnings():
            # of drop-downs and formats as other programs write them, which do not matter here
            warnings.simplefilter("ignore")
            if size <= _MOST_BYTES:
                return load_workbook(path, data_only=True)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InputRejected(
            f"The file cannot be read ({why}).",
            where=str(path),
            next_step="Check that it exists, that you may read it, and that it is not open.",
        ) from None
    except Exception:  # noqa: BLE001 - openpyxl raises whatever a damaged file leads it to, and its messages quote cells
        raise _no_worksheet(
            path, "It is not an Excel workbook (.xlsx), or it is damaged."
        ) from None

    raise _no_worksheet(path, "The file is too large to be a worksheet.")


def _no_worksheet(path: Path, what: str) -> InputRejected:
    return InputRejected(
        what,
        where=str(path),
        next_step="Name the worksheet that 'auditor sample' made, filled in and saved as .xlsx"
        " without a password.",
    )


def _sheet(workbook: Workbook, name: str, path: Path) -> Worksheet:
    for sheet in workbook.worksheets:
        if sheet.title.strip().casefold() == name.casefold():
            return sheet
    raise _no_worksheet(path, f"There is no sheet '{name}' in the workbook.")


def _design(workbook: Workbook, path: Path) -> Design:
    """The design as the sheet Frame tells it."""
    told: dict[str, object] = {}
    tables: dict[str, list[tuple[object, ...]]] = {}
    heads = {facts.STRATA_HEADER[0]: 5, facts.LEFT_OUT_HEADER[0]: 2}
    table = ""
    for values in _sheet(workbook, FRAME, path).iter_rows(values_only=True):
        label = "" if values[0] is None else str(values[0])
        if label in heads:
            table, tables[label] = label, []
        elif not label or label == "(none)":
            table = ""
        elif table:
            tables[table].append(tuple((*values, *([None] * 5))[: heads[table]]))
        else:
            told[label] = values[1] if len(values) > 1 else None
    try:
        return facts.design_of(
            told,
            tables.get(facts.STRATA_HEADER[0], []),
            tables.get(facts.LEFT_OUT_HEADER[0], []),
        )
    except facts.NotADesignError:
        raise InputRejected(
            "The sheet does not say what the program wrote there.",
            where=f"{path}, sheet {FRAME}",
            next_step="Copy the sheet back from the worksheet as it was made: draw it again with"
            " the same findings, size and seed.",
        ) from None


def _rows(workbook: Workbook, path: Path) -> list[Row]:
    """The rows of the sheet Sample, wherever its header and its columns stand."""
    sheet = _sheet(workbook, SAMPLE, path)
    places: dict[str, int] = {}
    rows: list[Row] = []
    for number, values in enumerate(sheet.iter_rows(values_only=True), start=sheet.min_row):
        if not places:
            found = _header(values)
            if {LINE_ID, CHECK} <= found.keys():
                places = found
            elif number > _HEADER_WITHIN:
                break
        else:
            cells = {name: values[at] for name, at in places.items() if at < len(values)}
            rows.append(Row(number, cells))
    if not places:
        raise InputRejected(
            f"The columns '{LINE_ID}' and '{CHECK}' were not found.",
            where=f"{path}, sheet {SAMPLE}",
            next_step="Keep the header row and these columns as the program made them.",
        )
    return rows


def _header(values: tuple[object, ...]) -> dict[str, int]:
    """Place of each column by its header, without what says that it is filled in."""
    named: dict[str, int] = {}
    for at, value in enumerate(values):
        if isinstance(value, str):
            named.setdefault(value.strip().removesuffix(FILL_IN).strip(), at)
    return named
