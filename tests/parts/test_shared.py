"""What parts share: the facts of all codes, and what counting a part found out for judging it."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from divided import assert_same, both, spilled
from polars.testing import assert_frame_equal

from auditor.engine import codes as facts
from auditor.engine import versions, whole
from auditor.engine.known import COLUMNS, Known
from auditor.engine.versions import Versions, resolve
from auditor.engine.whole import Census, census
from auditor.parts import run
from auditor.reference import memory_reference
from auditor.rules.notation import claim_lines

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.reference.interface import Reference

TEXTS = (
    "99213 patient=P1 claim=C1",
    "20610 patient=P1 claim=C1",
    "77002 patient=P2 claim=C2 dos=2025-11-20",
    "97110-GP patient=P3 claim=C3 dos=2025-10-30 to=2025-11-02 units=9",
    "97110-GP patient=P3 claim=C4 dos=2025-11-01",
    "99214 patient=P1 claim=C5 freq=8",
    "29881 patient=P5 claim=C6 icn=K1",
    "29881 patient=P5 claim=C6 freq=7 orig=K1",
    "29881-RT patient=P6 claim=C7",
    "29881-LT patient=P6 claim=C7",
)


def lines(*more: str) -> pl.DataFrame:
    found = claim_lines([*TEXTS, *more])
    return found.with_columns(
        source_row=pl.int_range(pl.len(), dtype=pl.UInt32) + 2,
        line_key=pl.int_range(pl.len(), dtype=pl.UInt32),
    )


def tables() -> Reference:
    return memory_reference(
        ptp=[("20610", "77002", 1), ("99213", "20610", 1)],
        aoc=[("77002", "20610")],
        mue=[("29881", 1, 2), ("97110", 6, 3)],
        fees=[("99213",), ("20610", "", "A", "0", "000"), ("29881", "", "A", "0", "090", "2", "1")],
    )


def counting(monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> list[int]:
    """How often the function is called, one entry a call."""
    calls, real = list[int](), getattr(module, name)

    def called(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - as the function's own
        calls.append(1)
        return real(*given, **named)

    monkeypatch.setattr(module, name, called)
    return calls


def test_a_census_tells_codes_and_days() -> None:
    told = census(lines())
    assert told.codes is not None
    assert told.codes.to_list() == ["20610", "29881", "77002", "97110", "99213", "99214"]
    assert told.first == date(2025, 10, 30)
    assert told.last == date(2025, 11, 20)


@pytest.mark.parametrize("height", [0, 1, 10])
def test_a_census_adds_up_and_can_be_told(height: int) -> None:
    every = lines()
    both_parts = census(every.head(height)) + census(every.slice(height))
    for one in (both_parts, Census.of(both_parts.told())):
        assert one.told() == census(every).told()
    assert (Census() + census(every)).told() == census(every).told()


def test_too_many_codes_are_not_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    every = lines()
    monkeypatch.setattr(whole, "_MOST_CODES", 5)
    assert census(every).codes is None
    assert (census(every.head(2)) + census(every.slice(2))).codes is None
    assert (census(every.head(2)) + census(every.slice(2, 2))).codes is not None
    assert Census.of(census(every).told()).codes is None
    assert_same(*both(every, tables(), tmp_path, 3))


def test_facts_are_worked_out_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    reference = tables()
    calls = counting(monkeypatch, facts, "code_facts")
    one, parts, told = both(lines(), reference, tmp_path, 2)
    assert_same(one, parts, told)
    assert len(calls) == 1
    # Other lines, and other tables, have facts of their own.
    both(lines("11042 patient=P7 claim=C8"), reference, tmp_path / "more", 2)
    assert len(calls) == 2
    both(lines(), tables(), tmp_path / "others", 2)
    assert len(calls) == 3


def test_tables_of_pairs_are_those_of_the_reference_asked(tmp_path: Path) -> None:
    with_pairs, without = tables(), memory_reference(fees=[("99213",), ("20610",)])
    for place, reference in enumerate((with_pairs, without, with_pairs)):
        one, parts, told = both(lines(), reference, tmp_path / str(place), 2)
        assert_same(one, parts, told)
        assert ("PTP-1" in set(parts.findings["rule_id"])) == (reference is with_pairs)


def test_versions_are_resolved_while_counting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = counting(monkeypatch, versions, "resolve")
    one, parts, told = both(lines(), tables(), tmp_path, 2)
    assert one.set_aside.height == 2
    assert_same(one, parts, told)
    assert len(calls) == 2 + 1  # each part once, and the lines at once


def test_what_is_known_may_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    judge = run.TASKS["judge"]

    def forgetful(work: run.Work, *given: Any) -> None:  # noqa: ANN401 - as a task's own
        for folder in work.room.glob("counts/*/known"):
            shutil.rmtree(folder)
        judge(work, *given)

    monkeypatch.setattr(run, "TASKS", {**run.TASKS, "judge": forgetful})
    assert_same(*both(lines(), tables(), tmp_path, 3))


def test_a_part_none_of_whose_lines_stand(tmp_path: Path) -> None:
    gone = ("99213 patient=P8 claim=C9 icn=K2", "99213 patient=P8 claim=C9 freq=8 orig=K2")
    one, parts, told = both(lines(*gone), tables(), tmp_path, 12)  # some without a line at all
    assert one.set_aside.height == 4
    assert_same(one, parts, told)


@pytest.mark.parametrize("texts", [(), ("99214 patient=P9 claim=C1 freq=7 orig=NONE",)])
def test_what_is_known_is_read_as_it_was_written(texts: tuple[str, ...], tmp_path: Path) -> None:
    found = resolve(lines(*texts) if texts else lines().head(2))
    keys = pl.DataFrame(
        {
            name: pl.Series([True, False]) if name in _FLAGS else pl.Series([1, None], dtype=kind)
            for name in COLUMNS
            for kind in [pl.UInt32 if name in ("row", "n_day") else pl.Int64]
        }
    )
    Known(found, keys).write(tmp_path / "known")
    read = Known.read(tmp_path / "known")
    assert read is not None
    assert_frame_equal(read.lines, keys)
    assert read.versions.gone.equals(found.gone)
    assert_frame_equal(read.versions.set_aside, found.set_aside)
    assert_frame_equal(read.versions.claims, found.claims)
    assert Known.read(tmp_path / "nothing") is None
    assert isinstance(read.versions, Versions)


_FLAGS = ("s1_known", "cancelled", "loose", "crowded")


def test_columns_without_a_value_are_read_as_such(tmp_path: Path) -> None:
    # Only some slabs, and some parts of them, have a note, a drug's number or a laboratory's.
    more = [
        *(f"99213 patient=Q{n} claim=D{n}" for n in range(20)),
        "J1100 patient=Q3 claim=D30 ndc=00641036725 note=WASTED",
        "87880-QW patient=Q4 claim=D31 clia=11D2222222 ref=1234567893",
    ]
    every = lines(*more)
    parts = spilled(every, tmp_path / "lines", 3, 4)
    files = sorted((tmp_path / "lines").glob("*/*.parquet"))
    widths = {len(pl.read_parquet_schema(file)) for file in files}
    assert len(widths) > 1
    assert max(widths) < every.width
    read = pl.concat([parts.read(number) for number in range(3)]).sort("line_key")
    assert_frame_equal(read, every)
    keys = pl.Series([0, 9, every.height - 1], dtype=pl.UInt32)
    assert_frame_equal(parts.lines_of(keys).sort("line_key"), every[keys.to_list()])
    claims = every.select("claim_id", "original_claim_id").unique()
    assert_frame_equal(parts.claims(), claims, check_row_order=False)
    assert parts.read(7).is_empty()
    assert parts.read(7).schema == every.schema


def test_lines_are_read_in_their_order_however_many_slabs_there_are(tmp_path: Path) -> None:
    # Rules find lines by their keys among those of the part, and 10 comes after 9.
    every = lines(*(f"99213 patient=Q{n % 4} claim=D{n}" for n in range(90)))
    parts = spilled(every, tmp_path / "lines", 3, 4)
    assert len([*(tmp_path / "lines").iterdir()]) > 10
    for number in range(3):
        assert parts.read(number)["line_key"].is_sorted()


def test_what_is_told_on_one_line_of_all_is_told_however_many_slabs_there_are(
    tmp_path: Path,
) -> None:
    wrong = "1234567890"  # of no check digit
    every = lines(
        *(f"99213 patient=Q{n % 9} claim=D{n}" for n in range(80)),
        *(f"99213 patient=R{n} claim=E{n} npi={wrong}" for n in range(9)),
    )
    one, parts, told = both(every, tables(), tmp_path, 2, slab=4)
    assert "NPI-1" in set(one.findings["rule_id"])
    assert_same(one, parts, told)


def test_a_claim_number_that_several_patients_have_is_a_claim_of_each(tmp_path: Path) -> None:
    # Some offices number the claims of each patient from 1.
    every = lines(
        *(
            f"{code} patient=Q{n} claim={claim} line={at} charge=80"
            for n in range(9)
            for claim in (1, 2)
            for at, code in enumerate(("99213", "97110-GP"), start=1)
        ),
        *(f"97110-GP patient=R{n} claim=3 units=8 charge=100" for n in range(6)),
        *(f"97110-GP patient=R{n} claim=3 units=-1 charge=-40" for n in range(1, 4)),
    )
    one, parts, told = both(every, tables(), tmp_path, 3)
    assert one.findings.filter(pl.col("rule_id") == "DUP-1")["story_id"].n_unique() == 9
    assert_same(one, parts, told)
