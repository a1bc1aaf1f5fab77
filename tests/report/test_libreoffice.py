"""The workbook in LibreOffice: it opens, prints on few pages, and no number is cut to ###."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.report import write_report

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.conftest import Make

PLACES = {"row": pl.UInt32, "other": pl.UInt32}
SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")

pytestmark = [
    pytest.mark.libreoffice,
    pytest.mark.skipif(
        SOFFICE is None, reason="LibreOffice (soffice) is not installed: the look is NOT checked"
    ),
]


def pages_of(workbook: Path, tmp_path: Path, profile: str) -> list[str]:
    """The text of every printed page."""
    pdfium = pytest.importorskip("pypdfium2")
    command = [SOFFICE, "--headless", profile]
    command += ["--convert-to", "pdf", "--outdir", str(tmp_path), str(workbook)]
    subprocess.run(command, check=True, timeout=180, capture_output=True)
    document = pdfium.PdfDocument(tmp_path / f"{workbook.stem}.pdf")
    try:
        texts = []
        for page in document:
            text = page.get_textpage()
            texts.append(text.get_text_range())
            text.close()
            page.close()
    finally:
        document.close()
    return texts


def test_it_prints_as_meant(make: type[Make], tmp_path: Path, office_profile: str) -> None:
    rich = make.rich(60)
    # What LibreOffice takes long over is only long: the hostile values without the endless ones.
    hostile = [
        make.finding(900 + n, claim_id=text, message=text)
        for n, text in enumerate(t for t in make.hostile if len(t) < 1000)
    ]
    found = rich.findings.vstack(make.findings(hostile))
    same = ("claim_id", "line_number", "patient_id", "payer", "code", "modifiers")
    own = found.select(*same, service_date_from="service_date").to_dicts()
    lines = make.flagged([make.line(n, **values) for n, values in enumerate(own)], []).lines
    places = pl.DataFrame({"row": range(found.height), "other": None}, schema_overrides=PLACES)
    result = dataclasses.replace(
        rich, findings=found, lines=lines, lines_of_files=lines.height, places=places
    )
    written = write_report(result, tmp_path / "r.xlsx", rules=make.rules)
    pages = pages_of(written, tmp_path, office_profile)

    assert 11 <= len(pages) <= 22
    footers = [f"Page {n} of {len(pages)}" for n in range(1, len(pages) + 1)]
    assert [f for f, page in zip(footers, pages, strict=True) if f not in page] == []
    assert not [page for page in pages if "###" in page]
    assert min(map(len, pages)) > 300, "a page is as good as blank"

    first = pages[0]
    for answer in ("Audited: 185", "Needs action", "Needs a look", "Could not be judged"):
        assert answer in first
    assert "All files" in first, "the Summary is one page"
    assert "Findings" not in first.splitlines()[-4:]

    text = "".join("".join(pages).split())  # without blanks, so that line ends do not matter
    assert "Add-onJ1100on2025-03-10hasnoqualifyingprimary" in text
    for value in ("=1+1", "#N/A", "@SUM(A1)", "00123456789012345678901234567890"):
        assert text.count(value) >= 2, value
    assert "Err:5" not in text
