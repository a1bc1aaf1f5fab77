"""A redacted copy: nothing of it says who the patients are, and all else stays what it was."""

from __future__ import annotations

import dataclasses
import html
import random
import re
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import polars as pl
import pytest
from openpyxl import load_workbook
from polars.testing import assert_frame_equal

from auditor.errors import ReportError
from auditor.report import redact, write_findings, write_report
from auditor.report.quoted import Quoted
from schemas import (
    ClaimLines,
    Findings,
    RejectedRows,
    Repairs,
    SetAside,
    Standing,
    Unmatched,
    dtypes,
)

if TYPE_CHECKING:
    from auditor.result import AuditResult
    from tests.report.conftest import Make

SAMPLE = Path(__file__).resolve().parents[2] / "sample_claims" / "clinic_week.csv"
KEY = "0123456789abcdef0123456789abcdef"
SHAPES = (
    "{}", "=cmd({})", "<b>{}&amp;", "two\nlines {}", "  {}  ", "{}/2", "O'{} \"x\"", "\U0001f9be{}",
    "bell\x07{}", "_x0041_{}", "{}.", "+{}", "{}, JANE",
)  # fmt: skip
"""What identifiers look like in bad files, around a core that is found again."""


class Cores:
    """Identifiers, each with a core that stands nowhere else."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - made-up identifiers, no secret
        self.all: list[str] = []

    def new(self) -> str:
        core = "".join(self.rng.choices("BCDFGHJKLMNPQRSTVWXZ0123456789", k=11)) + "q"
        self.all.append(core)
        return self.rng.choice(SHAPES).format(core)


def hostile(make: type[Make], seed: int, count: int = 40) -> tuple[AuditResult, Cores]:
    """A result whose every field that may identify does, and whose texts quote it."""
    cores = Cores(seed)
    files = [f"{cores.new()}.csv", f"{cores.new()}.xlsx [{cores.new()}]"]
    days = [date(2025, 3, 1) + timedelta(days=n) for n in range(9)]
    born = [date(1931, 1, 1) + timedelta(days=n * 37) for n in range(count)]
    people = [(cores.new(), born[n]) for n in range(count // 3)]
    lines = []
    for row in range(count):
        patient, birth = cores.rng.choice(people)
        lines.append(
            make.line(
                row,
                source_file=cores.rng.choice(files),
                claim_id=cores.new(),
                original_claim_id=cores.new(),
                payer_claim_id=cores.new(),
                patient_id=patient,
                patient_birth_date=birth,
                tax_id=cores.new(),
                rendering_npi=cores.rng.choice(["1234567893", cores.new()]),
                claim_note=f"note of {cores.new()}",
                service_date_from=cores.rng.choice(days),
            )
        )
    hits: list[tuple[int, int | None, dict[str, object]]] = []
    for row in range(0, count - 1, 2):
        own, other = lines[row], lines[row + 1]
        third = cores.rng.choice(lines)
        hits.append(
            (
                row,
                row + 1,
                {
                    "finding_id": cores.new(),
                    "story_id": cores.new(),
                    "message": f"77002 on 2025-03-10 may repeat line 1 of claim {other['claim_id']}"
                    f" and {third['claim_id']}; the patient was born on"
                    f" {own['patient_birth_date']}.",
                    "remedy": f"See patient {own['patient_id']}, {own['claim_id']}.",
                    "table_row": f"77002 and claim {own['claim_id']}",
                },
            )
        )
    raw = [lines[n] for n in range(3)]
    where = {"source_file": files[0], "source_row": 900}
    rejected = [
        {
            **where,
            "claim_id": line["claim_id"],
            "patient_id": line["patient_id"],
            "reasons": f"no code on claim {line['claim_id']}",
            "column": "HCPCS",
            "value": cores.new(),
            "raw": f'{{"Name": "{cores.new()}"}}',
        }
        for line in raw
    ]
    repairs = [
        {**where, "field": field, "kind": "upper-cased", "raw": cores.new(), "value": value}
        for field, value in (("patient_id", raw[0]["patient_id"]), ("code", "77002"))
    ]
    decided = {
        "disposition": "agree",
        "reason": f"the son of {cores.new()}",
        "reviewer": cores.new(),
        "decided_on": date(2025, 4, 1),
        "told": f"Settled: {cores.new()}",
    }
    standing = [{"finding_id": hits[0][2]["finding_id"], "state": "standing"} | decided]
    unmatched = [{"finding_id": cores.new(), "claim_id": cores.new()} | decided]

    def table(model: Any, rows: list[dict[str, Any]]) -> pl.DataFrame:  # noqa: ANN401 - of pandera
        return pl.DataFrame([dict.fromkeys(dtypes(model)) | r for r in rows], schema=dtypes(model))

    result = make.flagged(
        lines,
        hits,
        rejected=table(RejectedRows, rejected),
        repairs=table(Repairs, repairs),
        set_aside=table(SetAside, [{**where, "claim_id": raw[1]["claim_id"], "reason": "void"}]),
        standing=table(Standing, standing),
        unmatched=table(Unmatched, unmatched),
        consulted=True,
        files=tuple(
            make.file(
                name,
                sha256="5ec2e7" * 10 + "abcd",
                rejected=3 if name == files[0] else 0,
                set_aside=1 if name == files[0] else 0,
                mapping={"claim_id": raw[0]["claim_id"], "code": "HCPCS"},
                unused=(raw[1]["patient_id"],),
                unneeded=(),
                notes=(f"Left out: {raw[2]['claim_id']}.",),
                warnings=(f"{name} has a row of patient {raw[2]['patient_id']}.",),
            )
            for name in files
        ),
        lines_read=200,
        lines_audited=196,
        notes=(f"In {files[0]} and of claim {raw[0]['claim_id']}.",),
    )
    return result, cores


def xml_of(path: Path) -> str:
    """Every part of the workbook as text, and again with its entities resolved."""
    with ZipFile(path) as archive:
        texts = [archive.read(name).decode("utf-8") for name in archive.namelist()]
        texts += archive.namelist()
    return "\n".join([*texts, *map(html.unescape, texts)])


@pytest.mark.parametrize("seed", range(3))
def test_no_part_of_the_workbook_names_anybody(make: type[Make], tmp_path: Path, seed: int) -> None:
    result, cores = hostile(make, seed)
    plain = xml_of(write_report(result, tmp_path / "plain.xlsx", rules=make.rules))
    assert sum(core in plain for core in cores.all) > len(cores.all) / 4  # the search finds them
    shown = redact(result, KEY)
    path = write_report(shown, tmp_path / "r.xlsx", rules=make.rules, sheet_rows=9, rejected_rows=1)
    beside = [p for p in tmp_path.iterdir() if p.suffix == ".csv"]
    assert len(beside) == 2
    everything = xml_of(path) + "".join(p.read_text(encoding="utf-8") for p in beside)
    assert [core for core in cores.all if core in everything] == []
    assert "5ec2e7" not in everything
    births = result.lines["patient_birth_date"].dt.to_string("%Y-%m-%d")
    assert [day for day in births if day in everything] == []
    for form in (".jsonl", ".csv"):
        found = write_findings(shown, tmp_path / f"f{form}").read_text(encoding="utf-8")
        assert [core for core in cores.all if core in found] == []


def test_every_text_of_the_result_is_redacted(make: type[Make]) -> None:
    """What no sheet shows today a sheet may show tomorrow."""
    result, cores = hostile(make, 7)
    shown = redact(result, KEY)
    assert shown.redacted
    for field in dataclasses.fields(shown):
        value = getattr(shown, field.name)
        if isinstance(value, pl.DataFrame):
            texts = value.write_json()
            assert value.schema == getattr(result, field.name).schema, field.name
            assert value.height == getattr(result, field.name).height, field.name
        else:
            texts = repr(value)
        assert [core for core in cores.all if core in texts] == [], field.name
    assert redact(shown, KEY) is shown


def test_what_tells_nobody_stays(make: type[Make]) -> None:
    result, _ = hostile(make, 1)
    shown = redact(result, KEY)
    changed = {
        "finding_id", "story_id", "source_file", "claim_id", "patient_id", "rendering_npi",
        "counterpart_claim_id", "message", "remedy", "table_row",
    }  # fmt: skip
    same = [name for name in dtypes(Findings) if name not in changed]
    assert_frame_equal(shown.findings.select(same), result.findings.select(same))
    changed |= {
        "original_claim_id", "payer_claim_id", "tax_id", "patient_birth_date", "claim_note",
    }  # fmt: skip
    same = [name for name in dtypes(ClaimLines) if name not in changed]
    assert_frame_equal(shown.lines.select(same), result.lines.select(same))
    npis = shown.lines.filter(result.lines["rendering_npi"] == "1234567893")["rendering_npi"]
    assert set(npis) == {"1234567893"}
    assert (shown.repairs["value"][1], shown.repairs["raw"][1]) == ("77002", "(left out)")
    assert shown.standing["told"].to_list() == ["Decided before: agree."]


def test_pseudonyms_are_one_to_one_and_join_the_tables(make: type[Make]) -> None:
    result, _ = hostile(make, 2)
    shown = redact(result, KEY)
    pairs = pl.DataFrame({"was": result.lines["patient_id"], "is": shown.lines["patient_id"]})
    pairs = pairs.unique()
    assert pairs["was"].n_unique() == pairs["is"].n_unique() == pairs.height
    of_findings = shown.lines[shown.places["row"]]["patient_id"]
    assert of_findings.to_list() == shown.findings["patient_id"].to_list()
    others = shown.lines[shown.places["other"]]["claim_id"]
    assert others.to_list() == shown.findings["counterpart_claim_id"].to_list()
    assert shown.standing["finding_id"][0] in shown.findings["finding_id"].to_list()
    for claim, text in shown.findings.select("counterpart_claim_id", "message").iter_rows():
        assert f"of claim {claim} and C-" in text


def test_one_key_gives_one_pseudonym_and_another_key_another(make: type[Make]) -> None:
    def ids(key: str, **values: object) -> tuple[str, ...]:
        made = make.result(make.findings([make.finding(1, patient_id="P77", **values)]))
        return redact(made, key).findings.select("patient_id", "claim_id").row(0)

    assert ids(KEY, claim_id="P77") == ("P-szid7cu3inwn4", "C-sx2wqtt224jhy")
    assert ids(KEY, claim_id="P77", code="99213") == ids(KEY, claim_id="P77")
    assert not set(ids(KEY, claim_id="P77")) & set(ids(KEY[::-1], claim_id="P77"))


@pytest.mark.parametrize("key", ["", "short", "x" * 31])
def test_a_key_that_can_be_guessed_is_refused(make: type[Make], key: str) -> None:
    with pytest.raises(ReportError, match="Make one with") as refused:
        redact(make.result(), key)
    assert not key or f" {key} " not in str(refused.value)


def test_a_redacted_copy_says_so_and_has_no_room_for_answers(
    make: type[Make], tmp_path: Path
) -> None:
    result, _ = hostile(make, 3)
    path = write_report(redact(result, KEY), tmp_path / "r.xlsx", rules=make.rules)
    book = load_workbook(path)
    heads = [c.value for c in book["Findings"][2]]
    assert not {"Disposition", "Reason", "Reviewer", "Decided on", "Check"} & set(heads)
    assert "Finding id" in heads
    assert not book["Findings"].data_validations.dataValidation
    for sheet in book:
        assert "limited data set (45 CFR 164.514(e))" in sheet.oddFooter.left.text, sheet.title
        assert "PHI" not in sheet.oddFooter.left.text
    assert "redacted copy" in book.properties.subject
    for title in ("Summary", "About"):
        texts = " ".join(str(c.value) for row in book[title].iter_rows() for c in row if c.value)
        assert "Redacted copy, for showing and not for answering" in texts, title
        assert "your name in Reviewer" not in texts


def test_same_result_and_key_same_bytes(make: type[Make], tmp_path: Path) -> None:
    first, second = (
        write_report(redact(hostile(make, 5)[0], KEY), tmp_path / f"{n}.xlsx", rules=make.rules)
        for n in "ab"
    )
    assert first.read_bytes() == second.read_bytes()


QUOTED = {
    "HH-1720": "C-ONE", "31": "C-TWO", "12345": "C-FIVE", "MRN 77/8": "P-SIGNS", "123456789": "P-N",
    "2025-03-10": "C-DAY", "ABC": "C-ABC",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("repeats line 31 of claim 31.", "repeats line 31 of claim C-TWO."),
        ("line 1 of claim HH-1720; it differs", "line 1 of claim C-ONE; it differs"),
        ("(HH-1720)", "(C-ONE)"),
        ("HH-17200 and XHH-1720 are others", "HH-17200 and XHH-1720 are others"),
        ("12345 with 12345-59", "12345 with 12345-59"),
        ("claims 12345 and more", "claims C-FIVE and more"),
        ("of MRN 77/8, seen", "of P-SIGNS, seen"),
        ("123456789's claim", "P-N's claim"),
        ("on 2025-03-10 at ABC", "on 2025-03-10 at C-ABC"),
        ("the patient was born on 1931-02-03.", "the patient was born on (birth date left out)."),
        ("Check the birth date, then report", "Check the birth date, then report"),
        ("Patient '12345' again", "Patient 'C-FIVE' again"),
        ("", ""),
    ],
)
def test_whole_identifiers_are_replaced_in_texts(text: str, shown: str) -> None:
    assert Quoted(QUOTED).replaced(text) == shown


def test_of_its_own_line_a_text_hides_more() -> None:
    texts = pl.Series("message", ["12345 stands on 2025-03-10, 31 units", None, "born 1931-02-03"])
    own = pl.Series(["12345", "12345", None])
    born = pl.Series([None, None, "1931-02-03"])
    assert Quoted(QUOTED).column(texts, [own], born).to_list() == [
        "C-FIVE stands on 2025-03-10, 31 units",
        None,
        "born (birth date left out)",
    ]


def test_what_the_rules_themselves_write_names_nobody(tmp_path: Path) -> None:
    """The sample week has a finding of every rule that quotes another claim, NPI or birth date."""
    from auditor import audit, load_reference, read_claims
    from auditor.result import AuditOptions

    intake = read_claims([SAMPLE])
    result = audit(intake, load_reference(tmp_path), AuditOptions(date(2025, 11, 10), "r"))
    plain, shown = result.findings, redact(result, KEY).findings
    known = {
        *result.lines["claim_id"], *result.lines["patient_id"], *plain["finding_id"],
        *result.lines["tax_id"].drop_nulls(),
    }  # fmt: skip
    quoting = 0
    for name in ("message", "remedy", "table_row", "citation", "also"):
        for before, after in zip(plain[name], shown[name], strict=True):
            tokens = set(re.findall(r"[\w-]+", before or ""))
            quoting += not tokens.isdisjoint(known)
            assert set(re.findall(r"[\w-]+", after or "")).isdisjoint(known), name
    assert quoting >= 2
    assert shown["message"].to_list() != plain["message"].to_list()
    unquoted = ~plain["message"].str.contains("claim|born")
    assert shown.filter(unquoted)["message"].equals(plain.filter(unquoted)["message"])
