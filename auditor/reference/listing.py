"""What the store holds, line by line, for `auditor reference list`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.reference.loaded import load_reference
from auditor.reference.manifest import notes
from auditor.reference.store import chosen_folder, read_manifest

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from auditor.reference.interface import Kind

JUDGES = "judges"


@dataclass(frozen=True, slots=True)
class Listed:
    """One release, set of change files or starter table."""

    kind: Kind
    label: str
    effective: date
    rows: int
    unparsed: int
    state: str
    """`judges`, or why it does not."""
    source: str
    imported: bool
    """False for the starter set."""
    wordless: bool = False
    """Imported before descriptions were kept."""


def store_listing(folder: Path | str | None = None) -> tuple[Path, list[Listed]]:
    """The store's folder, and everything in it and of the starter set, in a fixed order.

    Raises what load_reference raises.
    """
    place, _ = chosen_folder(folder)
    reference = load_reference(folder)
    manifest = read_manifest(place)
    entries = manifest.entries if manifest else []
    unparsed = {entry.label: entry.unparsed for entry, _ in notes(entries)}
    listed = [
        Listed(
            kind=release.kind,
            label=f"{release.label} ({release.kind})" if release.starter else release.label,
            effective=release.effective,
            rows=release.rows,
            unparsed=unparsed.get(release.label, 0),
            state=release.note if not release.used else JUDGES,
            source=release.source,
            imported=not release.starter,
            wordless=release.label in reference.words.lacking,
        )
        for release in reference.releases()
    ]
    listed += [
        Listed(
            kind=entry.kind,
            label=entry.label,
            effective=entry.effective,
            rows=entry.rows,
            unparsed=entry.unparsed,
            state="kept, not applied",
            source=", ".join(dict.fromkeys(source.file for source in entry.sources())),
            imported=True,
        )
        for entry in entries
        if entry.change
    ]
    return place, listed
