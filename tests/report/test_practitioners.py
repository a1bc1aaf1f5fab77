"""Practitioners: figures counted in plain Python, marks at their borders, what is not known."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from auditor.report import practitioners, write_report
from schemas import Standing, dtypes

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.result import AuditResult
    from tests.report.conftest import Make

NPIS = ("1000000004", "1000000012", None)
RULES = ("AOC-1", "MUE-2", "NPI-1", "PTP-1", "DUP-1")
AMOUNTS = st.sampled_from([None, 0, 1, 5_000, 12_345, -2_000])
LINE = st.fixed_dictionaries(
    {
        "rendering_npi": st.sampled_from(NPIS),
        "claim_id": st.sampled_from(["C1", "C2"]),
        "patient_id": st.sampled_from(["P1", "P2"]),
        "payer": st.sampled_from(["A", None]),
        "allowed_amount": AMOUNTS,
        "paid_amount": AMOUNTS,
        "charge_amount": AMOUNTS,
        "paid_status": st.sampled_from([None, "paid", "denied"]),
    }
)
HIT = st.tuples(
    st.integers(0, 29),
    st.sampled_from(RULES),
    st.sampled_from(["certain", "certain", "review", "info"]),
    st.sampled_from(["allowed", "paid", "charge", "not determined", "already denied"]),
    st.integers(-100, 9_000),
    st.sampled_from([None, None, None, "disagree", "agree"]),
)
LINES, HITS = st.lists(LINE, min_size=1, max_size=30), st.lists(HIT, max_size=25)


def decided(hits: list[Any], state: str = "standing") -> pl.DataFrame:
    """What reviewers said of the findings of `hits` (numbered from 1)."""
    rows = [
        (f"{n:032x}", state, hit[5], None, "MM", date(2025, 11, 1), None, "told")
        for n, hit in enumerate(hits, start=1)
        if hit[5]
    ]
    return pl.DataFrame(rows, schema=dtypes(Standing), orient="row")


def made(
    make: type[Make], lines: list[dict[str, Any]], hits: list[Any], **values: object
) -> AuditResult:
    """A result with `lines` and `hits` of which each is (place, rule, tier, basis, cents, ...)."""
    found = []
    for place, rule, tier, basis, cents, *_ in hits:
        known = tier != "info" and basis not in ("not determined", "already denied")
        own = {"rule_id": rule, "tier": tier, "amount_basis": "none" if tier == "info" else basis}
        own["amount_at_risk"] = Decimal(cents) / 100 if known else Decimal(0)
        found.append((place % len(lines), None, own))
    rows = [make.line(n, **line) for n, line in enumerate(lines)]
    return make.flagged(rows, found, **values)


def basis_of(line: dict[str, Any]) -> tuple[str, int] | None:
    """What a line counts by, or None where it has nothing at risk or no amount."""
    if line["paid_status"] == "denied":
        return None
    if line["paid_amount"] == 0 and not line["allowed_amount"]:
        return None
    for basis in ("allowed", "paid", "charge"):
        if line[f"{basis}_amount"] is not None:
            return basis, line[f"{basis}_amount"]
    return None


def ratio(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None


def close(found: float | None, wanted: float | None) -> bool:
    return found is wanted is None or found == pytest.approx(wanted)


@given(LINES, HITS, st.sets(st.integers(0, 29), max_size=5), st.integers(0, 3))
def test_figures_counted_one_by_one(
    make: type[Make],
    lines: list[dict[str, Any]],
    hits: list[Any],
    aside: set[int],
    history: int,
) -> None:
    """Lines set aside and lines of the history are no lines audited, and have no finding."""
    audited = max(1, len(lines) - history)
    gone = {n for n in aside if n < audited}
    here = [n for n in range(audited) if n not in gone]
    hits = [(here[hit[0] % len(here)], *hit[1:]) for hit in hits] if here else []
    result = made(
        make,
        lines,
        hits,
        lines_of_files=audited,
        lines_gone=pl.Series(sorted(gone), dtype=pl.UInt32),
        standing=decided(hits),
    )
    cards = practitioners.scorecard(result)
    found = {row["rendering_npi"]: row for row in cards.iter_rows(named=True)}
    assert set(found) == {lines[n]["rendering_npi"] for n in here}
    hits = [hit for hit in hits if hit[5] != "disagree"]
    errors = [hit for hit in hits if hit[2] != "info"]
    certain = {hit[0] for hit in errors if hit[2] == "certain"}
    flagged = {hit[0] for hit in errors}
    for npi, row in found.items():
        mine = [n for n in here if lines[n]["rendering_npi"] == npi]
        patients = {(lines[n]["payer"], lines[n]["patient_id"]) for n in mine}
        claims = {(lines[n]["payer"], lines[n]["patient_id"], lines[n]["claim_id"]) for n in mine}
        assert (row["lines"], row["claims"], row["patients"]) == (
            *(len(mine), len(claims), len(patients)),
        )
        own = [hit for hit in hits if hit[0] in mine]
        tiers = Counter(hit[2] for hit in own)
        assert {t: row[t] for t in ("certain", "review", "info")} == {
            t: tiers[t] for t in ("certain", "review", "info")
        }
        for name, bad in (("certain", certain), ("flagged", flagged)):
            assert row[f"lines_{name}"] == len(bad & set(mine))
            assert close(row[f"{name}_rate"], len(bad & set(mine)) / len(mine))
            assert close(row[f"{name}_batch"], len(bad) / len(here))
        rules = Counter(hit[1] for hit in own if hit[2] != "info")
        top = sorted(rules.items(), key=lambda item: (-item[1], item[0]))[:3]
        assert row["top"] == ", ".join(f"{rule} ({n})" for rule, n in top)
        check_money(row, lines, here, mine, errors)


def check_money(
    row: dict[str, Any],
    lines: list[dict[str, Any]],
    here: list[int],
    mine: list[int],
    errors: list[Any],
) -> None:
    on = Counter(basis[0] for n in mine if (basis := basis_of(lines[n])))
    if not on:
        assert row["basis"] is row["amount"] is row["risk_certain"] is row["money_certain"] is None
        return
    basis = max(("allowed", "paid", "charge"), key=lambda b: on[b])  # the first of equals
    assert row["basis"] == basis
    amounts = {n: told[1] for n in here if (told := basis_of(lines[n])) and told[0] == basis}
    npis = {lines[n]["rendering_npi"] for n in amounts}
    assert row["amount"] == sum(cents for n, cents in amounts.items() if n in mine)
    for tier in ("certain", "review"):
        risks = [(n, cents) for n, _, t, b, cents, _ in errors if t == tier and b == basis]
        risk = sum(cents for n, cents in risks if n in mine)
        # practitioners without any amount on this basis are no part of the batch's rate
        of_all = sum(cents for n, cents in risks if lines[n]["rendering_npi"] in npis)
        assert row[f"risk_{tier}"] == risk
        assert close(row[f"money_{tier}"], ratio(risk, row["amount"]))
        assert close(row[f"money_{tier}_batch"], ratio(of_all, sum(amounts.values())))


PLAIN = {"paid_status": "paid", "allowed_amount": 1_000, "paid_amount": 800, "charge_amount": 2_000}


def batch(make: type[Make], own: int, bad: int, tier: str, npi: str | None) -> AuditResult:
    """`own` lines of `npi`, the first `bad` with a finding, and 1,000 clean lines of another."""
    mine = [PLAIN | {"rendering_npi": npi}] * own
    others = [PLAIN | {"rendering_npi": NPIS[1]}] * 1_000
    hits = [(n, "AOC-1", tier, "allowed", 1_000, None) for n in range(bad)]
    return made(make, mine + others, hits)


@pytest.mark.parametrize(
    ("case", "word"),
    [
        ((99, 99, "certain", NPIS[0]), practitioners.FEW),
        ((100, 100, "certain", NPIS[0]), practitioners.ABOVE_CERTAIN),
        ((100, 100, "review", NPIS[0]), practitioners.ABOVE_REVIEW),
        ((100, 100, "info", NPIS[0]), practitioners.ALIKE),
        ((100, 0, "certain", NPIS[0]), practitioners.ALIKE),
        ((100, 1, "certain", NPIS[0]), practitioners.ALIKE),
        ((100, 4, "certain", NPIS[0]), practitioners.ALIKE),
        ((100, 5, "certain", NPIS[0]), practitioners.ABOVE_CERTAIN),
        ((100, 100, "certain", None), practitioners.NOBODY),
    ],
)
def test_marks(make: type[Make], case: tuple[int, int, str, str | None], word: str) -> None:
    own, bad, tier, npi = case
    result = batch(make, own, bad, tier, npi)
    cards = practitioners.scorecard(result)
    words = dict(cards.select("rendering_npi", "compared").iter_rows())
    assert words[npi] == word
    other = bad >= 99 and tier != "info"
    assert words[NPIS[1]] == (practitioners.BELOW if other else practitioners.ALIKE)


def test_those_above_the_batch_stand_first_and_those_too_few_last(make: type[Make]) -> None:
    few = [PLAIN | {"rendering_npi": "1000000020"}] * 50
    result = batch(make, 100, 50, "certain", NPIS[0])
    lines = result.lines.to_dicts()
    hits = [(n, "AOC-1", "certain", "allowed", 1_000, None) for n in range(50)]
    hits += [(n, "AOC-1", "certain", "allowed", 1_000, None) for n in range(1_100, 1_150)]
    cards = practitioners.scorecard(made(make, [*lines, *few], hits))
    assert cards["compared"].to_list() == [
        *(practitioners.ABOVE_CERTAIN, practitioners.BELOW, practitioners.FEW),
    ]


@pytest.mark.parametrize("state", ["reopened", "expired", "disputed", "pending"])
def test_only_a_standing_word_takes_an_error_away(make: type[Make], state: str) -> None:
    hits = [(0, "AOC-1", "certain", "allowed", 1_000, "disagree")]
    for told, left in ((state, 1), ("standing", 0)):
        result = made(make, [PLAIN], hits, standing=decided(hits, told))
        assert practitioners.scorecard(result)["certain"].to_list() == [left]


def test_no_finding_and_no_line(make: type[Make]) -> None:
    card = practitioners.scorecard(made(make, [PLAIN], [])).row(0, named=True)
    assert (card["lines"], card["lines_flagged"], card["flagged_rate"], card["top"]) == (
        1,
        0,
        0,
        "",
    )
    nothing = make.result(make.findings([]))
    assert practitioners.scorecard(nothing).is_empty()


def shown(result: AuditResult, make: type[Make], path: Path) -> Any:  # noqa: ANN401 - openpyxl is untyped
    return load_workbook(write_report(result, path / "r.xlsx", rules=make.rules))["Practitioners"]


def test_where_lines_are_not_known_findings_are_counted_and_rates_left_out(
    make: type[Make], tmp_path: Path
) -> None:
    found = make.findings(
        [
            make.finding(1),
            make.finding(2, tier="review", rule_id="MUE-2"),
            make.finding(3, tier="info", rendering_npi=None),
        ]
    )
    sheet = shown(make.result(found), make, tmp_path)
    assert "no rate can be stated" in sheet["A2"].value
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    headers = rows[0]
    cards = [dict(zip(headers, row, strict=True)) for row in rows[1:]]
    assert [c["Rendering NPI"] for c in cards] == ["1234567893", "no rendering NPI"]
    for card in cards:
        assert card["Compared with the batch"] == practitioners.UNKNOWN
        for name in ("Lines audited", "Rate certain", "Dollar rate certain", "Claims"):
            assert card[name] is None
    names = ("Certain findings", "Review findings", "Info findings")
    assert [[c[n] for n in names] for c in cards] == [[1, 1, 0], [0, 0, 1]]


def test_sheet(make: type[Make], tmp_path: Path) -> None:
    sheet = shown(batch(make, 100, 50, "certain", NPIS[0]), make, tmp_path)
    rows = list(sheet.iter_rows(values_only=True))
    top = next(n for n, row in enumerate(rows) if row[0] == "Rendering NPI")
    card = dict(zip(rows[top], rows[top + 1], strict=True))
    assert card["Rendering NPI"] == NPIS[0]
    assert card["Rate certain"] == 0.5
    assert card["Batch's rate certain"] == pytest.approx(50 / 1_100)
    assert card["At risk certain (estimate)"] == 500
    assert card["Amount of the lines"] == 1_000
    assert card["Dollar rate certain"] == 0.5
    assert card["Amounts taken from"] == "allowed"
    assert sheet.print_title_rows == f"${top + 1}:${top + 1}"
    assert sheet.freeze_panes == f"B{top + 2}"
    assert sheet.tables["Practitioners"].ref == f"A{top + 1}:W{sheet.max_row}"
    assert sheet.cell(top + 2, 2).fill.fgColor.rgb.endswith("FBE3E1")  # the word says it too
