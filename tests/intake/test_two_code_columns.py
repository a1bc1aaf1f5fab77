"""CPT and HCPCS codes in columns of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake


def side(*rows: tuple[str, str]) -> str:
    head = "Claim ID,Patient ID,Rendering NPI,DOS,CPT Code,HCPCS Code"
    lines = [f"C{n},P1,1234567893,2024-03-05,{a},{b}" for n, (a, b) in enumerate(rows)]
    return "\n".join([head, *lines]) + "\n"


def test_cpt_and_hcpcs_columns_are_read_together(read: Callable[..., Intake]) -> None:
    intake = read(side(("99213", ""), (" ", "g0008"), ("36415", "36415"), ("", "J1100-JW")))
    assert intake.lines["code"].to_list() == ["99213", "G0008", "36415", "J1100"]
    assert intake.lines["modifiers"].to_list() == ["", "", "", "JW"]
    (file,) = intake.files
    assert file.mapping["code"] == "CPT Code, HCPCS Code"
    assert file.unused == ()
    assert "Columns 'CPT Code', 'HCPCS Code' were read together as code" in " ".join(file.notes)


def test_a_line_without_either_is_rejected_by_both_names(read: Callable[..., Intake]) -> None:
    intake = read(side(("99213", ""), ("", ""), ("", "G0008")))
    (row,) = intake.rejected.select("source_row", "reasons", "column").rows()
    assert row == (3, "the procedure code is missing", "CPT Code, HCPCS Code")
    repaired = read(side(("99213.0", ""), ("", "g0008"))).repairs
    assert repaired.select("source_row", "field", "raw", "value").rows() == [
        (2, "code", "99213.0", "99213"),
        (3, "code", "g0008", "G0008"),
    ]


def test_both_filled_with_different_codes_are_asked_about(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected, match="'CPT Code', 'HCPCS Code' could each be"):
        read(side(("99213", ""), ("", "G0008"), ("99214", "G0009")))
    intake = read(side(("99213", ""), ("99214", "G0009")), columns={"code": "CPT Code"})
    assert intake.lines["code"].to_list() == ["99213", "99214"]


def test_words_beside_codes_are_not_read_where_the_code_is_missing(
    read: Callable[..., Intake],
) -> None:
    intake = read(side(("99213", ""), ("", "Office visit"), ("99214", "")))
    assert intake.files[0].mapping["code"] == "CPT Code"
    assert intake.rejected["source_row"].to_list() == [3]


def test_submitted_codes_are_not_filled_up_with_others(read: Callable[..., Intake]) -> None:
    text = side(("99213", ""), ("", "G0008"), ("99214", ""))
    intake = read(text.replace("CPT Code", "Submitted CPT"))
    assert intake.files[0].mapping["code"] == "Submitted CPT"
    assert intake.files[0].unneeded == ("HCPCS Code",)


def test_three_columns_share_the_lines(read: Callable[..., Intake]) -> None:
    text = side(("99213", ","), ("", "G0008,"), ("", ",36415")).replace("HCPCS Code", "HCPCS,Proc")
    intake = read(text)
    assert intake.lines["code"].to_list() == ["99213", "G0008", "36415"]


def test_a_totals_row_below_two_code_columns_is_left_out(read: Callable[..., Intake]) -> None:
    text = side(("99213", ""), ("", "G0008")) + "Total,,,,,\n"
    intake = read(text)
    assert (intake.lines.height, intake.rejected.height) == (2, 0)
