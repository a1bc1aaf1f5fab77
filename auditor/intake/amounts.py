"""Amounts and units as integers, read from their text: no float is ever involved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.intake.distinct import Normal, clean, kinds, through

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN = r"^-?[0-9]{1,12}(?:\.[0-9]{1,2})?$"
_THOUSANDS = r"^[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?$"
# A group behind the sign that is not of three digits, or a group of three between both signs.
_COMMA = r",(?:[0-9]{1,2}|[0-9]{4,})[^0-9]*$|\.[0-9]{3},"
_POINT = r"\.(?:[0-9]{1,2}|[0-9]{4,})[^0-9]*$|,[0-9]{3}\."
_NUMBER = r"^([0-9]{0,12})(?:\.([0-9]*))?$"
_DASH = r"^(?:\$\s*-+|-+\s*\$)$"  # how accountants write nothing
_UNIT_WORD = r"(?i)^(.*[0-9]\)?)\s*(?:units?|unit\(s\)|unt|un|each|ea)\.?$"


class Written(NamedTuple):
    """How the cells of amount columns are written; the counts of blocks add up."""

    filled: int = 0
    comma: int = 0
    """Cells that can only have a decimal comma: 100,50 or 1.234,56."""
    point: int = 0
    """Cells that can only have a decimal point."""

    @property
    def decimal_comma(self) -> bool:
        """Whether the comma is the decimal sign: of most cells, and against none."""
        return self.point == 0 and self.comma * 2 > self.filled


def look(columns: Sequence[pl.Series]) -> Written:
    """How the amount columns of a file, or of a block of it, are written (String)."""
    filled = sum(len(column) - column.null_count() for column in columns)
    if not any(column.str.contains(",", literal=True).any() for column in columns):
        return Written(filled)
    filled = comma = point = 0
    for column in columns:
        counted = column.drop_nulls().rename("raw").value_counts(name="cells")
        text, cells = counted["raw"], counted["cells"]
        filled += int(cells.filter(text.str.contains(r"[0-9]")).sum())
        comma += int(cells.filter(text.str.contains(_COMMA)).sum())
        point += int(cells.filter(text.str.contains(_POINT)).sum())
    return Written(filled, comma, point)


def scaled(
    values: pl.Series, digits: int, what: str, *, comma: bool = False, of_money: bool = True
) -> pl.DataFrame:
    """Distinct numbers times 10 to the power of `digits`, as Int64.

    $, blanks and thousands commas go; (12.50), -12.50, 12.50- and 12.50 CR are negative. Further
    decimals are rounded half up in size, and noted. What is no number is emptied, and noted.
    `comma`: the comma is the decimal sign, and the point marks the thousands. `of_money`: $ - is 0;
    otherwise the words for units behind the number go.
    """
    frame = values.alias("raw").to_frame().with_columns(text=clean(pl.col("raw")))
    worded = pl.lit(not of_money) & pl.col("text").str.contains(_UNIT_WORD)
    dash = (pl.lit(of_money) & pl.col("text").str.contains(_DASH)).fill_null(value=False)
    frame = frame.with_columns(worded=worded, dash=dash)
    bare_text = pl.when("worded").then(pl.col("text").str.replace(_UNIT_WORD, "${1}"))
    written = bare_text.otherwise("text")
    if comma:
        written = written.str.replace_many([",", "."], [".", ","])
    upper = written.str.to_uppercase().str.replace_all(r"USD|[\s$+]", "")
    frame = frame.with_columns(bare=upper)
    negative = pl.col("bare").str.contains(r"^-[^-]*$|^[^-]*-$|^\([^()]*\)$|CR$")
    size = pl.col("bare").str.replace(r"^\((.*)\)$", "${1}").str.replace(r"CR$", "")
    size = size.str.replace(r"^-|-$", "")
    commas = size.str.contains(_THOUSANDS)
    size = pl.when(commas).then(size.str.replace_all(",", "")).otherwise(size)
    frame = frame.with_columns(negative=negative, size=size)
    valid = pl.col("size").str.contains(_NUMBER) & pl.col("size").str.contains(r"[0-9]")
    whole = pl.col("size").str.extract(_NUMBER, 1).fill_null("")
    part = pl.col("size").str.extract(_NUMBER, 2).fill_null("")
    frame = frame.with_columns(
        valid=valid.fill_null(value=False),
        kept=(whole + part.str.slice(0, digits).str.pad_end(digits, "0")),
        rest=part.str.slice(digits),
    )
    up = pl.col("rest").str.contains(r"^[5-9]").cast(pl.Int64)
    amount = pl.col("kept").cast(pl.Int64, strict=False) + up
    sign = pl.when("negative").then(-1).otherwise(1)
    minus = pl.col("bare").str.contains(r"^\(|-$|CR$") & pl.col("negative")
    changed = kinds(
        (pl.col("rest").str.contains(r"[1-9]"), "rounded"),
        (pl.col("text").str.contains(r"(?i)\$|USD"), "currency sign taken out"),
        (pl.col("bare").str.contains(",", literal=True), "thousands commas taken out"),
        (minus, "read as negative"),
        (pl.col("worded"), "unit word taken out"),
    )
    return frame.select(
        "raw",
        value=pl.when("dash").then(0).when("valid").then(amount * sign),
        kind=pl.when("dash")
        .then(pl.lit("an accountant's dash read as 0"))
        .when("valid")
        .then(changed)
        .when(pl.col("text").is_not_null())
        .then(pl.lit(f"not {what}: emptied")),
    )


def shown(repaired: pl.DataFrame | None, digits: int) -> pl.DataFrame | None:
    """Repaired values as a person writes them: 12.50, not 1250."""
    if repaired is None:
        return None
    decimal = pl.col("value").cast(pl.Decimal(24, digits)) / 10**digits
    return repaired.with_columns(value=decimal.cast(pl.Decimal(24, digits)).cast(pl.String))


def cents(raw: pl.Series, *, in_cents: bool = False, comma: bool = False) -> Normal:
    """Amounts in cents; `in_cents` where the column counts cents already, `comma` as in scaled.

    Amounts are as many as lines, so the plain form is read directly rather than by value.
    """
    if not in_cents and raw.str.contains(_PLAIN).all():
        # A decimal of two places is, in memory, the number of cents.
        return Normal(raw.cast(pl.Decimal(18, 2)).to_physical().cast(pl.Int64), None)
    digits = 0 if in_cents else 2
    return through(raw, lambda values: scaled(values, digits, "an amount", comma=comma))


def thousandths(values: pl.Series, *, comma: bool = False) -> pl.DataFrame:
    """Distinct units in thousandths; `comma` as in scaled."""
    return scaled(values, 3, "a number of units", comma=comma, of_money=False)


def line_number(values: pl.Series) -> pl.DataFrame:
    """Distinct line numbers as Int32; 001 and 1.0 are 1."""
    text = clean(pl.col("raw"))
    digits = text.str.extract(r"^([0-9]{1,9})(?:\.0+)?$")
    return (
        values.alias("raw")
        .to_frame()
        .select(
            "raw",
            value=digits.cast(pl.Int32),
            kind=pl.when(digits.is_null() & text.is_not_null()).then(
                pl.lit("not a line number: emptied")
            ),
        )
    )
