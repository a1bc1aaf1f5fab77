"""Exports on their way to the archive: no other one goes with them, none is lost."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor.nightly import archiving
from tests.nightly.killing import Killed, planned

if TYPE_CHECKING:
    from collections.abc import Callable

OLD, NEW = b"claims of yesterday", b"claims of today"
SHA = hashlib.sha256(OLD).hexdigest()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "clinic.csv").write_bytes(OLD)
    (tmp_path / "inbox" / "clinic.csv.done").touch()
    return tmp_path / "inbox"


def move(inbox: Path) -> None:
    archiving.archive(inbox, "clinic.csv", target(inbox), SHA)


def target(inbox: Path) -> Path:
    return inbox.parent / "archive" / "clinic" / "2025-11" / "x.csv"


def left(inbox: Path) -> list[str]:
    return sorted(p.relative_to(inbox).as_posix() for p in inbox.rglob("*"))


def bytes_there(inbox: Path) -> set[bytes]:
    return {p.read_bytes() for p in inbox.parent.rglob("*.csv")}


def test_it_takes_its_marker_along(inbox: Path) -> None:
    move(inbox)
    assert (left(inbox), target(inbox).read_bytes()) == ([], OLD)
    move(inbox)
    assert (left(inbox), target(inbox).read_bytes()) == ([], OLD)


def test_another_file_of_the_name_goes_back_with_its_marker(inbox: Path) -> None:
    (inbox / "clinic.csv").write_bytes(NEW)
    move(inbox)
    assert left(inbox) == ["clinic.csv", "clinic.csv.done"]
    assert not target(inbox).exists()


@pytest.mark.parametrize("damaged", [b"claims of", NEW, None])
def test_a_damaged_copy_in_the_archive_is_not_the_last(inbox: Path, damaged: bytes | None) -> None:
    target(inbox).parent.mkdir(parents=True)
    if damaged is not None:
        target(inbox).write_bytes(damaged)
    move(inbox)
    assert target(inbox).read_bytes() == OLD


def test_who_has_the_file_by_another_name_cannot_change_the_archive(inbox: Path) -> None:
    os.link(inbox / "clinic.csv", inbox.parent / "kept.txt")
    move(inbox)
    (inbox.parent / "kept.txt").write_bytes(b"something else")
    assert target(inbox).read_bytes() == OLD


def test_what_the_archive_was_purged_of_goes(inbox: Path) -> None:
    archiving.archive(inbox, "clinic.csv", None, SHA)
    assert left(inbox) == []


@pytest.mark.parametrize("make", [os.mkfifo, lambda p: p.symlink_to("/etc/hostname"), Path.mkdir])
def test_what_is_no_file_stays(inbox: Path, make: Callable[[Path], None]) -> None:
    (inbox / "clinic.csv").unlink()
    make(inbox / "clinic.csv")
    move(inbox)
    assert "clinic.csv" in left(inbox)
    assert not target(inbox).exists()


def test_a_room_that_leads_elsewhere_is_not_used(inbox: Path) -> None:
    (inbox.parent / "elsewhere").mkdir()
    (inbox / archiving.ROOM).symlink_to(inbox.parent / "elsewhere")
    with pytest.raises(PermissionError, match="is not ours"):
        move(inbox)
    assert "clinic.csv" in left(inbox)
    assert list((inbox.parent / "elsewhere").iterdir()) == []


def exporter(inbox: Path) -> None:
    """Puts a new export in place in one step, as a careful program does."""
    made = inbox / ".clinic.csv.new"
    made.write_bytes(NEW)
    made.replace(inbox / "clinic.csv")


def test_a_new_export_at_any_moment_is_not_lost(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name gets another file before each operation in turn."""
    for name in ("lexists", "rename", "digest", "replace", "unlink"):
        (inbox / "clinic.csv").write_bytes(OLD)
        if name != "unlink":  # which it only comes to where the archive has the file
            target(inbox).unlink(missing_ok=True)
        with monkeypatch.context() as patch:
            owner = {"lexists": os.path, "digest": archiving}.get(name, Path)
            whole = getattr(owner, name)
            before = [whole]

            def then(*args: object, _before: list[object] = before, **kw: object) -> object:
                if len(_before) == 1:
                    _before.append(None)
                    exporter(inbox)
                return _before[0](*args, **kw)  # type: ignore[operator]

            patch.setattr(owner, name, then)
            move(inbox)
        archiving.put_back(inbox)
        assert NEW in bytes_there(inbox), name
        assert (inbox / "clinic.csv").read_bytes() == NEW, name


@pytest.mark.parametrize("new", [False, True])
def test_killed_anywhere_both_are_there(inbox: Path, new: bool) -> None:  # noqa: FBT001 - a case
    with planned(inbox.parent, None) as seen:
        move(inbox)
    for at in range(1, len(seen) + 1):
        shutil.rmtree(inbox.parent / "archive")
        (inbox / "clinic.csv").write_bytes(OLD)
        (inbox / "clinic.csv.done").touch()
        with planned(inbox.parent, at), pytest.raises(Killed):
            move(inbox)
        wanted = {OLD}
        if new:  # which takes the place of an old one that is still in the inbox
            wanted = {NEW} if (inbox / "clinic.csv").exists() else {OLD, NEW}
            exporter(inbox)
        archiving.put_back(inbox)
        move(inbox)
        archiving.put_back(inbox)
        (inbox.parent / "archive").mkdir(exist_ok=True)
        assert bytes_there(inbox) == wanted, seen[at - 1]
        if not new:
            assert (left(inbox), target(inbox).read_bytes()) == ([], OLD), seen[at - 1]


def test_on_a_file_system_without_links(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refused)
    (inbox / "clinic.csv").write_bytes(NEW)
    move(inbox)
    assert left(inbox) == ["clinic.csv", "clinic.csv.done"]
