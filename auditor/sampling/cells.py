"""What a person may have typed into a cell, read strictly: an amount, a yes or no, a number."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from auditor.sampling.columns import NO, YES

if TYPE_CHECKING:
    from typing import Final

# Commas only as thousands, so that 85,25 is asked about and never read as 8525.
_AMOUNT: Final = re.compile(r"(-?)\$?(-?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?")
_NEAR: Final = 1e-6
_LARGEST: Final = 10**12
_WORDS: Final = {"yes": True, "y": True, YES: True, "no": False, "n": False, NO: False}


class UnreadableError(ValueError):
    """What is wrong with a cell, in words that do not quote it."""


def blank(value: object) -> bool:
    """Whether nothing stands in a cell."""
    return value is None or (isinstance(value, str) and not value.strip())


def cents(value: object) -> int | None:
    """An amount in dollars as whole cents; None for an empty cell.

    Raises UnreadableError for anything that is not plainly an amount.
    """
    if blank(value):
        return None
    if isinstance(value, bool | date):
        raise UnreadableError("is not an amount")
    if isinstance(value, int | float):
        if abs(value) > _LARGEST:
            raise UnreadableError("is not an amount")
        nearest = round(value * 100)
        if abs(value * 100 - nearest) > _NEAR * max(1, abs(nearest)):
            raise UnreadableError("has more than two decimals")
        return nearest
    match = _AMOUNT.fullmatch(str(value).replace(" ", ""))
    if match is None:
        raise UnreadableError("is not an amount in dollars, such as 85.25")
    before, after, whole, part = match.groups()
    amount = int(whole.replace(",", "")) * 100 + int((part or "0").ljust(2, "0"))
    return -amount if before or after else amount


def yes_or_no(value: object) -> bool | None:
    """A yes or no; None for an empty cell. Raises UnreadableError for anything else."""
    if blank(value):
        return None
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word not in _WORDS:
        raise UnreadableError("is neither yes nor no")
    return _WORDS[word]


def whole(value: object) -> int | None:
    """A whole number, also where it became a text or a float; None for anything else."""
    if isinstance(value, bool) or blank(value):
        return None
    try:
        number = float(str(value))
    except ValueError:
        return None
    return int(number) if number.is_integer() else None
