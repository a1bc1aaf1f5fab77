"""Large files are read in blocks; where the blocks end changes nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from auditor.errors import InputRejected
from auditor.intake import content, read_claims, scanning, textfile
from auditor.intake.detect import detect
from auditor.intake.interface import IntakeOptions
from auditor.parts.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge,Note"
CELL = st.sampled_from(["", "plain", "é", '"quoted, comma"', '"two\nlines"', '"say ""x"""', "a\rb"])
ROWS = st.lists(
    st.one_of(
        CELL.map(lambda note: f"C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00,{note}"),
        st.just(""),
        st.just("C2,1"),
        st.just("Total,,,,,,,,99.00,"),
    ),
    min_size=1,
    max_size=30,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blocks") / "claims.csv"


def outcome(path: Path) -> Intake | str:
    try:
        return read_claims([path])
    except InputRejected as error:
        return str(error)


@given(
    rows=ROWS,
    size=st.integers(1, 400),
    end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"]),
    last=st.booleans(),
)
def test_any_block_size_gives_the_same(  # noqa: PLR0913 -- one argument a dimension
    place: Path, rows: list[str], size: int, end: str, encoding: str, *, last: bool
) -> None:
    text = end.join([HEADER, *rows]) + end * last
    place.write_bytes(text.encode(encoding))
    whole = outcome(place)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(textfile, "BLOCK", size)
        patch.setattr(content, "HELD", 0)
        pieces = outcome(place)
    if isinstance(whole, str) or isinstance(pieces, str):
        assert whole == pieces
        return
    for name in ("lines", "rejected", "set_aside", "repairs"):
        assert_frame_equal(getattr(whole, name), getattr(pieces, name))
    assert whole.files == pieces.files


def test_the_last_block_can_decide_how_the_first_is_read(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def row(day: str, charge: str = "1") -> str:
        return f"C1,1,P1,1234567893,{day},99213,25,1,{charge},"

    monkeypatch.setattr(textfile, "BLOCK", 64)
    place.write_text("\n".join([HEADER, *[row("03/04/2024")] * 5, row("25/04/2024")]))
    assert {str(day) for day in read_claims([place]).lines["service_date_from"]} == {
        "2024-04-03",
        "2024-04-25",
    }
    place.write_text("\n".join([HEADER, row("2024-03-04"), *[row("2024-03-04", '"1,50"')] * 5]))
    assert read_claims([place]).lines["charge_amount"].to_list() == [100, *[150] * 5]


def test_rows_are_numbered_over_all_blocks(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textfile, "BLOCK", 64)
    row = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00,"
    place.write_text(f'{HEADER}\n{row}\n\n\n{row}\nC1\n{row}\n"a\nb"\n\n{row}')
    intake = read_claims([place])
    assert intake.lines["source_row"].to_list() == [2, 5, 7, 10]
    assert intake.rejected["source_row"].to_list() == [6, 8]


@pytest.mark.parametrize("late", [b"PE\xd1A", b"PE\xc3"], ids=["in a block", "cut at the end"])
def test_a_large_file_that_begins_as_utf8_and_is_none(
    place: Path, late: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read once where the beginning was right, and anew where it was not; no line twice."""
    row = b"C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00,%s\n"
    place.write_bytes(HEADER.encode() + b"\n" + row % b"" * 20 + (row % late).removesuffix(b"\n"))
    whole = read_claims([place])
    monkeypatch.setattr(content, "HELD_PLAIN", 0)
    monkeypatch.setattr(textfile, "BLOCK", 128)
    monkeypatch.setattr(textfile, "HEAD", 128)
    monkeypatch.setattr(scanning, "HEAD", 128)
    blocks = read_claims([place])
    assert blocks.files == whole.files
    assert (blocks.files[0].encoding, blocks.lines.height) == ("cp1252", 21)
    assert blocks.files[0].sha256 == hashlib.sha256(place.read_bytes()).hexdigest()
    assert_frame_equal(blocks.lines, whole.lines)
    spill = Spill(tmp_path / "parts", 2, slab=4)
    kept = read_claims([place], IntakeOptions(keeper=spill))
    assert kept.files == whole.files
    assert spill.parts().census.lines == 21
    lines = pl.concat([spill.parts().read(0), spill.parts().read(1)]).sort("line_key")
    assert lines["source_row"].to_list() == whole.lines["source_row"].to_list()
    assert detect(place, IntakeOptions())[0].form.startswith("cp1252")


def test_a_large_file_is_read_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00,\n"
    place.write_text(HEADER + "\n" + row * 2000)
    monkeypatch.setattr(content, "HELD_PLAIN", 0)
    monkeypatch.setattr(textfile, "BLOCK", 1000)
    monkeypatch.setattr(textfile, "HEAD", 500)
    monkeypatch.setattr(scanning, "HEAD", 500)
    sizes: list[int] = []
    pieces = content.Content.pieces

    def counted(self: content.Content, size: int) -> Generator[bytearray]:
        for piece in pieces(self, size):
            sizes.append(len(piece))
            yield piece

    monkeypatch.setattr(content.Content, "pieces", counted)
    assert read_claims([place]).lines.height == 2000
    assert sum(sizes) <= place.stat().st_size + 3 * 500  # its beginning: encoding and header
