"""A night among nights: what is new first, what stands since when, what closed, what is left."""

from __future__ import annotations

import csv
import dataclasses
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from openpyxl import load_workbook
from report import ooxml

from auditor.ledger import opened
from auditor.report import redact, write_parts, write_report
from auditor.report.charts import LEAST_NIGHTS
from auditor.result import AuditOptions
from auditor.review import lives
from schemas import Dispositions, dtypes
from tests.ledger import nights
from tests.ledger.nights import FIRST, finding

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook

    from auditor.result import AuditResult
    from tests.report.conftest import Make

TODAY = 70
"""Days after the first night."""
OTHER = "2222222222"


def claim(number: int, **values: object) -> dict[str, Any]:
    """A finding whose facts the report can show."""
    return finding(number, service_date=date(2026, 9, 1), **values)


KNOWN = [
    claim(1),  # standing
    claim(2),  # closed on the second night, found tonight
    claim(3, tier="review"),  # resolved tonight
    claim(4, rendering_npi=OTHER),  # carried on
    claim(5, tier="review", amount_at_risk=None, amount_basis="not determined"),  # carried on
    claim(6, tier="info", amount_basis="none", amount_at_risk=None),  # carried on, listed nowhere
]
TONIGHT = [
    claim(7, tier="review", amount_at_risk=Decimal("10.00")),
    claim(1),
    claim(2),
    claim(8, amount_at_risk=Decimal("5.00"), amount_basis="charge"),
    # of one claim: something new and something that stands
    claim(9, claim_id="C1", patient_id="P1", line_number=2, rule_id="PTP-1", tier="review"),
]


def decision(row: dict[str, Any], **values: object) -> dict[str, Any]:
    plain = dict.fromkeys(dtypes(Dispositions)) | {
        "disposition_id": 1,
        "finding_id": row["finding_id"],
        "fingerprint": "0" * 16,
        "disposition": "agree",
        "reviewer": "Ann Lee",
        "decided_on": FIRST + timedelta(days=3),
        "imported_by": "x",
        "imported_as_of": FIRST,
        "imported_at": "x",
        "workbook_sha256": "x",
    }
    return plain | values


def result_of(make: type[Make], life: Any, found: pl.DataFrame) -> AuditResult:  # noqa: ANN401 - a Life
    lines = [
        make.line(
            n,
            claim_id=row["claim_id"],
            patient_id=row["patient_id"],
            rendering_npi=row["rendering_npi"],
        )
        for n, row in enumerate(found.iter_rows(named=True))
    ]
    made = make.flagged(lines, [(n, None, {}) for n in range(len(lines))])
    options = AuditOptions(as_of=life.as_of, run_id="r1")
    return dataclasses.replace(made, findings=life.dated(found), life=life, options=options)


@pytest.fixture(scope="module")
def result(make: type[Make], tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    with opened(tmp_path_factory.mktemp("life") / "l.sqlite") as ledger:
        nights.night(ledger, 0, KNOWN)
        nights.night(ledger, 1, looked=[KNOWN[1]])
        gone = [KNOWN[2] | {"why": "void"}]
        life = nights.night(ledger, TODAY, TONIGHT, gone=gone)
    from auditor.seal import fingerprints

    seals = dict(zip(life.carried["finding_id"], fingerprints(life.carried), strict=True))
    stored = [
        decision(KNOWN[3], fingerprint=seals[KNOWN[3]["finding_id"]]),
        decision(KNOWN[4], rule_id="AOC-1", tier="certain"),
        decision(KNOWN[2], disposition="corrected"),
    ]
    history = pl.DataFrame(stored, schema=dtypes(Dispositions), orient="row")
    return result_of(make, lives.decided(life, history), nights.frame(TONIGHT))


@pytest.fixture(scope="module")
def book(
    make: type[Make], result: AuditResult, tmp_path_factory: pytest.TempPathFactory
) -> Workbook:
    path = tmp_path_factory.mktemp("book") / "r.xlsx"
    return load_workbook(write_report(result, path, rules=make.rules))


def rows_of(book: Workbook, sheet: str, head: int) -> list[dict[str, Any]]:
    names, *rows = book[sheet].iter_rows(min_row=head, values_only=True)
    told = [dict(zip(names, row, strict=True)) for row in rows]
    return [row for row in told if any(value is not None for value in row.values())]


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_the_worklist_takes_what_is_new_first(book: Workbook) -> None:
    told = [
        (row["Claim"], row["Seen"], row["First seen"].date(), row["Days since first seen"])
        for row in rows_of(book, "Worklist", 2)
    ]
    assert told == [
        ("C1", f"1 new, 1 standing since {FIRST}", FIRST, TODAY),
        ("C8", "new", day(TODAY), 0),
        ("C7", "new", day(TODAY), 0),
        ("C2", "reopened", FIRST, TODAY),
    ]
    assert "something new first" in book["Worklist"]["A1"].value


def test_findings_say_since_when_they_are_known(book: Workbook) -> None:
    rows = rows_of(book, "Findings", 2)
    told = [(r["Claim"], r["Line"], r["Seen"], r["Days since first seen"]) for r in rows]
    assert told == [
        ("C1", 2, "new", 0),
        ("C1", 1, f"standing since {FIRST}", TODAY),
        ("C8", 1, "new", 0),
        ("C7", 1, "new", 0),
        ("C2", 1, "reopened", TODAY),
    ]
    assert [r["First seen"].date() for r in rows][1] == FIRST
    sheet = book["Findings"]
    heads = {cell.value: cell.column_letter for cell in sheet[2]}
    (listed,) = [d for d in sheet.data_validations.dataValidation if d.type == "list"]
    assert str(listed.sqref).startswith(f"{heads['Disposition']}3:")


def test_still_open_lists_what_nobody_cleared(book: Workbook) -> None:
    rows = rows_of(book, "Still open", 3)
    told = [(r["Claim"], r["Tier"], r["First seen"].date(), r["Told in run"]) for r in rows]
    run = f"{FIRST}-00000001"
    assert told == [("C4", "certain", FIRST, run), ("C5", "review", FIRST, run)]
    assert rows[0]["Decided before"] == f"Settled: Ann Lee decided on {day(3)}: agree."
    assert rows[1]["Decided before"].startswith("Open again, because it changed: Ann Lee")
    assert (rows[0]["At risk (estimate)"], rows[1]["At risk (estimate)"]) == (75.25, None)
    note = book["Still open"]["A1"].value
    assert note.startswith("2 findings, certain")
    assert "1 more finding for information (info)" in note


def test_closed_says_why(book: Workbook) -> None:
    (row,) = rows_of(book, "Closed", 3)
    assert (row["Claim"], row["Why it is closed"]) == ("C3", "The claim was voided.")
    assert row["Decided before"] == f"Ann Lee decided on {day(3)}: corrected."


def test_summary_leads_with_the_night(book: Workbook) -> None:
    rows = [row[1:8] for row in book["Summary"].iter_rows(values_only=True)]
    titles = [row[0] for row in rows if row[0]]
    order = ["New tonight", "Findings of earlier nights, and what is open in all"]
    order += ["Open findings by days since they were first seen"]
    at = [titles.index(title) for title in order]
    assert at == sorted(at)
    named = {row[0]: row[1:] for row in reversed(rows) if row[0]}
    # certain, review, info
    assert named["Standing"][:3] == (1, 0, 0)
    assert named["Reopened"][:3] == (1, 0, 0)
    assert named["Closed tonight"][:3] == (0, 1, 0)
    assert named["Still open, not judged tonight"][:3] == (1, 1, 1)
    assert named["Open after tonight"][:3] == (4, 3, 1)
    first, second = (row[1:] for row in rows if row[0] == "Needs action (certain)")
    assert first[:6] == (1, 1, 0, 0, 5, 0), "new: findings, claims, allowed, paid, charge, without"
    # open, settled, over 30, 45, 60, oldest
    assert (*second[:5], second[5].date()) == (4, 1, 3, 3, 3, FIRST)
    assert any("42 CFR 401.305" in str(title) for title in titles)


def test_a_redacted_copy_names_nobody(
    make: type[Make], result: AuditResult, tmp_path: Path
) -> None:
    path = write_report(redact(result, "k" * 32), tmp_path / "r.xlsx", rules=make.rules)
    book = load_workbook(path)
    cells = {
        str(value)
        for sheet in ("Still open", "Closed", "Worklist", "Findings")
        for row in book[sheet].iter_rows(values_only=True)
        for value in row
        if value is not None
    }
    assert not cells & {f"C{n}" for n in range(1, 9)} | cells & {f"P{n}" for n in range(1, 9)}
    assert not cells & {row["finding_id"] for row in KNOWN}
    assert "Ann Lee" not in " ".join(cells)
    seen = [row["Seen"] for row in rows_of(book, "Worklist", 2)]
    assert len(seen) == 4
    assert None not in seen
    assert len(rows_of(book, "Still open", 3)) == 2


def test_a_part_has_its_recipients_findings_alone(
    make: type[Make], result: AuditResult, tmp_path: Path
) -> None:
    folder = write_parts(result, tmp_path / "r.xlsx", "practitioner", rules=make.rules)
    assert folder is not None
    book = load_workbook(folder / "1234567893.xlsx")
    assert [row["Claim"] for row in rows_of(book, "Still open", 3)] == ["C5"]
    assert [row["Claim"] for row in rows_of(book, "Closed", 3)] == ["C3"]
    billed = write_parts(result, tmp_path / "b.xlsx", "billing", rules=make.rules)
    assert billed is not None
    (path,) = billed.iterdir()
    assert "Still open" not in load_workbook(path).sheetnames


def test_what_a_sheet_does_not_hold_stands_beside(
    make: type[Make], result: AuditResult, tmp_path: Path
) -> None:
    write_report(result, tmp_path / "r.xlsx", rules=make.rules, sheet_rows=1)
    book = load_workbook(tmp_path / "r.xlsx")
    assert len(rows_of(book, "Still open", 3)) == 1
    assert "All of them are in r.still-open.csv" in book["Still open"]["A1"].value
    with (tmp_path / "r.still-open.csv").open(encoding="utf-8", newline="") as file:
        assert [row["claim_id"] for row in csv.DictReader(file)] == ["C4", "C5", "C6"]
    assert not (tmp_path / "r.closed.csv").exists()
    word = "a long word"
    encrypted = write_report(
        result, tmp_path / "e.xlsx", rules=make.rules, sheet_rows=1, password=word
    )
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("e")] == [encrypted.name]


@pytest.mark.parametrize("count", [LEAST_NIGHTS - 1, LEAST_NIGHTS])
def test_a_handful_of_nights_is_drawn(make: type[Make], tmp_path: Path, count: int) -> None:
    with opened(tmp_path / "l.sqlite") as ledger:
        for number in range(count):
            life = nights.night(ledger, number, [claim(number + 1), claim(50, tier="review")])
    found = nights.frame([claim(count), claim(50, tier="review")])
    path = write_report(result_of(make, life, found), tmp_path / "r.xlsx", rules=make.rules)
    assert ooxml.faults_of(path) == []
    sheet = load_workbook(path)["Summary"]
    cells = [tuple(c.value for c in row) for row in sheet.iter_rows(min_col=11, max_col=13)]
    nights_drawn = [row for row in cells if str(row[0]).startswith("11-0")]
    if count < LEAST_NIGHTS:
        assert (len(sheet._charts), nights_drawn) == (2, [])  # noqa: SLF001 - openpyxl tells charts nowhere else
    else:
        assert len(sheet._charts) == 4  # noqa: SLF001 - as above
        assert nights_drawn == [(f"11-0{n}", n, 1) for n in range(1, count + 1)]


def test_without_nights_nothing_is_said_of_them(make: type[Make], tmp_path: Path) -> None:
    book = load_workbook(write_report(make.result(), tmp_path / "r.xlsx", rules=make.rules))
    assert {"Still open", "Closed"}.isdisjoint(book.sheetnames)
    assert "Seen" not in [
        cell.value for sheet in ("Worklist", "Findings") for cell in book[sheet][2]
    ]
