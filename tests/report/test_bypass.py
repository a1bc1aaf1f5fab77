"""Bypass ledger: its figures counted in plain Python, its marks at their borders, its sheets."""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from auditor.report import bypass, write_report
from auditor.report.rates import beyond_chance, wilson
from schemas import Coverage, SeparablePairs, dtypes

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from auditor.result import AuditResult
    from tests.report.conftest import Make

HOW = [
    ("", "25", "25"),
    ("25", "25", "25"),
    ("", "57", "24, 57"),
    ("24", "", "24, 57"),
    ("59", "XS", "59"),
    ("XU", "", "XE, XS, XP, XU"),
    ("", "78", "58, 78, 79"),
    ("", "91", "91"),
    ("RT", "LT", "side or digit"),
    ("F1 F2", "", "side or digit"),
    ("", "", None),
]
"""Modifiers that separate, on column 1 and column 2, and what they count as."""
NPIS = ("1000000004", "1000000012", None)


def met(make: type[Make], pairs: list[tuple[str | None, str, str, int, bool]]) -> AuditResult:
    """A result with pairs: practitioner, column 1, column 2, place in HOW, weak."""
    lines, rows = [], []
    for npi, code1, code2, how, weak in pairs:
        on1, on2, kind = HOW[how]
        for code in (code1, code2):
            claim = f"C{len(rows)}"
            lines.append(make.line(len(lines), rendering_npi=npi, code=code, claim_id=claim))
        at = len(lines)
        rows.append((at - 1, at - 2, kind is not None, weak and kind is not None, on1, on2))
    frame = pl.DataFrame(rows, schema=dtypes(SeparablePairs), orient="row")
    return make.flagged(lines, [], pairs=frame)


PAIRS = st.lists(
    st.tuples(
        st.sampled_from(NPIS),
        st.sampled_from(["20610", "45385"]),
        st.sampled_from(["99213", "45380"]),
        st.integers(0, len(HOW) - 1),
        st.booleans(),
    ),
    min_size=1,
    max_size=60,
)


@given(PAIRS)
def test_practitioners_figures_counted_one_by_one(
    make: type[Make], pairs: list[tuple[str | None, str, str, int, bool]]
) -> None:
    table = bypass.by_practitioner(bypass.met(met(make, pairs)))
    found = {row["rendering_npi"]: row for row in table.iter_rows(named=True)}
    assert set(found) == {npi for npi, *_ in pairs}
    apart = Counter((c1, c2) for _, c1, c2, how, _ in pairs if HOW[how][2])
    whole = Counter((c1, c2) for _, c1, c2, *_ in pairs)
    for npi, row in found.items():
        mine = [p for p in pairs if p[0] == npi]
        kinds = Counter(HOW[how][2] for *_, how, _ in mine)
        separated = len(mine) - kinds[None]
        assert (row["met"], row["separated"]) == (len(mine), separated)
        assert {kind: row[kind] for kind in bypass.KINDS} == {k: kinds[k] for k in bypass.KINDS}
        assert row["weak"] == sum(weak and HOW[how][2] is not None for *_, how, weak in mine)
        assert row["rate"] == pytest.approx(separated / len(mine))
        usual = sum(apart[c1, c2] / whole[c1, c2] for _, c1, c2, *_ in mine) / len(mine)
        assert row["expected"] == pytest.approx(usual)


@given(PAIRS)
def test_pairs_figures_counted_one_by_one(
    make: type[Make], pairs: list[tuple[str | None, str, str, int, bool]]
) -> None:
    known = bypass.met(met(make, pairs))
    practitioners = bypass.by_practitioner(known)
    table = bypass.by_pair(known, practitioners)
    count = Counter(p[:4] for p in pairs if HOW[p[3]][2])
    own = Counter(p[:3] for p in pairs)
    whole = Counter(p[1:3] for p in pairs)
    so = Counter(p[1:4] for p in pairs)
    expected = {}
    for (npi, code1, code2, how), n in count.items():
        on = zip(HOW[how][:2], (code1, code2), strict=True)
        told = ", ".join(f"{mods} on {code}" for mods, code in on if mods)
        of, batch = own[npi, code1, code2], so[code1, code2, how] / whole[code1, code2]
        expected[npi, code1, code2, told] = (n, of, n / of, batch)
    key, values = ["rendering_npi", "code1", "code2", "modifiers"], ["separated", "met"]
    found = {
        row[:4]: row[4:] for row in table.select(*key, *values, "rate", "expected").iter_rows()
    }
    assert found.keys() == expected.keys()
    for at, figures in expected.items():
        assert found[at] == pytest.approx(figures)
    order = practitioners["rendering_npi"].to_list()
    ranks = [order.index(npi) for npi in table["rendering_npi"]]
    assert ranks == sorted(ranks)


@given(PAIRS, st.randoms(use_true_random=False))
def test_order_of_pairs_changes_nothing(
    make: type[Make], pairs: list[tuple[str | None, str, str, int, bool]], order: random.Random
) -> None:
    mixed = list(pairs)
    order.shuffle(mixed)
    one, other = (bypass.met(met(make, some)) for some in (pairs, mixed))
    assert bypass.by_practitioner(one).equals(bypass.by_practitioner(other))


@given(st.integers(0, 400), st.integers(1, 400))
def test_wilson_is_where_the_score_test_turns(part: int, whole: int) -> None:
    """The share lies 2.5758 standard errors of each end away from it: the interval's definition."""
    part = min(part, whole)
    lower, upper = wilson(pl.lit(part), pl.lit(whole))
    low, high = pl.select(low=lower, high=upper).row(0)
    for end in (low, high):
        error = sqrt(max(end * (1 - end), 0) / whole)
        assert abs(part / whole - end) == pytest.approx(2.5758293 * error, abs=1e-6)
    assert low <= part / whole + 1e-12
    assert high >= part / whole - 1e-12


@pytest.mark.parametrize(
    ("part", "whole", "batch", "apart", "side"),
    [
        (20, 20, 0.7, 1, 1),  # 0.751 is the interval's lower end
        (20, 20, 0.76, 1, 0),
        (0, 20, 0.3, 1, -1),  # 0.249 its upper end
        (0, 20, 0.24, 1, 0),
        (10, 20, 0.5, 1, 0),
        (600, 10_000, 0.05, 1, 1),
        (600, 10_000, 0.05, 1.5, 0),  # beyond chance, and too near to matter
        (750, 10_000, 0.05, 1.5, 1),
        (300, 10_000, 0.05, 1.5, -1),
        (400, 10_000, 0.05, 1.5, 0),
        (4, 20, 0.001, 1, 0),  # too few to be too many
        (5, 20, 0.001, 1, 1),
        (0, 0, 0.5, 1, 0),
    ],
)
def test_beyond_chance(part: int, whole: int, batch: float, apart: float, side: int) -> None:
    told = beyond_chance(pl.lit(part), pl.lit(whole), pl.lit(batch), apart)
    assert pl.select(told).item() == side


@pytest.mark.parametrize(
    ("own", "npi", "word"),
    [
        (19, NPIS[0], bypass.FEW),
        (20, NPIS[0], bypass.ABOVE),
        (20, None, bypass.NOBODY),
    ],
)
def test_marks_begin_at_twenty_pairs_of_one_practitioner(
    make: type[Make], own: int, npi: str | None, word: str
) -> None:
    """All of the practitioner's pairs are separated, and hardly one of the others'."""
    others = [(NPIS[1], "20610", "99213", len(HOW) - 1, False)] * 80
    result = met(make, [(npi, "20610", "99213", 0, False)] * own + others)
    table = bypass.by_practitioner(bypass.met(result))
    words = dict(table.select("rendering_npi", "compared").iter_rows())
    assert words == {npi: word, NPIS[1]: bypass.BELOW}


def test_a_practice_is_not_marked_for_the_kind_of_its_work(make: type[Make]) -> None:
    """Every visit carries 25 and no procedure 59, whoever bills them."""
    visits = [(NPIS[0], "20610", "99213", 0, False)] * 40
    procedures = [(NPIS[1], "45385", "45380", len(HOW) - 1, False)] * 40
    table = bypass.by_practitioner(bypass.met(met(make, visits + procedures)))
    assert table["compared"].to_list() == [bypass.ALIKE] * 2
    assert table["rate"].to_list() == table["expected"].to_list() == [1, 0]


def cells(path: Path, sheet: str) -> list[tuple[Any, ...]]:
    return list(load_workbook(path)[sheet].iter_rows(values_only=True))


def test_sheets_show_figures_and_lead_to_each_other(make: type[Make], tmp_path: Path) -> None:
    pairs = [(NPIS[0], "20610", "99213", 0, False), (NPIS[0], "20610", "99213", 10, False)]
    pairs += [(None, "45385", "45380", 4, True), (NPIS[1], "45385", "45380", 10, False)]
    result = met(make, pairs)
    lines = result.lines.to_dicts()
    result = make.flagged(
        lines,
        [(1, 0, {"rule_id": "PTP-BYP", "tier": "info"}), (5, 4, {"rule_id": "AOC-1"})],
        pairs=result.pairs,
    )
    path = write_report(result, tmp_path / "r.xlsx", rules=make.rules)
    book = load_workbook(path)
    sheet = book["Bypass ledger"]
    top = next(row for row in range(1, 12) if sheet.cell(row, 1).value == "Rendering NPI")
    rows = {sheet.cell(r, 1).value: r for r in range(top + 1, sheet.max_row + 1)}
    assert set(rows) == {NPIS[0], NPIS[1], "no rendering NPI"}
    shown = [c.value for c in sheet[rows[NPIS[0]]]][:6]
    assert shown == [NPIS[0], bypass.FEW, 2, 1, 0.5, 0.5]
    assert "Of 4 pairs met, 2 were separated (50.0%)." in str(sheet["A3"].value)
    table = sheet.tables["BypassPractitioners"]
    assert table.ref == f"A{top}:N{sheet.max_row}"
    assert sheet.print_title_rows == f"${top}:${top}"
    told = {row[0]: row[1] for row in book["About"].iter_rows(max_col=2, values_only=True)}
    assert [name for name in book.sheetnames if not told[name]] == []
    listed = book["Bypass pairs"]
    for npi in (NPIS[0], "no rendering NPI"):
        target = sheet.cell(rows[npi], 1).hyperlink.location
        name, cell = target.rsplit("!", 1)
        assert name == "'Bypass pairs'"
        assert listed[cell].value == npi
    assert sheet.cell(rows[NPIS[1]], 1).hyperlink is None  # nothing separated, nothing to show
    assert [c.value for c in listed[4]] == [
        *(NPIS[0], "20610", "99213", "25 on 99213", 2, 1, 0.5, 0.5, 0, "C0"),
    ]
    assert listed["D5"].value == "59 on 45385, XS on 45380"
    assert listed["I5"].value == 1


NO_PAIR = "No two codes of a pair"


@pytest.mark.parametrize(
    ("states", "hits", "told"),
    [
        ([("PTP-BYP", "judged")], [], NO_PAIR),
        ([("PTP-BYP", "not judged")], [], "could not judge any of these lines"),
        ([("PTP-BYP", "not judged"), ("PTP-BYP", "judged")], [], NO_PAIR),
        ([("AOC-1", "judged")], [], "was not asked for"),
        ([("PTP-BYP", "judged")], ["PTP-BYP"], "no rate can be stated"),
    ],
)
def test_without_pairs_the_sheet_says_why(
    make: type[Make],
    tmp_path: Path,
    states: list[tuple[str, str]],
    hits: list[str],
    told: str,
) -> None:
    coverage = pl.DataFrame(
        [(rule, state, "", 5, None, None) for rule, state in states],
        schema=dtypes(Coverage),
        orient="row",
    )
    found = make.findings([make.finding(rule_id=r, tier="info") for r in hits])
    path = write_report(
        make.result(found, coverage=coverage), tmp_path / "r.xlsx", rules=make.rules
    )
    assert told in str(cells(path, "Bypass ledger")[2][0])
    assert "Bypass pairs" not in load_workbook(path, read_only=True).sheetnames


def test_only_unseparated_pairs_give_no_sheet_of_pairs(make: type[Make], tmp_path: Path) -> None:
    result = met(make, [(NPIS[0], "20610", "99213", 10, False)])
    path = write_report(result, tmp_path / "r.xlsx", rules=make.rules)
    assert cells(path, "Bypass ledger")[-1][:5] == (NPIS[0], bypass.FEW, 1, 0, 0)
    assert "Bypass pairs" not in load_workbook(path, read_only=True).sheetnames
