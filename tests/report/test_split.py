"""A report for each recipient: whose rows are in it, and whose number is nowhere in it."""

from __future__ import annotations

import dataclasses
import html
import os
import random
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

import msoffcrypto  # type: ignore[import-untyped]  # ships no type hints
import polars as pl
import pytest
from openpyxl import load_workbook
from polars.testing import assert_frame_equal

from auditor.errors import ReportError
from auditor.report import place, redact, write_parts
from auditor.report.figures import reconcile
from auditor.report.practitioners import scorecard
from auditor.report.split import parts_of
from auditor.seal import checks
from schemas import SeparablePairs, Standing, dtypes

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.report.split import By
    from auditor.result import AuditResult
    from tests.report.conftest import Make

NPIS = ("2000000001", "2000000002", "2000000003", "2000000004")
GROUPS = ("3000000001", "3000000002", NPIS[3])
"""The last one bills in his own name and renders for the others."""
KEY = "0123456789abcdef0123456789abcdef"
PASSWORD = "correct horse battery"  # noqa: S105 - of a test


def clinic(make: type[Make], seed: int = 1, count: int = 60) -> AuditResult:
    """Lines of several practitioners on the same patients and days, whose texts name others."""
    rng = random.Random(seed)  # noqa: S311 - made-up claims, no secret
    lines = [
        make.line(
            row,
            claim_id=f"CLAIM{row // 3:03d}",
            patient_id=f"PAT{row % 7}",
            rendering_npi=rng.choice([*NPIS, None, "SMITH MD"]),
            billing_npi=rng.choice([*GROUPS, None]),
            referring_npi=rng.choice([*NPIS, "4000000009", None]),
            claim_note=f"see {rng.choice(NPIS)}",
            service_date_from=date(2025, 3, 1) + timedelta(days=row % 4),
        )
        for row in range(count)
    ]
    hits = []
    for row in range(0, count, 2):
        other = rng.randrange(count)
        text = f"77002 may repeat claim {lines[other]['claim_id']} of {rng.choice(NPIS)}."
        hits.append((row, other, {"message": text, "tier": rng.choice(["certain", "review"])}))
    aside = pl.DataFrame(
        [("march.csv", 3, "CLAIM000", "void")],
        schema=make.result().set_aside.schema,
        orient="row",
    )
    return make.flagged(
        lines,
        hits,
        set_aside=aside,
        files=(make.file(rows=count, lines_read=count, set_aside=1),),
        lines_gone=pl.Series("row", [1], pl.UInt32),
        lines_read=count,
        lines_audited=count - 1,
        notes=(f"The number {NPIS[0]} stands on many lines.",),
    )


def xml_of(raw: bytes) -> str:
    with ZipFile(BytesIO(raw)) as archive:
        texts = [archive.read(name).decode("utf-8") for name in archive.namelist()]
    return "\n".join([*texts, *map(html.unescape, texts)])


def ids_in(raw: bytes, sheet: str, header: str) -> list[str]:
    rows = list(load_workbook(BytesIO(raw))[sheet].iter_rows(min_row=2, values_only=True))
    column = rows[0].index(header)
    return [row[column] for row in rows[1:] if row[column]]


@pytest.fixture(scope="module")
def folders(make: type[Make], tmp_path_factory: pytest.TempPathFactory) -> dict[By, list[Path]]:
    """The parts of the clinic by either number; twice, of one report's name, by practitioner."""
    path, result = tmp_path_factory.mktemp("parts") / "r.xlsx", clinic(make)
    found: dict[By, list[Path]] = {"practitioner": [], "billing": []}
    by: By
    for by in ("practitioner", "practitioner", "billing"):
        folder = write_parts(result, path, by, rules=make.rules)
        assert folder is not None
        found[by].append(folder)
    return found


@pytest.mark.parametrize(("by", "numbers"), [("practitioner", NPIS), ("billing", GROUPS)])
def test_each_gets_all_of_their_rows_and_nobody_elses_number(
    make: type[Make], folders: dict[By, list[Path]], by: By, numbers: tuple[str, ...]
) -> None:
    result = clinic(make)
    folder = folders[by][0]
    assert folder.name == f"r.by-{by}"
    column = {"practitioner": "rendering_npi", "billing": "billing_npi"}[by]
    missing = column.replace("_", "-")
    owner = result.lines[column].gather(result.places["row"])
    files = {number: f"{number}.xlsx" for number in numbers} | {None: f"no-{missing}.xlsx"}
    if by == "practitioner":
        files["SMITH MD"] = "not-an-npi-1.xlsx"
    assert sorted(p.name for p in folder.iterdir()) == sorted(files.values())
    seen = []
    for recipient, name in files.items():
        raw = (folder / name).read_bytes()
        own = result.findings.filter(owner.eq_missing(pl.Series([recipient], dtype=pl.String)))
        found = ids_in(raw, "Findings", "Finding id")
        assert sorted(found) == sorted(own["finding_id"]), name
        seen += found
        text = xml_of(raw)
        for other in {*numbers, "SMITH MD"} - {recipient}:
            if by == "practitioner" or other in GROUPS[:2]:
                assert other not in text, (name, other)
    assert sorted(seen) == sorted(result.findings["finding_id"])


def test_a_solo_practitioner_is_named_where_they_rendered(make: type[Make]) -> None:
    """Who rendered under a billing number is its own to know, even one who bills alone too."""
    part = next(p.result for p in parts_of(clinic(make), "billing") if p.name == GROUPS[0])
    assert NPIS[3] in part.lines["rendering_npi"].to_list()
    assert set(part.lines["billing_npi"]) == {GROUPS[0]}
    assert NPIS[3] not in part.lines["referring_npi"].to_list()
    assert "4000000009" in part.lines["referring_npi"].to_list()


@pytest.mark.parametrize("seed", range(4))
def test_a_part_is_a_result_that_adds_up(make: type[Make], seed: int) -> None:
    result = clinic(make, seed)
    parts = {p.name: p.result for p in parts_of(result, "practitioner")}
    judged = result.lines.with_row_index("row").filter(~pl.col("row").is_in([1]))
    for name, part in parts.items():
        reconcile(part)
        assert part.part
        assert part.places.height == part.findings.height
        mine = part.lines[part.places["row"]]
        for column in ("claim_id", "line_number", "patient_id"):
            assert mine[column].to_list() == part.findings[column].to_list()
        old = result.findings.join(part.findings, on="finding_id", how="semi")
        assert checks(part.findings).to_list() == checks(old).to_list()
        own = judged.filter(rendering_npi=name)
        if own.height:
            assert part.lines_audited == own.height
        # a counterpart is led to only where it is the recipient's own line
        was = result.places.filter(
            result.findings["finding_id"].is_in(part.findings["finding_id"].implode())
        )
        theirs = result.lines["rendering_npi"].gather(was["other"])
        expected = theirs.eq_missing(mine["rendering_npi"])
        assert part.places["other"].is_not_null().to_list() == expected.to_list()
        assert part.rejected.is_empty()
    rendered = result.lines["rendering_npi"]
    assert sum(p.lines_audited for p in parts.values()) == judged.height
    assert sum(p.lines.height for p in parts.values()) == rendered.len()


def test_the_finding_names_its_counterpart_and_not_who_rendered_it(make: type[Make]) -> None:
    lines = [
        make.line(0, rendering_npi=NPIS[0], claim_id="C1"),
        make.line(1, rendering_npi=NPIS[1], claim_id="C2", code="20610"),
    ]
    text = f"77002 may repeat line 2 of claim C2, rendered by {NPIS[1]}."
    result = make.flagged(
        lines, [(0, 1, {"message": text})], files=(), lines_read=0, lines_audited=0
    )
    result = dataclasses.replace(
        result, files=(make.file(lines_read=2, rows=2),), lines_read=2, lines_audited=2
    )
    (part,) = parts_of(result, "practitioner")
    row = part.result.findings.row(0, named=True)
    assert row["message"] == "77002 may repeat line 2 of claim C2, rendered by (another NPI)."
    assert (row["counterpart_claim_id"], row["counterpart_code"]) == ("C2", "20610")
    assert part.result.lines["claim_id"].to_list() == ["C1"]
    assert part.result.places.row(0) == (0, None)


def test_a_part_says_whose_it_is_and_leaves_out_what_is_of_all(
    folders: dict[By, list[Path]],
) -> None:
    book = load_workbook(folders["practitioner"][0] / f"{NPIS[0]}.xlsx")
    assert not {"Bypass ledger", "Input", "Coverage", "Tables"} & set(book.sheetnames)
    texts = " ".join(
        str(c.value) for row in book["Summary"].iter_rows() for c in row if c.value is not None
    )
    assert f"Only what concerns the rendering NPI {NPIS[0]}." in texts
    assert "Told in the report of all lines" in texts
    assert "every rule judged every line" not in texts
    for sheet in book:
        for link in sheet._hyperlinks:  # noqa: SLF001 - openpyxl has no other way to all of them
            assert link.location.split("!")[0].strip("'") in book.sheetnames
    rules = [c.value for c in book["Rules"]["A"]][3:]
    assert rules == ["AOC-1"]


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps no permission bits")
def test_parts_are_for_the_owner_and_never_over_others(folders: dict[By, list[Path]]) -> None:
    twice = folders["practitioner"]
    assert [folder.name for folder in twice] == ["r.by-practitioner", "r (2).by-practitioner"]
    names = ["r (2).by-practitioner", "r.by-billing", "r.by-practitioner"]
    assert sorted(p.name for p in twice[0].parent.iterdir()) == names
    for folder in twice:
        assert oct(folder.stat().st_mode & 0o777) == "0o700"
        assert {oct(p.stat().st_mode & 0o777) for p in folder.iterdir()} == {"0o600"}
    first, second = (sorted(folder.iterdir()) for folder in twice)
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_all_parts_or_none(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled, asked = place.settle, []

    def full(made: Path) -> None:
        asked.append(made)
        if len(asked) == 3:
            raise OSError(28, "No space left on device")
        settled(made)

    monkeypatch.setattr(place, "settle", full)
    with pytest.raises(ReportError, match="No space left on device"):
        write_parts(clinic(make), tmp_path / "r.xlsx", "practitioner", rules=())
    assert list(tmp_path.iterdir()) == []


def test_a_part_by_practitioner_has_their_rates_beside_the_batch(make: type[Make]) -> None:
    result = clinic(make)
    whole = scorecard(result)
    for part in parts_of(result, "practitioner"):
        own = part.result.lines["rendering_npi"].unique()
        expected = whole.filter(pl.col("rendering_npi").is_in(own.implode(), nulls_equal=True))
        assert_frame_equal(scorecard(part.result), expected)
        assert expected.height == 1
    assert all(p.result.card is None for p in parts_of(result, "billing"))


def test_pairs_and_decisions_follow_their_lines(make: type[Make]) -> None:
    result = clinic(make)
    rows = [(0, 3, True, False, "", "59"), (2, 4, False, True, "", "")]
    pairs = pl.DataFrame(rows, schema=dtypes(SeparablePairs), orient="row")
    ids = result.findings["finding_id"]
    decided = {
        "finding_id": ids[0], "state": "standing", "disposition": "agree", "reviewer": "Kim",
        "reason": f"ask {NPIS[0]} and {NPIS[1]}", "decided_on": date(2025, 4, 1), "told": "agreed.",
    }  # fmt: skip
    standing = pl.DataFrame([decided], schema=dtypes(Standing))
    result = dataclasses.replace(result, pairs=pairs, standing=standing, consulted=True)
    numbers = result.lines["rendering_npi"].to_list()
    parts = {p.name: p.result for p in parts_of(result, "practitioner")}
    kept = []
    for part in parts.values():
        for row, other in part.pairs.select("row", "other").iter_rows():
            kept.append((part.lines["line_key"][row], part.lines["line_key"][other]))
        for reason in part.standing["reason"]:
            assert sum(n in reason for n in NPIS) <= 1
    assert sorted(kept) == [(a, b) for a, b, *_ in rows if numbers[a] == numbers[b]]
    assert sum(p.standing.height for p in parts.values()) == 1


def test_nobody_with_findings_gets_no_folder(make: type[Make], tmp_path: Path) -> None:
    result = clinic(make)
    clean = dataclasses.replace(
        result, findings=result.findings.clear(), places=result.places.clear()
    )
    assert write_parts(clean, tmp_path / "r.xlsx", "billing", rules=()) is None
    assert list(tmp_path.iterdir()) == []


def test_a_result_without_its_lines_cannot_be_divided(make: type[Make], tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="has no claim lines"):
        write_parts(make.result(), tmp_path / "r.xlsx", "practitioner", rules=())
    assert list(tmp_path.iterdir()) == []


def test_parts_of_a_redacted_result_encrypted(make: type[Make], tmp_path: Path) -> None:
    shown = redact(clinic(make), KEY)
    folder = write_parts(
        shown, tmp_path / "r.xlsx", "practitioner", rules=make.rules, password=PASSWORD
    )
    assert folder is not None
    assert len(list(folder.iterdir())) == 6
    for path in folder.iterdir():
        with path.open("rb") as file:
            office = msoffcrypto.OfficeFile(file)
            office.load_key(password=PASSWORD)
            plain = BytesIO()
            office.decrypt(plain)
        text = xml_of(plain.getvalue())
        for known in ("CLAIM0", "PAT", "SMITH", "march.csv"):
            assert known not in text
        assert "Redacted copy" in text
        assert "Only what concerns" in text


def test_a_lone_part_stays_the_recipients_at_every_cap(make: type[Make], tmp_path: Path) -> None:
    result = clinic(make, count=120)
    folder = write_parts(
        result, tmp_path / "r.xlsx", "practitioner", rules=make.rules, sheet_rows=4
    )
    assert folder is not None
    beside = [p for p in folder.iterdir() if p.name.endswith(".findings.csv")]
    assert beside
    for path in beside:
        number = path.name.split(".")[0]
        rows = pl.read_csv(path, infer_schema=False)
        if number in NPIS:
            assert set(rows["rendering_npi"]) == {number}
        assert not [n for n in NPIS if n != number and n in path.read_text(encoding="utf-8")]
