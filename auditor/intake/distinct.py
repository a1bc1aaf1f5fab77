"""Normalising a column through its distinct values.

Dates, codes, modifiers, places and practitioners have few distinct values, so each is judged
once, however many lines carry it, and a column that is clean already is not rebuilt at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

Normaliser = Callable[[pl.Series], pl.DataFrame]
"""Distinct raw texts (String, no nulls) -> columns raw, value (null: emptied), kind (String).

kind says in plain words what was changed or emptied; null where nothing worth saying was.
"""

MOST_KEPT = 100_000
"""Distinct values of a column that are remembered from block to block."""

MISSING = ("", "NULL", "(NULL)", "<NULL>", "\\N", "N/A", "#N/A", "NAN", "NONE", "-", "--", ".")
"""Texts that stand for no value."""

BLANK = "a word for nothing: read as blank"

_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f]"


class Normal(NamedTuple):
    """A column after normalising."""

    values: pl.Series
    repaired: pl.DataFrame | None
    """raw, value, kind of the values worth a note; None for none."""


class Memory:
    """What normalisers said of the values of earlier blocks of a file.

    Most columns say the same few things in every block; only what is new is judged. Each key must
    stand for one normaliser with one setting.
    """

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._known: dict[str, pl.DataFrame] = {}
        self._calm: set[str] = set()
        """Those that lately had a block without a new value."""
        self._settled: dict[str, _Settled] = {}

    def of(self, key: str, normaliser: Normaliser) -> Normaliser:
        """`normaliser`, asked only about values that it was not asked about before."""

        def remembering(values: pl.Series) -> pl.DataFrame:
            known = self._known.get(key)
            if known is None:
                known = normaliser(values)
            else:
                new = values.filter(~values.is_in(known["raw"].implode()))
                if new.is_empty():
                    self._calm.add(key)
                    if len(values) == known.height:
                        return known
                else:
                    known = pl.concat([known, normaliser(new)])
            if known.height <= MOST_KEPT:
                self._known[key] = known
            asked = values.alias("raw").to_frame()
            return asked.join(known, on="raw", how="left", maintain_order="left")

        return remembering

    def read(
        self, raw: pl.Series, key: str, normaliser: Normaliser
    ) -> tuple[pl.Series, pl.DataFrame]:
        """The values of `raw` (String), and what `normaliser` answers of those that occur."""
        found = self._places(raw, key)
        if found is None:
            table = self.of(key, normaliser)(raw.drop_nulls().unique())
            return _each(raw, table), table
        places, settled = found
        return settled.values(raw, places), settled.told[_occurring(places)]

    def through(self, raw: pl.Series, key: str, normaliser: Normaliser) -> Normal:
        """As `through` below, by what is remembered under `key`."""
        found = self._places(raw, key)
        if found is None:
            return through(raw, self.of(key, normaliser))
        places, settled = found
        repaired = None
        if settled.noted is not None:
            of_these = settled.noted[_occurring(places)]
            repaired = of_these.filter(pl.col("kind").is_not_null())
        values = raw if settled.same else settled.values(raw, places)
        return Normal(values, repaired if repaired is not None and repaired.height else None)

    def _places(self, raw: pl.Series, key: str) -> tuple[pl.Series, _Settled] | None:
        """Where each of `raw` stands in what is known, if all of them do."""
        if key not in self._calm:
            return None
        settled = self._settled.get(key)
        if settled is None:
            settled = self._settled[key] = _Settled.of(self._known[key].rechunk())
        places = raw.cast(settled.known, strict=False).to_physical()
        if places.null_count() == raw.null_count():
            return places, settled
        self._calm.discard(key)
        del self._settled[key]
        return None


@dataclass(frozen=True, slots=True)
class _Settled:
    """Values of a column that a block is looked up in: half the time of sorting out its own."""

    known: pl.Enum
    told: pl.DataFrame
    """What the normaliser answered of each of them."""
    same: bool
    """Whether every value stays as it is."""
    noted: pl.DataFrame | None
    """The same with notes on words for nothing; None where nothing of a value is worth a note."""

    @classmethod
    def of(cls, told: pl.DataFrame) -> _Settled:
        """What was `told` of some values."""
        noted = blanks(told)
        worth = noted["kind"].null_count() < noted.height
        return cls(pl.Enum(told["raw"]), told, _unchanged(told), noted if worth else None)

    def values(self, raw: pl.Series, places: pl.Series) -> pl.Series:
        """The value of each of `raw`, which stand at `places`."""
        return self.told["value"].gather(places).alias(raw.name)


def _occurring(places: pl.Series) -> pl.Series:
    """Each of `places` once."""
    return places.drop_nulls().unique()


def clean(raw: pl.Expr) -> pl.Expr:
    """`raw` without control characters, outer blanks and a spreadsheet's text marks.

    ="00100" and '00100 are how exports keep a spreadsheet from taking a code for a number.
    Null where nothing or only a word for nothing stands there.
    """
    text = raw.str.replace_all(_CONTROL, "").str.strip_chars()
    text = text.str.replace(r'^="(.*)"$', "${1}").str.strip_prefix("'").str.strip_chars()
    return pl.when(~text.str.to_uppercase().is_in(MISSING)).then(text)


def kinds(*notes: tuple[pl.Expr, str]) -> pl.Expr:
    """The notes whose condition holds, joined; null for none."""
    words = [pl.when(condition).then(pl.lit(word)) for condition, word in notes]
    said = pl.concat_str(words, separator=", ", ignore_nulls=True)
    return pl.when(said != "").then(said).alias("kind")


def blanks(table: pl.DataFrame) -> pl.DataFrame:
    """`table` (raw, value, kind) with a note on the words that stand for nothing: --, NULL."""
    if not table["value"].null_count():
        return table
    word = pl.col("value").is_null() & pl.col("kind").is_null()
    word &= pl.col("raw").str.strip_chars() != ""
    return table.with_columns(kind=pl.when(word).then(pl.lit(BLANK)).otherwise("kind"))


def through(raw: pl.Series, normaliser: Normaliser) -> Normal:
    """`raw` (String) with every distinct value normalised."""
    values = raw.drop_nulls().unique()
    if values.is_empty():
        empty = normaliser(values)["value"].dtype
        return Normal(pl.Series(raw.name, [None], dtype=empty).new_from_index(0, len(raw)), None)
    table = blanks(normaliser(values))
    said = table["kind"]
    repaired = table.filter(said.is_not_null()) if said.null_count() < len(said) else None
    if _unchanged(table):
        return Normal(raw, repaired)
    return Normal(_each(raw, table), repaired)


def _unchanged(table: pl.DataFrame) -> bool:
    """Whether every value of `table` (raw, value) stays as it is."""
    return table.schema["value"] == pl.String and table["value"].eq_missing(table["raw"]).all()


def _each(raw: pl.Series, table: pl.DataFrame) -> pl.Series:
    """The value of each of `raw` by `table` (raw, value)."""
    told = table.select("raw", "value")
    joined = raw.alias("raw").to_frame().join(told, on="raw", how="left", maintain_order="left")
    return joined["value"].alias(raw.name)
