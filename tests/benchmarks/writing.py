"""Write one workbook of many findings, and say how long it took and how much memory; for report.py.

    writing.py sheet|openpyxl|report N OUT.xlsx

`sheet`: the sheet Findings alone, as the report writes it. `openpyxl`: the same cells in the same
styles with openpyxl's write-only mode. `report`: the whole workbook.
"""

import json
import resource
import sys
import time
from copy import copy
from datetime import date
from pathlib import Path

import polars as pl
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from auditor.report import findings_sheet, style, workbook
from auditor.report.archive import save
from auditor.report.sheet import Book
from auditor.report.view import Caps, View, view_of
from auditor.result import AuditOptions, AuditResult
from schemas import Coverage, Findings, RejectedRows, Repairs, SetAside, dtypes

AS_OF = date(2026, 1, 5)


def made_up(count: int) -> AuditResult:
    """A result of `count` findings, no two of them alike, texts as long as real ones."""
    n = pl.int_range(count, dtype=pl.Int64)
    text = pl.format
    message = text(
        "Add-on {} has no qualifying primary by the same practitioner on claim {}. Expected one of:"
        " 20550, 20600, 20604, 20605, 20606, 20610, 20611, 27096.",
        77002 + n % 400,
        n,
    )
    values = {
        "finding_id": text("{}{}", pl.lit("f" * 24), (n + 10_000_000)),
        "story_id": text("{}{}", pl.lit("e" * 24), (n + 10_000_000)),
        "rule_id": text("AOC-{}", 1 + n % 6),
        "rule_name": pl.lit("orphan-add-on"),
        "tier": pl.when(n % 3 == 0).then(pl.lit("certain")).otherwise(pl.lit("review")),
        "source_file": pl.lit("march.csv"),
        "source_row": n + 2,
        "claim_id": text("2025{}", n + 100_000_000),
        "line_number": n % 9 + 1,
        "patient_id": text("00{}", n // 3 + 10_000_000),
        "rendering_npi": text("12345{}", 10_000 + n % 500),
        "payer": pl.lit("PAYER1"),
        "service_date": pl.lit(date(2025, 1, 1)) + pl.duration(days=n % 300),
        "code": (77002 + n % 400).cast(pl.String),
        "modifiers": pl.when(n % 2 == 0).then(pl.lit("RT 59")).otherwise(pl.lit("")),
        "units": n % 5 + 1,
        "charge_amount": n % 90_000 / 7,
        "amount_at_risk": n % 80_000 / 9,
        "amount_basis": pl.lit("allowed"),
        "counterpart_claim_id": text("2025{}", n + 100_000_000),
        "counterpart_line_number": n % 9 + 2,
        "counterpart_code": pl.lit("20610"),
        "message": message,
        "remedy": pl.lit(
            "Add the missing primary, correct the practitioner or date, or remove the add-on."
        ),
        "citation": pl.lit("NCCI Policy Manual ch. I R, W; CMS add-on code edits"),
        "table_release": pl.lit("AOC 2025Q1"),
        "table_row": text("{} with 20610, type 1, from 2013-04-01", 77002 + n % 400),
        "release_gap_quarters": n % 3,
        "also": pl.lit(""),
        "first_seen": pl.lit(AS_OF),
        "run_id": pl.lit("r1"),
        "schema_version": pl.lit(1),
    }
    types = dtypes(Findings)
    found = pl.select(values[name].cast(kind).alias(name) for name, kind in types.items())
    return AuditResult(
        findings=found,
        coverage=pl.DataFrame(schema=dtypes(Coverage)),
        rejected=pl.DataFrame(schema=dtypes(RejectedRows)),
        set_aside=pl.DataFrame(schema=dtypes(SetAside)),
        repairs=pl.DataFrame(schema=dtypes(Repairs)),
        files=(),
        lines_read=0,
        lines_audited=0,
        lines_by_business={},
        first_service_date=None,
        last_service_date=None,
        releases=(),
        options=AuditOptions(as_of=AS_OF, run_id="r1"),
        notes=(),
    )


def by_us(view: View, out: Path) -> None:
    """The sheet Findings as the report writes it."""
    book = _book(Workbook(), out)
    findings_sheet.write(book, view)
    save(book, out, as_of=AS_OF)


def _book(made: Workbook, out: Path) -> Book:
    made.remove(made.active)
    return Book(made, style.register(made), out.parent, "benchmark")


def by_openpyxl(view: View, out: Path) -> None:
    """The same cells, streamed, each a styled cell."""
    made = Workbook(write_only=True)
    styles = style.register(made)
    cells = [copy(made._cell_styles[styles[c.look]]) for c in findings_sheet.COLUMNS]  # noqa: SLF001 - the quickest way openpyxl has
    tiers = {t: copy(made._cell_styles[styles[t]]) for t in style.TIER_LOOKS}  # noqa: SLF001 - as above
    sheet = made.create_sheet("Findings")
    for place, column in enumerate(findings_sheet.COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = column.width
    sheet.append([c.header for c in findings_sheet.COLUMNS])
    frame = view.findings.select(c.value.alias(c.header) for c in findings_sheet.COLUMNS)
    for values in frame.iter_rows():
        row = []
        for place, value in enumerate(values):
            cell = WriteOnlyCell(sheet, value=value)
            cell._style = tiers[value] if place == 0 else cells[place]  # noqa: SLF001 - as above
            row.append(cell)
        sheet.append(row)
    made.save(out)


def main() -> None:
    """Do what the command line says."""
    what, count, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    result = made_up(count)
    began = time.perf_counter()
    if what == "report":
        workbook.write_report(result, out, rules=(), sheet_rows=count)
    else:
        view = view_of(result, (), Caps(count, 0))
        began = time.perf_counter()
        (by_us if what == "sheet" else by_openpyxl)(view, out)
    seconds = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    told = {"seconds": seconds, "peak": peak, "size": out.stat().st_size / 2**20}
    told["cells"] = count * len(findings_sheet.COLUMNS)
    print(json.dumps(told))  # noqa: T201 - its answer


main()
