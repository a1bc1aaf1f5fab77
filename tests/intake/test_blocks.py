"""Large files are read in blocks; where the blocks end changes nothing."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from auditor.errors import InputRejected
from auditor.intake import content, read_claims, scanning, textfile
from auditor.intake.detect import detect
from auditor.intake.interface import IntakeOptions
from auditor.parts.readers import Readers, ReadTask
from auditor.parts.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

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
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(textfile, "BLOCK", size)
        patch.setattr(content, "HELD_PLAIN", 0)
        spread, lines = elsewhere(place, Path(folder) / "lines")
    assert_frame_equal(whole.lines, lines)
    for name in ("rejected", "set_aside", "repairs"):
        assert_frame_equal(getattr(whole, name), getattr(spread, name))
    assert whole.files == spread.files


class Hands:
    """Stands for two processes that read: what they are told and answer goes through pickle."""

    processes = (1, 2)

    @staticmethod
    def each(_: str, task: ReadTask, items: Iterator[Any]) -> Iterator[Any]:
        for item in items:
            given = pickle.loads(pickle.dumps((task, item)))  # noqa: S301 - made here
            yield pickle.loads(pickle.dumps(given[0].do(given[1])))  # noqa: S301 - as above


def elsewhere(path: Path, folder: Path, slab: int = 5) -> tuple[Intake, pl.DataFrame]:
    """What is read with the help of others, and its lines."""
    spill = Spill(folder, 2, slab=slab)
    options = IntakeOptions(keeper=spill, readers=Readers(Hands(), spill))  # type: ignore[arg-type]
    intake = read_claims([path], options)
    parts = spill.parts()
    lines = pl.concat([parts.read(0), parts.read(1)]).sort("line_key")
    assert parts.census.lines == lines.height
    keys = lines["line_key"].gather_every(3)
    assert_frame_equal(parts.lines_of(keys).sort("line_key"), lines.gather_every(3))
    return intake, lines


def test_the_last_block_can_decide_how_the_first_is_read(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def row(day: str, charge: str = "1") -> str:
        return f"C1,1,P1,1234567893,{day},99213,25,1,{charge},"

    monkeypatch.setattr(textfile, "BLOCK", 64)
    place.write_text("\n".join([HEADER, *[row("03/04/2024")] * 5, row("25/04/2024")]))
    assert {str(day) for day in read_claims([place]).lines["service_date_from"]} == {
        "2024-04-03",
        "2024-04-25",
    }
    monkeypatch.setattr(content, "HELD_PLAIN", 0)
    _, lines = elsewhere(place, tmp_path / "dates")
    assert lines["service_date_from"].n_unique() == 2
    place.write_text("\n".join([HEADER, row("2024-03-04"), *[row("2024-03-04", '"1,50"')] * 5]))
    assert read_claims([place]).lines["charge_amount"].to_list() == [100, *[150] * 5]
    assert elsewhere(place, tmp_path / "commas")[1]["charge_amount"].to_list() == [100, *[150] * 5]


@pytest.mark.parametrize("sparse", [16, 40])
def test_columns_are_what_one_process_takes_them_for(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sparse: int
) -> None:
    """What the beginning tells of a column must not depend on how many read the file."""
    names = HEADER.replace(",Mod,", ",Modifier 1,Modifier 2,")
    rows = [
        f"C{n},1,P{n},1234567893,2024-03-05,99213,25,{'' if n % 2 else 'later'},1,1.00,"
        for n in range(sparse)
    ]
    place.write_text("\n".join([names, *rows]))
    monkeypatch.setattr(content, "HELD_PLAIN", 0)
    monkeypatch.setattr(textfile, "BLOCK", 1000)
    one = read_claims([place])
    several, lines = elsewhere(place, tmp_path / "lines")
    assert_frame_equal(lines, one.lines)
    assert several.files == one.files


def test_signs_of_all_places_are_counted_together(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f"C{n},1,P{n},1234567893,2024-03-05,99213,25,1,-1," for n in range(60)]
    place.write_text("\n".join([HEADER, *rows]))
    whole = read_claims([place])
    monkeypatch.setattr(content, "HELD_PLAIN", 0)
    monkeypatch.setattr(textfile, "BLOCK", 500)
    spread, lines = elsewhere(place, tmp_path / "signs")
    assert lines["sign_untold"].all()
    assert_frame_equal(lines, whole.lines)
    assert spread.files == whole.files


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
    spread, lines = elsewhere(place, tmp_path / "spread")
    assert spread.files == whole.files
    assert_frame_equal(lines, whole.lines)
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
