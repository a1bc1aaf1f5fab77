"""What a night came to: plain values for status, mail, webhook, metrics and the exit code.

Nothing here is patient data: counts, sums, rules, feed names and places of reports. Files are
named by the first characters of their digest, because their names may hold a patient's.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from auditor.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

GRAVITY = (
    ExitCode.DONE,
    ExitCode.FINDINGS,
    ExitCode.INCOMPLETE,
    ExitCode.USAGE,
    ExitCode.UNREADABLE,
    ExitCode.LOCKED,
    ExitCode.INTERNAL,
    ExitCode.INTERRUPTED,
)
"""The exit codes, the gravest last."""
GOOD = frozenset({ExitCode.DONE, ExitCode.FINDINGS})
"""A night that did all its work; findings are what it is for."""


def gravest(codes: Iterable[ExitCode]) -> ExitCode:
    """The gravest of `codes`; DONE where there is none."""
    return max(codes, key=GRAVITY.index, default=ExitCode.DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run of a feed counted; kept in the ledger, compared from night to night.

    lines_read = lines_audited + lines_seen_before + lines_set_aside + lines_rejected.
    """

    files: int
    lines_read: int
    lines_audited: int
    lines_seen_before: int
    lines_set_aside: int
    """Void, superseded and institutional ones."""
    lines_rejected: int
    lines_judged_again: int
    """Of earlier nights, because tonight's lines touch their day."""
    lines_superseded: int
    """Of earlier nights, that stand no longer."""
    not_judged: float
    """Share of (line, rule) that no rule could judge, of those it is asked about: 0 to 1."""
    found: dict[str, int]
    """Tier -> findings on the lines judged tonight."""
    new: dict[str, int]
    """Tier -> findings that no earlier night had."""
    reopened: int
    standing: int
    """Found again tonight, and found before."""
    resolved: int
    open: dict[str, int]
    """Tier -> all findings of the feed that are open after tonight."""
    new_at_risk: dict[str, dict[str, str]]
    """Tier -> basis -> sum in dollars over the new findings; never one sum of all."""
    by_rule: dict[str, int] = field(default_factory=dict)
    """Rule -> new findings."""
    releases: dict[str, str] = field(default_factory=dict)
    """Kind of table -> release that judged the last services."""
    releases_too_old: tuple[str, ...] = ()
    """What auditor.report.ages.late tells, file to fetch included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something about a feed's night that a person should look at."""

    kind: Literal["late", "short", "rejected", "drift", "files", "reference", "day", "delivery"]
    text: str
    fails: bool = False
    """It makes the night incomplete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOutcome:
    """What became of one feed tonight."""

    feed: str
    exit_code: ExitCode
    run_id: str | None = None
    """None: nothing was audited."""
    figures: Figures | None = None
    folder: Path | None = None
    """Where the outputs lie."""
    files: int = 0
    """Files taken."""
    again: int = 0
    """Files that had been audited before."""
    waiting: int = 0
    """Files that were not complete yet, or not ours to read."""
    warnings: tuple[Warned, ...] = ()
    error: str | None = None
    """What went wrong, in words and without a word from a claim."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NightOutcome:
    """What became of all feeds."""

    as_of: date
    started_at: str
    """UTC, ISO."""
    ended_at: str
    feeds: tuple[FeedOutcome, ...]
    recovered: tuple[str, ...] = ()
    """Run ids of earlier nights whose work was finished first."""
    delivery: tuple[Warned, ...] = ()
    """What could not be sent; it is tried again, and does not fail the audit."""

    @property
    def exit_code(self) -> ExitCode:
        """The gravest of the feeds'."""
        return gravest(f.exit_code for f in self.feeds)

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        told = asdict(self)
        told["as_of"] = self.as_of.isoformat()
        told["exit_code"] = int(self.exit_code)
        for feed in told["feeds"]:
            feed["exit_code"] = int(feed["exit_code"])
            feed["folder"] = None if feed["folder"] is None else str(feed["folder"])
        return told
