"""The pandera gate: data failures are reasons, everything else is a defect of the program."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from pandera.errors import SchemaErrors

from auditor.intake import gate
from schemas import ClaimLines, dtypes

LINE = {
    "source_file": "a.csv",
    "source_row": 2,
    "line_key": 0,
    "claim_id": "C1",
    "patient_id": "P1",
    "line_of_business": "unknown",
    "service_date_from": date(2024, 3, 5),
    "service_date_to": date(2024, 3, 5),
    "code": "99213",
    "modifiers": "",
    "diagnoses": "",
    "claim_dates": False,
}


def lines(*changes: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([LINE | change for change in changes], schema=dtypes(ClaimLines))


def test_good_lines_pass() -> None:
    assert gate.failures(lines({}, {"claim_id": "C2"})).is_empty()


def test_each_failure_names_its_row_and_reason() -> None:
    found = gate.failures(
        lines(
            {},
            {"claim_id": None, "code": None},
            {"service_date_from": None, "service_date_to": None},
            {"paid_status": "lost"},
        )
    )
    assert sorted(found.rows()) == [
        (1, "claim_id", "the claim id is missing"),
        (1, "code", "the procedure code is missing"),
        (2, "service_date_from", "the date of service is missing"),
        (3, "paid_status", "its paid_status is not allowed by the claim-line contract"),
    ]


def test_a_batch_of_many_failures_is_judged_in_parts() -> None:
    frame = lines({"claim_id": None, "code": None}, {})[[0, 1] * 130_000]
    assert gate.MOST_FAILURES < 260_000
    found = gate.failures(frame)
    assert found.height == 260_000
    assert found["index"].unique().sort().to_list() == list(range(0, 260_000, 2))


def test_rows_of_later_batches_keep_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "BATCH", 2)
    found = gate.failures(lines({}, {}, {}, {"code": None}, {"patient_id": None}))
    assert found.rows() == [
        (3, "code", "the procedure code is missing"),
        (4, "patient_id", "the patient id is missing"),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        lines({}).drop("ndc"),
        lines({}).with_columns(units=pl.lit("1")),
        lines({}).with_columns(more=pl.lit(1)),
    ],
    ids=["column missing", "wrong type", "column too many"],
)
def test_a_frame_of_the_wrong_shape_is_a_defect(broken: pl.DataFrame) -> None:
    with pytest.raises(RuntimeError, match="broke their own contract") as error:
        gate.failures(broken)
    assert "P1" not in str(error.value)


def test_cells_that_are_not_text_are_a_defect() -> None:
    gate.raw(pl.DataFrame({"0": ["1", None]}))
    with pytest.raises(RuntimeError, match="not text"):
        gate.raw(pl.DataFrame({"0": [1]}))


WRONG = {
    **dict.fromkeys(dtypes(ClaimLines)),
    "line_of_business": "Medicare",
    "paid_status": "",
}


@pytest.mark.parametrize("column", WRONG)
@pytest.mark.parametrize("height", [1, 3])
def test_what_is_passed_without_pandera_is_what_pandera_passes(column: str, height: int) -> None:
    for value in (None, WRONG[column]):
        frame = lines(*[{}] * (height - 1), {column: value})
        try:
            ClaimLines.validate(frame, lazy=True)
            accepted = True
        except SchemaErrors:
            accepted = False
        assert gate.failures(frame).is_empty() == accepted or column == "service_date_to"
        assert gate._sound(frame) == accepted  # noqa: SLF001 - what decides whether it is asked


def test_sound_lines_are_judged_without_the_time_that_pandera_takes_to_load(
    tmp_path: Path,
) -> None:
    claims = tmp_path / "claims.csv"
    head = "claim_id,patient_id,service_date,code,rendering_npi"
    claims.write_text(f"{head}\nC1,P1,2024-03-05,99213,1679576722\n", encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from auditor.intake import read_claims;"
        " print(read_claims([Path('claims.csv')]).lines.height, 'pandera' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(gate.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["1", "False"]
