"""The rows of a filled worksheet, held against the design and against themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditor.sampling import cells
from auditor.sampling.columns import (
    BILLED,
    CHECK,
    DIFFERENCE,
    IN_ERROR,
    LINE_ID,
    NUMBER,
    PAID,
    SHOULD_BE,
    STRATUM_NUMBER,
    row_check,
    sample_columns,
)
from auditor.sampling.interface import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.sampling.interface import Design

_NAMED = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the sheet: its number there, and its cells by header."""

    row: int
    cells: dict[str, object]

    @property
    def number(self) -> int | None:
        """Its place in the order of drawing."""
        return cells.whole(self.cells.get(NUMBER))


@dataclass(slots=True)
class Checked:
    """What the rows say, and what is wrong with them."""

    answers: tuple[Answer, ...] = ()
    open_rows: tuple[Row, ...] = ()
    derived: int = 0
    problems: list[str] = field(default_factory=list)


def check_rows(design: Design, rows: Sequence[Row]) -> Checked:
    """The answers among `rows`, those without one, and every problem with its row and column."""
    asked = [c.header for c in sample_columns(design.basis) if c.asked]
    identity = (NUMBER, LINE_ID, CHECK)
    told = Checked()
    answers: list[Answer] = []
    still_open: list[Row] = []
    seen: dict[int, int] = {}
    for row in rows:
        if all(cells.blank(row.cells.get(name)) for name in identity):
            if any(not cells.blank(row.cells.get(name)) for name in asked):
                told.problems.append(f"row {row.row} has an answer but no '{LINE_ID}'")
            continue
        number = row.number
        if not _genuine(design, row):
            told.problems.append(
                f"row {row.row}: '{CHECK}' does not fit '{NUMBER}', '{LINE_ID}',"
                f" '{STRATUM_NUMBER}' and '{BILLED}', so one of them was changed or moved"
            )
        elif number is None or number in seen:
            told.problems.append(f"row {row.row} is the same line as row {seen[number or 0]}")
        else:
            seen[number] = row.row
            _read(design, row, number, told, answers, still_open)
    # a row whose check fails is still there: only what nothing stands for is missing
    there = seen.keys() | {row.number for row in rows}
    missing = [n for n in range(1, design.sampled + 1) if n not in there]
    if missing:
        named = ", ".join(map(str, missing[:_NAMED])) + (" ..." if len(missing) > _NAMED else "")
        told.problems.append(
            f"{len(missing):,} of the {design.sampled:,} lines drawn are not on the sheet"
            f" ('{NUMBER}' {named})"
        )
    told.answers = tuple(sorted(answers, key=lambda a: a.number))
    told.open_rows = tuple(still_open)
    return told


def _genuine(design: Design, row: Row) -> bool:
    """Whether the row's check is the one of its line, stratum and charge."""
    number, stratum = row.number, cells.whole(row.cells.get(STRATUM_NUMBER))
    if number is None or stratum is None:
        return False
    try:
        charge = cells.cents(row.cells.get(BILLED))
    except cells.Unreadable:
        return False
    line = str(row.cells.get(LINE_ID))
    return str(row.cells.get(CHECK)) == row_check(design, number, line, stratum, charge)


def _read(  # noqa: PLR0913, PLR0917 - the row, and where each of the three outcomes goes
    design: Design,
    row: Row,
    number: int,
    told: Checked,
    answers: list[Answer],
    still_open: list[Row],
) -> None:
    problems: list[str] = []

    def amount(name: str) -> int | None:
        try:
            value = cells.cents(row.cells.get(name))
        except cells.Unreadable as problem:
            problems.append(f"row {row.row}: '{name}' {problem}")
            return None
        if value is not None and value < 0 and name != DIFFERENCE:
            problems.append(f"row {row.row}: '{name}' is below zero")
            return None
        return value

    paid = amount(PAID) if design.basis == "paid" else None
    correct, difference = amount(SHOULD_BE), amount(DIFFERENCE)
    try:
        in_error = cells.yes_or_no(row.cells.get(IN_ERROR))
    except cells.Unreadable as problem:
        problems.append(f"row {row.row}: '{IN_ERROR}' {problem}")
        in_error = None
    if problems:
        told.problems += problems
        return
    if correct is None and in_error is None:
        if difference is not None:
            told.problems.append(f"row {row.row} has a '{DIFFERENCE}' but no '{SHOULD_BE}'")
        else:
            still_open.append(row)
        return
    examined = paid if design.basis == "paid" else cells.cents(row.cells.get(BILLED))
    name = PAID if design.basis == "paid" else BILLED
    if examined is None:
        told.problems.append(f"row {row.row}: '{name}' is empty, and the line is answered")
        return
    if correct is None and in_error:
        told.problems.append(f"row {row.row}: '{IN_ERROR}' is yes, and '{SHOULD_BE}' is empty")
        return
    correct = examined if correct is None else correct
    if in_error is False and correct != examined:
        told.problems.append(
            f"row {row.row}: '{IN_ERROR}' is no, and '{SHOULD_BE}' differs from '{name}'"
        )
        return
    if difference is not None and difference != examined - correct:
        told.problems.append(
            f"row {row.row}: '{DIFFERENCE}' is not '{name}' less '{SHOULD_BE}'"
        )
        return
    if in_error is None:
        told.derived += 1
        in_error = correct != examined
    stratum = cells.whole(row.cells.get(STRATUM_NUMBER)) or 0
    answers.append(Answer(number, stratum, examined, correct, in_error))
