"""The store on disk: whole or unchanged, private, locked, and honest about damage."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from functools import partialmethod
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.errors import ExitCode, ReferenceDataError
from auditor.lock import Locked, locked
from auditor.reference import load_reference
from auditor.reference.importer import import_files
from auditor.reference.store import LOCK, MANIFEST, Store, chosen_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.reference.conftest import Make

M1 = ("0001U", 1, "2 Date of Service Edit: Policy", "x")
M2 = ("J1100", 9, "3 Date of Service Edit: Clinical", "y")


def mue(inbox: Path, make: type[Make], day: str, *rows: tuple[str, int, str, str]) -> Path:
    path = inbox / f"MCR_MUE_PractitionerServices_Eff_{day}.csv"
    path.write_bytes(make.mue(rows))
    return path


@pytest.fixture
def loaded(make: type[Make], inbox: Path, store: Path) -> Path:
    """A store with one release in it."""
    import_files([mue(inbox, make, "07-01-2024", M1)], store)
    return store


def test_a_manifest_that_may_not_be_read_is_no_reason_to_import_anew(loaded: Path) -> None:
    (loaded / MANIFEST).unlink()
    (loaded / MANIFEST).mkdir()  # what even the superuser cannot read as a file
    with pytest.raises(ReferenceDataError, match="manifest cannot be read") as error:
        load_reference(loaded)
    assert "permissions" in error.value.next_step
    assert "import" not in error.value.next_step


def labels(store: Path) -> list[str]:
    return [r.label for r in load_reference(store).releases() if not r.starter]


@pytest.mark.parametrize("moment", ["write", "commit", "half a manifest"])
def test_an_import_that_dies_leaves_the_old_state(
    make: type[Make], inbox: Path, loaded: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = mue(inbox, make, "04-01-2026", M1, M2)
    manifest = (loaded / MANIFEST).read_bytes()

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "write":
            patch.setattr(pl.DataFrame, "write_parquet", die)
        elif moment == "commit":
            patch.setattr(Store, "commit", die)
        else:
            patch.setattr(Path, "replace", partialmethod(_unless_manifest, Path.replace, die))
        with pytest.raises(Killed):
            import_files([path], loaded)
    assert (loaded / MANIFEST).read_bytes() == manifest
    assert labels(loaded) == ["MUE practitioner 2024Q3"]

    (loaded / f"{MANIFEST}.left").write_text("{")
    (loaded / "tables" / "half.part").write_bytes(b"half")
    import_files([path], loaded)
    assert labels(loaded) == ["MUE practitioner 2024Q3", "MUE practitioner 2026Q2"]
    named = (loaded / MANIFEST).read_text()
    left = {p.relative_to(loaded).as_posix() for p in loaded.rglob("*") if p.is_file()}
    assert {place for place in left if place not in named} == {MANIFEST, LOCK}


def _unless_manifest(
    path: Path, rename: Callable[[Path, Path], Path], die: Callable[[], None], target: Path
) -> Path:
    """Rename as ever, but die before a manifest takes its place."""
    if target.name == MANIFEST:
        die()
    return rename(path, target)


def test_a_disk_that_fills_up_is_the_users_to_mend(
    make: type[Make], inbox: Path, loaded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(ReferenceDataError, match="No space left"):
        import_files([mue(inbox, make, "04-01-2026", M1)], loaded)
    assert labels(loaded) == ["MUE practitioner 2024Q3"]


def test_an_open_audit_outlives_the_import_that_replaces_its_table(
    make: type[Make], inbox: Path, loaded: Path
) -> None:
    reference = load_reference(loaded)
    import_files([mue(inbox, make, "07-01-2024", M1, M2)], loaded)
    codes = pl.Series(["0001U", "J1100"])
    assert reference.mue(codes).height == 1
    assert load_reference(loaded).mue(codes).height == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
def test_only_the_owner_reads_the_store(loaded: Path) -> None:
    for path in [loaded, *loaded.rglob("*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path.name


def test_one_import_at_a_time(make: type[Make], inbox: Path, loaded: Path) -> None:
    path = mue(inbox, make, "04-01-2026", M1)
    with locked(loaded / LOCK, "held."), pytest.raises(Locked) as error:
        import_files([path], loaded)
    assert error.value.exit_code == ExitCode.LOCKED
    assert labels(loaded) == ["MUE practitioner 2024Q3"]
    import_files([path], loaded)
    assert len(labels(loaded)) == 2


def test_a_killed_holder_frees_the_lock(make: type[Make], inbox: Path, loaded: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from auditor.lock import locked\n"
        "with locked(Path(sys.argv[1]), 'held.'):\n    print('held', flush=True); sys.stdin.read()"
    )
    root = Path(__file__).resolve().parents[2]
    path = mue(inbox, make, "04-01-2026", M1)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(loaded / LOCK)],
        cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(Locked):
            import_files([path], loaded)
        holder.kill()
        holder.wait()
    import_files([path], loaded)
    assert len(labels(loaded)) == 2


def test_readers_need_no_lock(loaded: Path) -> None:
    with locked(loaded / LOCK, "held."):
        assert labels(loaded) == ["MUE practitioner 2024Q3"]


@pytest.mark.parametrize("damage", ["json", "field", "gone", "cut", "bytes", "latin"])
def test_a_damaged_store_says_so(loaded: Path, damage: str) -> None:
    manifest = loaded / MANIFEST
    [table] = loaded.rglob("*.parquet")
    if damage == "json":
        manifest.write_text(manifest.read_text()[:-20])
    elif damage == "latin":
        manifest.write_bytes(b'{"format": 1, "entries": "\xe9"}')
    elif damage == "field":
        manifest.write_text(json.dumps({"format": 1, "entries": [{"kind": "aoc"}]}))
    elif damage == "gone":
        table.unlink()
    elif damage == "cut":
        table.write_bytes(table.read_bytes()[:-10])
    else:
        table.write_bytes(bytes(table.stat().st_size))
    with pytest.raises(ReferenceDataError) as error:
        load_reference(loaded).mue(pl.Series(["0001U"]))
    assert "import" in error.value.next_step.lower()


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_table_gone_or_cut_is_seen_when_the_store_is_opened(loaded: Path, damage: str) -> None:
    [table] = loaded.rglob("*.parquet")
    if damage == "gone":
        table.unlink()
    else:
        table.write_bytes(table.read_bytes()[:-10])
    with pytest.raises(ReferenceDataError, match=r"missing|damaged"):
        load_reference(loaded)


def test_a_store_of_a_newer_format_is_left_alone(
    make: type[Make], inbox: Path, loaded: Path
) -> None:
    manifest = loaded / MANIFEST
    manifest.write_text(json.dumps({"format": 2, "releases": []}))
    before = sorted(loaded.rglob("*"))
    for use in (
        lambda: load_reference(loaded),
        lambda: import_files([mue(inbox, make, "04-01-2026", M1)], loaded),
    ):
        with pytest.raises(ReferenceDataError, match="another version") as error:
            use()
        assert "Update auditor" in error.value.next_step
    assert sorted(loaded.rglob("*")) == before


def test_a_folder_of_other_things_never_becomes_a_store(
    make: type[Make], inbox: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "tables").mkdir(parents=True)
    letter = home / "tables" / "letter.txt"
    letter.write_text("mine")
    (home / "notes.txt").write_text("mine")
    path = mue(inbox, make, "04-01-2026", M1)
    with pytest.raises(ReferenceDataError, match="not a reference store"):
        import_files([path], home)
    with pytest.raises(ReferenceDataError, match="not a reference store"):
        import_files([path], home / "notes.txt")
    with pytest.raises(ReferenceDataError, match="no reference store here"):
        load_reference(home)
    with pytest.raises(ReferenceDataError, match="no such folder"):
        load_reference(tmp_path / "nowhere")
    assert letter.read_text() == "mine"
    assert sorted(p.name for p in home.iterdir()) == ["notes.txt", "tables"]


def test_where_the_store_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AUDITOR_REFERENCE", raising=False)
    place, named = chosen_folder()
    assert (place.name, named) == ("reference", False)
    monkeypatch.setenv("AUDITOR_REFERENCE", str(tmp_path))
    assert chosen_folder() == (tmp_path, True)
    assert chosen_folder("elsewhere") == (Path("elsewhere"), True)
