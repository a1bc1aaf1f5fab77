"""Runs the auditor on lines made in a test, and says what it found in plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from auditor.auditing import audit
from auditor.intake.interface import FileRead, Intake
from auditor.reference.interface import Reference
from auditor.result import AuditOptions, AuditResult
from auditor.rules.options import RuleOptions
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
    text: str
    """Message and remedy."""


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
            "column": "CPT",
            "value": "",
            "raw": "{}",
        }
        for number, row in enumerate(rows)
    ]
    return pl.DataFrame(records, schema=dtypes(RejectedRows))


def check_digit(nine: str) -> str:
    """The NPI that begins with these nine digits."""
    total = 24  # what the prefix 80840 adds
    for place, digit in enumerate(reversed(nine)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return nine + str(-total % 10)


def isolate(lines: pl.DataFrame, number: int) -> pl.DataFrame:
    """The same lines for patients, claims and practitioners that no other `number` has.

    Invalid NPIs stay as they are: what is wrong with them is the point of their case.
    """
    npis = pl.concat([lines["rendering_npi"], lines["billing_npi"]]).drop_nulls().unique().sort()
    digits = [npi for npi in npis if npi.isdigit() and npi[0] in "12"]
    valid = [npi for npi in digits if check_digit(npi[:9]) == npi]
    own = {npi: check_digit(f"1{number:05d}{k:03d}") for k, npi in enumerate(valid)}
    marked = ("claim_id", "patient_id", "original_claim_id", "payer_claim_id")
    return lines.with_columns(
        pl.col("rendering_npi", "billing_npi").replace(own),
        *(pl.concat_str(pl.lit(f"{number:04d}-"), name).alias(name) for name in marked),
    )


def intake_of(
    lines: pl.DataFrame,
    rejected: pl.DataFrame | None = None,
    columns: Iterable[str] | None = None,
) -> Intake:
    """What intake would hand over for these lines; `columns` None: all are present."""
    rejected = empty(RejectedRows) if rejected is None else rejected
    names = pl.concat([lines["source_file"], rejected["source_file"]]).unique(maintain_order=True)
    return Intake(
        lines=lines,
        rejected=rejected,
        set_aside=empty(SetAside),
        repairs=empty(Repairs),
        files=tuple(_file(name, lines, rejected) for name in names),
        fields_present=frozenset(dtypes(ClaimLines) if columns is None else columns),
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


def run(  # noqa: PLR0913 - one argument a thing that a case may vary, each by name
    lines: pl.DataFrame,
    reference: Reference,
    rejected: pl.DataFrame | None = None,
    select: Iterable[str] = (),
    *,
    history: pl.DataFrame | None = None,
    options: RuleOptions | None = None,
    columns: Iterable[str] | None = None,
) -> AuditResult:
    chosen = AuditOptions(
        as_of=AS_OF, run_id="test", select=frozenset(select), rules=options or RuleOptions()
    )
    earlier = None if history is None else intake_of(history.with_columns(source_file=pl.lit("h")))
    return audit(intake_of(lines, rejected, columns), reference, chosen, earlier)


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
            text=f"{row['message']} {row['remedy']}",
        )
        for row in result.findings.rows(named=True)
    ]
