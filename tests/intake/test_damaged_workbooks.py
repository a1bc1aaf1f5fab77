"""Workbooks and Parquet files spoiled at random: read or refused, never a crash, no row lost."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import AuditorError
from auditor.intake import IntakeOptions, read_claims

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

KINDS = ("xlsx", "xlsb", "xls", "ods", "parquet")
HEADER = ["Claim ID", "Line", "Patient ID", "Rendering NPI", "DOS", "CPT", "Mod", "Units", "Charge"]
ROW = ["C1", 1, "P1", 1234567893, "2024-03-05", 99213, "25", 1, 120.5]


class Whole(dict[str, bytes]):
    """The good files by kind; hypothesis shows what a test was given, and these are long."""

    def __repr__(self) -> str:
        return f"<{', '.join(self)}>"


@pytest.fixture(scope="module")
def whole(make: ModuleType) -> dict[str, bytes]:
    rows = [[f"C{n}", n, f"P{n % 3}", *ROW[3:]] for n in range(12)]
    found = {k: make.book(k, {"Lines": [HEADER, *rows]}) for k in KINDS if k != "parquet"}
    frame = pl.DataFrame(rows, schema=HEADER, orient="row", infer_schema_length=None)
    return Whole(found | {"parquet": make.parquet(frame)})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "claims.bin"


def survives(path: Path, content: bytes) -> None:
    """It is read and nothing is lost, or it is refused in words that quote nothing of it."""
    path.write_bytes(content)
    intake, refused = None, None
    try:
        intake = read_claims([path], IntakeOptions(password=lambda _: None))
    except AuditorError as error:
        refused = error
    if intake is None:
        assert refused is not None
        assert refused.what
        assert refused.next_step
        assert "P1" not in str(refused)
        return
    held = intake.lines.height + intake.rejected.height + intake.set_aside.height
    assert sum(file.lines_read for file in intake.files) == held


WOUNDS = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(0, 4), st.binary(max_size=4) | st.just(b"\xff\xff\xff\xff")
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("kind", KINDS)
@given(wounds=WOUNDS)
def test_any_damage_is_survived(
    place: Path, whole: dict[str, bytes], kind: str, wounds: list[tuple[float, int, bytes]]
) -> None:
    content = bytearray(whole[kind])
    for share, gone, put in wounds:
        at = int(share * len(content))
        content[at : at + gone] = put
    survives(place, bytes(content))


@pytest.mark.parametrize("kind", ["xlsx", "xlsb", "ods"])
@given(wounds=WOUNDS)
def test_any_damage_inside_the_archive_is_survived(
    place: Path,
    make: ModuleType,
    whole: dict[str, bytes],
    kind: str,
    wounds: list[tuple[float, int, bytes]],
) -> None:
    with zipfile.ZipFile(io.BytesIO(whole[kind])) as archive:
        names = [
            n for n in archive.namelist() if "sheet1" in n or "workbook" in n or n == "content.xml"
        ]

    def hurt(data: bytes) -> bytes:
        content = bytearray(data)
        for share, gone, put in wounds:
            at = int(share * len(content))
            content[at : at + gone] = put
        return bytes(content)

    name = names[zlib.crc32(repr(wounds).encode()) % len(names)]
    survives(place, make.rezipped(whole[kind], name, hurt))


@pytest.mark.parametrize("kind", KINDS)
@given(share=st.floats(0, 1))
def test_a_file_cut_short_is_refused(
    place: Path, whole: dict[str, bytes], kind: str, share: float
) -> None:
    content = whole[kind][: int(share * (len(whole[kind]) - 1))]
    place.write_bytes(content)
    if kind == "xls" and len(whole[kind]) - len(content) < 4096:
        survives(place, content)  # the last sector may be padding alone
        return
    with pytest.raises(AuditorError):
        read_claims([place])
