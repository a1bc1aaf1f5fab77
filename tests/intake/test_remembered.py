"""What is remembered of earlier blocks of a file changes nothing that is said of a later one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal, assert_series_equal

from auditor.intake import amounts, business, codes, dates
from auditor.intake.distinct import Memory, Normal, Normaliser, through

if TYPE_CHECKING:
    from collections.abc import Sequence

_NORMALISERS: dict[str, tuple[Normaliser, list[str]]] = {
    "code": (codes.procedure, ["99213", "99213-25", " 77002", "100", "j1100", "--", "99213.0"]),
    "modifiers": (codes.modifier, ["25", "25 59", "00", "LTRT", " RT", "NULL", "xe"]),
    "diagnoses": (codes.diagnosis, ["M25.561", "M25561", "e11.9", "", "N/A", "."]),
    "dates": (
        partial(dates.parse, reading=dates.Reading(day_first=False, pivot=50)),
        ["2025-11-03", "11/04/2025", "1/2/25", "20251105", "soon", "0000-00-00"],
    ),
    "units": (amounts.thousandths, ["1", "2.5", "1,000", "-", "many", "3 units"]),
    "status": (
        partial(business.paid_status, kind=business.status_kind("CLAIMSTATUS")),
        ["PAID", "denied", "1", "22", "", "?"],
    ),
}


def _told(normal: Normal) -> tuple[pl.Series, pl.DataFrame | None]:
    return normal.values, None if normal.repaired is None else normal.repaired.sort("raw")


@pytest.mark.parametrize("name", _NORMALISERS)
@given(st.lists(st.lists(st.integers(-1, 5), max_size=6), max_size=8))
def test_blocks_say_what_each_says_alone(name: str, blocks: Sequence[Sequence[int]]) -> None:
    normaliser, cells = _NORMALISERS[name]
    memory = Memory()
    for block in blocks:
        raw = pl.Series("x", [None if n < 0 else cells[n] for n in block], dtype=pl.String)
        values, repaired = _told(memory.through(raw, name, normaliser))
        alone, noted = _told(through(raw, normaliser))
        assert_series_equal(values, alone)
        assert (repaired is None) == (noted is None)
        if repaired is not None and noted is not None:
            assert_frame_equal(repaired, noted)
        read, table = memory.read(raw, name, normaliser)
        assert_series_equal(read, alone)
        assert_frame_equal(table.sort("raw"), normaliser(raw.drop_nulls().unique()).sort("raw"))


def test_a_column_without_new_values_is_only_looked_up() -> None:
    asked: list[list[str]] = []

    def normaliser(values: pl.Series) -> pl.DataFrame:
        asked.append(values.sort().to_list())
        return codes.procedure(values)

    memory = Memory()
    for block in (["99213", "99214"], ["99214", None], ["99213-25"], ["99213-25", "99214"], []):
        memory.through(pl.Series("x", block, dtype=pl.String), "code", normaliser)
    assert asked == [["99213", "99214"], ["99213-25"]]
