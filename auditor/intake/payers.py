"""The operator's payer map: which line of business a payer's name means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.intake.distinct import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN = 10  # entries in a note


@dataclass(frozen=True, slots=True)
class PayerMap:
    """Payer's name -> line of business; upper and lower case and blanks make no difference.

    `*` stands for any text. A name that is spelled out goes before patterns, and of several
    patterns the first counts.
    """

    entries: Mapping[str, str]

    def business(self, values: pl.Series) -> pl.DataFrame:
        """The distinct payers `values` as a normaliser answers: raw, value, kind."""
        kind = pl.lit(None, pl.String)
        return self._fitted(values).select("raw", value="business", kind=kind)

    def notes(self, told: pl.DataFrame) -> tuple[str, ...]:
        """What the operator should know of the map, given what was read with it.

        told: payer, line_of_business and the number of lines, each pair once.
        """
        fitted = self._fitted(told["payer"].drop_nulls().unique()).drop_nulls("entry")
        # the column wins over the map, so where the two differ a column said otherwise
        other = (
            told.join(fitted, left_on="payer", right_on="raw")
            .filter(pl.col("line_of_business") != pl.col("business"))
            .group_by("entry", "business", "line_of_business")
            .agg(pl.col("lines").sum())
            .sort("entry", "line_of_business")
        )
        said = [
            f"[payers] '{entry}' is {mapped}, but the file's own line of business is {column},"
            f" which counts ({count:,} lines)."
            for entry, mapped, column, count in other.iter_rows()
        ]
        folded = _folded(told["payer"].drop_nulls().unique())
        unused = [e for e in self.entries if not folded.str.contains(_regex(e)).any()]
        if unused:
            more = f" and {len(unused) - _SHOWN} more" if len(unused) > _SHOWN else ""
            names = ", ".join(f"'{entry}'" for entry in unused[:_SHOWN])
            said.append(f"No payer of the files is called {names}{more} ([payers]).")
        return tuple(said)

    def _fitted(self, payers: pl.Series) -> pl.DataFrame:
        """raw, entry and business of the distinct `payers`; null where no entry fits."""
        text = pl.lit(_folded(payers))
        entry = pl.coalesce(
            *(
                pl.when(text.str.contains(_regex(e))).then(pl.lit(e))
                for e in sorted(self.entries, key=lambda e: "*" in e)
            )
        )
        return (
            payers.alias("raw")
            .to_frame()
            .with_columns(entry=entry)
            .with_columns(
                business=pl.col("entry").replace_strict(
                    dict(self.entries), default=None, return_dtype=pl.String
                )
            )
        )


def _folded(payers: pl.Series) -> pl.Series:
    """Payers' names without what makes no difference."""
    text = clean(pl.col("payer")).str.to_lowercase().str.replace_all(r"\s+", " ")
    return payers.alias("payer").to_frame().select(text).to_series()


def _regex(entry: str) -> str:
    """What a folded name must be to fit an entry."""
    parts = " ".join(entry.lower().split()).split("*")
    return "^" + ".*".join(pl.escape_regex(part) for part in parts) + "$"
