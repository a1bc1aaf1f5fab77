"""One at a time: a lock of the operating system, freed when its holder dies.

Not a mere file that exists: a killed program would leave it behind and lock everybody out. The file
holds one line while it is held: what its holder does, its process and since when. It is only ever
told to who is turned away.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor.errors import AuditorError, ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


_ATTEMPTS, _PAUSE = 4, 0.05
"""Who asks whether a lock is held has it for a moment: that must turn nobody away."""
_FAR = 1 << 30
"""The byte that Windows locks, far beyond the text: a locked region cannot be read there."""
_LONGEST = 300
_LINE = re.compile(
    r"[A-Za-z][ -~]{0,150} \(process ([0-9]{1,10}), since [0-9-]{10} [0-9:]{5} UTC\)\."
)


class Locked(AuditorError):  # noqa: N818 - says what happened, like its fellows
    """Another program of ours is at work there."""

    exit_code = ExitCode.LOCKED


@contextlib.contextmanager
def locked(path: Path, what: str, doing: str = "") -> Iterator[None]:
    """Hold the lock file at `path` (made if absent, never removed) or raise Locked.

    `what` says in a sentence what its holder probably does, where that one did not say so itself.
    `doing` says, in ASCII and without a full stop, what is done here, to others meanwhile: "A purge
    is at work".
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(
            f"The lock cannot be made ({error.strerror or type(error).__name__}).",
            where=str(path),
            next_step="Check the folder's permissions and the space on its disk.",
        ) from None
    try:
        if not _taken(handle, _ATTEMPTS):
            raise Locked(
                _said(handle) or what,
                where=str(path.parent),
                next_step="Wait until it is done and run again.",
            )
        _say(handle, doing)
        try:
            yield
        finally:
            _say(handle, "")
    finally:
        os.close(handle)  # closing frees the lock


def held(path: Path) -> bool:
    """Whether somebody holds the lock file at `path`; it is not made where there is none.

    Raises ConfigError where it cannot be looked at.
    """
    return holder(path, "held") is not None


def holder(path: Path, unknown: str) -> str | None:
    """What the holder of the lock file at `path` says it does, a sentence; None: nobody holds it.

    `unknown` is the answer where it does not say so. No file is made where there is none. Raises
    ConfigError where it cannot be looked at.
    """
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"The lock cannot be looked at ({error.strerror or type(error).__name__}).",
            where=str(path),
            next_step="Check the permissions of the folder and of the file.",
        ) from None
    try:
        return None if _taken(handle, 1) else _said(handle) or unknown
    finally:
        os.close(handle)


def _taken(handle: int, attempts: int) -> bool:
    for attempt in range(attempts):
        if attempt:
            time.sleep(_PAUSE)
        with contextlib.suppress(OSError):
            _take(handle)
            return True
    return False


def _take(handle: int) -> None:
    if sys.platform == "win32":
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _say(handle: int, doing: str) -> None:
    """Write what the holder does; a full disk keeps nobody from working."""
    moment = datetime.now(UTC)
    line = f"{doing} (process {os.getpid()}, since {moment:%Y-%m-%d %H:%M} UTC).\n" if doing else ""
    with contextlib.suppress(OSError):
        os.ftruncate(handle, 0)  # first: what a killed holder said must not stay
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, line.encode("ascii", errors="replace"))


def _said(handle: int) -> str:
    """What the holder says it does; '' where it does not, or in no form that we know."""
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        text = os.read(handle, _LONGEST).decode("ascii", errors="replace")
    except OSError:
        return ""
    line, end, _ = text.partition("\n")
    found = _LINE.fullmatch(line)
    # else the lock was taken over a moment ago from one that was killed, and these are its words
    return line if end and found and _lives(int(found[1])) else ""


def _lives(process: int) -> bool:
    """Whether there is such a process; True where nobody can tell."""
    if sys.platform == "win32":  # where os.kill would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # of another user
        return True
    return True
