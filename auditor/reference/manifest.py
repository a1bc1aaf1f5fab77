"""The list of what the store holds, and what follows from it: which release judges.

The manifest is the store's only truth. A Parquet file that it does not name is a leftover.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime  # noqa: TC003 - pydantic reads the annotations
from typing import TYPE_CHECKING, ClassVar, Literal

from auditor.reference.interface import Kind, Release
from auditor.reference.kinds import (
    HISTORY_KINDS,
    TITLES,
    ncci_version,
    quarter_end,
    quarter_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = 1
"""Of the manifest and of the tables; a store of another format is not read."""
PTP_PARTS = ("1", "2", "3", "4")
_FORBID: dict[str, str] = {"extra": "forbid"}


@dataclass(slots=True, kw_only=True)
class SourceFile:
    """A file whose rows these are; several where the same rows came in several containers."""

    __pydantic_config__: ClassVar = _FORBID

    name: str
    """`outer.zip/inner.txt`."""
    sha256: str
    """Of the file on disk (the outer archive)."""
    member_sha256: str
    """Of the table itself, unpacked."""
    unparsed: int
    """Rows in it that did not parse."""

    @property
    def file(self) -> str:
        """Name of the file on disk."""
        return self.name.split("/", 1)[0]


@dataclass(slots=True, kw_only=True)
class WordsFile:
    """Descriptors and successors that came with a part's rows: one Parquet file."""

    __pydantic_config__: ClassVar = _FORBID

    file: str
    size: int
    rows: int


@dataclass(slots=True, kw_only=True)
class Part:
    """The rows of one table or of one part of it: one Parquet file."""

    __pydantic_config__: ClassVar = _FORBID

    file: str
    """Its place below the store's folder, with `/`."""
    size: int
    """In bytes; a file of another size is damaged."""
    rows: int
    imported_at: datetime
    sources: list[SourceFile]
    words: WordsFile | None = None
    """None: imported before words were kept, or a kind of table that has none."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """One release: a kind, the first day of its quarter, a revision."""

    __pydantic_config__: ClassVar = _FORBID

    kind: Kind
    change: bool
    """A set of quarterly change files, kept and not applied."""
    effective: date
    revision: int
    parts: dict[str, Part]
    """By part number, sort of change, or '0' for a table in one piece."""

    @property
    def rows(self) -> int:
        """Rows over all parts."""
        return sum(part.rows for part in self.parts.values())

    @property
    def unparsed(self) -> int:
        """Rows that did not parse; of twins the worse counts."""
        return sum(max(s.unparsed for s in part.sources) for part in self.parts.values())

    @property
    def missing(self) -> list[str]:
        """Parts still to come before the release can judge."""
        if self.change or not self.kind.startswith("ptp"):
            return []
        return [part for part in PTP_PARTS if part not in self.parts]

    @property
    def label(self) -> str:
        """The release in words, as findings cite it."""
        words = f"{TITLES[self.kind]} {quarter_name(self.effective)}"
        if self.change:
            return f"{words} changes"
        if self.kind.startswith("ptp"):
            return f"{words} ({ncci_version(self.effective)}r{self.revision})"
        return f"{words} r{self.revision}" if self.revision else words

    def sources(self) -> list[SourceFile]:
        """Every source, by part and name."""
        return [source for key in sorted(self.parts) for source in self.parts[key].sources]


@dataclass(slots=True, kw_only=True)
class Manifest:
    """Everything the store holds."""

    __pydantic_config__: ClassVar = _FORBID

    format: Literal[1] = 1
    entries: list[Entry] = field(default_factory=list)

    def entry(self, kind: Kind, effective: date, revision: int, *, change: bool) -> Entry:
        """The entry of that release, made if it is new."""
        for entry in self.entries:
            key = (entry.kind, entry.effective, entry.revision, entry.change)
            if key == (kind, effective, revision, change):
                return entry
        made = Entry(kind=kind, change=change, effective=effective, revision=revision, parts={})
        self.entries.append(made)
        self.entries.sort(key=lambda e: (e.change, e.kind, e.effective, e.revision))
        return made


def notes(entries: Iterable[Entry]) -> list[tuple[Entry, str]]:
    """Each whole-table entry with why it judges nothing, or '' for one that judges."""
    tables = [entry for entry in entries if not entry.change]
    noted = []
    for entry in tables:
        rivals = [other for other in tables if other.kind == entry.kind and not other.missing]
        later = [
            o.revision
            for o in rivals
            if o.effective == entry.effective and o.revision > entry.revision
        ]
        newer = [o for o in rivals if o.effective > entry.effective]
        note = ""
        if entry.missing:
            note = f"incomplete: parts {', '.join(sorted(entry.parts))} of {len(PTP_PARTS)}"
        elif later:
            note = f"superseded by r{max(later)}"
        elif newer and entry.kind in HISTORY_KINDS:
            note = f"its history is in {max(newer, key=lambda o: o.effective).label}"
        noted.append((entry, note))
    return noted


def as_release(entry: Entry, note: str) -> Release:
    """The entry as the report shows it."""
    sources = entry.sources()
    digests = list(dict.fromkeys(source.sha256 for source in sources))
    joined = hashlib.sha256("".join(digests).encode()).hexdigest()
    return Release(
        kind=entry.kind,
        label=entry.label,
        effective=entry.effective,
        vouches_to=quarter_end(entry.effective),
        rows=entry.rows,
        sha256=digests[0] if len(digests) == 1 else joined,
        source=", ".join(dict.fromkeys(source.file for source in sources)),
        starter=False,
        used=not note,
        note=note,
    )
