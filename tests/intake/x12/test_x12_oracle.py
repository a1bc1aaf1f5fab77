"""Random valid files: every field of every line is what pyx12's loops and plain Python say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from x12_build import usual, written
from x12_dice import Dice
from x12_walker import walk

from auditor.intake import Intake, read_claims
from auditor.intake.x12 import segments

if TYPE_CHECKING:
    import random
    from pathlib import Path

LONG = settings().max_examples > 100
MOST_BLOCKS = 100 if LONG else 12
"""Of one file; each costs as much as a file of its own."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oracle") / "claims.837"


def read(place: Path, text: str) -> Intake:
    place.write_text(text, encoding="utf-8", newline="")
    return read_claims([place])


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=settings().max_examples if LONG else 8)  # of thirty lines each
def test_every_field_of_every_line(place: Path, chance: random.Random) -> None:
    interchanges, marks, wrap = Dice(chance).file()
    rows: list[dict[str, object]] = []
    before = 0
    for each in interchanges:  # pyx12 counts the trailer of a second one as one too many
        # Nor does it read wrapped segments; where the lines break says nothing to us.
        found, wrong = walk(written(each, marks))
        assert wrong == []
        rows += [line | {"source_row": before + line["source_row"]} for line in found]
        before += len(each)
    intake = read(place, written([s for each in interchanges for s in each], marks, wrap=wrap))
    assert intake.rejected.is_empty()
    assert intake.lines.select(list(rows[0])).rows(named=True) == rows


@given(chance=st.randoms(use_true_random=False), share=st.floats(0, 1))
@settings(max_examples=max(settings().max_examples // 3, 5))
def test_blocks_of_any_size_give_the_same(place: Path, chance: random.Random, share: float) -> None:
    interchanges, marks, wrap = Dice(chance).file()
    text = written([segment for each in interchanges for segment in each], marks, wrap=wrap)
    whole = read(place, text)
    least = max(500, len(text) // MOST_BLOCKS)
    block = round(least + share * (max(4_000, 3 * least) - least))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "BLOCK", block)
        patch.setattr("auditor.intake.textfile.PIECE", block + 500)
        assert read(place, text).lines.equals(whole.lines)


def test_the_files_of_the_other_tests_are_valid_too() -> None:
    _, wrong = walk(usual())
    assert wrong == []
