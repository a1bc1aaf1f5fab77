"""One audit from request to written outputs: what `audit` and `demo` have in common."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from auditor import RULE_SET_VERSION, __version__
from auditor.cli import output, parts, places, processor, selection
from auditor.engine.clock import Clock
from auditor.rules.options import RuleOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from polars import DataFrame

    from auditor.cli.session import Session
    from auditor.config import DateOrder
    from auditor.engine.clock import Part
    from auditor.intake.interface import Intake, IntakeOptions
    from auditor.intake.layout import Layout
    from auditor.reference.interface import Reference
    from auditor.result import Audited, AuditResult
    from auditor.review import Consulted


SplitBy = Literal["practitioner", "billing"]


@dataclass(frozen=True, slots=True)
class Copies:
    """What becomes of the workbook besides."""

    redact_key: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    """What opens the workbooks; None: they are not encrypted."""
    split_by: SplitBy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the operator asked for, flags, environment and configuration file taken together."""

    inputs: tuple[Path, ...]
    as_of: date
    history: tuple[Path, ...] = ()
    """Files of earlier lines: looked at and not audited."""
    report: Path | None = None
    """None: no workbook."""
    findings: Path | None = None
    summary: Path | None = None
    copies: Copies = Copies()
    reference: Path | None = None
    """None: the reference store's own default."""
    compare_reference: Path | None = None
    """Another store: what its tables would find on the same claims is told; None: none."""
    compare_out: Path | None = None
    sheet: str | None = None
    password: Callable[[str], str | None] | None = field(default=None, repr=False)
    """Asked, with a file's name, for the password of a protected workbook."""
    columns: Mapping[str, str] = field(default_factory=dict)
    layout: Path | None = None
    date_order: DateOrder | None = None
    year_pivot: int | None = None
    line_of_business: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    payers: Mapping[str, str] = field(default_factory=dict)
    """Payer's name -> line of business."""
    rules: RuleOptions = RuleOptions()  # noqa: RUF009 - frozen, so sharing it is safe
    """Tiers, thresholds and keys that the configuration sets."""
    ledger: Path | None = None
    """The ledger with the reviewers' decisions; None: none is looked at."""
    parts: int | None = None
    """In how many parts the lines are judged, out of the disk; 1: in memory, None: as their size
    asks for."""
    work: Path | None = None
    """The folder for the parts; None: beside the outputs."""
    settings: Path | None = None
    """The configuration file that was read; it may have been found and not named."""


@dataclass(frozen=True, slots=True)
class Done:
    """An audit that ran to its end."""

    result: Audited
    written: tuple[Path, ...]
    """The workbook first, where one was asked for."""
    seconds: float
    timings: tuple[Part, ...] = ()
    """What each stage and rule took."""
    published: str = ""
    """The place of the cluster where findings and coverage lie."""


def perform(request: Request, session: Session) -> Done:
    """Audit the inputs of `request` and write its outputs."""
    places.check(request.inputs, outputs(request, session))
    parts.check(request)
    started = time.perf_counter()
    clock = Clock()
    count = parts.how_many(request)
    if count > 1:
        return _in_parts(request, session, count, clock)
    little = parts.text_bytes((*request.inputs, *request.history)) < processor.LITTLE
    if session.own and little:
        processor.stay()
    with output.progress() as step:
        # The heavy imports: about a second, of which a quarter is the engine's.
        step("Loading the engine")
        from auditor.auditing import audit, prepare
        from auditor.intake import read_claims
        from auditor.reference import load_reference
        from auditor.result import AuditOptions

        select, ignore = chosen(request)
        step("Reading the claim files")
        options = intake_options(request)
        with clock.part("intake", "claim files") as told, processor.meanwhile(prepare, little):
            intake = read_claims(request.inputs, options)
            told.rows = sum(file.lines_read for file in intake.files)
        earlier = None
        if request.history:
            step("Reading the history")
            with clock.part("intake", "history") as told:
                earlier = read_claims(request.history, options)
                told.rows = sum(file.lines_read for file in earlier.files)
        step("Opening the reference tables")
        with clock.part("reference", "opening the tables"):
            reference = load_reference(request.reference)
            named = request.compare_reference
            other = load_reference(named) if named else None
        decisions = consulted(request, lambda: intake.lines, clock)
        session.run_id = run_id(request, intake, reference, options.layout, earlier, decisions)
        asked = AuditOptions(request.as_of, session.run_id, select, ignore, request.rules)
        others = None
        if other is not None:
            step("Auditing with the other tables")
            with clock.part("reference", "the audit to compare with"):
                # Of this audit its findings alone are kept: two whole ones need twice the memory.
                others = audit(intake, other, asked, earlier).findings
        step("Auditing")
        result = audit(intake, reference, asked, earlier, clock)
        if other is not None and others is not None:
            result = with_comparison(result, others, reference, other)
        step("Writing")
        result, written = finished(result, decisions, request, clock)
    return Done(result, written, time.perf_counter() - started, tuple(clock.parts))


def finished(
    result: AuditResult, decisions: Consulted | None, request: Request, clock: Clock
) -> tuple[AuditResult, tuple[Path, ...]]:
    """`result` with what its decisions mean, and the outputs that were written of it."""
    if decisions is not None:
        from auditor.review import applied

        with clock.part("review", "what stands", decisions.decisions.height):
            result = applied(result, decisions)
    with clock.part("outputs", "workbook and files", result.found):
        return result, write(result, request)


def outputs(request: Request, session: Session) -> dict[str, Path | None]:
    """The files to write, by the options that name them."""
    return {
        "--report": request.report,
        "--findings": request.findings,
        "--summary": request.summary,
        "--compare-out": request.compare_out,
        "--debug-file": session.debug_file,
    }


def _in_parts(request: Request, session: Session, count: int, clock: Clock) -> Done:
    """The same for lines that do not fit into memory."""
    started = time.perf_counter()
    with output.progress() as step:
        step("Loading the engine")
        from auditor.parts.crew import Store, begun

        # They load what they need while this process does.
        with ExitStack() as stack:
            crew = stack.enter_context(begun(parts.hands(request, count)))
            from auditor.parts.room import room
            from auditor.parts.run import audit_parts, tell_parts
            from auditor.reference import load_reference
            from auditor.result import AuditOptions

            select, ignore = chosen(request)
            step("Opening the reference tables")
            with clock.part("reference", "opening the tables"):
                reference = load_reference(request.reference)
            options = intake_options(request)
            folder = stack.enter_context(parts.folder(request))
            work = parts.work(request, reference, count)
            place = stack.enter_context(room(folder, work))
            stack.callback(crew.stop)  # before what they write into is gone
            step("Reading the claim files")
            session.left = place.folder
            intake, of_patients = parts.read(request, options, place, count, crew, clock)
            decisions = consulted(request, of_patients.claims, clock)
            layout = options.layout
            session.run_id = run_id(request, intake, reference, layout, None, decisions)
            step(f"Auditing in {count} parts")
            asked = AuditOptions(request.as_of, session.run_id, select, ignore, request.rules)
            whole = (of_patients, intake, reference, asked)
            store = Store(request.reference, crew if crew.processes else None)
            result: Audited
            if parts.needs_lines(request):
                made = audit_parts(*whole, room=place.folder, clock=clock, store=store)
                step("Writing")
                result, written = finished(made, decisions, request, clock)
            else:
                result = tell_parts(*whole, room=place.folder, clock=clock, store=store)
                step("Writing")
                with clock.part("outputs", "files", result.found):
                    written = write_files(result, result, request)
    return Done(result, written, time.perf_counter() - started, tuple(clock.parts))


def intake_options(request: Request) -> IntakeOptions:
    """How the files are read."""
    from auditor.intake.interface import IntakeOptions

    return IntakeOptions(
        request.sheet,
        request.columns,
        request.line_of_business,
        date_order=request.date_order,
        year_pivot=request.year_pivot,
        layout=pinned(request),
        password=request.password,
        payers=request.payers,
    )


def with_comparison(
    result: AuditResult, others: DataFrame, reference: Reference, other: Reference
) -> AuditResult:
    """`result` with how `others`, the findings that the `other` tables make, differ from its."""
    from auditor.comparing import compare

    billed = result.lines["code"]
    compared = compare(result.findings, others, reference, other, billed)
    return replace(result, comparison=compared)


def consulted(request: Request, lines: Callable[[], DataFrame], clock: Clock) -> Consulted | None:
    """What the ledger says about the claims of the batch; None where none is looked at.

    lines: answers claim_id and original_claim_id of the batch.
    """
    if request.ledger is None:
        return None
    from auditor.review import consult

    with clock.part("review", "the ledger") as told:
        found = consult(request.ledger, lines(), request.as_of)
        told.rows = found.decisions.height
    return found


def pinned(request: Request) -> Layout | None:
    """The layout that the inputs must have."""
    if request.layout is None:
        return None
    from auditor.intake.layout import load

    return load(request.layout)


def chosen(request: Request) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of the rules to run (none: all) and to leave out."""
    return selection.chosen_words(request.select, request.ignore)


def run_id(
    request: Request,
    intake: Intake,
    reference: Reference,
    layout: Layout | None = None,
    history: Intake | None = None,
    decisions: Consulted | None = None,
) -> str:
    """Name the work and not the moment: equal bytes in give equal bytes out, run id included."""
    parts = [
        __version__,
        RULE_SET_VERSION,
        str(request.as_of),
        *(f"{f.name} {f.sha256}" for f in intake.files),
        *(f"history {f.name} {f.sha256}" for f in (history.files if history else ())),
        *sorted(f"{r.kind} {r.sha256} {r.used}" for r in reference.releases()),
        *sorted(f"{name}={column}" for name, column in request.columns.items()),
        f"{request.sheet} {request.line_of_business}",
        f"{request.date_order} {request.year_pivot} {layout and layout.sha256}",
        f"{' '.join(sorted(request.select))} / {' '.join(sorted(request.ignore))}",
        json.dumps(list(request.payers.items())),  # of patterns the first counts
        json.dumps(asdict(request.rules), sort_keys=True, default=sorted),
        *([f"decisions {decisions.digest}"] if decisions is not None else ()),
    ]
    digest = hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogateescape"), digest_size=4)
    return f"{request.as_of}-{digest.hexdigest()}"


def write(result: AuditResult, request: Request) -> tuple[Path, ...]:
    """Write every output asked for; answers the paths in fact used, the workbook first."""
    from auditor import report

    written, copies = [], request.copies
    told = result if copies.redact_key is None else report.redact(result, copies.redact_key)
    if request.report is not None:
        from auditor.report.workbook import BESIDE

        workbook = report.write_report(told, request.report, password=copies.password)
        beside = (workbook.with_suffix(suffix) for suffix in BESIDE)
        written += [workbook, *(path for path in beside if path.is_file())]
        if copies.split_by is not None:
            split = report.write_parts(told, workbook, copies.split_by, password=copies.password)
            written += [split] if split is not None else []
    return (*written, *write_files(told, result, request))


def write_files(told: Audited, plain: Audited, request: Request) -> tuple[Path, ...]:
    """Write the outputs that need no line; answers the paths, in one order.

    The findings are those of `told`, the summary is that of `plain`: it holds no patient data.
    """
    from auditor import report

    written = []
    if request.findings is not None:
        written.append(report.write_findings(told, request.findings))
    if request.compare_out is not None and told.comparison is not None:
        written.append(report.write_table(told.comparison.findings, request.compare_out))
    if request.summary is not None:
        written.append(report.write_summary(plain, request.summary))
    return tuple(written)
