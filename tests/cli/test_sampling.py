"""`auditor sample` and `auditor estimate`, from findings to measures, whole outputs asserted."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from auditor.cli import places
from auditor.cli.sample import default_worksheet
from auditor.report.machine import csv_safe
from schemas import Findings, dtypes

SNAPSHOTS = Path(__file__).parent / "snapshots"
DRAW = ("--size", "24", "--seed", "20261122", "--as-of", "2026-11-22")
SECRETS = ("MRN-", "CLM-", "DOE", "16795767")


def findings() -> pl.DataFrame:
    """200 lines of three rules, of which 10 are ledger entries and 5 were denied."""
    rows = []
    for n in range(200):
        tier = "info" if n < 10 else "certain" if n % 3 else "review"
        rows.append(
            {
                "finding_id": f"{n * 7919:032x}",
                "story_id": "s",
                "rule_id": "PTP-BYP" if n < 10 else ("AOC-1", "MUE-2", "PTP-0")[n % 3],
                "rule_name": "x",
                "tier": tier,
                "source_file": "march.csv",
                "source_row": n + 2,
                "claim_id": f"CLM-{n:04}",
                "line_number": 1,
                "patient_id": f"MRN-{n:04}",
                "rendering_npi": f"16795767{n % 4:02}",
                "service_date": date(2025, 3, 10),
                "code": "77002",
                "modifiers": "",
                "charge_amount": Decimal(5000 + n * 137 % 20000) / 100,
                "amount_at_risk": Decimal(0),
                "amount_basis": "none" if n < 10 else "already denied" if n < 15 else "allowed",
                "message": "77002 of DOE^JANE has no primary.",
                "remedy": "",
                "citation": "",
                "release_gap_quarters": 0,
                "also": "",
                "first_seen": date(2026, 11, 22),
                "run_id": "2026-11-22-0badcafe",
                "schema_version": 1,
            }
        )
    return pl.DataFrame(rows, schema=dtypes(Findings))


@pytest.fixture
def here(run: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """The commands in a folder with findings.parquet, .csv and .jsonl."""
    found = findings()
    found.write_parquet(tmp_path / "findings.parquet")
    csv_safe(found).write_csv(tmp_path / "findings.csv")
    found.sample(fraction=1, shuffle=True, seed=3).write_ndjson(tmp_path / "findings.jsonl")
    return run


def fill(path: Path, *, leave: int = 0) -> Path:
    """Every third line wrong: by half, wholly, or too little; the last `leave` rows stay open."""
    book = openpyxl.load_workbook(path)
    sheet = book["Sample"]
    at = {str(cell.value): cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1 - leave):
        number = sheet.cell(row, at["No."]).value
        billed = Decimal(str(sheet.cell(row, at["Billed"]).value))
        wrong = number % 3 == 0
        sheet.cell(row, at["In error (fill in)"]).value = "yes" if wrong else "no"
        if wrong:
            should = (billed / 2, Decimal(0), billed + 5)[number // 3 % 3]
            sheet.cell(row, at["Should be (fill in)"]).value = float(round(should, 2))
    book.save(path)
    return path


def quiet(text: str) -> bool:
    return not [secret for secret in SECRETS if secret in text]


@pytest.mark.parametrize("by", ["", "rule", "practitioner"])
def test_from_findings_to_measures(
    here: Callable[..., Any], golden: Callable[[Path, str], None], tmp_path: Path, by: str
) -> None:
    stratified = ("--by", by) if by else ()
    told = here("sample", "findings.csv", *DRAW, *stratified, "--out", "w.xlsx")
    assert (told.code, told.err) == (0, "")
    assert quiet(told.out)
    golden(SNAPSHOTS / f"sample{by and '-'}{by}.txt", told.out)
    fill(tmp_path / "w.xlsx")
    told = here("estimate", "w.xlsx", "--out", "e.json", "--rat-stats", "r.csv")
    assert (told.code, told.err) == (0, "")
    assert quiet(told.out)
    golden(SNAPSHOTS / f"estimate{by and '-'}{by}.txt", told.out)
    made = json.loads((tmp_path / "e.json").read_text())
    assert quiet(json.dumps(made))
    assert made["total"]["limits"][1]["confidence"] == made["confidence"] == 90
    assert (made["frame"]["lines"], made["sample"]["lines"]) == (185, 24)
    assert [each["lines"] for each in made["frame"]["left_out"]] == [10, 5]
    rows = (tmp_path / "r.csv").read_text().splitlines()
    assert len(rows) == 25
    assert rows[0] == ("Stratum," if by else "") + "Sample Item,Examined,Audited,Difference"
    assert quiet("\n".join(rows))
    for name in ("w.xlsx", "e.json", "r.csv"):
        assert (tmp_path / name).stat().st_size
    assert (tmp_path / "e.json").stat().st_mode & 0o777 == 0o600


def test_the_three_forms_give_the_same_sample(here: Callable[..., Any], tmp_path: Path) -> None:
    rows = []
    for form in ("parquet", "csv", "jsonl"):
        assert here("sample", f"findings.{form}", *DRAW, "--out", f"{form}.xlsx").code == 0
        book = openpyxl.load_workbook(tmp_path / f"{form}.xlsx")
        rows.append([[c.value for c in row] for row in book["Sample"].iter_rows()])
    assert rows[0] == rows[1] == rows[2]


def test_the_estimate_as_a_document(
    here: Callable[..., Any], golden: Callable[[Path, str], None], tmp_path: Path
) -> None:
    here("sample", "findings.jsonl", *DRAW, "--by", "rule", "--out", "w.xlsx")
    fill(tmp_path / "w.xlsx", leave=2)
    stopped = here("estimate", "w.xlsx")
    assert (stopped.code, stopped.out) == (3, "")
    assert "2 of 24 lines have no answer (rows 24, 25)" in stopped.err
    told = here(
        "estimate", "w.xlsx", "--unanswered", "in-error", "--confidence", "99", "--out", "e.md"
    )
    assert told.code == 0
    text = (tmp_path / "e.md").read_text()
    # the digest of a Parquet or JSON file is its writer's; here only the figures count
    *figures, digest = text.rstrip().splitlines()
    assert digest.startswith("Findings file, SHA-256: ")
    golden(SNAPSHOTS / "estimate.md", "\n".join(figures) + "\n")
    again = here("estimate", "w.xlsx", "--unanswered", "leave-out", "--out", "e.md")
    assert "e (2).md" in again.out
    assert "PROVISIONAL" in again.out


def test_rat_stats_gets_a_sheet_a_stratum_and_the_sizes(
    here: Callable[..., Any], tmp_path: Path
) -> None:
    here("sample", "findings.parquet", *DRAW, "--by", "rule", "--out", "w.xlsx")
    fill(tmp_path / "w.xlsx")
    assert here("estimate", "w.xlsx", "--rat-stats", "r.xlsx").code == 0
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == ["Stratum 1", "Stratum 2", "Stratum 3", "Sizes"]
    sizes = list(book["Sizes"].iter_rows(values_only=True))
    assert sizes[0] == ("Stratum", "Universe size", "Sample size", "In error")
    assert sum(row[1] for row in sizes[1:]) == 185
    assert [row[2] for row in sizes[1:]] == [ws.max_row - 1 for ws in book.worksheets[:3]]
    for sheet in book.worksheets[:3]:
        for _, examined, audited, difference in sheet.iter_rows(min_row=2, values_only=True):
            assert difference == pytest.approx(examined - audited)
    told = here("estimate", "w.xlsx", "--rat-stats", "r.txt")
    assert told.code == 0
    assert "\t" in (tmp_path / "r.txt").read_text().splitlines()[0]


def test_a_full_review_is_told_as_one(here: Callable[..., Any], tmp_path: Path) -> None:
    told = here("sample", "findings.csv", "--size", "500", "--seed", "1", "--out", "w.xlsx")
    assert "185 lines (500 were asked for)" in told.out
    assert "full review" in " ".join(told.out.split())
    fill(tmp_path / "w.xlsx")
    told = here("estimate", "w.xlsx")
    assert "Every line of the frame was examined" in told.out


def test_the_worksheet_nobody_named_lies_beside_the_reports() -> None:
    day = date(2026, 11, 22)
    path = default_worksheet(Path("x/tonight.findings.csv"), day)
    assert path.parent == places.default_report([Path("claims.csv")], day).parent
    assert path.name == "tonight.findings-sample-2026-11-22.xlsx"


ERRORS = [
    (("sample", "findings.csv"), 2, "--size"),
    (("sample", "findings.csv", "--size", "0", "--seed", "1"), 2, "--size"),
    (("sample", "findings.csv", "--size", "5", "--seed", "-1"), 2, "--seed"),
    (("sample", "findings.csv", *DRAW, "--by", "payer"), 2, "See 'auditor sample --help'"),
    (("sample", "findings.csv", *DRAW, "--basis", "allowed"), 2, "'allowed' is not one of"),
    (("sample", "findings.csv", *DRAW, "--out", "w.csv"), 2, "does not end in .xlsx"),
    (("sample", "gone.csv", *DRAW, "--out", "w.xlsx"), 3, "cannot be read"),
    (("sample", "march.txt", *DRAW, "--out", "w.xlsx"), 3, ".parquet, .csv or .jsonl"),
    (("estimate", "gone.xlsx"), 3, "cannot be read"),
    (("estimate", "findings.csv"), 3, "not an Excel workbook"),
    (("estimate", "w.xlsx", "--unanswered", "clean"), 2, "See 'auditor estimate --help'"),
    (("estimate", "w.xlsx", "--confidence", "100"), 2, "--confidence"),
    (("estimate", "w.xlsx", "--out", "e.txt"), 2, "does not end in .json or .md"),
    (("estimate", "w.xlsx", "--rat-stats", "e.json"), 2, "does not end in .xlsx or .csv"),
    (("estimate", "w.xlsx", "--out", "x/../w.xlsx"), 2, "does not end in"),
]


@pytest.mark.parametrize(("args", "code", "text"), ERRORS, ids=lambda a: "" if a == 2 else None)
def test_errors_are_told_in_words(
    here: Callable[..., Any], args: tuple[str, ...], code: int, text: str
) -> None:
    told = here(*args)
    assert (told.code, told.out) == (code, "")
    assert text in told.err
    assert "Traceback" not in told.err


def test_findings_are_never_written_over(here: Callable[..., Any], tmp_path: Path) -> None:
    here("sample", "findings.csv", *DRAW, "--out", "w.xlsx")
    before = (tmp_path / "w.xlsx").read_bytes()
    told = here("sample", "findings.csv", *DRAW, "--out", "w.xlsx")
    assert "w (2).xlsx" in told.out
    assert (tmp_path / "w.xlsx").read_bytes() == before
