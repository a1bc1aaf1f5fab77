"""Coverage adds up by rule and by table, and names the reason that holds, counted by hand."""

from collections import Counter
from datetime import date, timedelta

import polars as pl
import pytest
from oracle.harness import run

from auditor.reference import memory_reference
from auditor.result import AuditResult
from auditor.rules import catalogue
from auditor.rules.notation import claim_lines

LINES = (
    "99213",
    "99213 lob=commercial",
    "99213 lob=medicaid",
    "99213 lob=unknown",
    "73030 pos=22",
    "73030 pos=- claim=C2",
    "97110-GP units=-",
    "0042T dos=2025-11-04",
    "99213 dos=2024-01-05",
    "20610 dos=2012-05-01 claim=C9",
    "99214 patient=UNKNOWN",
    "99214 npi=- billing=-",
    "45378 dos=2026-01-20",
)
TABLES = memory_reference(
    ptp=[("20610", "99213", 1)],
    aoc=[("77002", "20610")],
    mue=[
        ("99213", 1, 3, "2025-01-01"),
        ("73030", 2, 3, "2025-01-01"),
        ("97110", 6, 3, "2025-01-01"),
    ],
    fees=[
        ("99213", "", "A", "0", "XXX", "0", "0", "0", "0", "0", "2025-01-01"),
        ("73030", "", "A", "1", "XXX", "0", "0", "0", "0", "0", "2025-01-01"),
    ],
    vouches_to="2025-12-31",
)


@pytest.fixture(scope="module")
def result() -> AuditResult:
    return run(claim_lines(LINES), TABLES)


def counts(result: AuditResult, rule: str) -> dict[str, int]:
    rows = result.coverage.filter(pl.col("rule_id") == rule)
    return {f"{s}: {r}": n for s, r, n in rows.select("state", "reason", "lines").rows()}


def test_every_rule_accounts_for_every_line(result: AuditResult) -> None:
    told = result.coverage.group_by("rule_id").agg(pl.col("lines").sum())
    assert dict(told.rows()) == {rule.id: len(LINES) for rule in catalogue()}


def test_every_table_accounts_for_every_line(result: AuditResult) -> None:
    told = result.table_coverage.group_by("reference").agg(pl.col("lines").sum())
    assert set(told["lines"]) == {len(LINES)}
    assert {"unit limits", "fee schedules", "code pairs", "add-on edits"} <= set(told["reference"])


def test_reasons_of_a_unit_limit(result: AuditResult) -> None:
    """Each of the thirteen lines, by the first reason that holds."""
    assert counts(result, "MUE-3") == {
        "judged: ": 3,  # 99213, 73030 twice
        "judged with caution: at most at review where Medicare does not pay, or may not": 2,
        "not judged: Medicaid lines need Medicaid's own tables and rules": 1,
        "not judged: no practitioner on the line": 1,
        "not judged: the code has no row in the MUE table of its date": 4,
        "not judged: the line has no units": 1,
        "not judged: the patient id is a placeholder": 1,
    }


def test_a_blank_cell_keeps_a_line_rule_from_judging(result: AuditResult) -> None:
    blank = "not judged: the line has no place of service"
    assert counts(result, "MOD-26POS")[blank] == 1
    assert blank not in counts(result, "THR-1")


def test_dates_before_the_first_row_and_after_the_last_quarter(result: AuditResult) -> None:
    pairs, addons = counts(result, "PTP-0"), counts(result, "AOC-1")
    late = "judged with caution: later than the newest code pairs loaded (PTP practitioner test)"
    assert pairs[late] == 1
    assert addons["not judged: before the first row of the add-on table"] == 1


def test_codes_most_often_not_judged(result: AuditResult) -> None:
    rows = result.unjudged_codes.filter(pl.col("reference") == "unit limits")
    assert rows["lines"].is_sorted(descending=True)
    assert Counter(dict(rows.select("code", "lines").rows())) == Counter(
        {"99214": 2, "0042T": 1, "20610": 1, "45378": 1, "99213": 1}
    )


def test_a_missing_column_is_said_with_all_lines() -> None:
    lines = claim_lines(LINES)
    result = run(lines, TABLES, columns=[c for c in lines.columns if c != "place_of_service"])
    words = "not judged: no column was recognised for place_of_service"
    assert counts(result, "MOD-26POS") == {words: len(LINES)}


def test_no_table_at_all() -> None:
    result = run(claim_lines(LINES), memory_reference())
    assert counts(result, "STA-B")["not judged: no fee schedules are loaded"] == len(LINES) - 2
    told = result.table_coverage.filter(pl.col("reference") == "fee schedules")
    assert told.select("state", "lines").rows() == [("not judged", len(LINES))]


def test_history_is_not_counted_but_reaches_back() -> None:
    tonight, before = claim_lines(["99213"]), claim_lines(["99203 dos=2025-10-01 claim=H1"] * 3)
    result = run(tonight, TABLES, history=before)
    assert set(result.coverage.group_by("rule_id").agg(pl.col("lines").sum())["lines"]) == {1}
    assert result.lines_audited == 1
    assert "3 earlier lines read, 2025-10-01 to 2025-10-01. 3 are of" in result.notes[-1]


def test_history_that_repeats_tonight_is_left_out() -> None:
    both = claim_lines(["99213", "36415"])
    result = run(both, TABLES, history=both)
    assert result.findings.filter(pl.col("rule_id").str.starts_with("DUP")).is_empty()
    assert "2 stand in the audited files too" in result.notes[-1]


def test_a_short_history_is_said_where_a_rule_looks_back() -> None:
    spans = [rule for rule in catalogue() if rule.looks_back]
    days = {rule.id: rule.looks_back for rule in spans}
    first = date(2025, 3, 1)
    lines = claim_lines([f"99213 dos={first + timedelta(days=n)}" for n in (0, 50, 100)])
    result = run(lines, TABLES)
    for rule, back in days.items():
        short = sum(n < back for n in (0, 50, 100))
        told = {k: n for k, n in counts(result, rule).items() if "reach back to 2025-03-01" in k}
        assert sum(told.values()) == short


def test_reasons_of_a_rules_own() -> None:
    hcpcs = memory_reference(
        fees=[("99213", "", "A")],
        hcpcs=[("J1030", "procedure", "2003-01-01")],
        ptp=[("20610", "99213", 1)],
        vouches_to="2025-12-31",
    )
    texts = ["99213", "J1030", "64999", "0042T", "99213 dos=2026-01-15"]
    result = run(claim_lines(texts), hcpcs)
    codes = counts(result, "COD-2")
    assert codes["not judged: no loaded list of its quarter has the five-digit code"] == 1
    assert codes["not judged: no list of such codes is public"] == 1
    assert codes["judged: "] == 2
    pairs = counts(result, "PTP-4")
    assert pairs["not judged: pairs may have been added since the release loaded"] == 1
    assert pairs["judged: "] == 4


def test_one_old_claim_is_no_history() -> None:
    texts = ["99213 dos=2020-01-06 claim=OLD"] + [f"99213 claim=C{n}" for n in range(150)]
    told = counts(run(claim_lines(texts), TABLES), "EM-NEW")
    short = [n for reason, n in told.items() if "reach back to 2025-11-03" in reason]
    assert short == [151]
