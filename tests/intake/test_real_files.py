"""Claim exports that nobody on this project wrote; they stay outside the project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest

from auditor.errors import InputRejected
from auditor.intake import Intake, names, read_claims

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def claims(shared: Path) -> Path:
    return shared / "claims"


def as_workbook(source: Path, target: Path, rows: int | None = None) -> Path:
    """The same cells in a workbook: amounts as numbers, everything else as text."""
    frame = pl.read_csv(source, infer_schema=False, n_rows=rows)
    amounts = [name for name in frame.columns if "amt" in name.lower() or "amount" in name.lower()]
    frame = frame.with_columns(pl.col(amounts).cast(pl.Float64))
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Claims")
    sheet.append(frame.columns)
    for row in frame.iter_rows():
        sheet.append(row)
    book.save(target)
    return target


def same(one: Intake, other: Intake) -> None:
    assert one.lines.drop("source_file").equals(other.lines.drop("source_file"))
    rejected = ("source_file", "raw")
    assert one.rejected.drop(rejected).equals(other.rejected.drop(rejected))
    assert one.set_aside.drop("source_file").equals(other.set_aside.drop("source_file"))


def test_tuva(claims: Path, tmp_path: Path) -> None:
    path = claims / "tuva_demo_medical_claim.csv"
    intake = read_claims([path])
    (file,) = intake.files
    assert (file.lines_read, intake.lines.height, file.set_aside, file.rejected) == (
        6_075, 4_870, 1_205, 0,
    )  # fmt: skip
    assert set(intake.set_aside["reason"]) == {"institutional"}
    assert file.mapping["code"] == "hcpcs_code"
    assert file.mapping["service_date_from"] == "claim_line_start_date"
    assert "procedure_code_1" in file.unused
    assert intake.lines.filter(pl.col("modifiers").str.contains(" ")).height == 140
    same(intake, read_claims([as_workbook(path, tmp_path / "tuva.xlsx")]))


def test_desynpuf(claims: Path, tmp_path: Path) -> None:
    path = claims / "desynpuf_carrier_wide.csv"
    intake = read_claims([path])
    (file,) = intake.files
    assert file.rows == 16_677
    assert (file.lines_read, intake.lines.height, file.rejected) == (30_680, 28_922, 1_758)
    assert intake.rejected["reasons"].str.ends_with("the procedure code is missing").all()
    # Every code of the file is on the line that its column's number says.
    wide = pl.read_csv(path, infer_schema=False)
    for slot in range(1, 6):
        own = intake.lines.filter(pl.col("line_number") == slot)
        assert own["code"].to_list() == wide[f"HCPCS_CD_{slot}"].drop_nulls().to_list()
    # Its first 3,000 claims; openpyxl takes long over all of them.
    part = tmp_path / "part.csv"
    part.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3_001]))
    same(read_claims([part]), read_claims([as_workbook(path, tmp_path / "part.xlsx", 3_000)]))


def test_hospitalist(claims: Path, tmp_path: Path) -> None:
    path = claims / "hospitalist_claim_export_excerpt.csv"
    intake = read_claims([path])
    assert (intake.lines.height, intake.rejected.height) == (11, 0)
    assert set(intake.files[0].mapping) == {
        "claim_id", "line_number", "patient_id", "patient_birth_date", "payer", "rendering_npi",
        "service_date_from", "received_date", "place_of_service", "code", "modifiers", "units",
        "charge_amount", "diagnoses",
    }  # fmt: skip
    assert intake.lines["line_of_business"].value_counts().sort("line_of_business").rows() == [
        ("medicaid", 3),
        ("unknown", 8),
    ]
    same(intake, read_claims([as_workbook(path, tmp_path / "hospitalist.xlsx")]))


def test_carrier_lines_of_research_files(claims: Path) -> None:
    intake = read_claims([claims / "cms_rif_carrier_multiple_lines.txt"])
    assert intake.files[0].delimiter == "|"
    assert intake.rejected.is_empty()
    assert str(intake.lines["service_date_from"][0]) == "1999-10-27"
    with pytest.raises(InputRejected, match=r"'HCPCS_CD'\) is missing .* in 209 of 221 lines"):
        read_claims([claims / "cms_rif_carrier_synthea.csv"])


def test_the_carrier_sheet_of_a_workbook_is_found(claims: Path) -> None:
    intake = read_claims([claims / "ohdsi_etl_cms_input_test_files.xlsx"])
    assert intake.files[0].name.endswith("[carrier_claims]")
    assert intake.lines["line_number"].max() > 1
    assert intake.rejected.is_empty()


FIELDS = {"service date from": "service_date_from", "service date to": "service_date_to",
          "charge": "charge_amount", "claim type": "claim_type"}  # fmt: skip


def test_names_collected_from_payer_layouts_are_known(claims: Path) -> None:
    """Every name of the list that was collected from real layouts stands for its field."""
    listed = (claims / "README.md").read_text(encoding="utf-8").split("## Header names")[1]
    checked = 0
    for label, words in re.findall(r"- \*\*(.+?)\*\*[^:]*: (.+)", listed):
        field = FIELDS.get(label, label)
        if field == "void or replacement":
            continue
        for word in re.findall(r"\b[A-Z][A-Z0-9]{1,}\b", re.sub(r"\(.*?\)", "", words)):
            found = {match.field for match in names.matches(word)}
            wanted = {field, field.replace("service", "claim")}
            if field == "diagnoses":
                wanted = {"diagnoses", "principal_diagnosis", "line_diagnosis",
                          "diagnosis_pointers"}  # fmt: skip
            assert found & wanted, (label, word, found)
            checked += 1
    assert checked > 180
