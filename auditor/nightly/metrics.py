"""What a night came to, for Prometheus: a file for the textfile collector of its node exporter.

The format is Prometheus' text format 0.0.4. docs/monitoring.md lists every metric; a test compares.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args, get_type_hints

from auditor import RULE_SET_VERSION, __version__
from auditor.errors import ReferenceDataError, ReportError
from auditor.ledger import runs
from auditor.ledger.store import opened
from auditor.nightly.outcome import GOOD, FeedOutcome, Figures, NightOutcome, Warned, gravest
from auditor.nightly.releases import Age, ages

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditor.config import Settings

READABLE = 0o644
"""The collector runs as another user. That is no harm: counts, times, names of feeds, rules and
tables stand in the file, and nothing that is or is derived from what a claim says."""
TIERS = ("certain", "review", "info")
KINDS: tuple[str, ...] = get_args(get_type_hints(Warned)["kind"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger and the reference store say, whatever became of tonight."""

    feeds: tuple[str, ...] = ()
    """All of the configuration, also those that tonight left out."""
    last_success: Mapping[str, str] = field(default_factory=dict)
    """Feed -> moment (UTC, ISO) of its last run that went well."""
    figures: Mapping[str, Figures] = field(default_factory=dict)
    """Feed -> figures of its last run."""
    pending: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(feed, mail or webhook) -> deliveries that have not arrived."""
    quarters: Mapping[str, int] = field(default_factory=dict)
    """Kind of table -> quarters since the one that its newest release is for."""


class Metric(NamedTuple):
    """One family of samples."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


METRICS = (
    Metric("auditor_info", "1; which version of the program and of its rules ran.",
           ("version", "rule_set")),
    Metric("auditor_night_start_timestamp_seconds", "When the last night began, as Unix time."),
    Metric("auditor_night_end_timestamp_seconds", "When the last night ended, as Unix time."),
    Metric("auditor_night_exit_code", "Exit code of the last night: the gravest of its feeds."),
    Metric("auditor_feed_exit_code", "Exit code of the feed last night.", ("feed",)),
    Metric("auditor_feed_last_success_timestamp_seconds",
           "When the feed was last audited with exit code 0 or 1, as Unix time; 0: never.",
           ("feed",)),
    Metric("auditor_feed_seconds", "Seconds that the feed took last night.", ("feed",)),
    Metric("auditor_feed_files",
           "Files of the feed last night: taken, known from before, not complete yet.",
           ("feed", "state")),
    Metric("auditor_feed_lines",
           "Lines read last night, by what became of them; they add up to all lines read.",
           ("feed", "fate")),
    Metric("auditor_feed_earlier_lines",
           "Lines of earlier nights that were judged again or superseded last night.",
           ("feed", "fate")),
    Metric("auditor_feed_not_judged_ratio",
           "Share, 0 to 1, of what the rules ask of the lines that could not be judged.",
           ("feed",)),
    Metric("auditor_feed_new_findings", "Findings that no earlier night had.", ("feed", "tier")),
    Metric("auditor_feed_open_findings", "All open findings after the feed's last run.",
           ("feed", "tier")),
    Metric("auditor_feed_reopened_findings", "Closed findings that are back.", ("feed",)),
    Metric("auditor_feed_resolved_findings", "Findings that last night closed.", ("feed",)),
    Metric("auditor_feed_warnings", "Warnings of last night, by kind.", ("feed", "kind")),
    Metric("auditor_deliveries_pending",
           "Mails and webhook calls of the last nights that have not arrived.", ("feed", "kind")),
    Metric("auditor_release_age_quarters",
           "Quarters since the one that the newest imported release of a table is for.",
           ("table",)),
)  # fmt: skip
"""Every metric, in the order of the file; all are gauges."""

_FATES = {
    "auditor_feed_lines": ("audited", "seen_before", "set_aside", "rejected"),
    "auditor_feed_earlier_lines": ("judged_again", "superseded"),
}
_Sample = tuple[tuple[str, ...], float]
_Named = tuple[str, tuple[str, ...], float]


def known_of(
    connection: sqlite3.Connection, feeds: Iterable[str], found: Iterable[Age] = ()
) -> Known:
    """What the ledger says of `feeds`, after the night was recorded in it."""
    feeds = tuple(feeds)
    figures = {feed: runs.last_figures(connection, feed, 1) for feed in feeds}
    pending = Counter((d.feed, d.kind) for d in runs.deliveries(connection) if not d.delivered)
    return Known(
        feeds=feeds,
        last_success=runs.last_good(connection, GOOD, feeds),
        figures={feed: found[0] for feed, found in figures.items() if found},
        pending=pending,
        quarters={age.kind: age.quarters for age in found},
    )


def after_night(path: Path, settings: Settings, ledger: Path, outcome: NightOutcome) -> None:
    """Write the metrics of a night that is recorded in the ledger.

    Reference tables that cannot be read are left out: the feeds have told of them. Raises
    ReportError where the file, LedgerError where the ledger is no good.
    """
    from auditor.reference import load_reference  # noqa: PLC0415 - heavy

    found: tuple[Age, ...] = ()
    with suppress(ReferenceDataError):
        found = ages(load_reference(settings.reference).releases(), outcome.as_of)
    with opened(ledger) as connection:
        known = known_of(connection, settings.feeds, found)
    write_metrics(path, outcome, known)


def check(path: Path) -> None:
    """Raise ReportError where `path` cannot be written, before the work and not after."""
    try:
        with tempfile.TemporaryFile(prefix=".auditor-", dir=path.parent):
            pass
    except OSError as error:
        raise _refused(path, error) from None


def write_metrics(path: Path, outcome: NightOutcome, known: Known) -> None:
    """Write the file anew in one step, for everybody to read; its folder must exist.

    Raises ReportError where it cannot be written.
    """
    made: str | None = None
    try:
        # the collector reads names that end in .prom alone, so it never sees this one
        number, made = tempfile.mkstemp(prefix=".auditor-", suffix=".tmp", dir=path.parent)
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
            file.write(text(outcome, known))
            file.flush()
            os.fsync(file.fileno())
        Path(made).chmod(READABLE)
        Path(made).replace(path)
    except OSError as error:
        if made is not None:
            with suppress(OSError):
                Path(made).unlink()
        raise _refused(path, error) from None


def _refused(path: Path, error: OSError) -> ReportError:
    return ReportError(
        f"The metrics cannot be written ({error.strerror or type(error).__name__}).",
        where=str(path),
        next_step="Name a file in a folder that exists and that you may write to.",
    )


def text(outcome: NightOutcome, known: Known) -> str:
    """The whole file."""
    samples: dict[str, list[_Sample]] = {metric.name: [] for metric in METRICS}
    for name, labels, value in (*_of_night(outcome), *_of_store(known)):
        samples[name].append((labels, value))
    of_feed: dict[str, list[FeedOutcome]] = {feed: [] for feed in known.feeds}
    for each in outcome.feeds:  # twice for one whose run of a broken-off night is told tonight
        of_feed.setdefault(each.feed, []).append(each)
    for feed, told in of_feed.items():
        for name, labels, value in (*_of_ledger(feed, told, known), *_of_feed(told)):
            samples[name].append(((feed, *labels), value))
    return "".join(line + "\n" for metric in METRICS for line in _family(metric, samples))


def _family(metric: Metric, samples: Mapping[str, list[_Sample]]) -> Iterator[str]:
    yield f"# HELP {metric.name} {escaped(metric.help, quotes=False)}"
    yield f"# TYPE {metric.name} gauge"
    for labels, value in samples[metric.name]:
        pairs = zip(metric.labels, labels, strict=True)
        inner = ",".join(f'{label}="{escaped(said)}"' for label, said in pairs)
        yield (
            f"{metric.name}{{{inner}}} {_number(value)}"
            if inner
            else (f"{metric.name} {_number(value)}")
        )


def escaped(said: str, *, quotes: bool = True) -> str:
    """A label's value, or without `quotes` a help text, as the format has it."""
    plain = said.replace("\\", "\\\\").replace("\n", "\\n")
    return plain.replace('"', '\\"') if quotes else plain


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _unix(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def _of_night(outcome: NightOutcome) -> Iterator[_Named]:
    yield "auditor_info", (__version__, str(RULE_SET_VERSION)), 1
    yield "auditor_night_start_timestamp_seconds", (), _unix(outcome.started_at)
    yield "auditor_night_end_timestamp_seconds", (), _unix(outcome.ended_at)
    yield "auditor_night_exit_code", (), outcome.exit_code


def _of_store(known: Known) -> Iterator[_Named]:
    for labels, count in sorted(known.pending.items()):
        yield "auditor_deliveries_pending", labels, count
    for table, quarters in sorted(known.quarters.items()):
        yield "auditor_release_age_quarters", (table,), quarters


def _of_ledger(feed: str, told: list[FeedOutcome], known: Known) -> Iterator[_Named]:
    """What is told of every feed, also of one that the night left out."""
    last = known.last_success.get(feed)
    yield "auditor_feed_last_success_timestamp_seconds", (), 0 if last is None else _unix(last)
    newest = known.figures.get(feed) or next((t.figures for t in told if t.figures), None)
    yield from _tiers("auditor_feed_open_findings", [{} if newest is None else newest.open])


def _of_feed(told: list[FeedOutcome]) -> Iterator[_Named]:
    """What the night did with a feed; nothing where it left it out."""
    if not told:
        return
    figures = [t.figures for t in told if t.figures is not None]
    yield "auditor_feed_exit_code", (), gravest(t.exit_code for t in told)
    yield "auditor_feed_seconds", (), round(sum(t.seconds for t in told), 3)
    yield "auditor_feed_files", ("taken",), sum(t.files for t in told)
    yield "auditor_feed_files", ("known",), sum(t.again for t in told)
    yield "auditor_feed_files", ("waiting",), sum(t.waiting for t in told)
    for name, fates in _FATES.items():
        for fate in fates:
            yield name, (fate,), sum(getattr(f, f"lines_{fate}") for f in figures)
    if figures:
        yield "auditor_feed_not_judged_ratio", (), figures[0].not_judged
    yield from _tiers("auditor_feed_new_findings", [f.new for f in figures])
    yield "auditor_feed_reopened_findings", (), sum(f.reopened for f in figures)
    yield "auditor_feed_resolved_findings", (), sum(f.resolved for f in figures)
    warnings = Counter[str](warned.kind for t in told for warned in t.warnings)
    yield from (("auditor_feed_warnings", (kind,), warnings[kind]) for kind in KINDS)


def _tiers(name: str, counts: Sequence[Mapping[str, int]]) -> Iterator[_Named]:
    yield from ((name, (tier,), sum(c.get(tier, 0) for c in counts)) for tier in TIERS)
