"""`auditor hold`: legal hold, so that nothing of a run or a patient is ever purged."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli import options, output
from auditor.cli.nightly.place import place_of
from auditor.cli.review import user
from auditor.errors import ConfigError, InputRejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.nightly.holds import Added, Hold

app = typer.Typer(
    name="hold",
    help="Legal hold: keep everything of a run or a patient, whatever its age.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"max_content_width": output.WIDEST},
)

_Reason = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help="Why, such as a case number; no patient's name."),
]


@app.command("add")
def add(
    ctx: typer.Context,
    reason: _Reason,
    run: Annotated[
        list[str] | None,
        typer.Option("--run", metavar="RUN_ID", help="Hold this run. May be repeated."),
    ] = None,
    patient_file: Annotated[
        Path | None,
        typer.Option(
            "--patient-file",
            metavar="FILE",
            help="Hold the patients in this text file, an id a line as in the claim files; - is"
            " standard input.",
        ),
    ] = None,
    ask_patient: Annotated[
        bool, typer.Option("--ask-patient", help="Ask for the id of one patient, hidden.")
    ] = False,
    config_file: options.ConfigFile = None,
) -> None:
    """Put runs or patients under legal hold.

    Patients are never named on the command line, where the history of the shell keeps them. Runs
    keep their exports, reports, findings and manifest; patients every export, report, finding,
    decision and line with a line of theirs, files as wholes.
    """
    from auditor.ledger import opened
    from auditor.nightly import holds

    place = place_of(ctx, config_file)
    said = _said(reason)
    patients = [*_listed(patient_file), *([_asked()] if ask_patient else [])]
    if not (run or patients):
        raise ConfigError(
            "Nothing is named to be held.",
            next_step="Name runs with --run, or patients with --patient-file or --ask-patient.",
        )
    with opened(place.ledger) as ledger:
        if run:
            output.say(_told("run", holds.add(ledger, "run", run, said, user())))
        if patients:
            done = holds.add(ledger, "patient", patients, said, user())
            output.say(_told("patient", done))
            if done.strangers:
                output.say(
                    output.wrapped(
                        f"{_count(done.strangers, 'patient')} held without a finding in the"
                        " ledger: see that the id is spelt as in the claim files."
                    )
                )


@app.command("list")
def list_(
    ctx: typer.Context,
    with_patients: Annotated[
        bool, typer.Option("--with-patients", help="Show the ids of patients as well.")
    ] = False,
    config_file: options.ConfigFile = None,
) -> None:
    """List the holds that stand, with their numbers."""
    from auditor.ledger import opened
    from auditor.nightly import holds

    place = place_of(ctx, config_file)
    with opened(place.ledger) as ledger:
        standing = holds.standing(ledger)
    if not standing:
        output.say("Nothing is under legal hold.")
        return
    output.say(output.table(_rows(standing, with_patients=with_patients)))


@app.command("release")
def release(
    ctx: typer.Context,
    numbers: Annotated[
        list[int], typer.Argument(metavar="NUMBER...", help="Numbers in 'auditor hold list'.")
    ],
    reason: _Reason,
    config_file: options.ConfigFile = None,
) -> None:
    """Lift holds. What is old by then goes with the next purge."""
    from auditor.ledger import opened
    from auditor.nightly import holds

    place = place_of(ctx, config_file)
    with opened(place.ledger) as ledger:
        lifted = holds.release(ledger, numbers, _said(reason), user())
    output.say(f"{_count(len(lifted), 'hold')} lifted.")


def _said(reason: str) -> str:
    if not reason.strip():
        raise ConfigError(
            "A hold needs a reason.",
            where="--reason",
            next_step="Say why in a few words, such as the number of a case.",
        )
    return " ".join(reason.split())


def _listed(file: Path | None) -> list[str]:
    """The ids in a text file or on standard input, one a line."""
    if file is None:
        return []
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise InputRejected(
            f"The file of patients cannot be read ({why}).",
            where="--patient-file",
            next_step="Name a text file with an id a line.",
        ) from None
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        raise InputRejected(
            "The file of patients is empty.",
            where="--patient-file",
            next_step="Write an id a line, as in the claim files.",
        )
    return found


def _asked() -> str:
    """The id that somebody types, hidden."""
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise ConfigError(
            "There is no terminal to ask at.",
            where="--ask-patient",
            next_step="Name a file with --patient-file, or - for standard input.",
        )
    found = getpass.getpass("Patient id: ", stream=sys.stderr).strip()
    if not found:
        raise ConfigError("No id was given.", where="--ask-patient", next_step="Type one.")
    return found


def _told(kind: str, done: Added) -> str:
    known = f", {done.known} held already" if done.known else ""
    return f"{_count(done.new, kind)} put under legal hold{known}."


def _rows(standing: tuple[Hold, ...], *, with_patients: bool) -> Iterator[tuple[str, ...]]:
    yield ("NUMBER", "KIND", "WHAT", "SINCE", "BY", "REASON")
    for hold in standing:
        shown = hold.what if hold.kind == "run" or with_patients else "(not shown)"
        since = hold.said_at[:10]
        yield (str(hold.number), hold.kind, shown, since, hold.said_by, hold.reason)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
