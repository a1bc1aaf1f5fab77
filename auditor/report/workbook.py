"""The workbook: its sheets in order, its name, and the files beside it that hold the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook

import auditor
from auditor.errors import ReportError
from auditor.report import (
    about_sheet,
    bypass_sheet,
    context_sheet,
    coverage_sheet,
    figures,
    findings_sheet,
    input_sheet,
    place,
    practitioners_sheet,
    rules_sheet,
    style,
    summary_sheet,
    tables_sheet,
    worklist_sheet,
)
from auditor.report.archive import save
from auditor.report.machine import csv_safe
from auditor.report.sheet import Book
from auditor.report.view import Names, view_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from auditor.result import AuditResult
    from auditor.rules import Rule

SHEETS = (
    summary_sheet,
    worklist_sheet,
    findings_sheet,
    context_sheet,
    bypass_sheet,
    practitioners_sheet,
    input_sheet,
    coverage_sheet,
    tables_sheet,
    rules_sheet,
    about_sheet,
)
"""One module a sheet, in their order."""
SHEET_ROWS = 100_000
"""Findings a sheet holds: more can be neither read nor scrolled, and open slowly."""
REJECTED_ROWS = 20_000
FINDINGS_BESIDE = ".findings.csv"
REJECTED_BESIDE = ".rejected.csv"


def write_report(
    result: AuditResult,
    path: Path | str,
    *,
    rules: Sequence[Rule] | None = None,
    sheet_rows: int = SHEET_ROWS,
    rejected_rows: int = REJECTED_ROWS,
) -> Path:
    """Write the workbook of `result` and answer where it is.

    `path` ends in .xlsx; an existing file is never overwritten: the report goes to the next free
    name, `name (2).xlsx`, and says what it supersedes. `rules` are those of the sheet Rules
    (None: the catalogue). Where there are more than `sheet_rows` findings or `rejected_rows`
    rejected rows, the sheet holds the first ones and all of them stand beside the workbook as
    `name.findings.csv` and `name.rejected.csv`. The same result gives the same bytes.

    Raises ReportError where the place cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".xlsx" or path.is_dir():
        raise ReportError(
            "The report is an Excel workbook.",
            where=str(path),
            next_step="Give it a file name that ends in .xlsx.",
        )
    if rules is None:
        from auditor.rules import catalogue  # noqa: PLC0415 - loads every rule, for this alone

        rules = catalogue()
    figures.reconcile(result)  # before anything is written
    beside = {
        FINDINGS_BESIDE: result.findings if result.findings.height > sheet_rows else None,
        REJECTED_BESIDE: result.rejected if result.rejected.height > rejected_rows else None,
    }
    companions = {suffix: frame for suffix, frame in beside.items() if frame is not None}
    with place.workroom(path) as room:
        while True:
            target, before = place.next_free(path, tuple(companions))
            names = {s: target.with_suffix(s).name if s in companions else "" for s in beside}
            said = Names(
                before.name if before else "", names[FINDINGS_BESIDE], names[REJECTED_BESIDE]
            )
            made = room / "report.xlsx"
            book = _book(result, room)
            view = view_of(result, rules, sheet_rows, rejected_rows, said)
            for sheet in SHEETS:
                sheet.write(book, view)
            save(book, made, as_of=result.options.as_of)
            if _put(made, target, companions, room):
                return target


def _book(result: AuditResult, room: Path) -> Book:
    """A workbook to fill."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    properties = workbook.properties
    properties.title = "Claim audit report"
    properties.subject = "Findings of a claim audit; confidential, contains patient data"
    properties.creator = properties.lastModifiedBy = f"auditor {auditor.__version__}"
    properties.language = "en-US"
    run = result.options.run_id
    about = f"Claim audit as of {result.options.as_of.isoformat()}" + (
        f", run {run}" if run else ""
    )
    return Book(workbook, style.register(workbook), room, about)


def _put(made: Path, target: Path, companions: dict[str, pl.DataFrame], room: Path) -> bool:
    """Place the workbook and, before it, what it refers to; False where the name got taken."""
    placed: list[Path] = []
    try:
        for suffix, frame in companions.items():
            csv = room / f"beside{suffix}"
            csv_safe(frame).write_csv(csv)
            place.place_new(csv, target.with_suffix(suffix))
            placed.append(target.with_suffix(suffix))
        place.place_new(made, target)
    except FileExistsError:
        for path in placed:
            path.unlink()
        return False
    return True
