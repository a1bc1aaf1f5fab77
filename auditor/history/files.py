"""The files of a feed's store: their names, the manifest of merged ones, writing them for good."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from auditor import disk
from auditor.errors import HistoryError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

KINDS = ("lines", "index", "ended", "rejected")
LINES, INDEX, ENDED, REJECTED = KINDS
MANIFEST = "manifest.json"
ROWS_A_GROUP = 262_144
"""Rows of a row group: small enough to skip by date, large enough to read in one go."""
_PRIVATE = 0o600
_FORM = 1


@dataclass(frozen=True, slots=True)
class Part:
    """The files of one run, or of several that were merged into one set."""

    name: str
    """What stands in their names: the number of the run, or m and a number."""
    runs: tuple[int, ...]
    """All that they hold, ascending."""
    wanted: tuple[int, ...]
    """Those of them that are looked at."""

    @property
    def whole(self) -> bool:
        """Whether all of it is looked at."""
        return self.runs == self.wanted


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which merged files hold which runs."""

    merged: dict[str, tuple[int, ...]]
    next: int
    """Number of the next merged set; none is ever used twice."""


def path_of(folder: Path, kind: str, name: str) -> Path:
    """The file of that kind of a part."""
    return folder / f"{kind}-{name}.parquet"


def manifest_of(folder: Path) -> Manifest:
    """What `manifest.json` says; nothing is merged where there is none. Raises HistoryError."""
    path = folder / MANIFEST
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["form"] != _FORM:
            raise HistoryError(
                f"The store of earlier lines was written by another version (form {told['form']}).",
                where=str(path),
                next_step="Use the version of auditor that wrote it, or a newer one.",
            )
        return Manifest({n: tuple(r) for n, r in told["merged"].items()}, int(told["next"]))
    except FileNotFoundError:
        return Manifest({}, 1)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise HistoryError(
            "The list of merged files cannot be read.",
            where=str(path),
            next_step="Bring back the folder from a backup.",
        ) from None


def keep_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace `manifest.json` in one step."""
    told = {"form": _FORM, "next": manifest.next, "merged": manifest.merged}
    made = folder / f".{MANIFEST}"
    made.unlink(missing_ok=True)
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w") as out:
        json.dump(told, out)
        out.flush()
        os.fsync(out.fileno())
    made.replace(folder / MANIFEST)
    sync_folder(folder)


def parts_of(folder: Path, runs: Iterable[int]) -> list[Part]:
    """The files that hold `runs`, merged ones first; each run is in one part."""
    wanted = set(runs)
    parts = []
    for name, held in manifest_of(folder).merged.items():
        here = tuple(run for run in held if run in wanted)
        if here:
            parts.append(Part(name, held, here))
            wanted.difference_update(here)
    return parts + [Part(str(run), (run,), (run,)) for run in sorted(wanted)]


def write(frame: pl.DataFrame, path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write `frame` to a new file for its owner alone, onto the disk."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE))
    disk.write_parquet(
        frame,
        path,
        compression="lz4",
        row_group_size=ROWS_A_GROUP,
        statistics=True,
        metadata=metadata,
    )
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Names in `folder` onto the disk, where the system can do that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def scan(folder: Path, kind: str, part: Part) -> pl.LazyFrame:
    """The file of that kind, lazily. Raises HistoryError where it is missing."""
    path = path_of(folder, kind, part.name)
    if not path.is_file():
        raise missing(path)
    return pl.scan_parquet(path, glob=False)


def read_once(path: Path) -> None:
    """Tell the system, where it listens, that `path` was read and will not be before tomorrow.

    Gigabytes of earlier nights would push out of memory what others on the machine read again.
    """
    if not hasattr(os, "posix_fadvise"):
        return
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """A damaged file is told as HistoryError; polars' own words may quote what stands in it."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        raise HistoryError(
            f"A file of the store of earlier lines cannot be read ({type(error).__name__}).",
            where=str(path),
            next_step="Look at the disk and its permissions, or bring the folder from a backup.",
        ) from None


def missing(path: Path) -> HistoryError:
    """The error of a file that should be there."""
    return HistoryError(
        "A file of the store of earlier lines is missing.",
        where=str(path),
        next_step="Bring back the folder from a backup; the ledger names its runs.",
    )


def run_of(version: str = "version") -> pl.Expr:
    """The run of a version."""
    return pl.col(version) // (1 << 32)


def of_runs(frame: pl.LazyFrame, part: Part) -> pl.LazyFrame:
    """Rows of `frame` (with version) that came with a run that is looked at."""
    return frame if part.whole else frame.filter(among(run_of(), part.wanted))


def among(run: pl.Expr, runs: Collection[int]) -> pl.Expr:
    """Whether `run` is one of `runs`."""
    return run.is_in(pl.Series(sorted(runs), dtype=pl.UInt64).implode())


def metadata_of(path: Path) -> dict[str, Any]:
    """What was written beside the rows of a file."""
    return dict(pl.read_parquet_metadata(path))
