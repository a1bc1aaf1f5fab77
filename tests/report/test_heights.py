"""Row heights: enough for the text, and the same alone as in a column."""

from __future__ import annotations

import polars as pl
import pytest

from auditor.report.heights import HIGHEST, height_of, heights, lines_of

MESSAGE = (
    "Add-on 77002 on 2025-03-10 has no qualifying primary by the same practitioner."
    " Expected one of: 20550, 20600, 20604, 20605, 20606, 20610, 20611, 27096."
)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, 1),
        ("short", 10, 1),
        ("one\ntwo\nthree", 20, 3),
        ("one line that is long enough for two\nand a short one\n\n", 30, 5),
        ("AOC-3 GLB-25 GLB-57 MOD-26IND MOD-26POS STA-B", 38, 2),
        ("Header row", 10, 2),
        ("an unbreakable word is not split before it fills a line", 60, 1),
        ("2025000000000123456789012345", 18, 2),
        (MESSAGE, 200, 1),
    ],
)
def test_lines_of_a_text(text: str, width: float, lines: int) -> None:
    assert lines_of(text, width) == lines


def test_a_narrower_column_never_needs_fewer_lines() -> None:
    counts = [lines_of(MESSAGE, width) for width in range(200, 11, -1)]
    assert counts == sorted(counts)
    assert counts[-1] > 10


def test_a_row_is_as_high_as_its_highest_text() -> None:
    frame = pl.DataFrame({"a": ["x", MESSAGE, None], "b": [MESSAGE * 2, "x", None], "c": [1, 2, 3]})
    alone = [
        max(lines_of(MESSAGE * 2, 30), 1),
        lines_of(MESSAGE, 52),
        1,
    ]
    assert heights(frame, {"a": 52, "b": 30}).to_list() == [height_of(n) for n in alone]
    assert heights(frame, {}).to_list() == [height_of(1)] * 3


def test_no_row_is_higher_than_excel_allows() -> None:
    frame = pl.DataFrame({"a": ["x" * 40_000, "\n" * 40_000]})
    assert heights(frame, {"a": 50}).to_list() == [HIGHEST, HIGHEST]
    assert height_of(40_000) == HIGHEST <= 409
