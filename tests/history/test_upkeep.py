"""The files of the store: merged, swept, made anew, forgotten, and killed in the middle of it."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from history_world import Feed, Line, Missing, day, one_file, said, versions

from auditor.errors import HistoryError
from auditor.history.files import metadata_of
from auditor.history.index import write_index
from auditor.history.interface import compact, forget, rebuild_index, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

LINES = [Line(f"C{n}", 1, f"P{n % 3}", 3 * n) for n in range(12)]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    """Four runs of three lines each; the second ends a line of the first."""
    folder = tmp_path_factory.mktemp("taken") / "store"
    folder.mkdir()
    made = Feed(folder)
    made.take(one_file(*LINES[:3], missing=(Missing("C90", "P1", 2), Missing("C91", "P1", None))))
    made.take(one_file(*LINES[3:6], replace(LINES[0], units=7)))
    made.take(one_file(*LINES[6:9]))
    made.take(one_file(*LINES[9:], missing=(Missing("C92", "P2", 30),)))
    return made


@pytest.fixture
def feed(taken: Feed, tmp_path: Path) -> Feed:
    """The same runs in a folder of their own."""
    return replace(
        taken, folder=shutil.copytree(taken.folder, tmp_path / "store"), runs=[*taken.runs]
    )


def everything(feed: Feed) -> tuple[object, ...]:
    """All views, and what a night would make of lines old and new."""
    found = feed.look(one_file(*LINES[2:4], replace(LINES[5], units=9), Line("N", 1, "P1", 13)))
    views = [feed.standing(run) for run in feed.runs]
    rejected = sorted(found.rejected.rows(), key=str)
    tables = [found.fresh, found.set_aside, found.again, found.context, found.ended]
    return views, rejected, [table.rows() for table in tables]


def names(feed: Feed) -> list[str]:
    return sorted(path.name for path in feed.folder.iterdir())


def fall(at: int, patch: pytest.MonkeyPatch) -> None:
    """Let the call number `at` that changes a file fail, and all after it."""
    calls = 0

    def falling(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            nonlocal calls
            calls += 1
            if calls >= at:
                raise OSError("the machine stopped")
            return real(*args, **kwargs)

        return call

    for owner, name in ((os, "fsync"), (os, "open"), (Path, "replace"), (Path, "unlink")):
        patch.setattr(owner, name, falling(getattr(owner, name)))


def test_merged_files_hold_what_the_runs_brought(feed: Feed) -> None:
    before = everything(feed)
    assert compact(feed.folder, feed.runs, many=5) == 0
    assert compact(feed.folder, feed.runs, many=4) == 4
    assert everything(feed) == before
    wanted = ["ended-m1.parquet", "index-m1.parquet", "lines-m1.parquet", "manifest.json"]
    assert names(feed) == [*wanted, "rejected-m1.parquet"]
    # two runs more, and the merged part is merged again
    feed.take(one_file(Line("X", 1)))
    feed.take(one_file(Line("Y", 1)))
    before = everything(feed)
    assert compact(feed.folder, feed.runs, many=2) == 3
    assert everything(feed) == before
    assert [n for n in names(feed) if n.startswith("lines")] == ["lines-m2.parquet"]


def test_large_parts_are_left_alone(feed: Feed) -> None:
    assert compact(feed.folder, feed.runs, enough=5, many=2) == 4
    assert [n for n in names(feed) if n.startswith("lines")] == [
        "lines-m1.parquet",
        "lines-m2.parquet",
    ]
    assert compact(feed.folder, feed.runs, enough=5, many=2) == 0


def test_files_and_folder_are_the_owners_alone(feed: Feed) -> None:
    compact(feed.folder, feed.runs, many=2)
    for path in feed.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_a_killed_run_left_is_swept_and_nothing_else(feed: Feed) -> None:
    before, kept = everything(feed), names(feed)
    for name in ("lines-9.parquet", "index-m7.parquet", ".index-2.parquet", ".manifest.json"):
        (feed.folder / name).write_bytes(b"half a file")
    (feed.folder / "notes.txt").write_text("mine", encoding="utf-8")
    assert everything(feed) == before
    assert sweep(feed.folder, feed.runs) == 4
    assert names(feed) == sorted([*kept, "notes.txt"])


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("work", ["compact", "forget"])
def test_killed_anywhere_it_is_the_old_state_or_the_new_one(
    feed: Feed, work: str, step: int
) -> None:
    def upkeep() -> None:
        if work == "compact":
            compact(feed.folder, feed.runs, many=3)
        else:
            forget(feed.folder, day(7))

    begun = feed.folder
    before = feed.standing()
    after = {v: line for v, line in before.items() if work == "compact" or line.day >= 7}
    at, whole = 0, False
    while not whole:
        at += step
        feed.folder = shutil.copytree(begun, begun.with_name(f"killed-{at}"))
        with pytest.MonkeyPatch.context() as patch:
            fall(at, patch)
            with suppress(OSError):
                upkeep()
                whole = True
        assert after.items() <= feed.standing().items() <= before.items()
        sweep(feed.folder, feed.runs)
        upkeep()
        assert feed.standing() == after
        shutil.rmtree(feed.folder)
    assert at > 30


def test_an_index_is_made_anew_where_it_is_missing_or_of_another_polars(feed: Feed) -> None:
    before = everything(feed)
    lost, foreign = (feed.folder / f"index-{run}.parquet" for run in (1, 2))
    whole = pl.read_parquet(foreign)
    lost.unlink()
    hashes = pl.col("claim", "content", "patient") + 1
    whole.with_columns(hashes).write_parquet(foreign, metadata={"auditor-probe": "another"})
    assert everything(feed) == before
    assert lost.is_file()
    assert pl.read_parquet(foreign).equals(whole)
    assert rebuild_index(feed.folder) == 4
    assert everything(feed) == before
    assert metadata_of(foreign)["auditor-probe"] == metadata_of(lost)["auditor-probe"]


def test_a_hash_that_two_claims_share_ends_no_line(feed: Feed, tmp_path: Path) -> None:
    # the index says that the line of C1 belongs to C0; its text says otherwise
    lines = pl.read_parquet(feed.folder / "lines-1.parquet")
    wrong = lines.with_columns(pl.lit("C0").alias("claim_id"))
    write_index(wrong, tmp_path / "index")
    (tmp_path / "index").replace(feed.folder / "index-1.parquet")
    found = feed.look(one_file(replace(LINES[0], units=8)))
    # run 2 brought the version of C0 that stands
    assert [(v >> 32, why) for v, why in found.ended.select("version", "why").rows()] == [
        (2, "changed")
    ]


def test_lines_of_long_ago_are_forgotten(feed: Feed) -> None:
    compact(feed.folder, feed.runs[:2], many=2)
    before = feed.standing()
    assert forget(feed.folder, day(0)) == 0
    held = {"P1"}
    gone = {line for line in before.values() if line.day < 18 and line.patient not in held}
    # and the first version of a line that the second run ended
    assert forget(feed.folder, day(18), held) == len(gone) + 1
    assert set(feed.standing().values()) == set(before.values()) - gone
    assert feed.memory(1).standing().collect().height == 1
    text = b"".join(path.read_bytes() for path in feed.folder.glob("ended-*"))
    assert b"C0" not in text
    keys = feed.look(one_file(Line("C90"), Line("C91"), Line("C92"))).cleared
    assert keys["claim_id"].to_list() == ["C90", "C91", "C92"]  # P1 is held
    assert forget(feed.folder, day(18)) == 2
    keys = feed.look(one_file(Line("C90"), Line("C91"), Line("C92"))).cleared
    assert keys["claim_id"].to_list() == ["C92"]
    assert forget(feed.folder, day(18)) == 0


def test_a_line_received_late_is_kept_as_long_as_its_receipt(tmp_path: Path) -> None:
    feed = Feed(tmp_path / "store")
    feed.folder.mkdir()
    feed.take(one_file(Line(day=0)))
    path = feed.folder / "lines-1.parquet"
    lines = pl.read_parquet(path).with_columns(received_date=pl.lit(day(50)))
    lines.write_parquet(path)
    assert forget(feed.folder, day(50)) == 0
    assert forget(feed.folder, day(51)) == 1


def test_evidence_of_fewer_columns_is_read(feed: Feed) -> None:
    # a column that a later version of the claim lines added
    for path in feed.folder.glob("lines-*"):
        pl.read_parquet(path).drop("claim_note").write_parquet(path)
    rebuild_index(feed.folder)
    found = feed.look(one_file(*LINES[3:6]))
    assert found.fresh.is_empty()
    assert said(feed.memory().standing().collect()) == list(feed.standing().values())


@pytest.mark.parametrize("kind", ["lines", "ended", "rejected"])
def test_a_missing_file_is_told(feed: Feed, kind: str) -> None:
    (feed.folder / f"{kind}-2.parquet").unlink()
    with pytest.raises(HistoryError) as told:
        feed.look(one_file(LINES[0]))
    assert told.value.where.endswith(f"{kind}-2.parquet")
    assert "is missing" in told.value.what


@pytest.mark.parametrize("kind", ["lines", "ended", "rejected"])
def test_a_damaged_file_is_told(feed: Feed, kind: str) -> None:
    path = feed.folder / f"{kind}-2.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(HistoryError) as told:
        feed.look(one_file(replace(LINES[3], units=8)))
    assert told.value.where == str(path)
    assert "cannot be read" in told.value.what


def test_a_damaged_index_is_made_anew(feed: Feed) -> None:
    before = everything(feed)
    path = feed.folder / "index-2.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    assert everything(feed) == before


@pytest.mark.parametrize("text", ["", "[]", '{"form": 1}', '{"form": 2, "next": 1, "merged": {}}'])
def test_a_manifest_that_cannot_be_read_is_told(feed: Feed, text: str) -> None:
    (feed.folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(HistoryError, match=r"manifest\.json"):
        feed.memory()


def test_the_digest_is_of_the_contents(tmp_path: Path) -> None:
    def digest(name: str, *lines: Line, missing: tuple[Missing, ...] = ()) -> str:
        feed = Feed(tmp_path / name)
        feed.folder.mkdir()
        night = one_file(*lines, missing=missing, name=name)
        room = tmp_path / f"{name}-room"
        room.mkdir()
        return feed.memory().stage(feed.look(night), 1, room).digest

    first = digest("a", *LINES[:3])
    assert digest("b", *reversed(LINES[:3])) == first
    assert len(first) == 64
    others = {
        digest("c", *LINES[:2]),
        digest("d", *LINES[:2], replace(LINES[2], payer="")),
        digest("e", *LINES[:3], missing=(Missing("C9"),)),
    }
    assert len(others | {first}) == 4
    assert versions(pl.read_parquet(tmp_path / "a-room" / "lines-1.parquet")) == {
        (1 << 32) + n for n in range(3)
    }
