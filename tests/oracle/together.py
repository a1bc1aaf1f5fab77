"""Who counts as one practitioner, what pays, and what makes a finding on two lines uncertain."""

from datetime import date
from fractions import Fraction
from typing import Any

from oracle.model import Line
from oracle.payable import Batch

SEPARATE = frozenset(["59", "XE", "XS", "XP", "XU"])


def number(code: str) -> int:
    """The value of a five-digit code, -1 for all others."""
    return int(code) if len(code) == 5 and code.isdigit() else -1


def within(code: str, *ranges: tuple[int, int]) -> bool:
    return any(low <= number(code) <= high for low, high in ranges)


def same_person(one: Line, other: Line) -> bool:
    """S1."""
    return one.s1 is not None and one.s1 == other.s1


def one_group(one: Line, other: Line) -> bool:
    if one.tax is not None and other.tax is not None:
        return one.tax == other.tax
    return one.billing is not None and one.billing == other.billing


def one_physician(one: Line, other: Line) -> bool:
    """S1 or S2."""
    alike = one.specialty is not None and one.specialty == other.specialty
    return same_person(one, other) or (one_group(one, other) and alike)


def nobody(batch: Batch, line: Line) -> bool:
    return line.s1 is None or line.key in batch.borrowed | batch.shaken


def vague(line: Line) -> bool:
    return line.raw.get("claim_dates") == "True" and line.last > line.first


def unsure_who(batch: Batch, one: Line, other: Line) -> bool:
    return batch.doubtful(one, other) or nobody(batch, one) or nobody(batch, other)


def unsure(batch: Batch, one: Line, other: Line) -> bool:
    return unsure_who(batch, one, other) or vague(one) or vague(other)


def pays(batch: Batch, line: Line, day: date) -> bool:
    """Pays by itself, whatever pairs and limits say; status and MUE speak of Medicare only."""
    if line.denied or not line.counts:
        return False
    return line.business != "medicare" or not batch.denied_itself(line, day)


def place(line: Line) -> tuple[Any, ...]:
    """The order of lines: claim, line number, date, code, and what else tells them apart."""

    def blank_first(value: str | int | Fraction | None) -> tuple[Any, ...]:
        return (value is not None, value if value is not None else 0)

    return (
        line.claim_id,
        blank_first(line.number),
        line.first,
        line.code,
        line.raw.get("modifiers") or "",
        blank_first(line.units),
        blank_first(line.charge),
        blank_first(line.rendering),
        blank_first(line.pos),
        line.key,
    )
