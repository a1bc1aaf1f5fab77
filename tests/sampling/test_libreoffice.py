"""The worksheet filled in, sorted, and saved by LibreOffice: it comes back the same."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from auditor.sampling.outcome import conclude
from auditor.sampling.reading import read_worksheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.sampling.conftest import Make, Sheet

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")

pytestmark = [
    pytest.mark.libreoffice,
    pytest.mark.skipif(
        SOFFICE is None,
        reason="LibreOffice (soffice) is not installed: the way back is NOT checked",
    ),
]


def through_libreoffice(profile: str, path: Path, form: str, folder: Path) -> Path:
    folder.mkdir()
    command = [SOFFICE, "--headless", profile]
    command += ["--convert-to", form, "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, timeout=180, capture_output=True)
    return folder / f"{path.stem}.{form}"


def test_there_and_back(
    make: type[Make], sheet: Callable[..., Sheet], tmp_path: Path, office_profile: str
) -> None:
    made = sheet(make.many(80), size=24, by="rule", basis="paid")
    for row in range(2, 26):
        paid = 100 + row
        made.fill(row, paid=paid, should_be=paid - (row % 3) * 10.25, reason="=no formula")
        made.fill(row, in_error="yes" if row % 3 else "no")
    made.fill(7, paid=None, should_be=None, in_error=None)
    rows = [[cell.value for cell in row] for row in made.sheet.iter_rows(min_row=2)]
    rows.sort(key=lambda values: str(values[1]), reverse=True)  # by claim, downwards
    for at, values in enumerate(rows, start=2):
        for column, value in enumerate(values, start=1):
            made.sheet.cell(at, column).value = value
    before = read_worksheet(made.save())

    # into LibreOffice's own form and out of it again: as good as typed and saved there
    own = through_libreoffice(office_profile, made.path, "ods", tmp_path / "own")
    back = through_libreoffice(office_profile, own, "xlsx", tmp_path / "back")
    after = read_worksheet(back)
    assert after.design == before.design
    assert after.answers == before.answers
    assert [row.number for row in after.open_rows] == [row.number for row in before.open_rows]
    told = [conclude(each, back, unanswered="leave-out") for each in (before, after)]
    assert told[0] == told[1]
    assert told[0].money.total.limits
