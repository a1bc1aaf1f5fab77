"""The reference of a few rows that other tests are built on, and the policy tables."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest

from auditor.reference import memory_reference
from auditor.reference.policy import FOLDER, policy_table
from auditor.reference.tables import MODELS

if TYPE_CHECKING:
    from auditor.reference.interface import Kind

CODES = pl.Series(["10060", "20610", "77002", "99213"])


def test_rows_fill_up_with_defaults_and_fit_the_models() -> None:
    reference = memory_reference(
        ptp=[("10060", "99213"), ("20610", "10060", 0, "2020-01-01", "2020-12-31")],
        aoc=[("77002", "20610"), ("77002", "10060", 1, "2013-04-01", "2025-12-31")],
        mue=[("77002", 1, 2), {"code": "20610", "valid_to": date(2025, 12, 31)}],
        fees=[("77002", "26", "A", "1"), ("20610",)],
        hcpcs=[("J1100",), ("A1", "modifier")],
    )
    tables: dict[Kind, pl.DataFrame] = {
        "ptp-practitioner": reference.ptp(CODES),
        "aoc": reference.addons(CODES),
        "mue-practitioner": reference.mue(CODES),
        "fee-schedule": reference.fees(CODES),
        "hcpcs": reference.hcpcs(),
    }
    for kind, table in tables.items():
        MODELS[kind].validate(table)
        assert table.height == 2
        release = reference.release(kind)
        assert release is not None
        assert not reference.is_starter(kind)
    assert tables["aoc"]["edit_deletion"].to_list() == [None, date(2025, 12, 31)]
    assert tables["ptp-practitioner"]["deletion"].to_list() == [None, date(2020, 12, 31)]


def test_what_is_not_given_is_unknown_and_what_is_given_empty_is_known() -> None:
    reference = memory_reference(mue=[])
    assert reference.release("ptp-practitioner") is None
    assert reference.ptp(CODES).is_empty()
    assert reference.release("mue-practitioner") is not None
    assert reference.mue(CODES).is_empty()


def test_a_frame_will_do() -> None:
    frame = memory_reference(ptp=[("10060", "99213")]).ptp(CODES)
    assert memory_reference(ptp=frame).ptp(CODES).equals(frame)


def test_a_misspelt_column_is_an_error() -> None:
    with pytest.raises(ValueError, match="modifer"):
        memory_reference(ptp=[{"column1": "10060", "column2": "99213", "modifer": 1}])


def test_it_can_play_the_starter_set() -> None:
    reference = memory_reference(mue=[("10060", 1)], starter=True, vouches_to="2024-09-30")
    assert reference.is_starter("mue-practitioner")
    assert not reference.is_starter("aoc")
    release = reference.release("mue-practitioner")
    assert release is not None
    assert release.vouches_to == date(2024, 9, 30)


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.csv")))
def test_policy_tables_are_text(name: str) -> None:
    table = memory_reference().policy(name)
    assert set(table.dtypes) == {pl.String()}
    assert table.height
    assert not table.select((pl.all() == "").any()).row(0).count(True)


def test_a_policy_table_of_another_name_is_a_mistake_of_ours() -> None:
    with pytest.raises(LookupError):
        policy_table("no_such_table")
