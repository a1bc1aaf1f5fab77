"""`auditor nightly rerun` and `auditor reproduce`: what they print, whole, and their exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor.ledger import opened
from auditor.ledger.store import transaction
from auditor.nightly import aged_rows
from tests.nightly.office import CONFIG, Office, line

if TYPE_CHECKING:
    from collections.abc import Callable

SNAPSHOTS = Path(__file__).parent / "snapshots"
FIRST, LAST = "2025-11-04-clinic", "2025-11-05-clinic"
HELD = ("PT-77", "CLM-9931", "1234567893")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Two nights: an add-on without a primary, and the primary."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "store").mkdir()
    office = Office(folder / "office", folder / "store", text=CONFIG, report=True)
    rows = [line("77002", "CLM-9931", patient="PT-77"), line("99213", "CLM-9932", patient="PT-78")]
    office.drop(rows, "clinic-1.csv")
    office.night("2025-11-04")
    office.drop([line("20610", "CLM-9933", patient="PT-77")], "clinic-2.csv")
    office.night("2025-11-05")
    return office


@pytest.fixture
def office(made: Office, tmp_path: Path) -> Office:
    return made.copy(tmp_path / "office")


def plain(text: str, office: Office) -> str:
    """Without the folder, the seconds and the versions of this machine."""
    text = text.replace(f"{office.root}", "OFFICE")
    text = re.sub(r"\d+\.\d s\b", "0.0 s", text)
    text = re.sub(r"SHA-256 [0-9a-f]{64}", "SHA-256 ...", text)
    return re.sub(
        r"auditor \S+, rule set \S+, polars\s+\S+", "auditor V, rule set V, polars V", text
    )


def test_a_rerun(
    run: Callable[..., Any], office: Office, golden: Callable[[Path, str], None]
) -> None:
    config = ("--config", str(office.file))
    refused = run("nightly", "rerun", FIRST, "--reason", "a test", *config)
    assert (refused.code, refused.out) == (2, "")
    told = run("nightly", *config, "rerun", FIRST, "--reason", "a test", "--with-later")
    assert (told.code, told.err) == (0, "")
    golden(SNAPSHOTS / "nightly-rerun.txt", plain(refused.err + "\n" + told.out, office))
    assert [value for value in HELD if value in told.out + refused.err] == []


def test_a_rerun_exits_as_a_night_does(run: Callable[..., Any], office: Office) -> None:
    text = office.file.read_text()
    office.file.write_text(text.replace("[nightly]", 'fail_on = "review"\n[nightly]'))
    told = run("nightly", "rerun", LAST, "--reason", "a test", "--config", str(office.file))
    assert told.code == 1


def test_equal(
    run: Callable[..., Any], office: Office, tmp_path: Path, golden: Callable[[Path, str], None]
) -> None:
    config = ("--config", str(office.file))
    told = run("reproduce", LAST, *config)
    assert (told.code, told.err) == (0, "")
    golden(SNAPSHOTS / "reproduce.txt", plain(told.out, office))
    told = run("reproduce", FIRST, *config, "--out", "proof")
    assert told.code == 0
    assert {p.name for p in (tmp_path / "proof").iterdir()} == {
        f"{FIRST}-findings.parquet",
        f"{FIRST}-reproduced.json",
    }
    modes = {p.stat().st_mode & 0o777 for p in (tmp_path / "proof").iterdir()}
    assert modes == {0o600}
    answer = json.loads((tmp_path / "proof" / f"{FIRST}-reproduced.json").read_text())
    assert (answer["equal"], answer["changes"], answer["differences"]) == (True, None, [])
    assert answer["digest_then"] == answer["digest_now"]
    refused = run("reproduce", FIRST, *config, "--out", "proof")
    assert (refused.code, refused.out) == (2, "")
    assert "is there already" in refused.err


def test_not_equal(
    run: Callable[..., Any], office: Office, golden: Callable[[Path, str], None]
) -> None:
    with opened(office.root / "state" / "ledger.sqlite") as ledger:
        (text,) = ledger.execute("SELECT manifest FROM runs WHERE run = 2").fetchone()
        digest = json.loads(text)["findings_digest"]
        other = text.replace(digest, "0" * 64).replace('\n  "findings": 1,', '\n  "findings": 7,')
        with transaction(ledger), aged_rows.unguarded(ledger):
            ledger.execute("UPDATE runs SET manifest = ? WHERE run = 2", (other,))
    told = run("reproduce", LAST, "--config", str(office.file))
    assert (told.code, told.err) == (1, "")
    golden(SNAPSHOTS / "reproduce-not-equal.txt", plain(told.out, office))
