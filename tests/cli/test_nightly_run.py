"""`auditor nightly` as its operator meets it: what it says, what stops it, what it ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.nightly.office import CONFIG, Office, line

if TYPE_CHECKING:
    from collections.abc import Callable

SNAPSHOTS = Path(__file__).parent / "snapshots"
ORPHAN = line("77002")
TOLD = """
recipients = ["anna@clinic.example", "otto@clinic.example"]
encrypt = true

[nightly.mail]
host = "mail.clinic.example"
sender = "auditor@clinic.example"
user = "auditor"
"""


@pytest.fixture
def make(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Office]:
    """An office in the folder in which commands run, judged by the starter set."""

    def made(text: str = CONFIG) -> Office:
        return Office(tmp_path, tmp_path_factory.mktemp("store"), "delta", text)

    return made


def test_a_dry_run_says_what_it_would_do_and_what_would_be_in_the_way(
    run: Callable[..., Any], make: Callable[..., Office], golden: Callable[[Path, str], None]
) -> None:
    office = make(CONFIG.replace("stable_seconds = 0", "stable_seconds = 600") + TOLD)
    office.drop([ORPHAN], "clinic-DOE.csv")
    (office.root / "inbox" / "clinic-link.csv").symlink_to(office.file)
    office.drop([ORPHAN], "other.csv")
    told = run("nightly", "--dry-run", "--as-of", "2025-11-10")
    assert (told.code, told.err) == (0, "")
    assert "DOE" not in told.out
    golden(SNAPSHOTS / "nightly-dry-run.txt", told.out)
    assert sorted(p.name for p in office.root.iterdir()) == ["auditor.toml", "inbox"]


def test_a_feed_that_there_is_not_is_told_and_nothing_else(
    run: Callable[..., Any], make: Callable[..., Office]
) -> None:
    make()
    told = run("nightly", "--dry-run", "--feed", "nope")
    assert (told.code, told.out) == (2, "")
    assert told.err == "Error: There is no feed nope. The configuration has: clinic.\n"


@pytest.mark.parametrize("dry_run", [("--dry-run",), ()])
def test_a_day_far_ahead_is_refused_before_anything_is_made(
    run: Callable[..., Any], make: Callable[..., Office], dry_run: tuple[str, ...]
) -> None:
    office = make()
    office.drop([ORPHAN])
    told = run("nightly", *dry_run, "--as-of", "2999-01-01")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("Error: --as-of: 2999-01-01 is ")
    assert sorted(p.name for p in office.root.iterdir()) == ["auditor.toml", "inbox"]


def test_metrics_that_cannot_be_written_are_told_before_the_work(
    run: Callable[..., Any], make: Callable[..., Office]
) -> None:
    office = make()
    office.drop([ORPHAN])
    told = run("nightly", "--metrics", "none/night.prom")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("Error: none/night.prom: The metrics cannot be written")
    assert office.files()["inbox"] == ["clinic.csv"]


def test_metrics_that_fail_after_the_work_hide_nothing_of_the_night(
    run: Callable[..., Any], make: Callable[..., Office]
) -> None:
    office = make()
    (office.root / "inbox" / "clinic.csv").write_text("no,claims\n1,2\n")
    (office.root / "night.prom").mkdir()
    told = run("nightly", "--metrics", "night.prom")
    assert told.code == 3
    assert "clinic: not audited" in told.out
    assert "night.prom: The metrics cannot be written" in told.err


def test_a_password_that_is_missing_is_told_in_words_of_the_configuration(
    run: Callable[..., Any], make: Callable[..., Office], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUDITOR_REPORT_PASSWORD", raising=False)
    office = make(CONFIG + "encrypt = true\n")
    office.drop([ORPHAN])
    told = run("nightly", "--as-of", "2025-11-10")
    assert told.code == 2
    text = " ".join(told.out.split())
    assert "encrypt = true needs a password." in text
    assert "with report_password_file." in text
    assert "--" not in text
    assert office.files()["inbox"] == ["clinic.csv"]


def test_the_log_tells_of_a_night_from_its_begin_to_its_end(
    run: Callable[..., Any], make: Callable[..., Office]
) -> None:
    office = make()
    (office.root / "inbox" / "clinic-DOE.csv").write_text("no,claims\n1,2\n")
    told = run("nightly", "--log-format", "json")
    events = [json.loads(each) for each in told.err.splitlines()]
    assert [each["event"] for each in events] == [
        "night", "feed", "feed-done", "warning", "failed", "night-done",
    ]  # fmt: skip
    assert events[-1]["exit_code"] == told.code == 3
    assert "(withheld)" not in told.err
    assert "DOE" not in told.err + told.out
