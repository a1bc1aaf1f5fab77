"""`auditor reference diff`: what changed between two releases, for the codes that matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.cli import output, passwords, places
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import polars as pl

    from auditor import config
    from auditor.reference.choosing import Table
    from auditor.reference.interface import Kind

MOST = 20
"""So many rows are printed of each way to change; --out has them all."""
_SHORTEST, _LONGEST = 2, 5  # letters of a modifier and of a code
_HEADS = {"aoc": ("ADD-ON", "PRIMARY"), "fee-schedule": ("CODE", "COMPONENT")}
_PAIR = ("COLUMN 1", "COLUMN 2")
_WORDS = {
    "added": "new rows",
    "ended": "rows that were open and have a deletion date now",
    "changed": "rows with another value",
    "removed": "rows that are no longer listed",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The codes whose rows are told."""

    codes: tuple[str, ...] | None = None
    """None: every code."""
    together: bool = False
    """Of pairs and add-on edits, those whose two codes are both among them."""

    @property
    def told(self) -> str:
        """In words; '' for every code."""
        if self.codes is None:
            return ""
        number = len(set(self.codes))
        some = f"{number:,} {'code' if number == 1 else 'codes'}"
        if self.together:
            return (
                f"Only rows on the {some} and modifiers of the claim files; of pairs and add-on"
                " edits those whose two codes both stand there."
            )
        if number == 1:
            return "Only rows that name the code given."
        return f"Only rows that name one of the {some} given."


def told(
    stores: tuple[Path | None, Path | None],
    names: tuple[str, str] | None,
    kind: Kind | None,
    wanted: Wanted,
    out: Path | None,
) -> Iterator[str]:
    """The texts to print, after the whole list is written to `out`.

    Without `names` the newest releases of every kind that both stores hold are compared.
    """
    import polars as pl

    from auditor.reference.changes import changes
    from auditor.reference.choosing import pair, tables
    from auditor.report import write_table
    from schemas import ReferenceChanges, empty

    (place, first), (other, second) = (tables(folder) for folder in stores)
    if names is not None:
        pairs = [pair(names, (first, second), kind)]
        notes: list[str] = []
    else:
        pairs, notes = _newest(first, second, kind)
        if not pairs:
            raise ConfigError(
                f"No kind of imported table is in both stores ({place}, {other}).",
                next_step="Import CMS files into both, or name two releases of one store.",
            )
    codes = None if wanted.codes is None else pl.Series(wanted.codes, dtype=pl.String)
    found = [changes(a.kind, a.rows(), b.rows(), codes, together=wanted.together) for a, b in pairs]
    if stores[0] != stores[1]:
        yield output.wrapped(f"From the store {place} to {other}")
    if wanted.told:
        yield f"{output.wrapped(wanted.told)}\n"
    for (a, b), frame in zip(pairs, found, strict=True):
        yield from _table_told(a, b, frame, whole=out is not None)
    yield from (output.wrapped(note) for note in notes)
    if out is not None:
        write_table(pl.concat([empty(ReferenceChanges), *found]), out)
        yield f"Written: {out}"


def _newest(
    first: list[Table], second: list[Table], kind: Kind | None
) -> tuple[list[tuple[Table, Table]], list[str]]:
    """The newest releases of each kind in both stores, and remarks on kinds in one alone."""
    from auditor.reference.choosing import newest

    here, there = newest(first), newest(second)
    wanted = [k for k in here | there if kind in (None, k)]
    notes = [
        f"{(here.get(k) or there[k]).label} has nothing to be compared with: the"
        f" {'second' if k in here else 'first'} store holds no table of its kind."
        for k in wanted
        if (k in here) != (k in there)
    ]
    return [(here[k], there[k]) for k in wanted if k in here and k in there], notes


def _table_told(before: Table, after: Table, frame: pl.DataFrame, *, whole: bool) -> Iterator[str]:
    """Counts, and the first rows of each way to change."""
    from auditor.reference.changes import CHANGES, SHAPES

    yield f"{before.label} -> {after.label}"
    if before.effective > after.effective:
        yield output.wrapped("The first is the later one: what is told runs back in time.", 2)
    if frame.is_empty():
        yield "  no difference\n"
        return
    counts, lists, cut = [], [], False
    for change in CHANGES:
        if change == "ended" and "deletion" not in SHAPES[before.kind].fields:
            continue
        rows = frame.filter(change=change)
        fields = rows.group_by("field").len().sort("field").rows() if change == "changed" else []
        named = ", ".join(f"{field} {n:,}" for field, n in fields)
        rows = _by_row(rows)
        counts.append(
            (
                f"  {change}",
                f"{rows.height:,}",
                f"{_WORDS[change]}{named and f' ({named})'}",
            )
        )
        if rows.is_empty():
            continue
        more = rows.height > MOST
        cut = cut or more
        lists.append(f"\n  {change}{f', the first {MOST} of {rows.height:,}' if more else ''}")
        shown = rows.head(MOST)
        text = output.table([_head(before.kind, shown), *_cells(shown)])
        lists += [f"    {line}" for line in text.splitlines()]
    yield output.table(counts, right=frozenset({1}))
    yield from lists
    if cut and not whole:
        yield "\n  --out FILE.csv writes them all."
    yield ""


def _by_row(changes: pl.DataFrame) -> pl.DataFrame:
    """code, other_code, effective, what: one row a table row, with all that changed of it."""
    import polars as pl

    one = pl.format("{}: {} -> {}", "field", "before", "after")
    return changes.group_by("code", "other_code", "effective", maintain_order=True).agg(
        what=pl.when(pl.col("field") != "")
        .then(one)
        .otherwise(pl.coalesce("after", "before"))
        .str.join("; ")
    )


def _head(kind: Kind, rows: pl.DataFrame) -> tuple[str, ...]:
    """The headings of the columns that hold something."""
    codes = _PAIR if kind.startswith("ptp") else _HEADS.get(kind, ("CODE", ""))
    second = codes[1:] if (rows["other_code"] != "").any() else ()
    first = ("FROM",) if rows["effective"].is_not_null().any() else ()
    return (codes[0], *second, *first, "WHAT")


def _cells(rows: pl.DataFrame) -> Iterator[tuple[str, ...]]:
    """The rows, without the columns that hold nothing."""
    paired, dated = (rows["other_code"] != "").any(), rows["effective"].is_not_null().any()
    for row in rows.iter_rows(named=True):
        second = (row["other_code"],) if paired else ()
        yield (row["code"], *second, *((str(row["effective"]),) if dated else ()), row["what"])


def codes_named(values: list[str]) -> list[str]:
    """The codes in the words of --codes: '20610,77002' or one by one.

    Raises ConfigError for what has not the form of a code or modifier.
    """
    codes = [word.upper() for value in values for word in value.replace(",", " ").split()]
    bad = [c for c in codes if not (c.isalnum() and len(c) in (_SHORTEST, _LONGEST))]
    if bad or not codes:
        raise ConfigError(
            f"'{bad[0]}' is no code." if bad else "No code is named.",
            where="--codes",
            next_step="Give codes of five characters or modifiers of two: --codes 20610,77002.",
        )
    return codes


def codes_of(claims: list[Path], settings: config.Settings) -> list[str]:
    """The distinct codes and modifiers of the lines of claim files, read as an audit reads them."""
    import polars as pl

    from auditor.intake import read_claims
    from auditor.intake.interface import IntakeOptions
    from auditor.intake.layout import load

    places.check(claims, {})
    asked = IntakeOptions(
        settings.sheet,
        settings.columns,
        date_order=settings.date_order,
        year_pivot=settings.year_pivot,
        layout=load(settings.layout) if settings.layout else None,
        password=passwords.source(None, settings.password_file),
    )
    with output.progress() as step:
        step("Reading the claim files")
        lines = read_claims(claims, asked).lines
    modifiers = lines["modifiers"].unique().str.split(" ").explode(empty_as_null=False)
    found = pl.concat([lines["code"], modifiers.filter(modifiers != "")])
    return found.drop_nulls().unique().sort().to_list()
