"""The workbook: its sheets in order, its name, and the files beside it that hold the rest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from openpyxl import Workbook

import auditor
from auditor.errors import ReportError
from auditor.report import (
    about_sheet,
    bypass_sheet,
    closed_sheet,
    context_sheet,
    copies,
    coverage_sheet,
    decisions_sheet,
    encrypt,
    figures,
    findings_sheet,
    input_sheet,
    nights,
    place,
    practitioners_sheet,
    rules_sheet,
    still_open_sheet,
    style,
    summary_sheet,
    tables_sheet,
    worklist_sheet,
)
from auditor.report.archive import save
from auditor.report.machine import csv_safe
from auditor.report.sheet import LAST_ROW, Book
from auditor.report.view import FIRST_FINDING, Caps, Names, View, view_of

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
    decisions_sheet,
    still_open_sheet,
    closed_sheet,
    input_sheet,
    coverage_sheet,
    tables_sheet,
    rules_sheet,
    about_sheet,
)
"""One module a sheet, in their order."""
WHOLE_ONLY = (bypass_sheet, input_sheet, coverage_sheet, tables_sheet)
"""Sheets about all lines of the run, or rates beside them: they stay out of a part."""
SHEET_ROWS = 100_000
"""Findings a sheet holds: more can be neither read nor scrolled, and open slowly."""
REJECTED_ROWS = 20_000
ENCRYPTED_ROWS = LAST_ROW - FIRST_FINDING + 1
"""Findings the sheet of an encrypted workbook holds: all that Excel has rows for."""
ENCRYPTED_REJECTED_ROWS = 1_000_000
"""Other lists share the sheet of the rejected rows."""
FINDINGS_BESIDE = ".findings.csv"
REJECTED_BESIDE = ".rejected.csv"
LINES_BESIDE = ".lines.csv"
STILL_OPEN_BESIDE = ".still-open.csv"
CLOSED_BESIDE = ".closed.csv"
BESIDE = (FINDINGS_BESIDE, REJECTED_BESIDE, LINES_BESIDE, STILL_OPEN_BESIDE, CLOSED_BESIDE)
"""Endings of the files beside a workbook, in place of its own."""
_MOST_REFUSALS = 5
"""After so many names the place itself is at fault."""


@dataclass(frozen=True, slots=True)
class Form:
    """How workbooks are made: what does not depend on whose findings they hold."""

    rules: Sequence[Rule]
    caps: Caps
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """A workbook that has no name yet."""

    view: View
    password: str | None = field(repr=False)
    companions: dict[str, pl.DataFrame]
    """Suffix -> table of each file beside the workbook; none beside an encrypted one."""


def planned(result: AuditResult, form: Form) -> Plan:
    """What the workbook of `result` shows, and what is too long for it."""
    view = view_of(result, form.rules, form.caps)
    companions = {}
    if form.password is None:
        if result.findings.height > form.caps.findings:
            companions[FINDINGS_BESIDE] = result.findings
        if result.rejected.height > form.caps.rejected:
            companions[REJECTED_BESIDE] = result.rejected
        if view.context.left_out:
            companions[LINES_BESIDE] = context_sheet.every_line(result)
        if result.life is not None:
            listed = {
                STILL_OPEN_BESIDE: result.life.carried,
                CLOSED_BESIDE: result.life.closed,
            }
            companions |= {
                suffix: frame
                for suffix, frame in listed.items()
                if nights.shown(frame).height > form.caps.findings
            }
    return Plan(view, form.password, companions)


def form_of(
    rules: Sequence[Rule] | None,
    sheet_rows: int | None = None,
    rejected_rows: int | None = None,
    line_rows: int | None = None,
    password: str | None = None,
) -> Form:
    """The form that write_report's arguments ask for."""
    if rules is None:
        from auditor.rules import catalogue  # noqa: PLC0415 - loads every rule, for this alone

        rules = catalogue()
    usual = Caps(SHEET_ROWS, REJECTED_ROWS)
    if password is not None:
        encrypt.check(password)
        usual = Caps(ENCRYPTED_ROWS, ENCRYPTED_REJECTED_ROWS, ENCRYPTED_ROWS)
    caps = Caps(
        usual.findings if sheet_rows is None else sheet_rows,
        usual.rejected if rejected_rows is None else rejected_rows,
        usual.lines if line_rows is None else line_rows,
    )
    return Form(rules, caps, password)


def write_report(  # noqa: PLR0913 - each is a choice of its own, by name
    result: AuditResult,
    path: Path | str,
    *,
    rules: Sequence[Rule] | None = None,
    sheet_rows: int | None = None,
    rejected_rows: int | None = None,
    line_rows: int | None = None,
    password: str | None = None,
) -> Path:
    """Write the workbook of `result` and answer where it is.

    `path` ends in .xlsx; an existing file is never overwritten: the report goes to the next free
    name, `name (2).xlsx`, and says what it supersedes. So it does where `path` is open in Excel or
    the file system refuses a file there. `rules` are those of the sheet Rules (None: the
    catalogue). Where there are more than `sheet_rows` findings (None: SHEET_ROWS), `rejected_rows`
    rejected rows or `line_rows` claim lines around findings, the sheet holds the first ones and all
    of them stand beside the workbook as `name.findings.csv`, `name.rejected.csv` and
    `name.lines.csv`; findings of earlier nights stand in `name.still-open.csv` and
    `name.closed.csv`. The same result gives the same bytes.

    With a `password` (8 to 255 characters) the workbook is encrypted as Excel does it. Nothing is
    written beside it then, and its sheets hold as many rows as Excel has; its bytes differ from
    run to run, because encryption begins with random ones. `auditor.report.redact` and
    `write_parts` make other copies of a result.

    Raises ReportError where the place cannot be written, or for such a password.
    """
    path = Path(path)
    if path.suffix.lower() != ".xlsx" or path.is_dir():
        raise ReportError(
            "The report is an Excel workbook.",
            where=str(path),
            next_step="Give it a file name that ends in .xlsx.",
        )
    form = form_of(rules, sheet_rows, rejected_rows, line_rows, password)
    figures.reconcile(result)  # before anything is written
    plan = planned(result, form)
    refused: list[Path] = []
    with place.workroom(path) as room:
        while True:
            free = place.free_name(path, tuple(plan.companions), refused)
            made = write_whole(plan, free, room)
            try:
                _put(made, free.path)
            except FileExistsError:  # somebody was quicker
                continue
            except place.NameRefused:
                refused.append(free.path)
                if len(refused) == _MOST_REFUSALS:
                    raise
            else:
                return free.path


def write_whole(plan: Plan, free: place.Free, room: Path) -> list[Path]:
    """Make in `room` the workbook that will be `free.path` and what lies beside it.

    Answers the files in the order in which they are to be put in place, the workbook last.
    """
    names = {s: free.path.with_suffix(s).name for s in plan.companions}
    said = Names(
        supersedes=free.before.name if free.before else "",
        findings=names.get(FINDINGS_BESIDE, ""),
        rejected=names.get(REJECTED_BESIDE, ""),
        lines=names.get(LINES_BESIDE, ""),
        still_open=names.get(STILL_OPEN_BESIDE, ""),
        closed=names.get(CLOSED_BESIDE, ""),
        held=free.held,
    )
    view = replace(plan.view, names=said)
    result = view.result
    book = _book(result, room)
    for sheet in SHEETS:
        if not (result.part and (sheet in WHOLE_ONLY or _lacks_card(sheet, result))):
            sheet.write(book, view)
    made = []
    for suffix, frame in plan.companions.items():
        made.append(room / free.path.with_suffix(suffix).name)
        csv_safe(frame).write_csv(made[-1])
    made.append(room / free.path.name)
    if plan.password is None:
        save(book, made[-1], as_of=result.options.as_of)
    else:
        plain = BytesIO()  # never on the disk, not even in a folder of ours
        save(book, plain, as_of=result.options.as_of)
        made[-1].write_bytes(encrypt.encrypted(plain, plan.password))
    return made


def _lacks_card(sheet: object, result: AuditResult) -> bool:
    """Whether it is the scorecard, and the part has no row of it."""
    return sheet is practitioners_sheet and result.card is None


def _book(result: AuditResult, room: Path) -> Book:
    """A workbook to fill."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    properties = workbook.properties
    properties.title = "Claim audit report"
    properties.subject = copies.subject(result)
    properties.creator = properties.lastModifiedBy = f"auditor {auditor.__version__}"
    properties.language = "en-US"
    run = result.options.run_id
    about = f"Claim audit as of {result.options.as_of.isoformat()}" + (
        f", run {run}" if run else ""
    )
    return Book(workbook, style.register(workbook), room, about, copies.footer(result))


def _put(made: Sequence[Path], target: Path) -> None:
    """Place the files, the workbook last; where one cannot be, take the others back.

    Raises FileExistsError where a name was taken meanwhile.
    """
    placed: list[Path] = []
    try:
        for file in made:
            place.place_new(file, target.with_name(file.name))
            placed.append(target.with_name(file.name))
    except OSError:
        for path in placed:
            path.unlink()
        raise
