"""`auditor estimate`: what a filled worksheet says of all the lines it was drawn from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli import output, places, selection
from auditor.cli.given import today
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.sampling.outcome import Outcome, Unanswered

_UNANSWERED: tuple[Unanswered, ...] = ("refuse", "in-error", "leave-out")
_OUT = (".json", ".md")
_RAT_STATS = (".xlsx", ".csv", ".txt")
_LEAST, _MOST = 50.0, 99.9


def estimate(
    worksheet: Annotated[
        Path, typer.Argument(metavar="WORKSHEET.xlsx", hidden=True, readable=False)
    ],
    confidence: Annotated[
        float,
        typer.Option(
            metavar="PERCENT",
            min=_LEAST,
            max=_MOST,
            help="Told beside 80, 90 and 95.",
        ),
    ] = 90.0,
    unanswered: Annotated[
        str,
        typer.Option(
            metavar="refuse|in-error|leave-out",
            help="What lines without an answer do: stop it, count as wholly in error, or stay out.",
        ),
    ] = "refuse",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write it as .json or .md too; a file there is never replaced."
        ),
    ] = None,
    rat_stats: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the amounts for RAT-STATS: .xlsx, .csv or .txt."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", envvar="AUDITOR_AS_OF", help="What counts as today [default: today]."
        ),
    ] = None,
) -> None:
    """Estimate errors and overpayment from a filled audit worksheet.

    WORKSHEET.xlsx: what 'auditor sample' wrote, filled in; sorted rows and other programs do no
    harm. Prints the error rate, the money in error and the financial error rate with their limits.
    Rows that contradict themselves are refused by sheet, row and column.
    """
    treated = selection.one_of(unanswered, _UNANSWERED, "--unanswered", "estimate")
    day = selection.day(as_of, "--as-of") if as_of else today()
    for option, path, forms in (("--out", out, _OUT), ("--rat-stats", rat_stats, _RAT_STATS)):
        if path is not None and path.suffix.lower() not in forms:
            raise ConfigError(
                f"'{path.name}' does not end in {' or '.join(forms)}.",
                where=option,
                next_step="The ending chooses the form of the file.",
            )
    places.check([worksheet], {"--out": out, "--rat-stats": rat_stats})
    with output.progress() as step:
        step("Reading the worksheet")
        from auditor.sampling import outcome, ratstats, reading, telling

        filled = reading.read_worksheet(worksheet)
        step("Estimating")
        told = outcome.conclude(filled, worksheet, confidence=confidence, unanswered=treated)
        written = []
        if out is not None:
            written.append(telling.write_outcome(told, out))
        if rat_stats is not None:
            written.append(ratstats.write_rat_stats(told, rat_stats, as_of=day))
    for text in lines_text(told):
        output.say(text)
    if written:
        output.say()
        output.say("Written")
        for path in written:
            output.say(f"  {path}")


def lines_text(told: Outcome) -> Iterator[str]:
    """The measures, section by section, and the notes."""
    from auditor.sampling.telling import sections

    for section in sections(told):
        yield section.title
        indent = 2 + max((len(name) for name, _ in section.facts), default=0) + 2
        for name, value in section.facts:
            yield output.wrapped(value, indent, f"  {name}")
        if section.table:
            right = frozenset(range(1, len(section.table[0])))
            for line in output.table(section.table, right=right).splitlines():
                yield f"  {line}"
        yield ""
    yield "Notes"
    for number, note in enumerate(told.notes, start=1):
        yield output.wrapped(note, 5, f"  {number}.")
