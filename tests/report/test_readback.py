"""What the rendered rows hold, read back by three readers that know nothing of the writer."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import fastexcel
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from auditor.report import grid, style
from auditor.report.archive import save
from auditor.report.sheet import Book, Column, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.report.conftest import Make

TYPES = {
    "text": pl.String,
    "count": pl.Int64,
    "money": pl.Decimal(18, 2),
    "date": pl.Date,
}
HEADERS = list(TYPES)
# What XML cannot hold is taken out on the way; test_cells shows how. A carriage return becomes a
# line feed, and the readers differ in blanks at the ends of a text that is nothing else.
CHARACTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"
)
TEXTS = st.text(CHARACTERS, min_size=1, max_size=40).filter(lambda t: t.strip() == t)
ROWS = st.lists(
    st.tuples(
        st.none() | TEXTS,
        st.none() | st.integers(-(2**40), 2**40),
        st.none() | st.decimals(-(10**9), 10**9, places=2),
        st.none() | st.dates(date(1900, 3, 1), date(2200, 1, 1)),
    ),
    min_size=1,
    max_size=25,
)


def written(rows: Sequence[tuple[Any, ...]], folder: Path) -> Path:
    """A workbook with one sheet of `rows` below a header."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    book = Book(workbook, style.register(workbook), folder, "test")
    sheet = Sheet(book, "Rows", [20] * len(TYPES))
    frame = pl.DataFrame(rows, schema=TYPES, orient="row")
    columns = [Column(name, 20, name, pl.col(name)) for name in TYPES]
    sheet.table("Rows", columns, frame)
    path = folder / "rows.xlsx"
    save(book, path, as_of=date(2025, 1, 2))
    return path


def by_openpyxl(path: Path) -> list[tuple[Any, ...]]:
    rows = list(load_workbook(path)["Rows"].iter_rows(min_row=2, values_only=True))
    return [
        (_unescaped(text), count, money, day.date() if isinstance(day, datetime) else day)
        for text, count, money, day in rows
    ]


def _unescaped(text: str | None) -> str | None:
    """openpyxl does not read ECMA-376's _x005F_ as the underscore that it stands for."""
    return None if text is None else text.replace("_x005F_", "_")


def by_calamine(path: Path) -> list[tuple[Any, ...]]:
    frame = fastexcel.read_excel(path).load_sheet("Rows", dtypes="string").to_polars()
    return frame.rows()


def expected(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [
        (text or None, count, None if money is None else pytest.approx(float(money)), day)
        for text, count, money, day in rows
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_openpyxl_reads_what_was_written(tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    assert by_openpyxl(written(rows, tmp_path)) == expected(rows)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_calamine_reads_what_was_written(tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    # A row without any value at the end of the sheet is no row to it.
    rows = [*rows, ("end", 1, Decimal(1), date(2025, 1, 1))]
    read = by_calamine(written(rows, tmp_path))
    assert len(read) == len(rows)
    for got, (text, count, money, day) in zip(read, rows, strict=True):
        assert got[0] == (text.replace("_x005F_", "_") if text else None)
        assert got[1] == (None if count is None else str(count))
        amount = None if money is None else pytest.approx(float(money))
        assert (None if got[2] is None else float(got[2])) == amount
        assert (None if got[3] is None else got[3][:10]) == (day and day.isoformat())


@pytest.mark.libreoffice
def test_libreoffice_reads_what_was_written(
    make: type[Make], tmp_path: Path, office_profile: str
) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed, so nobody read the cells in it")
    texts = [t for t in make.hostile if len(t) < 1000 and "\x07" not in t and "\ufffe" not in t]
    rows = [
        (text, n, Decimal(n * 37) / 100, date(2024, 2, 29)) for n, text in enumerate(texts, start=1)
    ]
    path = written(rows, tmp_path)
    out = tmp_path / "saved"
    subprocess.run(
        [
            office,
            "--headless",
            office_profile,
            "--convert-to",
            "xlsx",
            "--outdir",
            str(out),
            str(path),
        ],
        check=True,
        capture_output=True,
    )
    sheet = load_workbook(out / "rows.xlsx")["Rows"]
    read = [tuple(c.value for c in row) for row in sheet.iter_rows(min_row=2)]
    shown = [text.replace("\r\n", "\n") for text in texts]
    assert [row[0] for row in read] == shown
    assert [row[1] for row in read] == [n for _, n, *_ in rows]
    assert [row[2] for row in read] == [pytest.approx(float(money)) for *_, money, _ in rows]
    assert {row[3].date() for row in read} == {date(2024, 2, 29)}
    assert all(c.data_type != "f" for row in sheet.iter_rows() for c in row)


def test_pieces_join_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"t{n}", n, Decimal(n), date(2025, 1, 1)) for n in range(57)]
    whole = written(rows, tmp_path).read_bytes()
    monkeypatch.setattr(grid, "PIECE", 10)
    assert written(rows, tmp_path).read_bytes() == whole
    assert by_openpyxl(tmp_path / "rows.xlsx") == expected(rows)


def test_days_before_march_1900_are_texts(tmp_path: Path) -> None:
    rows = [("a", 1, Decimal(1), day) for day in (date(1900, 2, 28), date(1900, 3, 1), None)]
    sheet = load_workbook(written(rows, tmp_path))["Rows"]
    cells = [sheet.cell(row, 4) for row in (2, 3, 4)]
    assert [c.value for c in cells] == ["1900-02-28", datetime(1900, 3, 1), None]  # noqa: DTZ001 - Excel's times have no zone
    assert [c.data_type for c in cells] == ["s", "d", "n"]
