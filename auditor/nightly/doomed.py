"""Files on their way out: out of sight first, gone for good only when the ledger says they went.

A purge renames what is to go into FOLDER/.doomed/<batch>/, where it keeps its place below FOLDER.
Then one transaction of the ledger removes the rows and logs the batch; then the folder is
emptied. A purge that was killed before the transaction never was: its files go back where they
were. One that was killed after it is finished.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.report.place import PRIVATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

NAME = ".doomed"
"""Of the folder in the archive, the outbox and the state folder."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of purges that were killed."""

    finished: int
    """Batches that the ledger had logged: their files are gone now."""
    undone: int
    """Batches that it had not: their files are back."""
    left: int
    """Files that could not go back, because something lies in their place."""


def doom(root: Path, path: Path, batch: str) -> None:
    """Take `path`, a file or folder below `root`, out of sight."""
    target = root / NAME / batch / path.relative_to(root)
    target.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    (root / NAME).chmod(PRIVATE_FOLDER)
    path.rename(target)
    _sync(target.parent)
    _sync(path.parent)


def empty(root: Path, batch: str) -> None:
    """Remove the files of `batch` for good, and folders of `root` that they left empty."""
    room = root / NAME / batch
    if not room.is_dir():
        return
    folders = {p.relative_to(room) for p in room.rglob("*") if p.is_dir()}
    shutil.rmtree(room)
    _drop_empty(root, folders)
    _sync(root)


def settle(roots: Iterable[Path], logged: Collection[str]) -> Settled:
    """Finish the batches that were killed after they were `logged`, and undo the others."""
    finished, undone, left = set[str](), set[str](), 0
    for root in roots:
        rooms = sorted((root / NAME).iterdir()) if (root / NAME).is_dir() else []
        for room in rooms:
            if room.name in logged:
                empty(root, room.name)
                finished.add(room.name)
            else:
                left += _put_back(root, room)
                undone.add(room.name)
        with suppress(OSError):  # something could not go back
            (root / NAME).rmdir()
    return Settled(len(finished), len(undone), left)


def _put_back(root: Path, room: Path) -> int:
    """Move what is in `room` back below `root`; answers how many files could not go."""
    left = 0
    for each in sorted(room.iterdir()):
        target = root / each.name
        if not target.exists():
            each.rename(target)
        elif each.is_dir() and target.is_dir():
            left += _put_back(target, each)
        else:
            left += 1
    _sync(root)
    with suppress(OSError):  # something could not go back
        room.rmdir()
    return left


def _drop_empty(root: Path, folders: Iterable[Path]) -> None:
    for folder in sorted(folders, key=lambda f: len(f.parts), reverse=True):
        with suppress(OSError):  # something else lies there, or it is gone with the batch
            (root / folder).rmdir()


def _sync(folder: Path) -> None:
    """The folder's own entries onto the disk, where the system lets a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
