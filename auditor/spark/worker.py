"""What runs on the workers, through mapInArrow: pure functions of the rows that they are given.

A task that is tried again, on whichever worker, gives the same rows again. A problem of a file
comes back as a row, so that nobody tries again what cannot go well; of an error that nobody
foresaw only its type and our place are raised, because Spark writes messages to its logs.
"""

from __future__ import annotations

import json
import platform
import shutil
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from auditor import RULE_SET_VERSION, __version__
from auditor.auditing import audit, count
from auditor.errors import AuditorError, our_place
from auditor.intake.reader import Met, read_file
from auditor.parts import outcome
from auditor.parts.spill import Spill, below_one_another
from auditor.spark import rows, telling, travel
from auditor.spark.rows import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from auditor.engine.whole import Census, Whole
    from auditor.intake.interface import Intake, IntakeOptions
    from auditor.result import AuditOptions

    Batches = Iterator[pa.RecordBatch]

SLAB = 500_000
"""Claim lines that a worker holds before it divides them."""
FAILED = "auditor-worker-failed"
"""Before what is told of an error of a worker."""


class WorkerFailed(RuntimeError):  # noqa: N818 - it names what happened, like its fellows
    """An error that nobody foresaw, without what it says."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the claim files are read."""

    files: tuple[tuple[str, str], ...]
    """Of each file in order: where it lies, and its name in the report."""
    options: IntakeOptions
    parts: int
    by_content: bool = False
    """Spark hands over the files' bytes; False: workers open them."""
    claims: bool = False
    """Tell also the ids of the claims."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a worker must know to count or judge a part."""

    offsets: tuple[int, ...]
    """Of each file: how many claim lines are in the files before it."""
    intake: Intake = field(repr=False)
    reference: travel.Packed
    options: AuditOptions


def quiet(function: Callable[..., Batches]) -> Callable[..., Batches]:
    """`function` without a claim in its errors."""

    @wraps(function)
    def run(given: Batches, *more: object, **named: object) -> Batches:
        try:
            yield from function(given, *more, **named)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text must not be logged
            told = f"{FAILED}: {type(error).__name__} in {our_place(error)}"
            raise WorkerFailed(told) from None

    return run


def _quiet(function: Callable[..., Iterator[Named]]) -> Callable[..., Batches]:
    """The same for one that answers Named, as Spark calls it."""

    @wraps(function)
    def run(given: Batches, *more: object, **named: object) -> Batches:
        yield from rows.batches(function(given, *more, **named))

    found = quiet(run)
    found.__wrapped__ = function  # type: ignore[attr-defined]
    return found


def versions() -> dict[str, str]:
    """What must be the same everywhere, or workers may judge or divide otherwise."""
    return {
        "auditor": __version__,
        "rules": RULE_SET_VERSION,
        "polars": pl.__version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
    }


@_quiet
def look(given: Batches, places: tuple[str, ...]) -> Iterator[Named]:
    """The worker's versions, and what it sees at each of `places`: JSON (kind, files with size)."""
    for batch in given:
        if not batch.num_rows:
            continue
        yield Named("worker", 0, 0, "", json.dumps(versions()).encode())
        for number, place in enumerate(places):
            yield Named("place", 0, number, place, json.dumps(_seen(Path(place))).encode())


def _seen(path: Path) -> dict[str, object]:
    try:
        if not path.is_dir():
            return {"kind": "file", "files": [[str(path), path.stat().st_size]]}
        if (path / "_delta_log").is_dir():
            return {"kind": "delta", "files": []}
        within = (p for p in path.rglob("*") if p.is_file() and not _hidden(p.relative_to(path)))
        files = [[str(p), p.stat().st_size] for p in sorted(within)]
    except OSError as error:
        return {"kind": "unread", "files": [], "why": error.strerror or type(error).__name__}
    return {"kind": "folder", "files": files}


def _hidden(path: Path) -> bool:
    """Whether a file is a writer's own, as _SUCCESS is; columns may divide folders by `_year=`."""
    return any(part.startswith(".") for part in path.parts) or path.name.startswith("_")


@_quiet
def read(given: Batches, job: Reading) -> Iterator[Named]:
    """The claim lines of each file by parts, and what is told of it."""
    numbers = {place: number for number, (place, _) in enumerate(job.files)}
    for batch in given:
        if not job.by_content:
            for number in batch.column("id").to_pylist():
                yield from _read(Path(job.files[number][0]), number, job)
            continue
        for place, content in zip(batch.column("path"), batch.column("content"), strict=True):
            number = numbers.get(place.as_py())
            if number is None:  # it came after the files were listed
                continue
            with TemporaryDirectory(prefix="auditor-file-") as room:
                path = Path(room) / PurePosixPath(job.files[number][0]).name
                path.write_bytes(content.as_buffer())
                yield from _read(path, number, job)


def _read(path: Path, number: int, job: Reading) -> Iterator[Named]:
    """One file."""
    with TemporaryDirectory(prefix="auditor-lines-") as room:
        spill = Spill(Path(room) / "lines", job.parts, SLAB)
        options = replace(job.options, keeper=spill)
        several = len(job.files) > 1
        try:
            sources = read_file(path, job.files[number][1], options, Met(), several=several)
        except AuditorError as error:
            yield Named("error", 0, number, "", telling.error(error))
            return
        found = spill.parts()
        yield Named("told", 0, number, telling.FILE, telling.told(sources, found.census))
        for name, table in telling.tables(sources).items():
            yield Named("told", 0, number, name, rows.packed(table))
        if job.claims and found.census.lines:
            yield Named(
                "told", 0, number, telling.CLAIMS, rows.packed(found.claims().sort(pl.all()))
            )
        for file in sorted(found.folder.glob("*/*.parquet")):
            name = f"{int(file.parent.name):09d}"
            yield Named("lines", int(file.stem), number, name, file.read_bytes())
            file.unlink()
        shutil.rmtree(found.folder)


@_quiet
def counted(given: Batches, job: Part, census: Census) -> Iterator[Named]:
    """What rules count of each part, and of how many lines."""
    for number, lines in _parts(given, job):
        intake = replace(job.intake, lines=lines)
        found = count(intake, travel.opened(job.reference), job.options, census).counts
        yield Named("size", number, 0, "", str(lines.height).encode())
        for name, table in found.items():
            yield Named("count", number, 0, name, rows.packed(table))


@_quiet
def judged(given: Batches, job: Part, whole: Whole) -> Iterator[Named]:
    """What the audit of each part says."""
    for number, lines in _parts(given, job):
        intake = replace(job.intake, lines=lines)
        result = audit(intake, travel.opened(job.reference), job.options, whole=whole)
        for name, table in outcome.tables(result).items():
            yield Named("found", number, 0, name, rows.packed(table))


@_quiet
def lines_of(given: Batches, job: Part, keys: pl.Series) -> Iterator[Named]:
    """The lines of some keys."""
    for number, lines in _parts(given, job):
        found = lines.filter(pl.col("line_key").is_in(keys.implode()))
        yield Named("lines", number, 0, "lines", rows.packed(found))


def _parts(given: Batches, job: Part) -> Iterator[tuple[int, pl.DataFrame]]:
    """Each part with its lines in the order of the files; line_key is the batch's."""
    pieces = rows.from_arrow(given)
    for number in sorted(pieces["part"].unique()):
        found = rows.whole(pieces.filter(pl.col("part") == number))
        frames = [
            rows.unpacked(each.data).with_columns(
                (pl.col("line_key").cast(pl.Int64) + job.offsets[each.file]).cast(pl.UInt32)
            )
            for each in found
        ]
        yield number, below_one_another(frames)
