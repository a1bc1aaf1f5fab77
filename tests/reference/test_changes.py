"""What changed between two tables, against cases by hand and a comparison in plain Python."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import ReferenceDataError
from auditor.reference.changes import SHAPES, changes, in_force
from auditor.reference.kinds import KINDS
from auditor.reference.memory import memory_reference
from auditor.reference.tables import MODELS
from schemas import ReferenceChanges, dtypes

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.reference.interface import Kind

ARGUMENTS: dict[Kind, str] = {
    "ptp-practitioner": "ptp",
    "aoc": "aoc",
    "mue-practitioner": "mue",
    "fee-schedule": "fees",
    "hcpcs": "hcpcs",
}
DAY = "2024-01-01"
Told = list[tuple[Any, ...]]
# kind, rows before, rows after, (change, code, other code, field, before, after) of each change
CASES: dict[str, tuple[Kind, list[Any], list[Any], Told]] = {
    "nothing": ("mue-practitioner", [("20610", 2, 3)], [("20610", 2, 3)], []),
    "a limit": (
        "mue-practitioner",
        [("20610", 2, 3), ("77002", 1, 2)],
        [("20610", 4, 3), ("77002", 1, 3)],
        [
            ("changed", "20610", "", "MUE value", "2", "4"),
            ("changed", "77002", "", "MAI", "2", "3"),
        ],
    ),
    "a code comes and one goes": (
        "mue-practitioner",
        [("20610", 2, 3)],
        [("20611", 1, 2)],
        [
            ("added", "20611", "", "", None, "MUE value 1; MAI 2"),
            ("removed", "20610", "", "", "MUE value 2; MAI 3", None),
        ],
    ),
    "a pair ends": (
        "ptp-practitioner",
        [("20610", "99213", 1, DAY)],
        [("20610", "99213", 1, DAY, "2024-09-30")],
        [("ended", "20610", "99213", "deletion", "open", "2024-09-30")],
    ),
    "a pair opens again": (
        "ptp-practitioner",
        [("20610", "99213", 1, DAY, "2024-09-30")],
        [("20610", "99213", 1, DAY)],
        [("changed", "20610", "99213", "deletion", "2024-09-30", "open")],
    ),
    "an indicator, by a second row": (
        "ptp-practitioner",
        [("20610", "99213", 1, DAY)],
        [("20610", "99213", 1, DAY, "2024-09-30"), ("20610", "99213", 0, "2024-10-01")],
        [
            ("added", "20610", "99213", "", None, "modifier indicator 0; deletion open"),
            ("ended", "20610", "99213", "deletion", "open", "2024-09-30"),
        ],
    ),
    "the same row twice is one": (
        "ptp-practitioner",
        [("20610", "99213", 1, DAY)] * 2,
        [("20610", "99213", 0, DAY)] * 2,
        [("changed", "20610", "99213", "modifier indicator", "1", "0")],
    ),
    "a rationale is no change": (
        "ptp-practitioner",
        [("20610", "99213", 1, DAY, None, "so")],
        [("20610", "99213", 1, DAY, None, "thus")],
        [],
    ),
    "a primary": (
        "aoc",
        [("77002", "20610", 1, DAY), ("77002", "20611", 1, DAY)],
        [("77002", "20610", 1, DAY, "2024-12-31"), ("77002", "62270", 1, DAY)],
        [
            ("added", "77002", "62270", "", None, "type 1; deletion open"),
            ("ended", "77002", "20610", "deletion", "open", "2024-12-31"),
            ("removed", "77002", "20611", "", "type 1; deletion open", None),
        ],
    ),
    "indicators of the fee schedule, by component": (
        "fee-schedule",
        [("71046", "", "A", "1", "XXX"), ("71046", "26", "A", "1", "XXX")],
        [("71046", "", "A", "1", "XXX"), ("71046", "26", "B", "1", "000")],
        [
            ("changed", "71046", "26", "global days", "XXX", "000"),
            ("changed", "71046", "26", "status", "A", "B"),
        ],
    ),
    "the life of a code": (
        "hcpcs",
        [("J1100", "procedure", DAY), ("G0008", "procedure", DAY, "2020-01-01", "C")],
        [("J1100", "procedure", DAY, "2025-03-31"), ("G0008", "procedure", DAY, "2020-01-01")],
        [
            ("ended", "J1100", "", "deletion", "open", "2025-03-31"),
            ("changed", "G0008", "", "coverage", "C", "blank"),
        ],
    ),
}


def table(kind: Kind, rows: list[Any]) -> pl.DataFrame:
    reference: Any = memory_reference(**{ARGUMENTS[kind]: rows})
    frame: pl.DataFrame = reference._frames[kind].collect()  # noqa: SLF001 - a table whole, as the store has it
    return frame


def diff(kind: Kind, before: list[Any], after: list[Any], *codes: str, **more: bool) -> Told:
    wanted = pl.Series(codes) if codes else None
    found = changes(kind, table(kind, before).lazy(), table(kind, after).lazy(), wanted, **more)
    assert dict(found.schema) == dtypes(ReferenceChanges)
    assert set(found["kind"]) <= {kind}
    ReferenceChanges.validate(found)
    return found.drop("kind", "effective").rows()


@pytest.mark.parametrize("case", CASES)
def test_changes(case: str) -> None:
    kind, before, after, told = CASES[case]
    assert diff(kind, before, after) == told


@pytest.mark.parametrize("case", CASES)
def test_the_way_back_tells_the_reverse(case: str) -> None:
    kind, before, after, told = CASES[case]
    turned = {"added": "removed", "removed": "added", "ended": "changed", "changed": "changed"}
    back = [
        ("ended" if field == "deletion" and now == "open" else turned[change], code, other, field)
        for change, code, other, field, _, now in told
    ]
    found = [row[:4] for row in diff(kind, after, before)]
    assert sorted(found) == sorted(back)


PAIRS = [("20610", "99213"), ("20611", "99213"), ("20610", "77002"), ("10060", "11042")]


@pytest.mark.parametrize(
    ("codes", "together", "left"),
    [
        ((), False, 4),
        (("20610",), False, 2),
        (("99213", "20610"), False, 3),
        (("99213", "20610"), True, 1),
        (("20610",), True, 0),
        (("99999",), False, 0),
    ],
)
def test_only_rows_on_these_codes(codes: tuple[str, ...], *, together: bool, left: int) -> None:
    after = [(*codes_, 0) for codes_ in PAIRS]
    found = diff("ptp-practitioner", [(*c, 1) for c in PAIRS], after, *codes, together=together)
    assert len(found) == left


def test_a_component_is_no_code() -> None:
    before, after = [("71046", "26", "A")], [("71046", "26", "B")]
    assert diff("fee-schedule", before, after, "26") == []
    assert len(diff("fee-schedule", before, after, "71046")) == 1


def test_every_kind_has_a_shape_of_columns_that_exist() -> None:
    assert set(SHAPES) == set(KINDS)
    for kind, shape in SHAPES.items():
        known = dtypes(MODELS[kind])
        assert {shape.code, *shape.fields, *([shape.other] if shape.other else [])} <= set(known)


def test_a_damaged_table_is_told_in_words(tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1 no table PAR1")
    frame = table("mue-practitioner", [("20610", 2, 3)]).lazy()
    with pytest.raises(ReferenceDataError, match="'mue-practitioner' could not be read"):
        changes("mue-practitioner", frame, pl.scan_parquet(bad))


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["20610", "20611", "77002"]),
        st.sampled_from(["99213", "20610"]),
        st.integers(0, 1),
        st.sampled_from(["1996-01-01", "2024-01-01"]),
        st.sampled_from([None, "2024-06-30", "2025-12-31"]),
    ),
    max_size=12,
    unique_by=lambda row: (row[0], row[1], row[3]),
)


@given(before=ROWS, after=ROWS)
def test_against_plain_python(before: list[Any], after: list[Any]) -> None:
    old = {(a, b, first): (str(mod), last or "open") for a, b, mod, first, last in before}
    new = {(a, b, first): (str(mod), last or "open") for a, b, mod, first, last in after}
    wanted = [("added", *key) for key in new.keys() - old.keys()]
    wanted += [("removed", *key) for key in old.keys() - new.keys()]
    for key in old.keys() & new.keys():
        (mod, last), (mod_new, last_new) = old[key], new[key]
        if last != last_new:
            wanted.append(("ended" if last == "open" else "changed", *key))
        if mod != mod_new:
            wanted.append(("changed", *key))
    frames = (table("ptp-practitioner", rows).lazy() for rows in (before, after))
    found = changes("ptp-practitioner", *frames)
    told = found.select("change", "code", "other_code", pl.col("effective").cast(pl.String)).rows()
    assert sorted(told) == sorted(wanted)


def test_rows_in_force_on_the_day() -> None:
    rows = [
        ("20610", "99213", 1, "2020-01-01", "2024-06-30"),
        ("99213", "20610", 0, "2024-07-01"),
        ("20610", "77002", 1, "2020-01-01"),
    ]
    days = [date(2019, 12, 31), date(2020, 1, 1), date(2024, 6, 30), date(2024, 7, 1)]
    asked = pl.DataFrame({"date": days}).with_columns(
        code=pl.lit("99213"), other_code=pl.lit("20610")
    )
    found = in_force("ptp-practitioner", table("ptp-practitioner", rows), asked).sort("date")
    assert found.select("date", "column1", "modifier_indicator").rows() == [
        (days[1], "20610", 1),
        (days[2], "20610", 1),
        (days[3], "99213", 0),
    ]
    limits = [("99213", 1, 3, "2024-01-01", "2024-06-30"), ("99213", 2, 3, "2024-07-01")]
    found = in_force("mue-practitioner", table("mue-practitioner", limits), asked).sort("date")
    assert found.select("date", "mue_value").rows() == [(days[2], 1), (days[3], 2)]
