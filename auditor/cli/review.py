"""`auditor review`: the reviewers' decisions into the ledger, and out of it."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor import config
from auditor.cli import options, output, passwords, places, selection
from auditor.cli.given import today
from auditor.errors import ConfigError, ExitCode, InputRejected, LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from auditor.ledger.dispositions import Appended
    from auditor.review import Reviewed

# What the ledger alone can tell; whether facts have changed since, only an audit knows. Kept here
# as well as in schemas.review, which is slow to import; a test compares.
STATES = ("standing", "expired", "disputed", "pending")
SHOWN = 50
"""Rows that are reported one by one; a workbook with more has something wrong as a whole."""
_FORMS = (".csv", ".parquet", ".jsonl")

app = typer.Typer(
    name="review",
    help="Bring the reviewers' decisions home; list and export them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"max_content_width": output.WIDEST},
)

_Ledger = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FILE",
        help="The ledger; default: AUDITOR_LEDGER, else that of the configuration file, else the"
        " one in the user's data folder.",
        show_default=False,
    ),
]
_AsOf = Annotated[
    str | None,
    typer.Option(
        metavar="DATE", envvar="AUDITOR_AS_OF", help="What counts as today [default: today]."
    ),
]


@app.command("import")
def import_(
    workbooks: Annotated[
        list[Path],
        typer.Argument(metavar="WORKBOOK...", help="Workbooks, or CSV copies of their tables."),
    ],
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="NAME", help="The reviewer where a row names none."),
    ] = None,
    ledger: _Ledger = None,
    password_file: options.PasswordFile = None,
    config_file: options.ConfigFile = None,
    as_of: _AsOf = None,
) -> None:
    """Store the decisions that reviewers wrote into workbooks.

    Rows are known by Finding id and Check; sheets, rows and columns may have been moved, renamed,
    sorted and filtered. A row that was edited, or is no whole decision, is reported and not
    stored. The same workbook twice changes nothing. Exits with 3 where a workbook could not be
    read at all; the others are stored.
    """
    from auditor.ledger import Imported, append, opened
    from auditor.review import ReviewOptions, read_decisions

    settings = settings_of(config_file)
    path = ledger_place(ledger, settings)
    day = _day(as_of)
    password = passwords.source(password_file, settings.password_file)
    refused: list[InputRejected] = []
    read: list[Reviewed] = []
    with output.progress() as step:
        for workbook in workbooks:
            step(f"Reading {workbook.name}")
            try:
                read.append(read_decisions(workbook, ReviewOptions(day, by), password))
            except InputRejected as error:
                refused.append(error)
        step("Storing")
        if read:
            with opened(path) as connection:
                done = [
                    append(connection, each.decisions, Imported(each.sha256, user(), day))
                    for each in read
                ]
    for each, appended in zip(read, done if read else (), strict=True):
        for text in told(each, appended):
            output.say(text)
    if read:
        output.say(f"The ledger is {path}")
    for problem in refused:
        output.complain(f"Error: {problem}")
    if refused:
        raise typer.Exit(ExitCode.UNREADABLE)


@app.command("list")
def list_(
    state: Annotated[
        list[str] | None,
        typer.Option(
            "--state",
            metavar="|".join(STATES),
            help="Only findings in this state. May be repeated.",
        ),
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule", metavar="IDS", help="Only these rules or families. May be repeated."
        ),
    ] = None,
    with_claims: Annotated[
        bool, typer.Option("--with-claims", help="Show claim, line, date and code as well.")
    ] = False,
    ledger: _Ledger = None,
    config_file: options.ConfigFile = None,
    as_of: _AsOf = None,
) -> None:
    """List what stands in the ledger, one row a finding.

    Whether the facts of a finding have changed since, only an audit knows: its summary and its
    workbook say so.
    """
    from auditor.review.listing import listed

    rules = tuple(word for text in rule or () for word in text.replace(",", " ").split())
    states = frozenset(
        selection.one_of(word, STATES, "--state", "review list") for word in state or ()
    )
    path = ledger_place(ledger, settings_of(config_file))
    found = listed(_history(path), _day(as_of), states, rules)
    if found.is_empty():
        output.say("No decision in the ledger fits." if state or rules else "The ledger is empty.")
    else:
        output.say(output.table(_rows(found, with_claims=with_claims)))
    output.say(f"The ledger is {path}")


@app.command("export")
def export(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What to write: .csv, .parquet or .jsonl.")
    ],
    ledger: _Ledger = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Write the whole history of decisions, oldest first; a file there is replaced.

    It names claims: treat it as the claims themselves.
    """
    from auditor.review.listing import write_history

    if file.suffix.lower() not in _FORMS or file.is_dir():
        raise ConfigError(
            f"'{file.name}' does not end in {', '.join(_FORMS[:-1])} or {_FORMS[-1]}.",
            next_step="The ending chooses the form of the file.",
        )
    history = _history(ledger_place(ledger, settings_of(config_file)))
    write_history(history, file)
    count = f"{history.height:,} decision{'' if history.height == 1 else 's'}"
    output.say(f"Wrote {count} to {file}")


def told(read: Reviewed, done: Appended) -> Iterator[str]:
    """What became of one workbook: counts, then each row that was not stored."""
    counts = [
        (done.new, "new"),
        (done.changed, "changed"),
        (done.known, "known already"),
        (len(read.problems), "not stored"),
    ]
    parts = [f"{count:,} {word}" for count, word in counts if count] or ["no decision"]
    again = ""
    if done.seen_before and not done.new and not done.changed:
        again = ". It was imported before; nothing was changed"
    yield f"{read.name}: {', '.join(parts)}{again}"
    for problem in read.problems[:SHOWN]:
        yield output.wrapped(str(problem), 4, "  ")
    more = len(read.problems) - SHOWN
    if more > 0:
        yield f"  and {more:,} more rows; mend these and import again"


def _rows(found: pl.DataFrame, *, with_claims: bool) -> Iterator[tuple[str, ...]]:
    """The table of `review list`."""
    names = ["finding_id", "rule_id", "state", "disposition", "reviewer", "decided_on"]
    names.append("valid_until")
    if with_claims:
        names += ["claim_id", "line_number", "service_date", "code"]
    yield tuple(name.replace("_", " ").upper() for name in names)
    for row in found.select(names).iter_rows():
        yield tuple("-" if cell is None else str(cell) for cell in row)


def _history(path: Path) -> pl.DataFrame:
    from auditor.ledger import history, opened

    if not path.is_file():
        raise LedgerError(
            "There is no ledger here.",
            where=str(path),
            next_step="'auditor review import WORKBOOK' makes it; --ledger FILE names another.",
        )
    with opened(path) as connection:
        return history(connection)


def settings_of(named: Path | None) -> config.Settings:
    """The settings of the configuration file that is named or found, else the usual ones."""
    file = config.find(named)
    return config.Settings() if file is None else config.load(file)


def ledger_place(named: Path | None, settings: config.Settings) -> Path:
    """The ledger that the option names, else the environment, else the settings, else ours."""
    variable = os.environ.get("AUDITOR_LEDGER")
    path = named or (Path(variable) if variable else None) or settings.ledger
    path = path or places.default_ledger()
    if path is None:
        raise ConfigError(
            "There is no home folder to keep the ledger in.",
            next_step="Name it with --ledger FILE.",
        )
    return path


def _day(as_of: str | None) -> date:
    return selection.day(as_of, "--as-of") if as_of else today()


def user() -> str:
    """The user of the operating system who imports."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user has no name
        return "unknown"
