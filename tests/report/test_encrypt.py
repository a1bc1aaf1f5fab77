"""Workbooks with a password: they open with it, without it they do not, and nothing lies beside."""

from __future__ import annotations

import os
from io import BytesIO
from typing import TYPE_CHECKING, Any

import msoffcrypto  # type: ignore[import-untyped]  # ships no type hints
import pytest
from msoffcrypto.exceptions import InvalidKeyError  # type: ignore[import-untyped]  # as above
from openpyxl import load_workbook

from auditor.errors import ReportError
from auditor.report import encrypt, write_report

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.conftest import Make

PASSWORD = "gr\u00fcn & <s3cret> \u4e2d"  # noqa: S105 - of a test


def opened(path: Path, password: str = PASSWORD) -> bytes:
    """The workbook inside, whose integrity was verified."""
    with path.open("rb") as file:
        office = msoffcrypto.OfficeFile(file)
        office.load_key(password=password, verify_password=True)
        out = BytesIO()
        office.decrypt(out, verify_integrity=True)
    return out.getvalue()


def test_what_is_inside_is_the_plain_report(make: type[Make], tmp_path: Path) -> None:
    result = make.rich(30, hostile=True)
    plain = write_report(result, tmp_path / "plain.xlsx", rules=make.rules)
    locked = write_report(result, tmp_path / "r.xlsx", rules=make.rules, password=PASSWORD)
    assert opened(locked) == plain.read_bytes()
    with pytest.raises(InvalidKeyError):
        opened(locked, "another password")
    raw = locked.read_bytes()
    assert raw[:4] == b"\xd0\xcf\x11\xe0"  # a compound file and no zip
    assert b"Summary" not in raw
    assert PASSWORD.encode("utf-16-le") not in raw
    if os.name == "posix":
        assert oct(locked.stat().st_mode & 0o777) == "0o600"


def test_its_bytes_differ_from_run_to_run(make: type[Make], tmp_path: Path) -> None:
    first, second = (
        write_report(make.result(), tmp_path / f"{n}.xlsx", rules=(), password=PASSWORD)
        for n in "ab"
    )
    assert first.read_bytes() != second.read_bytes()
    assert opened(first) == opened(second)


def test_nothing_plain_is_written_on_the_way(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    locked = encrypt.encrypted

    def look(workbook: Any, password: str) -> bytes:  # noqa: ANN401 - a file of any kind
        seen.extend(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
        seen.append(b"looked")
        return locked(workbook, password)

    monkeypatch.setattr(encrypt, "encrypted", look)
    write_report(make.rich(20), tmp_path / "r.xlsx", rules=(), password=PASSWORD)
    assert seen == [b"looked"]
    assert [p.name for p in tmp_path.iterdir()] == ["r.xlsx"]


def test_nothing_lies_beside_it_and_the_sheets_hold_more(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from auditor.report import workbook

    monkeypatch.setattr(workbook, "SHEET_ROWS", 3)
    monkeypatch.setattr(workbook, "REJECTED_ROWS", 1)
    path = write_report(make.rich(9), tmp_path / "r.xlsx", rules=(), password=PASSWORD)
    book = load_workbook(BytesIO(opened(path)))
    assert book["Findings"].max_row == 2 + 9
    assert [p.name for p in tmp_path.iterdir()] == ["r.xlsx"]
    write_report(make.rich(9), tmp_path / "plain.xlsx", rules=())
    assert (tmp_path / "plain.findings.csv").is_file()


def test_what_even_the_sheets_cannot_hold_is_said(make: type[Make], tmp_path: Path) -> None:
    path = write_report(
        make.rich(9),
        tmp_path / "r.xlsx",
        rules=(),
        password=PASSWORD,
        sheet_rows=4,
        rejected_rows=1,
    )
    book = load_workbook(BytesIO(opened(path)))
    for title in ("Summary", "Findings", "Input"):
        texts = " ".join(str(c.value) for row in book[title].iter_rows() for c in row if c.value)
        assert "The others were not written, because a file beside this workbook" in texts, title
    assert book["Findings"].max_row == 2 + 4
    assert [p.name for p in tmp_path.iterdir()] == ["r.xlsx"]


@pytest.mark.parametrize("password", ["", "seven77", "x" * 256])
def test_a_password_that_protects_nothing_is_refused(
    make: type[Make], tmp_path: Path, password: str
) -> None:
    with pytest.raises(ReportError, match="8 to 255 characters") as refused:
        write_report(make.result(), tmp_path / "r.xlsx", rules=(), password=password)
    assert not password or password not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
