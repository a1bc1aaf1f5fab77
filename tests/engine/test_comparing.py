"""What other tables would have found on the same claims, from findings and tables made by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.comparing import PIECES, compare
from auditor.reference.memory import memory_reference
from schemas import ComparedFindings, Findings, dtypes

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = date(2025, 3, 10)


def finding(name: str, rule: str = "PTP-1", **values: object) -> dict[str, Any]:
    return {
        "finding_id": name,
        "rule_id": rule,
        "rule_name": f"name of {rule}",
        "tier": "certain",
        "source_file": "march.csv",
        "source_row": 2,
        "claim_id": "C1",
        "line_number": 1,
        "service_date": DAY,
        "code": "99213",
        "modifiers": "",
        "counterpart_code": "20610",
        "amount_at_risk": Decimal("10.00"),
        "amount_basis": "allowed",
        "table_release": "PTP practitioner test",
        "table_row": "the row",
    } | values


def told(
    here: list[dict[str, Any]],
    there: list[dict[str, Any]],
    tables: Mapping[str, Any] = MappingProxyType({}),
    others: Mapping[str, Any] = MappingProxyType({}),
    *billed: str,
) -> Any:  # noqa: ANN401 - a Comparison
    frames = [pl.DataFrame(rows, schema=dtypes(Findings)) for rows in (here, there)]
    references = (memory_reference(**tables), memory_reference(**others))
    found = compare(*frames, *references, pl.Series(billed, dtype=pl.String))
    assert dict(found.findings.schema) == dtypes(ComparedFindings)
    ComparedFindings.validate(found.findings)
    return found


def test_what_appears_disappears_changes_and_stays() -> None:
    here = [finding(n) for n in ("gone", "stays", "weaker", "dearer", "based")]
    there = [
        finding("stays", table_release="another", table_row="another"),
        finding("weaker", tier="review"),
        finding("dearer", amount_at_risk=Decimal("10.01")),
        finding("based", amount_basis="paid", amount_at_risk=None),
        finding("new", "AOC-1"),
    ]
    found = told(here, there)
    rows = {row["finding_id"]: row for row in found.findings.iter_rows(named=True)}
    assert {name: row["change"] for name, row in rows.items()} == {
        "new": "appears",
        "gone": "disappears",
        "weaker": "changes",
        "dearer": "changes",
        "based": "changes",
    }
    assert found.counts == {"appears": 1, "disappears": 1, "changes": 3}
    assert found.same == 1
    assert (rows["weaker"]["tier"], rows["weaker"]["other_tier"]) == ("certain", "review")
    assert (rows["new"]["tier"], rows["new"]["other_tier"]) == (None, "certain")
    assert (rows["gone"]["other_tier"], rows["gone"]["code"]) == (None, "99213")
    assert rows["dearer"]["other_amount_at_risk"] == Decimal("10.01")
    assert found.by_rule().rows() == [
        ("AOC-1", "name of AOC-1", 1, 0, 0),
        ("PTP-1", "name of PTP-1", 0, 1, 3),
    ]


def test_nothing_on_either_side() -> None:
    found = told([], [])
    assert (found.findings.height, found.same) == (0, 0)
    assert found.by_rule().is_empty()
    assert found.table_changes().is_empty()


SIDE = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.tuples(
        st.sampled_from(["certain", "review", "info"]),
        st.sampled_from([None, Decimal("0.00"), Decimal("10.00")]),
        st.sampled_from(["allowed", "none"]),
    ),
)


@given(here=SIDE, there=SIDE)
def test_against_plain_python(here: dict[str, Any], there: dict[str, Any]) -> None:
    sides = [
        [
            finding(name, tier=tier, amount_at_risk=amount, amount_basis=basis)
            for name, (tier, amount, basis) in side.items()
        ]
        for side in (here, there)
    ]
    found = told(*sides)
    wanted = dict.fromkeys(there.keys() - here.keys(), "appears")
    wanted |= dict.fromkeys(here.keys() - there.keys(), "disappears")
    both = here.keys() & there.keys()
    wanted |= {name: "changes" for name in both if here[name] != there[name]}
    assert dict(found.findings.select("finding_id", "change").rows()) == wanted
    assert found.same == len(both) - found.counts["changes"]
    assert sum(found.counts.values()) == len(wanted)


PTP, MUE, AOC = "PTP practitioner test", "MUE practitioner test", "AOC test"
FEES, HCPCS = "Fee schedule test", "HCPCS Level II test"
# rule, values of the finding, rows here, rows there, what is said of them
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], str]] = {
    "a pair has gone": (
        "PTP-1",
        {},
        {"ptp": [("20610", "99213", 1), ("20610", "99214", 1)]},
        {"ptp": []},
        "20610/99213: modifier indicator 1 -> no row",
    ),
    "a pair has another indicator, turned about": (
        "PTP-1",
        {"code": "20610", "counterpart_code": "99213"},
        {"ptp": [("20610", "99213", 1)]},
        {"ptp": [("20610", "99213", 0)]},
        "20610/99213: modifier indicator 1 -> 0",
    ),
    "a pair has ended before the day": (
        "PTP-1",
        {},
        {"ptp": [("20610", "99213", 1)]},
        {"ptp": [("20610", "99213", 1, "2020-01-01", "2025-03-09")]},
        "20610/99213: modifier indicator 1 -> no row",
    ),
    "a pair that ends later is the same on the day": (
        "PTP-1",
        {},
        {"ptp": [("20610", "99213", 1)]},
        {"ptp": [("20610", "99213", 1, "2020-01-01", "2025-03-10")]},
        "",
    ),
    "a pair of other codes is not behind it": (
        "PTP-1",
        {},
        {"ptp": [("20610", "99213", 1), ("99213", "77002", 1)]},
        {"ptp": [("20610", "99213", 1)]},
        "",
    ),
    "a limit": (
        "MUE-2",
        {"table_release": MUE, "counterpart_code": None},
        {"mue": [("99213", 1, 2)]},
        {"mue": [("99213", 2, 3, "2025-01-01")]},
        "99213: MUE value 1 -> 2, MAI 2 -> 3",
    ),
    "the limit of another time": (
        "MUE-2",
        {"table_release": MUE},
        {"mue": [("99213", 1, 2, "2025-01-01", "2025-06-30"), ("99213", 1, 2, "2025-07-01")]},
        {"mue": [("99213", 1, 2, "2025-01-01", "2025-06-30"), ("99213", 9, 2, "2025-07-01")]},
        "",
    ),
    "a primary": (
        "AOC-1",
        {"code": "77002", "counterpart_code": None, "table_release": AOC},
        {"aoc": [("77002", "20610"), ("77002", "20611")]},
        {"aoc": [("77002", "20610"), ("77002", "62270", 2)]},
        "77002/20611: type 1 -> no row; 77002/62270: no row -> type 2",
    ),
    "the global days of the counterpart": (
        "GLB-24",
        {"table_release": FEES},
        {"fees": [("20610", "", "A", "0", "000"), ("99213",)]},
        {"fees": [("20610", "", "A", "0", "010"), ("99213",)]},
        "20610: global days 000 -> 010",
    ),
    "a code of Level II": (
        "COD-5",
        {"table_release": HCPCS, "code": "J1100"},
        {"hcpcs": [("J1100",)]},
        {"hcpcs": []},
        "J1100: coverage blank -> no row",
    ),
    "no table decides": (
        "DUP-1",
        {"table_release": None, "table_row": None},
        {"ptp": [("20610", "99213", 1)]},
        {"ptp": []},
        "",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_rows_behind_a_finding(case: str) -> None:
    rule, values, tables, others, said = CASES[case]
    found = told([finding("one", rule, **values)], [], tables, others)
    assert found.findings["table_change"].to_list() == [said]
    counted = [(rule, "disappears", said, 1)] if said else []
    assert found.table_changes().rows() == counted


def test_a_finding_that_appears_is_explained_by_the_table_that_made_it() -> None:
    found = told([], [finding("one")], {"ptp": []}, {"ptp": [("20610", "99213", 1)]})
    assert found.findings["table_change"].to_list() == [
        "20610/99213: no row -> modifier indicator 1"
    ]


def test_starter_tables_share_a_label_and_the_rule_tells_the_kind() -> None:
    def starter(**tables: list[Any]) -> Any:  # noqa: ANN401 - a reference
        return memory_reference(**tables, starter=True)  # type: ignore[arg-type] # rows by table

    one = pl.DataFrame(
        [finding("one", "MUE-2", table_release="MUE practitioner test")], schema=dtypes(Findings)
    )
    here = starter(mue=[("99213", 1, 2)], ptp=[("20610", "99213", 1)])
    there = starter(mue=[("99213", 2, 2)], ptp=[])
    found = compare(one, one.clear(), here, there)
    assert found.findings["table_change"].to_list() == ["99213: MUE value 1 -> 2"]


def test_of_many_rows_the_first_are_told() -> None:
    primaries = [("77002", f"2061{n}") for n in range(PIECES + 2)]
    one = finding("one", "AOC-1", code="77002", table_release=AOC)
    found = told([one], [], {"aoc": primaries}, {"aoc": []})
    (said,) = found.findings["table_change"]
    assert said.count("no row") == PIECES
    assert said.endswith("; and 2 more rows")
    found = told([one], [], {"aoc": primaries}, {"aoc": []}, "99213", "20614")
    assert found.findings["table_change"].item().startswith("77002/20614: type 1 -> no row; ")
