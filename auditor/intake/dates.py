"""Dates in the forms that exports use, as calendar dates; a time or a zone never moves the day.

Read are 2018-06-10 (with / or . too), 20180610, 10/22/2023, 27-OCT-1999, 30May2015, Oct 22, 2023,
10222023, each also with a time behind it, two-digit years, and a spreadsheet's day numbers. Years
outside 1900 to 2200 are no dates of a claim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.intake.distinct import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_YEAR, LAST_YEAR = 1900, 2200
_PIVOT = 70  # two-digit years: 00 to 69 are 20xx, 70 to 99 are 19xx (as POSIX reads them)
_SHORT_YEAR = 2  # digits
_EPOCH = pl.date(1899, 12, 30)  # day 0 of a spreadsheet, its false leap day of 1900 included

UNREADABLE = "not a date: emptied"
CONTRARY = "day and month the other way round than in the file's other dates: emptied"
OUTSIDE = f"a year outside {FIRST_YEAR} to {LAST_YEAR}: emptied"

_TIME = (
    r"[T ]+\d{1,2}(?::\d{2}){1,2}(?:\.\d+)?\s*(?:[AP]\.?M\.?)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_ISO = r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$"
_COMPACT = r"^(\d{4})(\d{2})(\d{2})$"
_SLASHED = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})$"
_NAMED = r"^(\d{1,2})[-/. ]?([A-Z]{3})[A-Z]{0,6}[-/., ]*(\d{4}|\d{2})$"
_MONTH_FIRST = r"^([A-Z]{3})[A-Z]{0,6}[-/. ]*(\d{1,2})[-/., ]+(\d{4}|\d{2})$"
_TOGETHER = r"^(\d{2})(\d{2})(\d{4})$"
_EITHER = (_SLASHED, _TOGETHER)
"""The forms that do not show whether the day or the month comes first."""
_SERIAL = r"^(\d{5})(?:\.\d+)?$"
_MONTHS_A_YEAR = 12
_HANDFUL = 0.1  # of the dates written with numbers alone
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class Reading(NamedTuple):
    """How the dates of one column are to be read."""

    day_first: bool = False
    serials: bool = False
    """Whether five digits are a spreadsheet's day number."""


def readings(
    columns: Mapping[str, pl.Series], *, serials: bool
) -> tuple[dict[str, Reading], list[str]]:
    """How to read each date column (String), and remarks on the file.

    10/11/2023 is month/day unless the file's date columns together show otherwise: a cell whose
    first number is above 12 can only be day/month, one whose second is only month/day. Day/month
    needs more cells for it than against it, and no mere handful of all that are written so: a
    slip of the hand decides nothing. Five digits are day numbers in a workbook (`serials`), and
    elsewhere only in a column most of whose values are dates of another form.
    """
    distinct = {name: column.drop_nulls().unique() for name, column in columns.items()}
    found: dict[str, bool] = {}
    for name, values in distinct.items():
        text = _text(values)["text"].drop_nulls()
        five = text.str.contains(_SERIAL)
        other = (~five & text.str.contains(r"\d[-/.]|[A-Za-z]{3}|^\d{8}")).sum()
        found[name] = serials or bool(other > five.sum())
    days = months = written = 0
    # Cells are only counted where a value speaks against the usual order; few files have one.
    if any(_proofs(values.alias("raw").to_frame(), pl.lit(1))[0] for values in distinct.values()):
        for column in columns.values():
            counted = column.drop_nulls().rename("raw").value_counts(name="cells")
            day, month, all_ = _proofs(counted, pl.col("cells"))
            days, months, written = days + day, months + month, written + all_
    day_first = days > months and days >= _HANDFUL * written
    result = {name: Reading(day_first, five) for name, five in found.items()}
    return result, _said(days, months, day_first=day_first)


def _proofs(values: pl.DataFrame, cells: pl.Expr) -> tuple[int, int, int]:
    """Of the dates in column raw, `cells` each: day/month only, month/day only, either form."""
    told = _text(values["raw"]).with_columns(values)
    total = [0, 0, 0]
    for pattern in _EITHER:
        first, second = (pl.col("text").str.extract(pattern, n).cast(pl.Int32) for n in (1, 2))
        shown = first.is_not_null()
        if pattern == _TOGETHER:  # 20101112 is a date with the year in front
            shown &= pl.col("text").str.to_date("%Y%m%d", strict=False).is_null()
        day, month = (number.is_between(_MONTHS_A_YEAR + 1, 31) for number in (first, second))
        kinds = (
            day & second.is_between(1, _MONTHS_A_YEAR),
            month & first.is_between(1, _MONTHS_A_YEAR),
            pl.lit(value=True),
        )
        sums = told.select(
            pl.when(shown & kind).then(cells).otherwise(0).sum().alias(str(n))
            for n, kind in enumerate(kinds)
        ).row(0)
        total = [a + int(b) for a, b in zip(total, sums, strict=True)]
    return total[0], total[1], total[2]


def _said(days: int, months: int, *, day_first: bool) -> list[str]:
    """What to say of the order of the dates, `days` cells proving one and `months` the other."""
    read, other = ("day/month", "month/day") if day_first else ("month/day", "day/month")
    proof, contrary = (days, months) if day_first else (months, days)
    why = f"{proof:,} can only be that" if proof else "too few show that they are not"
    if contrary:
        said = f"Dates come in both orders. They were read as {read}/year ({why}); not read:"
        return [f"{said} {contrary:,} that can only be {other}."]
    return [f"Dates were read as {read}/year ({why})."] if day_first else []


def _text(values: pl.Series) -> pl.DataFrame:
    """Columns raw and text: upper case, without a time behind the date and without .0."""
    text = clean(pl.col("raw")).str.to_uppercase()
    text = text.str.replace(_TIME, "").str.replace(r"^(\d{5}|\d{8})\.0+$", "${1}")
    text = text.str.replace(r"^(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:?\d{2})$", "${1}")
    text = text.str.strip_chars()
    # 00000000 and 00/00/0000 are how fixed-width programs write no date.
    dated = pl.when(~text.str.contains(r"^[0/.\-]+$")).then(text)
    return values.alias("raw").to_frame().with_columns(text=dated)


def parse(values: pl.Series, reading: Reading) -> pl.DataFrame:
    """Distinct raw dates -> raw, value (Date), kind; also `short`: the year had two digits."""
    frame = _text(values)
    text = pl.col("text")
    day, month = (1, 2) if reading.day_first else (2, 1)
    forms = [
        (_ISO, 1, 2, 3),
        (_COMPACT, 1, 2, 3),
        (_SLASHED, 3, month, day),
        (_NAMED, 3, 2, 1),
        (_MONTH_FIRST, 3, 1, 2),
        (_TOGETHER, 3, month, day),
    ]
    read = [_read(text, *form) for form in forms]
    if reading.serials:
        days = text.str.extract(_SERIAL).cast(pl.Int64)
        read.append((_EPOCH + pl.duration(days=days)).cast(pl.Date))
    value = pl.coalesce(*(_sane(form) for form in read))
    outside = pl.coalesce(*read).is_not_null()
    other = pl.coalesce(*(_sane(_read(text, form, 3, day, month)) for form in _EITHER))
    return frame.with_columns(value=value).select(
        "raw",
        "value",
        kind=pl.when(pl.col("value").is_null() & text.is_not_null()).then(
            pl.when(other.is_not_null())
            .then(pl.lit(CONTRARY))
            .when(outside)
            .then(pl.lit(OUTSIDE))
            .otherwise(pl.lit(UNREADABLE))
        ),
        short=text.str.contains(r"(?:^|\D)\d{2}$") & ~text.str.contains(r"^\d{4}[-/.]"),
    )


def _read(text: pl.Expr, pattern: str, year: int, month: int, day: int) -> pl.Expr:
    """Dates of one form; the numbers are those of the pattern's groups."""
    y, m, d = (text.str.extract(pattern, group) for group in (year, month, day))
    long = (
        pl.when(y.str.len_bytes() > _SHORT_YEAR)
        .then(y)
        .when(y.cast(pl.Int32) < _PIVOT)
        .then("20" + y)
        .otherwise("19" + y)
    )
    if pattern in (_NAMED, _MONTH_FIRST):
        m = m.replace_strict(_MONTHS, list(map(str, range(1, 13))), default=None)
    joined = long + "-" + m.str.zfill(2) + "-" + d.str.zfill(2)
    return joined.str.to_date("%Y-%m-%d", strict=False)


def _sane(date: pl.Expr) -> pl.Expr:
    return pl.when(date.dt.year().is_between(FIRST_YEAR, LAST_YEAR)).then(date)
