"""Runs on both sides of their commit: their names before it, what is left to do after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor import config
from auditor.errors import ExitCode
from auditor.ledger import runs, store
from auditor.nightly import finish
from auditor.nightly.about import FORESEEN, problem_of
from auditor.nightly.lineage import Lineage
from auditor.nightly.outcome import gravest

if TYPE_CHECKING:
    import sqlite3

    from auditor.nightly.about import Night
    from auditor.nightly.outcome import Warned
    from auditor.nightly.run import Asked, Prepared


def every_segment(ledger: sqlite3.Connection, feed: str) -> list[int]:
    """The runs of `feed` that left lines, those that a rerun replaced included."""
    return [
        run
        for (run,) in ledger.execute(
            "SELECT run FROM segments WHERE feed = ? ORDER BY run", (feed,)
        )
    ]


def next_run(ledger: sqlite3.Connection) -> int:
    """The number of the next run; nobody else appends runs while the lock is held."""
    (last,) = ledger.execute("SELECT coalesce(max(run), 0) FROM runs").fetchone()
    return int(last) + 1


def asked_of(night: Night, ledger: sqlite3.Connection, feed: str) -> Asked:
    """What the next run of `feed` is about: its number, its name and its folder."""
    from auditor.nightly.run import Asked  # noqa: PLC0415 - heavy things stay out of --help

    (before,) = ledger.execute(
        "SELECT count(*) FROM runs WHERE feed = ? AND as_of = ? AND rerun_of IS NULL",
        (feed, str(night.as_of)),
    ).fetchone()
    name = _free_name(night, ledger, feed, before + 1)
    settings = config.of_feed(night.settings, feed)
    about = night.settings.feeds[feed]
    return Asked(
        feed=feed,
        about=about,
        settings=settings,
        places=night.places,
        as_of=night.as_of,
        run=next_run(ledger),
        run_id=f"{night.as_of}-{name}",
        folder=f"{night.as_of}/{name}",
        whole=night.settings,
        report_password=night.secrets.of_report(settings) if about.encrypt else None,
        report=night.report,
        view=Lineage.of(ledger, feed).standing,
    )


def _free_name(night: Night, ledger: sqlite3.Connection, feed: str, nth: int) -> str:
    """What the `nth` run of `feed` tonight is called; a later one where a report has the name."""
    while True:
        # with a sign that no feed's name holds
        name = feed if nth == 1 else f"{feed}.{nth}"
        taken = (night.places.outbox / f"{night.as_of}" / name).exists()
        if not taken and runs.run_of(ledger, f"{night.as_of}-{name}") is None:
            return name
        nth += 1


def commit(
    ledger: sqlite3.Connection,
    prepared: Prepared,
    code: ExitCode,
    warnings: tuple[Warned, ...] = (),
) -> None:
    """The moment at which a run becomes true: all of it, in one transaction."""
    from auditor.ledger import life, open_copy  # noqa: PLC0415 - heavy things stay out of --help

    asked = prepared.asked
    with store.transaction(ledger):
        number = runs.append_run(ledger, prepared.row(code, warnings))
        if number != asked.run:
            raise AssertionError
        recorded = life.record(ledger, prepared.life, number)
        ledger.execute(
            "INSERT INTO segments (run, feed, lines, ended, digest, base)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                number,
                asked.feed,
                prepared.staged.lines,
                prepared.staged.ended,
                prepared.staged.digest,
                asked.view[-1] if asked.view else None,
            ),
        )
    opened = prepared.life.opened_after(recorded, number)
    open_copy.keep(asked.places.open_findings(asked.feed), opened, ledger, asked.feed)


def concluded(
    night: Night,
    ledger: sqlite3.Connection,
    prepared: Prepared,
    code: ExitCode,
    warnings: tuple[Warned, ...] = (),
) -> tuple[ExitCode, str | None]:
    """Commit the run and finish it; answers its exit code, and what could not be finished now."""
    run_id, feed = prepared.asked.run_id, prepared.asked.feed
    commit(ledger, prepared, code, warnings)
    night.tell("committed", feed=feed, run=run_id)
    try:
        finished(night, ledger, known(ledger, run_id))
    except FORESEEN as error:  # the run stands; the next start finishes it
        return gravest([code, ExitCode.INCOMPLETE]), str(problem_of(night, error))
    return code, None


def finished(night: Night, ledger: sqlite3.Connection, run: runs.Run) -> None:
    """Publish and archive what is left of `run`."""
    if "published" not in run.steps:
        finish.publish(night.places, run.run_id, run.feed, run.folder)
        runs.append_step(ledger, run.run, "published")
    if "archived" not in run.steps:
        files = runs.files_of(ledger, run.run)
        finish.archive(night.places, ((f.name, f.sha256, f.archived) for f in files))
        runs.append_step(ledger, run.run, "archived")


def known(ledger: sqlite3.Connection, run_id: str) -> runs.Run:
    """The run of this id, which the ledger has."""
    run = runs.run_of(ledger, run_id)
    if run is None:
        raise AssertionError
    return run
