"""Releases found by what somebody calls them, so that two of one kind can be laid side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import ConfigError
from auditor.reference.kinds import KINDS, TITLES, quarter_name
from auditor.reference.listing import store_listing
from auditor.reference.manifest import notes
from auditor.reference.starter import starter_frame
from auditor.reference.store import part_path, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from auditor.reference.interface import Kind

NAMED = 12
"""So many releases are listed where a name fits none or several."""


@dataclass(frozen=True, slots=True)
class Table:
    """One whole table: a release in a store, or the starter set of a kind."""

    kind: Kind
    label: str
    """As `auditor reference list` shows it."""
    effective: date
    starter: bool
    missing: str
    """Why it is not whole; '' for one that is."""
    judges: bool
    paths: tuple[Path, ...] = ()
    """Its Parquet files; of the starter set none."""

    def rows(self) -> pl.LazyFrame:
        """Its rows; nothing is read yet."""
        if self.starter:
            return starter_frame(self.kind).lazy()
        return pl.scan_parquet(list(self.paths))


def tables(folder: Path | None) -> tuple[Path, list[Table]]:
    """The store's folder, and its tables by kind and date; sets of changes are none.

    Raises ReferenceDataError as load_reference does.
    """
    place, listed = store_listing(folder)
    manifest = read_manifest(place)
    found = [
        Table(
            entry.kind,
            entry.label,
            entry.effective,
            starter=False,
            missing=note if entry.missing else "",
            judges=not note,
            paths=tuple(part_path(place, entry.parts[name]) for name in sorted(entry.parts)),
        )
        for entry, note in notes(manifest.entries if manifest else [])
    ]
    found += [
        Table(each.kind, each.label, each.effective, starter=True, missing="", judges=True)
        for each in listed
        if not each.imported
    ]
    return place, sorted(found, key=lambda t: (KINDS.index(t.kind), t.effective, t.label))


def newest(found: Iterable[Table]) -> dict[Kind, Table]:
    """Of each kind the newest imported release that judges; the starter set counts for none."""
    return {table.kind: table for table in found if table.judges and not table.starter}


def pair(
    names: tuple[str, str], stores: tuple[list[Table], list[Table]], kind: Kind | None = None
) -> tuple[Table, Table]:
    """The two releases of one kind that the names stand for, each in its own store.

    A name is a label, the beginning of one, or a quarter (2026Q1); one of them may leave the kind
    to the other. Raises ConfigError where they stand for none, for several, for one release twice,
    or for one that lacks parts.
    """
    fits = [
        [t for t in _fitting(name, store) if kind in (None, t.kind)]
        for name, store in zip(names, stores, strict=True)
    ]
    for name, fitting, store in zip(names, fits, stores, strict=True):
        if not fitting:
            raise ConfigError(
                f"No release is called '{name}'{f' among those of {kind}' if kind else ''}.",
                next_step=f"There are: {_listed(store)}.",
            )
    pairs = [(a, b) for a in fits[0] for b in fits[1] if a.kind == b.kind]
    if not pairs:
        raise ConfigError(
            f"'{names[0]}' and '{names[1]}' are of different kinds:"
            f" {_listed(fits[0])}; {_listed(fits[1])}.",
            next_step="Name two releases of one kind.",
        )
    others = [(a, b) for a, b in pairs if a != b]
    if not others:
        raise ConfigError(
            f"'{names[0]}' and '{names[1]}' are the same release.",
            next_step="Name two, or another store with --other.",
        )
    if len(others) > 1:
        raise ConfigError(
            f"'{names[0]}' and '{names[1]}' may stand for several releases:"
            f" {_listed([*fits[0], *fits[1]])}.",
            next_step="Give more of the names, or the kind with --kind.",
        )
    for table in others[0]:
        if table.missing:
            raise ConfigError(
                f"{table.label} is not whole ({table.missing}).",
                next_step="Import its other parts first: without them their rows would pass for"
                " removed ones.",
            )
    return others[0]


def _fitting(name: str, found: list[Table]) -> list[Table]:
    """The tables called `name`, else those of that quarter, else those whose label begins so."""
    word = _folded(name)
    if exact := [t for t in found if word in (_folded(t.label), _folded(_by_kind(t)))]:
        return exact
    # Of one quarter the last whole revision is meant.
    quarter = [t for t in found if word == _folded(quarter_name(t.effective)) and not t.starter]
    if quarter:
        whole = [t for t in quarter if not t.missing] or quarter
        return list({t.kind: t for t in whole}.values())
    return [t for t in found if word and any(_folded(n).startswith(word) for n in _names(t))]


def _names(table: Table) -> tuple[str, str]:
    return table.label, _by_kind(table)


def _by_kind(table: Table) -> str:
    """The label with the kind as --kind has it: 'mue-practitioner 2026Q2'."""
    return table.label.replace(TITLES[table.kind], table.kind, 1)


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").split())


def _listed(found: Iterable[Table]) -> str:
    labels = list(dict.fromkeys(table.label for table in found))
    more = f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
    return (", ".join(labels[:NAMED]) + more) or "none"
