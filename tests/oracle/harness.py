"""Runs the auditor on lines made in a test, and says what it found in plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from auditor.audit import audit
from auditor.intake.interface import FileRead, Intake
from auditor.reference.interface import Reference
from auditor.result import AuditOptions, AuditResult
from schemas import ClaimLines, RejectedRows, Repairs, SetAside, dtypes, empty

AS_OF = date(2026, 2, 1)


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of the auditor; `line` is the 0-based place of its line in the batch."""

    line: int
    rule: str
    tier: str
    also: frozenset[str]
    counterpart: str | None
    message: str


def rejected_rows(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Lines that could not be placed: claim, patient, date (ISO), whichever are known."""
    records = [
        {
            "source_file": row.get("file", "example.csv"),
            "source_row": 9000 + number,
            "claim_id": row.get("claim"),
            "patient_id": row.get("patient"),
            "service_date": date.fromisoformat(row["date"]) if row.get("date") else None,
            "reasons": "no code",
            "raw": "{}",
        }
        for number, row in enumerate(rows)
    ]
    return pl.DataFrame(records, schema=dtypes(RejectedRows))


def intake_of(lines: pl.DataFrame, rejected: pl.DataFrame | None = None) -> Intake:
    """What intake would hand over for these lines, every column present."""
    rejected = empty(RejectedRows) if rejected is None else rejected
    names = pl.concat([lines["source_file"], rejected["source_file"]]).unique(maintain_order=True)
    return Intake(
        lines=lines,
        rejected=rejected,
        set_aside=empty(SetAside),
        repairs=empty(Repairs),
        files=tuple(_file(name, lines, rejected) for name in names),
        fields_present=frozenset(dtypes(ClaimLines)),
    )


def _file(name: str, lines: pl.DataFrame, rejected: pl.DataFrame) -> FileRead:
    kept = lines.filter(pl.col("source_file") == name).height
    lost = rejected.filter(pl.col("source_file") == name).height
    return FileRead(
        name=name,
        sha256="0" * 64,
        encoding="utf-8",
        delimiter=",",
        header_row=1,
        rows=kept + lost,
        lines_read=kept + lost,
        rejected=lost,
        set_aside=0,
        mapping={},
        unused=(),
        notes=(),
    )


def run(
    lines: pl.DataFrame,
    reference: Reference,
    rejected: pl.DataFrame | None = None,
    select: Iterable[str] = (),
) -> AuditResult:
    options = AuditOptions(as_of=AS_OF, run_id="test", select=frozenset(select))
    return audit(intake_of(lines, rejected), reference, options)


def found(result: AuditResult, lines: pl.DataFrame) -> list[Found]:
    """The findings, each tied to its line through file and row."""
    places = {
        (file, row): key
        for file, row, key in lines.select("source_file", "source_row", "line_key").rows()
    }
    return [
        Found(
            line=places[row["source_file"], row["source_row"]],
            rule=row["rule_id"],
            tier=row["tier"],
            also=frozenset(row["also"].split()),
            counterpart=row["counterpart_code"],
            message=row["message"],
        )
        for row in result.findings.rows(named=True)
    ]
