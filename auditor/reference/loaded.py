"""What an audit opens: the tables of the store, and the starter set for what it lacks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.errors import ReferenceDataError
from auditor.reference.kinds import HISTORY_KINDS, KINDS
from auditor.reference.manifest import as_release, notes
from auditor.reference.starter import FILES, starter_frame, starter_release
from auditor.reference.store import OURS, chosen_folder, part_path, read_manifest
from auditor.reference.tables import MODELS, TableReference
from auditor.reference.words import WORDED, Words
from schemas import dtypes

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date
    from pathlib import Path

    from auditor.reference.interface import Kind, Reference, Release
    from auditor.reference.manifest import Entry


class Named(NamedTuple):
    """What tells a release from all others."""

    kind: str
    label: str
    sha256: str


def load_reference(
    folder: Path | str | None = None, *, only: Collection[Named] | None = None
) -> Reference:
    """Open the reference store at `folder`, else at AUDITOR_REFERENCE, else the user's own.

    Only the manifest is read now; each table is read when asked for, and no more of it than the
    codes need. A kind without a usable release is served by the starter set, if that has it.
    `only`: the releases that judged once; those that were imported since are left out. Raises
    ReferenceDataError for a folder that was named and is no store, for a damaged store, for one
    that a newer auditor wrote, and where it lacks one of `only`.
    """
    place, named = chosen_folder(folder)
    manifest = read_manifest(place)
    if manifest is None and named:
        _refuse_no_store(place)
    entries = manifest.entries if manifest else []
    if only is not None:
        entries = [e for e in entries if not e.change and _named(as_release(e, "")) in only]
    noted = notes(entries)
    frames: dict[Kind, pl.LazyFrame] = {}
    releases: list[Release] = [as_release(entry, note) for entry, note in noted]
    for kind in KINDS:
        used = [entry for entry, note in noted if entry.kind == kind and not note]
        if used:
            frames[kind] = _stored(place, used)
        elif kind in FILES:
            frames[kind] = starter_frame(kind).lazy()
            releases.append(starter_release(kind))
    if only is not None:
        _refuse_lacking(place, only, releases)
    return TableReference(frames, releases, _words(place, noted))


def _words(place: Path, noted: list[tuple[Entry, str]]) -> Words:
    """What the imported files say in words; releases that judge nothing are heard as well."""
    entries = sorted((e for e, _ in noted if e.kind in WORDED), key=lambda e: e.effective)
    found = [
        (entry.label, part.words)
        for entry in reversed(entries)
        for part in entry.parts.values()
        if part.words
    ]
    lacking = [e.label for e in entries if any(p.words is None for p in e.parts.values())]
    folder = place if entries else None

    def frame() -> pl.LazyFrame:
        return pl.concat(
            pl.scan_parquet(part_path(place, words)).with_columns(
                release=pl.lit(label), rank=pl.lit(rank)
            )
            for rank, (label, words) in enumerate(found)
        )

    key = " ".join(words.file for _, words in found)
    return Words(frame if found else None, key=key, folder=folder, lacking=lacking)


def _named(release: Release) -> Named:
    return Named(release.kind, release.label, release.sha256)


def _refuse_lacking(place: Path, only: Collection[Named], releases: list[Release]) -> None:
    """Tell of those of `only` that are not there."""
    there = {_named(release) for release in releases}
    lacking = sorted(each for each in only if each not in there)
    if not lacking:
        return
    told = ", ".join(f"{each.label} ({each.kind}, SHA-256 {each.sha256[:12]})" for each in lacking)
    raise ReferenceDataError(
        f"releases are not here, or were replaced since: {told}.",
        where=str(place),
        next_step="Bring the store back from a backup, or import the same CMS files into another"
        " one; a starter set comes with the version of auditor that had it.",
    )


def _refuse_no_store(place: Path) -> None:
    """A folder that was named must be a store, or empty and about to become one."""
    if place.is_dir() and all(path.name in OURS for path in place.iterdir()):
        return
    what = "there is no reference store here." if place.is_dir() else "there is no such folder."
    raise ReferenceDataError(
        what,
        where=str(place),
        next_step="Make one with `auditor reference import CMS-FILES --reference DIR`, "
        "or name no folder to use the starter set.",
    )


def _stored(place: Path, entries: list[Entry]) -> pl.LazyFrame:
    """The table of one kind out of the releases that judge, in the order of their dates."""
    if entries[0].kind in HISTORY_KINDS:
        return _scan(place, entries[-1])
    days = [entry.effective for entry in entries]
    ends: list[date | None] = [*(day - timedelta(days=1) for day in days[1:]), None]
    return pl.concat(
        _scan(place, entry).with_columns(
            valid_from=pl.lit(entry.effective, pl.Date),
            valid_to=pl.lit(end, pl.Date),
            release=pl.lit(entry.label),
        )
        for entry, end in zip(entries, ends, strict=True)
    ).select(list(dtypes(MODELS[entries[0].kind])))


def _scan(place: Path, entry: Entry) -> pl.LazyFrame:
    paths = [part_path(place, entry.parts[name]) for name in sorted(entry.parts)]
    return pl.scan_parquet(paths)
