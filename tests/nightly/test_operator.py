"""What the operator of a night is told: in the log, in messages, and of what."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

from auditor.errors import ExitCode
from auditor.nightly import committed
from auditor.nightly.about import refused
from tests.nightly.office import CONFIG, Office, line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


@pytest.fixture
def make(tmp_path: Path, reference: Path) -> Callable[..., Office]:
    """An office, with other settings where a test says so."""

    def made(text: str = CONFIG) -> Office:
        return Office(tmp_path / "office", reference, "delta", text)

    return made


@pytest.fixture
def office(make: Callable[..., Office]) -> Office:
    return make()


class Events(list[tuple[str, dict[str, Any]]]):
    """What the log was told."""

    def tell(self, event: str, **about: object) -> None:
        self.append((event, about))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [about for name, about in self if name == event]


class TestLog:
    def test_a_night_begins_and_ends(self, office: Office) -> None:
        told = Events()
        office.night(tell=told.tell)
        assert told[0][0] == "night"
        assert told[-1] == ("night-done", {"exit_code": 0})

    def test_what_went_wrong_and_each_warning(self, office: Office) -> None:
        (office.root / "inbox" / "clinic-DOE.csv").write_text("no,claims\n1,2\n")
        told = Events()
        office.night(tell=told.tell)
        (warned,) = told.of("warning")
        assert (warned["level"], warned["feed"], warned["kind"]) == ("warning", "clinic", "files")
        (failed,) = told.of("failed")
        assert (failed["level"], failed["feed"]) == ("error", "clinic")
        assert "DOE" not in str(told)

    def test_that_it_waits(self, make: Callable[..., Office]) -> None:
        office = make(CONFIG.replace("stable_seconds = 0", "stable_seconds = 100"))
        office.drop([ORPHAN])
        told = Events()
        office.night(tell=told.tell, sleep=lambda _: None)
        assert told.of("waiting")[0]["files"] == 1

    def test_what_was_not_delivered_and_why(self, make: Callable[..., Office]) -> None:
        hook = '\n[nightly.webhook]\nurl = "http://127.0.0.1:1/hook"\n'
        told = Events()
        make(CONFIG + hook).night(tell=told.tell, sleep=lambda _: None)
        (failed,) = told.of("not-delivered")
        assert failed["level"] == "warning"
        assert "takes no connection" in failed["why"]


class TestWaiting:
    def test_one_feed_does_not_wait_for_the_files_of_another(
        self, make: Callable[..., Office]
    ) -> None:
        office = make(TWO_FEEDS.replace("stable_seconds = 0", "stable_seconds = 100"))
        office.drop([ORPHAN], "lab.csv")
        slept: list[float] = []
        office.night(feeds=("clinic",), sleep=slept.append)
        assert slept == []
        office.night(sleep=slept.append)
        assert slept != []


class TestMessages:
    def test_a_layout_is_told_once_with_its_place_and_what_to_do(self, office: Office) -> None:
        office.drop([ORPHAN])
        office.night()
        path = office.drop([ORPHAN])
        path.write_text(path.read_text().replace("CPT/HCPCS", "Code"))
        (told,) = office.night().feeds
        assert told.error is not None
        assert str(office.root / "state" / "layouts" / "clinic.toml") in told.error
        assert "remove the layout" in told.error
        (warned,) = told.warnings
        assert "'CPT/HCPCS' is missing" in warned.text
        assert "--write" not in warned.text

    def test_nothing_is_said_of_the_layout_where_it_is_not_the_matter(self, office: Office) -> None:
        office.drop([ORPHAN])
        office.night()
        (office.root / "inbox" / "clinic.csv").touch()
        (told,) = office.night().feeds
        assert told.exit_code == ExitCode.UNREADABLE
        assert told.error is not None
        assert "layout" not in told.error

    def test_where_in_our_own_folders(self, office: Office, tmp_path: Path) -> None:
        office.text = CONFIG.replace("{reference}", str(tmp_path / "nowhere"))
        office.file.write_text(office.text.format(mode="delta"))
        office.drop([ORPHAN])
        (told,) = office.night().feeds
        assert told.error is not None
        assert told.error.startswith(str(tmp_path / "nowhere"))

    @pytest.mark.parametrize(
        ("parts", "named"),
        [
            (("state", "history", "clinic", "lines-1.parquet"), ("state", "history")),
            (("state", "ledger.sqlite"), ("state",)),
            (("inbox", "DOE JANE.csv"), ("inbox",)),
            (("elsewhere", "DOE JANE.csv"), None),
        ],
    )
    def test_the_folder_that_refused_and_no_file(
        self, office: Office, parts: tuple[str, ...], named: tuple[str, ...] | None
    ) -> None:
        nightly = office.at("2025-11-10").nightly
        error = PermissionError(
            errno.EACCES, "Permission denied", str(office.root.joinpath(*parts))
        )
        told = refused(error, nightly)
        assert told.where == ("" if named is None else str(office.root.joinpath(*named)))
        assert "DOE" not in str(told)


def test_what_the_disk_refuses_after_the_commit_is_told_of_the_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is a fact: it must not be told as `not audited`, and then once more as a run."""
    office.drop([ORPHAN])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(office.root / "state" / "x"))

    monkeypatch.setattr(committed, "finished", full)
    (told,) = office.night(report=True).feeds
    assert (told.run_id, told.exit_code) == ("2025-11-10-clinic", ExitCode.INCOMPLETE)
    assert told.error is not None
    assert "No space left" in told.error
    monkeypatch.undo()
    again = office.night(report=True)
    assert again.recovered == ("2025-11-10-clinic",)
    assert len(again.feeds) == 1


class TestColumns:
    """Columns that the configuration names, and the layout that the first night pins."""

    NAMED = CONFIG + "[feeds.clinic.columns]\ncode = 'cpt hcpcs'\nmodifiers = 'Modifiers'\n"

    def test_they_hold_every_night(self, make: Callable[..., Office]) -> None:
        office = make(self.NAMED)
        for number, day in enumerate(("2025-11-10", "2025-11-11")):
            office.drop([line("77002", f"C{number}")])
            (told,) = office.night(day).feeds
            assert (told.exit_code, told.error) == (ExitCode.DONE, None)

    def test_other_ones_than_the_layout_has_are_told(self, make: Callable[..., Office]) -> None:
        office = make(self.NAMED)
        office.drop([ORPHAN])
        office.night()
        office.text = self.NAMED.replace("cpt hcpcs", "Units")
        again = Office(office.root, office.reference, "delta", office.text)
        again.drop([line("77002", "C2")])
        (told,) = again.night().feeds
        assert told.exit_code == ExitCode.USAGE
        assert told.error is not None
        assert told.error.startswith(str(office.root / "state" / "layouts" / "clinic.toml"))
        assert "reads code from column 'Units'" in told.error
        (office.root / "state" / "layouts" / "clinic.toml").unlink()
        (told,) = again.night().feeds
        assert "'Units'" not in (told.error or "")

    def test_one_that_a_file_does_not_have_keeps_no_other_file_back(
        self, make: Callable[..., Office]
    ) -> None:
        office = make(self.NAMED)
        office.drop([ORPHAN], "clinic-1.csv")
        path = office.drop([line("77002", "C2")], "clinic-2.csv")
        path.write_text(path.read_text().replace("CPT/HCPCS", "DOE JANE"))
        (told,) = office.night().feeds
        assert (told.files, told.waiting, told.exit_code) == (1, 1, ExitCode.UNREADABLE)
        (warned,) = [w for w in told.warnings if w.kind == "files"]
        assert "There is no column 'cpt hcpcs'" in warned.text
        assert "DOE" not in warned.text


@pytest.mark.parametrize("sheet", ["", "sheet = 'Lines'\n", "sheet = 'Day *'\n"])
def test_titles_of_sheets_are_not_told(make: Callable[..., Office], sheet: str) -> None:
    """They are of the export, as its name is, and may be a patient's."""
    import openpyxl

    office = make(CONFIG.replace("clinic*.csv", "clinic*.xlsx") + sheet)
    book = openpyxl.Workbook()
    for title in ("Day DOE JANE", "Day ROE RICHARD"):
        book.create_sheet(title).append(["a", "b"])
    book.remove(book.worksheets[0])
    book.save(office.root / "inbox" / "clinic.xlsx")
    told = Events()
    night = office.night(tell=told.tell)
    assert night.exit_code == ExitCode.UNREADABLE
    assert "File " in night.feeds[0].warnings[0].text
    assert "DOE" not in str(night)
    assert "DOE" not in str(told)
