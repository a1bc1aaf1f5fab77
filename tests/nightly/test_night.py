"""A night from its inbox to its reports: what is taken, once, and what is told of the rest."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.errors import ExitCode
from auditor.ledger import runs, store
from auditor.lock import Locked, locked
from auditor.nightly import inbox, preview
from tests.nightly.office import CONFIG, Office, line

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.nightly.outcome import FeedOutcome, NightOutcome

TWO_FEEDS = (
    CONFIG
    + """
[feeds.lab]
files = "lab*.csv"
mode = "delta"
line_of_business = "medicare"
"""
)
ORPHAN = line("77002")
PRIMARY = line("20610", "C9")


@pytest.fixture
def make(tmp_path: Path, reference: Path) -> Callable[..., Office]:
    """An office, with other settings where a test says so."""

    def made(mode: str = "delta", text: str = CONFIG) -> Office:
        return Office(tmp_path / "office", reference, mode, text)

    return made


@pytest.fixture
def office(make: Callable[..., Office]) -> Office:
    return make()


def only(night: NightOutcome) -> FeedOutcome:
    assert len(night.feeds) == 1
    return night.feeds[0]


def lines_of(feed: FeedOutcome) -> tuple[int, ...]:
    """Read, audited, seen before, set aside, rejected, judged again, superseded."""
    f = feed.figures
    assert f is not None
    assert f.lines_read == (
        f.lines_audited + f.lines_seen_before + f.lines_set_aside + f.lines_rejected
    )
    return (
        f.lines_read, f.lines_audited, f.lines_seen_before, f.lines_set_aside, f.lines_rejected,
        f.lines_judged_again, f.lines_superseded,
    )  # fmt: skip


def life_of(feed: FeedOutcome) -> tuple[int, int, int, int]:
    """New, standing, reopened, resolved."""
    f = feed.figures
    assert f is not None
    return sum(f.new.values()), f.standing, f.reopened, f.resolved


class TestOnce:
    def test_a_file_is_audited_and_moved(self, office: Office) -> None:
        office.drop([ORPHAN])
        told = only(office.night(report=True))
        assert (told.exit_code, told.files, told.again, told.waiting) == (ExitCode.DONE, 1, 0, 0)
        files = office.files()
        assert files["inbox"] == []
        (archived,) = files["archive"]
        assert archived.startswith("clinic/2025-11/")
        assert archived.endswith("-clinic.csv")
        assert [Path(f).name for f in files["outbox"]] == [
            "clinic-2025-11-10-findings.parquet",
            "clinic-2025-11-10-summary.json",
            "clinic-2025-11-10.xlsx",
        ]

    def test_the_same_bytes_are_known_by_any_name(self, office: Office) -> None:
        office.drop([ORPHAN])
        office.night()
        for name in ("clinic.csv", "clinic-again.csv"):
            office.drop([ORPHAN], name)
            told = only(office.night("2025-11-11"))
            assert (told.run_id, told.again, told.exit_code) == (None, 1, ExitCode.DONE)
        assert office.files()["inbox"] == []
        assert len(office.files()["archive"]) == 1

    def test_two_names_of_one_night(self, office: Office) -> None:
        office.drop([ORPHAN], "clinic-1.csv")
        office.drop([ORPHAN], "clinic-2.csv")
        assert only(office.night()).files == 1
        told = only(office.night())
        assert (told.run_id, told.again) == (None, 1)
        assert office.files()["inbox"] == []

    def test_a_second_export_of_a_day_has_a_name_of_its_own(self, office: Office) -> None:
        office.drop([ORPHAN])
        first = only(office.night(report=True))
        office.drop([PRIMARY])
        second = only(office.night(report=True))
        assert (first.run_id, second.run_id) == ("2025-11-10-clinic", "2025-11-10-clinic.2")
        assert second.folder is not None
        assert second.folder.name == "clinic.2"

    def test_another_run_is_at_work(self, office: Office) -> None:
        office.drop([ORPHAN])
        (office.root / "state").mkdir()
        with (
            locked(office.root / "state" / "lock", "at work.", "A purge is at work"),
            pytest.raises(Locked, match=r"A purge is at work \(process [0-9]+, since ") as error,
        ):
            office.night()
        assert error.value.exit_code == ExitCode.LOCKED
        assert office.files()["inbox"] == ["clinic.csv"]

    def test_nothing_to_do(self, office: Office) -> None:
        told = only(office.night())
        assert (told.run_id, told.exit_code, told.warnings) == (None, ExitCode.DONE, ())

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file modes")
    def test_everything_is_its_owners_alone(self, office: Office) -> None:
        office.drop([ORPHAN])
        office.night(report=True)
        for name in ("outbox", "archive", "state"):
            for path in [office.root / name, *(office.root / name).rglob("*")]:
                wanted = 0o700 if path.is_dir() else 0o600
                assert stat.S_IMODE(path.stat().st_mode) == wanted, path


class TestInbox:
    def test_what_is_still_written_waits(self, make: Callable[..., Office]) -> None:
        office = make(text=CONFIG.replace("stable_seconds = 0", "stable_seconds = 100"))
        path = office.drop([ORPHAN])
        night = office.at("2025-11-10")
        (found,) = inbox.look(night.nightly, night.settings.feeds)
        assert not found.complete
        later = path.stat().st_ctime + 101
        (found,) = inbox.look(night.nightly, night.settings.feeds, later)
        assert found.complete

    def test_it_is_waited_for_and_then_told(self, make: Callable[..., Office]) -> None:
        office = make(text=CONFIG.replace("stable_seconds = 0", "stable_seconds = 3600"))
        office.drop([ORPHAN])
        slept: list[float] = []
        told = only(office.night(sleep=slept.append))
        assert sum(slept) == pytest.approx(36_000)
        assert (told.run_id, told.waiting) == (None, 1)
        assert "not complete yet" in told.warnings[0].text

    def test_a_marker(self, make: Callable[..., Office]) -> None:
        office = make(text=CONFIG.replace("stable_seconds = 0", 'ready = "marker"'))
        office.drop([ORPHAN])
        assert only(office.night()).waiting == 1
        (office.root / "inbox" / "clinic.csv.done").touch()
        assert only(office.night()).files == 1
        assert office.files()["inbox"] == []

    def test_what_is_not_ours(self, office: Office) -> None:
        office.drop([ORPHAN], "other.csv")
        office.drop([ORPHAN], ".clinic.csv")
        office.drop([ORPHAN], "~$clinic.csv")
        office.drop([ORPHAN], "clinic.csv.part")
        (office.root / "inbox" / "clinic-folder.csv").mkdir()
        if hasattr(os, "symlink"):
            (office.root / "elsewhere.csv").write_text("x")
            (office.root / "inbox" / "clinic-link.csv").symlink_to(office.root / "elsewhere.csv")
        told = only(office.night())
        assert told.run_id is None
        *odd, strange = told.warnings
        assert strange.text == "1 file in the inbox fits no feed's pattern and is left there."
        assert [(w.fails, "is no plain file but a link" in w.text) for w in odd] == (
            [(True, True)] if hasattr(os, "symlink") else []
        )
        assert len(list((office.root / "inbox").iterdir())) == 6

    def test_a_new_export_of_the_same_name_is_not_lost(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = office.drop([ORPHAN])
        whole = inbox.untouched

        def then_replaced(waiting: inbox.Waiting) -> bool:
            same = whole(waiting)
            path.unlink()
            office.drop([PRIMARY])
            return same

        monkeypatch.setattr(inbox, "untouched", then_replaced)
        assert only(office.night()).files == 1
        assert office.files()["inbox"] == ["clinic.csv"]
        monkeypatch.undo()
        assert only(office.night()).files == 1

    def test_a_file_that_grows_while_it_is_read_waits(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = office.drop([ORPHAN])
        whole = inbox.digest

        def then_more(of: Path) -> str:
            found = whole(of)
            with path.open("ab") as file:
                file.write(b"\n")
            return found

        monkeypatch.setattr(inbox, "digest", then_more)
        told = only(office.night())
        assert (told.run_id, told.waiting) == (None, 1)
        assert "was written to while it was read" in told.warnings[0].text

    def test_a_dry_run_touches_nothing(self, office: Office) -> None:
        office.drop([ORPHAN])
        assert preview.dry(office.at("2025-11-10")).files == {"clinic": (1, 0, 0, 0)}
        assert sorted(p.name for p in office.root.iterdir()) == ["auditor.toml", "inbox"]
        office.night()
        office.drop([ORPHAN])
        assert preview.dry(office.at("2025-11-10")).files == {"clinic": (0, 1, 0, 0)}


class TestFeeds:
    def test_one_that_fails_does_not_stop_the_others(self, make: Callable[..., Office]) -> None:
        office = make(text=TWO_FEEDS)
        (office.root / "inbox" / "clinic.csv").write_text("no,claims\n1,2\n")
        office.drop([ORPHAN], "lab.csv")
        night = office.night()
        clinic, lab = night.feeds
        assert (clinic.exit_code, clinic.run_id) == (ExitCode.UNREADABLE, None)
        assert (lab.exit_code, lab.files) == (ExitCode.DONE, 1)
        assert night.exit_code == ExitCode.UNREADABLE
        assert office.files()["inbox"] == ["clinic.csv"]

    def test_one_bad_file_does_not_keep_the_others_back(self, office: Office) -> None:
        office.drop([ORPHAN], "clinic-1.csv")
        (office.root / "inbox" / "clinic-2.csv").write_bytes(b"\x00\x01\x02" * 99)
        told = only(office.night())
        assert (told.exit_code, told.files, told.waiting) == (ExitCode.UNREADABLE, 1, 1)
        assert "clinic-2" not in str(told.plain if hasattr(told, "plain") else told.warnings)
        assert office.files()["inbox"] == ["clinic-2.csv"]

    def test_a_bug_is_told_without_its_words(
        self, make: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office = make(text=TWO_FEEDS)
        office.drop([ORPHAN], "clinic.csv")
        office.drop([ORPHAN], "lab.csv")
        from auditor.nightly import run

        whole = run.judge

        def broken(asked: run.Asked, *rest: object) -> run.Judged:
            if asked.feed == "clinic":
                message = "patient P1 of claim C1"
                raise ValueError(message)
            return whole(asked, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(run, "judge", broken)
        office.errors = _Forgotten()
        clinic, lab = office.night().feeds
        assert clinic.exit_code == ExitCode.INTERNAL
        assert clinic.error is not None
        assert clinic.error.startswith("Internal error: ValueError in auditor.nightly.run:")
        assert "P1" not in clinic.error
        assert lab.exit_code == ExitCode.DONE

    def test_a_panic_of_the_library_is_told_too(
        self, make: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office = make(text=TWO_FEEDS)
        office.drop([ORPHAN], "clinic.csv")
        from auditor.nightly import run

        def broken(*_: object) -> run.Judged:
            raise pl.exceptions.PanicException("patient P1")

        monkeypatch.setattr(run, "judge", broken)
        office.errors = _Forgotten()
        clinic, lab = office.night().feeds
        assert clinic.exit_code == ExitCode.INTERNAL
        assert clinic.error is not None
        assert clinic.error.startswith("Internal error: PanicException in auditor.nightly.run:")
        assert lab.exit_code == ExitCode.DONE

    def test_only_some(self, make: Callable[..., Office]) -> None:
        office = make(text=TWO_FEEDS)
        office.drop([ORPHAN], "lab.csv")
        office.drop([ORPHAN])
        assert [f.feed for f in office.night(feeds=("lab",)).feeds] == ["lab"]
        assert office.files()["inbox"] == ["clinic.csv"]

    def test_each_has_a_memory_of_its_own(self, make: Callable[..., Office]) -> None:
        office = make(text=TWO_FEEDS)
        office.drop([ORPHAN])
        office.drop([PRIMARY, ORPHAN], "lab.csv")
        clinic, lab = office.night().feeds
        assert (lines_of(clinic)[1], lines_of(lab)[1]) == (1, 2)

    def test_all_rejected_is_no_success(self, office: Office) -> None:
        office.drop([line("77002", dos="not a day"), line("77002", "C2")])
        assert only(office.night()).exit_code == ExitCode.INCOMPLETE

    def test_fail_on(self, make: Callable[..., Office]) -> None:
        office = make(text=CONFIG + 'fail_on = "certain"\n')
        office.drop([ORPHAN])
        assert only(office.night()).exit_code == ExitCode.FINDINGS

    def test_fail_on_looks_at_the_report_and_not_at_all_that_is_open(
        self, make: Callable[..., Office]
    ) -> None:
        office = make(text=CONFIG + 'fail_on = "certain"\n')
        office.drop([ORPHAN])
        assert only(office.night()).exit_code == ExitCode.FINDINGS
        office.drop([line("20610", "C9", patient="P9")])
        quiet = only(office.night("2025-11-11"))
        assert quiet.figures is not None
        assert (quiet.figures.open["certain"], quiet.exit_code) == (1, ExitCode.DONE)
        office.drop([line("99213", "C3")])  # of the orphan's day: it is judged again, and found
        again = only(office.night("2025-11-12"))
        assert (life_of(again)[:2], again.exit_code) == ((0, 1), ExitCode.FINDINGS)


class TestLayout:
    def test_the_first_export_pins_it(self, office: Office) -> None:
        office.drop([ORPHAN])
        office.night()
        office.drop([PRIMARY])
        path = office.root / "inbox" / "clinic.csv"
        path.write_text(path.read_text().replace("CPT/HCPCS", "Service Code"))
        told = only(office.night("2025-11-11"))
        assert told.exit_code == ExitCode.UNREADABLE
        assert told.error is not None
        assert "layouts/clinic.toml" in told.error.replace(os.sep, "/")
        (office.root / "state" / "layouts" / "clinic.toml").unlink()
        assert only(office.night("2025-11-12")).files == 1

    def test_a_column_that_was_empty_in_the_first_export_is_told_when_it_is_not(
        self, office: Office
    ) -> None:
        def vague(*rows: tuple[str, ...]) -> None:
            path = office.drop(rows)
            path.write_text(path.read_text().replace("Modifiers", "M1"))

        vague(line("99213"))
        assert only(office.night()).warnings == ()
        vague(line("99213", "C2", mods="25"))
        (warned,) = only(office.night("2025-11-11")).warnings
        assert (warned.kind, warned.fails) == ("files", False)
        assert warned.text.startswith("Column 'M1' is named like the modifiers and holds such val")
        assert "auditor nightly rerun" in warned.text

    def test_files_that_differ_pin_nothing(self, office: Office) -> None:
        office.drop([ORPHAN], "clinic-1.csv")
        path = office.drop([PRIMARY], "clinic-2.csv")
        path.write_text(path.read_text().replace("CPT/HCPCS", "CPT"))
        assert only(office.night()).files == 2
        assert not (office.root / "state" / "layouts").exists()


class TestMemory:
    def test_a_primary_that_arrives_clears_the_orphan(self, office: Office) -> None:
        office.drop([ORPHAN])
        assert life_of(only(office.night("2025-11-10", report=True))) == (1, 0, 0, 0)
        office.drop([PRIMARY])
        told = only(office.night("2025-11-11", report=True))
        assert lines_of(told) == (1, 1, 0, 0, 0, 1, 0)
        assert life_of(told)[3] == 1
        with store.opened(office.root / "state" / "ledger.sqlite") as ledger:
            events = ledger.execute(
                "SELECT rule_id, event, why FROM finding_events JOIN findings USING (finding)"
                " WHERE rule_id = 'AOC-1' ORDER BY event_id"
            ).fetchall()
        assert [(rule, event) for rule, event, _ in events] == [
            ("AOC-1", "new"),
            ("AOC-1", "resolved"),
        ]
        assert events[1][2]

    def test_first_seen_is_that_of_the_first_night(self, office: Office) -> None:
        office.drop([ORPHAN])
        office.night("2025-11-10")
        office.drop([line("99213", "C1", 2)])
        told = only(office.night("2025-11-12"))
        assert life_of(told) == (0, 1, 0, 0)
        assert told.folder is not None
        (path,) = told.folder.glob("*-findings.parquet")
        found = pl.read_parquet(path)
        assert found.select("rule_id", pl.col("first_seen").cast(pl.String)).rows() == [
            ("AOC-1", "2025-11-10")
        ]

    def test_a_void_closes_what_was_found(self, office: Office) -> None:
        office.drop([ORPHAN])
        office.night("2025-11-10")
        office.drop([line("77002", "C1", freq="8", orig="C1")])
        told = only(office.night("2025-11-11"))
        assert life_of(told) == (0, 0, 0, 1)

    def test_a_snapshot_replaces_a_claim_whole(self, make: Callable[..., Office]) -> None:
        office = make("snapshot")
        office.drop([ORPHAN, line("99213", "C1", 2)])
        office.night("2025-11-10")
        office.drop([line("99213", "C1", 2)])
        told = only(office.night("2025-11-11"))
        assert lines_of(told) == (1, 0, 1, 0, 0, 1, 1)
        assert life_of(told) == (0, 0, 0, 1)

    def test_a_delta_leaves_the_other_lines(self, office: Office) -> None:
        office.drop([ORPHAN, line("99213", "C1", 2)])
        office.night("2025-11-10")
        office.drop([line("99214", "C1", 2)])
        told = only(office.night("2025-11-11"))
        assert lines_of(told) == (1, 1, 0, 0, 0, 1, 1)
        assert life_of(told) == (0, 1, 0, 0)


class TestLater:
    def test_who_was_not_told_is_told_the_next_night(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office.drop([ORPHAN])
        monkeypatch.setattr(runs, "append_night", _killed)
        with pytest.raises(KeyboardInterrupt):
            office.night("2025-11-10", report=True)
        monkeypatch.undo()
        tonight, untold = office.night("2025-11-11", report=True).feeds
        assert (tonight.run_id, untold.run_id) == (None, "2025-11-10-clinic")
        assert untold.folder is not None
        assert untold.folder.is_dir()
        assert [f.run_id for f in office.night("2025-11-12").feeds] == [None]

    def test_an_outbox_that_cannot_be_written(self, office: Office) -> None:
        office.drop([ORPHAN])
        taken = office.root / "outbox" / "2025-11-10"
        taken.parent.mkdir()
        taken.write_text("a file where the folder should be")
        told = only(office.night("2025-11-10", report=True))
        assert told.exit_code == ExitCode.INCOMPLETE
        assert told.error is not None
        taken.unlink()
        again = office.night("2025-11-10", report=True)
        assert again.recovered == ("2025-11-10-clinic",)
        assert again.exit_code == ExitCode.DONE
        assert len(office.files()["outbox"]) == 3
        assert office.files()["inbox"] == []

    def test_what_a_removed_feed_left_is_told(self, office: Office) -> None:
        office.drop([ORPHAN])
        taken = office.root / "outbox" / "2025-11-10"
        taken.parent.mkdir()
        taken.write_text("a file where the folder should be")
        office.night("2025-11-10")
        office.file.write_text(office.file.read_text().replace("feeds.clinic", "feeds.other"))
        night = office.night("2025-11-11")
        assert night.exit_code == ExitCode.INCOMPLETE
        told = next(f for f in night.feeds if f.error)
        assert told.feed == "clinic"
        assert told.error is not None
        assert told.error.startswith("Run 2025-11-10-clinic is not finished.")
        taken.unlink()
        assert office.night("2025-11-12").exit_code == ExitCode.DONE


class _Forgotten(list[BaseException]):
    """A list that keeps nothing: the test wants the error told and not raised."""

    def append(self, _error: BaseException) -> None:
        pass


def _killed(*_: object) -> int:
    raise KeyboardInterrupt
