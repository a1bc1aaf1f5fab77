"""One feed's night: complete files sorted out, read, audited, committed, put in their places."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from auditor import config
from auditor.errors import AuditorError, ExitCode, our_place
from auditor.ledger import runs, store
from auditor.nightly import finish, inbox
from auditor.nightly.about import refused
from auditor.nightly.committed import asked_of, concluded, finished
from auditor.nightly.limits import warnings_of
from auditor.nightly.log import mark
from auditor.nightly.outcome import FeedOutcome, Warned, gravest
from auditor.nightly.reading import Moved, Taken, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.config import Settings
    from auditor.nightly.about import Night
    from auditor.nightly.inbox import Waiting
    from auditor.nightly.reading import Read
    from auditor.nightly.run import Prepared

_COMPARED = 10
"""So many earlier runs a night is compared with."""


def outcome_of(
    night: Night, ledger: sqlite3.Connection, feed: str, found: list[Waiting]
) -> FeedOutcome:
    """What becomes of one feed; what goes wrong is told and not raised."""
    began = time.perf_counter()
    night.tell("feed", feed=feed, files=len(found))
    try:
        outcome = _feed(night, ledger, feed, found)
    except AuditorError as error:
        outcome = _failed(feed, error, len(found))
    except sqlite3.Error as error:
        outcome = _failed(feed, store.told(error, night.ledger), len(found))
    except OSError as error:
        outcome = _failed(feed, refused(error), len(found))
    except Exception as error:  # noqa: BLE001 - the other feeds have their night all the same
        night.debug(error)
        outcome = FeedOutcome(
            feed=feed,
            exit_code=ExitCode.INTERNAL,
            waiting=len(found),
            error=f"Internal error: {type(error).__name__} in {our_place(error)}. What it says is"
            " withheld, because it may quote a claim.",
        )
    outcome = replace(outcome, seconds=round(time.perf_counter() - began, 3))
    night.tell("feed-done", feed=feed, exit_code=int(outcome.exit_code), seconds=outcome.seconds)
    return outcome


def _failed(feed: str, error: AuditorError, waiting: int) -> FeedOutcome:
    return FeedOutcome(
        feed=feed,
        exit_code=ExitCode(error.exit_code),
        waiting=waiting,
        error=f"{error.what} {error.next_step}".rstrip(),
    )


def _feed(night: Night, ledger: sqlite3.Connection, feed: str, found: list[Waiting]) -> FeedOutcome:
    about = night.settings.feeds[feed]
    limits = about.limits or night.nightly.limits
    left = [run for run in runs.unfinished(ledger) if run.feed == feed]
    for run in left:  # what stands in the way is told, and nothing new is begun before it is gone
        finished(night, ledger, run)
    complete = [w for w in found if w.complete]
    new, again = _sorted_out(night, ledger, feed, complete)
    waiting = len(found) - len(complete)
    earlier = runs.last_figures(ledger, feed, _COMPARED)
    if not new:
        warned = (
            *warnings_of(
                about, limits, None, earlier, night.now, arrived=runs.last_taken(ledger, feed)
            ),
            *_still_written(waiting),
        )
        return FeedOutcome(
            feed=feed, exit_code=_code(warned), again=again, waiting=waiting, warnings=warned
        )
    settings = config.of_feed(night.settings, feed)
    password = night.secrets.of_inputs(settings)
    try:
        what = read(new, settings, night.places.layout(feed), password)
    except Moved as error:
        warned = (Warned(kind="files", text=f"{error.what} {error.next_step}"),)
        return FeedOutcome(
            feed=feed, exit_code=ExitCode.DONE, again=again, waiting=len(found), warnings=warned
        )
    refused = tuple(Warned(kind="files", text=r.told()) for r in what.refused)
    if what.intake is None:
        return FeedOutcome(
            feed=feed,
            exit_code=ExitCode.UNREADABLE,
            again=again,
            waiting=len(found),
            warnings=refused,
            error=_pinned_advice(night, settings, feed),
        )
    prepared = _prepared(night, ledger, feed, what)
    warned = (
        *refused,
        *warnings_of(about, limits, prepared.figures, earlier, night.now),
        *_still_written(waiting),
        *(Warned(kind="reference", text=t) for t in prepared.figures.releases_too_old),
    )
    code = gravest(
        [prepared.code, _code(warned), ExitCode.UNREADABLE if refused else ExitCode.DONE]
    )
    code, wrong = concluded(night, ledger, prepared, code)
    if wrong is None and refused:
        wrong = _pinned_advice(night, settings, feed)
    return FeedOutcome(
        feed=feed,
        exit_code=code,
        run_id=prepared.asked.run_id,
        figures=prepared.figures,
        folder=night.places.outbox / prepared.asked.folder,
        files=len(what.taken),
        again=again,
        waiting=waiting + len(what.refused),
        warnings=warned,
        error=wrong,
    )


def _prepared(night: Night, ledger: sqlite3.Connection, feed: str, what: Read) -> Prepared:
    from auditor.engine.identities import PLACEHOLDERS  # noqa: PLC0415 - as below
    from auditor.history.interface import Memory  # noqa: PLC0415 - heavy things stay out of --help
    from auditor.nightly.run import prepare  # noqa: PLC0415 - as above

    asked = asked_of(night, ledger, feed)
    memory = Memory(night.places.history(feed), asked.view, nobody=PLACEHOLDERS)
    return prepare(asked, what, ledger, memory, night.tell)


def _sorted_out(
    night: Night, ledger: sqlite3.Connection, feed: str, complete: Sequence[Waiting]
) -> tuple[list[Taken], int]:
    """The files to audit, and how many were audited before, which go to the archive too."""
    new: dict[str, Taken] = {}
    again = 0
    for waiting in complete:
        try:
            sha256 = inbox.digest(waiting.path)
        except OSError as error:
            raise AuditorError(
                f"A file in the inbox cannot be read ({error.strerror or type(error).__name__}).",
                next_step="Check its permissions, and those of the inbox.",
            ) from None
        before = runs.run_of_file(ledger, feed, sha256)
        if before is None and sha256 not in new:
            new[sha256] = Taken(waiting, sha256)
            continue
        again += 1
        if before is not None:
            runs.append_again(ledger, feed, sha256, waiting.path.name, before.run)
            files = {f.sha256: f.archived for f in runs.files_of(ledger, before.run)}
            finish.archive(night.places, [(waiting.path.name, sha256, files[sha256])])
            night.tell("file-again", feed=feed, file=mark(sha256), run=before.run_id)
    return list(new.values()), again


def _still_written(count: int) -> tuple[Warned, ...]:
    if not count:
        return ()
    said = "1 file is" if count == 1 else f"{count} files are"
    return (Warned(kind="files", text=f"{said} not complete yet and waits for the next run."),)


def _code(warned: Sequence[Warned]) -> ExitCode:
    return ExitCode.INCOMPLETE if any(w.fails for w in warned) else ExitCode.DONE


def _pinned_advice(night: Night, settings: Settings, feed: str) -> str:
    """What to do about files that could not be read."""
    pinned = night.places.layout(feed)
    said = "Files that could not be read stay in the inbox and are tried again each night."
    if settings.layout is None and pinned.is_file():
        said += (
            f" The feed is held to {pinned}: where the export changed on purpose, look at the new"
            " one with `auditor layout detect` and remove that file."
        )
    return said
