"""`auditor purge`: remove what is kept longer than the configuration says."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli import options, output, passwords, selection
from auditor.cli.given import today
from auditor.cli.nightly.place import Place, place_of
from auditor.cli.review import user
from auditor.errors import ConfigError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from auditor.nightly.doomed import Settled
    from auditor.nightly.held_files import Answer
    from auditor.nightly.retention import Due, Kind, Look, Plan

# Kept here as well as in auditor.nightly.retention, which --help need not load; a test compares.
KINDS: tuple[Kind, ...] = ("archive", "outputs", "ledger", "history")
WORD = "PURGE"
"""What somebody types to go on."""
LIMITS = (
    "Not reached: backups and copies of these files, what a disk keeps of deleted blocks (solid"
    " state disks above all), and snapshots of the file system. They need rules of their own."
)


def purge(
    ctx: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            metavar="|".join(KINDS),
            help="Only this kind [default: all]. May be repeated.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask: for a scheduler that runs this.")
    ] = False,
    config_file: options.ConfigFile = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="With --dry-run: what would go on this day [default: today]."
        ),
    ] = None,
) -> None:
    """Remove what is older than [nightly.retention] says, but for what is under legal hold.

    Shows what is to go and asks; what went is logged in the ledger. Open findings stay, and so do
    runs and the digests of their files, so that no file is audited twice. It cannot be undone.
    """
    place = place_of(ctx, config_file)
    kinds = tuple(selection.one_of(k, KINDS, "--kind", "purge") for k in kind or KINDS)
    if as_of and not dry_run:
        raise ConfigError(
            "--as-of goes with --dry-run alone.",
            where="--as-of",
            next_step="A purge goes by the clock, so that a slip removes nothing too early.",
        )
    day = selection.day(as_of, "--as-of") if as_of else today()
    if not place.ledger.is_file():
        output.say("There is no ledger yet, so nothing is old.")
        return
    if dry_run:
        _dry(place, kinds, day)
    else:
        _real(place, kinds, day, yes=yes)


def _dry(place: Place, kinds: tuple[Kind, ...], day: date) -> None:
    from auditor.ledger import opened

    with opened(place.ledger) as ledger:
        plan = _planned(ledger, place, kinds, day)
    for text in _told(plan, kinds, "would go"):
        output.say(text)
    output.say("Nothing was removed.")


def _real(place: Place, kinds: tuple[Kind, ...], day: date, *, yes: bool) -> None:
    from auditor.ledger import opened
    from auditor.lock import locked
    from auditor.nightly import purging, retention
    from auditor.nightly.about import HELD, refused
    from auditor.nightly.agreement import check_ledger
    from auditor.nightly.forgetting import Stored
    from auditor.nightly.places import Places

    lock = Places.of(place.nightly).lock
    with locked(lock, HELD, "A purge is at work"), opened(place.ledger) as ledger:
        for text in _settled(retention.settle(ledger, place.nightly)):
            output.say(text)
        check_ledger(Places.of(place.nightly), ledger)
        plan = _planned(ledger, place, kinds, day)
        for text in _told(plan, kinds, "to go"):
            output.say(text)
        if plan.due and not yes:
            _confirm()
        try:
            done = purging.purge(ledger, place.nightly, plan, by=user(), store=Stored())
        except OSError as error:  # the next purge, or the next night, undoes or finishes it
            raise refused(error, place.nightly) from None
    if done.logged:
        output.say(f"Removed, and logged in the ledger as purge {done.batch}.")
    if not done.compacted:
        output.say(
            output.wrapped(
                "The ledger is being read by another program: what went is overwritten in it, but"
                " its file was not written anew. Run again when nobody reads it."
            )
        )
    output.say(output.wrapped(LIMITS))


def _planned(ledger: sqlite3.Connection, place: Place, kinds: tuple[Kind, ...], day: date) -> Plan:
    from auditor.nightly import retention
    from auditor.nightly.forgetting import Stored

    before = retention.first_kept(place.nightly, kinds, day)
    with output.progress() as step:
        step("Looking for what is old")
        return retention.plan(ledger, place.nightly, before, _looker(ledger, place), Stored())


def _looker(ledger: sqlite3.Connection, place: Place) -> Look:
    """Looks into exports with the feed's own settings."""
    from auditor import config
    from auditor.nightly import held_files, holds
    from auditor.nightly.places import Places

    under_hold = holds.held(ledger)

    def look(path: Path, feed: str) -> Answer:
        settings = place.settings
        own = config.of_feed(settings, feed) if feed in settings.feeds else settings
        pinned = Places.of(place.nightly).layout(feed)
        ask = passwords.source(None, own.password_file)
        return held_files.in_claims(
            path, under_hold, held_files.reader(settings, feed, pinned, ask)
        )

    return look


def _told(plan: Plan, kinds: tuple[Kind, ...], verb: str) -> Iterator[str]:
    """What is to go and what stays, by kind."""
    for kind in kinds:
        if kind not in plan.before:
            yield f"{kind}: kept for ever."
            continue
        due = [each for each in plan.due if each.kind == kind]
        head = f"{kind}, older than {plan.before[kind]}:"
        if not due:
            yield f"{head} nothing {verb}."
        else:
            yield f"{head} {verb}"
            rows = [("", each.what, f"{each.items:,}", _span(each)) for each in due]
            yield output.table(rows, right=frozenset({2}))
            yield from (output.wrapped(text, 2) for each in due for text in _lately(each))
        for stays in plan.kept:
            if stays.kind == kind:
                yield output.wrapped(f"kept: {stays.why} ({stays.items:,})", 2)


def _lately(due: Due) -> Iterator[str]:
    """Of lines that were audited the other day: that they go all the same."""
    from auditor.nightly.retention import LATELY

    if due.lately:
        yield (
            f"Mind: {due.lately:,} of the {due.what} came in the last {LATELY} days, for services"
            " of long ago. The age of a line is that of its services, not of its audit. Once they"
            " are gone no later line is compared with them."
        )


def _span(due: Due) -> str:
    """From the oldest to the newest day."""
    return str(due.oldest) if due.oldest == due.newest else f"{due.oldest} to {due.newest}"


def _settled(settled: Settled) -> Iterator[str]:
    if settled.finished:
        yield "A purge that was broken off was finished first."
    if settled.undone:
        yield "A purge that was broken off had removed nothing yet: its files are back."
    if settled.left:
        yield output.wrapped(
            f"{settled.left} of its files could not go back, because others lie in their places:"
            " see the folders .doomed in archive, outbox and state."
        )


def _confirm() -> None:
    """Go on where somebody types so."""
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise ConfigError(
            "There is no terminal to ask at.",
            next_step="Look at --dry-run, then say --yes. Nothing was removed.",
        )
    if typer.prompt(f"Type {WORD} to remove this for good", default="", show_default=False) != WORD:
        raise ConfigError("It was not confirmed.", next_step="Nothing was removed.")
