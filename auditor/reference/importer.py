"""Import of CMS files into the store: whole or not at all, and in any order.

What is loaded for one part of one release is a set of rows. A file's rows are the same set (a
twin in another container: only its name is noted), a smaller one (already covered), a larger one
(it takes the place of the part loaded before), or contradict it (refused). So the store ends the
same whatever the order of files. Everything is read and staged first; one rename of the manifest
at the end makes all of it true.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

import pandera.errors
import polars as pl

from auditor.errors import ReferenceDataError
from auditor.reference.containers import Member, members
from auditor.reference.layout import repeated_names
from auditor.reference.manifest import Entry, Part, SourceFile, notes
from auditor.reference.recognise import EXPECTED, Found, NotACmsTable, find_tables
from auditor.reference.store import Store, part_path, writing
from auditor.reference.tables import MODELS
from schemas import dtypes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from auditor.reference.interface import Kind
    from auditor.reference.layout import Parsed

Result = Literal[
    "imported",
    "same rows already loaded",
    "already covered",
    "kept as change file",
    "superseded",
    "skipped",
]
PTP_KINDS = ("ptp-practitioner", "ptp-hospital")
CONTRADICTION = "Nothing was changed. If CMS corrected the file, import it by name with --replace."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one table, or of one file without any."""

    file: str
    """File, archive and sheet names."""
    recognised: str
    """`PTP practitioner 2024Q3, part 1`; '' for a file that is no CMS table."""
    release: str
    """Label of the release it belongs to."""
    result: Result
    rows: int
    unparsed: int
    seconds: float
    note: str


@dataclass(frozen=True, slots=True)
class Request:
    """What the operator asked of an import."""

    kind: Kind | None = None
    effective: date | None = None
    replace: bool = False
    """Take a named file's rows in place of other rows of the same part."""


def import_files(
    paths: Iterable[Path],
    folder: Path,
    request: Request | None = None,
    on_file: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Import files, archives and folders of them into the store at `folder`.

    A file named in `paths` that is unknown, damaged or contradicts the store raises
    ReferenceDataError and nothing is changed; in a folder, and in an archive beside a table, it
    is an outcome `skipped` with its reason. StoreLocked where another import is running.
    """
    request = request or Request()
    files = list(_files(paths))
    outcomes: list[Outcome] = []
    with writing(folder) as store:
        before = store.manifest.model_copy(deep=True)
        for path, direct in files:
            on_file(path.name)
            outcomes += _import_file(store, path, request, direct=direct)
        if store.manifest != before:
            store.commit()
        states = {entry.label: note for entry, note in notes(store.manifest.entries)}
    return [_last_word(outcome, states.get(outcome.release, "")) for outcome in outcomes]


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Every file to import once, and whether it was named itself."""
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise ReferenceDataError(
                "there is no such file or folder.", where=str(path), next_step="Check the path."
            )
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.resolve() not in seen:
                seen.add(file.resolve())
                yield file, not path.is_dir()


def _import_file(store: Store, path: Path, request: Request, *, direct: bool) -> list[Outcome]:
    """The tables of one file, all of them or, where it is no good, none."""
    before = store.manifest.model_copy(deep=True)
    started = time.perf_counter()
    try:
        return _import_members(store, path, request, direct=direct)
    except ReferenceDataError as error:
        if direct:
            raise
        store.manifest = before
        return [_skipped(path.name, error, time.perf_counter() - started)]


def _import_members(store: Store, path: Path, request: Request, *, direct: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    unknown: list[Outcome] = []
    for member in members(path):
        started = time.perf_counter()
        try:
            tables = find_tables(member, request.kind, request.effective)
        except NotACmsTable as error:
            if len(member.names) == 1:
                raise
            unknown.append(_skipped(member.shown, error, time.perf_counter() - started))
            continue
        for table in tables:
            outcome = _import_table(store, table, member, replace_other=request.replace and direct)
            outcomes.append(replace(outcome, seconds=time.perf_counter() - started))
            started = time.perf_counter()
    if not outcomes:
        reasons = "; ".join(sorted({outcome.note for outcome in unknown})) or "it is empty"
        what = f"the archive holds no CMS table ({reasons})."
        raise NotACmsTable(what, where=path.name, next_step=EXPECTED)
    return outcomes + unknown


def _import_table(store: Store, table: Found, member: Member, *, replace_other: bool) -> Outcome:
    """Bring one table into the working manifest, by what is loaded already."""
    entry = store.manifest.entry(
        table.kind, table.effective, table.revision, change=bool(table.change)
    )
    name = table.change or str(table.part)
    loaded = entry.parts.get(name)
    done = Outcome(
        file=table.shown,
        recognised=table.title,
        release=entry.label,
        result="same rows already loaded",
        rows=loaded.rows if loaded else 0,
        unparsed=0,
        seconds=0.0,
        note=table.note,
    )
    known = _known_source(loaded, member)
    if loaded and known and not replace_other:
        _add_source(loaded, member, known.unparsed)
        return replace(done, unparsed=known.unparsed)

    parsed = table.read()
    _check(parsed, table)
    done = replace(
        done,
        rows=parsed.frame.height,
        unparsed=parsed.unparsed,
        note="; ".join(filter(None, [done.note, _remarks(parsed)])),
    )
    if table.kind in PTP_KINDS and not table.change and not table.part:
        _check_covered(store, entry, parsed.frame, table)
        return replace(done, result="already covered")

    result: Result = "kept as change file" if table.change else "imported"
    if loaded:
        old = pl.read_parquet(part_path(store.folder, loaded))
        if parsed.frame.equals(old):
            _add_source(loaded, member, parsed.unparsed)
            return done
        if not _missing(parsed.frame, old):
            return replace(done, result="already covered")
        strange = _missing(old, parsed.frame)
        if strange and not replace_other:
            what = (
                f"its rows contradict {entry.label}, loaded from {loaded.sources[0].name}: "
                f"{_missing(parsed.frame, old):,} rows are new, {strange:,} are gone."
            )
            raise ReferenceDataError(what, where=table.shown, next_step=CONTRADICTION)
        remark = "in place of other rows" if strange else "in place of a part of it"
        done = replace(done, note="; ".join(filter(None, [done.note, remark])))
    place, size = store.write(parsed.frame, entry, name, member.sha256)
    entry.parts[name] = Part(
        file=place,
        size=size,
        rows=parsed.frame.height,
        imported_at=datetime.now(tz=UTC),
        sources=[],
    )
    _add_source(entry.parts[name], member, parsed.unparsed)
    return replace(done, result=result)


def _known_source(part: Part | None, member: Member) -> SourceFile | None:
    """The source of `part` that is the very same file, byte by byte."""
    sources = part.sources if part else []
    return next((s for s in sources if s.member_sha256 == member.sha256), None)


def _add_source(part: Part, member: Member, unparsed: int) -> None:
    source = SourceFile(
        name=member.shown,
        sha256=member.file_sha256,
        member_sha256=member.sha256,
        unparsed=unparsed,
    )
    if source not in part.sources:
        part.sources.append(source)
        part.sources.sort(key=lambda s: (s.name, s.sha256, s.member_sha256))


def _missing(rows: pl.DataFrame, among: pl.DataFrame) -> int:
    """How many of `rows` do not stand in `among`."""
    return rows.join(among, on=rows.columns, how="anti", nulls_equal=True).height


def _check(parsed: Parsed, table: Found) -> None:
    """Refuse a table that is empty, mostly unreadable, ambiguous, or not of its model."""
    frame = parsed.frame
    again = "Download it from CMS again; nothing was changed."
    if parsed.unparsed > frame.height:
        rows = ", ".join(map(str, parsed.unparsed_rows))
        what = f"recognised as {table.title}, but most rows do not parse (rows {rows} ...)."
        raise ReferenceDataError(what, where=table.shown, next_step=again)
    if table.change:
        return
    if frame.is_empty():
        what = f"recognised as {table.title}, but it holds no rows."
        raise ReferenceDataError(what, where=table.shown, next_step=again)
    if names := repeated_names(frame, table.layout):
        what = f"it has different rows for one code: {', '.join(names[:3])}."
        raise ReferenceDataError(what, where=table.shown, next_step=again)
    # What follows from the releases loaded is not stored: here it only completes the model.
    given = {"valid_from": table.effective, "valid_to": None, "release": table.title}
    lacking = {name: t for name, t in dtypes(MODELS[table.kind]).items() if name not in frame}
    try:
        MODELS[table.kind].validate(
            frame.with_columns(pl.lit(given[n]).cast(t).alias(n) for n, t in lacking.items()),
            lazy=True,
        )
    except pandera.errors.SchemaErrors as error:
        checks = sorted({f"{c['column']}: {c['check']}" for c in error.failure_cases.to_dicts()})
        what = f"recognised as {table.title}, but its rows break the model ({'; '.join(checks)})."
        raise ReferenceDataError(what, where=table.shown, next_step=again) from None


def _check_covered(store: Store, entry: Entry, frame: pl.DataFrame, table: Found) -> None:
    """A PTP file that does not say which part it is can only be a piece of what is loaded."""
    parts = [pl.read_parquet(part_path(store.folder, part)) for part in entry.parts.values()]
    if not parts or _missing(frame, pl.concat(parts)):
        what = (
            f"recognised as {table.title}, but its name does not say which part of it (f1 to f4)."
        )
        raise ReferenceDataError(
            what, where=table.shown, next_step="Give it the name that CMS gave it."
        )


def _remarks(parsed: Parsed) -> str:
    remarks = []
    if parsed.unparsed:
        shown = ", ".join(map(str, parsed.unparsed_rows))
        more = " ..." if parsed.unparsed > len(parsed.unparsed_rows) else ""
        remarks.append(f"not parsed: rows {shown}{more}")
    if parsed.repeated:
        remarks.append(f"{parsed.repeated} repeated rows left out")
    return "; ".join(remarks)


def _skipped(file: str, error: ReferenceDataError, seconds: float) -> Outcome:
    return Outcome(error.where or file, "", "", "skipped", 0, 0, seconds, error.what.rstrip("."))


def _last_word(outcome: Outcome, state: str) -> Outcome:
    """What only the whole import can tell: that a release is superseded, or incomplete."""
    if outcome.result not in ("imported", "same rows already loaded", "already covered"):
        return outcome
    result: Result = outcome.result
    if state.startswith("superseded") and result == "imported":
        result = "superseded"
    note = "; ".join(filter(None, [outcome.note, state]))
    return replace(outcome, result=result, note=note)
