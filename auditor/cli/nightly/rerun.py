"""`auditor nightly rerun`: a run audited again, as its next version."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli import options, output
from auditor.cli.nightly.place import place_of
from auditor.cli.nightly.run import last_line, secrets, told_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.cli.session import Session
    from auditor.nightly.rerun import Again


def rerun(
    ctx: typer.Context,
    run_id: Annotated[
        str, typer.Argument(metavar="RUN_ID", help="As status and its report name it.")
    ],
    reason: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="Why; it stands in ledger and report. No patient's name.",
        ),
    ],
    with_later: Annotated[
        bool,
        typer.Option(
            "--with-later", help="Audit the later runs that were built on it again as well."
        ),
    ] = False,
    debug_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write details of unforeseen errors here; they may hold patient data.",
        ),
    ] = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Audit the files of a run again with the settings, tables and rules of today.

    Writes its next version beside it; the run itself, its report and its manifest stay as they
    are. Nothing is sent. Broken off, it is gone on with by the same command.
    """
    session: Session = ctx.obj
    session.debug_file = debug_file or session.debug_file
    place = place_of(ctx, config_file)
    from auditor.nightly.about import Night
    from auditor.nightly.rerun import rerun as again

    now = datetime.now().astimezone()
    night = Night(settings=place.settings, as_of=now.date(), now=now, secrets=secrets())
    done = again(night, run_id, reason, with_later=with_later)
    for text in told(done):
        output.say(text)
    raise typer.Exit(done.exit_code)


def told(done: Again) -> Iterator[str]:
    """What became of it: counts and places alone."""
    for run_id in done.recovered:
        yield f"Finished first: run {run_id}, which was broken off"
    for before, outcome in done.versions:
        yield f"Audited again: {before}"
        yield from told_of(outcome)
        yield ""
    yield "Nobody was sent anything."
    yield last_line(done.exit_code)
