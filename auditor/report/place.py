"""Where outputs go: private folders, names that are free, files that appear whole or not at all.

Every output is made in a folder of ours beside its place (0700), given to its owner alone (0600)
and then put in place in one step. A folder that a crash left behind is swept by the next write
beside it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import disk
from auditor.errors import ReportError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
WORKROOM = ".auditor-"
"""How the names of our work folders begin; what lies in one is of nobody's report yet."""
_STALE_SECONDS = 3600
"""A file is written in seconds to minutes; where nothing was added for an hour, nobody works."""


@contextmanager
def workroom(target: Path) -> Iterator[Path]:
    """A private folder beside `target` to make it in; gone afterwards, whatever happens.

    Creates the folders that lead to `target`. Raises ReportError where the file system refuses,
    in there too, so that a full disk is told in words.
    """
    try:
        _create(target.parent)
        _sweep(target.parent)
        room = Path(tempfile.mkdtemp(prefix=WORKROOM, dir=target.parent))
        try:
            with disk.errors():
                yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).rstrip(".")
        raise ReportError(
            f"The output could not be written ({reason}).",
            where=str(target),
            next_step="Name another place, or free this one: close it where it is open, look at"
            " its permissions and at the space on the disk.",
        ) from None


@dataclass(frozen=True, slots=True)
class Free:
    """A name to write to, and the names before it that could not be had."""

    path: Path
    before: Path | None
    """The last one that exists: what the new file supersedes."""
    held: tuple[str, ...]
    """Names that a program has open, or at which the file system refused a file."""


def free_name(path: Path, companions: tuple[str, ...] = (), refused: Collection[Path] = ()) -> Free:
    """The first of `name.x`, `name (2).x` ... that is free.

    A name is taken where it or one of its `companions` (suffixes that replace its own) exists, or
    is open in Excel or LibreOffice, or is among `refused`.
    """
    held: list[str] = []
    candidate, before, number = path, None, 1
    while True:
        files = (candidate, *(candidate.with_suffix(c) for c in companions))
        shut = candidate in refused or any(map(_open, files))
        exists = any(map(_taken, files))
        if not (shut or exists):
            return Free(candidate, before, tuple(held))
        if shut:
            held.append(candidate.name)
        if exists:
            before = candidate
        number += 1
        candidate = path.with_name(f"{path.stem} ({number}){path.suffix}")


def next_free(path: Path, companions: tuple[str, ...] = ()) -> tuple[Path, Path | None]:
    """The free name as `free_name` finds it, and the last one before it that exists."""
    free = free_name(path, companions)
    return free.path, free.before


class NameRefused(PermissionError):  # noqa: N818 - says what happened, like its fellows
    """The file system refuses this one name, as Windows does where a program holds it."""


def place_new(made: Path, target: Path) -> None:
    """Put `made` at `target`.

    Raises FileExistsError where somebody was quicker, NameRefused where it cannot have that name.
    """
    settle(made)
    try:
        target.hardlink_to(made)
    except FileExistsError:
        raise
    except OSError:
        # FAT and some network shares know no hard links; looking first is the best they allow.
        if _taken(target):
            raise FileExistsError(target.name) from None
        try:
            made.rename(target)
        except PermissionError as error:
            raise NameRefused(*error.args) from None


def place_folder(made: Path, target: Path) -> None:
    """Put the folder `made`, whose files are settled, at `target`.

    Raises FileExistsError where something is there.
    """
    if _taken(target):
        raise FileExistsError(target.name)
    made.rename(target)


def replace(made: Path, target: Path) -> None:
    """Put `made` at `target` in one step, over what is there."""
    settle(made)
    made.replace(target)


def settle(made: Path) -> None:
    """Onto the disk and for the owner's eyes alone, before it gets its name."""
    made.chmod(PRIVATE_FILE)
    with made.open("rb+") as file:
        os.fsync(file.fileno())


def _taken(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _open(path: Path) -> bool:
    """Whether Excel or LibreOffice has `path` open: each then keeps a file of its own beside it."""
    return any(_taken(path.with_name(n)) for n in (f"~${path.name}", f".~lock.{path.name}#"))


def _create(folder: Path) -> None:
    """Make `folder` and what is missing above it, each 0700 (`parents=True` would use 0777)."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    for each in reversed(missing):
        each.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def _sweep(folder: Path) -> None:
    """Remove work folders that a crash left behind."""
    old = time.time() - _STALE_SECONDS
    for left in folder.glob(f"{WORKROOM}*"):
        with suppress(OSError):  # another run may be quicker, or it may not be ours to remove
            if left.is_dir() and not left.is_symlink() and _last_touched(left) < old:
                shutil.rmtree(left, ignore_errors=True)


def _last_touched(room: Path) -> float:
    """When something was last added: thousands of parts may fill a folder in it for hours."""
    return max(each.stat().st_mtime for each in (room, *room.iterdir()))
