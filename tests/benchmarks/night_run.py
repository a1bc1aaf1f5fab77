"""One night of an office, timed by stage, for night.py; prints JSON.

python night_run.py --office DIR
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections import defaultdict
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.cli import MEMORY

os.environ.setdefault("_RJEM_MALLOC_CONF", MEMORY)  # as the program does, before polars is loaded
from night_store import TONIGHT

import auditor.auditing
import auditor.ledger.life
import auditor.nightly.committed
import auditor.nightly.feed
import auditor.nightly.night
import auditor.report
import auditor.review
from auditor import config
from auditor.history.interface import Memory
from auditor.ledger import store
from auditor.nightly.about import Night, Secrets
from auditor.nightly.lineage import Lineage
from auditor.nightly.night import perform

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS: defaultdict[str, float] = defaultdict(float)
CPU: defaultdict[str, float] = defaultdict(float)
PEAKS: dict[str, float] = {}
SEEN: dict[str, int] = {}


def timed(owner: Any, name: str, stage: str) -> None:  # noqa: ANN401 - a module or a class
    """Have each call of `owner`'s `name` counted as time of `stage`."""
    work: Callable[..., Any] = getattr(owner, name)

    @wraps(work)
    def measured(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes
        started, cpu = time.perf_counter(), time.process_time()
        try:
            return work(*arguments, **named)
        finally:
            CPU[stage] += time.process_time() - cpu
            SECONDS[stage] += time.perf_counter() - started
            PEAKS[stage] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

    setattr(owner, name, measured)


def main() -> None:
    """Run the night."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--office", type=Path, required=True)
    given = parser.parse_args()
    for owner, name, stage in (
        (auditor.nightly.feed, "_sorted_out", "hash"),
        (auditor.nightly.feed, "read", "intake"),
        (Memory, "__init__", "resolve"),
        (Memory, "resolve", "resolve"),
        (auditor.auditing, "audit", "audit"),
        (auditor.ledger.life, "settle", "life"),
        (auditor.review, "consult", "decisions"),
        (auditor.review, "applied", "decisions"),
        (auditor.report, "write_report", "workbook"),
        (auditor.report, "write_findings", "findings"),
        (auditor.report, "write_summary", "findings"),
        (Memory, "stage", "stage"),
        (auditor.nightly.committed, "commit", "commit"),
        (auditor.nightly.committed, "finished", "publish"),
        (auditor.nightly.night, "compact", "merge"),
    ):
        timed(owner, name, stage)
    resolve = Memory.resolve

    def counted(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as resolve
        found = resolve(*arguments, **named)
        SEEN["context"] = found.context.height
        return found

    Memory.resolve = counted  # type: ignore[method-assign]
    night = Night(
        settings=config.load(given.office / "auditor.toml"),
        as_of=TONIGHT,
        now=datetime.now(UTC),
        secrets=Secrets(of_inputs=lambda _: lambda _: None, of_report=lambda _: ""),
        debug=lambda error: print(repr(error)),  # noqa: T201 - a script
    )
    with store.opened(night.ledger) as ledger:
        looked_back_at = Lineage.of(ledger, "clinic").standing
        lines = dict(ledger.execute("SELECT run, lines FROM segments"))
        stored = sum(lines[run] for run in looked_back_at)
        (opened,) = ledger.execute("SELECT count(*) FROM open_findings").fetchone()
    started, cpu = time.perf_counter(), time.process_time()
    outcome = perform(night)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    (feed,) = outcome.feeds
    if feed.figures is None:
        raise SystemExit(feed.error)
    figures = {
        "stored": stored,
        "opened": opened,
        "read": feed.figures.lines_read,
        "seen": feed.figures.lines_seen_before,
        "again": feed.figures.lines_judged_again,
        "context": SEEN["context"],
        "found": sum(feed.figures.found.values()),
        "life": {
            "new": feed.figures.new,
            "standing": feed.figures.standing,
            "resolved": feed.figures.resolved,
            "reopened": feed.figures.reopened,
        },
        "seconds": seconds,
        "cpu": cpu,
        "stages": SECONDS,
        "stages_cpu": CPU,
        "peaks": PEAKS,
    }
    print(json.dumps(figures))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
