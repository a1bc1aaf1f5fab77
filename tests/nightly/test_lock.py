"""Whether a lock is held can be asked, and asking turns nobody away."""

from __future__ import annotations

import fcntl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from auditor.errors import ConfigError
from auditor.lock import Locked, held, locked

if TYPE_CHECKING:
    from pathlib import Path


def test_held_tells_and_makes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not held(path)
    assert not path.exists()
    with locked(path, "Somebody is at work."):
        assert held(path)
        with (
            pytest.raises(Locked, match="Somebody is at work"),
            locked(path, "Somebody is at work."),
        ):
            pass
    assert not held(path)


def test_a_lock_that_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be looked at") as error:
        held(tmp_path)  # a folder
    assert "permissions" in error.value.next_step


def test_who_asks_for_a_moment_turns_nobody_away(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    with path.open("rb") as asking:
        fcntl.flock(asking, fcntl.LOCK_EX)
        threading.Timer(0.06, fcntl.flock, (asking, fcntl.LOCK_UN)).start()
        began = time.monotonic()
        with locked(path, "Somebody is at work."):
            assert time.monotonic() - began > 0.05
