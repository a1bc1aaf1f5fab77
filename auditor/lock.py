"""One at a time: a lock of the operating system, freed when its holder dies.

Not a mere file that exists: a killed program would leave it behind and lock everybody out.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
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


class Locked(AuditorError):  # noqa: N818 - says what happened, like its fellows
    """Another program of ours is at work there."""

    exit_code = ExitCode.LOCKED


@contextlib.contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file at `path` (made if absent, never removed) or raise Locked.

    `what` says in a sentence what its holder does.
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
                what,
                where=str(path.parent),
                next_step="Wait until it is done and run again.",
            )
        yield
    finally:
        os.close(handle)  # closing frees the lock


def held(path: Path) -> bool:
    """Whether somebody holds the lock file at `path`; it is not made where there is none.

    Raises ConfigError where it cannot be looked at.
    """
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ConfigError(
            f"The lock cannot be looked at ({error.strerror or type(error).__name__}).",
            where=str(path),
            next_step="Check the permissions of the folder and of the file.",
        ) from None
    try:
        return not _taken(handle, 1)
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
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
