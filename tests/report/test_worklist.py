"""The Worklist: each claim with work once, in order, with one amount that adds nothing up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.report import worklist

if TYPE_CHECKING:
    from tests.report.conftest import Make

AS_OF = date(2025, 11, 10)
TIERS = ("certain", "review", "info")
BASES = ("allowed", "paid", "charge")
OTHER_BASES = ("not determined", "already denied", "paid zero", "counted in another finding")

FOUND = st.lists(
    st.fixed_dictionaries(
        {
            "payer": st.sampled_from(["A", "B", None]),
            "patient_id": st.sampled_from(["P1", "P2"]),
            "claim_id": st.sampled_from(["C1", "C2", "C3"]),
            "tier": st.sampled_from(TIERS),
            "rule_id": st.sampled_from(["AOC-1", "PTP-1", "MUE-2", "COD-5", "THR-1"]),
            "story_id": st.sampled_from(["s1", "s2", "s3"]),
            "amount_basis": st.sampled_from([*BASES, *OTHER_BASES]),
            "cents": st.integers(0, 100_000),
            "service_date": st.dates(date(2025, 1, 1), date(2025, 1, 5)),
            "open": st.booleans(),
        }
    ),
    max_size=30,
)


def frame_of(make: type[Make], rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Findings with what worklist adds to them, in the order given."""
    found = make.findings(
        [
            make.finding(
                n,
                **{k: v for k, v in row.items() if k not in {"open", "cents", "decision"}},
                **_money(row),
            )
            for n, row in enumerate(rows)
        ]
    )
    return worklist.ranked(
        found.with_columns(
            pl.Series("open", [row.get("open", True) for row in rows], pl.Boolean),
            pl.Series("decision", [row.get("decision") for row in rows], pl.String),
            received=pl.lit(None, pl.Date),
            life=pl.lit(None, pl.String),
            fresh=pl.lit(0, pl.UInt8),
            nth=pl.int_range(pl.len(), dtype=pl.UInt32),
        )
    )


def _money(row: dict[str, Any]) -> dict[str, Any]:
    """The amount as the audit has it: none is determined, or nothing is at risk, or cents."""
    if "cents" not in row:
        return {}
    basis = row["amount_basis"]
    if basis == "not determined":
        return {"amount_at_risk": None}
    return {"amount_at_risk": Decimal(row["cents"] if basis in BASES else 0) / 100}


def claim(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["payer"], row["patient_id"], row["claim_id"]


def waits(row: dict[str, Any]) -> bool:
    return row["open"] and row["tier"] != "info"


@given(rows=FOUND)
def test_each_claim_with_open_work_is_there_once_and_no_other(
    make: type[Make], rows: list[dict[str, Any]]
) -> None:
    claims = worklist.claims_of(frame_of(make, rows), AS_OF)
    shown = list(claims.select(worklist.CLAIM).iter_rows())
    assert len(shown) == len(set(shown))
    assert set(shown) == {claim(row) for row in rows if waits(row)}
    assert claims["order"].to_list() == list(range(1, claims.height + 1))


@given(rows=FOUND)
def test_a_claim_tells_what_is_open_of_it(make: type[Make], rows: list[dict[str, Any]]) -> None:
    for told in worklist.claims_of(frame_of(make, rows), AS_OF).iter_rows(named=True):
        work = [row for row in rows if waits(row) and claim(row) == claim(told)]
        tiers = [row["tier"] for row in work]
        dates = [row["service_date"] for row in work]
        strong = [row for row in work if row["tier"] == min(tiers, key=TIERS.index)]
        assert told["tier"] == strong[0]["tier"]
        assert told["findings"] == len(work)
        assert told["certain"] == tiers.count("certain")
        assert (told["first_date"], told["last_date"]) == (min(dates), max(dates))
        assert told["days"] == (AS_OF - max(dates)) // timedelta(days=1)
        # One basis of one tier, never a sum of several.
        basis = next((b for b in BASES if any(r["amount_basis"] == b for r in strong)), None)
        counted = [row["cents"] for row in strong if row["amount_basis"] == basis]
        if basis is None:
            assert told["amount"] is None
            assert not told["basis"].startswith(tuple(f"{b}, " for b in BASES))
        else:
            assert told["amount"] == Decimal(sum(counted)) / 100
            assert told["basis"].startswith(f"{basis}, {len(counted)} {told['tier']} finding")
            left = len(work) - len(counted)
            assert told["basis"].endswith(f"; {left} more not added") == (left > 0)
        reasons = {row["rule_id"] for row in work}
        assert sum(f"({rule}" in told["why"] for rule in reasons) == min(3, len(reasons))


@given(rows=FOUND)
def test_claims_come_by_tier_then_amount_then_age(
    make: type[Make], rows: list[dict[str, Any]]
) -> None:
    def key(told: dict[str, Any]) -> tuple[int, int, Decimal, date]:
        amount = told["amount"] or Decimal(0)
        unknown = told["basis"] in {"not determined", "counted in another finding"}
        left = 0 if amount > 0 else 1 if unknown else 2
        return TIERS.index(told["tier"]), left, -amount, told["last_date"]

    told = [key(t) for t in worklist.claims_of(frame_of(make, rows), AS_OF).to_dicts()]
    assert told == sorted(told)


@given(rows=FOUND)
def test_findings_follow_the_worklist(make: type[Make], rows: list[dict[str, Any]]) -> None:
    found = frame_of(make, rows)
    claims = worklist.claims_of(found, AS_OF)
    after = worklist.in_order(found, claims)
    assert sorted(after["nth"]) == list(range(len(rows)))
    assert after.columns == found.columns
    ordered = [rows[n] for n in after["nth"]]
    stages = [0 if waits(row) else 1 if row["tier"] != "info" else 2 for row in ordered]
    assert stages == sorted(stages)
    place = {c: n for n, c in enumerate(claims.select(worklist.CLAIM).iter_rows())}
    work = [row for row in ordered if waits(row)]
    keys = [(place[claim(row)], TIERS.index(row["tier"])) for row in work]
    assert keys == sorted(keys)
    # Those of one claim, tier and story stand together.
    stories = [(*key, row["story_id"]) for key, row in zip(keys, work, strict=True)]
    turns = [s for n, s in enumerate(stories) if n == 0 or stories[n - 1] != s]
    assert len(turns) == len(set(turns))


@given(rows=FOUND, cap=st.integers(0, 30))
def test_a_cut_never_keeps_a_weaker_finding_than_it_loses(
    make: type[Make], rows: list[dict[str, Any]], cap: int
) -> None:
    found = frame_of(make, rows)
    after = worklist.in_order(found, worklist.claims_of(found, AS_OF))
    kept = worklist.first_of(after, cap)
    assert kept.height == min(cap, len(rows))
    places = set(kept["nth"])
    assert [n for n in after["nth"] if n in places] == kept["nth"].to_list()
    lost = after.filter(~pl.col("nth").is_in(kept["nth"].implode()))
    if kept.height and lost.height:
        assert kept["rank"].max() <= lost["rank"].min()  # type: ignore[operator]


WHYS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "the first sentence, its line and its rule": (
        [{"message": "Add-on 77002 has no primary. Expected one of: 20610."}],
        "Line 1: Add-on 77002 has no primary (AOC-1).",
    ),
    "the code where the message does not say it": (
        [{"message": "RT stands twice on the line.", "line_number": 4}],
        "Line 4 (77002): RT stands twice on the line (AOC-1).",
    ),
    "a finding without a line number": (
        [{"message": "RT stands twice on the line.", "line_number": None}],
        "77002: RT stands twice on the line (AOC-1).",
    ),
    "a message that says the code, without a line number": (
        [{"message": "77002 is void.", "line_number": None}],
        "77002 is void (AOC-1).",
    ),
    "one rule on several lines is one reason": (
        [{"message": "77002 is void.", "line_number": n} for n in (3, 1, 2, 3)],
        "Line 3: 77002 is void (AOC-1; also lines 1, 2).",
    ),
    "one more line": (
        [{"message": "77002 is void.", "line_number": n} for n in (1, 2)],
        "Line 1: 77002 is void (AOC-1; also line 2).",
    ),
    "certain ones first, and what is only review says so": (
        [
            {"message": "77002 may be void.", "rule_id": "MOD-LAT", "tier": "review"},
            {"message": "77002 is void."},
        ],
        "Line 1: 77002 is void (AOC-1).\nLine 1: 77002 may be void (MOD-LAT, review).",
    ),
    "three reasons and how many more": (
        [{"message": "77002 is void.", "rule_id": f"AOC-{n}"} for n in range(1, 6)],
        (
            "Line 1: 77002 is void (AOC-1).\nLine 1: 77002 is void (AOC-2).\n"
            "Line 1: 77002 is void (AOC-3).\nand 2 more reasons"
        ),
    ),
    "three reasons and one more": (
        [{"message": "77002 is void.", "rule_id": f"AOC-{n}"} for n in range(1, 5)],
        (
            "Line 1: 77002 is void (AOC-1).\nLine 1: 77002 is void (AOC-2).\n"
            "Line 1: 77002 is void (AOC-3).\nand 1 more reason"
        ),
    ),
    "a point within a number ends no sentence": (
        [{"message": "77002: 1.5 units of 77002; the limit is 1.0 a day. Divide by 10."}],
        "Line 1: 77002: 1.5 units of 77002; the limit is 1.0 a day (AOC-1).",
    ),
    "an endless message is cut": (
        [{"message": "77002 " + "x" * 300}],
        "Line 1: 77002 " + "x" * (worklist.LONGEST - 6) + " ... (AOC-1).",
    ),
}


@pytest.mark.parametrize("case", WHYS)
def test_reasons_in_words(make: type[Make], case: str) -> None:
    rows, told = WHYS[case]
    same = {"payer": "A", "patient_id": "P", "claim_id": "C"}
    claims = worklist.claims_of(frame_of(make, [same | row for row in rows]), AS_OF)
    assert claims["why"].to_list() == [told]


AMOUNTS = {
    "not determined": ("not determined",),
    "already denied": ("already denied",),
    "already denied, paid zero": ("already denied", "paid zero"),
    "counted in another finding": ("counted in another finding", "already denied"),
    "no amount": ("none",),
    "allowed, 1 certain finding": ("allowed",),
    "allowed, 1 certain finding; 2 more not added": ("charge", "paid", "allowed"),
}


@pytest.mark.parametrize("told", AMOUNTS)
def test_what_the_amount_is_in_words(make: type[Make], told: str) -> None:
    same = {"payer": "A", "patient_id": "P", "claim_id": "C"}
    rows = [same | {"amount_basis": basis} for basis in AMOUNTS[told]]
    assert worklist.claims_of(frame_of(make, rows), AS_OF)["basis"].to_list() == [told]


def test_what_was_decided_before_is_told_of_open_findings_alone(make: type[Make]) -> None:
    same = {"payer": "A", "patient_id": "P", "claim_id": "C"}
    rows = [
        same | {"decision": "Open again: the units changed."},
        same | {"decision": "Settled: agree.", "open": False},
        same | {"decision": "Open again: the units changed."},
    ]
    claims = worklist.claims_of(frame_of(make, rows), AS_OF)
    assert claims["decision"].to_list() == ["Open again: the units changed."]
    assert claims["findings"].to_list() == [2]


def test_many_practitioners_are_counted(make: type[Make]) -> None:
    same = {"payer": "A", "patient_id": "P", "claim_id": "C"}
    rows = [same | {"rendering_npi": f"100000000{n}"} for n in (4, 2, 3, 1, 2)]
    claims = worklist.claims_of(frame_of(make, rows), AS_OF)
    assert claims["npis"].to_list() == ["1000000001, 1000000002, 1000000003 and 1 more"]
