"""JSON, HTML and XML by what they begin with, whatever their ending."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auditor.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.intake import Intake

HEADER = "Claim ID,Line,Patient ID,Rendering NPI,DOS,CPT,Mod,Units,Charge"
ROW = "C1,1,P1,1234567893,2024-03-05,99213,25,1,120.00"
JSON, HTML, XML = "a JSON file", "a web page (HTML)", "an XML file"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"claims": [{"claim_id": "C1"}]}', JSON),
        (' \n\t{ "claim_id": "C1" }\n{ "claim_id": "C2" }', JSON),
        ('[{"claim_id": "C1"}]', JSON),
        ('[\n  ["Claim ID", "DOS"]]', JSON),
        ("[1, 2]", JSON),
        ("[]", JSON),
        ("<html><body><table><tr><td>Claim ID</td></tr></table></body></html>", HTML),
        ("\r\n <!DOCTYPE html>\n<html>", HTML),
        ("<TABLE border=1><tr><td>Claim ID</td></tr></TABLE>", HTML),
        ('<html xmlns:x="urn:schemas-microsoft-com:office:excel">', HTML),
        ('<?xml version="1.0"?><Workbook></Workbook>', XML),
    ],
)
def test_markup_is_refused_by_its_name(
    read: Callable[..., Intake], text: str, word: str, encoding: str
) -> None:
    with pytest.raises(InputRejected) as error:
        read(text.encode(encoding), "claims.xls")
    said = str(error.value)
    assert f"The file is {word}" in said
    assert ".xlsx" in said
    assert "CSV" in said
    assert "C1" not in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Claim ID", "[Claim ID]"),  # a column name as some databases quote it
        ("Claim ID", "(Claim ID)"),
        ("Claim ID", "<Claim ID>"),
        (HEADER, f"Claims <html> {{x}}\n{HEADER}"),
    ],
)
def test_a_table_that_only_resembles_it_is_read(
    read: Callable[..., Intake], old: str, new: str
) -> None:
    intake = read(f"{HEADER}\n{ROW}\n".replace(old, new, 1))
    assert intake.lines["claim_id"].to_list() == ["C1"]
