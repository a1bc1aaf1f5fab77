"""Sheet Findings: one row a finding, what a coder needs first on the left, and room to answer.

The sheet is not protected, so that it can be sorted and filtered. What reviewers enter comes back
by `auditor review import`, which trusts the finding id and the check value alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.worksheet.datavalidation import DataValidation

from auditor.report import seen
from auditor.report.sheet import Column, Sheet
from auditor.report.style import DECISION, GREY, MISSING_FILL, TIER_LOOKS
from auditor.report.view import FIRST_FINDING
from auditor.report.words import number
from auditor.report.worklist_sheet import with_seen
from schemas.review import DISPOSITIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.report.sheet import Book
    from auditor.report.view import View


def _text(header: str, width: float, name: str) -> Column:
    return Column(header, width, "text", pl.col(name))


def _wrapped(header: str, width: float, name: str) -> Column:
    return Column(header, width, "wrapped", pl.col(name))


def _number(header: str, width: float, name: str) -> Column:
    return Column(header, width, "number", pl.col(name))


def _entry(header: str, width: float, look: str = "entry") -> Column:
    """A column for the reviewer, blank."""
    kind = pl.Date if look == "entry date" else pl.String
    return Column(header, width, look, pl.lit(None, kind))


def _counterpart() -> pl.Expr:
    """'20610, line 2', with the claim where it is another one."""
    other = pl.col("counterpart_claim_id").ne_missing(pl.col("claim_id"))
    parts = [
        pl.col("counterpart_code"),
        pl.format("line {}", "counterpart_line_number"),
        pl.when(other).then(pl.format("claim {}", "counterpart_claim_id")),
    ]
    joined = pl.concat_str(parts, separator=", ", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _wrong() -> pl.Expr:
    """The message, and the rules that this finding speaks for besides its own."""
    rules = pl.col("also").str.replace_all(" ", ", ", literal=True)
    also = pl.when(rules != "").then(pl.format(" Also found on this line: {}.", rules))
    return pl.concat_str("message", also.otherwise(pl.lit("")))


COLUMNS = (
    Column("Tier", 9, "text", pl.col("tier"), TIER_LOOKS),
    _text("Rule", 11, "rule_id"),
    Column("Claim", 18, "link", pl.col("claim_id"), link=pl.col("place")),
    _number("Line", 6, "line_number"),
    _wrapped("Patient", 16, "patient_id"),
    _text("Rendering NPI", 13, "rendering_npi"),
    Column("Date of service", 11, "date", pl.col("service_date")),
    _text("Code", 8, "code"),
    _text("Modifiers", 10, "modifiers"),
    Column("What is wrong", 50, "wrapped", _wrong()),
    _wrapped("What to do", 44, "remedy"),
    Column("At risk (estimate)", 12, "money", pl.col("amount_at_risk")),
    _wrapped("Amount taken from", 13, "amount_basis"),
    Column("Counterpart", 17, "wrapped", _counterpart()),
    _entry("Disposition", 15),
    _entry("Reason", 30),
    _entry("Reviewer", 14),
    _entry("Decided on", 12, "entry date"),
    _entry("Valid until", 12, "entry date"),
    _wrapped("Decided before", 30, "decision"),
    _wrapped("Citation", 30, "citation"),
    _wrapped("Table release", 24, "table_release"),
    _wrapped("Table row", 34, "table_row"),
    _wrapped("File", 26, "source_file"),
    _number("Row", 8, "source_row"),
    _wrapped("Also", 14, "also"),
    _wrapped("Rule name", 24, "rule_name"),
    _wrapped("Payer", 16, "payer"),
    _number("Units", 8, "units"),
    Column("Charge", 12, "money", pl.col("charge_amount")),
    _number("Quarters past release", 11, "release_gap_quarters"),
    Column("First seen", 11, "date", pl.col("first_seen")),
    _text("Finding id", 34, "finding_id"),
    _text("Check", 36, "check"),
    _text("Story id", 34, "story_id"),
)
SEEN = (
    Column("Seen", 14, "wrapped", seen.one()),
    _number("Days since first seen", 10, "days"),
)
"""Where earlier nights are known, after the claim."""
ANSWERING_TOLD = (
    " Answer in the columns Disposition to Valid until; sort and filter as you like, but keep"
    " Finding id and Check beside their rows."
)
ANSWERING = frozenset(
    ("Disposition", "Reason", "Reviewer", "Decided on", "Valid until", "Decided before", "Check")
)
"""Columns that a redacted copy has not: it is shown and not answered, answers are free text that
may name a patient, and a check value is an unkeyed hash of patient and claim."""
ZOOM = 85
"""Percent: what is wrong, what to do and the columns for the answer fit on one screen."""
LAST_PRINTED = "Counterpart"
"""On paper the columns after it would make the rest too small to read."""
UNWRITTEN = (
    " The others were not written, because a file beside this workbook would not be encrypted:"
    " audit fewer files at a time, or have all findings written to a protected place (--findings)."
)


def shown_of(total: int, cap: int) -> str:
    """One sentence: how many findings there are, and how many of them the sheet holds."""
    if total <= cap:
        return f"{number(total, 'finding')}."
    return f"{total:,} findings, of which the sheet holds the first {cap:,}, certain ones first."


def whole_set(view: View) -> str:
    """Where the findings are that the sheet does not hold, in a sentence after a blank."""
    if view.result.findings.height <= view.cap:
        return ""
    if view.names.findings:
        return f" All of them are in {view.names.findings}, beside this workbook."
    return UNWRITTEN


def write(book: Book, view: View) -> None:
    """Write the sheet."""
    redacted = view.result.redacted
    known = COLUMNS if view.result.life is None else with_seen(COLUMNS, SEEN, "Claim")
    columns = [c for c in known if not (redacted and c.header in ANSWERING)]
    sheet = Sheet(book, "Findings", [c.width for c in columns], freeze="D3", protected=False)
    sheet.ws.sheet_view.zoomScale = ZOOM
    held = f"{shown_of(view.result.findings.height, view.cap)}{whole_set(view)}"
    answering = "" if redacted else ANSWERING_TOLD
    note = (
        f"{held} Filter with the arrows in the header.{answering} Amounts are estimates for review."
    )
    sheet.add([note], ["note"], height=20)
    sheet.table("Findings", columns, view.findings)
    letters = dict(zip((c.header for c in columns), sheet.letters, strict=True))
    sheet.print_columns(letters[LAST_PRINTED])
    if not redacted:
        last = max(FIRST_FINDING, sheet.row)
        _validate(sheet, letters, last)
        _mark(sheet, letters, last)


def _range(letters: Mapping[str, str], header: str, last: int) -> str:
    """All cells of the column with this header."""
    return f"{letters[header]}{FIRST_FINDING}:{letters[header]}{last}"


def _validate(sheet: Sheet, letters: Mapping[str, str], last: int) -> None:
    """Drop-downs and date checks, each with a word of help."""
    listed = DataValidation("list", formula1=f'"{",".join(DISPOSITIONS)}"', allow_blank=True)
    listed.error = "Choose one of: " + ", ".join(DISPOSITIONS) + "."
    listed.errorTitle = "Disposition"
    listed.prompt = (
        "agree: the finding is right. disagree: it is not. needs records: nothing decided yet."
        " corrected: the claim was mended. accepted risk: needs a reason and a date in Valid until."
    )
    listed.promptTitle = "Disposition"
    listed.add(_range(letters, "Disposition", last))
    dates = DataValidation("date", operator="greaterThan", formula1="36526", allow_blank=True)
    dates.error = "Enter a date, such as 2025-11-30."
    dates.errorTitle = "Date"
    dates.add(_range(letters, "Decided on", last))
    dates.add(_range(letters, "Valid until", last))
    for validation in (listed, dates):
        validation.showErrorMessage = validation.showInputMessage = True
        sheet.ws.add_data_validation(validation)


def _mark(sheet: Sheet, letters: Mapping[str, str], last: int) -> None:
    """Colours that follow the answer, beside its word; what an answer still lacks is boxed."""
    decided = f"${letters['Disposition']}{FIRST_FINDING}"
    for word, (ink, fill) in DECISION.items():
        look = DifferentialStyle(
            font=Font(color=ink, bold=True), fill=PatternFill(bgColor=fill, fill_type="solid")
        )
        rule = FormulaRule([f'{decided}="{word}"'])
        rule.dxf = look
        sheet.ws.conditional_formatting.add(_range(letters, "Disposition", last), rule)
    lacking = DifferentialStyle(fill=PatternFill(bgColor=MISSING_FILL, fill_type="solid"))
    for header, words in (
        ("Reviewer", DISPOSITIONS),
        ("Reason", ("accepted risk",)),
        ("Valid until", ("accepted risk",)),
    ):
        cell = f"${letters[header]}{FIRST_FINDING}"
        asked = f'{decided}<>""' if words == DISPOSITIONS else f'{decided}="{words[0]}"'
        rule = FormulaRule([f'AND({asked},{cell}="")'])
        rule.dxf = lacking
        sheet.ws.conditional_formatting.add(_range(letters, header, last), rule)
    settled = f"${letters['Decided before']}{FIRST_FINDING}"
    rule = FormulaRule([f'LEFT({settled},8)="Settled:"'])
    rule.dxf = DifferentialStyle(font=Font(color=GREY, italic=True))
    whole = f"A{FIRST_FINDING}:{letters[LAST_PRINTED]}{last}"
    sheet.ws.conditional_formatting.add(whole, rule)
