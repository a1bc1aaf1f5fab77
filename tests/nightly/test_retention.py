"""What is kept how long: by age, under legal hold, and whatever a killed purge left behind."""

from __future__ import annotations

import gzip
import io
import sqlite3
import sys
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from auditor.errors import ConfigError, LedgerBusy, LedgerError
from auditor.ledger import opened
from auditor.nightly import doomed, holds, retention
from auditor.nightly.held_files import in_text
from auditor.nightly.purging import compact, purge
from auditor.nightly.retention import Counted
from tests.nightly.site import OLD, YOUNG, Site, Stored

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TABLES = (
    "runs", "run_files", "run_steps", "segments", "findings", "finding_events", "open_findings",
    "dispositions", "imports", "nights", "deliveries", "files_again", "holds",
)  # fmt: skip
DUE = ("archive", "outputs", "ledger", "history")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def full(tmp_path: Path) -> Site:
    """Two old runs, a young one and ten between; findings in every state; decisions; nights."""
    return filled(Site(tmp_path))


def filled(site: Site) -> Site:
    site.run(1, "2019-02-01", patients=("P1", "P2"))
    site.run(2, OLD, patients=("P3",))
    for run in range(3, 13):
        site.run(run, "2026-10-01")
    site.run(13, YOUNG)
    site.finding("closed", (1, "new"), (2, "resolved"))
    site.finding("open", (1, "new"), is_open=True)
    site.finding("young", (1, "new"), (13, "resolved"))
    site.finding("decided", (1, "new"), (2, "resolved"))
    site.decide("closed", "2019-03-02", "2019-03-05")
    site.decide("open", "2019-03-02")
    site.decide("decided", "2019-03-02", "2026-11-02")
    site.night("2019-03-01")
    site.night("2026-11-01")
    site.store.rows = {"clinic": [("P1", date(2019, 1, 5)), ("P3", date(2026, 1, 5))]}
    with opened(site.ledger) as ledger:
        ledger.execute(
            "INSERT INTO files_again (feed, sha256, name, run, seen_at)"
            " VALUES ('clinic', 'sha-1', 'DOE JANE (2).csv', 1, '2019-04-01T02:00:00+00:00')"
        )
    return site


def told(plan: retention.Plan) -> set[tuple[str, str, int]]:
    return {(due.kind, due.what, due.items) for due in plan.due}


def kept(plan: retention.Plan) -> set[tuple[str, str, int]]:
    return {(each.kind, each.why, each.items) for each in plan.kept}


def dump(site: Site) -> dict[str, list[tuple[object, ...]]]:
    return {table: site.rows(table) for table in TABLES}


def test_nothing_old_nothing_goes(site: Site) -> None:
    site.run(1, YOUNG)
    site.finding("f", (1, "new"), (1, "resolved"))
    site.decide("f", YOUNG)
    site.night(YOUNG)
    before = site.files(), dump(site)
    assert told(site.plan()) == set()
    assert site.purge().logged == ()
    assert (site.files(), dump(site)) == before
    assert site.rows("purges") == []


def test_what_is_old_goes_by_kind(full: Site) -> None:
    plan = full.plan()
    assert told(plan) == {
        ("archive", "exports of clinic", 2),
        ("outputs", "reports of clinic", 2),
        ("ledger", "findings", 1),
        ("ledger", "events of findings", 2),
        ("ledger", "decisions of reviewers", 2),
        ("ledger", "imports of decisions", 2),
        ("ledger", "nights", 1),
        ("ledger", "deliveries", 1),
        ("ledger", "files that came again", 1),
        ("history", "audited lines of clinic", 1),
    }
    (exports,) = (due for due in plan.due if due.kind == "archive")
    assert (exports.oldest, exports.newest) == (date(2019, 2, 1), date(2019, 3, 1))
    assert kept(plan) == {("ledger", "findings that are still open", 1)}
    done = full.purge()
    assert set(done.logged) == told(plan)
    assert done.compacted
    assert [f for f in full.files() if "2019" in f] == []
    assert len([f for f in full.files() if f.startswith("archive")]) == 11
    assert full.rows("findings", "finding_id") == [("decided",), ("open",), ("young",)]
    assert full.rows("dispositions", "DISTINCT finding_id") == [("decided",), ("open",)]
    assert full.rows("nights", "ended_at") == [("2026-11-01T03:00:00+00:00",)]
    assert len(full.rows("deliveries")) == 1
    assert full.rows("files_again") == []
    assert full.store.rows == {"clinic": [("P3", date(2026, 1, 5))]}
    log = full.rows("purges", "kind, what, items, older_than, purged_by")
    assert {row[:3] for row in log} == told(plan)
    assert {row[3:] for row in log} == {("2020-11-21", "me")}


def test_runs_and_digests_stay_for_ever_without_their_names(full: Site) -> None:
    """A file of six years ago that comes again is still known; its name may be a patient's."""
    full.purge()
    assert len(full.rows("runs")) == 13
    assert full.rows("run_files", "run, sha256, name, archived")[:3] == [
        (1, "sha-1", "", ""),
        (2, "sha-2", "", ""),
        (3, "sha-3", "DOE JANE.csv", "clinic/2026-10/000000000003-DOE JANE.csv"),
    ]
    assert len(full.rows("run_steps")) == 26
    with opened(full.ledger) as ledger:
        assert ledger.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_second_purge_finds_nothing(full: Site) -> None:
    full.purge()
    before = full.files(), dump(full), full.rows("purges")
    assert told(full.plan()) == set()
    assert full.purge().logged == ()
    assert (full.files(), dump(full), full.rows("purges")) == before


def test_the_plan_changes_nothing(full: Site) -> None:
    before = full.files(), dump(full), full.store.rows
    full.plan()
    assert (full.files(), dump(full), full.store.rows) == before


@pytest.mark.parametrize("kind", DUE)
def test_one_kind_alone(full: Site, kind: retention.Kind) -> None:
    plan = full.plan(kind)
    assert {due.kind for due in plan.due} == {kind}
    assert {row[0] for row in full.purge(kind).logged} == {kind}
    still = {due.kind for due in full.plan().due}
    assert still == set(DUE) - {kind}


def test_zero_days_are_for_ever(full: Site) -> None:
    full.keep(archive=0, outputs=0, ledger=0, history=0)
    assert full.plan().before == {}
    assert full.purge().logged == ()


def test_the_last_day_is_kept(site: Site) -> None:
    site.run(1, "2026-11-12")
    site.keep(archive=10, outputs=0, ledger=0, history=0)
    assert told(site.plan()) == set()
    site.keep(archive=9, outputs=0, ledger=0, history=0)
    assert told(site.plan()) == {("archive", "exports of clinic", 1)}


def test_the_manifest_of_a_run_goes_when_nothing_of_it_is_left(full: Site) -> None:
    """Not while its files stand, not while a finding tells of it, not of the newest ten."""
    full.run(14, YOUNG)
    manifest = full.nightly.state / "manifests" / "run-2.json"
    full.purge("ledger")
    assert manifest.exists()  # its exports and reports are there
    full.purge()
    assert manifest.exists()  # a finding of a young decision tells of it
    with opened(full.ledger) as ledger:
        ledger.executescript("DROP TRIGGER imports_no_update; DROP TRIGGER dispositions_no_update;")
        ledger.execute("UPDATE imports SET imported_at = '2019-03-02T00:00:00+00:00'")
        ledger.execute("UPDATE dispositions SET decided_on = '2019-03-02'")
    assert ("ledger", "manifests of runs", 1) in told(full.plan())
    full.purge()
    assert not manifest.exists()
    assert full.rows("runs", "run, manifest")[:3] == [(1, "whole"), (2, ""), (3, "whole")]


@pytest.mark.parametrize(
    ("steps", "stays"),
    [((), {"archive", "outputs"}), (("published",), {"archive"}), (("archived",), {"outputs"})],
)
def test_a_run_whose_work_is_not_finished_keeps_its_files(
    site: Site, steps: tuple[str, ...], stays: set[str]
) -> None:
    site.run(1, steps=steps)
    plan = site.plan("archive", "outputs")
    assert {each.kind for each in plan.kept} == stays
    assert {due.kind for due in plan.due} == {"archive", "outputs"} - stays


def test_an_accepted_risk_stays_until_it_ends(site: Site) -> None:
    site.decide("gone", "2019-03-02", until="2027-01-01")
    assert told(site.plan()) == set()
    assert ("ledger", "decisions of reviewers", 1) in told(site.plan(today=date(2034, 1, 1)))


def test_two_runs_of_one_export_keep_it_until_the_newer_is_old(site: Site) -> None:
    site.run(1, OLD)
    site.run(2, YOUNG)
    with opened(site.ledger) as ledger:
        ledger.executescript("DROP TRIGGER run_files_no_update")
        ledger.execute("UPDATE run_files SET archived = 'clinic/2019-03/000000000001-DOE JANE.csv'")
    assert "archive" not in {due.kind for due in site.plan().due}


def test_paths_outside_of_our_folders_are_left_alone(site: Site, tmp_path: Path) -> None:
    site.run(1)
    precious = tmp_path / "precious.csv"
    precious.write_text("x", encoding="utf-8")
    with opened(site.ledger) as ledger:
        ledger.executescript("DROP TRIGGER run_files_no_update; DROP TRIGGER runs_no_update;")
        ledger.execute("UPDATE run_files SET archived = '../precious.csv'")
        ledger.execute("UPDATE runs SET folder = '.'")
    site.purge()
    assert precious.exists()
    assert site.nightly.outbox.is_dir()


def test_an_export_that_is_gone_already_leaves_no_name(site: Site) -> None:
    site.run(1)
    (site.nightly.archive / "clinic/2019-03/000000000001-DOE JANE.csv").unlink()
    assert ("archive", "exports of clinic", 1) in told(site.plan())
    site.purge()
    assert site.rows("run_files", "name, archived") == [("", "")]


# legal hold


def test_a_held_run_keeps_everything_of_it(full: Site) -> None:
    full.hold("run", "run-1")
    assert told(full.plan()) == {
        ("archive", "exports of clinic", 1),
        ("outputs", "reports of clinic", 1),
        ("ledger", "nights", 1),
        ("ledger", "deliveries", 1),
    }
    assert kept(full.plan()) == {
        ("archive", "exports of a run under legal hold", 1),
        ("outputs", "reports of a run under legal hold", 1),
        ("ledger", "findings that are still open", 1),
        ("history", "lines of a feed with a run under legal hold", 1),
    }
    full.purge()
    assert [f for f in full.files() if "2019" in f] == [
        "archive/clinic/2019-02/000000000001-DOE JANE.csv",
        "outbox/2019-02-01/clinic/clinic-2019-02-01.csv",
    ]
    assert len(full.rows("findings")) == 4


@pytest.mark.parametrize(
    ("of_others", "run", "due", "stays"),
    [
        (
            2,
            None,
            {("history", "audited lines of clinic", 2)},
            "lines of patients under legal hold",
        ),
        (0, None, set(), "lines of patients under legal hold"),
        (0, "run-1", set(), "lines of a feed with a run under legal hold"),
    ],
)
def test_lines_of_a_held_patient_are_counted_as_kept(
    site: Site, of_others: int, run: str | None, due: set[tuple[str, str, int]], stays: str
) -> None:
    site.run(1)
    old = date(2019, 1, 5)
    site.store.rows = {"clinic": [("P1", old)] * 3 + [("P2", old)] * of_others}
    assert told(site.plan("history")) == {("history", "audited lines of clinic", 3 + of_others)}
    assert kept(site.plan("history")) == set()
    site.hold("patient", "P1")
    if run is not None:
        site.hold("run", run)
    plan = site.plan("history")
    assert (told(plan), kept(plan)) == (due, {("history", stays, 3)})


def test_a_finding_that_stood_in_a_held_run_is_kept(site: Site) -> None:
    """It has no event of that run, and the run's report shows it all the same."""
    for run in (1, 2, 3):
        site.run(run)
    site.finding("stood", (1, "new"), (3, "resolved"))
    site.finding("later", (3, "new"), (3, "resolved"))
    site.hold("run", "run-2")
    assert ("ledger", "findings", 1) in told(site.plan())
    site.purge()
    assert site.rows("findings", "finding_id") == [("stood",)]


def test_the_night_of_a_held_run_is_kept(site: Site) -> None:
    site.run(1)
    site.night(OLD, '{"feeds": [{"run_id": "run-1"}]}')
    site.night(YOUNG)
    site.hold("run", "run-1")
    assert "nights" not in {due.what for due in site.plan().due}


@pytest.mark.parametrize("spelt", ["P3", "p3", " P3 "])
def test_a_held_patient_keeps_files_and_lines_with_one_of_their_lines(
    full: Site, spelt: str
) -> None:
    full.store.rows["clinic"].append(("P3", date(2019, 1, 6)))
    assert full.hold("patient", spelt) == holds.Added(1, 0, 1)
    assert told(full.plan()) >= {
        ("archive", "exports of clinic", 1),
        ("outputs", "reports of clinic", 1),
        ("history", "audited lines of clinic", 1),
    }
    full.purge()
    assert [f for f in full.files() if "2019" in f] == [
        "archive/clinic/2019-03/000000000002-DOE JANE.csv",
        "outbox/2019-03-01/clinic/clinic-2019-03-01.csv",
    ]
    assert ("P3", date(2019, 1, 6)) in full.store.rows["clinic"]


def test_a_held_patient_keeps_findings_and_decisions(full: Site) -> None:
    full.decide("of a single audit", "2019-03-02")
    assert full.hold("patient", "P1").strangers == 0
    full.purge("ledger")
    assert len(full.rows("findings")) == 4
    # nobody can tell whose line a decision without a finding was about
    assert len(full.rows("dispositions", "DISTINCT finding_id")) == 4


def test_reports_are_kept_by_the_patients_finding_where_the_export_is_gone(site: Site) -> None:
    for run in (1, 2, 3):
        site.run(run, patients=("P9",), version=run)
    site.finding("f", (1, "new"), (2, "resolved"), patient="P1")
    site.purge("archive")
    site.hold("patient", "P1")
    plan = site.plan("outputs")
    assert kept(plan) == {("outputs", "reports with a line of a patient under legal hold", 2)}
    assert [old.runs for old in plan.files] == [(3,)]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("report.csv", b"claim,patient\nC1,P1\n", "with a line"),
        ("report.csv", b"claim,patient\nC1,P2\n", None),
        ("report.jsonl", b'{"patient_id": "xp1x"}\n', "with a line"),
        ("report.xlsx", b"\xd0\xcf\x11\xe0 needs a password", "nobody can tell"),
        ("report.bin", b"P1", "nobody can tell"),
    ],
)
def test_reports_without_an_export_are_looked_into(
    site: Site, name: str, content: bytes, why: str | None
) -> None:
    site.run(1)
    site.purge("archive")
    site.hold("patient", "P1")
    (site.nightly.outbox / OLD / "clinic" / name).write_bytes(content)
    stays = [each.why for each in site.plan("outputs").kept]
    assert [why in each for each in stays] == ([True] if why else []), stays


def test_a_workbook_and_a_parquet_file_are_looked_into(site: Site) -> None:
    import polars as pl
    from openpyxl import Workbook

    site.run(1)
    site.purge("archive")
    site.hold("patient", "A&B <1>")
    folder = site.nightly.outbox / OLD / "clinic"
    book = Workbook()
    book.active.append(["claim", "patient A&B <1>"])  # type: ignore[union-attr]
    book.save(folder / "report.xlsx")
    assert told(site.plan("outputs")) == set()
    (folder / "report.xlsx").unlink()
    assert len(told(site.plan("outputs"))) == 1
    pl.DataFrame({"n": [1], "patient_id": ["a&b <1>"]}).write_parquet(folder / "f.parquet")
    assert told(site.plan("outputs")) == set()


@pytest.mark.parametrize(
    ("name", "content"), [("x.xlsx", b"no workbook"), ("x.zip", b"PK no archive")]
)
def test_an_export_that_cannot_be_read_is_kept(site: Site, name: str, content: bytes) -> None:
    site.run(1)
    old = site.nightly.archive / "clinic/2019-03/000000000001-DOE JANE.csv"
    stored = f"clinic/2019-03/{name}"
    old.rename(site.nightly.archive / stored)
    (site.nightly.archive / stored).write_bytes(content)
    with opened(site.ledger) as ledger:
        ledger.executescript("DROP TRIGGER run_files_no_update")
        ledger.execute("UPDATE run_files SET archived = ?", (stored,))
    assert ("archive", "exports of clinic", 1) in told(site.plan("archive"))
    site.hold("patient", "P7")
    assert [each.why for each in site.plan("archive").kept] == [
        "exports of which nobody can tell whether a held patient is in them"
    ]


HEAD = "claim_id,patient_id,rendering_npi,service_date,code,units,charge\n"
LINE = "C1,{},1679576722,03/21/2019,99213,1,100\n"
REJECTED = "C2,{},1679576722,no day,99213,1,100\n"
OTHERS = (HEAD + LINE.format("P2") * 3 + REJECTED.format("P3")).encode()
HIS = (HEAD + LINE.format("P2") * 3 + REJECTED.format("p1")).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "answer"),
    [
        ("a.zip", zipped({"a.csv": OTHERS, "b/": b"", "b/c.txt": OTHERS}), "no"),
        ("a.zip", zipped({"a.csv": OTHERS, "b/c.txt": HIS}), "yes"),
        ("a.zip", zipped({"a.csv": OTHERS, "read me.pdf": b"%PDF P1"}), "cannot tell"),
        ("a.zip", zipped({"a.csv": OTHERS, "b.zip": zipped({"c.csv": HIS})}), "cannot tell"),
        ("a.zip", zipped({"a.csv": OTHERS})[:-30], "cannot tell"),
        ("a.zip", zipped({"a.csv": OTHERS + bytes(65 << 20)}), "cannot tell"),
        ("a.csv", zipped({"a.csv": HIS}), "yes"),
        ("a.csv.gz", gzip.compress(OTHERS), "no"),
        ("a.csv.gz", gzip.compress(HIS), "yes"),
        ("a.csv.gz", gzip.compress(OTHERS)[:-9], "cannot tell"),
        ("a.pdf.gz", gzip.compress(HIS), "cannot tell"),
        ("a.csv", b"\xd0\xcf\x11\xe0" + HIS, "cannot tell"),
        ("a.csv", HIS, "yes"),
        ("a.csv", OTHERS, "no"),
    ],
)
def test_archives_are_looked_into(tmp_path: Path, name: str, content: bytes, answer: str) -> None:
    """Also for what intake rejects: of those rows nobody knows the patient."""
    path = tmp_path / name
    path.write_bytes(content)
    assert in_text(path, holds.Held(frozenset(), frozenset({"p1"}))) == answer


def test_a_zip_with_rejected_rows_goes_where_the_held_patient_is_not_in_it(site: Site) -> None:
    site.run(1)
    stored = "clinic/2019-03/x.zip"
    (site.nightly.archive / stored).write_bytes(zipped({"a.csv": OTHERS}))
    with opened(site.ledger) as ledger:
        ledger.executescript("DROP TRIGGER run_files_no_update")
        ledger.execute("UPDATE run_files SET archived = ?", (stored,))
    site.hold("patient", "P7")
    assert told(site.plan("archive")) == {("archive", "exports of clinic", 1)}
    site.hold("patient", "P3")
    assert told(site.plan("archive")) == set()


def test_a_hold_is_lifted_and_both_are_kept_as_long_as_the_ledger(site: Site) -> None:
    site.run(1)
    site.hold("run", "run-1")
    assert site.hold("run", "run-1") == holds.Added(0, 1, 0)
    with opened(site.ledger) as ledger:
        (hold,) = holds.standing(ledger)
        assert (hold.what, hold.reason, hold.said_by) == ("run-1", "case 12", "counsel")
        with pytest.raises(ConfigError, match="no standing hold 7"):
            holds.release(ledger, [hold.number, 7], "over", "counsel")
        assert holds.release(ledger, [hold.number], "over", "counsel") == (hold,)
        assert holds.standing(ledger) == ()
    assert told(site.plan()) != set()
    assert len(site.rows("holds")) == 2
    site.purge(today=date(2033, 1, 1))
    assert site.rows("holds") == []


def test_a_run_that_nobody_knows_is_not_held(site: Site) -> None:
    with pytest.raises(ConfigError, match="no run 'run-7'"):
        site.hold("run", "run-7")
    assert site.rows("holds") == []


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [("007", "7", True), ("000", "0", True), ("AbC", "aBc", True), ("0A1", "A1", False)],
)
def test_spellings_of_one_patient(one: str, two: str, same: bool) -> None:  # noqa: FBT001 - a case
    assert (holds.folded(one) == holds.folded(two)) == same


def test_a_hold_put_while_a_purge_was_planned_stops_it(full: Site) -> None:
    plan = full.plan()
    full.hold("run", "run-1")
    before = full.files(), dump(full)
    with opened(full.ledger) as ledger, pytest.raises(LedgerBusy, match="hold was put"):
        purge(ledger, full.nightly, plan, by="me", store=full.store)
    assert (full.files(), dump(full)) == before


# the file of the ledger


def test_nothing_of_what_went_is_left_in_the_ledgers_file(full: Site) -> None:
    full.finding("secret", (1, "new"), (2, "resolved"), patient="MRN-SECRET-77")
    folder = full.nightly.state

    def found() -> bool:
        return any(b"MRN-SECRET-77" in p.read_bytes() for p in folder.glob("ledger.sqlite*"))

    assert found()
    full.purge()
    assert not found()


def test_the_ledger_is_append_only_again_after_a_purge(full: Site) -> None:
    before = full.rows("sqlite_master", "name, sql")
    full.purge()
    assert full.rows("sqlite_master", "name, sql") == before
    with (
        pytest.raises(LedgerError, match="only ever added"),
        opened(full.ledger) as ledger,
    ):
        ledger.execute("DELETE FROM findings")


def test_a_ledger_that_is_being_read_is_not_written_anew(full: Site) -> None:
    with opened(full.ledger, patience=0.1) as ledger, opened(full.ledger) as reader_:
        reader_.execute("BEGIN")
        reader_.execute("SELECT count(*) FROM runs").fetchone()
        assert not compact(ledger)
        reader_.execute("COMMIT")
        assert compact(ledger)


# a kill at every operation


class Killed(BaseException):
    """The process died here."""


class Fuse:
    """Kills at the operation of this number, and whatever is tried after it."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.folder = ""

    def burn(self) -> None:
        if self.left is None:
            return
        if self.left <= 0:
            raise Killed
        self.left -= 1


FUSE = Fuse()
OPERATIONS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "shutil.rmtree"}


def watch(event: str, args: tuple[Any, ...]) -> None:
    if FUSE.left is not None and event in OPERATIONS and FUSE.folder in str(args[0]):
        FUSE.burn()


sys.addaudithook(watch)  # for the rest of the process: it can never be taken out again


class Fragile(sqlite3.Connection):
    """A connection whose statements count too."""

    def execute(self, *args: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as the class's own
        FUSE.burn()
        return super().execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:  # noqa: ANN401 - as the class's own
        FUSE.burn()
        return super().executemany(*args)


@pytest.fixture
def fuse() -> Iterator[Fuse]:
    yield FUSE
    FUSE.left = None


def killed(site: Site, at: int) -> bool:
    """Purge until the operation `at`; False where it came to its end."""
    plan = site.plan()
    FUSE.folder = str(site.root)
    ledger = sqlite3.connect(site.ledger, isolation_level=None, factory=Fragile)
    try:
        FUSE.left = at
        purge(ledger, site.nightly, plan, by="me", store=site.store)
    except Killed:
        return True
    finally:
        FUSE.left = None
        ledger.close()
    return False


def rest(site: Site, at: int) -> None:
    """After a kill: all as before or all done, and the next purge does the rest, once."""
    before = site.files(), dump(site)
    want, schema = told(site.plan()), site.rows("sqlite_master", "name, sql")
    assert killed(site, at)
    with opened(site.ledger) as ledger:
        logged = bool(retention.batches(ledger))
        settled = retention.settle(ledger, site.nightly)
        assert settled.left == 0
        assert retention.settle(ledger, site.nightly) == doomed.Settled(0, 0, 0)
    if not logged:
        assert (site.files(), dump(site)) == before
    site.purge()
    assert [f for f in site.files() if "2019" in f or "doomed" in f] == []
    assert site.store.rows["clinic"] == [("P3", date(2026, 1, 5))]
    log = site.rows("purges", "kind, what, items")
    assert set(log) == want
    # lines may be logged before a kill and again after it; nothing else twice
    assert len([row for row in log if row[0] != "history"]) == len(want) - 1
    assert told(site.plan()) == set()
    with opened(site.ledger) as ledger:
        assert ledger.execute("PRAGMA foreign_key_check").fetchall() == []
    assert site.rows("sqlite_master", "name, sql") == schema


def operations(site: Site) -> int:
    """How many there are in a whole purge."""
    most = 100_000
    plan = site.plan()
    FUSE.folder, FUSE.left = str(site.root), most
    ledger = sqlite3.connect(site.ledger, isolation_level=None, factory=Fragile)
    try:
        purge(ledger, site.nightly, plan, by="me", store=site.store)
        return most - FUSE.left
    finally:
        FUSE.left = None
        ledger.close()


SAMPLE = (0, 2, 5, 14, 44, 77, 110, 135, 150, 156, 160, 164, 168)


@pytest.mark.usefixtures("fuse")
@pytest.mark.parametrize("at", SAMPLE)
def test_a_purge_killed_anywhere_is_undone_or_finished(full: Site, at: int) -> None:
    rest(full, at)


@pytest.mark.long
@pytest.mark.usefixtures("fuse")
def test_a_purge_killed_everywhere(tmp_path: Path) -> None:
    count = operations(filled(Site(tmp_path / "whole")))
    assert count > max(SAMPLE)
    for at in range(count):
        rest(filled(Site(tmp_path / str(at))), at)


def test_files_that_cannot_go_back_are_left_and_told(site: Site) -> None:
    site.run(1)
    export = site.nightly.archive / "clinic/2019-03/000000000001-DOE JANE.csv"
    doomed.doom(site.nightly.archive, export, "dead")
    export.write_text("somebody put one there", encoding="utf-8")
    with opened(site.ledger) as ledger:
        assert retention.settle(ledger, site.nightly).left == 1
    assert export.read_text(encoding="utf-8") == "somebody put one there"
    assert (site.nightly.archive / ".doomed/dead/clinic/2019-03" / export.name).exists()


class ARunALine(Stored):
    """A store in which each run left one line of long ago."""

    def count(
        self,
        folder: Path,  # noqa: ARG002 - as retention.Lines
        runs: Sequence[int],
        before: date,  # noqa: ARG002 - as above
        keep: frozenset[str],  # noqa: ARG002 - as above
    ) -> Counted | None:
        day = date(2019, 1, 5)
        return Counted(len(runs), day, day) if runs else None


@pytest.mark.parametrize(
    ("recorded", "lately"),
    [
        ((), 0),
        (("2026-10-22",), 0),
        (("2026-10-23",), 1),
        (("2026-10-22", "2026-10-23", "2026-11-22"), 2),
    ],
)
def test_lines_of_long_ago_that_were_audited_lately_are_counted(
    site: Site, recorded: tuple[str, ...], lately: int
) -> None:
    site.store = ARunALine()
    for number, day in enumerate(("2019-02-01", *recorded), 1):
        site.run(number, day)
    site.run(9, "2026-11-21", feed="lab")
    due = {due.what: due for due in site.plan("history").due}
    clinic = due["audited lines of clinic"]
    assert (clinic.items, clinic.lately) == (1 + len(recorded), lately)
    assert due["audited lines of lab"].lately == 1
