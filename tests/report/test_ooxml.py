"""Excel opens the workbook without an offer to repair it: as far as one can know without Excel."""

from __future__ import annotations

import dataclasses
import random
import re
import struct
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

import polars as pl
import pytest
from openpyxl import Workbook
from report.ooxml import faults_of

from auditor.report import redact, write_parts, write_report
from auditor.report.archive import Archive, save
from auditor.report.sheet import LAST_ROW, Book, Column, Sheet
from auditor.report.style import register
from auditor.result import AuditOptions
from schemas import SeparablePairs, Standing, Unmatched, dtypes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditor.result import AuditResult
    from tests.report.conftest import Make

KEY = "0123456789abcdef0123456789abcdef"
FILE = "R&D <1> 'x'.csv"
STATES = ("standing", "reopened", "expired", "disputed", "pending")


def everything(make: type[Make], count: int = 60) -> AuditResult:
    """Hostile texts wherever a file or a person may put one; pairs and decisions; odd dates."""
    rng = random.Random(5)  # noqa: S311 - made-up claims, no secret
    short = [text for text in make.hostile if len(text) < 200]
    names = ("claim_id", "patient_id", "payer", "rendering_npi", "billing_npi", "modifiers")
    more = ("claim_note", "diagnoses", "specialty", "ndc", "place_of_service", "paid_status")
    lines = [
        make.line(
            row,
            source_file=FILE,
            **{name: rng.choice(short) for name in (*names, *more)},
            service_date_from=rng.choice([date(1899, 1, 1), date(9999, 12, 31), date(2025, 3, 1)]),
            received_date=date(2025, 3, 1) + timedelta(days=row),
        )
        for row in range(count)
    ]
    tiers = ("certain", "review", "info")
    hits = [
        (
            row,
            rng.randrange(count),
            {"message": rng.choice(make.hostile), "tier": rng.choice(tiers)},
        )
        for row in range(0, count, 2)
    ]
    pairs = [(n, n + 1, n % 3 > 0, n % 2 > 0, "", "59" * (n % 3 > 0)) for n in range(0, count, 4)]
    result = make.flagged(
        lines,
        hits,
        pairs=pl.DataFrame(pairs, schema=dtypes(SeparablePairs), orient="row"),
        files=(make.file(FILE, notes=short[:8], mapping=dict.fromkeys(short, "=1")),),
        notes=tuple(short),
        consulted=True,
    )
    ids = result.findings["finding_id"]
    decided = {"disposition": "agree", "reviewer": "=1", "decided_on": date(2025, 4, 1)}
    empty = dict.fromkeys([*dtypes(Standing), *dtypes(Unmatched)]) | decided
    standing = [
        empty | {"finding_id": ids[n], "state": state, "reason": short[n], "told": short[-n]}
        for n, state in enumerate(STATES)
    ]
    gone = [empty | {"finding_id": "f" * 32, "claim_id": short[3], "told": "gone."}]
    return dataclasses.replace(
        result,
        standing=pl.DataFrame(standing, schema=dtypes(Standing)),
        unmatched=pl.DataFrame(gone, schema=dtypes(Unmatched)),
        options=AuditOptions(date(2026, 11, 21), f"R&D &P \x07\n{'&' * 300}"),
    )


RESULTS: dict[str, Callable[[type[Make]], AuditResult]] = {
    "everything": everything,
    "of all rules": lambda make: make.rich(60),
    "hostile": lambda make: make.rich(60, hostile=True),
    "redacted": lambda make: redact(everything(make, 30), KEY),
    "no findings": lambda make: make.result(make.findings([])),
    "nothing read": lambda make: make.result(
        make.findings([]),
        coverage=make.result().coverage.clear(),
        files=(),
        releases=(),
        lines_read=0,
        lines_audited=0,
        lines_by_business={},
        first_service_date=None,
        last_service_date=None,
    ),
}


@pytest.mark.parametrize("name", RESULTS)
def test_no_part_of_the_workbook_is_at_fault(name: str, make: type[Make], tmp_path: Path) -> None:
    rules = None if name == "of all rules" else make.rules
    path = write_report(RESULTS[name](make), tmp_path / "r.xlsx", rules=rules)
    assert faults_of(path) == []


def test_no_part_is_at_fault_where_rows_stand_beside_it(make: type[Make], tmp_path: Path) -> None:
    result = everything(make, 30)
    path = write_report(result, tmp_path / "R&D's.xlsx", rules=make.rules, sheet_rows=3)
    again = write_report(result, path, rules=make.rules, sheet_rows=3)
    assert again != path, "the second tells what it supersedes"
    assert faults_of(path) == faults_of(again) == []


def test_no_recipients_part_is_at_fault(make: type[Make], tmp_path: Path) -> None:
    result = everything(make, 12)
    bills = pl.when(pl.col("line_key") < 6).then(pl.lit("=1+1"))  # and nobody the others
    result = dataclasses.replace(result, lines=result.lines.with_columns(billing_npi=bills))
    folder = write_parts(result, tmp_path / "r.xlsx", "billing", rules=make.rules)
    assert folder is not None
    faults = {path.name: faults_of(path) for path in sorted(folder.iterdir())}
    assert {name: told for name, told in faults.items() if told} == {}
    assert len(faults) == 2


@pytest.fixture(scope="module")
def parts(make: type[Make], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The parts of a sound workbook as texts, by the name they have in the file."""
    path = tmp_path_factory.mktemp("sound") / "r.xlsx"
    with ZipFile(write_report(everything(make, 12), path, rules=make.rules)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def packed(parts: dict[str, str]) -> BytesIO:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out


SUMMARY, FINDINGS = "xl/worksheets/sheet1.xml", "xl/worksheets/sheet3.xml"
TABLE, BOOK, STYLES = "xl/tables/table2.xml", "xl/workbook.xml", "xl/styles.xml"
CHART, DRAWING = "xl/charts/chart1.xml", "xl/drawings/drawing1.xml"
BROKEN = [
    (FINDINGS, r'<row r="4"', '<row r="3"', "row 3 after 3"),
    (FINDINGS, r'<c r="B3"', '<c r="A3"', "cell A3 after column 1"),
    (FINDINGS, r'<c r="B3"', '<c r="B4"', "cell B4 in row 3"),
    (FINDINGS, r'(<c r="B3" s=)"\d+"', r'\1"999"', "B3: no such style"),
    (FINDINGS, r'(<c r="B3" s="\d+") t="inlineStr"', r'\1 t="s"', "B3: type s"),
    (FINDINGS, r'(<c r="D3".*?<v>)\d+', r"\1NaN", "D3: no number"),
    (FINDINGS, r' ht="[\d.]+"', ' ht="410"', "410 points high"),
    (FINDINGS, r"<t xml:space=\"preserve\">AOC-1", "<t> AOC-1", "blanks that get lost"),
    (FINDINGS, r"AOC-1", "x" * 32_768, "no text, or one that is too long"),
    (FINDINGS, r'<dimension ref="A1:AI\d+"', '<dimension ref="A1:C4"', "dimension is"),
    (FINDINGS, r'width="9"', 'width="256"', "256 wide"),
    (FINDINGS, r'min="2" max="2"', 'min="1" max="2"', "columns 1 to 2"),
    (FINDINGS, r'topLeftCell="D3"', 'topLeftCell="E3"', "frozen at"),
    (FINDINGS, r'activeCell="D3" sqref="D3"', 'activeCell="A1" sqref="A1"', "the cursor"),
    (FINDINGS, r'<selection pane="topRight"/>', "", "panes and selections"),
    (FINDINGS, r"(<hyperlink ref=)\"C4\"", r'\1"C3"', "two in a cell"),
    (FINDINGS, r"location=\"'Claim lines'!C\d+", "location=\"'Claim lines'!C9999", "link to"),
    (FINDINGS, r"location=\"'Claim lines'", "location=\"'Nowhere'", "link to"),
    (FINDINGS, r'prompt="', f'prompt="{"x" * 256}', "prompt of a validation is too long"),
    (FINDINGS, r"(<formula1>)\"", r'\1"' + "x" * 256, "one that is too long"),
    (FINDINGS, r'sqref="R3:R(\d+) ', r'sqref="O3:O\1 ', "two validations"),
    (FINDINGS, r'priority="2"', 'priority="1"', "priorities"),
    (FINDINGS, r'dxfId="1"', 'dxfId="99"', "a conditional format without look"),
    (FINDINGS, r"<oddHeader>", f"<oddHeader>{'x' * 256}", "oddHeader of"),
    (FINDINGS, r"<oddHeader>", "<oddHeader>&amp;Q", "a code in a header"),
    (FINDINGS, r"(<conditionalF.*?)(<dataV.*</dataValidations>)", r"\2\1", "order of worksheet"),
    (FINDINGS, r"<pageMargins", '<mergeCells count="1"/><pageMargins', "order of worksheet"),
    (SUMMARY, r'<mergeCell ref="B2:H2"/>', '<mergeCell ref="B1:H1"/>', "meet others"),
    (SUMMARY, r'<mergeCells count="\d+"', '<mergeCells count="1"', "count of merged cells"),
    (SUMMARY, r'autoFilter="0"', 'autoFilter="1"', "forbids filtering"),
    (SUMMARY, r' tabSelected="1"', "", "the first sheet"),
    (TABLE, r"<table ", '<table xml:space="preserve" ', "only texts have it"),
    (TABLE, r'name="Rule"', 'name="tier"', "two columns of one name"),
    (TABLE, r'name="Rule"', 'name="Rules"', "the header says otherwise"),
    (TABLE, r'(<table [^>]*)ref="A2', r'\1ref="A3', "a filter of other cells"),
    (TABLE, r'id="2" name', 'id="1" name', "two tables of one number"),
    (TABLE, r'displayName="Findings"', 'displayName="AB12"', "a table called AB12"),
    (TABLE, r'tableColumns count="35"', 'tableColumns count="34"', "another number of columns"),
    (BOOK, r'name="Worklist"', 'name="findings"', "two sheets of one name"),
    (BOOK, r'name="Summary"', f'name="{"x" * 32}"', "a sheet called x"),
    (BOOK, r"'Findings'!\$2:\$2", "'Summary'!$2:$2", "Print_Titles of"),
    (BOOK, r"(Findings'!\$2:\$)2", r"\g<1>3", "printed titles"),
    (STYLES, r'(<xf [^>]*fontId=)"1"', r'\1"99"', "a style without its parts"),
    (STYLES, r'numFmtId="164"', 'numFmtId="163"', "number formats"),
    (STYLES, r'<cellXfs count="\d+"', '<cellXfs count="1"', "another count of cellXfs"),
    (CHART, r"(<gapWidth[^>]*>)(<overlap[^>]*>)", r"\2\1", "order of barChart"),
    (CHART, r"'Summary'!\$K", "'Nowhere'!$K", "draws 'Nowhere'"),
    (CHART, r'<ptCount val="\d+"', '<ptCount val="99"', "other points"),
    (CHART, r"<strCache>(.*?)<v>", r'<strCache>\1<v xml:space="preserve">', "v with attributes"),
    (DRAWING, r' descr="[^"]*"', "", "not told in words"),
    (DRAWING, r"<to><col>\d+", "<to><col>0", "beside the sheet"),
    (DRAWING, r"<wsDr", "<wsDr <", "not well-formed"),
    ("[Content_Types].xml", r"<Override PartName=\"/xl/styles.xml\"[^>]*/>", "", "content types"),
    ("xl/worksheets/_rels/sheet3.xml.rels", r"table2\.xml", "table99.xml", "which is not there"),
    ("xl/worksheets/_rels/sheet1.xml.rels", r"<Relationship [^>]*/>", "", "nobody leads to"),
]  # fmt: skip
"""A part, what stands in it, what is put in its place, and what is said of it."""


@pytest.mark.parametrize(
    ("part", "old", "new", "said"), BROKEN, ids=[f"{n} {b[3]}" for n, b in enumerate(BROKEN)]
)
def test_what_is_at_fault_is_seen(
    parts: dict[str, str], part: str, old: str, new: str, said: str
) -> None:
    broken, changed = re.subn(old, new, parts[part], count=1, flags=re.DOTALL)
    assert changed == 1, "the pattern is not in the part"
    faults = faults_of(packed(parts | {part: broken}))
    assert any(re.search(said, fault) for fault in faults), faults


def test_the_sound_parts_are_sound(parts: dict[str, str]) -> None:
    assert faults_of(packed(parts)) == []


@pytest.mark.parametrize("large", [False, True])
def test_a_member_that_is_not_large_has_no_fields_of_large_ones(large: bool) -> None:  # noqa: FBT001 - a case
    out = BytesIO()
    texts = {"one.xml": b"<a/>" * 9, "two.xml": b"<b/>"}
    with Archive(out) as archive:
        for name, text in texts.items():
            with archive.member(name, large=large) as member:
                member.write(text)
    with ZipFile(out) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == texts
        assert [info.extra for info in archive.infolist()] == [b"", b""]
        assert {info.extract_version for info in archive.infolist()} == {20}
    head = struct.unpack("<4sHHHHHLLLHH", out.getvalue()[:30])
    assert head[1] == 20
    assert head[8] == len(texts["one.xml"])
    field = out.getvalue()[30 + head[9] : 30 + head[9] + head[10]]
    assert field[:2] == (b"\x20\xa2" if large else b"")


@pytest.mark.long
def test_a_sheet_with_all_rows_that_excel_has(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.remove(workbook.active)
    book = Book(workbook, register(workbook), tmp_path, "")
    sheet = Sheet(book, "Full", [9] * 6)
    rows = pl.select(n=pl.int_range(LAST_ROW - 1)).with_columns(to=pl.lit("'Full'!A1"))
    number = Column("A", 9, "number", pl.col("n"), link=pl.col("to"))
    sheet.table("Full", [dataclasses.replace(number, header=c) for c in "ABCDEF"], rows)
    save(book, tmp_path / "r.xlsx", as_of=date(2025, 1, 1))
    with ZipFile(tmp_path / "r.xlsx") as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
        assert info.extract_version == 20
        xml = archive.read(info).decode()
        assert 'ref="A1:F1048576"' in archive.read("xl/tables/table1.xml").decode()
    assert '<dimension ref="A1:F1048576"/>' in xml
    assert xml.count("<row ") == LAST_ROW
    last = xml[xml.rindex("<row ") : xml.index("</sheetData>")]
    assert last.startswith('<row r="1048576"')
    assert re.findall(r"<v>(\d+)</v>", last) == [str(LAST_ROW - 2)] * 6
    assert xml.count("<hyperlink ") == 65_530
