"""The sample week gives exactly what its story says, from the CSV and from the workbook."""

import csv
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook
from polars.testing import assert_frame_equal

from auditor.auditing import audit
from auditor.intake import read_claims
from auditor.reference import load_reference
from auditor.result import AuditOptions, AuditResult
from auditor.rules import rule_ids

SAMPLES = Path(__file__).resolve().parents[2] / "sample_claims"
FILES = ("clinic_week.csv", "clinic_week.xlsx")
OPTIONS = AuditOptions(as_of=date(2025, 11, 24), run_id="samples")
NOT_SHOWN = {
    "ANE-3": "needs a tax id that bills both roles of an anesthesia team; this group bills one",
    "ANE-4": "the whole table of pairs names such a line first, the starter set does not",
    "AOC-3": "the starter set holds a few add-ons only: a missing one proves nothing",
    "COD-3": "needs an imported fee schedule of the date's quarter",
    "DAT-3": "needs a span of over 31 days, and this is a week",
    "DAT-4": "what lies in the future today will not always",
    "DUP-3": "needs spans that overlap, on which visits of a day and unit limits speak too",
    "EM-IMD": "needs over 720 minutes of one day, some ten more patients",
    "GLB-CATH": "the whole table of pairs names such a line first, the starter set does not",
    "GLB-NEURO": "the whole table of pairs names such a line first, the starter set does not",
    "LAB-90": "needs CLIA numbers or specialties told as codes; this export has neither",
    "PTP-4": "needs the whole table of pairs, of the date's quarter",
    "QW-1": "needs CLIA numbers; this export has none",
    "THR-4": "needs specialties told as codes; this export has words, which prove nothing",
}
"""Why a rule is not in the week. A new rule is shown there or has its reason here."""

Finding = tuple[str, int, str, str, str]
Line = tuple[str, int]


def judge(name: str, store: Path) -> AuditResult:
    return audit(read_claims([SAMPLES / name]), load_reference(store), OPTIONS)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AuditResult]:
    store = tmp_path_factory.mktemp("no-tables")
    return {name: judge(name, store) for name in FILES}


@pytest.fixture(scope="module")
def lines() -> list[dict[str, str]]:
    with (SAMPLES / FILES[0]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))[:-1]


def words(text: str) -> str:
    """`also` without its order."""
    return " ".join(sorted(text.split()))


def expected() -> Counter[Finding]:
    with (SAMPLES / "expected_findings.csv").open(encoding="utf-8", newline="") as file:
        return Counter(
            (
                row["claim_id"],
                int(row["line_number"]),
                row["rule_id"],
                row["tier"],
                words(row["also"]),
            )
            for row in csv.DictReader(file)
        )


def given(result: AuditResult) -> Counter[Finding]:
    columns = ["claim_id", "line_number", "rule_id", "tier", "also"]
    return Counter(
        (claim, line, rule, tier, words(also))
        for claim, line, rule, tier, also in result.findings.select(columns).iter_rows()
    )


def said(finding: Finding) -> set[tuple[str, Line]]:
    """The finding's rule and those in its `also`, each with the line."""
    claim, line, rule, _, also = finding
    return {(rule_id, (claim, line)) for rule_id in (rule, *also.split())}


def flagged(result: AuditResult) -> set[tuple[str, Line]]:
    return {pair for finding in given(result) for pair in said(finding)}


def family(rule_id: str) -> str:
    return rule_id.split("-", maxsplit=1)[0]


def told() -> list[tuple[str, list[Line], list[Line]]]:
    """Rule, planted lines and twins of every row of the README's tables."""
    found = []
    for text in (SAMPLES / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in text.strip().strip("|").split("|")]
        if text.startswith("|") and cells[0] in rule_ids():
            rule, planted, _, twins = cells
            found.append((rule, places(planted), places(twins)))
    return found


def places(text: str) -> list[Line]:
    return [(claim, int(line)) for claim, line in re.findall(r"(HH-\d{4})\s+line\s+(\d+)", text)]


# --- the findings


@pytest.mark.parametrize("name", FILES)
def test_the_week_gives_the_expected_findings(name: str, results: dict[str, AuditResult]) -> None:
    found, wanted = given(results[name]), expected()
    assert not wanted - found, "expected and not found"
    assert not found - wanted, "found and not expected"


def test_every_rule_is_shown_or_has_a_reason_not_to_be(results: dict[str, AuditResult]) -> None:
    shown = {rule for finding in expected() for rule, _ in said(finding)}
    assert shown.isdisjoint(NOT_SHOWN)
    assert shown | NOT_SHOWN.keys() == rule_ids()
    assert NOT_SHOWN.keys().isdisjoint({rule for rule, _ in flagged(results[FILES[0]])})


def test_every_family_is_shown() -> None:
    shown = {family(rule) for finding in expected() for rule, _ in said(finding)}
    assert shown == {family(rule) for rule in rule_ids()}


def test_the_ordinary_week_has_nothing_to_find(
    results: dict[str, AuditResult], lines: list[dict[str, str]]
) -> None:
    ordinary = {line["Claim Number"] for line in lines if line["Claim Number"][:5] == "HH-20"}
    assert len(ordinary) == 40
    assert ordinary.isdisjoint({claim for _, (claim, _) in flagged(results[FILES[0]])})


def test_old_pairs_say_how_old_they_are(results: dict[str, AuditResult]) -> None:
    # The starter pairs were seen in force in 2024Q3, five quarters before this week; the other
    # starter tables vouch for it.
    start = pl.col("rule_id").str.split("-").list.first()
    gaps = results[FILES[0]].findings.select(start, "release_gap_quarters").unique()
    old = gaps.filter(pl.col("release_gap_quarters") > 0)
    assert old.rows() == [("PTP", 5)]
    assert gaps.filter(pl.col("rule_id") == "PTP").height == 1


@pytest.mark.shared
def test_the_real_tables_judge_the_week_alike(shared: Path, tmp_path: Path) -> None:
    from auditor.reference.importer import import_files

    wanted = ("AOC_V*", "PPRRVU*.csv", "HCPC*", "MCR_MUE_Practitioner*.csv", "ccipra-*.zip")
    found = sorted(path for pattern in wanted for path in (shared / "cms").glob(pattern))
    import_files(found, tmp_path)
    result = judge(FILES[0], tmp_path)
    assert not any(release.starter for release in result.releases if release.used)
    assert given(result) == expected()


# --- the files


def test_no_line_is_lost(results: dict[str, AuditResult], lines: list[dict[str, str]]) -> None:
    result = results[FILES[0]]
    assert (result.lines_read, result.lines_audited) == (len(lines), 468)
    assert sorted(result.set_aside["claim_id"]) == ["HH-1408", "HH-1409", "HH-1724"]
    rejected = result.rejected.sort("claim_id").select("claim_id", "reasons").rows()
    assert [claim for claim, _ in rejected] == ["HH-1112", "HH-1113"]
    assert "code" in rejected[0][1]
    assert "date" in rejected[1][1]
    assert len(lines) == 468 + 3 + 2


def test_every_column_is_read(results: dict[str, AuditResult]) -> None:
    for result in results.values():
        (file,) = result.files
        assert file.unused == ()
        assert file.rows == result.lines_read


def test_what_a_spreadsheet_did_is_repaired(results: dict[str, AuditResult]) -> None:
    for result in results.values():
        repaired = result.repairs.select("field", "raw", "value").rows()
        assert sorted(repaired) == [
            ("code", "99213.0", "99213"),
            ("code", "j3301", "J3301"),
            ("modifiers", "26,RT", "26 RT"),
            ("modifiers", "rt", "RT"),
        ]


def test_who_pays_is_known_but_for_a_few(results: dict[str, AuditResult]) -> None:
    business = results[FILES[0]].lines_by_business
    assert business["unknown"] == 5
    assert business["medicare"] > 200
    assert set(business) == {"commercial", "medicaid", "medicare", "unknown"}


def test_the_csv_and_the_workbook_agree(results: dict[str, AuditResult]) -> None:
    first, second = (read_claims([SAMPLES / name]) for name in FILES)
    assert_frame_equal(first.lines.drop("source_file"), second.lines.drop("source_file"))
    both = [results[name].findings.drop("source_file") for name in FILES]
    assert_frame_equal(*both)


def test_the_story_makes_these_files(tmp_path: Path) -> None:
    maker = Path(__file__).with_name("make_samples.py")
    subprocess.run([sys.executable, str(maker), str(tmp_path)], check=True, timeout=60)
    made, kept = (folder / FILES[0] for folder in (tmp_path, SAMPLES))
    assert made.read_bytes() == kept.read_bytes()
    # Cells and not bytes: another zlib may pack the same workbook otherwise.
    assert cells(tmp_path / FILES[1]) == cells(SAMPLES / FILES[1])


def cells(path: Path) -> list[list[tuple[object, str]]]:
    (sheet,) = load_workbook(path).worksheets
    return [[(cell.value, cell.number_format) for cell in row] for row in sheet.iter_rows()]


def test_one_practitioner_number_is_wrong(lines: list[dict[str, str]]) -> None:
    numbers = {line[name] for line in lines for name in ("Rendering NPI", "Billing NPI")} - {""}
    assert {number for number in numbers if not valid(number)} == {"2000005034"}
    assert all(number.startswith("2") for number in numbers)


def valid(npi: str) -> bool:
    """The NPI check digit: Luhn over 80840 and the number."""
    total = 0
    for place, digit in enumerate(reversed(f"80840{npi}")):
        value = int(digit) * (place % 2 + 1)
        total += value - 9 * (value > 9)
    return len(npi) == 10 and total % 10 == 0


def test_the_samples_are_small() -> None:
    assert (SAMPLES / FILES[0]).stat().st_size < 100_000


def test_claims_hold_one_patient_practitioner_and_place(lines: list[dict[str, str]]) -> None:
    heads = ["Patient ID", "DOB", "Sex", "Payer", "Rendering NPI", "POS", "Received Date"]
    whole = pl.DataFrame(lines).group_by("Claim Number").agg(pl.col(heads).n_unique())
    assert whole.select(pl.max_horizontal(heads)).to_series().max() == 1


# --- the README tells it all


def test_the_readme_tells_every_finding_and_no_other() -> None:
    in_readme = {(rule, place) for rule, planted, _ in told() for place in planted}
    # A finding is told by its headline, or by a rule in its `also` that the row is about.
    assert [finding for finding in expected() if in_readme.isdisjoint(said(finding))] == []
    assert in_readme <= {pair for finding in expected() for pair in said(finding)}


def test_every_rule_of_the_week_has_a_row() -> None:
    shown = {rule for finding in expected() for rule, _ in said(finding)}
    assert {rule for rule, _, _ in told()} == shown


def test_every_planted_error_has_a_clean_twin(
    results: dict[str, AuditResult], lines: list[dict[str, str]]
) -> None:
    there = {(line["Claim Number"], int(line["Line"])) for line in lines}
    hits = flagged(results[FILES[0]])
    for rule, planted, twins in told():
        assert planted, rule
        assert twins, f"{rule} {planted} has no twin"
        for twin in twins:
            assert twin in there, f"{rule}: {twin} is no line of the week"
            assert (rule, twin) not in hits, f"{rule} flags its twin {twin}"


def test_the_readme_counts_right(results: dict[str, AuditResult]) -> None:
    text = " ".join((SAMPLES / "README.md").read_text(encoding="utf-8").split())
    tiers = Counter(tier for _, _, _, tier, _ in expected().elements())
    assert f"{sum(tiers.values())} findings: {tiers['certain']} certain" in text
    assert f"{tiers['review']} review, {tiers['info']} info" in text
    result = results[FILES[0]]
    assert f"{result.lines_read} lines read = {result.lines_audited} audited" in text


def test_the_spine_is_told_its_guidance_code(results: dict[str, AuditResult]) -> None:
    found = results[FILES[0]].findings.filter(
        (pl.col("claim_id") == "HH-1106") & (pl.col("rule_id") == "AOC-1")
    )
    (said,) = found.select(pl.col("message") + pl.col("remedy")).to_series()
    assert "77003" in said
