"""`auditor check`: whether lines may go together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditor import config, rulewords
from auditor.cli import options, output, selection
from auditor.cli.given import Given, merged, today
from auditor.errors import ConfigError, ExitCode, InputRejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.asking.check import Answer, Encounter, Rejected
    from auditor.config import FailOn, Settings
    from auditor.result import AuditOptions

STDIN = "-"


def check(
    words: Annotated[list[str] | None, typer.Argument(metavar="LINE...", hidden=True)] = None,
    pos: Annotated[
        str | None, typer.Option(metavar="NN", help="Place of service [default: 11, office].")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="DATE", help="Day of service [default: today].")
    ] = None,
    age: Annotated[
        int | None, typer.Option(metavar="YEARS", min=0, help="The patient's age on that day.")
    ] = None,
    birth: Annotated[
        str | None, typer.Option(metavar="DATE", help="The patient's birth date, for --age.")
    ] = None,
    sex: Annotated[str | None, typer.Option(metavar="F|M|U", help="The patient's sex.")] = None,
    line_of_business: Annotated[
        str | None,
        typer.Option(
            "--payer",
            "--line-of-business",
            metavar="medicare|medicaid|commercial",
            envvar="AUDITOR_LINE_OF_BUSINESS",
            help="Who pays.",
        ),
    ] = None,
    dx: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Diagnosis; several: repeated or with commas."),
    ] = None,
    specialty: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]CODE",
            help="Specialty of all practitioners, or of the one of this name. May be repeated.",
        ),
    ] = None,
    other_group: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="This practitioner bills for another group."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Many questions, each line one: what is typed after 'auditor check'; # begins a"
            " comment; - is standard input.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    reference: options.Reference = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    fail_on: options.FailOn = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Ask whether lines of one day may go together, before you bill.

    LINE: CODE, CODE-MODIFIER, with *UNITS or @DATE behind, as in 20610-RT 97110-GP*4
    27447@2026-02-01. A name before a colon is another practitioner: anna:93010-26. Answered by the
    tables and rules of the nightly audit.
    """
    from auditor.asking import check as asking
    from auditor.reference import load_reference

    if line_of_business:
        line_of_business = selection.payer(line_of_business, "--payer")
    given = Given(
        reference,
        line_of_business,
        tuple(select or ()),
        tuple(ignore or ()),
        fail_on,
        None,
        (),
    )
    settings = merged(given, config.find(config_file))
    said: dict[str, Any] = {
        "pos": pos,
        "day": day,
        "age": age,
        "birth": birth,
        "sex": sex,
        "payer": settings.line_of_business,
        "diagnoses": tuple(dx or ()),
        "specialties": tuple(specialty or ()),
        "other_groups": tuple(other_group or ()),
    }
    rejected: Sequence[Rejected] = ()
    encounters: Sequence[Encounter]
    if file is None:
        encounters = [asking.encounter(words or (), today=today(), **said)]
    elif words:
        raise ConfigError(
            "Lines and --file exclude each other.", next_step="Leave one of them out."
        )
    else:
        encounters, rejected = asking.read(*_texts(file), today(), said)
    answers = asking.check(encounters, load_reference(settings.reference), _options(settings))
    if json:
        import json as writer

        output.say(writer.dumps(asking.document(answers, rejected), indent=2))
    else:
        _say(answers, rejected, many=file is not None)
    for each in rejected:
        output.complain(f"{each.place}: {each.reason}")
    if not answers:
        if not rejected:
            output.complain(f"{file}: There is no question in it. Write one on each line.")
        raise typer.Exit(ExitCode.INCOMPLETE)
    if _fails(answers, settings.fail_on):
        raise typer.Exit(ExitCode.FINDINGS)


def _options(settings: Settings) -> AuditOptions:
    """What the nightly audit would be told."""
    from auditor.result import AuditOptions

    select, ignore = selection.chosen_words(settings.select, settings.ignore)
    return AuditOptions(today(), "question", select, ignore, rulewords.options(settings))


def _texts(file: Path) -> tuple[list[str], str]:
    """The lines of a file of questions, and what it is called."""
    if str(file) == STDIN:
        return sys.stdin.read().splitlines(), "standard input"
    try:
        return file.read_text(encoding="utf-8-sig").splitlines(), file.name
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise InputRejected(
            f"The file cannot be read ({why}).",
            where=str(file),
            next_step="Name a text file with a question on each line.",
        ) from None


def _say(answers: Sequence[Answer], rejected: Sequence[Rejected], *, many: bool) -> None:
    from auditor.cli.asking.check_text import closing, told

    for number, answer in enumerate(answers):
        if number:
            output.say()
            output.say()
        for text in told(answer):
            output.say(text)
    if many:
        output.say()
        output.say(closing(list(answers), len(rejected)))


def _fails(answers: Sequence[Answer], fail_on: FailOn | None) -> bool:
    """Whether a finding is of the tier `fail_on` or above it."""
    if fail_on is None:
        return False
    counting = ("certain",) if fail_on == "certain" else ("certain", "review")
    return any(answer.verdict in counting for answer in answers)
