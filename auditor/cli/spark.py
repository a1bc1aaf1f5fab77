"""An audit whose lines are read and judged by a Spark cluster, and reported here."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, get_args

from auditor.cli import failures, output, parts, places, run, selection
from auditor.engine.clock import Clock
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.cli.run import Done, Request
    from auditor.cli.session import Session

Engine = Literal["local", "spark"]
ENVIRONMENT = "AUDITOR_SPARK_REMOTE"


@dataclass(frozen=True, slots=True)
class OnCluster:
    """What the operator asked for of a cluster."""

    remote: str = field(repr=False)
    """sc://host:port; what follows may hold a token."""
    inputs: tuple[str, ...]
    """As the cluster sees them."""
    work: str


def asked(
    engine: str,
    remote: str | None,
    inputs: Sequence[str],
    work: str | None,
    password_file: Path | None,
) -> OnCluster | None:
    """The cluster that shall do the work; None: this machine does it."""
    if selection.one_of(engine, get_args(Engine), "--engine") == "local":
        if remote is not None:
            raise ConfigError(
                "--remote is the address of a cluster, and this machine does the audit.",
                next_step="Say --engine spark, or leave --remote out.",
            )
        return None
    remote = remote or os.environ.get(ENVIRONMENT)
    if remote is None:
        raise ConfigError(
            "--engine spark needs the address of a Spark Connect server.",
            next_step=f"Say --remote sc://HOST:PORT, or set {ENVIRONMENT}.",
        )
    if work is None:
        raise ConfigError(
            "--engine spark needs a place where the cluster can write.",
            next_step="Say --work PLACE: a folder or URL that all workers see (docs/spark.md).",
        )
    if password_file is not None:
        raise ConfigError(
            "A password does not travel to a cluster, so --password-file is of no use there.",
            next_step="Audit protected workbooks without --engine spark.",
        )
    return OnCluster(remote, tuple(inputs), work)


def perform(request: Request, cluster: OnCluster, session: Session) -> Done:
    """Audit the inputs of `request` on `cluster` and write its outputs here."""
    _check(request, session)
    started = time.perf_counter()
    clock = Clock()
    with output.progress() as step:
        step("Loading the engine")
        from auditor.reference import load_reference
        from auditor.result import AuditOptions
        from auditor.spark import engine, travel
        from auditor.spark.session import SparkProblem

        select, ignore = run.chosen(request)
        options = replace(run.intake_options(request), password=None)
        step("Opening the reference tables")
        with clock.part("reference", "opening the tables"):
            reference = load_reference(request.reference)
            packed = travel.pack(request.reference)
        step("Connecting to the cluster")
        try:
            with engine.opened(cluster.remote, cluster.work) as spark:
                step("Reading the claim files")
                with clock.part("intake", "claim files") as told:
                    files = spark.listed(cluster.inputs)
                    count = request.parts or parts.on_cluster(files.files)
                    batch = spark.read(files, options, count, claims=request.ledger is not None)
                    told.rows = batch.census.lines
                decisions = run.consulted(request, lambda: batch.claims, clock)
                layout = options.layout
                session.run_id = run.run_id(
                    request, batch.intake, reference, layout, None, decisions
                )
                step(f"Auditing in {count} parts")
                wanted = AuditOptions(request.as_of, session.run_id, select, ignore, request.rules)
                result = spark.audit(batch, packed, reference, wanted, clock)
                step("Writing")
                with clock.part("outputs", "tables on the cluster", result.findings.height):
                    published = spark.publish(result, session.run_id)
        except SparkProblem as problem:
            if session.debug_file is not None:
                failures.write_debug(session.debug_file, problem, session.run_id)
            raise
        result, written = run.finished(result, decisions, request, clock)
    seconds = time.perf_counter() - started
    return run.Done(result, written, seconds, tuple(clock.parts), published)


def _check(request: Request, session: Session) -> None:
    """What cannot be done on a cluster is told before the work."""
    places.check((), run.outputs(request, session))
    for option, wanted in (
        ("--history", request.history),
        ("--compare-reference", request.compare_reference),
    ):
        if wanted:
            raise ConfigError(
                f"{option} and --engine spark exclude each other.",
                next_step="Leave one of them out.",
            )
