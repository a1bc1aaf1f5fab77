"""The reference tables that the audit uses, as files that SQL can read.

A store keeps Parquet already; where the built-in starter set serves, it is written as Parquet
first, so that auditor, generator and SQL see the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from auditor.reference.kinds import HISTORY_KINDS
from auditor.reference.manifest import notes
from auditor.reference.starter import starter_frame
from auditor.reference.store import part_path, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.reference.interface import Kind

NAMES: dict[str, Kind] = {
    "ptp": "ptp-practitioner",
    "aoc": "aoc",
    "mue": "mue-practitioner",
    "fees": "fee-schedule",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some Parquet files of one release; without dates where the rows carry their own."""

    paths: list[str]
    valid_from: str | None
    valid_to: str | None


def pieces(store: Path, folder: Path) -> dict[str, list[Piece]]:
    """The tables in use of `store`, by the names above; starter tables are put into `folder`."""
    manifest = read_manifest(store)
    noted = notes(manifest.entries) if manifest else []
    found: dict[str, list[Piece]] = {}
    for name, kind in NAMES.items():
        used = [entry for entry, note in noted if entry.kind == kind and not note]
        used.sort(key=lambda entry: entry.effective)
        if not used:
            path = folder / f"starter-{name}.parquet"
            starter_frame(kind).write_parquet(path)
            found[name] = [Piece([str(path)], None, None)]
            continue
        own_dates = kind in HISTORY_KINDS
        if own_dates:
            used = used[-1:]
        found[name] = []
        for entry, following in zip(used, [*used[1:], None], strict=True):
            end = None if following is None else following.effective - timedelta(days=1)
            found[name].append(
                Piece(
                    [str(part_path(store, entry.parts[part])) for part in sorted(entry.parts)],
                    None if own_dates else entry.effective.isoformat(),
                    None if own_dates or end is None else end.isoformat(),
                )
            )
    return found


def frame(table: list[Piece]) -> pl.LazyFrame:
    """The rows of one table, those of every release."""
    return pl.concat(
        [
            pl.scan_parquet(piece.paths)
            if piece.valid_from is None
            else pl.scan_parquet(piece.paths).with_columns(
                valid_from=pl.lit(piece.valid_from).str.to_date(),
                valid_to=pl.lit(piece.valid_to, pl.String).str.to_date(),
            )
            for piece in table
        ],
        how="diagonal",
    )
