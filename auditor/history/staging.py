"""Writing what a run adds to the store, and a digest of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.history.files import (
    ENDED,
    INDEX,
    KINDS,
    LINES,
    REJECTED,
    path_of,
    sync_folder,
    write,
)
from auditor.history.index import CONTENT, EVIDENCE, content_hash, write_index
from schemas import EndedLines, dtypes

if TYPE_CHECKING:
    from pathlib import Path

ORDER = ("service_date_from", "patient_id", "claim_id", "line_number", "code")
"""Order of the lines of a run: by date, so that a look back reads few row groups."""
_SLICE = 100_000
"""Rows turned into text at a time."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What a run adds to the store."""

    lines: int
    ended: int
    digest: str
    """64 hexadecimal digits over the contents of lines, ended and rejected; not of the bytes of the
    files, which another version of polars would write otherwise."""
    files: tuple[str, ...]
    """Names in the staging folder, to be moved into the store's folder after the commit."""


def placed(fresh: pl.DataFrame, since: pl.Series, run: int) -> pl.DataFrame:
    """The evidence of `fresh` (schemas.ClaimLines) in its order, whatever the order of the rows.

    Equal keys are told apart by what the lines say, then by where they stood.
    """
    lines = fresh.select(*EVIDENCE, since=since.fill_null(run))
    by = [*ORDER, "content", "source_file", "source_row"]
    lines = lines.with_columns(content_hash(lines)).sort(by, nulls_last=False).drop("content")
    version = pl.int_range(pl.len(), dtype=pl.UInt64) + pl.lit(run << 32, pl.UInt64)
    return lines.select(version.alias("version"), "since", *EVIDENCE)


def stage(  # noqa: PLR0913, PLR0917 - what a run adds is of four kinds
    fresh: pl.DataFrame,
    since: pl.Series,
    ended: pl.DataFrame,
    rejected: pl.DataFrame,
    cleared: pl.DataFrame,
    run: int,
    folder: Path,
) -> Staged:
    """Write the files of `run` into `folder`, onto the disk.

    fresh: schemas.ClaimLines. since: of each the run with which it first came, null for this one
    (u64). ended: schemas.EndedLines. rejected, cleared: schemas.RejectedKeys
    that the run adds and takes back.
    """
    lines = placed(fresh, since, run)
    number = pl.lit(run, pl.UInt64).alias("run")
    ended = ended.select(list(dtypes(EndedLines))).sort("version").with_columns(number)
    told = pl.concat(
        [
            rejected.with_columns(cleared=pl.lit(value=False)),
            cleared.with_columns(cleared=pl.lit(value=True)),
        ]
    ).with_columns(number)
    name = str(run)
    write(lines, path_of(folder, LINES, name))
    write_index(lines, path_of(folder, INDEX, name))
    write(ended, path_of(folder, ENDED, name))
    write(told, path_of(folder, REJECTED, name))
    sync_folder(folder)
    return Staged(
        lines.height,
        ended.height,
        digest([lines.select("version", *CONTENT), ended, told]),
        tuple(path_of(folder, kind, name).name for kind in KINDS),
    )


def digest(tables: list[pl.DataFrame]) -> str:
    """BLAKE2b over the cells of `tables` in their order."""
    found = hashlib.blake2b(digest_size=32)
    for table in tables:
        found.update(repr(table.columns).encode())
        for rows in table.iter_slices(_SLICE):
            found.update(rows.write_csv(include_header=False, quote_style="non_numeric").encode())
    return found.hexdigest()
