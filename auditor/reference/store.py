"""The folder of the reference store: a manifest, and Parquet files that it names.

    manifest.json                                    what is loaded
    tables/<kind>/<quarter>-r<revision>/<part>-<digest>.parquet
    tables/<kind>/<quarter>-r<revision>/<part>-words-<digest>.parquet
    changes/<kind>/<quarter>-r0/<sort>-<digest>.parquet
    lock
    search.sqlite                                    made by `auditor search`, and anew at need

Files are written under a new name and never changed; a new manifest, renamed into place, is the
one moment at which an import becomes true. What no manifest names is swept by the next import,
not by this one, so that an audit that opened the old manifest can finish.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import ReferenceDataError
from auditor.lock import locked
from auditor.reference import manifest_text
from auditor.reference.manifest import FORMAT, Entry, Manifest, Part, WordsFile

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = "AUDITOR_REFERENCE"
MANIFEST = "manifest.json"
_HELD = "another import is writing to this reference store."
_DOING = "An import is writing to this reference store"
LOCK = "lock"
INDEX = "search.sqlite"
OURS = frozenset({MANIFEST, LOCK, INDEX, "tables", "changes"})
ROW_GROUP = 1 << 16
"""Rows; the tables are sorted by code, so a reader skips the groups that its codes miss."""


def chosen_folder(folder: Path | str | None = None) -> tuple[Path, bool]:
    """The store's folder, and whether somebody named it: argument, environment, user's data."""
    named = folder or os.environ.get(ENVIRONMENT)
    if named:
        return Path(named), True
    import platformdirs  # noqa: PLC0415 - not for those who name the folder

    return platformdirs.user_data_path("auditor", appauthor=False) / "reference", False


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of the store at `folder`; None where there is none."""
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:  # the store is none the worse: nobody needs to import anew
        raise ReferenceDataError(
            f"its manifest cannot be read ({error.strerror or type(error).__name__}).",
            where=str(folder),
            next_step="Check the permissions of the folder and of what is in it.",
        ) from None
    except UnicodeDecodeError:
        raise _corrupt(folder, "its manifest is no text.") from None
    try:
        return manifest_text.read(text)
    except manifest_text.NotAManifestError as error:
        if error.other_format:
            what = f"it was written by another version of auditor (this one reads format {FORMAT})."
            raise ReferenceDataError(
                what,
                where=str(folder),
                next_step="Update auditor, or import the CMS files into another folder.",
            ) from None
        raise _corrupt(folder, "its manifest is damaged.") from None


def part_path(folder: Path, part: Part | WordsFile) -> Path:
    """The Parquet file of `part`; raises ReferenceDataError where it is gone or of wrong size."""
    path = folder.joinpath(*part.file.split("/"))
    try:
        size = path.stat().st_size
    except OSError:
        size = -1
    if size != part.size:
        what = f"the stored file {part.file} is {'missing' if size < 0 else 'damaged'}."
        raise _corrupt(folder, what)
    return path


class Store:
    """The store opened for one import; use `writing`."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        """Keep the folder and the working copy of its manifest."""
        self.folder = folder
        self.manifest = manifest
        self._true = self._named()
        self._written: set[str] = set()

    def write(self, frame: pl.DataFrame, entry: Entry, name: str, digest: str) -> tuple[str, int]:
        """Write `frame` under a new name that no manifest knows yet; gives place and bytes."""
        room = "changes" if entry.change else "tables"
        release = f"{entry.effective.isoformat()}-r{entry.revision}"
        place = f"{room}/{entry.kind}/{release}/{name.replace(' ', '-')}-{digest[:16]}.parquet"
        path = self.folder.joinpath(*place.split("/"))
        beside = path.with_suffix(".part")
        self._written |= {place, beside.relative_to(self.folder).as_posix()}
        try:
            _make_folder(path.parent)
            frame.write_parquet(beside, compression="zstd", row_group_size=ROW_GROUP)
            beside.chmod(0o600)
            _to_disk(beside)
            beside.replace(path)
            return place, path.stat().st_size
        except (OSError, pl.exceptions.PolarsError) as error:
            what = f"the table cannot be written ({_reason(error)}); nothing was changed."
            raise ReferenceDataError(
                what, where=str(self.folder), next_step="Make room there and import again."
            ) from None

    def commit(self) -> None:
        """Make the working manifest the store's: from here on the import is true."""
        text = manifest_text.written(self.manifest)
        handle, name = tempfile.mkstemp(prefix=f"{MANIFEST}.", dir=self.folder)  # mode 0600
        beside = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(self.folder / MANIFEST)
            self._true = self._named()
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    def clear(self) -> None:
        """Remove what this import wrote and the store's manifest does not name: nobody saw it."""
        for place in self._written - self._true:
            self.folder.joinpath(*place.split("/")).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what no manifest names: leftovers of a broken import, and replaced tables."""
        for leftover in (*self.folder.glob(f"{MANIFEST}.*"), *self.folder.glob(f"{INDEX}.*")):
            leftover.unlink(missing_ok=True)
        for room in ("tables", "changes"):
            for path in sorted((self.folder / room).rglob("*"), reverse=True):
                if path.is_dir():
                    with contextlib.suppress(OSError):  # not empty
                        path.rmdir()
                elif path.relative_to(self.folder).as_posix() not in self._true:
                    path.unlink()

    def _named(self) -> set[str]:
        parts = [part for entry in self.manifest.entries for part in entry.parts.values()]
        return {part.file for part in parts} | {part.words.file for part in parts if part.words}


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[Store]:
    """The store at `folder`, made if absent, locked against other imports, and swept."""
    strange = (
        folder.is_dir()
        and not (folder / MANIFEST).exists()
        and any(
            path.name not in OURS and not path.name.startswith(MANIFEST)
            for path in folder.iterdir()
        )
    )
    if strange or (folder.exists() and not folder.is_dir()):
        raise ReferenceDataError(
            "this is not a reference store, and it is not empty.",
            where=str(folder),
            next_step="Name a new or empty folder with --reference.",
        )
    try:
        _make_folder(folder)
    except OSError as error:
        what = f"the folder cannot be made ({_reason(error)})."
        raise ReferenceDataError(
            what, where=str(folder), next_step="Name another one with --reference."
        ) from None
    with locked(folder / LOCK, _HELD, _DOING):
        store = Store(folder, read_manifest(folder) or Manifest())
        store.sweep()
        try:
            yield store
        finally:
            store.clear()


def _make_folder(folder: Path) -> None:
    """Make `folder` and its parents, each readable by its owner alone."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__


def _to_disk(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _corrupt(folder: Path, what: str) -> ReferenceDataError:
    return ReferenceDataError(
        what,
        where=str(folder),
        next_step="Move the folder away and import the CMS files again.",
    )
