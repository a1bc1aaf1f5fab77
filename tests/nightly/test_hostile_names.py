"""Names that somebody chose badly: long, strange, not of this world."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from auditor.errors import ExitCode
from auditor.nightly import inbox
from auditor.nightly.places import Places
from tests.nightly.office import Office, export, line

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows refuses such names")


@pytest.fixture
def office(tmp_path: Path, reference: Path) -> Office:
    return Office(tmp_path / "office", reference, report=True)


def test_they_are_taken_and_told_to_nobody(office: Office) -> None:
    names = [
        "clinic" + "x" * 245 + ".csv",
        "clinic" + "\u00e9" * 122 + ".csv",
        "clinic\nDOE\tJANE\x07.csv",
        "clinic\U0001f600.csv",
        "clinic=cmd|'C calc'!A0.csv",
        "clinic con:nul?*<>.csv",
        "CLINIC.CSV",
    ]
    for number, name in enumerate(names):
        office.drop([line("99213", f"C{number}", patient=f"P{number}")], name)
    said: list[str] = []
    night = office.night(tell=lambda event, **about: said.append(f"{event} {about}"))
    assert (night.exit_code, night.feeds[0].files) == (ExitCode.DONE, len(names))
    assert office.files()["inbox"] == []
    archived = [Path(p).name for p in office.files()["archive"]]
    assert len(archived) == len(names)
    assert all(name.lower().endswith(".csv") for name in archived)
    assert not office.night().feeds[0].warnings
    for words in (*said, str(night.plain())):
        assert not any(name[6:10] in words for name in names[:-1])


def test_a_name_that_is_no_text_is_left_and_told(office: Office) -> None:
    (Path(os.fsdecode(os.fsencode(office.root / "inbox") + b"/clinic\xff.csv"))).write_bytes(
        export([line("77002")])
    )
    office.drop([line("99213")])
    (told,) = office.night().feeds
    assert (told.files, told.waiting, told.exit_code) == (1, 1, ExitCode.INCOMPLETE)
    (warned,) = told.warnings
    assert warned.text == (
        "1 file of this feed in the inbox, left there: each has a name that is no text in UTF-8."
        " Give it another name."
    )


def test_a_file_that_cannot_be_read_keeps_no_other_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.drop([line("77002")], "clinic-1.csv")
    office.drop([line("99213")], "clinic-2.csv")
    office.drop([line("99214")], "clinic-3.csv")
    whole = inbox.digest

    def digest(path: Path) -> str:
        if path.name == "clinic-1.csv":
            raise PermissionError(13, "Permission denied")
        if path.name == "clinic-2.csv":
            raise FileNotFoundError
        return whole(path)

    monkeypatch.setattr(inbox, "digest", digest)
    (told,) = office.night().feeds
    assert (told.files, told.waiting, told.exit_code) == (1, 1, ExitCode.INCOMPLETE)
    (warned,) = told.warnings
    assert "each cannot be read (Permission denied)" in warned.text


def test_a_marker_of_a_long_name(tmp_path: Path, reference: Path) -> None:
    text = Office.text.replace("stable_seconds = 0", 'ready = "marker"')
    office = Office(tmp_path / "marked", reference, text=text)
    office.drop([line("77002")], "clinic" + "x" * 245 + ".csv")
    assert office.night().feeds[0].waiting == 1


@pytest.mark.parametrize(
    "name", ["a.csv", "a" * 251 + ".csv", "\u00e9" * 125 + ".csv", "a" * 255, "." + "a" * 254]
)
def test_a_name_in_the_archive_fits(tmp_path: Path, name: str) -> None:
    stored = Places(*[tmp_path] * 4).archived("clinic", "2025-11", "0" * 64, name)
    last = stored.rpartition("/")[2]
    assert len(last.encode()) <= 255
    assert last.startswith("000000000000-")
    assert Path(last).suffix == (Path(name).suffix if name.endswith(".csv") else Path(last).suffix)
    if len(name) < 99:
        assert last.endswith(name)


def lost(office: Office, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that was committed and not published; answers its folder in staging."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    office.drop([line("77002")])
    with monkeypatch.context() as patch:
        patch.setattr("auditor.nightly.finish.publish", killed)
        with pytest.raises(KeyboardInterrupt):
            office.night("2025-11-10")
    (staged,) = (office.root / "state" / "staging").iterdir()
    return staged


def test_a_run_whose_staging_is_lost_is_not_taken_for_published(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = lost(office, monkeypatch)
    staged.rename(office.root / "elsewhere")
    (told, *_) = office.night("2025-11-11").feeds
    assert told.error is not None
    assert "What this run had made is gone from the staging folder" in told.error
    assert office.files()["outbox"] == []
    (office.root / "elsewhere").rename(staged)
    assert office.night("2025-11-11").recovered == ("2025-11-10-clinic",)
    assert len(office.files()["outbox"]) == 3


def test_junk_in_staging_is_swept(office: Office) -> None:
    staging = office.root / "state" / "staging"
    staging.mkdir(parents=True)
    (staging / "2025-11-10-clinic").write_text("a file where a folder should be")
    (staging / "link").symlink_to(office.root / "inbox")
    (staging / "folder" / "deep").mkdir(parents=True)
    office.drop([line("77002")])
    assert office.night("2025-11-10").exit_code == ExitCode.DONE
    assert list(staging.iterdir()) == []
    assert (office.root / "inbox").is_dir()
