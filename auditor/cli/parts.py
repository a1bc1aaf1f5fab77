"""An audit whose claim lines do not fit into memory: from the files to parts, and what they say."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from auditor import RULE_SET_VERSION, __version__
from auditor.cli import output
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.cli.run import Request
    from auditor.engine.clock import Clock
    from auditor.intake.interface import Intake, IntakeOptions
    from auditor.parts.crew import Crew
    from auditor.parts.room import Room
    from auditor.parts.spill import Parts
    from auditor.reference.interface import Reference
    from auditor.spark.inputs import File

BYTES_A_PART = 160_000_000
"""Of delimited text: some 850,000 lines, which take a GiB when they are judged."""
BYTES_A_TASK = 125_000_000
"""The same on a cluster."""
LARGE = 1_000_000_000
"""Input from so many bytes of text on is judged in parts."""
_PACKED = {".gz": 10, ".zip": 10, ".parquet": 6, ".xlsx": 6, ".xlsm": 6, ".xlsb": 6, ".ods": 12}
"""How many times as long the same lines are as delimited text, about."""
FOLDER = "auditor-parts"
_ELSEWHERE = (
    *("report", "findings", "summary", "copies", "work", "password", "ledger"),
    # Sets among them stand in another order in each process; they are told sorted.
    "rules",
)
"""Fields of Request that are no part of the work, or are told otherwise."""


def how_many(request: Request) -> int:
    """In how many parts the inputs of `request` are judged; 1: at once, in memory."""
    if request.parts is not None:
        return request.parts
    if request.history or request.compare_reference:
        return 1
    text = text_bytes(request.inputs)
    return 1 if text < LARGE else _even(-(-text // BYTES_A_PART))


def _even(parts: int) -> int:
    """`parts`, or so many more that no process that works on them is idle for the last one."""
    from auditor.parts.crew import processors

    return -(-parts // processors()) * processors()


def hands(request: Request, parts: int) -> int:
    """How many processes are begun before the lines are counted; 0: that waits for their number."""
    from auditor.parts.crew import ENOUGH, how_many

    many = how_many(ENOUGH, parts)
    return many if many > 1 and text_bytes(request.inputs) >= LARGE else 0


def text_bytes(paths: Iterable[Path]) -> int:
    """Bytes of the files as delimited text, about."""
    return sum(_text(path) for path in paths)


def on_cluster(files: Iterable[File]) -> int:
    """In how many parts `files` are judged on a cluster, where several tasks share memory."""
    text = sum(_as_text(file.name, file.size) for file in files)
    return max(-(-text // BYTES_A_TASK), 1)


def _text(path: Path) -> int:
    """Bytes of the file as delimited text, about; 0 where it is not there, which reading tells."""
    try:
        return _as_text(path.name, path.stat().st_size)
    except OSError:
        return 0


def _as_text(name: str, size: int) -> int:
    """Bytes that a file of this name and size has as delimited text, about."""
    return size * _PACKED.get(Path(name).suffix.lower(), 1)


def check(request: Request) -> None:
    """What cannot be done in parts is told before the work."""
    if request.parts in (None, 1):
        return
    for option, wanted in (
        ("--history", request.history),
        ("--compare-reference", request.compare_reference),
    ):
        if wanted:
            raise ConfigError(
                f"{option} and --parts exclude each other.",
                next_step=f"Leave out one of them; with {option} all lines are held in memory.",
            )


def needs_lines(request: Request) -> bool:
    """Whether an output shows lines, or all findings at once; else they stay on the disk."""
    redacted = request.copies.redact_key is not None
    return request.report is not None or request.ledger is not None or redacted


@contextmanager
def folder(request: Request) -> Iterator[Path]:
    """Where the parts lie: --work, else beside the outputs, else for a while."""
    if request.work is not None:
        yield request.work
        return
    outputs = (request.findings, request.report, request.summary)
    named = next((path for path in outputs if path is not None), None)
    if named is not None:
        yield named.absolute().parent / FOLDER
        return
    with TemporaryDirectory(prefix=f"{FOLDER}-") as name:
        yield Path(name)


def work(request: Request, reference: Reference, count: int) -> list[str]:
    """What names the work: equal files, tables, settings and versions."""
    files = []
    for path in request.inputs:
        try:
            seen = path.stat()
        except OSError:  # reading says what is wrong with it
            files.append(str(path.absolute()))
            continue
        files.append(f"{path.absolute()} {seen.st_size} {seen.st_mtime_ns}")
    settings = {
        name: str(value)
        for name, value in sorted(_fields(request).items())
        if name not in _ELSEWHERE
    }
    # What a layout says, and not where it lies, decides how the files are read.
    layout = [request.layout.read_bytes().hex()] if request.layout is not None else []
    return [
        __version__,
        RULE_SET_VERSION,
        str(count),
        *files,
        *layout,
        *sorted(f"{r.kind} {r.sha256} {r.used}" for r in reference.releases()),
        json.dumps(settings, sort_keys=True),
        json.dumps(asdict(request.rules), sort_keys=True, default=sorted),
    ]


def _fields(request: Request) -> dict[str, object]:
    """The fields of `request`."""
    return {name: getattr(request, name) for name in request.__dataclass_fields__}


def _remarks(request: Request, place: Room, count: int) -> Iterator[str]:
    """What the operator should know of earlier audits there."""
    from auditor.parts.run import judged_before

    if place.read_before():
        judged = judged_before(place.folder, shown=needs_lines(request))
        yield (
            "This audit was begun before and broken off. It goes on from there: the files are not"
            f" read again, and {judged} of {count} parts were judged."
        )
    for folder in place.left():
        yield (
            f"{folder} holds the claim lines of another audit that was broken off. Its own command"
            " goes on with it; if nobody says that again, remove the folder."
        )


def read(
    request: Request,
    options: IntakeOptions,
    place: Room,
    count: int,
    crew: Crew,
    clock: Clock,
) -> tuple[Intake, Parts]:
    """Read the files into parts, large ones by `crew`, or answer what an earlier call read."""
    from auditor.intake import read_claims
    from auditor.parts.readers import Readers
    from auditor.parts.spill import Spill

    for remark in _remarks(request, place, count):
        output.complain(f"Note: {remark}")
    kept = place.kept()
    if kept is not None:
        return kept
    spill = Spill(place.lines, count)
    readers = Readers(crew, spill) if crew.processes else None
    with clock.part("intake", "claim files") as told:
        try:
            intake = read_claims(request.inputs, replace(options, keeper=spill, readers=readers))
            parts = spill.parts()
        finally:
            spill.stop()  # what is written behind the back of who removes the folder would stay
        told.rows = parts.census.lines
    place.keep(intake, parts)
    return intake, parts
