"""The Summary's figures, and those of the summary file, against sums made in plain Python."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from openpyxl import load_workbook

from auditor.errors import AuditorError, ExitCode
from auditor.report import figures, summary, write_findings, write_report, write_summary
from auditor.rules.options import RuleOptions
from schemas import Coverage, TableCoverage, dtypes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from auditor.result import AuditResult
    from tests.report.conftest import Make

TIERS = ("certain", "review", "info")


@cache
def rows_of(path: Path) -> list[list[Any]]:
    sheet = load_workbook(path)["Summary"]
    return [[c.value for c in row][1:8] for row in sheet.iter_rows()]


def texts_of(path: Path) -> list[str]:
    return [value for row in rows_of(path) for value in row if isinstance(value, str)]


def about_of(path: Path) -> dict[str, str]:
    """Name -> text, of the sheet About."""
    rows = load_workbook(path)["About"].iter_rows(values_only=True)
    return {row[0]: " ".join(t for t in row[1:] if isinstance(t, str)) for row in rows if row[0]}


def by_hand(
    findings: pl.DataFrame,
) -> tuple[dict[str, int], dict[str, set[str]], dict[tuple[str, str], Decimal]]:
    """Count, claims and sums by basis of each tier."""
    count, claims, sums = defaultdict(int), defaultdict(set), defaultdict(Decimal)
    for row in findings.iter_rows(named=True):
        count[row["tier"]] += 1
        claims[row["tier"]].add(row["claim_id"])
        sums[row["tier"], row["amount_basis"]] += row["amount_at_risk"] or 0
    return count, claims, sums


@pytest.fixture(scope="module")
def rich(make: type[Make], tmp_path_factory: pytest.TempPathFactory) -> tuple[AuditResult, Path]:
    result = make.rich(200)
    path = tmp_path_factory.mktemp("rich") / "report.xlsx"
    return result, write_report(result, path, rules=make.rules)


def test_findings_claims_and_money_of_each_tier(rich: tuple[AuditResult, Path]) -> None:
    result, path = rich
    count, claims, sums = by_hand(result.findings)
    rows = {row[0]: row[1:] for row in rows_of(path) if row[0]}
    names = {"certain": "Needs action (certain)", "review": "Needs a look (review)"}
    names["info"] = "For information (info)"
    for tier in TIERS:
        shown = rows[names[tier]]
        assert shown[:2] == [count[tier], len(claims[tier])]
        money = [float(sums[tier, basis]) for basis in ("allowed", "paid", "charge")]
        assert shown[2:5] == pytest.approx(money, abs=0.001)
        undetermined = result.findings.filter(tier=tier, amount_basis="not determined").height
        assert shown[5] == undetermined


def test_findings_that_are_not_about_an_amount_are_told_as_without_one(
    make: type[Make], tmp_path: Path
) -> None:
    rows = [
        make.finding(n, rule_id="NPI-1", tier=tier, amount_at_risk=Decimal(0), amount_basis="none")
        for n, tier in enumerate(["certain", "certain", "review", "info"], start=1)
    ]
    path = write_report(make.result(make.findings(rows)), tmp_path / "r.xlsx", rules=make.rules)
    shown = {row[0]: row[1:] for row in rows_of(path) if row[0]}
    assert shown["Needs action (certain)"] == [2, 2, 0, 0, 0, 2]
    assert shown["Needs a look (review)"][5] == 1
    assert shown["For information (info)"][5] == 0


def test_no_sum_of_all_amounts_anywhere(rich: tuple[AuditResult, Path]) -> None:
    result, path = rich
    _, _, sums = by_hand(result.findings)
    total = float(sum(sums.values()))
    by_basis = [
        float(sum(v for (_, b), v in sums.items() if b == basis))
        for basis in ("allowed", "paid", "charge")
    ]
    by_tier = [float(sum(v for (t, _), v in sums.items() if t == tier)) for tier in TIERS[:2]]
    shown = [v for row in rows_of(path) for v in row if isinstance(v, float)]
    assert len(shown) >= 6
    for forbidden in (total, *by_basis, *by_tier):
        assert not [v for v in shown if abs(v - forbidden) < 0.005]


def test_rules_and_families_count_all_findings(rich: tuple[AuditResult, Path]) -> None:
    result, path = rich
    rows = rows_of(path)
    counts = {row[0]: row[1:6] for row in rows if row[0]}
    family = [
        result.findings.filter(tier=tier)["rule_id"].str.starts_with("PTP").sum() for tier in TIERS
    ]
    assert counts["Code pairs (PTP)"][:3] == family
    _, _, sums = by_hand(result.findings.filter(pl.col("rule_id").str.starts_with("PTP")))
    money = [float(sums[tier, "allowed"]) for tier in TIERS[:2]]
    assert counts["Code pairs (PTP)"][3:] == pytest.approx(money)


def test_lines_add_up_file_by_file(rich: tuple[AuditResult, Path]) -> None:
    _, path = rich
    rows = rows_of(path)
    assert ["march.csv", 100, 95, 2, 3, 100, "ab" * 6] in rows
    assert ["april.xlsx [Lines]", 100, 90, 10, 0, 100, "ab" * 6] in rows
    assert ["All files", 200, 185, 12, 3, 200, None] in rows


def test_files_of_one_name_are_told_together(make: type[Make], tmp_path: Path) -> None:
    files = (make.file(), make.file(sha256="ef" * 32))
    result = make.result(files=files, lines_read=200, lines_audited=200)
    rows = rows_of(write_report(result, tmp_path / "r.xlsx", rules=make.rules))
    assert ["march.csv", 200, 200, 0, 0, 200, f"{'ab' * 6}, {'ef' * 6}"] in rows
    assert summary(result)["files"][0]["sha256"] == ["ab" * 32, "ef" * 32]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines_audited": 99},
        {"lines_read": 101, "lines_audited": 101},
        {"lines_read": 99, "lines_audited": 99},
    ],
)
@pytest.mark.parametrize("write", [write_report, write_findings, write_summary])
def test_a_lost_line_is_an_internal_error_and_nothing_is_written(
    make: type[Make], tmp_path: Path, wrong: dict[str, int], write: Callable[..., Path]
) -> None:
    name = "r.csv" if write is write_findings else "r.xlsx"
    with pytest.raises(AuditorError, match="do not add up") as caught:
        write(make.result(**wrong), tmp_path / name)
    assert caught.value.exit_code == ExitCode.INTERNAL
    assert AuditorError("x").exit_code == ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


def test_set_aside_of_an_unknown_file_does_not_add_up(make: type[Make], tmp_path: Path) -> None:
    rich = make.rich()
    result = dataclasses.replace(rich, files=rich.files[:1], lines_read=100, lines_audited=95)
    with pytest.raises(AuditorError, match="do not add up"):
        write_report(result, tmp_path / "r.xlsx", rules=make.rules)


def test_what_could_not_be_judged_is_on_the_first_screen(rich: tuple[AuditResult, Path]) -> None:
    _, path = rich
    rows = rows_of(path)
    head = next(n for n, row in enumerate(rows) if row[0] == "Could not be judged")
    assert head < 15
    assert rows[head][1].startswith("3 lines could not be read and were rejected. 3 rules could")
    assert [
        "Not judged",
        "Medicaid tables are not loaded",
        None,
        None,
        None,
        "MUE-2, MUE-3",
        45,
    ] in rows
    assert [next(r for r in rows if r[0] == "Rejected")[n] for n in (0, 6)] == ["Rejected", 3]


def test_everything_judged_is_said(make: type[Make], tmp_path: Path) -> None:
    texts = texts_of(write_report(make.result(), tmp_path / "r.xlsx", rules=make.rules))
    assert "Nothing: every rule judged every line it is for." in texts
    assert not [t for t in texts if t.startswith("Not judged")]


def test_where_nothing_was_audited_nothing_is_called_judged(
    make: type[Make], tmp_path: Path
) -> None:
    plain = make.result()
    result = make.result(
        plain.findings.clear(),
        coverage=plain.coverage.clear(),
        files=(),
        lines_read=0,
        lines_audited=0,
        first_service_date=None,
        last_service_date=None,
    )
    path = write_report(result, tmp_path / "r.xlsx", rules=make.rules)
    said = "No line was audited, so no rule judged anything."
    assert said in texts_of(path)
    assert "Nothing: every rule judged every line it is for." not in texts_of(path)
    coverage = load_workbook(path)["Coverage"]
    assert any(said in str(cell.value) for cell in coverage["A"])


def test_starter_set_is_told_with_what_to_do(rich: tuple[AuditResult, Path]) -> None:
    _, path = rich
    texts = texts_of(path)
    advice = [t for t in texts if "starter set served" in t]
    assert len(advice) == 1
    assert "Unit limits, practitioner (MUE)" in advice[0]
    assert "auditor reference import" in advice[0]
    assert {"starter", "full"} <= set(texts)
    assert "Code pairs, hospital (PTP)" not in texts, "it decided nothing"


NO_MUE = "no loaded MUE table covers the date of service"
COVERED = [
    ("code pairs", "judged", "", 60),
    ("code pairs", "judged with caution", "later than the newest code pairs", 30),
    ("code pairs", "not judged", "the line has no code", 10),
    ("unit limits", "not judged", NO_MUE, 90),
    ("unit limits", "not judged", "Medicaid tables are not loaded", 10),
]


@pytest.mark.parametrize(
    ("kind", "covered", "told"),
    [
        ("ptp-practitioner", COVERED, "X; judged 90 of 100 lines."),
        ("mue-practitioner", COVERED, f"X; judged no line: {NO_MUE}."),
        ("aoc", COVERED, "X; no rule of this run needs it."),
        ("aoc", [], "X."),
        ("ptp-hospital", COVERED, None),
        ("mue-dme", COVERED, None),
    ],
)
def test_a_table_says_what_it_judged_and_not_what_it_might_have(
    kind: str,
    covered: list[tuple[str, str, str, int]],
    told: str | None,
    make: type[Make],
    tmp_path: Path,
) -> None:
    result = make.result(
        releases=(make.release(kind, label="X"),),
        table_coverage=pl.DataFrame(
            [(*row, None, None) for row in covered], schema=dtypes(TableCoverage), orient="row"
        ),
    )
    path = write_report(result, tmp_path / "r.xlsx", rules=make.rules)
    rows = rows_of(path)
    head = next(n for n, row in enumerate(rows) if row[5] == "Release, and what it judged")
    assert rows[head + 1][5] == told
    about = load_workbook(path)["About"].iter_rows(values_only=True)
    assert next(row[1] for row in about if row[5] == "X") == ("full" if told else "judged nothing")


def test_an_older_table_says_so_beside_what_it_judged(make: type[Make], tmp_path: Path) -> None:
    old = make.release(label="X", effective=date(2024, 7, 1), vouches_to=date(2024, 9, 30))
    result = make.result(releases=(old,), last_service_date=date(2025, 3, 30))
    texts = texts_of(write_report(result, tmp_path / "r.xlsx", rules=make.rules))
    assert "X; 2 quarters older than the last service." in texts


OLD, NEW = date(2024, 7, 1), date(2026, 4, 1)


@pytest.mark.parametrize(
    ("kind", "last", "told"),
    [
        # rows of a release that begins after the last service judged nothing
        ("mue-practitioner", date(2024, 8, 1), "r 2024-07-01."),
        ("mue-practitioner", date(2025, 12, 4), "r 2024-07-01; 5 quarters older than the last"),
        ("mue-practitioner", date(2026, 4, 1), "r 2026-04-01 and 1 older release."),
        ("fee-schedule", date(2025, 12, 4), "r 2024-07-01; 5 quarters older than the last"),
        ("fee-schedule", date(2024, 6, 30), "r 2026-04-01 and 1 older release."),
        # rows with dates of their own come from the newest release, whatever its day
        ("ptp-practitioner", date(2025, 12, 4), "r 2026-04-01 and 1 older release."),
        ("ptp-practitioner", None, "r 2026-04-01 and 1 older release."),
        ("mue-practitioner", None, "r 2026-04-01 and 1 older release."),
    ],
)
def test_the_release_shown_is_the_one_that_judged(
    kind: str, last: date | None, told: str, make: type[Make], tmp_path: Path
) -> None:
    ends = {OLD: date(2024, 9, 30), NEW: date(2026, 6, 30)}
    releases = tuple(
        make.release(kind, label=f"r {day}", effective=day, vouches_to=until)
        for day, until in ends.items()
    )
    result = make.result(releases=releases, last_service_date=last)
    texts = texts_of(write_report(result, tmp_path / "r.xlsx", rules=make.rules))
    shown = [text for text in texts if text.startswith("r 20")]
    assert len(shown) == 1
    assert shown[0].removesuffix(" service.") == told


def test_the_advice_is_not_given_twice(make: type[Make], tmp_path: Path) -> None:
    said = "The built-in starter set served for: mue-practitioner. Load your CMS files."
    result = dataclasses.replace(make.rich(), notes=(said,))
    texts = texts_of(write_report(result, tmp_path / "r.xlsx", rules=make.rules))
    assert [t for t in texts if "starter set served" in t] == [said]


def test_no_advice_where_every_table_is_full(make: type[Make], tmp_path: Path) -> None:
    texts = texts_of(write_report(make.result(), tmp_path / "r.xlsx", rules=make.rules))
    assert not [t for t in texts if "starter" in t]


def test_unknown_line_of_business_is_explained(
    rich: tuple[AuditResult, Path], make: type[Make], tmp_path: Path
) -> None:
    assert "--line-of-business" in about_of(rich[1])["unknown"]
    known = about_of(write_report(make.result(), tmp_path / "r.xlsx", rules=make.rules))
    assert "unknown" not in known


def test_notes_dates_and_run_are_told(rich: tuple[AuditResult, Path]) -> None:
    texts = texts_of(rich[1])
    assert any(t.startswith("20 lines do not say") for t in texts)
    assert any("services of 2025-01-02 to 2025-03-30" in t for t in texts)
    assert about_of(rich[1])["Run"] == "r1"


def test_summary_file_holds_the_same_figures_with_sorted_keys(
    make: type[Make], tmp_path: Path
) -> None:
    result = make.rich(200)
    path = write_summary(result, tmp_path / "deep" / "summary.json")
    text = path.read_text(encoding="ascii")
    told = json.loads(text)
    assert text == json.dumps(told, indent=2, sort_keys=True) + "\n"
    count, _, sums = by_hand(result.findings)
    assert told["findings"]["total"] == 200
    assert told["findings"]["by_tier"] == {tier: count[tier] for tier in TIERS}
    assert sum(sum(t.values()) for t in told["findings"]["by_rule"].values()) == 200
    for (tier, basis), amount in sums.items():
        assert told["amount_at_risk"][tier][basis]["amount"] == f"{amount:.2f}"
    lines = told["lines"]
    assert lines["read"] == lines["audited"] + lines["set_aside"] + lines["rejected"]
    assert lines["set_aside_by_reason"] == {"institutional": 10, "void": 1, "superseded": 1}
    assert told["files"][0]["audited"] == 95
    assert told["releases"][2]["starter"] is True
    plain = {"as_of": "2026-11-21", "run_id": "r1", "select": [], "ignore": [], "rules": {}}
    assert told["options"] == plain
    assert len(told["coverage"]) == result.coverage.height


def test_settings_of_the_rules_are_told(make: type[Make], tmp_path: Path) -> None:
    rules = RuleOptions(
        tiers={"MUE-2": "review"},
        adopted={"commercial": frozenset({"PTP-1", "MUE-2"})},
        minutes_per_day=600,
    )
    options = dataclasses.replace(make.result().options, rules=rules)
    result = make.result(options=options)
    assert summary(result)["options"]["rules"] == {
        "adopted": {"commercial": ["MUE-2", "PTP-1"]},
        "minutes_per_day": 600,
        "tiers": {"MUE-2": "review"},
    }
    told = about_of(write_report(result, tmp_path / "r.xlsx", rules=make.rules))
    assert told["Settings of the rules"] == (
        "tiers: MUE-2 review; adopted: commercial MUE-2 PTP-1; minutes per day: 600"
    )


def test_charts_draw_what_the_findings_add_up_to(rich: tuple[AuditResult, Path]) -> None:
    result, path = rich
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    people: dict[str, int] = defaultdict(int)
    for row in result.findings.iter_rows(named=True):
        if row["tier"] != "info":
            people[row["rendering_npi"]] += 1
        if row["tier"] != "info" and row["amount_basis"] == "allowed":
            sums[f"{row['rule_id']} {row['rule_name']}"][row["tier"]] += row["amount_at_risk"]
    sheet = load_workbook(path)["Summary"]
    drawn = [[c.value for c in row] for row in sheet.iter_rows(min_col=11, max_col=17)]
    head = next(n for n, row in enumerate(drawn) if row[0] == "Drawn in the chart")
    bars = [row for row in drawn[head + 1 : head + 9] if row[0]]
    largest = sorted(sums, key=lambda rule: -max(sums[rule].values()))
    assert [row[0] for row in bars] == largest[:8]
    for name, certain, review, *_ in bars:
        assert [certain, review] == pytest.approx([float(sums[name][t]) for t in TIERS[:2]])
    assert bars[0][4:] == [
        "1234567893",
        *[result.findings.filter(tier=t).height for t in TIERS[:2]],
    ]
    assert sum(people.values()) == sum(bars[0][5:])


def test_summary_file_holds_no_patient_data_and_no_file_name(
    make: type[Make], tmp_path: Path
) -> None:
    rich = make.rich(50)
    secret = make.findings(
        [make.finding(n, claim_id=f"CLAIM{n}", patient_id=f"PATIENT{n}") for n in range(1, 9)]
    )
    result = dataclasses.replace(rich, findings=secret)
    text = write_summary(result, tmp_path / "s.json").read_text()
    hidden = ["march.csv", "april", "CLAIM", "PATIENT", "1234567893", "77002", "C41", "31/31/2025"]
    assert [word for word in hidden if word in text] == []
    assert "ab" * 32 in text


def test_columns_that_no_file_has_are_one_reason() -> None:
    head = "no column was recognised for "
    rows = [
        ("AGE-1", "not judged", f"{head}patient_birth_date", 5, None, None),
        ("TFL-1", "not judged", f"{head}received_date, payer", 5, None, None),
        ("VAC-5", "not judged", f"{head}patient_birth_date", 5, None, None),
        ("MUE-1", "not judged", "the line has no units", 2, None, None),
        ("AOC-1", "judged", "", 5, None, None),
    ]
    told = figures.not_judged(pl.DataFrame(rows, schema=dtypes(Coverage), orient="row"))
    assert told.rows() == [
        ("not judged", f"{head}patient_birth_date, payer, received_date", "AGE-1 TFL-1 VAC-5", 5),
        ("not judged", "the line has no units", "MUE-1", 2),
    ]
