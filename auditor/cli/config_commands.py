"""`auditor config`: is the configuration file valid, and which settings are in force."""

from __future__ import annotations

import shlex
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditor import config
from auditor.cli import options, output
from auditor.cli.config_text import Origins, toml
from auditor.cli.given import Given, merged
from auditor.errors import ConfigError, ExitCode
from auditor.tomlfile import FileProblems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

app = typer.Typer(
    name="config",
    help="Check the configuration file, and show the settings in force.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"max_content_width": output.WIDEST},
)
_LATER = Path("/run/credentials")
"""Where systemd puts a service's secrets while it runs; before that there is nothing to see."""
_NOT_OURS = (_LATER, Path("/run/secrets"))
"""Where systemd, or what runs a container, says who may read a secret."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@app.callback()
def config_() -> None:
    """Check the configuration file, and show the settings in force."""


@app.command("check")
def check(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", hidden=True, readable=False, envvar="AUDITOR_CONFIG", show_envvar=False
        ),
    ] = None,
) -> None:
    """Name everything that is wrong with a configuration file.

    FILE: by default the one AUDITOR_CONFIG names, else auditor.toml in this folder. Exits with 2
    where something is wrong; a file with a password that others may read is a warning.
    """
    path = config.find(file)
    if path is None:
        raise ConfigError(
            f"There is no {config.DEFAULT_NAME} in this folder.",
            next_step="Name the file: auditor config check FILE.",
        )
    try:
        settings = config.load(path)
        problems = tuple(_unusable(settings))
    except FileProblems as error:
        problems = error.problems
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        output.complain(f"{path}: {count}")
        for problem in problems:
            output.complain(output.wrapped(problem, 4, "  - "))
        raise typer.Exit(ExitCode.USAGE)
    number = len(list(_leaves(config.said(path))))
    output.say(f"{path}: valid, {number} setting{'' if number == 1 else 's'}.")
    for warning in _open_to_others(settings):
        output.complain(output.wrapped(f"Warning: {warning}", 2))


@app.command("show")
def show(
    ctx: typer.Context,
    reference: options.Reference = None,
    select: options.Select = None,
    ignore: options.Ignore = None,
    fail_on: options.FailOn = None,
    line_of_business: options.LineOfBusiness = None,
    sheet: options.Sheet = None,
    password_file: options.PasswordFile = None,
    redact_key_file: options.RedactKeyFile = None,
    report_password_file: options.ReportPasswordFile = None,
    map_: options.Mapped = None,
    layout: options.LayoutFile = None,
    date_order: options.DateOrder = None,
    year_pivot: options.YearPivot = None,
    ledger: options.Ledger = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Print the settings in force as TOML, and where each comes from.

    Takes the options of 'auditor audit' that a configuration file may hold too.
    """
    given = Given(
        reference,
        line_of_business,
        tuple(select or ()),
        tuple(ignore or ()),
        fail_on,
        sheet,
        tuple(map_ or ()),
        layout,
        date_order,
        year_pivot,
        password_file,
        ledger,
        redact_key_file,
        report_password_file,
    )
    file = config.find(config_file)
    settings = merged(given, file)
    filed = config.Settings() if file is None else config.load(file)
    for line in toml(settings, filed, Origins(ctx, file)):
        output.say(line)


def _leaves(found: Mapping[str, Any]) -> Iterator[object]:
    for value in found.values():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield value


def _unusable(settings: config.Settings) -> Iterator[str]:
    """What the settings name that is not there, or is no layout."""
    for name, secret in _secrets(settings):
        yield from _missing(name, secret)
    yield from _of_layout(settings, "")
    for name, feed in settings.feeds.items():
        if feed.layout is not None or feed.columns:
            yield from _of_layout(config.of_feed(settings, name), f"feeds.{name}: ")
    nightly = settings.nightly
    if nightly is None:
        return
    if not nightly.inbox.is_dir():
        yield f"nightly.inbox: there is no folder {nightly.inbox}"
    if nightly.mail is not None:
        yield from _missing("nightly.mail.ca_file", nightly.mail.ca_file)
    if nightly.webhook is not None:
        yield from _missing("nightly.webhook.ca_file", nightly.webhook.ca_file)


def _secrets(settings: config.Settings) -> Iterator[tuple[str, Path | None]]:
    """(dotted place, file) of every password, key and token."""
    for name in ("password_file", "redact_key_file", "report_password_file"):
        yield name, getattr(settings, name)
    for name, feed in settings.feeds.items():
        yield f"feeds.{name}.password_file", feed.password_file
    nightly = settings.nightly
    if nightly is not None and nightly.mail is not None:
        yield "nightly.mail.password_file", nightly.mail.password_file
    if nightly is not None and nightly.webhook is not None:
        yield "nightly.webhook.token_file", nightly.webhook.token_file


def _open_to_others(settings: config.Settings) -> Iterator[str]:
    """Secrets whose file is not its owner's alone; Windows has no such modes."""
    if sys.platform == "win32":
        return
    for name, path in _secrets(settings):
        if path is None or any(path.is_relative_to(folder) for folder in _NOT_OURS):
            continue
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
        except OSError:
            continue
        if mode & _OTHERS:
            yield (
                f"{name}: other users of this machine can read {path}, or change it (mode"
                f" {mode:04o}). Make it its owner's alone: chmod 600 {shlex.quote(str(path))}"
            )


def _missing(name: str, path: Path | None) -> Iterator[str]:
    if path is not None and not path.is_file() and not path.is_relative_to(_LATER):
        yield f"{name}: there is no file {path}"


def _of_layout(settings: config.Settings, where: str) -> Iterator[str]:
    if settings.layout is not None and settings.columns:
        yield f"{where}layout and [columns] both say where the fields stand: leave one of them out"
    if settings.layout is not None:
        from auditor.intake.layout import load

        try:
            load(settings.layout)
        except ConfigError as error:
            yield f"{where}layout: {error}"
