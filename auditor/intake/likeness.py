"""What the cells of a column tell about it: blank, the same as another, CPT or ICD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl

from auditor.intake import dates, names

if TYPE_CHECKING:
    from collections.abc import Sequence

_HCPCS = r"^\s*(?:\d{4}[0-9A-Za-z]|[A-Za-z]\d{4})(?:\.0|[-:, ].*)?\s*$"
_ICD = r"^\s*(?:[0-9A-HJ-NP-Za-hj-np-z]{7}|\d{2}\.\d{1,2})\s*$"  # ICD-10-PCS, ICD-9 volume 3
_NPI = r"^\s*\d{10}(?:\.0)?\s*$"
_SHARE = 0.5
_LOOKED_AT = 1_000  # rows


def blank(column: pl.Series) -> bool:
    """No cell holds anything but blanks."""
    if column.null_count() == len(column):
        return True
    held = column.drop_nulls()
    # The first cells nearly always tell.
    return not any(part.str.contains(r"\S").any() for part in (held.head(100), held))


def equal(one: pl.Series, other: pl.Series) -> bool:
    """Both say the same in every row."""
    return bool(one.rename("").eq_missing(other.rename("")).all())


def alike(one: pl.Series, other: pl.Series) -> bool:
    """Each value of one goes with exactly one value of the other, so either tells rows apart."""
    pairs = pl.DataFrame({"one": one, "other": other}).unique()
    if pairs.select((pl.col("one").is_null() != pl.col("other").is_null()).any()).item():
        return False
    return pairs.height == pairs["one"].n_unique() == pairs["other"].n_unique()


def suits(name: str, column: pl.Series) -> bool:
    """Whether what stands in `column` could be the required field `name`, going by its start."""
    values = column.head(_LOOKED_AT).drop_nulls().unique()
    values = values.filter(values.str.contains(r"\S"))
    if values.is_empty():
        return False
    half = len(values) * _SHARE
    if name == "code":
        return procedures([values]) == "hcpcs"
    if name in names.PRACTITIONER:
        return bool(values.str.contains(_NPI).sum() > half)
    read = max(
        dates.parse(values, dates.Reading(day_first=day_first))["value"].count()
        for day_first in (False, True)
    )
    # An id may be anything but a date.
    return (read > half) is (name == "service_date_from")


def procedures(columns: Sequence[pl.Series]) -> Literal["hcpcs", "icd", "other"]:
    """What most cells of the columns of one field look like, each value counted once."""
    values = pl.concat([c.drop_nulls().unique().alias("value") for c in columns]).unique()
    values = values.filter(values.str.contains(r"\S"))
    if values.is_empty():
        return "other"
    half = len(values) * _SHARE
    if values.str.contains(_HCPCS).sum() >= half:
        return "hcpcs"
    # Seven digits are no ICD-10-PCS code but a CPT with its modifier stuck to it.
    if (values.str.contains(_ICD) & values.str.contains(r"[A-Za-z.]")).sum() >= half:
        return "icd"
    return "other"
