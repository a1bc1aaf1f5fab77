"""The payer map: which line of business a payer's name means, and what is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.errors import ConfigError
from auditor.intake import IntakeOptions, read_claims

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"


def table(head: str, *cells: str) -> str:
    return "\n".join([f"{HEADER},{head}", *(f"{ROW},{cell}" for cell in cells)]) + "\n"


def business(intake: Intake) -> list[str]:
    return intake.lines["line_of_business"].to_list()


@pytest.mark.parametrize(
    ("payer", "expected"),
    [
        ("Aetna", "commercial"),
        ("  AETNA ", "commercial"),
        ("aetna better health", "medicaid"),
        ("Aetna  Better   Health of Ohio", "medicaid"),
        ("Aetna PPO", "commercial"),
        ("Not Aetna", "unknown"),
        ("Blue (Cross) + Shield.", "commercial"),
        ("Blue XCrossX + Shield.", "unknown"),
        ("State plan 7 of TX", "medicaid"),
        ("State plan TX", "unknown"),
        ("Ärztekasse", "commercial"),
        ("--", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_payer_is_known_by_its_name(
    read: Callable[..., Intake], payer: str, expected: str
) -> None:
    payers = {
        "Aetna*": "commercial",
        "AETNA BETTER HEALTH": "medicaid",
        "aetna better health of*": "medicaid",
        "blue (cross) + shield.": "commercial",
        "state plan * of *": "medicaid",
        "ÄRZTEKASSE": "commercial",
    }
    # 'Aetna*' stands first among the patterns that fit it
    wanted = "commercial" if payer.endswith("Ohio") else expected
    assert business(read(table("Payer", f'"{payer}"'), payers=payers)) == [wanted]


def test_the_column_comes_first_then_the_map_then_the_name_then_the_option(
    read: Callable[..., Intake],
) -> None:
    text = table(
        "LOB,Payer",
        "Medicaid,Plan A",  # the column
        ",Plan A",  # the map
        ",Medicare of Ohio",  # the map, though the name says otherwise
        ",Medicare Part B",  # the name
        ",Plan Z",  # the option
        "Medicare Advantage,Medicare of Ohio",  # the column says no line of business of ours
    )
    payers = {"plan a": "commercial", "medicare of*": "medicaid"}
    assert business(read(text, payers=payers, line_of_business="commercial")) == [
        "medicaid", "commercial", "medicaid", "medicare", "commercial", "medicaid",
    ]  # fmt: skip


def test_a_map_that_fits_and_agrees_is_not_spoken_of(read: Callable[..., Intake]) -> None:
    text = table("LOB,Payer", "Commercial,Plan A", ",Plan A")
    assert read(text, payers={"plan a": "commercial"}).notes == ()


def test_lines_whose_column_says_otherwise_are_counted(read: Callable[..., Intake]) -> None:
    text = table(
        "LOB,Payer", "Medicaid,Plan A", "Medicaid,PLAN A", "Medicare,Plan A", "Medicare,Plan B",
        "Commercial,Plan A", ",Plan A",
    )  # fmt: skip
    said = "[payers] 'Plan A' is commercial, but the file's own line of business is"
    assert read(text, payers={"Plan A": "commercial"}).notes == (
        f"{said} medicaid, which counts (2 lines).",
        f"{said} medicare, which counts (1 lines).",
    )


def test_entries_that_fit_no_payer_of_any_file_are_told(tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    paths[0].write_text(table("Payer", "Plan A"), encoding="utf-8")
    paths[1].write_text(table("Payer", "Plan B"), encoding="utf-8")
    payers = dict.fromkeys(("plan a", "plan*", "plan b", "plan c", "x*"), "commercial")
    intake = read_claims(paths, IntakeOptions(payers=payers))
    assert intake.notes == ("No payer of the files is called 'plan c', 'x*' ([payers]).",)


def test_a_file_without_payers_fits_no_entry(read: Callable[..., Intake]) -> None:
    intake = read(f"{HEADER}\n{ROW}\n", payers={f"plan {n}": "medicare" for n in range(12)})
    assert business(intake) == ["unknown"]
    assert len(intake.notes) == 1
    assert intake.notes[0].endswith("'plan 9' and 2 more ([payers]).")


def test_a_word_that_is_no_line_of_business_is_refused(read: Callable[..., Intake]) -> None:
    with pytest.raises(ConfigError, match="There is no line of business 'hmo'"):
        read(f"{HEADER}\n{ROW}\n", payers={"plan a": "hmo"})
