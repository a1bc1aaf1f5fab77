"""The findings of a run made again from what it was made of, and compared with what it found.

From the archive come its files, from the store of audited lines the memory as it was then, from its
manifest settings, layout and the list of tables. Nothing is written and no lock is taken.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from auditor import config
from auditor.errors import AuditorError, ConfigError, LedgerError
from auditor.ledger import runs, store
from auditor.lock import holder
from auditor.nightly.differences import differences
from auditor.nightly.lineage import Lineage

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    import polars as pl

    from auditor.ledger.runs import Run
    from auditor.nightly.about import Night
    from auditor.nightly.manifest import Manifest
    from auditor.nightly.run import Asked
    from auditor.result import AuditResult


class Changes(NamedTuple):
    """Numbers of findings that differ."""

    appear: int
    """Made now, and not then."""
    disappear: int
    change: int
    """Made then and now, and not the same in every column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """What came of making a run's findings again."""

    run: Run
    manifest: Manifest
    digest: str
    """Of the findings made now (manifest.digest_of_findings)."""
    result: AuditResult
    """The run made again; its findings have the days on which they were first seen."""
    differences: tuple[str, ...]
    """What is another now than it was then, in words: programs, stored lines, findings."""
    changes: Changes | None
    """None: they are equal, or the run's own findings are not there to be compared."""
    at_work: str
    """What was at work meanwhile, a sentence; '': nothing."""

    @property
    def equal(self) -> bool:
        """Whether the findings are those of the run, in every column."""
        return self.digest == self.manifest.findings_digest


def reproduce(night: Night, run_id: str) -> Reproduced:
    """Make the findings of the run `run_id` again.

    Raises ConfigError where there is no such run; InputRejected where a file of it is not in the
    archive as it was; ReferenceDataError where a table that judged it is not in the store;
    LedgerError and HistoryError where its manifest, or lines that it looked back at, are not there.
    """
    at_work = holder(night.places.lock, "A night is at work.") or ""
    try:
        if not night.ledger.is_file():
            raise _unknown(run_id)
        with store.opened(night.ledger) as ledger:
            return replace(_reproduced(night, ledger, run_id), at_work=at_work)
    except AuditorError as error:
        if at_work:
            error.next_step += f" {at_work} Run again when it is done."
        raise


def _unknown(run_id: str) -> ConfigError:
    return ConfigError(
        f"There is no run {run_id}.",
        next_step="`auditor nightly status` lists the last ones; each report's Summary names its"
        " own.",
    )


def _reproduced(night: Night, ledger: sqlite3.Connection, run_id: str) -> Reproduced:
    from auditor.nightly import manifest as evidence  # noqa: PLC0415 - heavy

    run = runs.run_of(ledger, run_id)
    if run is None:
        raise _unknown(run_id)
    text = runs.manifest_of(ledger, run.run)
    if not text:
        raise LedgerError(
            f"The manifest of {run_id} was purged.",
            next_step="Without it nobody can tell what the run was made of.",
        )
    then = evidence.from_json(text)
    lineage = Lineage.of(ledger, run.feed)
    view = lineage.before(run.run)
    earlier = tuple(v for v in lineage.versions(lineage.origin(run.run)) if v < run.run)
    result, stored = _made(night, ledger, _Task(run, then, view, earlier))
    now = replace(
        then,
        versions=evidence.versions(),
        history=evidence.watermark(ledger, view),
        findings=result.findings.height,
        findings_digest=evidence.digest_of_findings(result.findings),
    )
    equal = now.findings_digest == then.findings_digest
    theirs = None if equal else _theirs(night, run, then)
    differs = differences(then, now)
    if stored < now.history.lines:
        gone = now.history.lines - stored
        differs += (f"history: {gone:,} of {now.history.lines:,} stored lines were purged since",)
    return Reproduced(
        run=run,
        manifest=then,
        digest=now.findings_digest,
        result=result,
        differences=differs,
        changes=None if theirs is None else _compared(theirs, result.findings),
        at_work="",
    )


class _Task(NamedTuple):
    """What is to be made again."""

    run: Run
    manifest: Manifest
    view: tuple[int, ...]
    """The runs that it looked back at."""
    earlier: tuple[int, ...]
    """The versions before it."""


def _made(night: Night, ledger: sqlite3.Connection, task: _Task) -> tuple[AuditResult, int]:
    """The result of the run as made again; how many stored lines there were to look back at."""
    from auditor.engine.identities import PLACEHOLDERS  # noqa: PLC0415 - as below
    from auditor.history.interface import Memory  # noqa: PLC0415 - heavy things stay out of --help
    from auditor.intake import layout_of  # noqa: PLC0415 - as above
    from auditor.ledger.known import seen_before  # noqa: PLC0415 - as above
    from auditor.nightly import archived  # noqa: PLC0415 - as above
    from auditor.nightly.run import audited  # noqa: PLC0415 - as above
    from auditor.reference import Named, load_reference  # noqa: PLC0415 - as above

    run, manifest = task.run, task.manifest
    asked = _asked(night, task)
    taken = archived.found(night.places, runs.files_of(ledger, run.run), manifest)
    used = {Named(t.kind, t.label, t.sha256) for t in manifest.reference if t.used}
    reference = load_reference(asked.settings.reference, only=used)
    text = manifest.layout
    layout = None if text is None else (layout_of(text, f"{run.feed}.toml"), text)
    read = archived.read(taken, asked.settings, layout, night.secrets.of_inputs(asked.settings))
    if read.intake is None:
        raise AssertionError
    folder = night.places.history(run.feed)
    memory = Memory(folder, task.view, nobody=PLACEHOLDERS, renewing=False)
    _, result = audited(asked, read.intake, reference, ledger, memory)
    seen = seen_before(ledger, run.feed, result.findings, run.run)
    dated = result.findings.drop("first_seen").join(
        seen, on="finding_id", how="left", maintain_order="left"
    )
    first = dated["first_seen"].fill_null(run.as_of)
    return replace(result, findings=result.findings.with_columns(first)), memory.height()


def _asked(night: Night, task: _Task) -> Asked:
    """What the run was about, with the settings of its manifest."""
    from auditor.nightly.effective import settings_of  # noqa: PLC0415 - heavy
    from auditor.nightly.run import Asked  # noqa: PLC0415 - as above

    run = task.run
    whole = settings_of(task.manifest, night.settings)
    return Asked(
        feed=run.feed,
        about=whole.feeds[run.feed],
        settings=config.of_feed(whole, run.feed),
        places=night.places,
        as_of=run.as_of,
        run=run.run,
        run_id=run.run_id,
        folder=run.folder,
        whole=whole,
        report_password=None,
        version=run.version,
        view=task.view,
        earlier=task.earlier,
    )


def _theirs(night: Night, run: Run, manifest: Manifest) -> pl.DataFrame | None:
    """The findings that the run wrote; None where they are not in the outbox as it wrote them."""
    import polars as pl  # noqa: PLC0415 - heavy things stay out of --help

    from auditor.nightly.manifest import digest_of_findings  # noqa: PLC0415 - as above

    names = [o.name for o in manifest.outputs if o.name.endswith("-findings.parquet")]
    path = night.places.outbox / run.folder / (names[0] if names else "")
    if not path.is_file():
        return None
    try:
        found = pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError):
        return None
    return found if digest_of_findings(found) == manifest.findings_digest else None


def _compared(then: pl.DataFrame, now: pl.DataFrame) -> Changes:
    """How many findings differ; run ids do not count."""
    ids = "finding_id"
    both = now.join(then.select(ids), on=ids, how="semi")
    same = both.drop("run_id").join(
        then.drop("run_id"), on=[n for n in now.columns if n != "run_id"], how="semi",
        nulls_equal=True,
    )  # fmt: skip
    return Changes(
        appear=now.height - both.height,
        disappear=then.join(now.select(ids), on=ids, how="anti").height,
        change=both.height - same.height,
    )


def places_for(folder: Path, run_id: str) -> tuple[Path, Path]:
    """Where `write` is to put findings and comparison; ConfigError where something is there."""
    files = (folder / f"{run_id}-findings.parquet", folder / f"{run_id}-reproduced.json")
    for path in files:
        if path.exists() or path.is_symlink():
            raise ConfigError(
                f"'{path}' is there already.",
                where="--out",
                next_step="Name another folder; nothing is written over.",
            )
    return files


def write(found: Reproduced, findings: Path, comparison: Path) -> None:
    """Write the findings as made now (Parquet), and the comparison (JSON; nothing of a claim).

    Raises ReportError where the place cannot be written.
    """
    from auditor.report import place, write_findings  # noqa: PLC0415 - heavy

    write_findings(found.result, findings)
    answer = {
        "run_id": found.run.run_id,
        "equal": found.equal,
        "findings_then": found.manifest.findings,
        "findings_now": found.result.findings.height,
        "digest_then": found.manifest.findings_digest,
        "digest_now": found.digest,
        "changes": None if found.changes is None else found.changes._asdict(),
        "differences": list(found.differences),
    }
    with place.workroom(comparison) as room:
        made = room / comparison.name
        made.write_text(json.dumps(answer, indent=2) + "\n", encoding="ascii", newline="\n")
        place.replace(made, comparison)
