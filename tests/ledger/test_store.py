"""The ledger's file: private, append-only, shared by several processes, refused where not ours."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from auditor.errors import ExitCode, LedgerBusy, LedgerDiffers, LedgerError
from auditor.ledger import Imported, append, history, opened
from auditor.ledger import store as stores
from schemas import Decisions, Dispositions, dtypes
from tests.ledger.nights import finding, night

if TYPE_CHECKING:
    from pathlib import Path

DAY = date(2026, 11, 21)


def decision(number: int = 1, **values: object) -> dict[str, Any]:
    plain = {
        "finding_id": f"{number:032x}",
        "fingerprint": "0123456789abcdef",
        "disposition": "agree",
        "reason": None,
        "reviewer": "Ann Lee",
        "decided_on": date(2026, 11, 20),
        "dated": True,
        "valid_until": None,
        "rule_id": "AOC-1",
        "claim_id": "C1",
        "line_number": 2,
        "service_date": date(2025, 3, 10),
        "code": "77002",
        "modifiers": "RT",
        "units": "1.500",
        "charge_amount": "120.50",
    }
    return plain | values


def decisions(*rows: dict[str, Any]) -> pl.DataFrame:
    types = dtypes(Decisions)
    texts = {n: pl.String() if isinstance(t, pl.Decimal) else t for n, t in types.items()}
    frame = pl.DataFrame(list(rows), schema=texts, orient="row")
    return Decisions.validate(frame.cast(types))


def by(digest: str = "a", as_of: date = DAY) -> Imported:
    return Imported(digest * 64, "operator", as_of)


def store(path: Path, *rows: dict[str, Any], digest: str = "a") -> tuple[int, int, int]:
    with opened(path) as ledger:
        done = append(ledger, decisions(*rows), by(digest))
    return done.new, done.changed, done.known


def stored(path: Path) -> pl.DataFrame:
    with opened(path) as ledger:
        return history(ledger)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folder" / "ledger.sqlite"


def test_history_gives_back_every_value(path: Path) -> None:
    row = decision(reason="=1+1", valid_until=date(2027, 1, 1), amount_at_risk="-3.20")
    assert store(path, row) == (1, 0, 0)
    found = stored(path)
    assert found.schema == pl.Schema(dtypes(Dispositions))
    Dispositions.validate(found)
    (told,) = found.rows(named=True)
    want = decisions(row).drop("dated").row(0, named=True)
    assert {name: told[name] for name in want} == want
    assert (told["imported_by"], told["imported_as_of"]) == ("operator", DAY)
    assert told["workbook_sha256"] == "a" * 64
    assert told["imported_at"].endswith("+00:00")


def test_an_empty_ledger_has_an_empty_history(path: Path) -> None:
    assert stored(path).schema == pl.Schema(dtypes(Dispositions))
    assert stored(path).height == 0


def test_the_same_workbook_again_changes_nothing(path: Path) -> None:
    assert store(path, decision(1), decision(2)) == (2, 0, 0)
    before = path.read_bytes(), stored(path)
    with opened(path) as ledger:
        done = append(ledger, decisions(decision(1), decision(2)), by())
    assert (done.new, done.changed, done.known, done.seen_before) == (0, 0, 2, True)
    assert stored(path).equals(before[1])


def test_a_fuller_workbook_adds_only_what_changed(path: Path) -> None:
    store(path, decision(1), decision(2))
    changed = decision(2, disposition="disagree", decided_on=date(2026, 11, 21))
    assert store(path, decision(1), changed, decision(3), digest="b") == (1, 1, 1)
    found = stored(path).rows(named=True)
    assert [(r["finding_id"][-1], r["disposition"], r["old_disposition"]) for r in found] == [
        ("1", "agree", None),
        ("2", "agree", None),
        ("2", "disagree", "agree"),
        ("3", "agree", None),
    ]
    assert found[2]["replaces"] == found[1]["disposition_id"]


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ({}, {"reviewer": " ann  LEE"}, (0, 0, 1)),
        ({}, {"reviewer": "Bob"}, (1, 0, 0)),
        ({}, {"fingerprint": "f" * 16}, (0, 1, 0)),
        ({}, {"reason": "seen"}, (0, 1, 0)),
        ({}, {"valid_until": date(2027, 1, 1)}, (0, 1, 0)),
        ({}, {"decided_on": date(2026, 11, 21)}, (0, 1, 0)),
        ({}, {"code": "77003", "claim_id": None}, (0, 0, 1)),
        # what the workbook does not date is dated by the import, which is no change
        ({"dated": False}, {"dated": False, "decided_on": date(2026, 11, 25)}, (0, 0, 1)),
        ({}, {"dated": False, "decided_on": date(2026, 11, 25)}, (0, 0, 1)),
        ({}, {"dated": False, "disposition": "disagree"}, (0, 1, 0)),
    ],
)
def test_what_is_a_new_decision(
    path: Path, first: dict[str, Any], second: dict[str, Any], counts: tuple[int, int, int]
) -> None:
    store(path, decision(**first))
    assert store(path, decision(**second), digest="b") == counts


def test_a_change_of_mind_and_back_is_kept(path: Path) -> None:
    words = ["agree", "disagree", "agree"]
    for digest, word in zip("abc", words, strict=True):
        store(path, decision(disposition=word), digest=digest)
    found = stored(path)
    assert found["disposition"].to_list() == words
    assert found["old_disposition"].to_list() == [None, "agree", "disagree"]
    # the oldest workbook once more: its decision was there before
    assert store(path, decision(disposition="agree"), digest="a") == (0, 0, 1)


def test_an_old_decision_that_arrives_late_replaces_nothing_newer(path: Path) -> None:
    store(path, decision(disposition="disagree", decided_on=date(2026, 11, 20)))
    late = decision(decided_on=date(2026, 11, 10))
    assert store(path, late, digest="b") == (0, 1, 0)
    assert stored(path)["replaces"].to_list() == [None, None]
    assert store(path, late, digest="c") == (0, 0, 1)


@pytest.mark.parametrize("table", ["dispositions", "imports", "schema_version"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET rowid = rowid + 1"])
def test_nothing_is_changed_or_deleted(path: Path, table: str, change: str) -> None:
    store(path, decision())
    with pytest.raises(LedgerError, match="only ever added"), opened(path) as ledger:
        ledger.execute(change.format(table))
    assert stored(path).height == 1


@pytest.mark.parametrize(
    "row", [{"disposition": "accepted risk"}, {"disposition": "maybe"}, {"reviewer": None}]
)
def test_the_database_refuses_what_no_decision_is_and_keeps_nothing_of_the_import(
    path: Path, row: dict[str, Any]
) -> None:
    bad = decisions(decision(1), decision(2)).with_columns(
        pl.when(pl.col("finding_id").str.ends_with("2"))
        .then(pl.lit(value, pl.String))
        .otherwise(pl.col(name))
        .alias(name)
        for name, value in row.items()
    )
    with pytest.raises(LedgerError), opened(path) as ledger:
        append(ledger, bad, by())
    assert stored(path).height == 0


def test_file_and_folders_are_their_owners_alone(path: Path) -> None:
    with opened(path) as ledger:
        append(ledger, decisions(decision()), by())
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    assert modes[path.name] == 0o600
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3, "write-ahead log and its index lie beside it"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_where_the_file_system_knows_no_wal_the_ledger_works(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(sqlite3.Connection):
        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:  # type: ignore[override]  # noqa: ANN401 - as sqlite3 has it
            if "journal_mode" in sql:
                raise sqlite3.OperationalError("locking protocol")
            return super().execute(sql, *args)

    connect = sqlite3.connect
    monkeypatch.setattr(
        stores.sqlite3, "connect", lambda *a, **k: connect(*a, factory=Refusing, **k)
    )
    assert store(path, decision()) == (1, 0, 0)
    assert stored(path).height == 1
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (a)")


def _newer(path: Path) -> None:
    with opened(path) as ledger:
        ledger.execute("INSERT INTO schema_version VALUES (99, 'x')")


def _damaged(path: Path) -> None:
    store(path, *[decision(n) for n in range(500)])
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\x07" * (len(raw) - 4096)
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_foreign, "another program"),
        (_newer, "newer auditor"),
        (_damaged, "damaged"),
        (lambda path: path.write_bytes(b"claim,code\n1,99213\n" * 100), "no SQLite database"),
        (lambda path: path.mkdir(), "cannot be"),
    ],
)
def test_what_is_no_ledger_is_refused_in_words(tmp_path: Path, make: Any, words: str) -> None:  # noqa: ANN401 - any way to make one
    path = tmp_path / "ledger.sqlite"
    make(path)
    with pytest.raises(LedgerError, match=words) as told, opened(path) as ledger:
        history(ledger)
    assert told.value.exit_code == ExitCode.UNREADABLE
    assert told.value.next_step
    assert "99213" not in str(told.value)


@pytest.mark.parametrize(
    "code", ["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "SQLITE_READONLY_DIRECTORY", "SQLITE_CANTOPEN"]
)
def test_what_the_disk_refuses_is_not_told_as_damage(tmp_path: Path, code: str) -> None:
    """Whoever reads of damage brings back a backup, and loses what the ledger knew."""
    error = sqlite3.OperationalError("a cell")
    error.sqlite_errorcode = getattr(sqlite3, code)
    error.sqlite_errorname = code
    told = stores.told(error, tmp_path / "ledger.sqlite")
    assert f"cannot be read or written ({code})" in told.what
    assert "space" in told.next_step
    assert "cell" not in str(told)


def _without_a_table(path: Path) -> None:
    with opened(path) as ledger:
        ledger.execute("PRAGMA foreign_keys = OFF")
        ledger.execute("DROP TABLE dispositions")


def _without_a_column(path: Path) -> None:
    with opened(path) as ledger:
        ledger.execute("ALTER TABLE dispositions RENAME COLUMN reviewer TO patient_77")


def _without_its_version(path: Path) -> None:
    with opened(path) as ledger:
        ledger.execute("DROP TABLE schema_version")


@pytest.mark.parametrize("change", [_without_a_table, _without_a_column, _without_its_version])
def test_tables_that_were_changed_by_hand_are_not_told_as_damage(
    tmp_path: Path,
    change: Any,  # noqa: ANN401 - any way to change them
) -> None:
    path = tmp_path / "ledger.sqlite"
    change(path)
    with pytest.raises(LedgerDiffers, match=r"expects them \(SQLITE_ERROR\)") as told:
        stored(path)
    assert told.value.exit_code == ExitCode.INTERNAL
    assert told.value.where == str(path)
    assert "backup" in told.value.next_step
    assert "report" in told.value.next_step
    for word in ("dispositions", "reviewer", "patient_77", "schema_version", "no such"):
        assert word not in str(told.value)


@pytest.mark.parametrize(
    ("kind", "code", "name"),
    [
        (sqlite3.OperationalError, "SQLITE_ERROR", "SQLITE_ERROR"),
        (sqlite3.IntegrityError, "SQLITE_MISMATCH", "SQLITE_MISMATCH"),
        (sqlite3.InterfaceError, "SQLITE_MISUSE", "SQLITE_MISUSE"),
        (sqlite3.InterfaceError, "SQLITE_RANGE", "SQLITE_RANGE"),
        (sqlite3.ProgrammingError, None, "ProgrammingError"),
    ],
)
def test_a_fault_of_our_own_is_not_told_as_damage(
    tmp_path: Path, kind: type[sqlite3.Error], code: str | None, name: str
) -> None:
    error = kind("a cell")
    if code is not None:
        error.sqlite_errorcode = getattr(sqlite3, code)
        error.sqlite_errorname = code
    told = stores.told(error, tmp_path / "ledger.sqlite")
    assert isinstance(told, LedgerDiffers)
    assert f"({name})" in told.what
    assert "cell" not in str(told)


@pytest.mark.parametrize("code", ["SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CORRUPT_INDEX"])
def test_damage_is_told_as_damage(tmp_path: Path, code: str) -> None:
    error = sqlite3.DatabaseError("a cell")
    error.sqlite_errorcode = getattr(sqlite3, code)
    error.sqlite_errorname = code
    told = stores.told(error, tmp_path / "ledger.sqlite")
    assert (type(told), told.exit_code) == (LedgerError, ExitCode.UNREADABLE)
    assert "damaged" in told.what


def test_what_happens_to_other_files_is_not_told_of_the_ledger(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), opened(tmp_path / "ledger.sqlite"):
        raise PermissionError


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.touch()
    assert store(path, decision()) == (1, 0, 0)


_STRAY = "INSERT INTO finding_tallies VALUES (77, 'r', NULL, 't', '', 0, 0, 0, 0, 0, 0)"


def _rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with opened(path) as ledger:
        return {
            table: ledger.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
            for table in ("findings", "open_findings", "finding_events", "finding_tallies", "runs")
        }


def test_findings_of_a_ledger_of_version_2_are_what_they_were(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(stores, "STEPS", stores.STEPS[:2])
        with opened(path) as ledger:
            night(ledger, 0, map(finding, range(1, 30)))
            night(ledger, 1, map(finding, range(5, 20)), looked=map(finding, range(1, 30)))
            (before,) = ledger.execute("SELECT max(version) FROM schema_version").fetchone()
        rows = _rows(path)
    assert before == 2
    assert _rows(path) == rows
    assert len(rows["findings"]) == 29
    assert len(rows["open_findings"]) == 15
    with opened(path) as ledger:
        for change in ("DELETE FROM findings", "UPDATE findings SET run = run"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                ledger.execute(change)
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            ledger.execute(_STRAY)
        life = night(ledger, 2, map(finding, (1, 5, 30)), looked=map(finding, range(1, 30)))
        assert life.findings["state"].to_list() == ["reopened", "standing", "new"]
        question = (
            "SELECT 1 FROM findings WHERE feed = '' AND service_date = '' AND finding_id = ''"
        )
        (plan,) = ledger.execute("EXPLAIN QUERY PLAN " + question).fetchall()
        assert "findings_by_day (service_date=? AND finding_id=? AND feed=?)" in plan[-1]


def test_a_ledger_whose_rows_refer_to_nothing_is_not_brought_to_a_newer_version(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(stores, "STEPS", stores.STEPS[:2])
        with opened(path) as ledger:
            ledger.execute("PRAGMA foreign_keys = OFF")
            ledger.execute(_STRAY)
    with pytest.raises(LedgerError, match="damaged"), opened(path):
        pytest.fail("it was")
    with closing(sqlite3.connect(path)) as ledger:
        assert ledger.execute("SELECT max(version) FROM schema_version").fetchone() == (2,)


def test_a_place_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(LedgerError, match="cannot be opened") as told:
        store(tmp_path / "file" / "ledger.sqlite", decision())
    assert told.value.next_step


def test_who_waits_too_long_is_told(path: Path) -> None:
    with opened(path) as first, stores.transaction(first):
        with (
            pytest.raises(LedgerBusy) as told,
            opened(path, patience=0.05) as second,
            stores.transaction(second),
        ):
            pytest.fail("two at once")
        assert told.value.exit_code == ExitCode.LOCKED


_IMPORT = """
import sys; sys.path[:0] = sys.argv[3:]
from pathlib import Path
from test_store import decision, decisions, by
from auditor.ledger import append, opened
who = sys.argv[2]
rows = [decision(n, reviewer=who) for n in range(200)]
with opened(Path(sys.argv[1])) as ledger:
    print(append(ledger, decisions(*rows), by(who)).new)
"""


def test_two_processes_at_once_both_succeed(path: Path) -> None:
    """Neither finds a ledger there: both make it, one after the other."""
    where = [str(path), __file__.rpartition("/")[0]]
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _IMPORT, where[0], who, where[1], *sys.path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for who in "ab"
    ]
    told = [run.communicate(timeout=60) for run in runs]
    assert [out.strip() for out, _ in told] == ["200", "200"], told
    assert stored(path)["reviewer"].value_counts(sort=True)["count"].to_list() == [200, 200]
