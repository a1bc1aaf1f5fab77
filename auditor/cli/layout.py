"""`auditor layout detect`: what is recognised in a claim file, and the layout that pins it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor import config
from auditor.cli import options, output, passwords, places
from auditor.cli.given import Given, merged
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.intake.detect import Detected
    from auditor.intake.survey import Finding, Survey

app = typer.Typer(
    name="layout",
    help="See how claim files are read, and pin it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"max_content_width": output.WIDEST},
)
_OTHERS_SHOWN = 20
_COLUMNS_SHOWN = 3


@app.callback()
def layout() -> None:
    """See how claim files are read, and pin it."""


@app.command("detect")
def detect(
    file: Annotated[Path, typer.Argument(metavar="FILE", readable=False, hidden=True)],
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="Write the layout that pins what was recognised."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over a layout that is there.")
    ] = False,
    sheet: options.Sheet = None,
    password_file: options.PasswordFile = None,
    map_: options.Mapped = None,
    layout_file: Annotated[
        Path | None,
        typer.Option("--layout", metavar="FILE", help="Show what this layout reads of the file."),
    ] = None,
    date_order: options.DateOrder = None,
    year_pivot: options.YearPivot = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Show which column of FILE is read as what, and how surely.

    Sample values show their form only, 9 for a digit and X for a letter, but for codes of fixed
    lists. Exits with 3 where the file would be refused.
    """
    given = Given(None, None, (), (), None, sheet, tuple(map_ or ()), None, date_order, year_pivot)
    settings = merged(given, config.find(config_file))
    if write is not None:
        _check(write, replace=replace)
    places.check([file], {})
    from auditor.intake.detect import detect as detected
    from auditor.intake.interface import IntakeOptions
    from auditor.intake.layout import load

    with output.progress() as step:
        step("Looking at the file")
        given_options = IntakeOptions(
            settings.sheet,
            settings.columns,
            password=passwords.source(password_file, settings.password_file),
            date_order=settings.date_order,
            year_pivot=settings.year_pivot,
            layout=None if layout_file is None else load(layout_file),
        )
        found = detected(file, given_options)
    for each in found:
        for text in told(each):
            output.say(text)
    problem = next((problem for each in found for problem in each.problems), None)
    if problem is not None:
        raise problem
    if write is not None:
        _write(found, write)


def told(found: Detected) -> Iterator[str]:
    """What was recognised in one source, in paragraphs."""
    where = f"header in row {found.header_row}, " if found.header_row else ""
    yield f"{found.name}: {found.form}, {where}{found.rows:,} rows seen"
    yield ""
    if found.survey is None:
        yield output.table([("FIELD", "COLUMN", "FOR EXAMPLE"), *_said(found)])
    else:
        yield from _recognised(found, found.survey)
    for note in found.notes:
        yield output.wrapped(f"Note: {note}")


def _said(found: Detected) -> Iterator[tuple[str, str, str]]:
    """The columns of a format that fixes them, or of a layout."""
    for field, numbers in found.columns.used().items():
        headers = tuple(found.columns.names[number] for number in numbers)
        yield field, _columns(headers), _examples(found, field)


def _recognised(found: Detected, survey: Survey) -> Iterator[str]:
    """What was recognised by names and values, what was not, and what else there is."""
    read = [finding for finding in survey.findings if finding.places]
    head = ("FIELD", "HOW SURELY", "VALUES FIT", "COLUMN", "FOR EXAMPLE")
    yield output.table(
        [
            head,
            *(
                (
                    f.field,
                    f.surety,
                    _share(f.share),
                    _columns(f.headers),
                    _examples(found, f.field),
                )
                for f in read
            ),
        ]
    )
    open_ = [f for f in survey.findings if f.surety in {"missing", "undecided"}]
    if open_:
        yield ""
        yield "Not recognised"
        yield output.table([("  " + f.field, f.surety, _offers(f)) for f in open_])
    rivals = [
        ("  " + f.field, rival.header, _share(rival.share))
        for f in survey.findings
        for rival in f.rivals
        if f.surety != "undecided"
    ]
    if rivals:
        yield ""
        yield "Other columns of such a name, not read"
        yield output.table(rivals)
    named = {header for _, header, _ in rivals}
    other = [name for name in survey.columns.unused() if name not in named]
    if other:
        more = f" and {len(other) - _OTHERS_SHOWN} more" if len(other) > _OTHERS_SHOWN else ""
        yield ""
        yield output.wrapped(f"Not read: {', '.join(other[:_OTHERS_SHOWN])}{more}")


def _columns(headers: tuple[str, ...]) -> str:
    """The columns of one field; of many the first and the last."""
    if len(headers) <= _COLUMNS_SHOWN:
        return ", ".join(headers)
    return f"{headers[0]} ... {headers[-1]} ({len(headers)})"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _examples(found: Detected, field: str) -> str:
    return "  ".join(found.samples.get(field, ()))


def _offers(finding: Finding) -> str:
    """What a field that has no column could be read from."""
    columns = [rival.header for rival in finding.rivals] or list(finding.suggestions)
    return f"--map {finding.field}=COLUMN; could be: {', '.join(columns)}" if columns else ""


def _check(path: Path, *, replace: bool) -> None:
    if path.suffix.lower() != ".toml":
        raise ConfigError(
            f"'{path.name}' does not end in .toml.",
            where="--write",
            next_step="A layout is a TOML file.",
        )
    if path.exists() and not replace:
        raise ConfigError(
            f"'{path}' is there already.",
            where="--write",
            next_step="Name another file, or say --replace.",
        )


def _write(found: list[Detected], path: Path) -> None:
    if len(found) != 1 or not found[0].text:
        raise ConfigError(
            "There is nothing to pin: the format itself says what everything is."
            if len(found) == 1
            else f"The file holds {len(found)} tables, and a layout is of one.",
            where="--write",
            next_step="Leave --write out." if len(found) == 1 else "Choose one with --sheet.",
        )
    from auditor.report.place import replace, workroom

    with workroom(path) as room:
        made = room / path.name
        made.write_text(found[0].text, encoding="utf-8")
        replace(made, path)
    output.say()
    output.say(f"Layout written to {path}; hold files to it with --layout.")
