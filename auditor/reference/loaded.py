"""What an audit opens: the tables of the store, and the starter set for what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.reference.starter import FILES, FOLDER, starter_frame, starter_release
from auditor.reference.tables import TableReference

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from auditor.reference.interface import Kind, Reference, Release


def load_reference(folder: Path | str | None = None) -> Reference:
    """Open the reference store at `folder`, else at AUDITOR_REFERENCE, else the user's own."""
    del folder  # the importers come next; until then the starter set serves every kind
    frames: dict[Kind, pl.LazyFrame] = {}
    releases: list[Release] = []
    for kind in FILES:
        if kind not in frames and (FOLDER / FILES[kind]).is_file():
            frames[kind] = starter_frame(kind).lazy()
            releases.append(starter_release(kind))
    return TableReference(frames, releases)
