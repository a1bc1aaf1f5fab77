"""Large files are read in blocks; where the blocks end changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from auditor.errors import InputRejected
from auditor.intake import content, read_claims, textfile

if TYPE_CHECKING:
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
