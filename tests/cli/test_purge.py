"""`auditor purge` and `auditor hold`: what they say whole, and that no patient is ever in it."""

from __future__ import annotations

import io
import re
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from auditor.cli import purge as command
from auditor.ledger import opened
from auditor.ledger.store import now
from auditor.lock import locked
from auditor.nightly import doomed, holds
from auditor.nightly.retention import Kind
from tests.nightly.site import YOUNG, Site

if TYPE_CHECKING:
    from collections.abc import Callable

SNAPSHOTS = Path(__file__).parent / "snapshots"
CONFIG = """
[nightly]
[nightly.retention]
history = 0
[feeds.clinic]
files = "*.csv"
mode = "snapshot"
"""
PATIENT = "MRN-SECRET-77"


class Terminal(io.StringIO):
    """What somebody types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    (tmp_path / "auditor.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.setattr(command, "today", lambda: date(2026, 11, 22))
    made = Site(tmp_path)
    made.run(1, "2019-02-01")
    made.run(2, "2019-03-01", patients=(PATIENT,))
    made.run(3, YOUNG)
    made.finding("closed", (1, "new"), (2, "resolved"))
    made.finding("open", (1, "new"), is_open=True, patient=PATIENT)
    made.night("2019-03-01")
    made.night(YOUNG)
    return made


def test_a_dry_run_a_purge_and_another(
    site: Site, run: Callable[..., Any], golden: Callable[[Path, str], None]
) -> None:
    before = site.files()
    shown = []
    for words in ("purge --dry-run", "purge --yes", "purge --yes"):
        told = run(*words.split())
        assert (told.code, told.err) == (0, "")
        if "dry" in words:
            assert site.files() == before
        out = re.sub(r"purge [0-9a-f]{16}", "purge 0123456789abcdef", told.out)
        shown.append(f"$ auditor {words}\n{out}")
    assert len(site.files()) < len(before)
    golden(SNAPSHOTS / "purge.txt", "\n".join(shown))


def test_lines_that_came_lately_and_are_to_go_are_told(
    site: Site, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.root / "auditor.toml").write_text(CONFIG.replace("history = 0", ""), encoding="utf-8")
    site.store.rows = {"clinic": [(PATIENT, date(2019, 1, 5))]}
    monkeypatch.setattr("auditor.nightly.forgetting.Stored", lambda: site.store)
    words = "1 of the audited lines of clinic came in the last 30 days, for services of long ago."
    later = run("purge", "--dry-run", "--kind", "history", "--as-of", "2027-01-30")
    assert "audited lines of clinic" in later.out
    assert "Mind" not in later.out
    told = run("purge", "--dry-run", "--kind", "history")
    assert f"Mind: {words}" in " ".join(told.out.split())
    assert PATIENT not in told.out


def test_what_is_held_is_told_without_a_name(
    site: Site,
    run: Callable[..., Any],
    golden: Callable[[Path, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from auditor.cli import hold as hold_command

    monkeypatch.setattr(holds, "now", lambda: "2026-11-22T10:00:00+00:00")
    monkeypatch.setattr(hold_command, "user", lambda: "counsel")
    shown = []

    def tell(*words: str) -> None:
        told = run(*words)
        assert (told.code, told.err) == (0, "")
        shown.append(f"$ auditor {' '.join(words)}\n{told.out}")

    tell("hold", "list")
    (site.root / "ids.txt").write_text(f"{PATIENT}\n\nMRN-UNKNOWN-1\n", encoding="utf-8")
    tell("hold", "add", "--run", "run-1", "--reason", "case 12")
    tell("hold", "add", "--patient-file", "ids.txt", "--reason", "case  13")
    tell("hold", "add", "--patient-file", "ids.txt", "--reason", "case 13")
    tell("hold", "list")
    tell("purge", "--dry-run")
    tell("hold", "release", "1", "--reason", "case 12 is closed")
    assert "MRN" not in "".join(shown)
    golden(SNAPSHOTS / "hold.txt", "\n".join(shown))
    assert PATIENT in run("hold", "list", "--with-patients").out


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        ("purge --kind reports", 2, "'reports' is not one of archive, outputs, ledger, history"),
        ("purge --yes --as-of 2099-01-01", 2, "--as-of goes with --dry-run alone"),
        ("purge", 2, "no terminal to ask at"),
        ("hold add --reason x", 2, "Nothing is named to be held"),
        ("hold add --run run-1 --reason=", 2, "needs a reason"),
        ("hold add --run run-9 --reason x", 2, "knows no run 'run-9'"),
        ("hold add --patient-file none.txt --reason x", 3, "cannot be read"),
        ("hold add --patient-file empty.txt --reason x", 3, "is empty"),
        ("hold add --ask-patient --reason x", 2, "no terminal to ask at"),
        ("hold release 7 --reason x", 2, "no standing hold 7"),
    ],
)
def test_mistakes_are_told_and_nothing_is_done(  # noqa: PLR0913, PLR0917 - a case and its fixtures
    site: Site,
    run: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    words: str,
    code: int,
    text: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    (site.root / "empty.txt").write_text(" \n", encoding="utf-8")
    before = site.files(), site.rows("holds"), site.rows("purges")
    told = run(*words.split(" "))
    assert told.code == code
    assert text in " ".join(told.err.split())
    assert (site.files(), site.rows("holds"), site.rows("purges")) == before


@pytest.mark.parametrize(("typed", "gone"), [("PURGE\n", True), ("purge\n", False), ("\n", False)])
def test_a_terminal_is_asked(
    site: Site,
    run: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    gone: bool,  # noqa: FBT001 - a case
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    told = run("purge")
    assert told.code == (0 if gone else 2)
    assert (site.rows("purges") != []) == gone


def test_a_patient_is_asked_for_hidden(
    site: Site, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from auditor.cli import hold as hold_command

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(hold_command.getpass, "getpass", lambda *_, **__: f" {PATIENT} ")
    told = run("hold", "add", "--ask-patient", "--reason", "x")
    assert (told.code, told.out) == (0, "1 patient put under legal hold.\n")
    assert site.rows("holds", "kind, what") == [("patient", PATIENT)]


def test_patients_come_from_standard_input(
    site: Site, run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PATIENT}\n"))
    assert run("hold", "add", "--patient-file", "-", "--reason", "x").code == 0
    assert site.rows("holds", "what") == [(PATIENT,)]


def test_a_purge_waits_for_no_night(site: Site, run: Callable[..., Any]) -> None:
    with locked(site.nightly.state / "lock", "A night."):
        told = run("purge", "--yes")
        assert run("purge", "--dry-run").code == 0
    assert told.code == 5
    assert "Another nightly run, rerun or purge is at work." in told.err
    assert site.rows("purges") == []


def test_a_broken_purge_is_told_and_undone(site: Site, run: Callable[..., Any]) -> None:
    export = site.nightly.archive / "clinic/2026-11/000000000003-DOE JANE.csv"
    doomed.doom(site.nightly.archive, export, "dead")
    told = run("purge", "--yes", "--kind", "outputs")
    assert "had removed nothing yet: its files are back." in told.out
    assert export.exists()


def test_a_broken_purge_that_was_logged_is_finished(site: Site, run: Callable[..., Any]) -> None:
    export = site.nightly.archive / "clinic/2019-02/000000000001-DOE JANE.csv"
    doomed.doom(site.nightly.archive, export, "dead")
    with opened(site.ledger) as ledger:
        ledger.execute(
            "INSERT INTO purges (batch, purged_at, purged_by, kind, what, older_than, items)"
            " VALUES ('dead', ?, 'me', 'archive', 'exports of clinic', '2020-11-21', 1)",
            (now(),),
        )
    told = run("purge", "--yes", "--kind", "outputs")
    assert "broken off was finished first." in told.out
    assert not (site.nightly.archive / ".doomed").exists()
    assert not export.exists()


def test_before_the_first_night_nothing_is_old(tmp_path: Path, run: Callable[..., Any]) -> None:
    (tmp_path / "auditor.toml").write_text(CONFIG, encoding="utf-8")
    told = run("purge", "--yes")
    assert (told.code, told.out) == (0, "There is no ledger yet, so nothing is old.\n")
    assert not (tmp_path / "state").exists()


def test_the_kinds_are_those_of_the_settings() -> None:
    assert get_args(Kind) == command.KINDS
