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

    answers: list[Answer] = field(default_factory=list)
    """In the order of drawing."""
    open_rows: list[Row] = field(default_factory=list)
    """Without an answer, in the order of the sheet."""
    derived: int = 0
    problems: list[str] = field(default_factory=list)


def check_rows(design: Design, rows: Sequence[Row]) -> Checked:
    """The answers among `rows`, those without one, and every problem with its row and column."""
    asked = [c.header for c in sample_columns(design.basis) if c.asked]
    identity = (NUMBER, LINE_ID, CHECK)
    told = Checked()
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
            _read(design, row, number, told)
    # a row whose check fails is still there: only what nothing stands for is missing
    there = seen.keys() | {row.number for row in rows}
    missing = [n for n in range(1, design.sampled + 1) if n not in there]
    if missing:
        named = ", ".join(map(str, missing[:_NAMED])) + (" ..." if len(missing) > _NAMED else "")
        told.problems.append(
            f"{len(missing):,} of the {design.sampled:,} lines drawn are not on the sheet"
            f" ('{NUMBER}' {named})"
        )
    told.answers.sort(key=lambda a: a.number)
    return told


def _genuine(design: Design, row: Row) -> bool:
    """Whether the row's check is the one of its line, stratum and charge."""
    number, stratum = row.number, cells.whole(row.cells.get(STRATUM_NUMBER))
    if number is None or stratum is None:
        return False
    try:
        charge = cells.cents(row.cells.get(BILLED))
    except cells.UnreadableError:
        return False
    line = str(row.cells.get(LINE_ID))
    return str(row.cells.get(CHECK)) == row_check(design, number, line, stratum, charge)


@dataclass(frozen=True, slots=True)
class _Typed:
    """What was typed into the columns to fill in; None: nothing."""

    paid: int | None
    correct: int | None
    difference: int | None
    in_error: bool | None


def _read(design: Design, row: Row, number: int, told: Checked) -> None:
    """Put the answer of one row, or its problem, or that it is open, into `told`."""
    typed, problems = _typed(design, row)
    if typed is None:
        told.problems += problems
        return
    if typed.correct is None and typed.in_error is None and typed.difference is None:
        told.open_rows.append(row)
        return
    name = PAID if design.basis == "paid" else BILLED
    examined = typed.paid if design.basis == "paid" else cells.cents(row.cells.get(BILLED))
    problem = _contradiction(typed, examined, name)
    if problem or examined is None:
        told.problems.append(f"row {row.row}: {problem}")
        return
    correct = examined if typed.correct is None else typed.correct
    in_error = typed.in_error
    if in_error is None:
        told.derived += 1
        in_error = correct != examined
    stratum = cells.whole(row.cells.get(STRATUM_NUMBER)) or 0
    told.answers.append(Answer(number, stratum, examined, correct, in_error))


def _contradiction(typed: _Typed, examined: int | None, name: str) -> str:
    """What does not go together in a row; '' where all does."""
    if typed.correct is None and typed.in_error is None:
        return f"there is a '{DIFFERENCE}' but no '{SHOULD_BE}'"
    if examined is None:
        return f"'{name}' is empty, and the line is answered"
    if typed.correct is None and typed.in_error:
        return f"'{IN_ERROR}' is yes, and '{SHOULD_BE}' is empty"
    correct = examined if typed.correct is None else typed.correct
    if typed.in_error is False and correct != examined:
        return f"'{IN_ERROR}' is no, and '{SHOULD_BE}' differs from '{name}'"
    if typed.difference is not None and typed.difference != examined - correct:
        return f"'{DIFFERENCE}' is not '{name}' less '{SHOULD_BE}'"
    return ""


def _typed(design: Design, row: Row) -> tuple[_Typed | None, list[str]]:
    """The cells to fill in, or what cannot be read of them."""
    problems: list[str] = []

    def amount(name: str) -> int | None:
        try:
            value = cells.cents(row.cells.get(name))
        except cells.UnreadableError as problem:
            problems.append(f"row {row.row}: '{name}' {problem}")
            return None
        if value is not None and value < 0 and name != DIFFERENCE:
            problems.append(f"row {row.row}: '{name}' is below zero")
        return value

    paid = amount(PAID) if design.basis == "paid" else None
    correct, difference = amount(SHOULD_BE), amount(DIFFERENCE)
    in_error = None
    try:
        in_error = cells.yes_or_no(row.cells.get(IN_ERROR))
    except cells.UnreadableError as problem:
        problems.append(f"row {row.row}: '{IN_ERROR}' {problem}")
    return (None if problems else _Typed(paid, correct, difference, in_error)), problems
