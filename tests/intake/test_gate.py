"""The pandera gate: data failures are reasons, everything else is a defect of the program."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

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
