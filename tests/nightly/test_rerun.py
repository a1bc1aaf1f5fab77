"""A run audited again: the version before stays, what it alone found closes, and nothing is new
for a second time."""

from __future__ import annotations

import errno
import random
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from auditor.cli import main
from auditor.errors import AuditorError, ConfigError, ExitCode, InputRejected
from auditor.ledger import runs, store
from auditor.nightly import manifest as evidence
from auditor.nightly.lineage import Lineage
from auditor.nightly.rerun import rerun
from tests.nightly.killing import Killed, planned
from tests.nightly.office import CONFIG, Office, line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auditor.nightly.rerun import Again


def unsaid(code: str, claim: str, patient: str = "P1") -> tuple[str, ...]:
    """A row that leaves the line of business to the configuration."""
    return tuple("" if cell == "Medicare" else cell for cell in line(code, claim, patient=patient))


ORPHAN = unsaid("77002", "C1")
VISIT = unsaid("99213", "C2", "P2")
OTHER = unsaid("77002", "C4", "P4")
PART, WHOLE = unsaid("93005", "C7", "P6"), unsaid("93000", "C6", "P6")
ADD_ON, ITS_PRIMARY = unsaid("77002", "C8", "P8"), unsaid("20610", "C9", "P8")
SECOND_EXPORT = (ORPHAN, VISIT, PART, WHOLE, OTHER, ADD_ON, unsaid("99214", "C9", "P8"))
EXPORTS = (
    (ORPHAN, VISIT, PART, ADD_ON, ITS_PRIMARY),
    SECOND_EXPORT,
    (*SECOND_EXPORT, unsaid("20610", "C3")),
)
"""Month to date: an orphan; then another, a code that makes a pair with one of the first night, and
a primary that was none; then the primary that clears the first orphan."""
DAYS = ("2025-11-04", "2025-11-05", "2025-11-06")
FIRST, SECOND, LAST = (f"{day}-clinic" for day in DAYS)
LATER = "2025-12-01"
WHY = "the tables of the quarter"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, reference: Path) -> Office:
    """An office after three nights."""
    office = Office(tmp_path_factory.mktemp("made") / "office", reference, "snapshot", report=True)
    for number, (day, rows) in enumerate(zip(DAYS, EXPORTS, strict=True)):
        office.drop(rows, f"clinic-{number}.csv")
        office.night(day)
    return office


@pytest.fixture
def office(made: Office, tmp_path: Path) -> Office:
    return made.copy(tmp_path / "office")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which 99213, and not 20610, is the primary of 77002; invented."""
    folder = tmp_path_factory.mktemp("tables")
    row = f"{'1':1}{'77002':5}{'':7}{'99213':5}{'':7}{'2013001':7}{'':7}{'':255}\r\n"
    (folder / "AOC_V2025Q4-MCR.txt").write_text(row)
    assert main(["reference", "import", str(folder), "--reference", str(folder / "store")]) == 0
    return folder / "store"


def again(
    office: Office,
    run_id: str,
    *,
    with_later: bool = False,
    reason: str = WHY,
    report: bool = False,
) -> Again:
    done = rerun(office.at(LATER, report=report), run_id, reason, with_later=with_later)
    if office.errors:
        raise office.errors[0]
    return done


def ids(done: Again) -> list[tuple[str, str | None]]:
    return [(version.before, version.outcome.run_id) for version in done.versions]


def rows(office: Office, query: str) -> list[Any]:
    with store.opened(office.root / "state" / "ledger.sqlite") as ledger:
        return ledger.execute(query).fetchall()


def still_open(office: Office) -> list[tuple[str, str, str]]:
    """Claim, rule and first day of what is open."""
    return rows(office, "SELECT claim_id, rule_id, first_seen FROM open_findings ORDER BY 1, 2")


def events(office: Office) -> list[tuple[str, str, str, str]]:
    """Run, claim, rule and event, as they were recorded."""
    return rows(
        office,
        "SELECT run_id, claim_id, rule_id, event FROM finding_events"
        " JOIN findings USING (finding) JOIN runs ON runs.run = finding_events.run"
        " ORDER BY event_id",
    )


def digests(office: Office) -> dict[str, str]:
    """Run id -> digest of its findings."""
    found = rows(office, "SELECT run_id, manifest FROM runs ORDER BY run")
    return {run_id: evidence.from_json(text).findings_digest for run_id, text in found}


def said(office: Office, run_id: str) -> list[tuple[object, ...]]:
    """The findings of a run, without where their lines were read."""
    (path,) = (office.root / "outbox" / run_id[:10] / run_id[11:]).glob("*-findings.parquet")
    return pl.read_parquet(path).drop("source_file", "run_id").rows()


def standing(office: Office) -> list[str]:
    with store.opened(office.root / "state" / "ledger.sqlite") as ledger:
        view = Lineage.of(ledger, "clinic").standing
        return [runs.run_at(ledger, run).run_id for run in view]


def bytes_of(office: Office, *folders: str) -> dict[str, bytes]:
    return {
        path.relative_to(office.root).as_posix(): path.read_bytes()
        for folder in folders
        for path in (office.root / folder).rglob("*")
        if path.is_file()
    }


def test_the_version_before_is_left_as_it_was(office: Office) -> None:
    before = bytes_of(office, "outbox", "archive", "state/manifests", "state/history")
    tables = ("runs", "run_files", "segments", "findings", "finding_events", "nights")
    known = {t: rows(office, f"SELECT * FROM {t}") for t in tables}
    found = still_open(office)
    done = again(office, LAST, report=True)
    assert ids(done) == [(LAST, f"{LAST}.v2")]
    after = bytes_of(office, "outbox", "archive", "state/manifests", "state/history")
    assert {name: after[name] for name in before} == before
    for table, then in known.items():
        assert rows(office, f"SELECT * FROM {table}")[: len(then)] == then
    made = {name for name in after if name not in before}
    assert {name for name in made if name.startswith("outbox")} == {
        f"outbox/{DAYS[2]}/clinic.v2/clinic-{DAYS[2]}.v2{end}"
        for end in (".xlsx", "-findings.parquet", "-summary.json")
    }
    assert f"state/manifests/{LAST}.v2.json" in made
    folder = office.root / "outbox" / DAYS[2] / "clinic.v2"
    text = (folder / f"clinic-{DAYS[2]}.v2-summary.json").read_text()
    assert f"It takes the place of {LAST}" in text
    found_now = pl.read_parquet(folder / f"clinic-{DAYS[2]}.v2-findings.parquet")
    assert set(found_now["run_id"]) == {f"{LAST}.v2"}
    assert set(found_now["source_file"]) == {"clinic-2.csv"}
    # as of the day of the run, with what holds today: nothing differs, so nothing became of it
    told = digests(office)
    assert told[f"{LAST}.v2"] == told[LAST]
    assert still_open(office) == found
    assert rows(office, "SELECT count(*) FROM nights") == [(3,)]
    assert rows(office, "SELECT count(*) FROM deliveries") == [(0,)]
    (row,) = rows(
        office,
        "SELECT version, rerun_of, reason, as_of, recorded_at > as_of FROM runs"
        f" WHERE run_id = '{LAST}.v2'",
    )
    assert row == (2, 3, WHY, DAYS[2], 1)
    assert list((office.root / "state" / "staging").iterdir()) == []


def test_a_version_of_a_version(office: Office) -> None:
    counts = rows(office, "SELECT finding, runs_found FROM open_findings ORDER BY 1")
    again(office, LAST)
    done = again(office, LAST)  # the same words are another rerun all the same
    assert ids(done) == [(f"{LAST}.v2", f"{LAST}.v3")]
    assert ids(again(office, f"{LAST}.v2")) == [(f"{LAST}.v3", f"{LAST}.v4")]
    assert standing(office) == [FIRST, SECOND, f"{LAST}.v4"]
    # the same night is no further one
    assert rows(office, "SELECT finding, runs_found FROM open_findings ORDER BY 1") == counts


def test_another_line_of_business(office: Office) -> None:
    """It is told as changed, keeps its first day, and is new for no second time."""
    before = {(c, r): day for c, r, day in still_open(office)}
    office.text = CONFIG.replace('"medicare"', '"commercial"')
    office.__post_init__()
    done = again(office, FIRST, with_later=True)
    assert done.exit_code == ExitCode.DONE
    after = {(c, r): day for c, r, day in still_open(office)}
    assert all(before[known] == after[known] for known in before.keys() & after.keys())
    new = [e for e in events(office) if e[0].endswith(".v2") and e[3] == "new"]
    assert {(c, r) for _, c, r, _ in new}.isdisjoint(before)
    tiers = "SELECT tier FROM open_findings WHERE rule_id = 'PTP-1'"
    assert rows(office, tiers) == [("review",)]
    # and back: the rows of the ledger tell the whole story
    office.text = CONFIG
    office.__post_init__()
    again(office, FIRST, with_later=True, reason="it was Medicare after all")
    assert {(c, r): day for c, r, day in still_open(office)} == before
    assert rows(office, tiers) == [("certain",)]
    assert [e for e in events(office) if e[2] == "PTP-1"] == [
        (SECOND, "C7", "PTP-1", "new"),
        (f"{SECOND}.v2", "C7", "PTP-1", "changed"),
        (f"{SECOND}.v3", "C7", "PTP-1", "changed"),
    ]


def test_a_rule_that_does_not_run_any_more(office: Office) -> None:
    """Its findings close although it judged nothing: no run that stands says so any more."""
    assert ("C1", "AOC-1") in {(e[1], e[2]) for e in events(office)}
    office.text = CONFIG.replace("[nightly]", 'ignore = ["AOC"]\n[nightly]')
    office.__post_init__()
    again(office, FIRST, with_later=True, reason="AOC was\nswitched on too  early")
    assert [r for _, r, _ in still_open(office) if r == "AOC-1"] == []
    (why,) = rows(
        office, "SELECT DISTINCT why FROM finding_events JOIN findings USING (finding)"
        " JOIN runs ON runs.run = finding_events.run"
        " WHERE event = 'resolved' AND version = 2 AND rule_id = 'AOC-1'",
    )  # fmt: skip
    assert why[0] == (
        "The run was audited again, and does not make the finding any more. The reason given:"
        " AOC was switched on too early"
    )


def test_a_rule_that_is_ignored_now_leaves_what_other_runs_found(office: Office) -> None:
    office.text = CONFIG.replace("[nightly]", 'ignore = ["AOC"]\n[nightly]')
    office.__post_init__()
    again(office, LAST)
    assert [c for c, r, _ in still_open(office) if r == "AOC-1"] == ["C4", "C8"]


def test_tables_that_were_loaded_since(office: Office, tables: Path) -> None:
    """By the new table 20610 is no primary of 77002: the finding it cleared is open again."""
    assert [c for c, r, _ in still_open(office) if r == "AOC-1"] == ["C4", "C8"]
    office.reference = tables
    office.__post_init__()
    again(office, LAST)
    assert [(c, day) for c, r, day in still_open(office) if r == "AOC-1"] == [
        ("C1", DAYS[0]),
        ("C4", DAYS[1]),
        ("C8", DAYS[1]),
    ]
    assert (f"{LAST}.v2", "C1", "AOC-1", "reopened") in events(office)
    text = rows(office, f"SELECT manifest FROM runs WHERE run_id = '{LAST}.v2'")[0][0]
    assert "AOC 2025Q4" in [t.label for t in evidence.from_json(text).reference]


def test_an_older_run_is_refused_without_those_after_it(office: Office) -> None:
    with pytest.raises(ConfigError, match=r"^2 later runs were built on 2025-11-04-clinic,"):
        again(office, FIRST)
    assert rows(office, "SELECT count(*) FROM runs") == [(3,)]
    done = again(office, SECOND, with_later=True)
    assert ids(done) == [(SECOND, f"{SECOND}.v2"), (LAST, f"{LAST}.v2")]
    assert standing(office) == [FIRST, f"{SECOND}.v2", f"{LAST}.v2"]


def test_nothing_is_told_twice_of_a_month_that_is_audited_again(office: Office) -> None:
    """A finding that a later run closed stays closed: it is not reopened and closed anew."""
    before, found = events(office), still_open(office)
    done = again(office, FIRST, with_later=True)
    assert events(office) == before
    assert still_open(office) == found
    for version in done.versions:
        # but for the name of the run that brought a line, which is another version now
        assert said(office, version.outcome.run_id or "") == said(office, version.before)
    with store.opened(office.root / "state" / "ledger.sqlite") as ledger:
        assert len(runs.last_figures(ledger, "clinic", 10)) == 3  # a rerun is no night more
        assert runs.unfinished(ledger) == []
        assert {len(run.steps) for run in runs.runs(ledger)} == {3}
    figures = [version.outcome.figures for version in done.versions]
    assert [f and (sum(f.new.values()), f.reopened, f.resolved) for f in figures] == [(0, 0, 0)] * 3


def test_the_next_night_goes_on_from_the_new_versions(office: Office) -> None:
    again(office, FIRST, with_later=True)
    office.drop((*EXPORTS[2], unsaid("20610", "C5", "P4")), "clinic-9.csv")
    outcome = office.night("2025-11-07")
    figures = outcome.feeds[0].figures
    assert figures is not None
    assert (figures.lines_seen_before, figures.lines_audited) == (8, 1)
    assert standing(office)[-1] == "2025-11-07-clinic"
    assert [c for c, r, _ in still_open(office) if r == "AOC-1"] == ["C8"]


def test_a_feed_that_was_taken_for_whole_claims(reference: Path, tmp_path: Path) -> None:
    """snapshot for lines that come one by one ends good lines; delta brings back what it closed."""
    office = Office(tmp_path / "office", reference, mode="snapshot")
    office.drop((line("77002", "C1", 1), line("99213", "C1", 2, dos="2025-06-01")), "clinic-1.csv")
    office.night(DAYS[0])
    office.drop((line("99213", "C1", 2, dos="2025-06-01", charge="99.00"),), "clinic-2.csv")
    office.night(DAYS[1])
    assert ("C1", "AOC-1", DAYS[0]) not in still_open(office)
    office.mode = "delta"
    office.__post_init__()
    again(office, SECOND)
    assert ("C1", "AOC-1", DAYS[0]) in still_open(office)


def test_what_is_told_once_of_many_lines(reference: Path, tmp_path: Path) -> None:
    """A wrong NPI is told on its first line: when that is no line any more, on the next one."""
    office = Office(tmp_path / "office", reference, "delta", CONFIG + "year_pivot = 50\n")
    days = ("11/13/25", *(f"11/{n}/2025" for n in range(14, 29)))
    office.drop(
        [line("99213", f"C{n}", dos=day, npi="1234567890") for n, day in enumerate(days)],
        "clinic-1.csv",
    )
    office.night("2025-12-01")
    told = "SELECT claim_id FROM open_findings WHERE rule_id = 'NPI-1'"
    assert rows(office, told) == [("C0",)]
    office.text = CONFIG  # years of two digits are not read now
    office.__post_init__()
    assert again(office, "2025-12-01-clinic").exit_code == ExitCode.INCOMPLETE
    assert rows(office, told) == [("C1",)]


def test_what_is_refused(office: Office) -> None:
    with pytest.raises(ConfigError, match=r"^There is no run 2025-11-04-lab\."):
        again(office, "2025-11-04-lab")
    with pytest.raises(ConfigError, match="needs a reason"):
        again(office, LAST, reason=" \n")
    text = office.file.read_text()
    office.file.write_text(text.replace("feeds.clinic", "feeds.lab"))
    with pytest.raises(ConfigError, match=r"^The configuration has no feed clinic any more\."):
        again(office, LAST)
    office.file.write_text(text)
    (path,) = (office.root / "archive").rglob("*-clinic-2.csv")
    good = path.read_bytes()
    path.write_bytes(good.replace(b"77002", b"77003"))
    with pytest.raises(InputRejected, match="was changed in the archive") as caught:
        again(office, LAST)
    assert "clinic-2" not in str(caught.value)
    path.unlink()
    with pytest.raises(InputRejected, match="cannot be read in the archive"):
        again(office, LAST)
    assert rows(office, "SELECT count(*) FROM runs") == [(3,)]


def test_a_layout_that_changed_since(office: Office) -> None:
    """An old export is held to the layout that it came under, not to the one of today."""
    (office.root / "state" / "layouts" / "clinic.toml").write_text("header = [\n", encoding="utf-8")
    assert ids(again(office, LAST)) == [(LAST, f"{LAST}.v2")]


def came_to(office: Office) -> dict[str, object]:
    """Everything that must be the same whatever happened on the way."""
    return {
        "runs": rows(office, "SELECT run, run_id, version, rerun_of, reason, folder FROM runs"),
        "steps": rows(office, "SELECT run, step FROM run_steps ORDER BY 1, 2"),
        "segments": rows(office, "SELECT * FROM segments"),
        "events": rows(office, "SELECT run, finding, event, tier, why FROM finding_events"),
        "open": rows(office, "SELECT finding, last_run, runs_found FROM open_findings ORDER BY 1"),
        "places": office.files(),
    }


@pytest.fixture(scope="module")
def calm(
    made: Office, tables: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Office, dict[str, object], list[str]]]:
    """A rerun of two runs with new tables that nobody disturbed: before it, what it came to, its
    operations."""
    before = made.copy(tmp_path_factory.mktemp("calm") / "before")
    before.reference = tables
    before.__post_init__()
    office = before.copy(tmp_path_factory.mktemp("calm") / "office")
    with planned(office.root, None) as seen:
        again(office, SECOND, with_later=True, report=True)
    return before, came_to(office), seen


def broken_off(
    calm: tuple[Office, dict[str, object], list[str]], room: Path, at: int, error: int | None
) -> None:
    before, wanted, seen = calm
    office = before.copy(room / str(at))
    what = f"{at}: {seen[at - 1]}"
    with planned(office.root, at, error):
        if error is None:
            with pytest.raises(Killed):
                again(office, SECOND, with_later=True, report=True)
        else:
            with suppress(AuditorError):
                again(office, SECOND, with_later=True, report=True)
    assert standing(office)[0] == FIRST
    assert {name.endswith(".v2") for name in standing(office)[1:]} in ({True}, {False}), what
    again(office, SECOND, with_later=True, report=True)
    assert came_to(office) == wanted, what
    shutil.rmtree(office.root)


def last_commit(seen: list[str]) -> int:
    """The operation after which the whole rerun was told: the same command makes new versions."""
    return max(n for n, what in enumerate(seen, start=1) if what.startswith("sql COMMIT"))


def test_a_killed_rerun_is_gone_on_with_by_the_same_call(
    calm: tuple[Office, dict[str, object], list[str]], tmp_path: Path
) -> None:
    seen = calm[2]
    commits = [n for n, what in enumerate(seen, start=1) if what.startswith("sql COMMIT")]
    dice = random.Random(7)  # noqa: S311 - a sample
    for at in (dice.randrange(1, last_commit(seen)), commits[0] + 1, commits[-1]):
        broken_off(calm, tmp_path, at, None)


@pytest.mark.long
@pytest.mark.parametrize("error", [None, errno.ENOSPC], ids=["killed", "disk-full"])
def test_at_every_operation(
    calm: tuple[Office, dict[str, object], list[str]], tmp_path: Path, error: int | None
) -> None:
    for at in range(1, last_commit(calm[2]) + 1):
        broken_off(calm, tmp_path, at, error)


def test_a_night_between_the_halves_of_a_rerun(
    calm: tuple[Office, dict[str, object], list[str]], tmp_path: Path
) -> None:
    """It looks back at the old versions, and is audited again with the others afterwards."""
    before, _, seen = calm
    office = before.copy(tmp_path / "office")
    first = next(n for n, what in enumerate(seen, start=1) if "INSERT INTO segments" in what)
    with planned(office.root, first + 2), pytest.raises(Killed):
        again(office, SECOND, with_later=True, report=True)
    assert [r for (r,) in rows(office, "SELECT run_id FROM runs ORDER BY run")][3:] == [
        f"{SECOND}.v2"
    ]
    office.drop((*EXPORTS[2], unsaid("20610", "C5", "P4")), "clinic-9.csv")
    assert office.night("2025-11-07").exit_code == ExitCode.DONE
    assert standing(office) == [FIRST, SECOND, LAST, "2025-11-07-clinic"]
    done = again(office, SECOND, with_later=True, report=True)
    assert ids(done) == [
        (SECOND, f"{SECOND}.v2"),
        (LAST, f"{LAST}.v2"),
        ("2025-11-07-clinic", "2025-11-07-clinic.v2"),
    ]
    assert standing(office) == [FIRST, f"{SECOND}.v2", f"{LAST}.v2", "2025-11-07-clinic.v2"]


def test_a_rerun_that_was_broken_off_and_is_meant_otherwise_now(
    calm: tuple[Office, dict[str, object], list[str]], tmp_path: Path
) -> None:
    """With other settings nothing of it is taken over."""
    before, _, seen = calm
    office = before.copy(tmp_path / "office")
    first = next(n for n, what in enumerate(seen, start=1) if "INSERT INTO segments" in what)
    with planned(office.root, first + 2), pytest.raises(Killed):
        again(office, SECOND, with_later=True, report=True)
    office.text = CONFIG.replace('"medicare"', '"commercial"')
    office.__post_init__()
    done = again(office, SECOND, with_later=True, report=True)
    assert ids(done) == [(f"{SECOND}.v2", f"{SECOND}.v3"), (LAST, f"{LAST}.v2")]
    assert standing(office) == [FIRST, f"{SECOND}.v3", f"{LAST}.v2"]
