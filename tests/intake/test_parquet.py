"""Parquet files: every type as text without loss, records as rows, what cannot be read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.errors import InputRejected
from auditor.intake import Intake, IntakeOptions, content, parquet, read_claims

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAY = dt.date(2024, 3, 5)
BASE = {
    "Claim ID": ["C1", "C2"],
    "Patient ID": ["P1", "P2"],
    "Rendering NPI": ["1234567893", "1234567893"],
    "DOS": [DAY, DAY],
    "CPT": ["99213", "00100"],
}


@pytest.fixture
def lines(tmp_path: Path) -> Callable[..., Intake]:
    """Write BASE with other or more columns as a Parquet file and read it as claims."""

    def run(**more: object) -> Intake:
        columns = BASE | {name.replace("_", " "): values for name, values in more.items()}
        path = tmp_path / "claims.parquet"
        pl.DataFrame(columns).write_parquet(path)
        return read_claims([path])

    return run


def text(values: object, kind: object = None) -> list[str | None]:
    """The cells of a column of these values."""
    return parquet.as_text(pl.Series(values, dtype=kind)).to_list()


def test_records_are_counted_from_one(lines: Callable[..., Intake]) -> None:
    intake = lines()
    assert intake.lines["source_row"].to_list() == [1, 2]
    assert intake.lines["code"].to_list() == ["99213", "00100"]
    (file,) = intake.files
    assert (file.encoding, file.delimiter, file.header_row, file.rows) == ("parquet", "", 0, 2)
    assert file.notes == ("Row numbers of a Parquet file count its records from 1.",)


@pytest.mark.parametrize(
    ("values", "kind", "cells"),
    [
        ([1, None, -7], pl.Int64, ["1", None, "-7"]),
        ([2**63], pl.UInt64, ["9223372036854775808"]),
        ([99213.0, 120.5, 0.1 + 0.2], pl.Float64, ["99213", "120.5", "0.30000000000000004"]),
        ([120.1, 2.0], pl.Float32, ["120.1", "2"]),
        ([1e-7, 1e21, -1.5e-9], pl.Float64, ["0.0000001", "1" + "0" * 21, "-0.0000000015"]),
        ([float("nan"), float("inf"), -0.0], pl.Float64, [None, None, "0"]),
        ([Decimal("120.50"), Decimal("0.05")], pl.Decimal(20, 2), ["120.50", "0.05"]),
        ([True, False, None], pl.Boolean, ["true", "false", None]),
        (["A", "B"], pl.Categorical, ["A", "B"]),
        (["A"], pl.Enum(["A", "B"]), ["A"]),
        (["", "  ", " x "], pl.String, [None, None, " x "]),
        ([DAY, None], pl.Date, ["2024-03-05", None]),
        ([dt.datetime(2024, 3, 5)], pl.Datetime, ["2024-03-05"]),  # noqa: DTZ001 -- a plain day
        (
            [dt.datetime(2024, 3, 5, 23, 30), None],  # noqa: DTZ001 -- as it stands in a file
            pl.Datetime("ns"),
            ["2024-03-05 23:30:00", None],
        ),
        ([["25", "59"], [], None, ["RT", None]], pl.List(pl.String), ["25 59", None, None, "RT"]),
        ([[25, 59]], pl.List(pl.Int8), ["25 59"]),
        ([[25.0], None], pl.List(pl.Float64), ["25", None]),
        ([["25", "59"]], pl.Array(pl.String, 2), ["25 59"]),
        ([None, None], pl.Null, [None, None]),
        ([b"abc", b"", None], pl.Binary, ["abc", None, None]),
    ],
)
def test_values_become_text_without_loss(
    values: object, kind: object, cells: list[str | None]
) -> None:
    assert text(values, kind) == cells


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC", "Pacific/Auckland"])
def test_a_time_zone_never_shifts_the_day(lines: Callable[..., Intake], zone: str) -> None:
    late = pl.Series([dt.datetime(2024, 3, 5, 23, 59), dt.datetime(2024, 3, 5)])  # noqa: DTZ001 -- set below
    intake = lines(DOS=late.dt.replace_time_zone(zone))
    assert intake.lines["service_date_from"].to_list() == [DAY, DAY]
    assert "The days of 'DOS' are those of the time zone that the file names." in (
        intake.files[0].notes
    )


def test_lists_are_modifiers_and_diagnoses(lines: Callable[..., Intake]) -> None:
    intake = lines(Mod=[["25", "59"], []], Dx=[["E11.9", None, "I10"], ["I10"]])
    assert intake.lines["modifiers"].to_list() == ["25 59", ""]
    assert intake.lines["diagnoses"].to_list() == ["E119 I10", "I10"]


def test_large_floating_numbers_are_noted(lines: Callable[..., Intake]) -> None:
    intake = lines(Claim_ID=[20240000000012345.0, 5.0])
    assert intake.lines["claim_id"].to_list()[1] == "5"
    assert ["more than 15 digits" in kind for kind in intake.repairs["kind"]] == [True]


def test_columns_that_are_no_cells(lines: Callable[..., Intake]) -> None:
    intake = lines(picture=[b"\xff\x00", None], inner=[{"a": 1}, {"a": 2}])
    assert intake.lines.height == 2
    assert "Columns that hold no plain values were not read: 'picture', 'inner'." in (
        intake.files[0].notes
    )
    with pytest.raises(InputRejected, match="Column 'Mod' holds records or bytes"):
        lines(Mod=[[{"code": "25"}], []])
    with pytest.raises(InputRejected, match="Columns 'CPT', 'Units' hold records or bytes"):
        lines(CPT=[b"\xff", b"\xfe"], Units=[{"a": 1}, None])


def test_bytes_that_turn_out_to_be_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_SAMPLE", 1)
    path = tmp_path / "claims.parquet"
    pl.DataFrame(BASE | {"Note": [b"fine", b"\xff"]}).write_parquet(path)
    with pytest.raises(InputRejected, match="Column 'Note' holds records or bytes"):
        read_claims([path])


def test_missing_columns_are_named_as_for_any_file(tmp_path: Path) -> None:
    path = tmp_path / "findings.parquet"
    pl.DataFrame({"finding_id": ["x"], "rule_id": ["AOC-1"]}).write_parquet(path)
    with pytest.raises(InputRejected):
        read_claims([path])


@pytest.mark.parametrize("held", [True, False])
def test_blocks_are_bounded_and_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, held: bool
) -> None:
    frame = pl.DataFrame(
        {name: [values[0]] * 1000 for name, values in BASE.items()}
        | {"Claim ID": [f"C{n}" for n in range(1000)]}
    )
    path = tmp_path / "claims.parquet"
    frame.write_parquet(path, row_group_size=100)
    whole = read_claims([path]).lines
    monkeypatch.setattr(parquet, "_BLOCK", 300)
    if not held:
        monkeypatch.setattr(content, "HELD_PLAIN", 10)
    source = parquet.open_parquet(content.look_at(path, "claims.parquet"))
    assert source.header is not None
    bodies = list(source.blocks(source.header))
    assert [body.cells.height for body in bodies] == [300, 300, 300, 100]
    assert bodies[3].rows.to_list() == list(range(901, 1001))
    assert read_claims([path]).lines.equals(whole)


def test_a_file_that_changes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "HELD_PLAIN", 10)
    path = tmp_path / "claims.parquet"
    pl.DataFrame(BASE).write_parquet(path)
    source = parquet.open_parquet(content.look_at(path, "claims.parquet"))
    pl.DataFrame(BASE | {"Claim ID": ["C8", "C9"]}).write_parquet(path)
    assert source.header is not None
    with pytest.raises(InputRejected, match=r"changed while it was read|damaged"):
        list(source.blocks(source.header))


def test_no_rows_and_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "claims.parquet"
    pl.DataFrame(BASE).clear().write_parquet(path)
    with pytest.raises(InputRejected, match="no claim lines"):
        read_claims([path])
    monkeypatch.setattr(parquet, "_FREE", 10)
    monkeypatch.setattr(parquet, "_MOST_PER_BYTE", 1)
    pl.DataFrame({name: [values[0]] * 100_000 for name, values in BASE.items()}).write_parquet(path)
    with pytest.raises(InputRejected, match=r"says that it has 100,000 rows and 5 columns"):
        read_claims([path])


def test_encrypted_and_foreign_files_are_refused(read: Callable[..., Intake]) -> None:
    with pytest.raises(InputRejected, match="Parquet file is encrypted"):
        read(b"PARE" + b"x" * 100, "claims.parquet")
    with pytest.raises(InputRejected, match="Parquet file is damaged"):
        read(b"PAR1" + b"x" * 100 + b"PAR1", "claims.parquet")


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    import gzip

    plain, packed = tmp_path / "claims.parquet", tmp_path / "claims.parquet.gz"
    pl.DataFrame(BASE).write_parquet(plain)
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_claims([packed], IntakeOptions()).lines.height == 2
