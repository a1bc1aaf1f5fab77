"""A column whose values are others than its name says: left out, refused, or read all the same."""

from __future__ import annotations

import polars as pl
import pytest
from intake.tables import BASE, CODES, DATES, WORDS, find, without

from auditor.errors import InputRejected
from auditor.intake import values


def test_an_optional_column_of_other_values_is_left_out_and_said() -> None:
    columns = find({**BASE, "Units": ["Box of ten", "Each"]})
    assert "units" not in columns.mapping()
    (note,) = columns.notes
    assert note == (
        "Column 'Units' is named like the units, but none of its values look like one: it was not"
        " read as that."
    )
    assert "Box" not in note


def test_the_figure_is_given() -> None:
    cells = ["Box"] * 19 + ["1"] * 2
    columns = find({**BASE, "Units": cells}, rows=21)
    assert columns.mapping()["units"] == "Units"  # half of the distinct values
    columns = find({**BASE, "Units": [f"Box {n}" for n in range(19)] + ["1"]}, rows=20)
    assert "but 5% of its values look like one" in columns.notes[0]


def test_a_better_rank_loses_where_its_values_are_others() -> None:
    columns = find({**BASE, "Submitted Units": WORDS, "Units": ["1", "2"]})
    assert columns.mapping()["units"] == "Units"
    assert "'Submitted Units' is named like the units" in columns.notes[0]


@pytest.mark.parametrize(
    ("gone", "name", "column", "word"),
    [
        ("CPT", "CPT", WORDS, "procedure code"),
        ("DOS", "DOS", ["Monday", "Tuesday"], "date of service"),
        ("Rendering NPI", "NPI", ["House", "Cox"], "rendering or billing NPI"),
        ("Claim ID", "Claim ID", DATES, "claim id"),
    ],
)
def test_a_required_column_of_other_values_is_refused_with_the_figure(
    gone: str, name: str, column: list[str], word: str
) -> None:
    table = {**without(gone), name: column}
    with pytest.raises(InputRejected) as error:
        find(table)
    said = str(error.value)
    assert f"Column '{name}' is named like the {word}, but none of its values look like" in said
    assert column[0] not in said
    field = {"CPT": "code", "DOS": "service_date_from", "NPI": "rendering_npi"}.get(
        name, "claim_id"
    )
    assert f"--map {field}='{name}'" in error.value.next_step
    assert find(table, **{field: name}).mapping()[field] == name


def test_ten_rows_are_never_refused_for_odd_values() -> None:
    odd = {**BASE, "CPT": ["visit", "shot"], "Rendering NPI": ["House"], "DOS": ["soon"]}
    assert find(odd, rows=10).mapping()["code"] == "CPT"
    with pytest.raises(InputRejected, match="named like"):
        find(odd, rows=11)


@pytest.mark.parametrize(
    "column",
    [
        ["99999"],  # masked
        ["99213", "401.9", "250.00", "73761001", "840"],  # ICD-9, SNOMED, a lost zero
        ["73761001", "108290001", "99213"],
        ["99213-25", "99213.0", "g0008"],
        ["XXXXX", "XXXXX", "XXXXX", "99213"],
    ],
)
def test_a_code_column_with_much_else_is_read(column: list[str]) -> None:
    assert find({**BASE, "CPT": column}).mapping()["code"] == "CPT"


@pytest.mark.parametrize(
    "column",
    [
        ["1234567890", "2999999999"],  # the check digit is wrong
        ["9999310391", "0000000000"],  # as no NPI begins
        ["1234567893.0"],
    ],
)
def test_a_de_identified_npi_is_an_npi(column: list[str]) -> None:
    assert find({**BASE, "Rendering NPI": column}).mapping()["rendering_npi"] == "Rendering NPI"


def test_the_check_digit_of_an_npi() -> None:
    texts = pl.Series(["1234567893", "1003000126", "1234567890", "9234567893", "123"])
    checked = values.checked_npi(texts, values.date_like)
    assert checked.to_list() == [True, True, False, False, False]


@pytest.mark.parametrize(
    "column",
    [
        ["03/04/24", "12/31/99"],  # asked about later, by name of the column
        ["27-OCT-1999"],
        ["20240305"],
        ["45356", "45357.5"],  # a spreadsheet's
        ["2024-03-05T10:00:00Z"],
    ],
)
def test_every_way_to_write_a_date_is_a_date(column: list[str]) -> None:
    assert find({**BASE, "DOS": column}).mapping()["service_date_from"] == "DOS"


def test_blank_columns_and_rare_values_are_no_contradiction() -> None:
    rare = [""] * 9_000 + ["25"]
    columns = find({**BASE, "Mod": rare, "Units": [""], "Place of Service": ["  "]}, rows=9_001)
    assert columns.mapping()["modifiers"] == "Mod"
    assert columns.mapping()["units"] == "Units"
    assert not columns.notes


def test_the_whole_length_of_a_file_is_looked_at() -> None:
    # Sorted by kind of claim: the first thousands of rows have no code.
    codes = ["see note"] * 4_000 + CODES * 1_200
    assert find({**BASE, "CPT": codes}, rows=10_000).mapping()["code"] == "CPT"
