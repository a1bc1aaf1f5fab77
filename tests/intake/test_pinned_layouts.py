"""Layouts: files held to what was said once, files without a header, files of fixed width."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from auditor.errors import ConfigError, InputRejected
from auditor.intake import Intake, load_layout
from auditor.intake.detect import detect
from auditor.intake.interface import IntakeOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "Case,Client,Done By,When,What,Extra,Cost"
ROW = "C1,P1,1234567893,03/04/2024,99213,25,12000"
LAYOUT = """
header = ["Case", "Client", "Done By", "When", "What", "Extra", "Cost"]
date_order = "day-first"
cents = ["charge_amount"]

[columns]
claim_id = "Case"
patient_id = "Client"
rendering_npi = "Done By"
service_date_from = "When"
code = "What"
modifiers = ["Extra"]
charge_amount = "Cost"
"""


@pytest.fixture
def layout(tmp_path: Path) -> Callable[[str], object]:
    def run(text: str) -> object:
        path = tmp_path / "nightly.toml"
        path.write_text(text, encoding="utf-8")
        return load_layout(path)

    return run


def test_columns_are_read_from_where_the_layout_says(
    read: Callable[..., Intake], layout: Callable[[str], object]
) -> None:
    intake = read(f"{HEADER}\n{ROW}\n", layout=layout(LAYOUT))
    line = intake.lines.row(0, named=True)
    assert (line["claim_id"], line["code"], line["modifiers"]) == ("C1", "99213", "25")
    assert str(line["service_date_from"]) == "2024-04-03"
    assert line["charge_amount"] == 12000
    assert "Read as the layout nightly.toml says." in intake.files[0].notes


@pytest.mark.parametrize(
    ("header", "difference"),
    [
        (
            HEADER.replace("Extra", "Modifier"),
            "column 'Extra' is missing and column 'Modifier' is new",
        ),
        (HEADER + ",Units,POS", "columns 'Units', 'POS' are new"),
        (HEADER.replace(",Cost", ""), "column 'Cost' is missing"),
        (
            HEADER.replace("When,What", "What,When"),
            "its columns stand in another order or number",
        ),
        ("a,b,c", "its header row was not found"),
        (HEADER.upper(), "its column names differ in upper and lower case"),
    ],
)
def test_a_changed_export_is_an_error_that_names_the_difference(
    read: Callable[..., Intake],
    layout: Callable[[str], object],
    header: str,
    difference: str,
) -> None:
    with pytest.raises(InputRejected) as error:
        read(f"{header}\n{ROW}\n", layout=layout(LAYOUT))
    assert error.value.what == f"The file does not have the layout nightly.toml: {difference}."
    assert "auditor layout detect FILE --write nightly.toml --replace" in error.value.next_step


@pytest.mark.parametrize("header", [HEADER + ",,", " Case , Client,Done  By,When,What,Extra,Cost"])
def test_blanks_in_a_header_are_no_difference(
    read: Callable[..., Intake], layout: Callable[[str], object], header: str
) -> None:
    assert read(f"Report of March\n{header}\n{ROW}\n", layout=layout(LAYOUT)).lines.height == 1


def test_a_file_without_a_header(
    read: Callable[..., Intake], layout: Callable[[str], object]
) -> None:
    found = layout(
        """
        width = 7
        delimiter = "|"
        [columns]
        claim_id = 1
        patient_id = 2
        rendering_npi = 3
        service_date_from = 4
        code = 5
        modifiers = [6]
        """
    )
    row = ROW.replace(",", "|").replace("03/04/2024", "20240304")
    intake = read(f"{row}\n{row.replace('C1', 'C2')}\nC3|P1\n", layout=found)
    assert intake.lines.select("source_row", "claim_id", "code").rows() == [
        (1, "C1", "99213"),
        (2, "C2", "99213"),
    ]
    assert intake.rejected.select("source_row", "reasons").rows() == [
        (3, "the row has 2 cells, the header 7")
    ]
    with pytest.raises(InputRejected, match="its rows have 8 columns, not 7"):
        read(f"{row}|x\n{row}|x\n", layout=found)


FIXED = """
fixed = true
skip = 1
[columns]
claim_id = { start = 1, length = 6 }
patient_id = { start = 7, length = 4 }
rendering_npi = { start = 11, length = 10 }
service_date_from = { start = 21, length = 8 }
code = { start = 29, length = 5 }
modifiers = [{ start = 34, length = 2 }, { start = 36, length = 2 }]
units = { start = 38, length = 3 }
"""


def fixed(claim: str, rest: str = "25  001") -> str:
    return f"{claim:6}{'Pé1':4}1234567893 20240304"[:20] + f"2024030499213{rest}"


def test_lines_of_fixed_width(read: Callable[..., Intake], layout: Callable[[str], object]) -> None:
    lines = ["HDR 2024", fixed("C1"), "", fixed("C2", "2559"), fixed("C3", ""), "C4    P1"]
    intake = read("\r\n".join(lines) + "\r\n", layout=layout(FIXED))
    rows = intake.lines.select("source_row", "claim_id", "patient_id", "modifiers", "units").rows()
    assert rows == [
        (2, "C1", "Pé1", "25", 1000),
        (4, "C2", "Pé1", "25 59", None),
        (5, "C3", "Pé1", "", None),
    ]
    assert intake.rejected.select("source_row", "reasons", "claim_id").rows() == [
        (6, "the line has 8 characters, 29 are needed", "C4")
    ]
    assert json.loads(intake.rejected["raw"][0])["cell 9"] == "C4    P1"
    (file,) = intake.files
    assert (file.lines_read, file.encoding) == (4, "utf-8, fixed width")
    assert file.mapping["code"] == "code (29-33)"
    assert "Left out: 1 blank row." in file.notes


def test_several_lines_a_row(read: Callable[..., Intake], layout: Callable[[str], object]) -> None:
    found = layout(
        """
        header = ["Case", "Client", "Done By", "When", "First", "Second"]
        [columns]
        claim_id = "Case"
        patient_id = "Client"
        rendering_npi = "Done By"
        service_date_from = "When"
        [lines.1]
        code = "First"
        [lines.2]
        code = "Second"
        """
    )
    header = "Case,Client,Done By,When,First,Second"
    intake = read(f"{header}\nC1,P1,1234567893,2024-03-04,99213,20610\n", layout=found)
    assert intake.lines.select("line_number", "code").rows() == [(1, "99213"), (2, "20610")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAYOUT.replace("claim_id", "claimid"), "claimid is no field (did you mean claim_id?)"),
        (LAYOUT.replace('code = "What"', ""), "code (procedure code) is missing"),
        (
            LAYOUT.replace('rendering_npi = "Done By"', ""),
            "rendering_npi (rendering or billing NPI)",
        ),
        (LAYOUT.replace('= "Client"', '= "Patient"'), "'Patient', which is not in the header"),
        (LAYOUT.replace('= "Client"', "= 2"), "patient_id must be a header of the file"),
        (LAYOUT.replace('= "Client"', "= []"), "patient_id has no column"),
        (LAYOUT.replace("day-first", "backwards"), "date_order must be"),
        (LAYOUT + "[more]\n", "more is no setting"),
        (FIXED.replace("start = 1,", "start = 0,"), "claim_id must start at 1"),
        ("year_pivot = 100\n" + LAYOUT, "year_pivot must be from 0 to 99"),
        ('name = "x"\n' + LAYOUT, "name and sha256 are no settings"),
        (LAYOUT.replace('"charge_amount"', '"units"'), "cents may hold charge_amount"),
        ("[columns]\nclaim_id = 1\n", "width must say how many columns"),
        ('delimiter = "||"\n' + LAYOUT, "delimiter must be one character"),
    ],
)
def test_every_problem_of_a_layout_is_named(
    layout: Callable[[str], object], text: str, said: str
) -> None:
    with pytest.raises(ConfigError) as error:
        layout(text)
    assert said in error.value.what
    assert error.value.where.endswith("nightly.toml")


def test_a_layout_and_mapped_columns_exclude_each_other(
    read: Callable[..., Intake], layout: Callable[[str], object]
) -> None:
    with pytest.raises(ConfigError, match="Columns are said twice"):
        read(f"{HEADER}\n{ROW}\n", layout=layout(LAYOUT), columns={"code": "What"})


def test_a_sheet_is_chosen_by_its_header(
    workbook: Callable[..., Path], layout: Callable[[str], object]
) -> None:
    from auditor.intake import IntakeOptions, read_claims

    rows = [HEADER.split(","), ROW.split(",")]
    path = workbook({"Other": [["Total", 1]], "March": rows})
    intake = read_claims([path], IntakeOptions(layout=layout(LAYOUT)))
    assert intake.files[0].name == "claims.xlsx [March]"


def test_the_document_lists_every_field() -> None:
    from pathlib import Path

    from auditor.intake import names

    text = (Path(__file__).parents[2] / "docs" / "layouts.md").read_text(encoding="utf-8")
    listed = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert sorted(listed) == sorted(names.FIELDS)


# M1 may be many things: its name says too little, so that its values have to prove it.
VAGUE = "Claim,Patient,NPI,DOS,CPT,M1,M2,Units,Charge\n"
VISIT = "C{},P1,1234567893,2025-11-03,99213,{},{},1,80.00\n"


def test_a_second_modifier_without_a_value_is_read_beside_the_first(
    read: Callable[..., Intake],
) -> None:
    intake = read(VAGUE + VISIT.format(1, "25", ""))
    assert intake.files[0].mapping["modifiers"] == "M1, M2"
    alone = read(VAGUE + VISIT.format(1, "", ""))
    assert "modifiers" not in alone.files[0].mapping  # nothing proves that they are there
    other = read(VAGUE + VISIT.format(1, "25", "often"))
    assert other.files[0].mapping["modifiers"] == "M1"


def test_a_column_that_was_empty_when_the_layout_was_made_is_told_when_it_is_not(
    read: Callable[..., Intake], layout: Callable[[str], object], tmp_path: Path
) -> None:
    first = tmp_path / "first.csv"
    first.write_text(VAGUE + VISIT.format(1, "", ""), encoding="utf-8")
    (found,) = detect(first, IntakeOptions())
    pinned = layout(found.text)
    assert read(VAGUE + VISIT.format(2, "", ""), layout=pinned).files[0].unread == ()
    (file,) = read(VAGUE + VISIT.format(2, "25", "GC"), layout=pinned).files
    (told,) = file.unread
    assert told.startswith("Columns 'M1', 'M2' are named like the modifiers and hold such values")
    assert "Name the columns under modifiers in the layout" in told
    assert told in file.warnings
    assert told in file.notes
    # What does not look like modifiers is something else, and what is read is not told.
    assert read(VAGUE + VISIT.format(2, "often", ""), layout=pinned).files[0].unread == ()
    named = layout(found.text + 'modifiers = ["M1", "M2"]\n')
    (file,) = read(VAGUE + VISIT.format(2, "25", "GC"), layout=named).files
    assert (file.unread, file.mapping["modifiers"]) == ((), "M1, M2")
