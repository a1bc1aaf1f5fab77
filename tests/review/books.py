"""Workbooks as reviewers give them back, made with openpyxl; the headers are the report's."""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl

from auditor import seal

ANSWERS = ("Disposition", "Reason", "Reviewer", "Decided on", "Valid until")


def counterpart(row: Mapping[str, Any]) -> str | None:
    """'20610, line 2, claim X', as the sheet has it."""
    line, claim = row["counterpart_line_number"], row["counterpart_claim_id"]
    parts = [
        row["counterpart_code"],
        None if line is None else f"line {line}",
        f"claim {claim}" if claim and claim != row["claim_id"] else None,
    ]
    return ", ".join(part for part in parts if part) or None


COLUMNS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "Tier": lambda r: r["tier"],
    "Rule": lambda r: r["rule_id"],
    "Claim": lambda r: r["claim_id"],
    "Line": lambda r: r["line_number"],
    "Patient": lambda r: r["patient_id"],
    "Date of service": lambda r: r["service_date"],
    "Code": lambda r: r["code"],
    "Modifiers": lambda r: r["modifiers"],
    "What is wrong": lambda r: r["message"],
    "At risk (estimate)": lambda r: (
        None if r["amount_at_risk"] is None else float(r["amount_at_risk"])
    ),
    "Counterpart": counterpart,
    "Also": lambda r: r["also"],
    "Units": lambda r: None if r["units"] is None else float(r["units"]),
    "Charge": lambda r: None if r["charge_amount"] is None else float(r["charge_amount"]),
    "Finding id": lambda r: r["finding_id"],
    "Check": lambda r: r["check"],
}


def rows_of(
    findings: pl.DataFrame, answers: Mapping[int, Mapping[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """Each finding as a row of the sheet; `answers` by its place among the findings."""
    checked = findings.with_columns(check=seal.checks(findings))
    blank = dict.fromkeys(ANSWERS)
    return [
        {header: of(row) for header, of in COLUMNS.items()}
        | blank
        | dict((answers or {}).get(n, {}))
        for n, row in enumerate(checked.iter_rows(named=True))
    ]


def write(
    path: Path,
    *sheets: tuple[str, Sequence[Mapping[str, Any]]],
    headers: Sequence[str] = (),
    above: int = 1,
) -> Path:
    """A workbook of these sheets: a note, `above` rows in all, the header, the rows."""
    book = openpyxl.Workbook()
    book.active.title = "Summary"
    book.active.append(["Nothing of interest"])
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        fill(sheet, rows, headers, above)
    book.save(path)
    return path


def fill(sheet: Any, rows: Sequence[Mapping[str, Any]], headers: Sequence[str], above: int) -> None:  # noqa: ANN401 - openpyxl has no types
    """Put the rows under their headers."""
    names = list(headers) or list(dict.fromkeys(name for row in rows for name in row))
    for n in range(above):
        sheet.append(["A note"] if n == 0 else [])
    sheet.append(names)
    for row in rows:
        sheet.append([row.get(name) for name in names])


def shuffled(rows: Sequence[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    """The rows in another order, each with its columns in another order, all in the same."""
    names = list(rows[0])
    rng.shuffle(names)
    moved = [{name: row[name] for name in names} for row in rows]
    rng.shuffle(moved)
    return moved
