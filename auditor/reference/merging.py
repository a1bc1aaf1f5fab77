"""Bringing one table into the store's working manifest, by what is loaded already.

What is loaded for one part of one release is a set of rows. A file's rows are the same set (a
twin in another container: only its name is noted), a smaller one (already covered), a larger one
(it takes the place of the part loaded before), or contradict it (refused). So the store ends the
same whatever the order of files.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import pandera.errors
import polars as pl

from auditor.errors import ReferenceDataError
from auditor.reference.layout import repeated_names
from auditor.reference.manifest import Entry, Part, SourceFile, WordsFile
from auditor.reference.store import Store, part_path
from auditor.reference.tables import MODELS
from auditor.reference.words import joined
from schemas import dtypes

if TYPE_CHECKING:
    from auditor.reference.containers import Member
    from auditor.reference.layout import Parsed
    from auditor.reference.recognise import Found

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


def merge_table(store: Store, table: Found, member: Member, *, replace_other: bool) -> Outcome:
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
    wordless = bool(loaded and table.layout.words and not loaded.words)
    if loaded and known and not replace_other and not wordless:
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
            return _with_words(store, table, parsed, member, done)
        if not _missing(parsed.frame, old):
            done = replace(done, result="already covered")
            return _with_words(store, table, parsed, member, done)
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
        words=loaded.words if loaded else None,
    )
    _add_source(entry.parts[name], member, parsed.unparsed)
    _with_words(store, table, parsed, member, replace(done, result=result))
    return replace(done, result=result)


def _with_words(
    store: Store, table: Found, parsed: Parsed, member: Member, done: Outcome
) -> Outcome:
    """Keep the words of a file beside its part, and say so where no row of it was new.

    What is kept already stays for codes that this file has no words of (some copies of a file
    have that column blank), and goes with codes that are no longer there. Of two words on one
    code those of the larger file stay; of twins, those of the first by name, so that the order
    of files does not matter.
    """
    if parsed.words is None:
        return done
    entry = store.manifest.entry(
        table.kind, table.effective, table.revision, change=bool(table.change)
    )
    name = table.change or str(table.part)
    part = entry.parts[name]
    words = parsed.words.with_columns(source=pl.lit(member.file))
    old = words.clear()
    if part.words:
        old = pl.read_parquet(part_path(store.folder, part.words))
        both = [words, old] if done.result == "imported" else [old, words]
        words = pl.concat(both)
        if done.result == "same rows already loaded":
            words = words.sort("source", maintain_order=True)
        words = joined(words)
    codes = pl.read_parquet(part_path(store.folder, part), columns=["code"])["code"]
    words = words.filter(pl.col("code").is_in(codes.unique().implode()))
    if part.words and words.equals(old):
        return done
    digest = hashlib.sha256(words.write_csv().encode()).hexdigest()
    place, size = store.write(words, entry, f"{name}-words", digest)
    part.words = WordsFile(file=place, size=size, rows=words.height)
    added = "its descriptions were added" if words.height > old.height else ""
    return replace(done, note="; ".join(filter(None, [done.note, added])))


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
