"""The reference tables on their way to the workers: packed once, opened once by each process."""

from __future__ import annotations

import atexit
import hashlib
import io
import shutil
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from threading import Lock
from typing import TYPE_CHECKING

from auditor.errors import ConfigError
from auditor.reference import load_reference
from auditor.reference.manifest import notes
from auditor.reference.store import MANIFEST, chosen_folder, part_path, read_manifest

if TYPE_CHECKING:
    from auditor.reference.interface import Reference

MOST = 96 << 20
"""Bytes that may travel: a message of Spark Connect may have 128 MiB."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_OPEN: dict[str, Reference] = {}
_ONE = Lock()


@dataclass(frozen=True, slots=True)
class Packed:
    """A reference store as it travels."""

    digest: str
    data: bytes = field(repr=False)


def pack(folder: Path | None) -> Packed:
    """The store at `folder` (None: the one an audit here takes), without what judges nothing.

    The texts of the user's own files stay here: no rule reads them. Raises ReferenceDataError for
    a damaged store, ConfigError for one too large to travel.
    """
    place, _ = chosen_folder(folder)
    manifest = read_manifest(place)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:  # Parquet is compressed already
        if manifest is not None:
            data = (place / MANIFEST).read_bytes()
            archive.writestr(zipfile.ZipInfo(MANIFEST, _EPOCH), data)
            used = [entry for entry, note in notes(manifest.entries) if not note]
            for part in sorted(
                (part for entry in used for part in entry.parts.values()), key=lambda p: p.file
            ):
                content = part_path(place, part).read_bytes()
                archive.writestr(zipfile.ZipInfo(part.file, _EPOCH), content)
    found = stream.getvalue()
    if len(found) > MOST:
        raise ConfigError(
            f"The reference tables are {len(found) >> 20:,} MiB, more than the {MOST >> 20} MiB"
            " that can travel to the workers.",
            where=str(place),
            next_step="Make a store with only the releases that the dates of service need, and name"
            " it with --reference DIR.",
        )
    return Packed(hashlib.sha256(found).hexdigest(), found)


def opened(packed: Packed) -> Reference:
    """The reference tables, on a worker; unpacked and opened once in each process."""
    with _ONE:
        found = _OPEN.get(packed.digest)
        if found is None:
            folder = Path(mkdtemp(prefix="auditor-reference-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
                archive.extractall(folder)
            found = _OPEN[packed.digest] = load_reference(folder)
    return found
