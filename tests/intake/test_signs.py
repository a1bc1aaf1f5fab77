"""Minus signs before most charges or units of a file: told, and no longer taken for credits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.intake import IntakeOptions, read_claims
from auditor.intake.signs import MANY
from auditor.parts.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,DOS,CPT,Units,Billed Amount,Rendering NPI"


def export(charges: Sequence[str], units: Sequence[str] = ()) -> str:
    """One line a charge; units are 1 where none are given."""
    rows = [
        f"C{n},1,P{n},2025-11-03,99213,{units[n] if units else 1},{charge},1234567893"
        for n, charge in enumerate(charges)
    ]
    return "\n".join([HEADER, *rows, ""])


def test_most_charges_below_zero_are_the_exports_habit(read: Callable[..., Intake]) -> None:
    intake = read(export(["-100.00"] * (MANY - 1) + ["100.00"]))
    assert intake.lines["sign_untold"].to_list() == [True] * MANY
    assert intake.lines["charge_amount"].sum() == -100_00 * (MANY - 2)
    (said,) = intake.files[0].warnings
    assert said == (
        "Column 'Billed Amount' (charge_amount): 49 of 50 values are below zero, so the minus sign"
        " was not taken to mark credits: all lines were audited as billed, but for pairs that"
        " cancel each other. If these are reversals, audit them together with the lines that they"
        " take back."
    )


def test_most_units_below_zero_likewise(read: Callable[..., Intake]) -> None:
    intake = read(export(["100.00"] * MANY, ["-2"] * MANY))
    assert intake.lines["sign_untold"].all()
    (said,) = intake.files[0].warnings
    assert said.startswith("Column 'Units' (units): 50 of 50 values are below zero, so")


@pytest.mark.parametrize(
    "charges",
    [
        pytest.param(["-100.00"] * (MANY // 2) + ["100.00"] * (MANY // 2), id="half"),
        pytest.param(["100.00"] * MANY, id="none"),
        pytest.param(["100.00"] * MANY + ["-0.01", ""], id="a-few-and-a-blank"),
    ],
)
def test_no_majority_is_no_habit_and_no_warning(
    read: Callable[..., Intake], charges: list[str]
) -> None:
    intake = read(export(charges))
    assert intake.lines["sign_untold"].null_count() == intake.lines.height
    assert intake.files[0].warnings == ()


def test_charges_of_zero_are_no_votes(read: Callable[..., Intake]) -> None:
    few = read(export(["0.00"] * 200 + ["-100.00"] * (MANY - 1)))
    assert few.lines["sign_untold"].null_count() == few.lines.height
    enough = read(export(["0.00"] * 200 + ["-100.00"] * MANY))
    assert enough.lines["sign_untold"].all()


def test_few_lines_are_credits_and_that_is_told(read: Callable[..., Intake]) -> None:
    intake = read(export(["-100.00"] * (MANY - 1)))
    assert intake.lines["sign_untold"].null_count() == intake.lines.height
    (said,) = intake.files[0].warnings
    assert said == (
        "Column 'Billed Amount' (charge_amount): 49 of 49 values are below zero: those lines were"
        " taken for credits, which claim no service, and were not judged (see Coverage). If the"
        " export writes every value so, have it written without the sign."
    )


def test_it_is_a_matter_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "habit.csv").write_text(export(["-100.00"] * MANY))
    (tmp_path / "other.csv").write_text(export(["100.00"] * MANY + ["-100.00"]))
    files = [tmp_path / "habit.csv", tmp_path / "other.csv"]
    lines = read_claims(files, IntakeOptions()).lines
    told = lines.group_by("source_file").agg(pl.col("sign_untold").any()).sort("source_file")
    assert told.rows() == [("habit.csv", True), ("other.csv", False)]


def test_a_file_that_is_kept_on_the_disk_is_read_alike(tmp_path: Path) -> None:
    """What all lines show is known at the end: the keeper is told to begin anew."""
    path = tmp_path / "habit.csv"
    path.write_text(export(["100.00"] * 10 + ["-100.00"] * MANY))
    spill = Spill(tmp_path / "lines", 3, slab=5)
    kept = read_claims([path], IntakeOptions(keeper=spill))
    whole = read_claims([path], IntakeOptions())
    parts = spill.parts()
    assert parts.census.lines == whole.lines.height
    read = pl.concat([parts.read(n) for n in range(3)]).sort("line_key")
    assert read.equals(whole.lines)
    assert read["sign_untold"].all()
    assert kept.files == whole.files
