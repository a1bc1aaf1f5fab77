"""Claim lines: each flagged line in its group, the whole day around it, and nothing twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from auditor.report import context, context_sheet, view, write_report
from auditor.report.sheet import place_of
from schemas import RejectedRows, SetAside, dtypes

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.result import AuditResult
    from tests.report.conftest import Make

START = date(2025, 3, 1)
RULES = (
    ("AOC-1", "certain"),
    ("PTP-1", "certain"),
    ("MUE-2", "review"),
    ("GLB-25", "review"),
    ("PTP-BYP", "info"),
)
"""No more than a line names."""
DAY = ("payer", "patient_id", "service_date_from")


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[tuple[int, int | None, Any]]]:
    """Lines of a few patients, claims and days; and findings on them with counterparts."""
    lines = [
        {
            "payer": draw(st.sampled_from(["A", "B", None])),
            "patient_id": draw(st.sampled_from(["P1", "P2"])),
            "claim_id": draw(st.sampled_from(["C1", "C2"])),
            "line_number": draw(st.sampled_from([1, 2, None])),
            "service_date_from": START + timedelta(days=draw(st.integers(0, 2))),
        }
        for _ in range(draw(st.integers(1, 25)))
    ]
    some = st.integers(0, len(lines) - 1)
    hits = [
        (
            draw(some),
            draw(st.none() | some),
            dict(zip(("rule_id", "tier"), draw(st.sampled_from(RULES)), strict=True))
            | {"amount_basis": "none", "amount_at_risk": None},
        )
        for _ in range(draw(st.integers(0, 12)))
    ]
    return lines, hits


Batch = tuple[list[dict[str, Any]], list[tuple[int, int | None, Any]]]


def result_of(make: type[Make], batch: Batch, **values: object) -> AuditResult:
    lines, hits = batch
    return make.flagged([make.line(n, **own) for n, own in enumerate(lines)], hits, **values)


def view_of(result: AuditResult, cap: int = 1000) -> view.View:
    return view.view_of(result, (), view.Caps(cap, 1000))


def day_of(lines: list[dict[str, Any]], row: int) -> tuple[Any, ...]:
    return tuple(lines[row][name] for name in DAY)


@given(batch=batches())
def test_a_group_is_the_whole_day_and_what_its_findings_point_to(
    make: type[Make], batch: Batch
) -> None:
    lines, hits = batch
    shown = view_of(result_of(make, batch)).context
    days = {g["group"]: tuple(g[n] for n in DAY) for g in shown.groups.to_dicts()}
    assert sorted(days.values(), key=repr) == sorted(
        {day_of(lines, row) for row, _, _ in hits}, key=repr
    )
    assert shown.left_out == 0
    for group, day in days.items():
        at = shown.lines.filter(pl.col("group") == group)
        own = at.filter(~pl.col("foreign"))["row"].to_list()
        assert sorted(own) == [row for row in range(len(lines)) if day_of(lines, row) == day]
        met = {other for row, other, _ in hits if day_of(lines, row) == day}
        elsewhere = at.filter("foreign")["row"].to_list()
        assert sorted(elsewhere) == sorted(met - {None} - set(own))  # type: ignore[type-var]
    counts = shown.groups.select("lines", "shown", "rows").to_dicts()
    assert all(c["lines"] == c["shown"] <= c["rows"] for c in counts)
    assert sum(c["rows"] for c in counts) == shown.lines.height


@given(batch=batches())
def test_every_flagged_line_is_marked_once_in_its_group(make: type[Make], batch: Batch) -> None:
    lines, hits = batch
    shown = view_of(result_of(make, batch)).context.lines
    for row, other, own in hits:
        marked = shown.filter((pl.col("row") == row) & ~pl.col("foreign"))
        assert marked.height == 1
        told = marked["marked"].item()
        assert told.startswith("flagged ")
        assert f"{own['rule_id']} ({own['tier']})" in told
        if other is None or other == row:
            continue
        group = marked["group"].item()
        counterpart = shown.filter((pl.col("row") == other) & (pl.col("group") == group))
        assert counterpart.height == 1
        assert own["rule_id"] in counterpart["marked"].item()
        assert counterpart["foreign"].item() == (day_of(lines, other) != day_of(lines, row))
    silent = set(shown.filter(pl.col("marked").is_null())["row"])
    assert silent.isdisjoint(row for row, _, _ in hits)
    told = shown.filter(pl.col("marked").str.contains("flagged", literal=True))
    assert set(told["row"]) == {row for row, _, _ in hits}


@given(batch=batches())
def test_lines_stand_in_claim_order(make: type[Make], batch: Batch) -> None:
    lines, _ = batch
    shown = view_of(result_of(make, batch)).context.lines
    keys = [
        (
            told["group"],
            told["foreign"],
            lines[told["row"]]["claim_id"],
            lines[told["row"]]["line_number"] or 99,
            told["row"],
        )
        for told in shown.to_dicts()
    ]
    assert keys == sorted(keys)


@given(batch=batches(), most=st.integers(2, 20))
def test_a_cut_keeps_whole_groups_in_order(make: type[Make], batch: Batch, most: int) -> None:
    result = result_of(make, batch)
    found = view_of(result).findings.with_columns(
        rank=pl.col("tier").replace_strict(["certain", "review", "info"], [0, 1, 2])
    )
    whole = context.around(result, found)
    part = context.around(result, found, most)
    assert part.groups.height + part.left_out == whole.groups.height
    assert part.lines.height + part.groups.height <= most
    first = whole.groups.head(part.groups.height)
    assert part.groups.select("group", "lines", "rules").equals(
        first.select("group", "lines", "rules")
    )
    kept = whole.lines.filter(pl.col("group") <= part.groups.height)
    if part.groups.height > 1:
        assert part.lines.equals(kept)
    else:  # a first group that is too large by itself is cut
        assert part.lines.equals(kept.head(most - 1))
    if part.left_out and part.groups.height:
        next_one = whole.groups["rows"][part.groups.height]
        assert part.lines.height + part.groups.height + next_one + 1 > most or (
            part.groups.height >= most // 2
        )


def test_a_day_of_thousands_shows_what_is_marked_and_the_claim_around_it(
    make: type[Make],
) -> None:
    many = 3 * context.PLAIN_LINES
    lines = [{"patient_id": "UNKNOWN", "claim_id": f"C{n // 3:04d}"} for n in range(many)]
    hits = [(many - 2, 5, {}), (many - 50, None, {"tier": "review"})]
    shown = view_of(result_of(make, (lines, hits))).context
    rows = set(shown.lines["row"])
    assert len(rows) == shown.lines.height == context.PLAIN_LINES + 3
    assert rows >= {many - 1, many - 2, many - 3, many - 50, 5, 4, 3}
    group = shown.groups.row(0, named=True)
    assert (group["lines"], group["shown"]) == (many, len(rows))


def test_lines_that_the_sheet_has_no_room_for_stand_beside_the_workbook(
    make: type[Make], tmp_path: Path
) -> None:
    lines = [{"patient_id": f"P{n // 3}", "claim_id": f"C{n // 3}"} for n in range(60)]
    result = result_of(make, (lines, [(n, None, {}) for n in range(0, 60, 3)]))
    path = write_report(result, tmp_path / "r.xlsx", rules=make.rules, line_rows=20)
    sheet = load_workbook(path)["Claim lines"]
    assert sheet.max_row == 2 + 20
    assert "room for the first 5 of 20" in sheet["A1"].value
    assert "All of them are in r.lines.csv, beside this workbook." in sheet["A1"].value
    beside = pl.read_csv(tmp_path / "r.lines.csv", infer_schema=False)
    assert beside.columns == [c.value for c in sheet[2]]
    assert sorted(beside["Claim"]) == sorted(line["claim_id"] for line in lines)
    assert beside["Marked"].drop_nulls().to_list() == ["flagged AOC-1 (certain)"] * 20
    whole = write_report(result, tmp_path / "w.xlsx", rules=make.rules)
    assert not (tmp_path / "w.lines.csv").exists()
    assert "beside this workbook" not in load_workbook(whole)["Claim lines"]["A1"].value


def rows_of(result: AuditResult) -> list[dict[str, Any]]:
    return context_sheet.rows_of(view_of(result)).to_dicts()


def test_what_a_line_is_stands_in_words(make: type[Make]) -> None:
    lines = [{}, {}, {"service_date_from": date(2024, 1, 1)}, {}]
    hits = [(1, 2, {"rule_id": "GLB-25", "tier": "review"}), (2, None, {"tier": "info"})]
    result = result_of(
        make,
        (lines, hits),
        lines_of_files=3,
        lines_gone=pl.Series("row", [0], pl.UInt32),
        set_aside=pl.DataFrame(
            [("march.csv", 2, "C1", "superseded")], schema=dtypes(SetAside), orient="row"
        ),
    )
    told = [(row["mark"], row["marked"], row["stands"]) for row in rows_of(result)]
    assert told == [
        ("heading", None, None),
        ("aside", None, "set aside: replaced"),
        ("review", "flagged GLB-25 (review)", None),
        ("", None, "earlier line"),
        ("met", "counterpart of GLB-25; flagged AOC-1 (info) on its own day", None),
        ("heading", None, None),
        ("info", "flagged AOC-1 (info)", None),
    ]


def test_lines_of_one_excess_are_not_called_counterparts_of_each_other(make: type[Make]) -> None:
    hits = [(0, 1, {"rule_id": "MUE-2"}), (1, 0, {"rule_id": "MUE-2"}), (1, 0, {})]
    told = [row["marked"] for row in rows_of(result_of(make, ([{}, {}], hits)))]
    first = "flagged MUE-2 (certain); counterpart of AOC-1"
    assert told == [None, first, "flagged MUE-2 (certain), AOC-1 (certain)"]


def test_a_line_names_a_few_of_many_rules(make: type[Make]) -> None:
    hits = [(0, None, {"rule_id": f"MOD-{n}", "tier": "review"}) for n in range(7)]
    heading, line = rows_of(result_of(make, ([{}], hits)))
    few = [f"MOD-{n}" for n in range(5)]
    assert line["marked"] == "flagged " + ", ".join(f"{r} (review)" for r in few) + " and more"
    assert heading["title"].endswith(f"Flagged: {', '.join(few)} and more.")


@pytest.mark.parametrize(
    ("lines", "rejected", "told"),
    [
        (
            [{}],
            0,
            "Group 1: patient P1, 2025-03-10, PAYER1: 1 line of 1 claim. Flagged: AOC-1.",
        ),
        (
            [{"payer": None}, {"payer": None, "claim_id": "C2"}],
            1,
            (
                "Group 1: patient P1, 2025-03-10: 2 lines of 2 claims. Flagged: AOC-1."
                " 1 row of this patient and day could not be read: see Input."
            ),
        ),
        (
            [{}] * (context.PLAIN_LINES + 3),
            2,
            (
                "Group 1: patient P1, 2025-03-10, PAYER1: 103 lines of 1 claim (2 of them not"
                " shown). Flagged: AOC-1. 2 rows of this patient and day could not be read: see"
                " Input."
            ),
        ),
    ],
)
def test_a_heading_says_what_is_in_its_group(
    make: type[Make], lines: list[dict[str, Any]], rejected: int, told: str
) -> None:
    rows = [("f", n, "C9", "P1", date(2025, 3, 10), "why", None, None, "{}") for n in range(5)]
    frame = pl.DataFrame(rows[:rejected], schema=dtypes(RejectedRows), orient="row")
    result = result_of(make, (lines, [(0, None, {})]), rejected=frame)
    assert rows_of(result)[0]["title"] == told


def test_a_finding_leads_to_its_line(make: type[Make]) -> None:
    lines: list[dict[str, Any]] = [{}, {"claim_id": "C2", "patient_id": "P2"}, {}]
    result = result_of(make, (lines, [(1, None, {"tier": "review"}), (2, 0, {})]))
    found = view_of(result).findings
    # row 3 is the heading of P1, 4 and 5 its lines, 6 the heading of P2
    assert found.select("claim_id", "place").rows() == [
        ("C1", place_of("Claim lines", "C5")),
        ("C2", place_of("Claim lines", "C7")),
    ]
