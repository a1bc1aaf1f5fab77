"""One audit from request to written outputs: what `audit` and `demo` have in common."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditor import RULE_SET_VERSION, __version__
from auditor.cli import output, places, selection
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from auditor.cli.session import Session
    from auditor.intake.interface import Intake
    from auditor.reference.interface import Reference
    from auditor.result import AuditResult

FINDINGS_FORMS = (".parquet", ".csv", ".jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the operator asked for, flags, environment and configuration file taken together."""

    inputs: tuple[Path, ...]
    as_of: date
    workbook: bool = True
    report: Path | None = None
    """None with `workbook`: the default place and name."""
    findings: Path | None = None
    summary: Path | None = None
    reference: Path | None = None
    """None: the reference store's own default."""
    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    line_of_business: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """An audit that ran to its end."""

    result: AuditResult
    written: tuple[Path, ...]
    """The workbook first, where one was asked for."""
    seconds: float


def perform(request: Request, session: Session) -> Done:
    """Audit the inputs of `request` and write its outputs."""
    check_outputs(request, session)
    started = time.perf_counter()
    with output.progress() as step:
        # The heavy imports: about a second, of which a quarter is the engine's.
        step("Loading the engine")
        from auditor.audit import audit
        from auditor.intake import read_claims
        from auditor.intake.interface import IntakeOptions
        from auditor.reference import load_reference
        from auditor.result import AuditOptions
        from auditor.rules import catalogue

        rules = catalogue()
        select = selection.rule_ids(request.select, rules, "--select")
        ignore = selection.rule_ids(request.ignore, rules, "--ignore")
        if not (select or {rule.id for rule in rules}) - ignore:
            raise ConfigError(
                "no rule is left to run.", next_step="Ask for more with --select or --ignore less."
            )
        step("Reading the claim files")
        options = IntakeOptions(request.sheet, request.columns, request.line_of_business)
        intake = read_claims(request.inputs, options)
        step("Opening the reference tables")
        reference = load_reference(request.reference)
        session.run_id = run_id(request, intake, reference)
        step("Auditing")
        result = audit(
            intake, reference, AuditOptions(request.as_of, session.run_id, select, ignore)
        )
        step("Writing")
        written = write(result, request)
    return Done(result, written, time.perf_counter() - started)


def run_id(request: Request, intake: Intake, reference: Reference) -> str:
    """Name the work and not the moment: equal bytes in give equal bytes out, run id included."""
    parts = [
        __version__,
        RULE_SET_VERSION,
        str(request.as_of),
        *(f"{f.name} {f.sha256}" for f in intake.files),
        *sorted(f"{r.kind} {r.sha256} {r.used}" for r in reference.releases()),
        *sorted(f"{name}={column}" for name, column in request.columns.items()),
        f"{request.sheet} {request.line_of_business}",
        f"{' '.join(sorted(request.select))} / {' '.join(sorted(request.ignore))}",
    ]
    digest = hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogateescape"), digest_size=4)
    return f"{request.as_of}-{digest.hexdigest()}"


def write(result: AuditResult, request: Request) -> tuple[Path, ...]:
    """Write every output asked for; answers the paths in fact used, the workbook first."""
    from auditor.report import write_findings, write_report, write_summary

    written = []
    if request.workbook:
        name = places.report_name(request.inputs, request.as_of)
        written.append(write_report(result, request.report or places.reports_folder() / name))
    if request.findings is not None:
        written.append(write_findings(result, request.findings))
    if request.summary is not None:
        written.append(write_summary(result, request.summary))
    return tuple(written)


def check_outputs(request: Request, session: Session) -> None:
    """Fail before the work and not after it, and never write over what is to be read."""
    named = {
        "--report": (request.report, (".xlsx",)),
        "--findings": (request.findings, FINDINGS_FORMS),
        "--summary": (request.summary, (".json",)),
        "--debug-file": (session.debug_file, ()),
    }
    inputs = _distinct(request.inputs)
    taken: dict[str, str] = {}
    for option, (path, forms) in named.items():
        if path is None:
            continue
        if forms and path.suffix.lower() not in forms:
            raise ConfigError(
                f"'{path.name}' does not end in {' or '.join(forms)}.",
                where=option,
                next_step="The ending chooses the form of the file.",
            )
        if not path.absolute().parent.is_dir():
            raise ConfigError(
                f"the folder '{path.parent}' does not exist.",
                where=option,
                next_step="Make it first, or name another.",
            )
        if path.is_dir():
            raise ConfigError(
                f"'{path}' is a folder.", where=option, next_step="Name a file inside it."
            )
        if (key := _identity(path)) in inputs:
            raise ConfigError(
                f"'{path.name}' is one of the claim files and would be written over.",
                where=option,
                next_step="Name another file.",
            )
        if key in taken:
            raise ConfigError(
                f"'{path.name}' is already the file of {taken[key]}.",
                where=option,
                next_step="Name another file.",
            )
        taken[key] = option


def _distinct(inputs: Sequence[Path]) -> set[str]:
    seen: set[str] = set()
    for path in inputs:
        if (key := _identity(path)) in seen:
            raise ConfigError(
                f"'{path.name}' is named twice.",
                next_step="Name each claim file once: its lines would count as duplicates.",
            )
        seen.add(key)
    return seen


def _identity(path: Path) -> str:
    """One text for one file, however it is spelt."""
    return os.path.normcase(os.path.realpath(path))
