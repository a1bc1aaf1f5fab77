"""The answers as a file for RAT-STATS, the OIG's program: sample item, amounts, difference.

Its variable appraisals ask for the size of the universe and of the sample and for a file with the
sample item number beside the amounts; its attribute appraisals ask for three counts. What is known
of the form of that file, and what is not, stands in docs/sampling.md. No claim is named.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from openpyxl.utils import get_column_letter

from auditor.sampling import book

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from auditor.sampling.interface import Answer
    from auditor.sampling.outcome import Outcome

SUFFIXES = (".xlsx", ".csv", ".txt")
HEADER = ("Sample Item", "Examined", "Audited", "Difference")
SIZES = ("Stratum", "Universe size", "Sample size", "In error")


def write_rat_stats(outcome: Outcome, path: Path, *, as_of: date) -> Path:
    """Write the answers at the next free name of `path`; answers the one used.

    .xlsx: a sheet a stratum, and the sizes on a sheet of their own. .csv (comma) and .txt (tab):
    one header row; of a stratified sample the stratum's number stands first. Raises ReportError
    where the place cannot be written.
    """
    if path.suffix.lower() == ".xlsx":
        made = book.new_book("RAT-STATS data", "Audit sample", outcome.design.version)
        for n, _stratum in enumerate(outcome.strata, start=1):
            own = [_row(a) for a in outcome.answers if a.stratum == n]
            name = "Sample" if len(outcome.strata) == 1 else f"Stratum {n}"
            _fill(made.create_sheet(name), HEADER, own)
        sizes = [(n, s.lines, s.sampled, s.errors) for n, s in enumerate(outcome.strata, start=1)]
        _fill(made.create_sheet("Sizes"), SIZES, sizes)
        return book.save_new(made, path, as_of)
    stratified = len(outcome.strata) > 1

    def make(target: Path) -> None:
        with target.open("w", encoding="ascii", newline="") as file:
            comma = "," if path.suffix.lower() == ".csv" else "\t"
            writer = csv.writer(file, delimiter=comma, lineterminator="\r\n")
            writer.writerow((*(("Stratum",) if stratified else ()), *HEADER))
            for a in outcome.answers:  # in the order of drawing, which is by stratum
                first = (a.stratum,) if stratified else ()
                number, *amounts = _row(a)
                writer.writerow((*first, number, *(f"{amount:.2f}" for amount in amounts)))

    return book.place_made(path, make)


def _row(answer: Answer) -> tuple[int, float, float, float]:
    cents = (answer.examined_cents, answer.correct_cents, answer.difference_cents)
    examined, audited, difference = (c / 100 for c in cents)
    return answer.number, examined, audited, difference


def _fill(sheet: Worksheet, header: Sequence[str], rows: Iterable[Sequence[float]]) -> None:
    for column, text in enumerate(header, start=1):
        sheet.cell(1, column, text)
        sheet.column_dimensions[get_column_letter(column)].width = 14
    for number, values in enumerate(rows, start=2):
        for column, value in enumerate(values, start=1):
            sheet.cell(number, column, value)
