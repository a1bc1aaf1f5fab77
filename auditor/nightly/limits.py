"""Whether a feed's night was an ordinary one: late, short, rejected or drifting.

docs/monitoring.md tells each warning, and what to do, in words.
"""

from __future__ import annotations

import math
from datetime import time
from statistics import median
from typing import TYPE_CHECKING, Literal, NamedTuple

from auditor.nightly.outcome import Warned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime

    from auditor.nightly.outcome import Figures
    from auditor.nightly.settings import Feed, Limits

RUNS = 10
"""So many earlier runs are compared with."""
RUNS_NEEDED = 5
"""With fewer nobody knows what is usual."""
FEWEST = 20
"""A difference of fewer lines or findings is no news, whatever it is a part of."""
BY_CHANCE = 3.0
"""A count of n differs by up to about this many times the root of n from night to night although
nothing has changed (of a Poisson count, in 997 nights of 1,000)."""
POINTS = 0.005
"""A share that moves by less than half a percentage point is no news either."""
ENOUGH = 100
"""Lines without which a share says nothing."""
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""In the order in which calendars of Python count them."""
_Kind = Literal["late", "short", "drift"]
_TIERS = ("certain", "review")


def warnings_of(  # noqa: PLR0913 - settings, tonight, earlier nights, the clock: each is plain
    feed: Feed,
    limits: Limits,
    figures: Figures | None,
    earlier: Sequence[Figures],
    now: datetime,
    *,
    arrived: datetime | None = None,
) -> tuple[Warned, ...]:
    """What a person should look at, in a fixed order.

    `figures` are those of tonight's run (None: no new file came), `earlier` those of the feed's
    earlier runs, the latest first. `now` is the moment as the operator's clock shows it, with
    its zone, and `arrived` the one at which the last new file was taken (auditor.ledger.runs).
    """
    found = (
        _late(limits, now, None if arrived is None else arrived.astimezone(now.tzinfo).date())
        if figures is None
        else _of_file(feed, limits, figures, earlier[:RUNS])
    )
    return tuple(found)


def expected_by(limits: Limits) -> time | None:
    """The time of day by which a file must be there."""
    return None if limits.expect_by is None else time.fromisoformat(limits.expect_by)


def _late(limits: Limits, now: datetime, arrived: date | None) -> Iterator[Warned]:
    by = expected_by(limits)
    if by is None or now.time() < by or arrived == now.date():
        return
    if limits.expect_on and DAYS[now.weekday()] not in limits.expect_on:
        return
    last = "None has come yet." if arrived is None else f"The last one was taken on {arrived}."
    yield _warned(
        limits,
        "late",
        f"No new file has come today; one is expected by {limits.expect_by}. {last}"
        " Ask whoever makes the export.",
    )


def _of_file(
    feed: Feed, limits: Limits, figures: Figures, earlier: Sequence[Figures]
) -> Iterator[Warned]:
    read, rejected = figures.lines_read, figures.lines_rejected
    short = read < limits.min_lines
    if short:
        yield _warned(
            limits,
            "short",
            f"{read:,} lines were read; at least {limits.min_lines:,} are expected. Ask whoever"
            " makes the export whether it is whole.",
        )
    too_many = rejected > limits.max_rejected * read
    if too_many:
        yield Warned(
            kind="rejected",
            text=f"{rejected:,} of {read:,} lines ({_percent(rejected / read)}) were rejected;"
            f" {_percent(limits.max_rejected)} are allowed. The report's sheet Input says"
            " why, row by row; have the export mended and send those lines again.",
            fails=True,
        )
    if len(earlier) < RUNS_NEEDED:
        return
    change = limits.change
    if change.lines is not None and not short:
        yield from _lines(feed, limits, change.lines, figures, earlier)
    # what a limit of its own has told already is not told as a drift too
    if change.rejected is not None and not too_many:
        yield from _share(limits, change.rejected, _REJECTED, figures, earlier)
    if change.not_judged is not None:
        yield from _share(limits, change.not_judged, _NOT_JUDGED, figures, earlier)
    if change.findings is not None:
        yield from _findings(limits, change.findings, figures, earlier)


def _lines(
    feed: Feed, limits: Limits, allowed: float, figures: Figures, earlier: Sequence[Figures]
) -> Iterator[Warned]:
    """Of a month-to-date export the new and changed lines: all of them grow through the month."""
    snapshot = feed.mode == "snapshot"

    def of(night: Figures) -> int:
        return night.lines_audited if snapshot else night.lines_read

    usual, now = median(map(of, earlier)), of(figures)
    if not (_differs(now, usual, allowed) and _counts(now, usual)):
        return
    what = "new or changed lines" if snapshot else "lines"
    advice = (
        "Ask whoever makes the export whether it is whole, and newer than the last one."
        if now < usual
        else "Ask whoever makes the export whether another site or a longer time is in it."
    )
    yield _warned(limits, "drift", f"{now:,} {what}, usually {usual:,.0f}{_of(earlier)}. {advice}")


class _Share(NamedTuple):
    """A share of lines that should not grow."""

    of: Callable[[Figures], float]
    among: Callable[[Figures], int]
    what: str
    advice: str


def _rejected(figures: Figures) -> float:
    return figures.lines_rejected / figures.lines_read


_REJECTED = _Share(
    _rejected,
    lambda f: f.lines_read,
    "of the lines were rejected",
    "The report's sheet Input says why, row by row.",
)
_NOT_JUDGED = _Share(
    lambda f: f.not_judged,
    lambda f: f.lines_audited,
    "of what the rules ask could not be judged",
    "The report's sheet Coverage says which rules and why: mostly a column of the export is empty,"
    " or services are older or newer than the reference tables.",
)


def _share(
    limits: Limits, allowed: float, share: _Share, figures: Figures, earlier: Sequence[Figures]
) -> Iterator[Warned]:
    """Only growth: a share that falls is good news."""
    before = [share.of(f) for f in earlier if share.among(f) >= ENOUGH]
    among = share.among(figures)
    if len(before) < RUNS_NEEDED or among < ENOUGH:
        return
    usual, now = median(before), share.of(figures)
    if (
        now > usual
        and _differs(now, usual, allowed)
        and now - usual >= POINTS
        and _counts(now * among, usual * among)
    ):
        yield _warned(
            limits,
            "drift",
            f"{_percent(now)} {share.what}, usually {_percent(usual)}{_of(before)}. {share.advice}",
        )


def _findings(
    limits: Limits, allowed: float, figures: Figures, earlier: Sequence[Figures]
) -> Iterator[Warned]:
    """Of a thousand lines judged, tonight's and those judged again; ledger entries do not count."""

    def judged(night: Figures) -> int:
        return night.lines_audited + night.lines_judged_again

    def found(night: Figures) -> int:
        return sum(night.found.get(tier, 0) for tier in _TIERS)

    before = [found(f) / judged(f) for f in earlier if judged(f) >= ENOUGH]
    lines = judged(figures)
    if len(before) < RUNS_NEEDED or lines < ENOUGH:
        return
    usual, now = median(before), found(figures) / lines
    if not (_differs(now, usual, allowed) and _counts(now * lines, usual * lines)):
        return
    advice = (
        "The report's sheet Coverage says what could not be judged: a column of the export may be"
        " empty, or a reference table missing."
        if now < usual
        else "The report's Summary says which rules: where one of them makes up most, look whether"
        " the export has changed."
    )
    yield _warned(
        limits,
        "drift",
        f"{now * 1000:,.1f} certain and review findings in 1,000 lines, usually"
        f" {usual * 1000:,.1f}{_of(before)}. {advice}",
    )


def _differs(now: float, usual: float, allowed: float) -> bool:
    """Whether `now` is more than (1 + allowed) times `usual`, or that much less."""
    return now > usual * (1 + allowed) or now * (1 + allowed) < usual


def _counts(now: float, usual: float) -> bool:
    """Whether two counts differ by more than a handful and more than chance would have it."""
    return abs(now - usual) > max(FEWEST, BY_CHANCE * math.sqrt(usual))


def _of(runs: Sequence[object]) -> str:
    return f" (the median of the last {len(runs)} runs)"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _warned(limits: Limits, kind: _Kind, text: str) -> Warned:
    return Warned(kind=kind, text=text, fails=kind in limits.fail)
