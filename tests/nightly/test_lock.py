"""Whether a lock is held can be asked, and asking turns nobody away."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from auditor.errors import ConfigError
from auditor.lock import Locked, held, holder, locked

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = "Somebody is at work."
GONE = 4_194_304
"""More than any process of Linux is called."""


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


def refused(path: Path) -> str:
    """What is told to who is turned away."""
    with pytest.raises(Locked) as error, locked(path, UNKNOWN):
        pass
    return error.value.what


def test_the_holder_says_what_it_does_and_nothing_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path, UNKNOWN, "A purge is at work"):
        told = refused(path)
        assert holder(path, UNKNOWN) == told
        assert path.read_text(encoding="ascii") == f"{told}\n"
    moment = r"since [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC"
    assert re.fullmatch(rf"A purge is at work \(process {os.getpid()}, {moment}\)\.", told)
    assert path.read_bytes() == b""
    assert holder(path, UNKNOWN) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "12345",
        f"A purge is at work (process {os.getpid()}, since 2026-11-22 03:00 UTC).",  # cut short
        f"A purge (process {GONE}, since 2026-11-22 03:00 UTC).\n",
        "A purge (process 0x1, since 2026-11-22 03:00 UTC).\n",
        f"\x1b[2J (process {os.getpid()}, since 2026-11-22 03:00 UTC).\n",
        "\xff\xfe\n",
        "x" * 100_000,
    ],
    # the number of this process in a name would be another one in each that shares the tests
    ids=["empty", "blank", "bare", "cut", "dead", "no-number", "escape", "no-text", "long"],
)
def test_words_of_another_form_or_of_the_dead_are_not_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lock"
    path.write_text(text, encoding="latin-1")
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert holder(path, UNKNOWN) == refused(path) == UNKNOWN


def test_words_are_told_in_ascii_and_a_holder_need_not_say_any(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text(f"A purge (process {os.getpid()}, since 2026-11-22 03:00 UTC).\n")
    with locked(path, UNKNOWN):
        assert refused(path) == UNKNOWN
    with locked(path, UNKNOWN, "Gr\xfc\xdfe"):
        assert refused(path).startswith("Gr??e (process ")


def test_a_killed_holder_is_never_told_of(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = (
        "import sys; from pathlib import Path; from auditor.lock import locked\n"
        "with locked(Path(sys.argv[1]), 'x', 'A purge is at work'):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        other.stdout.readline()
        assert refused(path).startswith(f"A purge is at work (process {other.pid}, since ")
        other.kill()
        other.wait()
    assert path.read_bytes() != b""
    assert holder(path, UNKNOWN) is None
    with path.open("rb") as next_one:  # which has not said yet what it does
        fcntl.flock(next_one, fcntl.LOCK_EX)
        assert refused(path) == UNKNOWN
    with locked(path, UNKNOWN, "A nightly run is at work"):
        assert refused(path).startswith(f"A nightly run is at work (process {os.getpid()}, ")


def test_a_full_disk_keeps_nobody_from_working(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("auditor.lock.os.write", full)
    with locked(tmp_path / "lock", UNKNOWN, "A purge is at work"):
        assert refused(tmp_path / "lock") == UNKNOWN
