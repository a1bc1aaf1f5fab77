"""Links of the workbook, followed in the file: each leads to the row it is about."""

from __future__ import annotations

import dataclasses
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from openpyxl import load_workbook

from auditor.report import context_sheet, worklist_sheet, write_report
from schemas import dtypes
from schemas.review import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openpyxl import Workbook

    from auditor.result import AuditResult
    from tests.report.conftest import Make

LINES: list[dict[str, Any]] = [
    *({"claim_id": "C1", "line_number": n} for n in (1, 2, 3)),
    {"claim_id": "C2", "line_number": 1},
    {"claim_id": "C3", "line_number": 1, "service_date_from": date(2025, 3, 11)},
    {"claim_id": "C1", "line_number": 1, "patient_id": "P2"},
    {"claim_id": "C4", "line_number": 1, "payer": None, "patient_id": "P3"},
    {"claim_id": "C5", "line_number": 1, "patient_id": "P4"},
    {"claim_id": "C6", "line_number": 1, "patient_id": "P5"},
]
REVIEW = {"tier": "review"}
INFO = {"tier": "info", "rule_id": "PTP-BYP", "amount_basis": "none", "amount_at_risk": None}
HITS: list[tuple[int, int | None, dict[str, object]]] = [
    (1, 0, {"rule_id": "PTP-1"}),
    (2, 4, {"rule_id": "GLB-25"} | REVIEW),
    (3, None, {"rule_id": "MOD-LAT"} | REVIEW),
    (4, None, {"rule_id": "AOC-1"}),
    (5, 3, {"rule_id": "DUP-1"}),
    (6, None, {"rule_id": "COD-5"}),
    (7, None, INFO),
    (0, None, INFO),
]


@pytest.fixture(scope="module")
def result(make: type[Make]) -> AuditResult:
    return make.flagged([make.line(n, **own) for n, own in enumerate(LINES)], HITS)


@pytest.fixture(scope="module")
def book(
    result: AuditResult, make: type[Make], tmp_path_factory: pytest.TempPathFactory
) -> Workbook:
    path = tmp_path_factory.mktemp("ways") / "r.xlsx"
    return load_workbook(write_report(result, path, rules=make.rules))


def rows_of(book: Workbook, name: str) -> dict[int, dict[str, Any]]:
    """The rows of a sheet by number; each by header."""
    sheet = book[name]
    headers = [cell.value for cell in sheet[2]]
    return {
        row: {h: sheet.cell(row, n).value for n, h in enumerate(headers, start=1)}
        for row in range(3, sheet.max_row + 1)
    }


def links_of(book: Workbook, name: str, header: str) -> Iterator[tuple[int, str, int]]:
    """Rows of a sheet whose cell in a column leads somewhere: the row, the sheet and its row."""
    sheet = book[name]
    column = [cell.value for cell in sheet[2]].index(header) + 1
    for row in range(3, sheet.max_row + 1):
        link = sheet.cell(row, column).hyperlink
        if link is not None:
            found = re.fullmatch(r"'([\w ]+)'!([A-Z])(\d+)", link.location)
            assert found, link.location
            yield row, found[1], int(found[3])


def same(row: dict[str, Any], other: dict[str, Any], *headers: str) -> bool:
    return all(row[h] == other[h] for h in headers)


def test_the_worklist_has_no_claim_for_information(book: Workbook) -> None:
    told = {(row["Claim"], row["Patient"]) for row in rows_of(book, "Worklist").values()}
    assert told == {("C1", "P1"), ("C2", "P1"), ("C3", "P1"), ("C1", "P2"), ("C4", "P3")}


def test_a_claim_leads_to_its_lines(book: Workbook) -> None:
    claims, lines = rows_of(book, "Worklist"), rows_of(book, "Claim lines")
    followed = set()
    for row, sheet, at in links_of(book, "Worklist", "Claim"):
        assert sheet == "Claim lines"
        heading = lines[at]["Group"]
        assert f"patient {claims[row]['Patient']}, {claims[row]['Service from']:%Y-%m-%d}" in (
            heading
        )
        group = heading.removeprefix("Group ").split(":")[0]
        own = [line for line in lines.values() if line["Group"] == group]
        assert any(
            same(line, claims[row], "Claim", "Patient") and line["Marked"].startswith("flagged")
            for line in own
            if line["Marked"]
        )
        followed.add(row)
    assert followed == set(claims)


def test_a_claim_leads_to_its_first_finding(book: Workbook) -> None:
    claims, found = rows_of(book, "Worklist"), rows_of(book, "Findings")
    followed = set()
    for row, sheet, at in links_of(book, "Worklist", "Findings"):
        assert sheet == "Findings"
        assert same(claims[row], found[at], "Claim", "Patient", "Payer", "Tier")
        before = found.get(at - 1)
        assert before is None or not same(before, claims[row], "Claim", "Patient")
        run = [found[at + n] for n in range(claims[row]["Findings"])]
        assert all(same(one, claims[row], "Claim", "Patient") for one in run)
        followed.add(row)
    assert followed == set(claims)


def test_a_finding_leads_to_its_line_and_back(book: Workbook) -> None:
    found, lines = rows_of(book, "Findings"), rows_of(book, "Claim lines")
    followed = set()
    for row, sheet, at in links_of(book, "Findings", "Claim"):
        assert sheet == "Claim lines"
        headers = ("Claim", "Line", "Patient", "Date of service", "Code", "Payer")
        assert same(found[row], lines[at], *headers)
        assert found[row]["Rule"] in lines[at]["Marked"]
        followed.add(row)
    assert followed == set(found)
    back = [(row, at) for row, sheet, at in links_of(book, "Claim lines", "Claim")]
    assert all(same(lines[row], found[at], "Claim", "Line", "Patient") for row, at in back)
    own = [row for row, line in lines.items() if (line["Marked"] or "").startswith("flagged")]
    assert set(own) <= {row for row, _ in back}


def test_a_heading_leads_to_the_first_finding_of_its_group(book: Workbook) -> None:
    found, lines = rows_of(book, "Findings"), rows_of(book, "Claim lines")
    ways = list(links_of(book, "Claim lines", "Group"))
    headings = {row for row, line in lines.items() if line["Group"].startswith("Group ")}
    assert {row for row, _, _ in ways} == headings
    for row, sheet, at in ways:
        assert sheet == "Findings"
        first = found[at]
        told = f"patient {first['Patient']}, {first['Date of service']:%Y-%m-%d}"
        assert told in lines[row]["Group"]
        assert f"Flagged: {first['Rule']}" in lines[row]["Group"]


def test_the_worklist_waits_for_a_note_and_lines_are_protected(book: Workbook) -> None:
    work, lines = book["Worklist"], book["Claim lines"]
    assert not work.protection.sheet
    assert lines.protection.sheet
    assert not lines.protection.password
    assert work.tables["Worklist"].ref == f"A2:Q{2 + 5}"
    note = [c.value for c in work[2]].index("Note") + 1
    assert work.cell(3, note).value is None
    assert "Note is yours: it is not read back" in work["A1"].value
    assert not work.merged_cells.ranges
    assert not lines.merged_cells.ranges


def test_lines_are_told_apart_by_look_and_word(book: Workbook) -> None:
    sheet = book["Claim lines"]
    looks: dict[str, set[str]] = {}
    for row, line in rows_of(book, "Claim lines").items():
        what = "heading" if line["Group"].startswith("Group") else line["Marked"] or "plain"
        looks.setdefault(what.split()[0], set()).add(sheet.cell(row, 8).fill.fgColor.rgb)
    assert set(looks) == {"heading", "flagged", "counterpart"}
    assert len(looks["flagged"]) == 3  # one a tier
    assert looks["counterpart"].isdisjoint(looks["flagged"] | looks["heading"])


def test_columns_of_nothing_are_hidden(book: Workbook) -> None:
    sheet = book["Claim lines"]
    hidden = {
        c.header
        for n, c in enumerate(context_sheet.COLUMNS)
        if sheet.column_dimensions[sheet.cell(2, n + 1).column_letter].hidden
    }
    assert {"Through", "Specialty", "NDC", "Note on the claim", "Pointers"} <= hidden
    assert hidden.isdisjoint({"Group", "Marked", "Claim", "Code", "POS", "Diagnoses", "Charge"})


def test_decided_findings_leave_the_worklist_and_say_so(make: type[Make], tmp_path: Path) -> None:
    states = ("standing", "reopened", "expired", "disputed", "pending")
    lines = [make.line(n, claim_id=f"C{n}") for n in range(6)]
    result = make.flagged(lines, [(n, None, {}) for n in range(6)])
    when = date(2025, 3, 12)
    standing = pl.DataFrame(
        [
            (result.findings["finding_id"][n], state, "agree", None, "Ann", when, None, "Ann said.")
            for n, state in enumerate(states)
        ],
        schema=dtypes(Standing),
        orient="row",
    )
    result = dataclasses.replace(result, standing=standing)
    book = load_workbook(write_report(result, tmp_path / "r.xlsx", rules=make.rules))
    work = {row["Claim"]: row["Decided before"] for row in rows_of(book, "Worklist").values()}
    assert work == {
        "C1": "Open again, because it changed: Ann said.",
        "C2": "Open again, because the decision ran out: Ann said.",
        "C3": "Open: Ann said.",
        "C4": "Open: Ann said.",
        "C5": None,
    }
    found = [(row["Claim"], row["Decided before"]) for row in rows_of(book, "Findings").values()]
    assert sorted(found[:5]) == sorted(work.items())
    assert found[5] == ("C0", "Settled: Ann said.")
    # Its lines are there all the same.
    assert len(list(links_of(book, "Findings", "Claim"))) == 6


def test_caps_are_told(make: type[Make], result: AuditResult, tmp_path: Path) -> None:
    path = write_report(result, tmp_path / "r.xlsx", rules=make.rules, sheet_rows=3)
    cut = load_workbook(path)
    assert "5 claims to look at" in cut["Worklist"]["A1"].value
    assert "The sheet holds the first 3." in cut["Worklist"]["A1"].value
    assert len(rows_of(cut, "Worklist")) == 3
    # Where a claim's findings have no room, its row leads to its lines alone.
    assert {row["Tier"] for row in rows_of(cut, "Findings").values()} == {"certain"}
    assert len(rows_of(cut, "Findings")) == 3
    assert len(list(links_of(cut, "Worklist", "Claim"))) == 3


@pytest.mark.parametrize(
    ("findings", "work", "lines"),
    [
        (0, "No claim waits for a decision", "No findings, so there is no claim"),
        (1, "1 claim to look at", "The claim lines of this run were not kept"),
    ],
)
def test_without_findings_or_lines_the_sheets_say_so(
    make: type[Make], tmp_path: Path, findings: int, work: str, lines: str
) -> None:
    found = make.findings([make.finding(n) for n in range(findings)])
    path = write_report(make.result(found), tmp_path / "r.xlsx", rules=make.rules)
    book = load_workbook(path)
    assert book["Worklist"]["A1"].value.startswith(work)
    assert book["Claim lines"]["A1"].value.startswith(lines)
    assert not list(links_of(book, "Worklist", "Claim"))
    assert len(list(links_of(book, "Worklist", "Findings"))) == findings


def test_column_names_are_unique() -> None:
    for columns in (worklist_sheet.COLUMNS, context_sheet.COLUMNS):
        names = pl.Series([c.header for c in columns])
        assert names.is_unique().all()
