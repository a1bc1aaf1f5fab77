"""The implementation guide's own examples, where they lie beside the checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from x12_walker import walk

from auditor.intake import read_claims

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared

EXAMPLES = {  # lines, and whether the claim names who rendered them
    "demo.ambulance.example5.837": (4, False),
    "demo.cob.example4.837": (1, True),
    "demo.drug.example10.1.837": (2, True),
    "demo.example1.837": (4, False),
    "demo.example11.837": (2, True),
    "demo.example2.837": (4, False),
    "demo.example6.837": (1, False),
    "demo.example8.837": (1, False),
}
OTHER_MARK = {"demo.example11.837", "demo.example6.837"}
"""Their ISA says ':', and '>' divides the components."""


@pytest.fixture(scope="module")
def examples(shared: Path) -> Path:
    return shared / "claims" / "x12_837p"


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_guide(examples: Path, name: str) -> None:
    intake = read_claims([examples / name])
    (file,) = intake.files
    count, rendered = EXAMPLES[name]
    assert (file.lines_read, intake.lines.height, file.rejected) == (count, count, 0)
    assert intake.lines["code"].str.contains(r"^[A-Z0-9]{5}$").all()
    assert intake.lines["billing_npi"].null_count() == 0
    assert intake.lines["rendering_npi"].null_count() == (0 if rendered else count)
    assert any("'>' does" in note for note in file.notes) == (name in OTHER_MARK)
    assert intake.repairs.is_empty()
    # And field by field, where pyx12 can read the components; it knows the guide by another name.
    if name not in OTHER_MARK:
        text = (examples / name).read_text(encoding="ascii").replace("X222A2~", "X222A1~")
        rows, _ = walk(text)
        for row, line in zip(rows, intake.lines.rows(named=True), strict=True):
            assert {key: line[key] for key in row} == row


def test_a_dependent_and_a_secondary_claim(examples: Path) -> None:
    lines = read_claims([examples / "demo.example1.837"]).lines
    assert lines["patient_id"].unique().str.count_matches("/").to_list() == [2]
    lines = read_claims([examples / "demo.cob.example4.837"]).lines
    assert lines.select("payer", "payer_sequence", "line_of_business").rows() == [
        ("MEDICARE", "secondary", "medicare")
    ]
