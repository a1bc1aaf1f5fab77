"""Rows of the policy tables for the codes of a batch: all tables are searched at once.

A batch of a few lines is asked about some thirty tables. What depends on the tables alone (dates,
and which rows name one code and which a range) is prepared once a process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.policy import TABLES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from auditor.reference.interface import Reference
    from auditor.rules import CodePolicy

_DIGIT = r"\d"
_INDEX = ("table", "place", "effective", "deletion", "code_low", "code_high")
_DAYS = (("effective", "from"), ("deletion", "to"))
"""The days of a row, and what a table may call them instead."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The policy tables of codes, dated, and an index of their rows."""

    sources: tuple[pl.DataFrame, ...]
    """The tables as the reference gave them: another table in place of one is seen by it."""
    tables: Dated
    """The tables that name codes."""
    single: pl.DataFrame
    """code, table (place in `tables`), place, effective, deletion: rows of one code."""
    ranges: pl.DataFrame
    """The same of rows of several codes, with shape, code_low and code_high in place of code."""


_LAST: list[_Prepared] = []
"""What was prepared last; the built-in tables stay the same objects for the whole process."""


def _prepared(reference: Reference) -> _Prepared:
    """The tables of `reference`, prepared anew only where they are not those of last time."""
    sources = tuple(reference.policy(name) for name in TABLES)
    known = _LAST[-1] if _LAST else None
    if known is None or any(a is not b for a, b in zip(known.sources, sources, strict=True)):
        known = _prepare(sources)
        _LAST[:] = [known]
    return known


class Dated(dict[str, pl.DataFrame]):
    """Tables by name with `effective` and `deletion` as dates, each made when it is asked for."""

    def __init__(self, sources: dict[str, pl.DataFrame]) -> None:
        """Take the tables as text; most runs ask for a few of them."""
        super().__init__()
        self.sources = sources

    def __missing__(self, name: str) -> pl.DataFrame:
        """Date the table `name`."""
        self[name] = dated(self.sources[name])
        return self[name]


def _prepare(sources: tuple[pl.DataFrame, ...]) -> _Prepared:
    """Index the rows of the tables that name codes: all in one table."""
    named = {
        name: source
        for name, source in zip(TABLES, sources, strict=True)
        if {"code_low", "code"} & set(source.columns)
    }
    # Column by column over all tables: a step on each of them takes longer than the rest.
    columns: dict[str, list[pl.Series]] = {name: [] for name in _INDEX}
    for number, source in enumerate(named.values()):
        height = source.height
        low, high = ("code_low", "code_high") if "code_low" in source.columns else ("code", "code")
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, height)
        columns["table"].append(pl.Series([number], dtype=pl.UInt8).new_from_index(0, height))
        columns["place"].append(pl.int_range(height, dtype=pl.UInt32, eager=True))
        columns["code_low"].append(source[low])
        columns["code_high"].append(source[high])
        for day, other in _DAYS:
            name = other if other in source.columns else day
            columns[day].append(source[name] if name in source.columns else nothing)
    index = pl.DataFrame(
        [pl.concat(parts).alias(name) for name, parts in columns.items()]
    ).with_columns(pl.col("effective", "deletion").str.to_date("%Y-%m-%d"))
    one = pl.col("code_low") == pl.col("code_high")
    ranges = index.filter(~one).with_columns(shape=_shape("code_low"))
    single = index.filter(one).drop("code_high").rename({"code_low": "code"})
    return _Prepared(sources, Dated(named), single, ranges)


def dated(table: pl.DataFrame) -> pl.DataFrame:
    """A policy table with the days of its rows as `effective` and `deletion` dates."""
    days = {
        name: pl.col(column).str.to_date("%Y-%m-%d")
        for name, column in (
            ("effective", "effective"),
            ("deletion", "deletion"),
            ("effective", "from"),
            ("deletion", "to"),
        )
        if column in table.columns
    }
    return table.with_columns(**days)


def _shape(code: str) -> pl.Expr:
    """The form of a code: five digits, or the same letter and four digits."""
    return pl.col(code).str.replace_all(_DIGIT, "9")


def in_force(day: str, start: str, end: str) -> pl.Expr:
    """True when the row from `start` to `end` (null: open) applies on `day`, both ends included."""
    return (pl.col(start).fill_null(pl.date(1, 1, 1)) <= pl.col(day)) & (
        pl.col(end).is_null() | (pl.col(day) <= pl.col(end))
    )


def spread(table: pl.DataFrame, codes: pl.Series) -> pl.DataFrame:
    """Rows of `table` (code_low, code_high) once for each of `codes` that lies in the range.

    Codes compare as text, within one form only: five digits, or the same letter and four digits.
    """
    left = pl.DataFrame({"code": codes}).with_columns(shape=_shape("code"))
    return (
        left.join(
            table.with_columns(shape=_shape("code_low")), on="shape", maintain_order="left_right"
        )
        .filter(pl.col("code").is_between("code_low", "code_high"))
        .drop("shape")
    )


def policy_rows(name: str, codes: pl.Series, reference: Reference) -> pl.DataFrame:
    """Rows of the policy table `name` once for each of `codes` in their range.

    Columns: code, effective and deletion as dates (null: open), and the table's own as text.
    Of the codes of the batch PolicyRows knows them already.
    """
    return spread(_prepared(reference).tables[name], codes)


class PolicyRows:
    """The rows of every policy table of codes that name one of `codes` (SPEC 2.5)."""

    def __init__(self, codes: pl.Series, reference: Reference) -> None:
        """Look `codes` (distinct, sorted) up in all tables."""
        self._codes = codes
        self._prepared = _prepared(reference)
        self._names = {name: number for number, name in enumerate(self._prepared.tables.sources)}
        texts = pl.DataFrame({"code": self._codes}).with_row_index("n")
        columns = ["table", "n", "place", "effective", "deletion"]
        self.found = pl.concat(
            [
                texts.join(self._prepared.single, on="code").select(columns),
                _within(self._codes, self._prepared.ranges).select(columns),
            ]
        ).sort("table", "n", "place")
        self._held = _parts(self.found)
        self._rows: dict[str, pl.DataFrame] = {}

    def of(self, name: str) -> pl.DataFrame:
        """Rows of the table `name` once for each code in their range, by code and row.

        Columns: code, and those of the table; effective and deletion as dates (null: open).
        """
        if name not in self._rows:
            table = self._prepared.tables[name]
            held = self._held.get(self._names[name])
            if held is None:
                rows, code = table.clear(), pl.Series("code", [], pl.String)
            else:
                rows, code = table[held["place"]], self._codes[held["n"]].alias("code")
            # Put together at once: of a few rows a query takes longer to plan than to run.
            self._rows[name] = pl.DataFrame([code, *(each for each in rows if each.name != "code")])
        return self._rows[name]

    def at(self, epochs: list[date]) -> PolicyFacts:
        """The rows in force on the first day of each epoch."""
        days = pl.DataFrame({"day": epochs}, schema={"day": pl.Date}).with_row_index("e")
        applying = (
            self.found.join(days, how="cross")
            .filter(in_force("day", "effective", "deletion"))
            .select("table", "place", ce=pl.col("n") * len(epochs) + pl.col("e"))
            .sort("table", "ce", "place")
        )
        parts = _parts(applying)
        tables = self._prepared.tables
        return PolicyFacts(
            tables,
            {name: parts[number] for name, number in self._names.items() if number in parts},
            len(self._codes) * len(epochs),
        )


def _within(codes: pl.Series, ranges: pl.DataFrame) -> pl.DataFrame:
    """The rows `ranges` once for each of the sorted `codes` in them, with `n`, its place."""
    first = codes.search_sorted(ranges["code_low"], side="left")
    after = codes.search_sorted(ranges["code_high"], side="right")
    held = (
        ranges.with_columns(first.alias("_first"), after.alias("_after"))
        .filter(pl.col("_first") < pl.col("_after"))
        .with_columns(n=pl.int_ranges("_first", "_after", dtype=pl.UInt32))
        .explode("n", empty_as_null=False)
    )
    # Texts of another form may lie between the two ends.
    own = pl.DataFrame({"code": codes[held["n"]]}).select(_shape("code")).to_series()
    return held.filter(own == held["shape"])


def _parts(frame: pl.DataFrame) -> dict[int, pl.DataFrame]:
    """`frame` by its column `table`."""
    parts = frame.partition_by("table", maintain_order=True, include_key=False, as_dict=True)
    return {key[0]: part for key, part in parts.items()}


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """Rows of policy tables in force, by code and epoch."""

    tables: Dated
    applying: dict[str, pl.DataFrame]
    """Table -> ce, place (its row); without tables of which no row applies."""
    height: int
    """Codes by epochs."""

    def rows(self, name: str) -> pl.DataFrame:
        """ce, and the columns of the table `name`, for each row in force; empty without any."""
        held = self.applying.get(name)
        if held is None:
            return self.tables[name].clear().hstack([pl.Series("ce", [], pl.UInt32)])
        return self.tables[name][held["place"]].hstack([held["ce"]])

    def columns(self, policies: Sequence[CodePolicy]) -> dict[str, pl.Expr]:
        """The facts that rules ask for; the first row in force gives the values."""
        place = pl.DataFrame({"ce": pl.int_range(self.height, dtype=pl.UInt32, eager=True)})
        held = {n: rows for n, p in enumerate(policies) if (rows := self._held(p)) is not None}
        for number, rows in held.items():
            first = rows.unique("ce", keep="first", maintain_order=True)
            first = first.rename({"place": str(number)})
            place = place.join(first, on="ce", how="left", maintain_order="left")
        facts: dict[str, pl.Expr] = {}
        for number, policy in enumerate(policies):
            known = number in held
            at = pl.lit(place[str(number)]) if known else pl.lit(None)
            if policy.flag:
                facts[policy.flag] = at.is_not_null() if known else pl.lit(value=False)
            table = self.tables.sources[policy.table]
            for fact, name in policy.columns:
                facts[fact] = pl.lit(table[name]).gather(at) if known else pl.lit(None, pl.String)
        return facts

    def _held(self, policy: CodePolicy) -> pl.DataFrame | None:
        """The rows that `policy` asks about: ce, place; None without any."""
        held = self.applying.get(policy.table)
        if held is None or policy.only is None:
            return held
        column, values = policy.only
        kept = self.tables.sources[policy.table][column][held["place"]].is_in([*values])
        return held.filter(kept) if kept.any() else None
