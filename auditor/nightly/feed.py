"""One feed's night: complete files sorted out, read, audited, committed, put in their places."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from auditor import config
from auditor.errors import (
    AuditorError,
    ExitCode,
    HistoryError,
    LayoutDiffers,
    LedgerError,
    ReferenceDataError,
    ReportError,
    our_place,
)
from auditor.ledger import runs
from auditor.nightly import finish, inbox
from auditor.nightly.about import FORESEEN, problem_of
from auditor.nightly.agreement import check_lines
from auditor.nightly.committed import asked_of, concluded, every_segment, finished
from auditor.nightly.limits import warnings_of
from auditor.nightly.lineage import Lineage
from auditor.nightly.log import mark
from auditor.nightly.outcome import FeedOutcome, Warned, gravest
from auditor.nightly.reading import Moved, Taken, read

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from auditor.config import Settings
    from auditor.nightly.about import Night
    from auditor.nightly.inbox import Waiting
    from auditor.nightly.reading import Read
    from auditor.nightly.run import Prepared

_COMPARED = 10
"""So many earlier runs a night is compared with."""
_PANIC = "PanicException"
"""What polars raises where its own code broke down: no Exception, and no wish to end either."""
_OURS = (HistoryError, LedgerError, ReferenceDataError, ReportError)
"""Problems whose place is a file or folder of ours and no export, so that it may be told."""


def outcome_of(
    night: Night, ledger: sqlite3.Connection, feed: str, found: list[Waiting]
) -> FeedOutcome:
    """What becomes of one feed; what goes wrong is told and not raised."""
    began = time.perf_counter()
    night.tell("feed", feed=feed, files=len(found))
    try:
        outcome = _feed(night, ledger, feed, found)
    except FORESEEN as error:
        problem = problem_of(night, error)
        outcome = FeedOutcome(
            feed=feed,
            exit_code=ExitCode(problem.exit_code),
            waiting=len(found),
            error=_told(night, problem),
        )
    except BaseException as error:
        # the other feeds have their night all the same
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
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


def _told(night: Night, problem: AuditorError) -> str:
    """What happened, where in our own folders, and what to do; of an export not the name."""
    settings = night.settings
    layouts = {str(settings.layout), *(str(each.layout) for each in settings.feeds.values())}
    named = problem.where in layouts or problem.where.startswith(str(night.nightly.state))
    if named or isinstance(problem, _OURS):
        return str(problem)
    return f"{problem.what} {problem.next_step}".rstrip()


def _feed(night: Night, ledger: sqlite3.Connection, feed: str, found: list[Waiting]) -> FeedOutcome:
    about = night.settings.feeds[feed]
    limits = about.limits or night.nightly.limits
    ready(night, ledger, feed)
    complete = [w for w in found if w.complete]
    new, again, unread = _sorted_out(night, ledger, feed, complete)
    waiting = len(found) - len(complete) + len(unread)
    left_there = (
        *unread,
        *_odd(found),
        *_still_written(sum(not w.complete and not w.odd for w in found)),
    )
    earlier = runs.last_figures(ledger, feed, _COMPARED)
    if not new:
        warned = (
            *warnings_of(
                about, limits, None, earlier, night.now, arrived=runs.last_taken(ledger, feed)
            ),
            *left_there,
        )
        return FeedOutcome(
            feed=feed, exit_code=_code(warned), again=again, waiting=waiting, warnings=warned
        )
    settings = config.of_feed(night.settings, feed)
    password = night.secrets.of_inputs(settings)
    try:
        what = read(new, settings, night.places.layout(feed), password)
    except Moved as error:
        warned = (Warned(kind="files", text=f"{error.what} {error.next_step}"), *left_there)
        return FeedOutcome(
            feed=feed, exit_code=_code(warned), again=again, waiting=len(found), warnings=warned
        )
    refused = tuple(Warned(kind="files", text=r.told()) for r in what.refused)
    if what.intake is None:
        return FeedOutcome(
            feed=feed,
            exit_code=ExitCode.UNREADABLE,
            again=again,
            waiting=len(found),
            warnings=(*refused, *left_there),
            error=_advice(night, settings, feed, what),
        )
    prepared = _prepared(night, ledger, feed, what)
    warned = (
        *refused,
        *(Warned(kind="files", text=text) for text in what.unread()),
        *(
            Warned(kind="files", text=text)
            for text in (what.several() if about.mode == "snapshot" else ())
        ),
        *warnings_of(about, limits, prepared.figures, earlier, night.now),
        *left_there,
        *(Warned(kind="reference", text=t) for t in prepared.figures.releases_too_old),
    )
    code = gravest(
        [prepared.code, _code(warned), ExitCode.UNREADABLE if refused else ExitCode.DONE]
    )
    code, wrong = concluded(night, ledger, prepared, code, warned)
    if wrong is None and refused:
        wrong = _advice(night, settings, feed, what)
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


def ready(night: Night, ledger: sqlite3.Connection, feed: str) -> None:
    """Have nothing stand in the way of a new run of `feed`; raises what a person must mend first.

    What was committed is finished, the stored lines are held against the ledger, and what a killed
    upkeep left of them is swept.
    """
    from auditor.history.upkeep import sweep  # noqa: PLC0415 - heavy things stay out of --help

    for run in runs.unfinished(ledger):
        if run.feed == feed:
            finished(night, ledger, run)
    check_lines(
        night.places, ledger, feed, Lineage.of(ledger, feed).standing
    )  # first: what is swept is gone
    folder = night.places.history(feed)
    if folder.is_dir():
        sweep(folder, every_segment(ledger, feed))


def _prepared(night: Night, ledger: sqlite3.Connection, feed: str, what: Read) -> Prepared:
    from auditor.engine.identities import PLACEHOLDERS  # noqa: PLC0415 - as below
    from auditor.history.interface import Memory  # noqa: PLC0415 - heavy things stay out of --help
    from auditor.nightly.run import prepare  # noqa: PLC0415 - as above

    asked = asked_of(night, ledger, feed)
    memory = Memory(night.places.history(feed), asked.view, nobody=PLACEHOLDERS)
    return prepare(asked, what, ledger, memory, night.tell)


def _sorted_out(
    night: Night, ledger: sqlite3.Connection, feed: str, complete: Sequence[Waiting]
) -> tuple[list[Taken], int, tuple[Warned, ...]]:
    """The files to audit, how many were audited before, which go to the archive, what is left."""
    new: dict[str, Taken] = {}
    again = 0
    unread: list[str] = []
    for waiting in complete:
        try:
            sha256 = inbox.digest(waiting.path)
        except FileNotFoundError:  # gone meanwhile
            continue
        except OSError as error:
            unread.append(
                f"cannot be read ({error.strerror or type(error).__name__}). Check its permissions,"
                " and those of the inbox"
            )
            continue
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
    return list(new.values()), again, _left_there(unread)


def _odd(found: Sequence[Waiting]) -> tuple[Warned, ...]:
    return _left_there([w.odd for w in found if w.odd is not None])


def _left_there(reasons: Sequence[str]) -> tuple[Warned, ...]:
    """What nobody audits, as long as a person does nothing about it."""
    return tuple(
        Warned(
            kind="files",
            text=f"{count:,} {'file' if count == 1 else 'files'} of this feed in the inbox, left"
            f" there: each {reason}.",
            fails=True,
        )
        for reason, count in Counter(reasons).items()
    )


def _still_written(count: int) -> tuple[Warned, ...]:
    if not count:
        return ()
    said = "1 file is" if count == 1 else f"{count} files are"
    return (Warned(kind="files", text=f"{said} not complete yet and waits for the next run."),)


def _code(warned: Sequence[Warned]) -> ExitCode:
    return ExitCode.INCOMPLETE if any(w.fails for w in warned) else ExitCode.DONE


def _advice(night: Night, settings: Settings, feed: str, what: Read) -> str:
    """What to do about files that could not be read."""
    said = "Files that could not be read stay in the inbox and are tried again each night."
    if not any(isinstance(r.error, LayoutDiffers) for r in what.refused):
        return said
    if settings.layout is not None:
        renew = f"renew it with `auditor layout detect FILE --write {settings.layout} --replace`."
    else:
        renew = (
            "look at the new one with `auditor layout detect FILE`, then remove the layout: the"
            " next night pins the new one."
        )
    return (
        f"{said} The feed is held to the layout {settings.layout or night.places.layout(feed)}."
        f" Where the export changed on purpose, {renew} Else ask whoever makes the export."
    )
