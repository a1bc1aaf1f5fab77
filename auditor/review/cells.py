"""What a cell may mean: spreadsheets write numbers and dates in the manner of their country.

Each function answers every honest reading of a text; which one is meant is shown by the check
value, not guessed.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ].*)?", re.ASCII | re.DOTALL)
_NUMBERS = re.compile(
    r"(\d\d?)\s*[./-]\s*(\d\d?)\s*[./-]\s*(\d{4}|\d\d)(?:\s+\d\d?:.*)?", re.ASCII | re.DOTALL
)
_DAY_NUMBER = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WORDED = re.compile(r"(\d\d?)[ .-]+([a-z]{3})[a-z]*\.?[ ,.-]+(\d{4}|\d\d)", re.IGNORECASE)
_WORDED_US = re.compile(r"([a-z]{3})[a-z]*\.? +(\d\d?)(?:st|nd|rd|th)?,? +(\d{4})", re.IGNORECASE)
_PLAIN = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})*(\.\d*)?", re.ASCII)
_NEAR = Decimal("0.000001")
"""A cell holds a binary number, which differs from the decimal one by less."""


def dates(text: str, day_zero: date, *, day_first: bool = False) -> list[date]:
    """The dates that `text` may mean, the likeliest first; [] for none.

    Of 03/04/2026 the month comes first, unless `day_first`.
    """
    text = text.strip()
    found: list[date] = []
    if iso := _ISO.fullmatch(text):
        _add(found, *iso.groups())
    elif numbers := _NUMBERS.fullmatch(text):
        first, second, year = numbers.groups()
        orders = ((first, second), (second, first))
        for month, day in reversed(orders) if day_first else orders:
            for whole in _years(year):
                _add(found, whole, month, day)
    elif worded := _WORDED.fullmatch(text):
        day, month, year = worded.groups()
        for whole in _years(year):
            _add(found, whole, _month(month), day)
    elif worded := _WORDED_US.fullmatch(text):
        month, day, year = worded.groups()
        _add(found, year, _month(month), day)
    elif number := _DAY_NUMBER.fullmatch(text):
        found.append(day_zero + timedelta(days=int(number.group(1))))
    return found


def numbers(text: str, places: int) -> list[Decimal]:
    """The numbers of at most `places` decimals that `text` may mean; [] for none.

    Signs of money are taken off, brackets mean less than nothing, and a comma divides thousands
    or begins the decimals.
    """
    text = re.sub(r"[\s$\u20ac\u00a3\u00a0']", "", text).replace("\u2212", "-")
    if bracketed := re.fullmatch(r"\((.*)\)", text):
        text = f"-{bracketed.group(1)}"
    readings = [text]
    if "," in text:
        readings = [text.replace(",", "")] if _GROUPED.fullmatch(text) else []
        readings.append(text.replace(".", "").replace(",", "."))
    found: list[Decimal] = []
    for reading in readings:
        if _PLAIN.fullmatch(reading):
            with suppress(InvalidOperation):  # more digits than a decimal holds
                value = Decimal(reading)
                rounded = value.quantize(Decimal(1).scaleb(-places))
                if abs(value - rounded) < _NEAR and rounded not in found:
                    found.append(rounded)
    return found


def codes(text: str) -> list[str]:
    """The codes that '20610, line 2, claim X' may begin with; the first is the likeliest."""
    if not text:
        return [""]
    parts = text.split(", ")
    found = [", ".join(parts[:size]) for size in range(1, len(parts) + 1)]
    named = re.match(r"(line|claim) ", parts[0])  # a line without a code
    return ["", *found] if named else found


def _years(year: str) -> list[str]:
    return [year] if len(year) == 4 else [f"20{year}", f"19{year}"]  # noqa: PLR2004 - digits of a year


def _month(name: str) -> int:
    name = name.lower()
    return _MONTHS.index(name) + 1 if name in _MONTHS else 0


def _add(found: list[date], year: str, month: str | int, day: str | int) -> None:
    with suppress(ValueError, OverflowError):  # no such day
        made = date(int(year), int(month), int(day))
        if made not in found:
            found.append(made)
