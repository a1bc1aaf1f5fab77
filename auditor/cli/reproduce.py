"""`auditor reproduce`: the findings of a run made again, and compared with what it found."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli import options, output
from auditor.cli.nightly.place import place_of
from auditor.cli.nightly.run import secrets
from auditor.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.cli.session import Session
    from auditor.nightly.reproduce import Reproduced


def reproduce(
    ctx: typer.Context,
    run_id: Annotated[
        str, typer.Argument(metavar="RUN_ID", help="As status and its report name it.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write the findings as made now, and the comparison, here."
        ),
    ] = None,
    debug_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write details of unforeseen errors here; they may hold patient data.",
        ),
    ] = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Make the findings of a run again from what it was made of, and compare them.

    Its files come from the archive, earlier lines from the store as it was then, settings, layout
    and the list of tables from its manifest. Exits with 0 where the findings are equal in every
    column, else with 1. Writes nothing but what --out asks for, and waits for no night.
    """
    session: Session = ctx.obj
    session.debug_file = debug_file or session.debug_file
    place = place_of(ctx, config_file)
    from auditor.nightly.about import Night
    from auditor.nightly.reproduce import places_for, write
    from auditor.nightly.reproduce import reproduce as made_again

    now = datetime.now().astimezone()
    night = Night(settings=place.settings, as_of=now.date(), now=now, secrets=secrets())
    files = None if out is None else places_for(out, run_id)  # before the work and not after it
    found = made_again(night, run_id)
    for text in told(found):
        output.say(text)
    if files is not None:
        write(found, *files)
        output.say(f"Wrote {files[0]} and {files[1].name}")
    raise typer.Exit(ExitCode.DONE if found.equal else ExitCode.FINDINGS)


def told(found: Reproduced) -> Iterator[str]:
    """The answer in words, and what differs."""
    run, manifest, versions = found.run, found.manifest, found.manifest.versions
    yield f"Run {run.run_id}, as of {run.as_of}"
    yield output.wrapped(
        f"made by auditor {versions.auditor}, rule set {versions.rules}, polars {versions.polars}",
        2,
    )
    yield f"  findings then: {manifest.findings:,}, SHA-256 {manifest.findings_digest}"
    yield f"  findings now:  {found.result.findings.height:,}, SHA-256 {found.digest}"
    if found.differences:
        yield "What differs"
        yield from (output.wrapped(each, 4, "  - ") for each in found.differences)
    if found.at_work:
        yield output.wrapped(
            f"{found.at_work} What it does now may show here. Run again when it is done."
        )
    if found.equal:
        yield "EQUAL: the findings are the same in every column."
        return
    if found.changes is None:
        yield output.wrapped(
            "NOT EQUAL. The findings file of the run is not in the outbox as it was written, so"
            " nobody can tell which of them differ."
        )
        return
    appear, disappear, change = found.changes
    yield output.wrapped(
        f"NOT EQUAL: {_count(appear)} made now that the run did not make, {_count(disappear)} of"
        f" the run not made now, {_count(change)} made both times and not the same."
    )


def _count(number: int) -> str:
    return f"{number:,} finding{'' if number == 1 else 's'}"
