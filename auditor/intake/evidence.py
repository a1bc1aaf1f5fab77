"""What the cells of a whole file show of how it is to be read: dates and amounts.

Read block by block: the first block decides, the sum over all of them proves it or has the file
read once more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from auditor.errors import InputRejected
from auditor.intake import amounts, dates, steps
from auditor.intake.distinct import Memory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

    from auditor.intake.columns import Columns
    from auditor.intake.dates import Reading
    from auditor.intake.interface import IntakeOptions


class Decided(NamedTuple):
    """How the dates and amounts of a file are read."""

    readings: Mapping[str, Reading]
    """By date field."""
    decimal_comma: bool


@dataclass(slots=True)
class Evidence:
    """Sums over the blocks read so far."""

    columns: Columns
    shown: dict[str, dates.Shown] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    """Of the dates of earlier blocks."""
    written: amounts.Written = amounts.Written()  # noqa: RUF009 -- an immutable tuple

    def add(self, cells: pl.DataFrame) -> None:
        """Take in one block."""
        for name, places in steps.date_columns(self.columns).items():
            for place in places:
                shown = dates.look(cells[str(place)], self.memory)
                self.shown[name] = self.shown.get(name, dates.Shown()) + shown
        self._write(amounts.look([cells[str(n)] for n in steps.amount_columns(self.columns)]))

    def anew(self) -> Evidence:
        """None yet of the same columns; what is remembered of dates serves both."""
        return Evidence(self.columns, memory=self.memory)

    def without_memory(self) -> Evidence:
        """The same sums alone."""
        return Evidence(self.columns, self.shown, written=self.written)

    def take(self, other: Evidence) -> None:
        """Add what other blocks show."""
        for name, shown in other.shown.items():
            self.shown[name] = self.shown.get(name, dates.Shown()) + shown
        self._write(other.written)

    def _write(self, more: amounts.Written) -> None:
        self.written = amounts.Written(*(a + b for a, b in zip(self.written, more, strict=True)))

    def decide(self, options: IntakeOptions, day_zero: date | None) -> tuple[Decided, list[str]]:
        """What is decided so far, and remarks on the file."""
        readings, notes = dates.readings(
            self.shown, day_zero=day_zero, order=options.date_order, pivot=options.year_pivot
        )
        comma = self.written.decimal_comma
        if comma:
            notes.append("Amounts were read with a decimal comma: 1.234,56 as 1,234.56.")
        return Decided(readings, comma), notes

    def told(self, options: IntakeOptions) -> list[str]:
        """Remarks on what the operator said of the dates, where it mattered."""
        found = []
        if options.date_order and any(shown.written for shown in self.shown.values()):
            found.append(f"Dates such as 03/04/2024 were read {options.date_order}, as was said.")
        if options.year_pivot is not None and any(shown.short for shown in self.shown.values()):
            found.append(
                f"Two-digit years below {options.year_pivot:02} were read as 20xx, the others as"
                " 19xx, as was said."
            )
        return found

    def ask(self, decided: Decided, options: IntakeOptions, where: str) -> None:
        """Raise InputRejected where most dates of service cannot be read without a word.

        A few that cannot are rejected one by one, each with its reason.
        """
        for name in ("service_date_from", "claim_date_from"):
            shown, reading = self.shown.get(name), decided.readings.get(name)
            if shown is None or reading is None:
                continue
            column = self.columns.names[self.columns.used()[name][0]]
            against, proof = shown.months, shown.days
            if not reading.day_first:
                against, proof = proof, against
            contrary = against > proof and against >= dates.HANDFUL * shown.written
            if options.date_order is not None and contrary:
                raise InputRejected(
                    f"The dates of column '{column}' are not {options.date_order}, as was said:"
                    f" {against:,} of {shown.filled:,} can only be read the other way, {proof:,}"
                    " only this way.",
                    where=where,
                    next_step="Correct --date-order (or date_order in the configuration or the"
                    " layout); if it was right until now, ask whoever makes the export.",
                )
            if reading.day_first is None and shown.either * 2 > shown.filled:
                raise InputRejected(
                    f"Nothing shows whether the day or the month comes first in column '{column}':"
                    f" {shown.either:,} of {shown.filled:,} dates can be read both ways, and none"
                    " only one way.",
                    where=where,
                    next_step="Say it: --date-order month-first or --date-order day-first (or"
                    " date_order in the configuration or in a layout).",
                )
            if reading.pivot is None and shown.short * 2 > shown.filled:
                raise InputRejected(
                    f"The dates of column '{column}' have two-digit years ({shown.short:,} of"
                    f" {shown.filled:,}).",
                    where=where,
                    next_step="Say which century is meant: --year-pivot 70 reads 00 to 69 as 20xx"
                    " and 70 to 99 as 19xx (or year_pivot in the configuration or in a layout).",
                )
