"""Small claim files that the tests write themselves, and how they are read."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest

from auditor.intake import Intake, IntakeOptions, read_claims

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
"""So that tests share tables: `from intake.tables import ...`."""

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Intake]:
    """Write a text (or bytes) as a file and read it as claims."""

    def run(content: str | bytes, name: str = "claims.csv", **options: object) -> Intake:
        path = tmp_path / name
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        else:
            path.write_bytes(content)
        return read_claims([path], IntakeOptions(**options))

    return run


@pytest.fixture
def line(read: Callable[..., Intake]) -> Callable[..., dict[str, object]]:
    """Read one line given as header=cell and hand back the claim line it became."""

    def run(cells: dict[str, str] | None = None, **options: object) -> dict[str, object]:
        base = dict(zip(HEADER.split(","), ROW.split(","), strict=True)) | (cells or {})
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in base.values()]
        intake = read(",".join(base) + "\n" + ",".join(quoted) + "\n", **options)
        assert intake.rejected.is_empty(), intake.rejected["reasons"].to_list()
        assert intake.lines.height == 1
        return intake.lines.row(0, named=True)

    return run


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """Write sheets (title -> rows of cells) as a workbook; a title in `hidden` is hidden."""

    def run(
        sheets: dict[str, Sequence[Sequence[object]]],
        name: str = "claims.xlsx",
        hidden: Sequence[str] = (),
    ) -> Path:
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(list(row))
            if title in hidden:
                sheet.sheet_state = "hidden"
        path = tmp_path / name
        book.save(path)
        return path

    return run


@pytest.fixture(scope="session")
def make() -> ModuleType:
    """The module that writes small workbooks of every format."""
    path = Path(__file__).with_name("builders.py")
    spec = importlib.util.spec_from_file_location("intake_builders", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
