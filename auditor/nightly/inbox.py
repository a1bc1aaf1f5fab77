"""What lies in the inbox: complete files of each feed, and what is not complete yet.

Only plain files directly in the inbox are taken. Links are not followed: whoever may write to the
inbox could have the night read, and move away, what only the night may read.
"""

from __future__ import annotations

import hashlib
import os
import stat
import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from auditor.nightly.settings import Feed, Nightly

MARKER = ".done"
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload", MARKER)
"""Endings under which programs that copy keep what is not complete."""
_LOCK = "~$"
"""So begins what Excel keeps beside a workbook that somebody has open."""
PATIENCE = 10
"""So many times stable_seconds are waited for a file that is still written to."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file in the inbox."""

    path: Path
    feed: str | None
    """The first feed whose pattern fits; None: no feed wants it."""
    size: int
    touched: float
    """When something was last written to it, in seconds of the clock."""
    state: tuple[int, ...]
    """Size, times of change and number on the disk: equal while nobody touches the file."""
    complete: bool
    odd: str | None = None
    """Why it is never taken, in words; it is not complete either."""
    written: float = 0.0
    """When its content was made, as far as the file says: of two exports the later one counts."""


def look(nightly: Nightly, feeds: Mapping[str, Feed], now: float | None = None) -> list[Waiting]:
    """Every file in the inbox, in the order in which the exports were made, as far as it shows.

    That is by time of modification, which a copy with preserved times (cp -p, rsync -t, scp -p) has
    from its original and any other one from its own arrival; then by time of arrival, then by name.
    Raises ConfigError where there is no inbox.
    """
    now = time.time() if now is None else now
    found = []
    try:
        with os.scandir(nightly.inbox) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        raise ConfigError(
            f"The inbox cannot be read ({error.strerror or type(error).__name__}).",
            where=str(nightly.inbox),
            next_step="Make the folder, or name the right one as inbox in [nightly].",
        ) from None
    for name in names:
        if name.startswith((".", _LOCK)) or name.lower().endswith(_UNFINISHED):
            continue
        path = nightly.inbox / name
        try:
            about = path.lstat()
        except OSError:  # gone meanwhile
            continue
        if stat.S_ISDIR(about.st_mode):
            continue
        waiting = _waiting(path, about, nightly, feeds, now)
        if waiting.odd is None or waiting.feed is not None:
            found.append(waiting)
    return sorted(found, key=lambda w: (w.written, w.touched, w.path.name))


def settled(
    nightly: Nightly,
    feeds: Mapping[str, Feed],
    sleep: Callable[[float], None] = time.sleep,
    *,
    of: Collection[str] | None = None,
    tell: Callable[..., None] | None = None,
) -> list[Waiting]:
    """As `look`, after waiting a while for files that are still written to.

    `of`: the feeds whose files are waited for; None: all. `tell` is told of each wait.
    """
    of = feeds if of is None else of
    patience = float(nightly.stable_seconds * PATIENCE)
    while True:
        found = look(nightly, feeds)
        open_ = [w for w in found if w.feed in of and not w.complete and w.odd is None]
        if nightly.ready == "marker" or not open_ or patience <= 0:
            return found
        # until the last of them would be complete if nothing is added meanwhile
        pause = max(1.0, *(w.touched + nightly.stable_seconds - time.time() for w in open_))
        pause = min(pause, patience)
        patience -= pause
        if tell is not None:
            tell("waiting", files=len(open_), seconds=pause)
        sleep(pause)


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    known = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            known.update(block)
    return known.hexdigest()


def untouched(waiting: Waiting) -> bool:
    """Whether the file is still what it was when it was looked at."""
    try:
        return state_of(waiting.path.lstat()) == waiting.state
    except OSError:
        return False


def _waiting(
    path: Path, about: os.stat_result, nightly: Nightly, feeds: Mapping[str, Feed], now: float
) -> Waiting:
    # whatever the case: the same name means the same file on one half of all systems
    name = path.name.lower()
    feed = next((n for n, f in feeds.items() if fnmatchcase(name, f.files.lower())), None)
    touched = _touched(about, now)
    odd = _odd(path.name, about)
    if odd is not None:
        complete = False
    elif nightly.ready == "marker":
        complete = _is_file(path.with_name(path.name + MARKER))
    else:
        complete = now - touched >= nightly.stable_seconds
    written = _written(about, touched, now)
    return Waiting(path, feed, about.st_size, touched, state_of(about), complete, odd, written)


def _odd(name: str, about: os.stat_result) -> str | None:
    """Why a file of this name cannot be taken."""
    if not stat.S_ISREG(about.st_mode):
        return "is no plain file but a link, a pipe or a device. Put the export itself there"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "has a name that is no text in UTF-8. Give it another name"
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # longer than a name may be
        return False


def state_of(about: os.stat_result) -> tuple[int, ...]:
    """`Waiting.state` of a file."""
    # a program may set the time of change of what it wrote, and not that of the entry
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino


def _written(about: os.stat_result, touched: float, now: float) -> float:
    """When the content was made: not the arrival, which says nothing of two exports copied late.

    A time that lies ahead, or none at all, was set by a clock or a program that knows no better.
    """
    return about.st_mtime if 0 < about.st_mtime <= now else touched


def _touched(about: os.stat_result, now: float) -> float:
    """When the file was last written to, for whether it still is.

    Programs that copy may give the copy the time of the original; the time of the last change of
    the entry itself cannot be set. Windows keeps the time of creation in its place.
    """
    if os.name == "nt":
        return max(t for t in (about.st_mtime, about.st_ctime, 0.0) if t <= now)
    return about.st_ctime
