"""Running the program, in this process or as one of its own, and a result made by hand."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest

import auditor
from auditor.cli import main
from auditor.intake.interface import FileRead
from auditor.reference.interface import Kind, Release
from auditor.result import AuditOptions, AuditResult
from schemas import Coverage, Findings, RejectedRows, Repairs, SetAside, dtypes, empty

PACKAGE = Path(auditor.__file__).parent


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Ran]:
    """Run a command in this process, in an empty folder, 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def call(*args: str) -> Ran:
        code = main(list(args))
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return call


Done = subprocess.CompletedProcess[bytes]


def _start(
    folder: Path,
    *args: str,
    env: dict[str, str] | None = None,
    code: str | None = None,
    stdout: int = subprocess.PIPE,
) -> Done:
    return subprocess.run(
        [sys.executable, *(["-m", "auditor"] if code is None else ["-c", code]), *args],
        # the package under test, wherever this process has it from
        env=os.environ | {"COLUMNS": "80", "PYTHONPATH": str(PACKAGE.parent)} | (env or {}),
        cwd=folder,
        check=False,
        timeout=120,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(scope="session")
def start() -> Callable[..., Done]:
    """Run Python as a process of its own, in a folder; `-m auditor` unless told else."""
    return _start


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Done]:
    """As `start`, in an empty folder."""
    return partial(_start, tmp_path)


def _rows(model: type[pa.DataFrameModel], rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dtypes(model))


def finding(rule: str, name: str, tier: str, amount: str | None, basis: str) -> dict[str, Any]:
    return {
        "finding_id": f"{rule}-{tier}-{amount}-{basis}",
        "story_id": "s",
        "rule_id": rule,
        "rule_name": name,
        "tier": tier,
        "source_file": "march.csv",
        "source_row": 2,
        "claim_id": "CLM-9931",
        "patient_id": "MRN-77812",
        "rendering_npi": "1679576722",
        "service_date": date(2025, 3, 10),
        "code": "77002",
        "modifiers": "",
        "amount_at_risk": None if amount is None else Decimal(amount),
        "amount_basis": basis,
        "message": "77002 of DOE^JANE has no primary.",
        "remedy": "Ask Jane Doe.",
        "citation": "",
        "release_gap_quarters": 0,
        "also": "",
        "first_seen": date(2026, 1, 2),
        "run_id": "run",
        "schema_version": 1,
    }


def release(kind: Kind, label: str, *, starter: bool = False, used: bool = True) -> Release:
    return Release(
        kind=kind,
        label=label,
        effective=date(2025, 1, 1),
        vouches_to=date(2025, 3, 31),
        rows=2_400 if starter else 2_512_345,
        sha256="0" * 64,
        source="file.txt",
        starter=starter,
        used=used,
        note="" if used else "incomplete: parts 1, 2 of 4",
    )


@pytest.fixture
def result() -> AuditResult:
    """Every kind of line in the summary at once."""
    findings = [
        finding("AOC-1", "orphan-add-on", "certain", "120.00", "allowed"),
        finding("AOC-1", "orphan-add-on", "certain", "1120.50", "allowed"),
        finding("AOC-1", "orphan-add-on", "review", None, "not determined"),
        finding("PTP-1", "pair-without-separation", "certain", "80.25", "charge"),
        finding("PTP-1", "pair-without-separation", "certain", "0.00", "already denied"),
        finding("PTP-BYP", "bypassed-pair", "info", "0.00", "none"),
    ]
    coverage = [
        ("AOC-1", "judged", "", 1200),
        ("MUE-1", "not judged", "no unit limits before 2024-07-01", 12),
        ("MUE-2", "not judged", "no unit limits before 2024-07-01", 11),
        ("PTP-1", "judged with caution", "later than the newest release vouches for", 3),
    ]
    aside = ["void", "institutional", "institutional"]
    file = FileRead(
        name="march.csv",
        sha256="1" * 64,
        encoding="utf-8",
        delimiter=",",
        header_row=1,
        rows=1207,
        lines_read=1207,
        rejected=4,
        set_aside=3,
        mapping={"code": "Proc"},
        unused=("Patient Name",),
        notes=(),
    )
    return AuditResult(
        findings=_rows(Findings, findings),
        coverage=_rows(
            Coverage,
            [
                dict(zip(("rule_id", "state", "reason", "lines"), row, strict=True))
                for row in coverage
            ],
        ),
        rejected=empty(RejectedRows),
        set_aside=_rows(
            SetAside,
            [
                {"source_file": "march.csv", "source_row": n, "claim_id": "CLM-9931", "reason": r}
                for n, r in enumerate(aside)
            ],
        ),
        repairs=empty(Repairs),
        files=(file,),
        lines_read=1207,
        lines_audited=1200,
        lines_by_business={"medicare": 1200},
        first_service_date=date(2025, 3, 1),
        last_service_date=date(2025, 3, 31),
        releases=(
            release("ptp-practitioner", "PTP practitioner 2025Q1 (v310r1)"),
            release("ptp-hospital", "PTP hospital 2025Q1", used=False),
            release("aoc", "starter set", starter=True),
            release("hcpcs", "starter set", starter=True),
        ),
        options=AuditOptions(as_of=date(2026, 1, 2), run_id="2026-01-02-0badcafe"),
        notes=("The line of business is unknown for 7 lines.",),
    )
