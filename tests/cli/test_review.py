"""The way of a decision: audit, workbook, reviewer, import, the next audit; and what is said."""

from __future__ import annotations

import json
import re
import stat
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest

from auditor.cli import places
from auditor.cli.review import SHOWN, STATES
from schemas.review import STATES as ALL_STATES
from tests.review import books
from tests.review.conftest import finding, findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpyxl.worksheet.worksheet import Worksheet

SNAPSHOTS = Path(__file__).parent / "snapshots"
# Two add-ons that stand alone on their day, and a line that is in order.
CLAIMS = """\
Claim ID,Line,Patient ID,Rendering NPI,DOS,POS,CPT,Mod,Units,Charge,DX1
QX771,1,PT-SMITH,1234567893,2025-11-03,11,77002,,1,100.00,M25511
QX772,1,PT-JONES,1234567893,2025-11-04,11,99213,,1,150.00,M25511
QX773,1,PT-BROWN,1234567893,2025-11-05,11,77002,,1,120.00,M25511
"""
ANSWER = {"Disposition": "disagree", "Reviewer": "Ann Lee", "Decided on": date(2025, 11, 30)}


@pytest.fixture
def audit(run: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Audit the claims, or others, as of the first of December with these options."""

    def call(*args: str, claims: str = CLAIMS) -> Any:  # noqa: ANN401 - what `run` answers
        (tmp_path / "march.csv").write_text(claims, encoding="utf-8")
        fixed = ("--as-of", "2025-12-01", "--line-of-business", "medicare", "--select", "AOC")
        return run("audit", "march.csv", *fixed, *args)

    return call


@pytest.fixture
def review(run: Callable[..., Any]) -> Callable[..., Any]:
    """`auditor review import` and so on, on the ledger l.sqlite as of the first of December."""

    def call(command: str, *args: str, day: str = "2025-12-01") -> Any:  # noqa: ANN401 - what `run` answers
        dated = () if command == "export" else ("--as-of", day)
        return run("review", command, *args, "--ledger", "l.sqlite", *dated)

    return call


def header(sheet: Worksheet) -> tuple[int, dict[str, int]]:
    """Row of the header, and the column of each."""
    for row in sheet.iter_rows(max_row=50):
        named = {cell.value: cell.column for cell in row if cell.value}
        if "Finding id" in named:
            return row[0].row, named
    raise AssertionError("no header")


def answer(path: Path, claim: str, said: dict[str, Any]) -> Path:
    """The workbook as a reviewer gives it back: rows turned round, sheet renamed, an answer."""
    book = openpyxl.load_workbook(path)
    sheet = book["Findings"]
    top, columns = header(sheet)
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=top + 1)]
    for number, row in enumerate(reversed(rows), start=top + 1):
        for column, value in enumerate(row, start=1):
            sheet.cell(number, column).value = value
        if sheet.cell(number, columns["Claim"]).value == claim:
            for name, value in said.items():
                sheet.cell(number, columns[name]).value = value
    sheet.title = "Ann's part"
    out = path.with_name(f"{path.stem} reviewed.xlsx")
    book.save(out)
    return out


def test_a_decision_comes_home_and_the_next_audit_knows_it(
    audit: Callable[..., Any], review: Callable[..., Any], tmp_path: Path
) -> None:
    first = audit("--report", "out.xlsx", "--fail-on", "certain")
    assert first.code == 1
    given = answer(tmp_path / "out.xlsx", "QX771", ANSWER)
    told = review("import", given.name)
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("out reviewed.xlsx: 1 new\n")

    outputs = ("--no-report", "--ledger", "l.sqlite", "--summary", "s.json")
    again = audit(*outputs, "--fail-on", "certain")
    assert "standing  1  (decided, and off the worklist)" in again.out
    assert "\n  Ledger: l.sqlite\n" in again.out
    assert again.code == 1, "the other finding is still open"
    summary = json.loads((tmp_path / "s.json").read_text())
    states = {"standing", "reopened", "expired", "disputed", "pending", "unmatched"}
    assert summary["decisions"] == dict.fromkeys(states, 0) | {"standing": 1}

    # the same question, the same answer; without the ledger, another one
    assert summary["options"]["run_id"] in audit(*outputs).out
    assert summary["options"]["run_id"] not in first.out

    answer(tmp_path / "out.xlsx", "QX773", ANSWER)
    review("import", given.name)
    both = audit(*outputs, "--fail-on", "certain")
    assert both.code == 0, "no finding is open"
    assert summary["options"]["run_id"] not in both.out
    assert audit("--no-report", "--fail-on", "certain", "--no-ledger").code == 1


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        (CLAIMS.replace(",1,100.00", ",2,100.00"), "reopened"),
        (CLAIMS.replace("QX771", "QX779"), "none about these claims"),
        (CLAIMS + "QX771,2,PT-SMITH,1234567893,2025-11-03,11,20610,,1,90.00,M25511\n", "unmatched"),
    ],
)
def test_what_changes_in_the_claims_changes_what_stands(
    audit: Callable[..., Any], review: Callable[..., Any], tmp_path: Path, claims: str, told: str
) -> None:
    audit("--no-report", "--findings", "f.parquet")
    found = pl.read_parquet(tmp_path / "f.parquet").filter(pl.col("claim_id") == "QX771")
    books.write(tmp_path / "r.xlsx", ("Findings", books.rows_of(found, {0: ANSWER})))
    assert review("import", "r.xlsx").code == 0
    out = audit("--no-report", "--ledger", "l.sqlite", claims=claims).out
    assert re.search(rf"{told}(  1 |\n)", out)
    assert "standing" not in out


def test_a_ledger_that_is_not_there_yet_is_said_and_not_made(
    audit: Callable[..., Any], tmp_path: Path
) -> None:
    told = audit("--no-report", "--ledger", "later.sqlite")
    assert told.code == 0
    assert "does not exist yet" in told.out
    assert not (tmp_path / "later.sqlite").exists()


def test_without_a_ledger_no_word_of_decisions(audit: Callable[..., Any], tmp_path: Path) -> None:
    told = audit("--no-report", "--summary", "s.json")
    assert "ecision" not in told.out
    assert "decisions" not in json.loads((tmp_path / "s.json").read_text())


def test_the_default_ledger_is_consulted_where_it_exists(
    audit: Callable[..., Any],
    run: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    books.write(tmp_path / "r.xlsx", ("F", books.rows_of(findings([finding()]), {0: ANSWER})))
    assert run("review", "import", "r.xlsx").code == 0
    default = places.default_ledger()
    assert default is not None
    assert stat.S_IMODE(default.stat().st_mode) == 0o600
    assert stat.S_IMODE(default.parent.stat().st_mode) == 0o700
    (tmp_path / "auditor.toml").write_text('ledger = "other.sqlite"\n', encoding="utf-8")
    assert "does not exist yet" in audit("--no-report").out
    monkeypatch.setenv("AUDITOR_LEDGER", str(default))
    assert "none about these claims" in audit("--no-report").out


def test_the_configuration_that_is_named_names_the_ledger_of_every_command(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "conf").mkdir()
    settings = tmp_path / "conf" / "night.toml"
    settings.write_text('ledger = "kept.sqlite"\n', encoding="utf-8")
    books.write(tmp_path / "r.xlsx", ("F", books.rows_of(findings([finding()]), {0: ANSWER})))
    named = ("--config", str(settings))
    assert run("review", "import", "r.xlsx", *named).code == 0
    assert [p.name for p in tmp_path.rglob("*.sqlite")] == ["kept.sqlite"]
    assert "Ann Lee" in run("review", "list", *named).out
    assert run("review", "export", "h.csv", *named).out == "Wrote 1 decision to h.csv\n"


def three(path: Path) -> Path:
    """A workbook with a decision, a slip of the pen, an edited row and two opinions."""
    found = findings([finding(n, rule_id="AOC-1" if n < 4 else "PTP-0") for n in range(1, 7)])
    rows = books.rows_of(
        found,
        {
            0: ANSWER,
            1: ANSWER | {"Disposition": "disagre"},
            2: ANSWER,
            3: ANSWER | {"Disposition": "needs records"},
            4: ANSWER
            | {"Disposition": "accepted risk", "Reason": "x", "Valid until": "2026-01-31"},
            5: ANSWER,
        },
    )
    rows[2]["Units"] = 7
    other = books.rows_of(found, {5: ANSWER | {"Disposition": "agree", "Reviewer": "Bob Ray"}})
    return books.write(path, ("Findings", rows), ("Bob", other))


def test_what_import_list_and_export_say(
    run: Callable[..., Any],
    review: Callable[..., Any],
    tmp_path: Path,
    golden: Callable[[Path, str], None],
) -> None:
    three(tmp_path / "r.xlsx")
    books.write(tmp_path / "blank.xlsx", ("Findings", books.rows_of(findings([finding()]))))
    shown = []
    for args in (
        ("import", "r.xlsx", "blank.xlsx"),
        ("import", "r.xlsx"),
        ("list",),
        ("list", "--state", "disputed", "--state", "pending", "--rule", "ptp", "--with-claims"),
        ("list", "--state", "expired"),
        ("export", "out.csv"),
        ("list", "--state", "reopened"),
        ("export", "out.txt"),
    ):
        told = review(*args)
        shown.append(f"$ auditor review {' '.join(args)}\n{told.out}{told.err}[{told.code}]\n")
    golden(SNAPSHOTS / "review.txt", "\n".join(shown))
    expired = review("list", "--state", "expired", day="2026-02-01").out
    assert expired.count("accepted risk") == 1
    saved = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert len(saved) == 1 + 5
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o600
    assert run("review", "list", "--ledger", "none.sqlite").code == 3


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_an_export_has_the_whole_history(
    review: Callable[..., Any], tmp_path: Path, form: str
) -> None:
    found = findings([finding()])
    for n, word in enumerate(("agree", "disagree")):
        said = ANSWER | {
            "Disposition": word,
            "Reason": "@ home",
            "Decided on": date(2025, 11, n + 1),
        }
        books.write(tmp_path / f"{n}.xlsx", ("F", books.rows_of(found, {0: said})))
        assert review("import", f"{n}.xlsx").code == 0
    assert review("export", f"h.{form}").out == f"Wrote 2 decisions to h.{form}\n"
    readers: dict[str, Any] = {"csv": pl.read_csv, "jsonl": pl.read_ndjson}
    read = readers.get(form, pl.read_parquet)(tmp_path / f"h.{form}")
    assert read["disposition"].to_list() == ["agree", "disagree"]
    assert read["old_disposition"].to_list() == [None, "agree"]
    assert read["reason"].to_list() == ["'@ home" if form == "csv" else "@ home"] * 2


def test_what_can_be_read_is_stored_though_another_workbook_cannot(
    review: Callable[..., Any], tmp_path: Path
) -> None:
    books.write(tmp_path / "r.xlsx", ("F", books.rows_of(findings([finding()]), {0: ANSWER})))
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    told = review("import", "notes.csv", "r.xlsx")
    assert told.code == 3
    assert "r.xlsx: 1 new" in told.out
    assert "notes.csv: No sheet has the columns" in told.err
    alone = review("import", "notes.csv")
    assert (alone.code, alone.out) == (3, "")


def test_a_password_comes_from_where_the_audit_has_it_from(
    review: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    plain = tmp_path / "r.xlsx"
    books.write(plain, ("F", books.rows_of(findings([finding()]), {0: ANSWER})))
    with plain.open("rb") as source, (tmp_path / "locked.xlsx").open("wb") as out:
        OOXMLFile(source).encrypt("secret", out)
    assert review("import", "locked.xlsx").code == 3
    monkeypatch.setenv("AUDITOR_PASSWORD", "secret")
    assert "locked.xlsx: 1 new" in review("import", "locked.xlsx").out
    (tmp_path / "word.txt").write_text("wrong\n", encoding="utf-8")
    told = review("import", "locked.xlsx", "--password-file", "word.txt")
    assert (told.code, "secret" in told.err) == (3, False)
    assert "password of the workbook is wrong" in told.err


def test_a_workbook_that_was_edited_throughout_is_told_in_short(
    review: Callable[..., Any], tmp_path: Path
) -> None:
    count = SHOWN + 7
    found = findings([finding(n) for n in range(count)])
    rows = books.rows_of(found, dict.fromkeys(range(count), ANSWER))
    for row in rows:
        row["Code"] = "99999"
    books.write(tmp_path / "r.xlsx", ("F", rows))
    told = review("import", "r.xlsx")
    assert (told.code, told.err) == (0, "")
    assert f"r.xlsx: {count} not stored" in told.out
    assert told.out.count("sheet F, row") == SHOWN
    assert "and 7 more rows" in told.out


def test_nothing_of_a_claim_is_printed(review: Callable[..., Any], tmp_path: Path) -> None:
    three(tmp_path / "r.xlsx")
    out = review("import", "r.xlsx").out + review("list").out
    for value in ("0025000000", "000000001", "2025-03-10", "00100"):
        assert value not in out
    assert "00250000000" in review("list", "--with-claims").out


def test_the_states_of_the_list_are_those_that_a_ledger_alone_tells() -> None:
    assert set(STATES) == set(ALL_STATES) - {"reopened"}


def test_a_file_that_is_no_ledger_is_refused(
    audit: Callable[..., Any], review: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "l.sqlite").write_text("PT-SMITH " * 999, encoding="utf-8")
    for told in (review("list"), audit("--no-report", "--ledger", "l.sqlite")):
        assert told.code == 3
        assert told.err.startswith("Error: l.sqlite: The ledger is damaged")
        assert "SMITH" not in told.err
