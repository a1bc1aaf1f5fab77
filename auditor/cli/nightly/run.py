"""`auditor nightly`: one night, from the inbox to reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from auditor.cli import options, output, passwords, selection
from auditor.cli.nightly.place import place_of
from auditor.errors import AuditorError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from auditor.cli.session import Session
    from auditor.config import Settings
    from auditor.nightly.about import Night, Secrets
    from auditor.nightly.log import Log
    from auditor.nightly.outcome import FeedOutcome, NightOutcome

_SHOWN = ("certain", "review", "info")


def nightly(
    ctx: typer.Context,
    config_file: options.ConfigFile = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    feed: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this feed [default: all]. May be repeated."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", envvar="AUDITOR_AS_OF", help="What counts as today [default: today]."
        ),
    ] = None,
    metrics: Annotated[
        Path | None,
        typer.Option(metavar="FILE.prom", help="Figures of the night for Prometheus."),
    ] = None,
    log_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Add the log here [default: stderr].")
    ] = None,
    log_format: Annotated[
        str | None, typer.Option(metavar="text|json", help="Write a log, one event a line.")
    ] = None,
    debug_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write details of unforeseen errors here; they may hold patient data.",
        ),
    ] = None,
) -> None:
    """Audit every complete export in the inbox, each exactly once, and write reports.

    Without a command this runs the night that the configuration file tells of.
    """
    if ctx.invoked_subcommand is not None:
        return
    session: Session = ctx.obj
    session.debug_file = debug_file or session.debug_file
    place = place_of(ctx, config_file)
    from auditor.nightly.about import Night, silent

    log = _log(log_file, log_format)
    now = datetime.now().astimezone()
    night = Night(
        settings=place.settings,
        as_of=selection.day(as_of, "--as-of") if as_of else now.date(),
        now=now,
        secrets=secrets(),
        feeds=tuple(feed or ()),
        tell=log.tell if log else silent,
        debug=_debug(session, log),
    )
    if dry_run:
        for text in _planned(night):
            output.say(text)
        return
    if metrics is not None:
        from auditor.nightly.metrics import check

        check(metrics)
    outcome = _performed(night, log)
    wrong = None if metrics is None else _measured(metrics, night, outcome)
    for text in told(outcome):
        output.say(text)
    if wrong is not None:  # told after what matters more, and never in place of it
        from auditor.nightly.outcome import gravest

        output.complain(f"Error: {wrong}")
        raise typer.Exit(gravest([outcome.exit_code, ExitCode(wrong.exit_code)]))
    raise typer.Exit(outcome.exit_code)


def _performed(night: Night, log: Log | None) -> NightOutcome:
    from auditor.nightly.night import perform

    try:
        if log is not None:
            return perform(night)
        with output.progress() as step:  # at a terminal alone
            return perform(replace(night, tell=partial(_step, step)))
    except AuditorError as error:
        if log is not None:
            log.failed("night-failed", error, exit_code=int(error.exit_code), why=error.what)
        raise


def _step(show: Callable[[str], None], event: str, **about: Any) -> None:  # noqa: ANN401 - as Night.tell
    """Show at a terminal what the night is doing."""
    if (words := _STEPS.get(event)) is not None:
        show(words.format(**about))


def _measured(path: Path, night: Night, outcome: NightOutcome) -> AuditorError | None:
    """Write the metrics; what is in the way is answered."""
    from auditor.nightly.metrics import after_night

    try:
        after_night(path, night.settings, night.ledger, outcome)
    except AuditorError as error:
        return error
    return None


def _log(path: Path | None, form: str | None) -> Log | None:
    """Where events go; None: nobody asked for a log."""
    if path is None and form is None:
        return None
    from auditor.nightly.log import Form, Log

    forms: tuple[Form, ...] = get_args(Form)
    log = Log(path, selection.one_of(form or "text", forms, "--log-format"))
    log.check()
    return log


def secrets() -> Secrets:
    """Where passwords come from: the environment, or files that the configuration names."""
    from auditor.nightly.about import Secrets

    return Secrets(of_inputs=_password, of_report=_report_password)


def _password(settings: Settings) -> Callable[[str], str | None]:
    return passwords.source(None, settings.password_file)


def _report_password(settings: Settings) -> str:
    from auditor.report import encrypt
    from auditor.secret import needed

    secret = replace(
        passwords.REPORT_PASSWORD, option="report_password_file", purpose="encrypt = true"
    )
    password = needed(secret, None, settings.report_password_file)
    encrypt.check(password)
    return password


def _debug(session: Session, log: Log | None) -> Callable[[BaseException], None]:
    """Writes what nobody foresaw to the debug file, where the operator asked for one."""
    from auditor.cli.failures import write_debug

    def kept(error: BaseException) -> None:
        if log is not None:
            log.failed("internal-error", error)
        if session.debug_file is not None:
            write_debug(session.debug_file, error, session.run_id)

    return kept


def _planned(night: Night) -> Iterator[str]:
    """What would be done."""
    from auditor.nightly.preview import dry

    planned = dry(night)
    yield f"As of {night.as_of}; nothing is written, moved or sent."
    head = ("FEED", "WOULD AUDIT", "AUDITED BEFORE", "NOT COMPLETE", "LEFT THERE")
    rows = [head, *((name, *map(str, counts)) for name, counts in planned.files.items())]
    yield output.table(rows, right=frozenset({1, 2, 3, 4}))
    for note in planned.notes:
        yield output.wrapped(note, 4, "  - ")


def told(outcome: NightOutcome) -> Iterator[str]:
    """What became of the night, for a log that nobody watches: counts and places alone."""
    yield f"Night as of {outcome.as_of}"
    for run_id in outcome.recovered:
        yield f"Finished first: run {run_id} of an earlier night"
    for feed in outcome.feeds:
        yield ""
        yield from told_of(feed)
    for warned in outcome.delivery:
        yield ""
        yield output.wrapped(f"Not sent: {warned.text}")
    yield ""
    yield last_line(outcome.exit_code)


def told_of(feed: FeedOutcome) -> Iterator[str]:
    """What became of one feed, or of one run."""
    head = f"{feed.feed}: "
    if feed.run_id is None:
        head += "not audited" if feed.error else "no new file"
    else:
        head += f"run {feed.run_id}, {feed.seconds:.1f} s"
    yield head
    if (f := feed.figures) is not None:
        yield output.wrapped(
            f"lines: {f.lines_read:,} read, {f.lines_audited:,} audited,"
            f" {f.lines_seen_before:,} seen before, {f.lines_set_aside:,} set aside,"
            f" {f.lines_rejected:,} rejected; {f.lines_judged_again:,} of earlier nights judged"
            " again",
            2,
        )
        yield output.wrapped(
            f"findings: new {_tiers(f.new)}; {f.standing:,} standing, {f.reopened:,} reopened,"
            f" {f.resolved:,} resolved; open in all {_tiers(f.open)}",
            2,
        )
    if feed.again:
        yield f"  {feed.again:,} {'file' if feed.again == 1 else 'files'} audited before"
    for warned in feed.warnings:
        word = "Makes the night incomplete" if warned.fails else "Warning"
        yield output.wrapped(f"{word}: {warned.text}", 2)
    if feed.error:
        yield output.wrapped(f"Error: {feed.error}", 2)
    if feed.folder is not None and feed.folder.is_dir():
        yield f"  {feed.folder}"


def last_line(code: ExitCode) -> str:
    """The exit code in words."""
    return f"Exit code {int(code)} ({_WORDS[code]})"


def _tiers(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts.get(tier, 0):,} {tier}" for tier in _SHOWN)


_STEPS = {
    "waiting": "Waiting until nothing was written to files for a while ({seconds:.0f} s)",
    "feed": "Reading and auditing {feed}",
    "audited": "Making the report of {feed}",
    "night-done": "Telling of the night",
}
_WORDS = {
    ExitCode.DONE: "done",
    ExitCode.FINDINGS: "done, with findings at or above fail_on in tonight's report",
    ExitCode.INCOMPLETE: "incomplete",
    ExitCode.USAGE: "something has to be mended",
    ExitCode.UNREADABLE: "a file, the tables or the ledger could not be read",
    ExitCode.INTERNAL: "an internal error",
    ExitCode.LOCKED: "another run is at work",
    ExitCode.INTERRUPTED: "interrupted",
}
