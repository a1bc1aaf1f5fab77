"""From the answers to the measures, and to what must be said beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from auditor.errors import InputRejected
from auditor.sampling import cells
from auditor.sampling.attribute import ErrorRate, counts, error_rate
from auditor.sampling.columns import BILLED, NUMBER, PAID, SAMPLE, STRATUM_NUMBER
from auditor.sampling.interface import Answer
from auditor.sampling.variable import Money, money

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.sampling.attribute import Counts
    from auditor.sampling.interface import Design
    from auditor.sampling.reading import Filled
    from auditor.sampling.rows import Row

Unanswered: TypeAlias = Literal["refuse", "in-error", "leave-out"]
USUAL = (80.0, 90.0, 95.0)
"""Confidences, in percent, that RAT-STATS tells; all are told beside the one asked for."""
_ROWS_NAMED = 20
_ENOUGH = 25
"""Cochran, section 2.15: a sample of more than 25 G1^2 for the normal approximation to hold."""
_MUCH = 2
"""How many times fewer the effective degrees of freedom are where that is worth a word."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a filled worksheet says."""

    design: Design
    confidence: float
    """The one asked for, in percent; the limits hold it and the usual ones, in order."""
    strata: tuple[Counts, ...]
    answers: tuple[Answer, ...]
    unanswered: int
    """Lines without an answer, before they were treated as asked for."""
    treated: Unanswered
    rate: ErrorRate
    money: Money
    notes: tuple[str, ...]


def conclude(
    filled: Filled, path: Path, *, confidence: float = 90.0, unanswered: Unanswered = "refuse"
) -> Outcome:
    """The measures of a filled worksheet; `path` names it in errors.

    Lines without an answer stop it ('refuse'), count as wholly in error ('in-error'), or are left
    out ('leave-out'). Raises InputRejected where they stop it, where nothing of a stratum is
    answered, or where the amount of an unanswered line is not there.
    """
    answers = list(filled.answers)
    if filled.open_rows and unanswered == "refuse":
        raise _unanswered(filled, path)
    if unanswered == "in-error":
        answers += [_in_error(filled.design, row, path) for row in filled.open_rows]
        answers.sort(key=lambda a: a.number)
    empty = [
        s.number for s in filled.design.strata if not any(a.stratum == s.number for a in answers)
    ]
    if empty:
        raise InputRejected(
            f"No line of stratum {empty[0]} has an answer."
            if len(filled.design.strata) > 1
            else "No line has an answer.",
            where=f"{path}, sheet {SAMPLE}",
            next_step="Fill in the yellow columns first.",
        )
    strata = tuple(counts(filled.design.strata, answers))
    levels = sorted({*USUAL, confidence})
    rate = error_rate(strata, levels)
    found = money(filled.design.strata, answers, levels)
    made = Outcome(
        filled.design,
        confidence,
        strata,
        tuple(answers),
        len(filled.open_rows),
        unanswered,
        rate,
        found,
        (),
    )
    return replace(made, notes=tuple(_notes(made, filled)))


def _unanswered(filled: Filled, path: Path) -> InputRejected:
    rows = filled.open_rows
    named = ", ".join(str(row.row) for row in rows[:_ROWS_NAMED])
    more = f" and {len(rows) - _ROWS_NAMED:,} more" if len(rows) > _ROWS_NAMED else ""
    word = "line has" if len(rows) == 1 else "lines have"
    return InputRejected(
        f"{len(rows):,} of {filled.design.sampled:,} {word} no answer (rows {named}{more}), and a"
        " line without an answer is not a clean one.",
        where=f"{path}, sheet {SAMPLE}",
        next_step="Fill them in; or say --unanswered in-error, where the records cannot be had, or"
        " --unanswered leave-out for a provisional figure.",
    )


def _in_error(design: Design, row: Row, path: Path) -> Answer:
    """The answer of a line of which nothing could be shown: the whole amount is in error."""
    name = PAID if design.basis == "paid" else BILLED
    examined = cells.cents(row.cells.get(name))
    if examined is None:
        raise InputRejected(
            f"Row {row.row} has no answer, and '{name}' is empty too.",
            where=f"{path}, sheet {SAMPLE}",
            next_step=f"Fill in '{name}': without it the line cannot count as in error.",
        )
    number, stratum = row.number or 0, cells.whole(row.cells.get(STRATUM_NUMBER)) or 0
    return Answer(number, stratum, examined, 0, in_error=True)


def _notes(outcome: Outcome, filled: Filled) -> list[str]:
    """What a reader must know to use the figures; none names a line."""
    design, found = outcome.design, outcome.money
    notes = []
    if outcome.unanswered:
        notes.append(_about_unanswered(outcome))
    if filled.derived:
        notes.append(
            f"In error was left empty on {filled.derived:,} answered lines; there it was taken from"
            " the amounts: in error where they differ."
        )
    if found.underpaid:
        notes.append(
            "Underpayments are set against overpayments, as RAT-STATS' difference estimator does."
        )
    if design.basis == "charge":
        notes.append(
            "The amounts are charges. What was paid is usually less: for an overpayment, draw with"
            " --basis paid."
        )
    notes += _about_limits(outcome)
    notes.append(
        f"All of this is about the {design.lines:,} claim lines of the frame, not about lines that"
        " the audit had nothing to say about. An estimate, not a payment decision."
    )
    return notes


def _about_unanswered(outcome: Outcome) -> str:
    told = f"{outcome.unanswered:,} of {outcome.design.sampled:,} lines have no answer"
    if outcome.treated == "in-error":
        return f"{told}; each counts as wholly in error."
    numbers = [a.number for a in outcome.answers]
    first = len(outcome.design.strata) == 1 and numbers == list(range(1, len(numbers) + 1))
    if first:
        return (
            f"{told} and were left out. The answered ones are the first {len(numbers):,} in the"
            f" order of drawing ('{NUMBER}'), which are a random sample of that size themselves."
        )
    return (
        f"PROVISIONAL: {told} and were left out. The figures hold only if these lines lack an"
        " answer by chance; lines whose record is missing seldom do."
    )


def _about_limits(outcome: Outcome) -> list[str]:
    notes = []
    total = outcome.money.total
    if total.why:
        notes.append(total.why)
    answered = len(outcome.answers)
    skewness = outcome.money.skewness
    if total.limits and len(outcome.strata) == 1 and skewness is not None:
        needed = _ENOUGH * skewness**2
        if answered <= needed:
            notes.append(
                f"The differences are uneven (skewness {skewness:.1f}): with {answered:,} lines the"
                " limits of the money are rough. A sample of more than"
                f" {int(needed):,} lines would give better ones (Cochran, section 2.15)."
            )
    effective = total.satterthwaite
    if effective is not None and effective * _MUCH < total.df:
        notes.append(
            "The strata differ so much in spread that the limits of the money rest on"
            f" {effective:.1f} effective degrees of freedom (Satterthwaite) rather than {total.df};"
            " they ought to be wider than they are."
        )
    return notes
