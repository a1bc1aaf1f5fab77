"""One run of one feed: files in, everything that will be published in the staging folder.

Nothing here can be seen by anybody: the run becomes true with its commit (auditor.nightly.night).
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from auditor import rulewords
from auditor.errors import AuditorError, ExitCode
from auditor.nightly.finish import HISTORY, LAYOUT, MANIFEST, OUTPUTS, make_folder, synced
from auditor.nightly.outcome import Figures

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from auditor.config import FailOn, Settings
    from auditor.history import Memory, Staged, Tonight
    from auditor.intake.interface import Intake
    from auditor.ledger.life import Life
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
    report_password: str | None
    """What opens the workbooks; None: they are plain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run that lies whole in its staging folder and waits for its commit."""

    asked: Asked
    read: Read
    figures: Figures
    manifest: dict[str, Any]
    staged: Staged
    life: Life
    fails: bool
    """A finding that is open is at or above the feed's fail_on."""
    everything_rejected: bool
    seconds: float
    started_at: str


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

    began, started_at = time.perf_counter(), now()
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
    return _stage(asked, read, judged, memory, began, started_at)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found, and what it rests on."""

    tonight: Tonight
    result: AuditResult
    life: Life
    reference: Reference


def judge(
    asked: Asked,
    intake: Intake,
    reference: Reference,
    ledger: sqlite3.Connection,
    memory: Memory,
) -> Judged:
    """Audit tonight's new lines together with the earlier ones that they touch."""
    import polars as pl  # noqa: PLC0415 - heavy things stay out of --help

    from auditor.auditing import audit  # noqa: PLC0415 - as above
    from auditor.engine.history import Earlier  # noqa: PLC0415 - as above
    from auditor.engine.reach import reaches  # noqa: PLC0415 - as above
    from auditor.ledger.life import settle  # noqa: PLC0415 - as above
    from auditor.result import AuditOptions  # noqa: PLC0415 - as above
    from auditor.review import applied, consult  # noqa: PLC0415 - as above

    settings = asked.settings
    tonight = memory.resolve(intake.lines, intake.rejected, asked.about.mode, reference)
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
    result = audit(
        fresh, reference, options, earlier=Earlier(tonight.again, tonight.context, tonight.rejected)
    )
    life = settle(ledger, asked.feed, result, tonight.ended)
    result = replace(result, findings=life.findings, life=life)
    if settings.ledger is not None:
        result = applied(result, consult(settings.ledger, result.lines, asked.as_of))
    return Judged(tonight, result, life, reference)
