"""What was decided before: on Summary, Worklist, Findings and Decisions."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from openpyxl import load_workbook

from auditor.report import write_report
from schemas import Standing, Unmatched, dtypes

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook

    from tests.report.conftest import Make

STATES = ("standing", "pending", "reopened", "expired", "disputed")
DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def book(make: type[Make], tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """Seven findings, the first five decided before, and one decision whose finding is gone."""
    tiers = ["certain", "review", "certain", "review", "certain", "review", "info"]
    found = make.findings(
        [make.finding(n, tier=tier, claim_id=f"C{n}") for n, tier in enumerate(tiers, start=1)]
    )
    standing = [
        (found["finding_id"][n], state, "agree", None, "Ann", DAY, None, f"Ann said {state}.")
        for n, state in enumerate(STATES)
    ]
    gone = ("f" * 32, "STA-B", "C9", 2, DAY, "99213", "corrected", None, "Bob", DAY, None, "Gone.")
    result = dataclasses.replace(
        make.result(found),
        consulted=True,
        standing=pl.DataFrame(standing, schema=dtypes(Standing), orient="row"),
        unmatched=pl.DataFrame([gone], schema=dtypes(Unmatched), orient="row"),
    )
    path = tmp_path_factory.mktemp("settled") / "r.xlsx"
    return load_workbook(write_report(result, path, rules=make.rules))


def rows_of(book: Workbook, sheet: str, head: int) -> list[dict[str, Any]]:
    names, *rows = book[sheet].iter_rows(min_row=head, values_only=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_what_is_settled_leaves_the_worklist_and_nothing_else_does(book: Workbook) -> None:
    listed = {row["Claim"]: row["Decided before"] for row in rows_of(book, "Worklist", 2)}
    assert listed == {
        "C2": "Open: Ann said pending.",
        "C3": "Open again, because it changed: Ann said reopened.",
        "C4": "Open again, because the decision ran out: Ann said expired.",
        "C5": "Open: Ann said disputed.",
        "C6": None,
    }


def test_findings_say_it_and_put_what_is_settled_after_what_is_open(book: Workbook) -> None:
    rows = rows_of(book, "Findings", 2)
    assert [row["Claim"] for row in rows] == ["C3", "C5", "C2", "C4", "C6", "C1", "C7"]
    assert rows[5]["Decided before"] == "Settled: Ann said standing."
    assert {row["Disposition"] for row in rows} == {None}, "an answer is the reviewer's to give"


def test_decisions_lists_all_of_them_and_leads_to_the_findings(book: Workbook) -> None:
    sheet = book["Decisions"]
    rows = rows_of(book, "Decisions", 3)
    assert [(row["What stands"], row["Claim"]) for row in rows] == [
        ("Open", "C5"),
        ("Open again, because it changed", "C3"),
        ("Open again, because the decision ran out", "C4"),
        ("Open", "C2"),
        ("Settled", "C1"),
        ("No longer found", "C9"),
    ]
    assert [row["In a sentence"] for row in rows][-1] == "Gone."
    findings = book["Findings"]
    for number, row in enumerate(rows[:-1], start=4):
        place = sheet.cell(number, 3).hyperlink.location
        assert place.startswith("'Findings'!A")
        assert findings[place.partition("!")[2]].offset(column=2).value == row["Claim"]
    assert sheet.cell(9, 3).hyperlink is None


def test_summary_counts_what_is_decided_by_tier(book: Workbook) -> None:
    rows = {row[1]: row[2] for row in book["Summary"].iter_rows(values_only=True)}
    told = rows["Decided before"]
    assert told.startswith("1 certain settled")
    for part in ("1 review waiting for records", "1 certain open again", "1 review open again"):
        assert part in told
    assert told.endswith("1 decided before and no longer found.")


def test_without_a_ledger_nothing_is_said_of_decisions(make: type[Make], tmp_path: Path) -> None:
    book = load_workbook(write_report(make.result(), tmp_path / "r.xlsx", rules=make.rules))
    assert "Decisions" not in book.sheetnames
    assert "Decided before" not in [row[1] for row in book["Summary"].iter_rows(values_only=True)]
