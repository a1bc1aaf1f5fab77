"""Whether the files of a store are those that the ledger tells of: all there, whole, no others.

Looks at the ends of the files, where the number of rows stands, and not at the rows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import HistoryError
from auditor.history.files import (
    ENDED,
    KINDS,
    LINES,
    REJECTED,
    manifest_of,
    parts_of,
    path_of,
    reading,
    scan,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from auditor.history.files import Part

_OF_A_RUN = re.compile(rf"(?:{'|'.join(KINDS)})-([0-9]+)\.parquet")


def verify(
    folder: Path, known: Mapping[int, tuple[int, int]], standing: Iterable[int] | None = None
) -> None:
    """Hold the files in `folder` against the runs that are `known`: run -> lines, ended.

    Raises HistoryError where one of the runs `standing` (None: of all) is missing or damaged, or of
    a run that is not known.
    """
    if strange := _runs(folder) - known.keys():
        runs = "a run" if len(strange) == 1 else f"{len(strange):,} runs"
        raise HistoryError(
            f"The store of earlier lines holds lines of {runs} that the ledger does not have.",
            where=str(folder),
            next_step="Nothing was touched. Bring back the ledger and the state folder as they were"
            " after the same night.",
        )
    for part in parts_of(folder, known if standing is None else standing):
        height(folder, REJECTED, part)
        for kind, place in ((LINES, 0), (ENDED, 1)):
            wanted = sum(known[run][place] for run in part.runs)
            found = height(folder, kind, part)
            # what was forgotten is missing, and what is left of it lies in merged files
            if found > wanted or (found < wanted and part.name.isdecimal()):
                raise HistoryError(
                    f"A file of the store of earlier lines has {found:,} rows, and the ledger says"
                    f" {wanted:,}.",
                    where=str(path_of(folder, kind, part.name)),
                    next_step="Bring back the ledger and the state folder as they were after the"
                    " same night.",
                )


def height(folder: Path, kind: str, part: Part) -> int:
    """Rows of the file of that kind. Raises HistoryError where it is missing or damaged."""
    with reading(path_of(folder, kind, part.name)):
        return int(scan(folder, kind, part).select(pl.len()).collect().item())


def _runs(folder: Path) -> set[int]:
    """The runs that have files in `folder`."""
    if not folder.is_dir():
        return set()
    named = (_OF_A_RUN.fullmatch(path.name) for path in folder.iterdir())
    merged = manifest_of(folder).merged.values()
    return {int(name[1]) for name in named if name}.union(*merged)
