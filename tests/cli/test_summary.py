"""The closing summary: whole, at any width, and without a word from a claim."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from auditor.cli import demo
from auditor.cli.run import Done, Request
from auditor.cli.summary import lines_text, money, reference
from auditor.result import AuditResult

SNAPSHOTS = Path(__file__).parent / "snapshots"
REQUEST = Request(
    inputs=(Path("in/march.csv"), Path("april.csv")),
    as_of=date(2026, 1, 2),
    report=Path("march.xlsx"),
)
WRITTEN = (Path("reports") / "a folder with a long name that does not fit" / ("x" * 60 + ".xlsx"),)
IDENTIFYING = ("MRN-77812", "CLM-9931", "1679576722", "DOE^JANE", "Jane Doe", "Patient Name")


def text(result: AuditResult) -> str:
    return "\n".join(lines_text(Done(result, WRITTEN, 1.26), REQUEST)) + "\n"


@pytest.mark.parametrize("columns", [80, 40])
def test_the_whole_summary(
    result: AuditResult,
    columns: int,
    golden: Callable[[Path, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    golden(SNAPSHOTS / f"summary-{columns}.txt", text(result))


def test_nothing_of_a_claim_is_in_it(result: AuditResult) -> None:
    held = str(result.findings.rows()) + str(result.files)
    assert [value for value in IDENTIFYING if value not in held] == []
    whole = text(result) + "\n".join(demo.lines_text(Done(result, WRITTEN, 1.26)))
    assert [value for value in IDENTIFYING if value in whole] == []


def test_a_clean_file_says_so(result: AuditResult) -> None:
    clean = replace(
        result, findings=result.findings.clear(), coverage=result.coverage.head(1), notes=()
    )
    told = text(clean)
    assert "Findings\n  none\n" in told
    assert "every rule judged every line it is about" in told
    assert "Amount at risk" not in told
    assert "Notes" not in told


def test_where_nothing_was_audited_nothing_is_called_judged(result: AuditResult) -> None:
    none = replace(
        result,
        findings=result.findings.clear(),
        coverage=result.coverage.clear(),
        lines_audited=0,
        notes=(),
    )
    assert "Coverage\n  no line was audited, so no rule judged anything\n" in text(none)
    assert "every rule judged" not in text(none)


def test_what_is_wrong_with_a_file_stands_first_among_the_notes(result: AuditResult) -> None:
    files = tuple(
        replace(file, warnings=("Dates were read as day/month/year (9 can only be that).",))
        for file in result.files
    )
    told = text(replace(result, files=files))
    assert "Notes\n  march.csv: Dates were read as day/month/year" in told
    many = text(replace(result, files=files * 8))
    assert many.count("march.csv: ") == 5
    assert "3 more remarks on files stand on the sheet Input." in many


def test_amounts_stand_by_tier_and_basis_and_are_never_added_across(result: AuditResult) -> None:
    assert money(result) == {"certain": ["allowed 1,240.50", "charge 80.25"]}
    assert "1,320.75" not in text(result)


def test_info_findings_carry_no_amount(result: AuditResult) -> None:
    info = replace(result, findings=result.findings.filter(pl.col("tier") == "info"))
    assert money(info) == {}
    assert "Amount at risk" not in text(info)


def test_an_unused_release_is_not_named(result: AuditResult) -> None:
    assert not any("hospital" in line for line in reference(result))


def test_the_starter_set_is_named_with_its_kinds(result: AuditResult) -> None:
    starters = tuple(r for r in result.releases if r.starter)
    assert reference(replace(result, releases=starters)) == ["Starter set only for aoc, hcpcs"]


def test_without_a_starter_table_it_is_not_named(result: AuditResult) -> None:
    full = tuple(r for r in result.releases if not r.starter)
    assert reference(replace(result, releases=full)) == [
        "PTP practitioner 2025Q1 (v310r1), 2,512,345 rows, for services to 2025-03-31"
    ]


def test_a_release_that_is_too_old_is_told_with_the_file_to_fetch(result: AuditResult) -> None:
    told = reference(replace(result, last_service_date=date(2025, 11, 4)))
    assert told[0].endswith("; 3 quarters older than the last service")
    assert told[-1].startswith(
        "Warning: PTP practitioner 2025Q1 (v310r1) speaks for services to 2025-03-31; services are"
    )
    assert told[-1].endswith("ccipra-v313r...-f1 to -f4 (2025Q4).")
    assert not any(text.startswith("Warning") for text in reference(result))


def test_of_several_releases_the_newest_is_told_with_its_age(result: AuditResult) -> None:
    old, *_ = result.releases
    newer = replace(old, label="newer", effective=date(2025, 4, 1), vouches_to=date(2025, 6, 30))
    idle = replace(old, kind="mue-hospital", label="hospital's")
    told = reference(replace(result, releases=(old, newer, idle)))
    assert told == [
        "PTP practitioner 2025Q1 (v310r1), 2,512,345 rows",
        "newer, 2,512,345 rows, for services to 2025-06-30",
        "hospital's, 2,512,345 rows",
    ]


def test_the_demo_in_a_few_lines(
    result: AuditResult, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = "\n".join(demo.lines_text(Done(result, WRITTEN, 1.26))) + "\n"
    assert told.count("\n") <= 10
    golden(SNAPSHOTS / "demo-summary.txt", told)
