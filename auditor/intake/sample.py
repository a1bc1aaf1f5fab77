"""A sample of the rows, and what the values in it tell of each column."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import polars as pl

from auditor.intake import likeness, values
from auditor.intake.distinct import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROWS = 2_000
"""Rows looked at, spread evenly: exports are often sorted by kind of claim."""
FEW, MANY = 0.2, 0.8
"""A column of whose values less than FEW fit is another one; MANY is as good as all."""
HALF = 0.5
ENOUGH = 11
"""Filled cells below which odd values decide nothing by themselves."""
_LONGEST = 80  # characters that are looked at of a cell


class Judged(NamedTuple):
    """How the values of a column, or of several together, suit a field."""

    share: float | None
    """That could be of the field: of the filled cells or of the distinct values, whichever is
    more. None where the field may hold anything, or nothing is filled."""
    filled: int
    """Cells of the sample that hold something."""

    @property
    def other(self) -> bool:
        """Whether these are plainly the values of something else."""
        return self.share is not None and self.share < FEW and self.filled >= ENOUGH

    @property
    def percent(self) -> str:
        """The share in words."""
        return "none" if not self.share else f"{max(self.share, 0.01):.0%}"


@dataclass(slots=True)
class Sample:
    """The cells of a file (all String, columns '0', '1' ...) seen through a sample."""

    cells: pl.DataFrame
    _expected: set[int] = field(default_factory=set)
    _asked: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    _dates: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.String))
    _texts: dict[int, pl.DataFrame] = field(default_factory=dict)
    _judged: dict[tuple[str, tuple[int, ...], bool], Judged] = field(default_factory=dict)
    _blank: dict[int, bool] = field(default_factory=dict)

    def column(self, place: int) -> pl.Series:
        """One whole column."""
        return self.cells[str(place)]

    def blank(self, place: int) -> bool:
        """Whether no cell of the whole column holds anything."""
        if place not in self._blank:
            self._blank[place] = likeness.blank(self.column(place))
        return self._blank[place]

    def texts(self, place: int) -> pl.DataFrame:
        """The distinct texts of a column in the sample, cleaned, upper case; and their cells."""
        if place not in self._texts:
            self._texts[place] = _counted(self.column(place))
        return self._texts[place]

    def judge(self, name: str, places: Sequence[int], *, proof: bool = False) -> Judged:
        """How the values of `places` together suit field `name`; with `proof`, prove it."""
        key = (name, tuple(places), proof)
        if key not in self._judged:
            test = values.PROVES.get(name) if proof else None
            self._judged[key] = self._share(test or values.FITS.get(name), places)
        return self._judged[key]

    def checked(self, places: Sequence[int]) -> bool:
        """Whether most values are NPIs with a right check digit."""
        return (self._share(values.checked_npi, places).share or 0) >= HALF

    def holds_npis(self, place: int) -> bool:
        """As checked, of one column with enough filled cells that this is no chance."""
        found = self._share(values.checked_npi, [place])
        return found.filled >= ENOUGH and (found.share or 0) > HALF

    def kind_of_code(self, places: Sequence[int]) -> Literal["hcpcs", "icd", "other"]:
        """What the procedure codes of `places` together look like."""
        return values.kind_of_code(pl.concat([self.texts(p)["text"] for p in places]).unique())

    def _share(self, test: values.Test | None, places: Sequence[int]) -> Judged:
        parts = [self.texts(place) for place in places]
        table = parts[0] if len(parts) == 1 else pl.concat(parts)
        filled = int(table["cells"].sum())
        if test is None or not filled:
            return Judged(None, filled)
        good = test(table["text"], self._date_like)
        by_cell = int(table["cells"].filter(good).sum()) / filled
        return Judged(max(by_cell, int(good.sum()) / table.height), filled)

    def expect(self, places: Iterable[int]) -> None:
        """Say that `places` will be asked for dates: parsed together, that is far cheaper."""
        self._expected.update(places)

    def _date_like(self, texts: pl.Series) -> pl.Series:
        """Which of `texts` are dates; every text is parsed once."""
        new = _maybe_dates(texts, self._asked)
        if len(new):
            parts = [_maybe_dates(self.texts(p)["text"], self._asked) for p in self._expected]
            self._expected.clear()
            every = pl.concat([new, *parts]).unique()
            self._asked = pl.concat([self._asked, every])
            self._dates = pl.concat([self._dates, every.filter(values.date_like(every))])
        return texts.is_in(self._dates.implode())


def _maybe_dates(texts: pl.Series, known: pl.Series) -> pl.Series:
    new = texts.filter(texts.str.contains(values.DATED))
    return new.filter(~new.is_in(known.implode())) if len(new) and len(known) else new


def _counted(column: pl.Series) -> pl.DataFrame:
    held = column.gather_every(max(-(-len(column) // ROWS), 1)).drop_nulls()
    found = _distinct(held)
    if found.is_empty() and column.null_count() < len(column):
        # So sparse that the sample missed it.
        held = column.drop_nulls()
        found = _distinct(held.filter(held.str.contains(r"\S")).head(ROWS))
    return found


def _distinct(held: pl.Series) -> pl.DataFrame:
    text = clean(pl.col("raw").str.slice(0, _LONGEST)).str.to_uppercase().alias("text")
    return held.rename("raw").value_counts(name="cells").select(text, "cells").drop_nulls("text")
