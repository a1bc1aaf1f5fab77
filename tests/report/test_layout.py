"""The sheets: order, tables, filters, panes, widths, print setup; certain first; nothing found."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING
from zipfile import ZipFile

import polars as pl
import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter, range_boundaries

from auditor.report import words, write_report
from auditor.rules import catalogue
from schemas import Coverage, dtypes

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook

    from auditor.result import AuditResult
    from tests.report.conftest import Make

SHEETS = [
    "Summary",
    "Worklist",
    "Findings",
    "Claim lines",
    "Bypass ledger",
    "Practitioners",
    "Input",
    "Coverage",
    "Tables",
    "Rules",
    "About",
]


@pytest.fixture(scope="module")
def rich(make: type[Make], tmp_path_factory: pytest.TempPathFactory) -> tuple[AuditResult, Path]:
    result = make.rich(80)
    path = tmp_path_factory.mktemp("rich") / "report.xlsx"
    return result, write_report(result, path, rules=make.rules)


@pytest.fixture(scope="module")
def book(rich: tuple[AuditResult, Path]) -> Workbook:
    return load_workbook(rich[1])


def test_sheets_in_order(book: Workbook) -> None:
    assert book.sheetnames == SHEETS


@pytest.mark.parametrize(
    ("sheet", "table", "rows"),
    [("Findings", "Findings", 80), ("Coverage", "Coverage", 10), ("Rules", "RuleCatalogue", 10)],
)
def test_tables_cover_their_rows_and_name_their_columns(
    book: Workbook, sheet: str, table: str, rows: int
) -> None:
    ws = book[sheet]
    made = ws.tables[table]
    left, top, right, bottom = range_boundaries(made.ref)
    assert bottom - top == rows
    assert bottom == ws.max_row
    assert made.autoFilter.ref == made.ref
    headers = [ws.cell(top, n).value for n in range(left, right + 1)]
    assert [c.name for c in made.tableColumns] == headers
    assert len(set(headers)) == len(headers)
    assert ws.print_title_rows == f"${top}:${top}"


def test_findings_freeze_header_and_the_columns_that_name_the_finding(book: Workbook) -> None:
    assert book["Findings"].freeze_panes == "D3"
    assert [c.value for c in book["Findings"][2]][:3] == ["Tier", "Rule", "Claim"]


def test_leading_columns_are_what_a_coder_needs_first(book: Workbook) -> None:
    headers = [c.value for c in book["Findings"][2]]
    wanted = ["Tier", "Rule", "Claim", "Line", "Patient", "Rendering NPI", "Date of service"]
    wanted += ["Code", "Modifiers", "What is wrong", "What to do", "At risk (estimate)"]
    wanted += ["Amount taken from", "Counterpart", "Disposition", "Reason", "Reviewer"]
    wanted += ["Decided on", "Valid until", "Decided before", "Citation", "Table release"]
    assert headers[: len(wanted)] == wanted


def test_every_column_has_a_width_and_long_texts_wrap(book: Workbook) -> None:
    for sheet in book:
        for n in range(1, sheet.max_column + 1):
            column = sheet.column_dimensions[get_column_letter(n)]
            assert column.customWidth, (sheet.title, n)
            assert 2 <= column.width <= 80, (sheet.title, n)
    message = book["Findings"]["J3"]
    assert message.alignment.wrap_text
    assert book["Findings"].row_dimensions[3].height > 15


def test_certain_first_and_tier_told_by_word_and_colour(
    rich: tuple[AuditResult, Path], book: Workbook
) -> None:
    result, _ = rich
    sheet = book["Findings"]
    tiers = [sheet.cell(row, 1).value for row in range(3, 83)]
    order = ["certain", "review", "info"]
    assert tiers == sorted(tiers, key=order.index)
    fills = {sheet.cell(row, 1).value: sheet.cell(row, 1).fill.fgColor.rgb for row in range(3, 83)}
    assert set(fills) == set(order)
    assert len(set(fills.values())) == 3
    ids = [c.value for c in sheet[2]].index("Finding id") + 1
    told = {sheet.cell(row, ids).value: sheet.cell(row, 10).value for row in range(3, 83)}
    assert told == dict(result.findings.select("finding_id", "message").iter_rows())


def test_certain_first_whatever_order_comes_in(make: type[Make], tmp_path: Path) -> None:
    rows = [make.finding(n, tier=t) for n, t in enumerate(["info", "review", "certain"], start=1)]
    path = write_report(make.result(make.findings(rows)), tmp_path / "r.xlsx", rules=make.rules)
    sheet = load_workbook(path)["Findings"]
    assert [sheet.cell(r, 1).value for r in (3, 4, 5)] == ["certain", "review", "info"]


def test_print_setup(book: Workbook) -> None:
    for sheet in book:
        whole = sheet.title == "Summary"
        assert sheet.page_setup.orientation == ("portrait" if whole else "landscape")
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, int(whole))
        assert sheet.oddFooter.left.text == "Confidential: contains PHI (patient data)"
        assert sheet.oddFooter.right.text == "Page &P of &N"


def test_document_properties_are_those_of_the_run(book: Workbook) -> None:
    properties = book.properties
    assert properties.title == "Claim audit report"
    assert properties.creator.startswith("auditor ")
    assert properties.created == properties.modified == datetime(2026, 11, 21)  # noqa: DTZ001 - Excel's times have no zone


def test_charts_are_described_in_words(
    rich: tuple[AuditResult, Path],
) -> None:
    _, path = rich
    with ZipFile(path) as archive:
        charts = [n for n in archive.namelist() if n.startswith("xl/charts/")]
        assert len(charts) == 2
        drawing = archive.read("xl/drawings/drawing1.xml").decode()
        drawn = [archive.read(name).decode() for name in charts]
    assert 'descr="Bar chart, rules that put most at risk (allowed amount), certain' in drawing
    assert 'descr="Bar chart, practitioners with most findings, certain' in drawing
    assert [chart.count("<ser>") for chart in drawn] == [2, 2]


def test_excel_marks_no_number_stored_as_text(rich: tuple[AuditResult, Path]) -> None:
    with ZipFile(rich[1]) as archive:
        for number in range(1, 6):
            xml = archive.read(f"xl/worksheets/sheet{number}.xml").decode()
            assert xml.count("<ignoredError ") == 1
            assert xml.index("<headerFooter") < xml.index("<ignoredErrors")
            tail = [xml.find(part) for part in ("<drawing", "<tableParts") if part in xml]
            assert all(xml.index("<ignoredErrors") < place for place in tail)


def test_nothing_found(make: type[Make], tmp_path: Path) -> None:
    empty = make.findings([])
    path = write_report(make.result(empty), tmp_path / "r.xlsx", rules=make.rules)
    book = load_workbook(path)
    assert book["Findings"].tables["Findings"].ref.endswith("3")
    assert book["Findings"]["A1"].value.startswith("0 findings.")
    texts = [c.value for row in book["Summary"].iter_rows() for c in row if c.value]
    assert "No findings." in texts
    with ZipFile(path) as archive:
        assert not [n for n in archive.namelist() if n.startswith("xl/charts/")]


def test_nothing_read_at_all(make: type[Make], tmp_path: Path) -> None:
    result = make.result(
        make.findings([]),
        files=(),
        coverage=make.result().coverage.clear(),
        lines_read=0,
        lines_audited=0,
        lines_by_business={},
        first_service_date=None,
        last_service_date=None,
        releases=(),
    )
    book = load_workbook(write_report(result, tmp_path / "r.xlsx", rules=()))
    assert book.sheetnames == SHEETS
    assert book["Summary"]["B2"].value == "Audited: 0 claim lines of 0 lines read from 0 files."


def test_input_lists_files_columns_rejects_set_aside_and_repairs(book: Workbook) -> None:
    rows = [[c.value for c in row] for row in book["Input"].iter_rows()]
    assert [
        "march.csv",
        100,
        "utf-8, comma",
        "A totals row at the end was left out.",
        "ab" * 32,
    ] in rows
    assert ["march.csv", 1, "modifiers", "Mod1, Mod2", None] in rows
    texts = [row[0] for row in rows if row[1:] == [None] * 4]
    assert "Recognised in march.csv, but not needed: Comment." in texts
    assert [text for text in texts if text and text.startswith("Not recognised")] == [
        f"Not recognised in {name}, so not read: Facility. Where a field stands in one of them,"
        " say so: --map FIELD=COLUMN, for example --map charge_amount=COLUMN."
        for name in ("march.csv", "april.xlsx [Lines]")
    ]
    assert ["april.xlsx [Lines]", 10, "institutional"] in [row[:3] for row in rows]
    told = "no code; no patient\nHCPCS / MRN: (blank) / (blank)"
    assert ["march.csv", 41, "C41", told, "Claim No: =1+1"] in rows
    assert [
        "march.csv",
        20,
        "procedure code (code)",
        "leading zeros restored",
        "row 100: 100 -> 00100",
    ] in rows
    assert ["march.csv", 17, "units", "not a number, emptied", "one -> (emptied)"] in rows


def test_many_repairs_are_counted_whole_and_listed_in_part(
    make: type[Make], tmp_path: Path
) -> None:
    rich = make.rich()
    many = pl.concat([rich.repairs.head(20)] * 60)
    result = dataclasses.replace(rich, repairs=many)
    sheet = load_workbook(write_report(result, tmp_path / "r.xlsx", rules=make.rules))["Input"]
    rows = [[c.value for c in row] for row in sheet.iter_rows()]
    assert [
        "march.csv",
        1200,
        "procedure code (code)",
        "leading zeros restored",
        "row 100: 100 -> 00100",
    ] in rows
    notes = [row[0] for row in rows if row[0] and "The first 1,000 of 1,200 repairs" in row[0]]
    assert len(notes) == 1
    assert sum(row[3] == "leading zeros restored" for row in rows) == 1 + 1000


def test_coverage_shows_what_was_not_judged_first(book: Workbook) -> None:
    sheet = book["Coverage"]
    rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=4)]
    assert [row[0] for row in rows[:4]] == ["MUE-2", "MUE-3", "DUP-1", "AOC-1"]
    states = [row[2] for row in rows]
    assert states == ["partly judged"] * 3 + ["judged with caution"] + ["judged"] * 6
    assert rows[2][1:6] == ["exact-duplicate", "partly judged", 180, 0, 12]
    assert rows[2][8] == "the export has no received date (12 lines)"
    assert rows[3][3:6] == [180, 20, 0]
    assert rows[3][7].date().isoformat() == "2025-04-03", "with caution is judged"


def test_one_line_is_one_line(make: type[Make], tmp_path: Path) -> None:
    gap = [
        (rule, "not judged", "no date", n, None, None) for rule, n in (("AOC-1", 1), ("DUP-1", 2))
    ]
    coverage = pl.DataFrame(gap, schema=dtypes(Coverage), orient="row")
    path = write_report(make.result(coverage=coverage), tmp_path / "r.xlsx", rules=make.rules)
    rows = load_workbook(path)["Coverage"].iter_rows(min_row=4, values_only=True)
    assert {row[0]: row[8] for row in rows} == {
        "AOC-1": "no date (1 line)",
        "DUP-1": "no date (2 lines)",
    }


def test_tables_sheet_tells_what_tables_judged_and_which_codes_they_lack(book: Workbook) -> None:
    rows = [[c.value for c in row if c.value is not None] for row in book["Tables"].iter_rows()]
    state = ["unit limits", "not judged", 45]
    assert [row[:3] for row in rows[3:5]] == [state, ["unit limits", "judged", 155]]
    assert ["unit limits", "0042T", 45, "the code has no row in the MUE table of its date"] in [
        [cell for cell in row if cell != ""] for row in rows
    ]


def test_rules_sheet_is_the_catalogue_and_counts_what_was_found(
    rich: tuple[AuditResult, Path], book: Workbook, make: type[Make]
) -> None:
    result, _ = rich
    sheet = book["Rules"]
    rows = [[c.value for c in row] for row in sheet.iter_rows(min_row=4)]
    assert [row[0] for row in rows] == [rule.id for rule in make.rules]
    found = {
        (rule, tier): n
        for rule, tier, n in result.findings.group_by("rule_id", "tier").len().iter_rows()
    }
    assert {row[0]: row[3:6] for row in rows} == {
        r.id: [found.get((r.id, tier), 0) for tier in ("certain", "review", "info")]
        for r in make.rules
    }
    first = dict(zip([c.value for c in sheet[3]], rows[0], strict=True))
    assert first["Example that is flagged"] == "99213\n77002"
    assert first["Line of business"].endswith("commercial (review), unknown (review)")
    assert first["Tables needed"] == "Add-on codes (AOC)"


def test_every_family_has_words() -> None:
    families = {rule.id.split("-")[0] for rule in catalogue()}
    assert families == set(words.FAMILIES)
