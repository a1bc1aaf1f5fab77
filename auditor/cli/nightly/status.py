"""`auditor nightly status`: the last runs, what waits, what failed and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli import options, output
from auditor.cli.nightly.place import place_of
from auditor.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.ledger.runs import Night, Run
    from auditor.nightly.outcome import FeedOutcome
    from auditor.nightly.status import FeedStatus, Status

_MEANING = {
    ExitCode.DONE: "done",
    ExitCode.FINDINGS: "done, with findings at or above fail_on in its report",
    ExitCode.USAGE: "the configuration or an output",
    ExitCode.UNREADABLE: "a file, the tables or the ledger could not be read",
    ExitCode.INTERNAL: "an internal error",
    ExitCode.LOCKED: "another run was at work",
    ExitCode.INCOMPLETE: "incomplete",
    ExitCode.INTERRUPTED: "interrupted",
}
_LEFT = {"published": "its report is not in the outbox", "archived": "its files are not archived"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def status(
    ctx: typer.Context,
    last: Annotated[
        int, typer.Option("--last", metavar="N", min=1, help="Runs of each feed to show.")
    ] = 5,
    max_age: Annotated[
        float | None,
        typer.Option(
            metavar="HOURS",
            min=0,
            help="Exit with 6 also where a feed's last success is older: the night did not run.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON, for a program.")
    ] = False,
    config_file: options.ConfigFile = None,
) -> None:
    """Show the last runs, what waits, what failed and why.

    Exits with 6 where the last night failed or was incomplete (or an earlier one of that day, and
    nothing new came since), where a night was broken off, or where something could not be looked
    at; else with 0. Reads only; says nothing of a claim and names no input file.
    """
    from auditor.nightly.status import status as gathered

    place = place_of(ctx, config_file)
    found = gathered(
        place.settings,
        place.nightly,
        place.ledger,
        datetime.now(UTC),
        last=last,
        max_age=None if max_age is None else timedelta(hours=max_age),
    )
    if as_json:
        output.say(json.dumps(found.plain(), indent=2))
    else:
        for text in lines_text(found):
            output.say(text)
    if found.exit_code:
        raise typer.Exit(found.exit_code)


def lines_text(found: Status) -> Iterator[str]:
    """The whole answer in words; some of its texts hold line breaks."""
    now = datetime.fromisoformat(found.now)
    at_work = found.at_work or f"{'A' if found.running else 'No'} night is at work."
    yield output.wrapped(f"As of {_moment(found.now)}: {at_work[0].lower()}{at_work[1:]}")
    yield output.wrapped(_last_night(found.night))
    if found.left_out:
        left_out = ", ".join(each.outcome.feed for each in found.left_out)
        yield output.wrapped(f"It ran only some of the feeds, and left out: {left_out}.")
    yield ""
    rows = [("FEED", "LAST SUCCESS", "WAITING IN THE INBOX")]
    rows += [(f.feed, _success(f.last_success, now), _waits(f)) for f in found.feeds]
    yield output.table(rows)
    if found.strange:
        yield output.wrapped(
            f"{_count(found.strange, 'file')} in the inbox {_fits(found.strange)} the pattern of no"
            " feed and will not be taken."
        )
    runs = [run for feed in found.feeds for run in feed.runs]
    if runs:
        yield ""
        yield output.table(list(_runs(runs)), right=frozenset({3, 4, 5, 6}))
    for title, texts in (
        ("What a person should look at", list(_trouble(found))),
        ("Not delivered", list(_undelivered(found))),
        ("Reference tables", list(_reference(found))),
    ):
        if texts:
            yield ""
            yield title
            yield from (output.wrapped(text, 4, "  - ") for text in texts)


def _last_night(night: Night | None) -> str:
    if night is None:
        return "No night has come to its end yet."
    told = night.outcome
    meaning = _MEANING[night.exit_code]
    return (
        f"The last night began {_moment(told.started_at)} and ended {_moment(told.ended_at)}:"
        f" exit code {int(night.exit_code)}, {meaning}."
    )


def _success(moment: str | None, now: datetime) -> str:
    if moment is None:
        return "never"
    age = (now - datetime.fromisoformat(moment)).total_seconds()
    return f"{_moment(moment)} ({_duration(age)} ago)"


def _waits(feed: FeedStatus) -> str:
    if not feed.waiting or feed.oldest is None:
        return "nothing"
    open_ = f", {feed.incomplete:,} not complete" if feed.incomplete else ""
    oldest = f", the oldest for {_duration(feed.oldest)}"
    return f"{_count(feed.waiting, 'file')}{oldest}{open_}"


def _runs(runs: list[Run]) -> Iterator[tuple[str, ...]]:
    yield ("RUN", "FEED", "AS OF", "LINES", "NEW", "OPEN", "EXIT")
    for run in sorted(runs, key=lambda r: -r.run):
        figures = run.figures
        again = f" (version {run.version})" if run.version > 1 else ""
        yield (
            run.run_id + again,
            run.feed,
            str(run.as_of),
            f"{figures.lines_read:,}",
            f"{_findings(figures.new):,}",
            f"{_findings(figures.open):,}",
            str(int(run.exit_code)),
        )


def _findings(by_tier: dict[str, int]) -> int:
    """Those that ask for something: ledger entries do not."""
    return by_tier.get("certain", 0) + by_tier.get("review", 0)


def _trouble(found: Status) -> Iterator[str]:
    yield from found.problems
    if found.broken_off is not None:
        yield (
            f"The night that began {_moment(found.broken_off)} was broken off. What it printed, or"
            " its log, says why; the next night finishes what it left."
        )
    for feed in found.too_old:
        yield f"{feed}: its last success is older than --max-age allows. Does the night still run?"
    if not found.running:
        for run in found.unfinished:
            left = " and ".join(t for step, t in _LEFT.items() if step not in run.steps)
            yield f"{run.feed}: run {run.run_id} was cut off; {left}. The next night does that."
    if found.night is not None:
        for feed_ in found.night.outcome.feeds:
            yield from _of_feed(feed_)
    for earlier in (*found.left_out, *found.standing):
        yield from _of_feed(earlier.outcome, f" (night of {_moment(earlier.started_at)})")


def _of_feed(outcome: FeedOutcome, when: str = "") -> Iterator[str]:
    if outcome.error:
        yield f"{outcome.feed}{when}: {outcome.error}"
    for warned in outcome.warnings:
        yield f"{outcome.feed}, {warned.kind}{when}: {warned.text}"


def _undelivered(found: Status) -> Iterator[str]:
    for each in found.undelivered:
        what = f"{each.kind} about {each.feed}, night of {_moment(each.started_at)}"
        tried = {0: "", 1: "tried once. "}.get(each.attempts, f"tried {each.attempts} times. ")
        yield f"{what}: {tried}{each.detail}"


def _reference(found: Status) -> Iterator[str]:
    if not found.ages and not found.problems:
        yield "The starter set alone judges: import CMS's tables with 'auditor reference import'."
    yield from (age.told() for age in found.ages)


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _duration(seconds: float) -> str:
    """The greatest unit that is reached at least once, rounded down."""
    for size, unit in _UNITS:
        if seconds >= size:
            return _count(int(seconds // size), unit)
    return "less than a minute"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _fits(number: int) -> str:
    return "fits" if number == 1 else "fit"
