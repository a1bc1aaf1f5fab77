"""What is worked out of a part of a batch when it is counted, and not again when it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import polars.selectors as cs

from auditor import disk
from auditor.engine.versions import Versions

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    *("row", "patient", "person", "s1", "s1_known", "tax", "billing", "specialty"),
    *("cancelled", "loose", "claim", "n_day", "crowded"),
)
"""The columns of enriched lines that take text keys, or all lines of a patient, to find."""
_GONE, _ASIDE, _CLAIMS, _LINES = "gone", "aside", "claims", "lines"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a part."""

    versions: Versions
    lines: pl.DataFrame
    """COLUMNS of the lines that stand."""

    def write(self, folder: Path) -> None:
        """Write it into `folder`, which is made."""
        folder.mkdir()
        tables = {
            _GONE: self.versions.gone.alias("row").to_frame(),
            _ASIDE: self.versions.set_aside,
            _CLAIMS: self.versions.claims,
            # Numbers of a part's patients and practitioners are no more than its lines.
            _LINES: self.lines.cast({cs.signed_integer(): pl.Int32}),
        }
        for name, table in tables.items():
            if table.width:
                path = _file(folder, name)
                disk.write_parquet(table, path, compression="lz4", statistics=False)

    @classmethod
    def read(cls, folder: Path) -> Known | None:
        """What was written into `folder`; None where nothing was."""
        if not folder.is_dir():
            return None
        gone, aside, claims, lines = (
            pl.read_parquet(file) if (file := _file(folder, name)).is_file() else pl.DataFrame()
            for name in (_GONE, _ASIDE, _CLAIMS, _LINES)
        )
        wide = lines.cast({cs.signed_integer(): pl.Int64})
        return cls(Versions(gone["row"], aside, claims), wide)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.parquet"
