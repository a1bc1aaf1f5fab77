"""Dates in the forms that exports use, as calendar dates; a time or a zone never moves the day.

Read are 2018-06-10 (with / or . too), 20180610, 10/22/2023, 27-OCT-1999, 30May2015, Oct 22, 2023,
10222023, each also with a time behind it, two-digit years, and a spreadsheet's day numbers. Years
outside 1900 to 2200 are no dates of a claim.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.intake.distinct import clean, kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from auditor.intake.distinct import Memory

FIRST_YEAR, LAST_YEAR = 1900, 2200
_SHORT_YEAR = 2  # digits
_SHORT_YEARS = r"(?:^|[^0-9])[0-9]{2}$"
_SPREADSHEET = date(1899, 12, 30)  # day 0, a spreadsheet's false leap day of 1900 included

SERIAL = "a spreadsheet's day number"
TIMED = "the time of day was left out"
UNREADABLE = "not a date: emptied"
CONTRARY = "day and month the other way round than in the file's other dates: emptied"
EITHER = "day and month cannot be told apart: emptied"
SHORT = "a two-digit year, and no pivot to read it by: emptied"
OUTSIDE = f"a year outside {FIRST_YEAR} to {LAST_YEAR}: emptied"

_TIME = (
    r"[T ]+[0-9]{1,2}(?::[0-9]{2}){1,2}(?:\.[0-9]+)?\s*(?:[AP]\.?M\.?)?"
    r"\s*(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?$"
)
_MIDNIGHT = (
    r"[T ](?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00(?:\.0+)?)?\s*A\.?M\.?)"
    r"(?:\s*(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?\s*$"
)
_ISO = r"^([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})$"
_COMPACT = r"^([0-9]{4})([0-9]{2})([0-9]{2})$"
_SLASHED = r"^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4}|[0-9]{2})$"
_NAMED = r"^([0-9]{1,2})[-/. ]?([A-Z]{3})[A-Z]{0,6}[-/., ]*([0-9]{4}|[0-9]{2})$"
_MONTH_FIRST = r"^([A-Z]{3})[A-Z]{0,6}[-/. ]*([0-9]{1,2})[-/., ]+([0-9]{4}|[0-9]{2})$"
_TOGETHER = r"^([0-9]{2})([0-9]{2})([0-9]{4})$"
_YEAR_FIRST = r"^[0-9]{4}(?:-[0-9]{2}-[0-9]{2}|[0-9]{4})$"  # 2018-06-10 and 20180610
_SERIAL = r"^([0-9]{5})(?:\.[0-9]+)?$"
_MONTHS_A_YEAR = 12
_THIS_CENTURY = (36_526, 54_788)  # 2000-01-01 to 2049-12-31 as a spreadsheet counts days
HANDFUL = 0.1  # of the dates written with numbers alone
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


_PATTERNS = {
    "iso": _ISO,
    "compact": _COMPACT,
    "slashed": _SLASHED,
    "named": _NAMED,
    "month_first": _MONTH_FIRST,
    "together": _TOGETHER,
}
_Form = tuple[str, int, int, int]
"""A name of _PATTERNS, and which groups of the pattern are the year, the month and the day."""


class Reading(NamedTuple):
    """How the dates of one column are to be read."""

    day_first: bool | None = False
    """Of dates written with numbers alone; None: nobody can say, and those that it matters for
    are not read."""
    day_zero: date | None = None
    """What five digits count days from; None: they are no date."""
    pivot: int | None = None
    """Two-digit years below it are 20xx, the others 19xx; None: they are not read."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the cells of one date column show; the counts of blocks add up."""

    filled: int = 0
    written: int = 0
    """Cells in a form that does not itself say whether the day or the month comes first."""
    days: int = 0
    """Of `written`: cells that can only be day/month."""
    months: int = 0
    """Of `written`: cells that can only be month/day."""
    either: int = 0
    """Of `written`: cells that are two different dates, read the one way and the other."""
    short: int = 0
    """Cells with a two-digit year."""
    five: int = 0
    """Distinct values of five digits."""
    other: int = 0
    """Distinct values that look like a date of another form."""
    serial: int = 0
    """Cells of five digits that are a day of this century in a spreadsheet's count."""

    def __add__(self, more: Shown) -> Shown:
        """Both together."""
        return Shown(*(getattr(self, f.name) + getattr(more, f.name) for f in fields(Shown)))


def look(column: pl.Series, memory: Memory) -> Shown:
    """What one date column (String) shows; `memory` is of earlier blocks of the file."""
    counted = column.drop_nulls().rename("raw").value_counts(name="cells")
    told = memory.of("shown", shapes)(counted["raw"])
    cells = counted.join(told, on="raw", how="inner")
    sums = [pl.col("cells").filter(pl.col(name)).sum().alias(name) for name in _COUNTED]
    distinct = [pl.col(name).sum() for name in ("five", "other")]
    row = cells.filter("filled").select(*sums, *distinct).row(0, named=True)
    return Shown(**{name: int(value or 0) for name, value in row.items()})


_COUNTED = ("filled", "written", "days", "months", "either", "short", "serial")


def shapes(values: pl.Series) -> pl.DataFrame:
    """Distinct raw dates -> raw, and of each count of Shown whether it counts there (Boolean)."""
    if _year_first(values) is not None:
        told = {name: pl.lit(name in {"filled", "other"}) for name in (*_COUNTED, "five", "other")}
        return values.alias("raw").to_frame().with_columns(**told)
    text = pl.col("text")
    first, second, dated = pl.col("first"), pl.col("second"), pl.col("dated")
    first_month, second_month = (n.is_between(1, _MONTHS_A_YEAR) for n in (first, second))
    first_day, second_day = (n.is_between(_MONTHS_A_YEAR + 1, 31) for n in (first, second))
    five = pl.col("five")
    shown = {
        "filled": text.is_not_null(),
        "written": first.is_not_null() & ~dated,
        "days": first_day & second_month & ~dated,
        "months": first_month & second_day & ~dated,
        "either": first_month & second_month & (first != second) & ~dated,
        "short": text.str.contains(_SHORT_YEARS) & ~text.str.contains(r"^[0-9]{4}[-/.]"),
        "serial": five & text.cast(pl.Int32, strict=False).is_between(*_THIS_CENTURY),
        "five": five,
        "other": ~five & text.str.contains(r"[0-9][-/.]|[A-Za-z]{3}|^[0-9]{8}"),
    }
    # What is asked of several times is worked out once.
    parts = _text(values).with_columns(
        five=text.str.contains(_SERIAL),
        # 20101112 is a date with the year in front
        dated=text.str.contains(_TOGETHER) & text.str.to_date("%Y%m%d", strict=False).is_not_null(),
        **{
            name: pl.coalesce(text.str.extract(_SLASHED, n), text.str.extract(_TOGETHER, n)).cast(
                pl.Int32
            )
            for n, name in enumerate(("first", "second"), start=1)
        },
    )
    return parts.select(
        "raw", **{name: kind.fill_null(value=False) for name, kind in shown.items()}
    )


def readings(
    shown: Mapping[str, Shown], *, day_zero: date | None, order: str | None, pivot: int | None
) -> tuple[dict[str, Reading], list[str]]:
    """How to read each date column, and remarks on the file.

    `order` (month-first, day-first) and `pivot` are what the operator says. Unsaid, the order is
    what the column shows: a cell whose first number is above 12 can only be day/month, one whose
    second is only month/day. Day/month needs more cells for it than against it, and no mere
    handful of all that are written so: a slip of the hand decides nothing. A column that shows
    nothing follows the file's others, if they agree. Where nothing shows it, `day_first` is None.
    Five digits are day numbers in a workbook (`day_zero`), and elsewhere in a column most of whose
    values are dates of another form, or all but nothing else.
    """
    notes: list[str] = []
    found: dict[str, bool | None] = {}
    proving = {name: column for name, column in shown.items() if column.days or column.months}
    agreed = {_day_first(column) for column in proving.values()}
    common = agreed.pop() if len(agreed) == 1 else None
    for name, column in shown.items():
        if order is not None:
            found[name] = order == "day-first"
        elif name in proving:
            found[name] = _day_first(column)
            notes += _said(name, column, day_first=found[name])
        else:
            found[name] = common if column.either else False
            if common and column.either:
                notes.append(f"Dates ({_plain(name)}) were read as day/month/year, as the others.")
    return {
        name: Reading(found[name], day_zero or _serials(column), pivot)
        for name, column in shown.items()
    }, notes


def _serials(column: Shown) -> date | None:
    """What five digits of a text file's column count from."""
    alone = column.serial * 10 >= column.filled * 9 and column.serial > 0
    return _SPREADSHEET if alone or column.other > column.five else None


def _day_first(column: Shown) -> bool | None:
    """The order of a column that shows one."""
    if column.days > column.months and column.days >= HANDFUL * column.written:
        return True
    return False if column.months else None


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _said(name: str, column: Shown, *, day_first: bool | None) -> list[str]:
    """What to say of the order of a column that shows one."""
    if day_first is None:
        return []
    read, other = ("day/month", "month/day") if day_first else ("month/day", "day/month")
    proof, contrary = column.days, column.months
    if not day_first:
        proof, contrary = contrary, proof
    if contrary:
        said = f"Dates ({_plain(name)}) come in both orders. They were read as {read}/year"
        why = f"({proof:,} can only be that); not read: {contrary:,} that can only be {other}."
        return [f"{said} {why}"]
    why = f"{proof:,} can only be that"
    return [f"Dates ({_plain(name)}) were read as {read}/year ({why})."] if day_first else []


def _text(values: pl.Series) -> pl.DataFrame:
    """Columns raw and text: upper case, without a time behind the date and without .0."""
    text = clean(pl.col("raw")).str.to_uppercase()
    text = text.str.replace(_TIME, "").str.replace(r"^([0-9]{5}|[0-9]{8})\.0+$", "${1}")
    text = text.str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:?[0-9]{2})$", "${1}")
    text = text.str.strip_chars()
    # 00000000 and 00/00/0000 are how fixed-width programs write no date.
    dated = pl.when(~text.str.contains(r"^[0/.\-]+$")).then(text)
    return values.alias("raw").to_frame().with_columns(text=dated)


def _year_first(values: pl.Series) -> pl.Series | None:
    """The dates where all of `values` begin with the year and none is odd; None for any other.

    Most columns are written so, and nothing of theirs has to be weighed.
    """
    if not values.str.contains(_YEAR_FIRST).all():
        return None
    found = values.str.replace_all("-", "", literal=True).str.to_date("%Y%m%d", strict=False)
    sane = found.dt.year().is_between(FIRST_YEAR, LAST_YEAR).fill_null(value=False)
    return found if sane.all() else None


def parse(values: pl.Series, reading: Reading) -> pl.DataFrame:
    """Distinct raw dates -> raw, value (Date), kind; also `short`: the year had two digits."""
    plain = _year_first(values)
    if plain is not None:
        none, false = pl.lit(None, pl.String), pl.lit(value=False)
        frame = values.alias("raw").to_frame()
        return frame.with_columns(value=plain, kind=none, short=false)
    text = pl.col("text")
    day, month = (1, 2) if reading.day_first else (2, 1)
    forms: list[_Form] = [
        ("iso", 1, 2, 3),
        ("compact", 1, 2, 3),
        ("slashed", 3, month, day),
        ("named", 3, 2, 1),
        ("month_first", 3, 1, 2),
        ("together", 3, month, day),
    ]
    read = {f"as_{form[0]}": _read(form, reading.pivot) for form in forms}
    if reading.day_zero is not None:
        days = text.str.extract(_SERIAL).cast(pl.Int64)
        read["as_serial"] = (pl.lit(reading.day_zero) + pl.duration(days=days)).cast(pl.Date)
    # The forms that do not show whether the day or the month comes first, read the other way.
    turned = {
        f"or_{name}": _read((name, 3, day, month), reading.pivot)
        for name in ("slashed", "together")
    }
    # Every form is matched once and every date made once: the rest only looks at these.
    frame = _text(values)
    frame = frame.with_columns(
        text.str.extract_groups(pattern).alias(name) for name, pattern in _PATTERNS.items()
    ).with_columns(**read, **turned)
    value = pl.coalesce(*(_sane(pl.col(name)) for name in read))
    outside = pl.any_horizontal(pl.col(name).is_not_null() for name in read)
    other = pl.coalesce(*(_sane(pl.col(name)) for name in turned))
    open_ = pl.lit(value=False)
    if reading.day_first is None:  # what is the same date both ways needs no order
        # 10112012 is read as 1012-10-11 by nobody: only what is written so is open
        written = text.str.contains(_SLASHED) | (
            text.str.contains(_TOGETHER) & _sane(pl.col("as_compact")).is_null()
        )
        open_ = (written & value.is_not_null() & other.is_not_null() & (value != other)).fill_null(
            value=False
        )
        value = pl.when(~open_).then(value)
    # What would be a date if somebody said which century.
    undated = pl.lit(value=False)
    if reading.pivot is None:
        named = (form for form in forms if form[0] in ("slashed", "named", "month_first"))
        undated = pl.any_horizontal(_read(form, 50).is_not_null() for form in named)
    short = text.str.contains(_SHORT_YEARS) & ~text.str.contains(r"^[0-9]{4}[-/.]")
    upper = pl.col("raw").str.to_uppercase()
    repaired = kinds(
        (text.str.contains(_SERIAL), SERIAL),
        (upper.str.contains(_TIME) & ~upper.str.contains(_MIDNIGHT), TIMED),
    )
    shown = frame.with_columns(value=value, other=other, open=open_, outside=outside, short=short)
    return shown.select(
        "raw",
        "value",
        kind=pl.when(pl.col("value").is_not_null())
        .then(repaired)
        .when(text.is_not_null())
        .then(
            pl.when("open")
            .then(pl.lit(EITHER))
            .when(pl.col("other").is_not_null())
            .then(pl.lit(CONTRARY))
            .when("outside")
            .then(pl.lit(OUTSIDE))
            .when(undated)
            .then(pl.lit(SHORT))
            .otherwise(pl.lit(UNREADABLE))
        ),
        short="short",
    )


def _read(form: _Form, pivot: int | None) -> pl.Expr:
    """Dates of one form, from the groups of its pattern."""
    name, year, month, day = form
    y, m, d = (pl.col(name).struct.field(str(group)) for group in (year, month, day))
    century = pl.lit(None, pl.String)
    if pivot is not None:
        century = pl.when(y.cast(pl.Int32) < pivot).then(pl.lit("20")).otherwise(pl.lit("19"))
    long = pl.when(y.str.len_bytes() > _SHORT_YEAR).then(y).otherwise(century + y)
    if name in ("named", "month_first"):
        m = m.replace_strict(_MONTHS, list(map(str, range(1, 13))), default=None)
    joined = long + "-" + m.str.zfill(2) + "-" + d.str.zfill(2)
    return joined.str.to_date("%Y-%m-%d", strict=False)


def _sane(date: pl.Expr) -> pl.Expr:
    return pl.when(date.dt.year().is_between(FIRST_YEAR, LAST_YEAR)).then(date)
