"""Damaged files: a clear error or rejected rows, never a crash, never a lost row."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import AuditorError
from auditor.intake import Intake, read_claims

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge,Payer,Claim Type,Note"
ROWS = [
    f'C{n},{n},P{n % 3},1234567893,2024-03-{n + 1:02d},9921{n % 5},"25,59",1,"$1,2{n}0.00",'
    f'Medicare,{"I" if n % 4 == 0 else "P"},"line\nbreak ""{n}"""'
    for n in range(12)
]
TEXT = "\n".join([HEADER, *ROWS]) + "\n"


def book() -> bytes:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.append(HEADER.split(","))
    for n in range(12):
        sheet.append([f"C{n}", n, f"P{n % 3}", 1234567893, f"2024-03-{n + 1:02d}", 99213, "25", 1])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


WORKBOOK = book()

BYTES = st.one_of(
    st.binary(min_size=1, max_size=4),
    st.sampled_from([b'"', b",", b"\n", b"\r", b"\x00", b"\xff\xfe", b"\t", b"=", b"\xe9", b""]),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "claims.csv"


def survives(path: Path, content: bytes) -> Intake | None:
    """Read it; check that nothing was lost. None for a file that was refused."""
    path.write_bytes(content)
    intake, refused = None, None
    try:
        intake = read_claims([path])
    except AuditorError as error:
        refused = error
    if intake is None:
        assert refused.what
        assert refused.next_step
        assert "P1" not in str(refused)
        return None
    (file,) = intake.files
    held = intake.lines.height + intake.rejected.height + intake.set_aside.height
    assert file.lines_read == held
    assert all(isinstance(json.loads(raw), dict) for raw in intake.rejected["raw"])
    assert intake.rejected["reasons"].str.len_chars().min() != 0
    return intake


@given(wounds=st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 3), BYTES), max_size=6))
def test_damaged_text(place: Path, wounds: list[tuple[int, int, bytes]]) -> None:
    content = bytearray(TEXT.encode())
    for at, gone, put in wounds:
        content[at : at + gone] = put
    intake = survives(place, bytes(content))
    if not wounds:
        assert intake is not None
        assert intake.files[0].lines_read == 12


@given(cut=st.integers(0, len(TEXT)))
def test_a_text_cut_short(place: Path, cut: int) -> None:
    survives(place, TEXT.encode()[:cut])


@given(content=st.binary(max_size=300))
def test_random_bytes(place: Path, content: bytes) -> None:
    survives(place, content)
    survives(place, (HEADER + "\n").encode() + content)
    survives(place, b"PK\x03\x04" + content)


@given(
    wounds=st.lists(
        st.tuples(st.integers(0, len(WORKBOOK)), st.integers(0, 3), BYTES), min_size=1, max_size=4
    )
)
def test_a_damaged_workbook(place: Path, wounds: list[tuple[int, int, bytes]]) -> None:
    content = bytearray(WORKBOOK)
    for at, gone, put in wounds:
        content[at : at + gone] = put
    survives(place, bytes(content))


@given(cut=st.integers(0, len(WORKBOOK)))
def test_a_workbook_cut_short(place: Path, cut: int) -> None:
    assert (survives(place, WORKBOOK[:cut]) is not None) == (cut == len(WORKBOOK))
