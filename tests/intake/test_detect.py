"""What `layout detect` tells: the decisions that read the file, masked values, a layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from auditor.intake import IntakeOptions, load_layout, read_claims
from auditor.intake.detect import detect, masked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "Claim #,Ln,Member ID,Prov NPI,Svc Date,Proc,Mod 1,Mod 2,Qty,Billed,DOB,Remark"
ROWS = [
    f"CL-77{n},1,DOE{n},1234567893,{n:02d}/1{n % 9}/2024,9921{n},25,,1,12{n}.50,07/25/1950,ANN{n}"
    for n in range(1, 6)
]


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def run(text: str, name: str = "claims.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return run


def options(**given: object) -> IntakeOptions:
    return IntakeOptions(**given)


def test_the_layout_reads_the_file_as_it_was_recognised(
    file: Callable[..., Path], tmp_path: Path
) -> None:
    path = file("\n".join(["Report for March", HEADER, *ROWS]))
    (found,) = detect(path, options())
    assert (found.form, found.header_row, found.rows) == ("utf-8, comma", 2, 5)
    assert not found.problems
    (tmp_path / "l.toml").write_text(found.text, encoding="utf-8")
    pinned = load_layout(tmp_path / "l.toml")
    assert pinned.date_order == "month-first"
    plain = read_claims([path])
    held = read_claims([path], options(layout=pinned))
    assert_frame_equal(plain.lines, held.lines)
    assert plain.files[0].mapping == held.files[0].mapping
    assert plain.fields_present == held.fields_present


@pytest.mark.parametrize(
    "text",
    [
        """CLM_ID,BENE_ID,NPI,CLM_FROM_DT,HCPCS_CD_1,HCPCS_CD_2,MOD_1,MOD_2
C1,P1,1234567893,20240305,99213,20610,25,RT
""",
        """Claim ID,Patient ID,NPI,DOS,CPT,HCPCS
C1,P1,1234567893,2024-03-05,99213,
C2,P1,1234567893,2024-03-05,,J1100
""",
        """Claim ID,Patient ID,NPI,DOS,CPT,Mod,Mod,"a, b"
C1,P1,1234567893,2024-03-05,99213,25,59,
""",
        """Claim ID;Patient ID;NPI;DOS;CPT;Charge
C1;P1;1234567893;2024-03-05;99213;1,50
""",
    ],
    ids=["wide", "two code columns", "repeated header", "decimal comma"],
)
def test_layouts_of_other_shapes(file: Callable[..., Path], tmp_path: Path, text: str) -> None:
    path = file(text)
    (found,) = detect(path, options())
    (tmp_path / "l.toml").write_text(found.text, encoding="utf-8")
    held = read_claims([path], options(layout=load_layout(tmp_path / "l.toml")))
    assert_frame_equal(read_claims([path]).lines, held.lines)


def test_a_file_that_would_be_refused_says_why_and_pins_nothing(
    file: Callable[..., Path],
) -> None:
    (found,) = detect(
        file("Claim ID,Patient ID,NPI,DOS,Thing\nC1,P1,1,03/04/2024,99213\n"), options()
    )
    said = [problem.what for problem in found.problems]
    assert len(said) == 2
    assert "procedure code" in said[0]
    assert "day or the month comes first" in said[1]
    assert found.text == ""
    assert found.survey is not None
    assert found.survey["code"].suggestions == ("Thing",)


def test_what_the_operator_says_goes_into_the_layout(
    file: Callable[..., Path], tmp_path: Path
) -> None:
    path = file("Claim ID,Patient ID,NPI,DOS,Thing\nC1,P1,1234567893,03/04/24,99213\n")
    given = {"columns": {"code": "Thing"}, "date_order": "day-first", "year_pivot": 50}
    (found,) = detect(path, options(**given))
    (tmp_path / "l.toml").write_text(found.text, encoding="utf-8")
    pinned = load_layout(tmp_path / "l.toml")
    assert (pinned.date_order, pinned.year_pivot, pinned.columns["code"]) == (
        "day-first",
        50,
        "Thing",
    )
    assert str(read_claims([path], options(layout=pinned)).lines["service_date_from"][0]) == (
        "2024-04-03"
    )


@pytest.mark.parametrize(
    ("field", "values", "shown"),
    [
        ("patient_id", ["DOE-1950", "DOE-1951"], ("XXX-9999",)),
        ("code", ["99213", "J1100", "DOE JOHN"], ("99213", "J1100", "XXX XXXX")),
        ("service_date_from", ["2024-03-05", " 3/5/24 "], ("9999-99-99", "9/9/99")),
        ("modifiers", ["25", "25,59", "for Mr. Doe"], ("25", "25,59", "XXX XX. XXX")),
        ("units", ["1", "2.5", "123456789"], ("1", "2.5", "999999999")),
        ("claim_note", ["é" * 40], ("X" * 17 + "...",)),
        ("patient_sex", [None, "", "F"], ("X",)),
    ],
)
def test_samples_are_masked(field: str, values: list[str], shown: tuple[str, ...]) -> None:
    assert masked(field, [pl.Series(values, dtype=pl.String)]) == shown


def test_what_a_layout_reads_can_be_looked_at(file: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "l.toml").write_text(
        """fixed = true
[columns]
claim_id = { start = 1, length = 2 }
patient_id = { start = 3, length = 2 }
rendering_npi = { start = 5, length = 10 }
service_date_from = { start = 15, length = 8 }
code = { start = 23, length = 5 }
""",
        encoding="utf-8",
    )
    path = file("C1P1123456789320240304X9213\n", "claims.txt")
    (found,) = detect(path, options(layout=load_layout(tmp_path / "l.toml")))
    assert found.survey is None
    assert found.samples["code"] == ("X9213",)
    assert found.columns.names[found.columns.single["code"]] == "code (23-27)"
    assert found.text == ""


def test_an_order_that_is_open_is_not_pinned(file: Callable[..., Path], tmp_path: Path) -> None:
    head = "Claim ID,Patient ID,NPI,DOS,CPT\n"
    days = ("2024-03-04", "2024-03-05", "03/04/2024")
    path = file(head + "".join(f"C1,P1,1234567893,{day},99213\n" for day in days))
    (found,) = detect(path, options())
    assert "date_order" not in found.text
    (tmp_path / "l.toml").write_text(found.text, encoding="utf-8")
    held = read_claims([path], options(layout=load_layout(tmp_path / "l.toml")))
    assert held.rejected["source_row"].to_list() == [4]
