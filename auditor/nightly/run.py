"""One run of one feed: files in, everything that will be published in the staging folder.

Nothing here can be seen by anybody: the run becomes true with its commit (auditor.nightly.night).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from auditor import rulewords
from auditor.errors import AuditorError, ExitCode
from auditor.nightly.beside import came, ended, lasting, named, ran
from auditor.nightly.outcome import Figures

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import date

    import polars as pl

    from auditor.config import FailOn, Settings
    from auditor.history.interface import Memory, Staged, Tonight
    from auditor.intake.interface import Intake
    from auditor.ledger.again import Replaced
    from auditor.ledger.life import Life
    from auditor.ledger.runs import NewRun, RunFile
    from auditor.nightly.outcome import Figures, Warned
    from auditor.nightly.places import Places
    from auditor.nightly.reading import Read
    from auditor.nightly.settings import Feed
    from auditor.reference.interface import Reference
    from auditor.result import AuditResult

_STRENGTH: tuple[FailOn, ...] = ("certain", "review")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one run is about."""

    feed: str
    about: Feed
    settings: Settings
    """Of the feed (auditor.config.of_feed)."""
    places: Places
    as_of: date
    run: int
    """Its number in the ledger."""
    run_id: str
    folder: str
    """Of its outputs, relative to the outbox."""
    whole: Settings
    """Of the whole file."""
    report_password: str | None
    """What opens the workbooks; None: they are plain."""
    report: bool = True
    """Write the workbook too."""
    version: int = 1
    rerun_of: str | None = None
    """Run id of the version before."""
    rerun_run: int | None = None
    """Its number."""
    view: tuple[int, ...] = ()
    """The runs that are looked back at, the first first."""
    files: tuple[RunFile, ...] = ()
    """Of a rerun: what the ledger knows of its files, which lie in the archive already."""
    earlier: tuple[int, ...] = ()
    """Of a rerun: the numbers of the versions before it."""
    replaced: Replaced | None = None
    """Of a rerun: what it takes the place of."""

    @property
    def reason(self) -> str | None:
        """Why a run is audited again."""
        return None if self.replaced is None else self.replaced.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run that lies whole in its staging folder and waits for its commit."""

    asked: Asked
    read: Read
    figures: Figures
    manifest: str
    """Its JSON (auditor.nightly.manifest)."""
    staged: Staged
    life: Life
    fails: bool
    """An open finding of tonight's report is at or above the feed's fail_on.

    Not what is open from earlier nights and was not judged again: a scheduler that is red every
    night for what is known tells nobody anything.
    """
    everything_rejected: bool

    @property
    def code(self) -> ExitCode:
        """The exit code as far as the run itself gives one."""
        if self.everything_rejected:
            return ExitCode.INCOMPLETE
        return ExitCode.FINDINGS if self.fails else ExitCode.DONE

    def row(self, code: ExitCode, warnings: tuple[Warned, ...] = ()) -> NewRun:
        """What the ledger keeps of the run."""
        from auditor.ledger.runs import NewRun, RunFile  # noqa: PLC0415 - heavy

        asked = self.asked
        month = f"{asked.as_of:%Y-%m}"
        return NewRun(
            run_id=asked.run_id,
            feed=asked.feed,
            as_of=asked.as_of,
            exit_code=code,
            figures=self.figures,
            manifest=self.manifest,
            folder=asked.folder,
            files=asked.files
            or tuple(
                RunFile(
                    sha256=taken.sha256,
                    name=taken.path.name,
                    bytes=taken.waiting.size,
                    archived=asked.places.archived(
                        asked.feed, month, taken.sha256, taken.path.name
                    ),
                )
                for taken in self.read.taken
            ),
            version=asked.version,
            rerun_of=asked.rerun_run,
            reason=asked.reason,
            warnings=warnings,
        )


def prepare(
    asked: Asked,
    read: Read,
    ledger: sqlite3.Connection,
    memory: Memory,
    tell: Callable[..., None],
) -> Prepared:
    """Audit what was read and stage its outputs, its lines and its manifest.

    Raises AuditorError for what a person can mend.
    """
    from auditor.ledger.store import now  # noqa: PLC0415 - heavy things stay out of --help
    from auditor.reference import load_reference  # noqa: PLC0415 - as above

    started_at = now()
    intake = read.intake
    if intake is None:
        raise AssertionError
    reference = load_reference(asked.settings.reference)
    try:
        judged = judge(asked, intake, reference, ledger, memory)
    except AuditorError:
        raise
    except Exception:
        # An import may have taken away a table's file meanwhile: whoever opens the store anew
        # sees the new tables whole. Anything else happens again and is told then.
        again = load_reference(asked.settings.reference)
        if _tables(again) == _tables(reference):
            raise
        tell("reference-changed", feed=asked.feed)
        judged = judge(asked, intake, again, ledger, memory)
    tell("audited", feed=asked.feed, run=asked.run_id, lines=judged.result.lines_audited)
    return _staged(asked, read, judged, ledger, memory, started_at)


def _staged(  # noqa: PLR0913, PLR0917 - what a run is about, and what became of it
    asked: Asked,
    read: Read,
    judged: Judged,
    ledger: sqlite3.Connection,
    memory: Memory,
    started_at: str,
) -> Prepared:
    from auditor.ledger.store import now  # noqa: PLC0415 - heavy things stay out of --help
    from auditor.nightly import manifest as evidence  # noqa: PLC0415 - as above
    from auditor.nightly import staging  # noqa: PLC0415 - as above
    from auditor.nightly.effective import effective  # noqa: PLC0415 - as above

    result = judged.result
    made = staging.outputs(asked, result)
    staged = staging.lines(asked, memory, judged)
    if read.to_pin is not None:
        staging.layout(asked, read.to_pin)
    lines_of = Counter[str]()
    for file in result.files:
        lines_of[file.sha256] += file.lines_read
    manifest = evidence.Manifest(
        run_id=asked.run_id,
        feed=asked.feed,
        as_of=asked.as_of,
        started_at=started_at,
        ended_at=now(),
        inputs=tuple(
            evidence.Input(
                sha256=taken.sha256,
                bytes=taken.waiting.size,
                lines=lines_of.get(taken.sha256, -1),
            )
            for taken in read.taken
        ),
        reference=evidence.tables(result.releases),
        configuration=effective(asked.whole, asked.feed),
        history=evidence.watermark(ledger, asked.view),
        versions=evidence.versions(),
        findings=result.findings.height,
        findings_digest=evidence.digest_of_findings(result.findings),
        outputs=evidence.outputs(made),
        layout=read.layout_text,
        layout_sha256=None if read.layout is None else read.layout.sha256,
        decisions=judged.decisions,
        version=asked.version,
        rerun_of=asked.rerun_of,
    )
    staging.manifest(asked, manifest.to_json())
    return Prepared(
        asked=asked,
        read=read,
        figures=staging.figures(result, judged.life, len(read.taken)),
        manifest=manifest.to_json(),
        staged=staged,
        life=judged.life,
        fails=_fails(result, asked.settings.fail_on),
        everything_rejected=result.lines_read > 0
        and sum(file.rejected for file in result.files) == result.lines_read,
    )


def _fails(result: AuditResult, fail_on: FailOn | None) -> bool:
    """Whether an open finding of the report is of the tier `fail_on` or above it."""
    if fail_on is None:
        return False
    counting = _STRENGTH[: _STRENGTH.index(fail_on) + 1]
    return bool(result.open_findings["tier"].is_in(counting).any())


def _tables(reference: Reference) -> list[tuple[str, str, bool]]:
    """What tells one state of a reference store from another."""
    return [(r.kind, r.sha256, r.used) for r in reference.releases()]


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found, and what it rests on."""

    tonight: Tonight
    result: AuditResult
    life: Life
    decisions: str | None
    """Digest of the reviewers' decisions that were looked at."""


def judge(
    asked: Asked,
    intake: Intake,
    reference: Reference,
    ledger: sqlite3.Connection,
    memory: Memory,
) -> Judged:
    """What was found, what it means for the findings of the feed, and what was decided of them."""
    import polars as pl  # noqa: PLC0415 - heavy things stay out of --help

    from auditor.ledger.life import settle  # noqa: PLC0415 - as above
    from auditor.review import applied, consult  # noqa: PLC0415 - as above

    settings = asked.settings
    tonight, result = audited(asked, intake, reference, ledger, memory)
    fallen = ended(tonight, result)
    replaced = tonight.ended.select("version", reason="why")
    gone = pl.concat([result.lines_gone_before, replaced]).sort("version")
    result = replace(result, lines_gone_before=gone)
    line = ("claim_id", "patient_id", pl.col("service_date_from").alias("service_date"))
    judged = result.lines.head(result.lines_of_files + result.lines_of_earlier)
    # what a void or a replacement took out was not judged: it ended
    judged = judged.filter(
        ~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(result.lines_gone.implode())
    )
    life = settle(
        ledger,
        asked.feed,
        result.findings,
        judged=judged.select(line).unique(),
        ended=fallen,
        came=came(result),
        ran=ran(result),
        lasting=lasting(),
        as_of=asked.as_of,
        replaced=asked.replaced,
        copy=asked.places.open_findings(asked.feed),
    )
    result = replace(result, findings=life.dated(result.findings), life=life)
    decisions = None
    if settings.ledger is not None:
        consulted = consult(settings.ledger, result.lines, asked.as_of)
        result, decisions = applied(result, consulted), consulted.digest
    return Judged(tonight, result, life, decisions)


def audited(
    asked: Asked,
    intake: Intake,
    reference: Reference,
    ledger: sqlite3.Connection,
    memory: Memory,
) -> tuple[Tonight, AuditResult]:
    """Audit the new lines of `intake` together with the earlier ones that they touch.

    Of a rerun also those of which earlier versions said something. Of the ledger nothing counts
    but what runs before this one wrote.
    """
    import polars as pl  # noqa: PLC0415 - heavy things stay out of --help

    from auditor.auditing import audit  # noqa: PLC0415 - as above
    from auditor.engine.history import Earlier  # noqa: PLC0415 - as above
    from auditor.engine.reach import reaches  # noqa: PLC0415 - as above
    from auditor.history.interface import Reach  # noqa: PLC0415 - as above
    from auditor.ledger.again import claims  # noqa: PLC0415 - as above
    from auditor.nightly.repeated import without_repeated  # noqa: PLC0415 - as above
    from auditor.result import AuditOptions  # noqa: PLC0415 - as above

    settings = asked.settings

    def told(codes: pl.Series, first: date, last: date) -> tuple[Reach, ...]:
        return tuple(Reach(*each) for each in reaches(codes, first, last, reference))

    anew = claims(ledger, asked.earlier) if asked.earlier else None
    tonight = memory.resolve(intake.lines, intake.rejected, asked.about.mode, told, anew=anew)
    fresh = replace(
        intake, lines=tonight.fresh, set_aside=pl.concat([intake.set_aside, tonight.set_aside])
    )
    options = AuditOptions(
        asked.as_of,
        asked.run_id,
        frozenset(settings.select),
        frozenset(settings.ignore),
        rulewords.options(settings),
    )
    again, context = (named(each, ledger) for each in (tonight.again, tonight.context))
    earlier = Earlier(
        again,
        context,
        tonight.rejected,
        groups=tonight.groups,
        numbered=tonight.numbered,
        since=tonight.since,
        refused=tonight.refused,
    )
    result = audit(fresh, reference, options, earlier=earlier)
    result = without_repeated(
        result, ledger, asked.feed, lasting(), asked.run, without=asked.earlier
    )
    if asked.reason is not None:
        result = replace(result, notes=(*result.notes, _of_version(asked)))
    return tonight, result


def _of_version(asked: Asked) -> str:
    """That a run was audited again, for whoever reads its report."""
    return (
        f"This is version {asked.version} of this run: the same files, audited again with what"
        f" holds now. It takes the place of {asked.rerun_of}, whose report stays as it is. The"
        f" reason given: {asked.reason}"
    )
