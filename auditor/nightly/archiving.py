"""An export on its way from the inbox to the archive, so that no other one goes in its place.

A new export may get the name of an old one at any moment. So a file is first renamed into a folder
of ours in the inbox, where nobody writes, and looked at there: what turns out to be another file
goes back. What a killed night left in that folder is put back by the next one.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from auditor.nightly.inbox import MARKER, digest
from auditor.report.place import PRIVATE_FOLDER, settle

if TYPE_CHECKING:
    from pathlib import Path

ROOM = ".auditor"
"""Of the folder in the inbox; what begins with a dot is never taken for an export."""


def archive(inbox: Path, name: str, target: Path | None, sha256: str) -> None:
    """Move the file `name` out of `inbox` to `target`, if it is the one of that digest.

    None as `target`: the archive had it and was purged of it, so it goes. What lies at `target`
    with other content, because it was damaged there, is replaced. Raises OSError.
    """
    source, held = inbox / name, inbox / ROOM / name
    if not os.path.lexists(held):
        if not _is_plain(source):
            if not os.path.lexists(source):
                _drop_marker(source)
            return
        _make_room(held.parent)
        source.rename(held)
    try:
        if _is_plain(held) and digest(held) == sha256:
            if not os.path.lexists(source):
                _drop_marker(source)
            _place(held, target, sha256)
    finally:
        put_back(inbox)


def put_back(inbox: Path) -> None:
    """Bring back into `inbox` what is on its way; where a new file has the name, it waits."""
    room = inbox / ROOM
    if room.is_symlink() or not room.is_dir():
        return
    for held in sorted(room.iterdir()):
        source = inbox / held.name
        try:
            os.link(held, source, follow_symlinks=False)
        except FileExistsError:
            if not source.samefile(held):  # else a night was killed on the next line
                continue
        except OSError:  # a file system without links
            if not os.path.lexists(source):
                held.rename(source)
            continue
        held.unlink()
    with suppress(OSError):  # something waits in there
        room.rmdir()


def synced(folder: Path) -> None:
    """Have the disk know the names in `folder`; Windows cannot be asked."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make `folder` and what is missing above it, for its owner alone."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    for each in reversed(missing):
        each.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def _make_room(room: Path) -> None:
    """Our folder in the inbox; one that somebody else put there could lead anywhere."""
    room.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    about = room.lstat()
    foreign = os.name != "nt" and about.st_uid != os.geteuid()
    if foreign or not stat.S_ISDIR(about.st_mode):
        raise PermissionError(errno.EPERM, f"{ROOM} in the inbox is not ours")
    room.chmod(PRIVATE_FOLDER)


def _place(held: Path, target: Path | None, sha256: str) -> None:
    if target is None or (target.is_file() and digest(target) == sha256):
        held.unlink()
        return
    make_folder(target.parent)
    try:
        if not _is_ours_alone(held):
            raise PermissionError
        held.replace(target)
    except OSError:
        # Another disk, or a file that somebody else owns or has by another name too, and could
        # write to in the archive: a copy first, so that it is never nowhere.
        beside = target.with_name(f".{sha256}.part")
        shutil.copyfile(held, beside)
        settle(beside)
        if digest(beside) != sha256:  # it was written to meanwhile
            beside.unlink()
            return
        beside.replace(target)
        synced(target.parent)
        held.unlink()
    else:
        settle(target)
        synced(target.parent)


def _drop_marker(source: Path) -> None:
    try:
        source.with_name(source.name + MARKER).unlink(missing_ok=True)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:  # a name that long has no marker
            raise


def _is_plain(path: Path) -> bool:
    """Whether `path` is a file, and no link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def _is_ours_alone(path: Path) -> bool:
    """Whether the file is of who runs the night and has one name; Windows knows other rights."""
    about = path.stat()
    return os.name == "nt" or (about.st_uid == os.geteuid() and about.st_nlink == 1)
