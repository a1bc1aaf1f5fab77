"""A run laid out in its staging folder: outputs, lines, layout, manifest; and what it counted."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from typing import TYPE_CHECKING

from auditor.nightly.archiving import make_folder, synced
from auditor.nightly.finish import HISTORY, LAYOUT, MANIFEST, OUTPUTS
from auditor.nightly.outcome import Figures

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.history.interface import Memory, Staged
    from auditor.ledger.life import Life
    from auditor.nightly.run import Asked, Judged
    from auditor.result import AuditResult


def outputs(asked: Asked, result: AuditResult) -> Path:
    """Write workbook (where it is asked for), findings and summary; answers their folder."""
    from auditor.report import write_findings, write_report, write_summary  # noqa: PLC0415 - heavy

    room = asked.places.staged(asked.run_id)
    shutil.rmtree(room, ignore_errors=True)  # of a run that was killed before its commit
    made = room / OUTPUTS
    make_folder(made)
    name = f"{asked.feed}-{asked.as_of}"
    if asked.version > 1:  # a copy elsewhere is not taken for the first version
        name += f".v{asked.version}"
    if asked.report:
        write_report(result, made / f"{name}.xlsx", password=asked.report_password)
    write_findings(result, made / f"{name}-findings.parquet")
    write_summary(result, made / f"{name}-summary.json")
    return made


def lines(asked: Asked, memory: Memory, judged: Judged) -> Staged:
    """Write the lines that later nights look back at."""
    folder = asked.places.staged(asked.run_id) / HISTORY
    make_folder(folder)
    staged = memory.stage(judged.tonight, asked.run, folder)
    synced(folder)
    return staged


def layout(asked: Asked, text: str) -> None:
    """The layout that later files of the feed are held to."""
    about = (
        f"# What the files of the feed {asked.feed} must look like, as recognised in the first run"
        f" ({asked.run_id}).\n# A file that looks different is refused. docs/layouts.md tells what"
        " may stand here.\n"
    )
    _write(asked.places.staged(asked.run_id) / LAYOUT, about + text)


def manifest(asked: Asked, text: str) -> None:
    """The evidence of the run."""
    room = asked.places.staged(asked.run_id)
    _write(room / MANIFEST, text)
    synced(room)
    synced(room.parent)


def figures(result: AuditResult, life: Life, files: int) -> Figures:
    """What the run counted."""
    from auditor.report import ages  # noqa: PLC0415 - heavy things stay out of --help
    from auditor.report.figures import by_tier, decided  # noqa: PLC0415 - as above

    aside = Counter[str](result.set_aside["reason"].to_list())
    seen = aside.pop("seen before", 0)
    coverage = result.coverage
    asked = int(coverage["lines"].sum())
    unjudged = int(coverage.filter(coverage["state"] == "not judged")["lines"].sum())
    return Figures(
        files=files,
        lines_read=result.lines_read,
        lines_audited=result.lines_audited,
        lines_seen_before=seen,
        lines_set_aside=aside.total(),
        lines_rejected=sum(file.rejected for file in result.files),
        lines_judged_again=result.lines_again,
        lines_superseded=result.lines_gone_before.height,
        not_judged=round(unjudged / asked, 6) if asked else 0.0,
        found=by_tier(result.tally),
        releases={r.kind: r.label for r, _ in decided(result.releases, result.last_service_date)},
        releases_too_old=tuple(old.told() for old in ages.late(result)),
        **life.figures(),
    )


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
