"""`auditor config`: is the configuration file valid, and which settings are in force."""

from __future__ import annotations

import json
import os
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditor import config
from auditor.cli import options, output, passwords
from auditor.cli.audit import Given, merged
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
_OPTIONS = {"columns": "map_"}
"""Setting -> parameter of the command, where that has another name."""
_DEFAULT = "default"


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
    where something is wrong.
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
    for line in toml(settings, Origins(ctx, file)):
        output.say(line)


class Origins:
    """Where settings come from."""

    def __init__(self, ctx: typer.Context, file: Path | None) -> None:
        """Ask `ctx` about options, and read again what `file` says itself."""
        self.said: Mapping[str, Any] = {} if file is None else config.said(file)
        self.file = "" if file is None else file.name
        self.ctx = ctx
        self.options = {option.name: option for option in ctx.command.params}

    def of(self, *place: str) -> str:
        """The option, variable or file that a setting comes from, or that it is the default."""
        option = self._option(place[0])
        if option and not (len(place) > 1 and self._only_in_file(place)):
            return option
        found: Any = self.said
        for part in place:
            if not isinstance(found, dict) or part not in found:
                return _DEFAULT
            found = found[part]
        return self.file

    def _option(self, name: str) -> str:
        """The option that `name` was set with, or its variable; '' for neither."""
        parameter = _OPTIONS.get(name, name)
        source = self.ctx.get_parameter_source(parameter)
        if source is None or parameter not in self.options:
            return ""
        option = self.options[parameter]
        variable = option.envvar if isinstance(option.envvar, str) else ""
        return {"COMMANDLINE": option.opts[0], "ENVIRONMENT": variable}.get(source.name, "")

    def _only_in_file(self, place: tuple[str, ...]) -> bool:
        """Whether an entry of a table to which an option adds is the file's own."""
        mapped = self.ctx.params.get(_OPTIONS.get(place[0], place[0])) or ()
        return not any(pair.partition("=")[0].strip() == place[1] for pair in mapped)


def toml(settings: config.Settings, origins: Origins) -> Iterator[str]:
    """`settings` as lines of a configuration file."""
    unset: list[str] = []
    tables: dict[str, Mapping[str, Any]] = {}
    yield "# The settings in force; after each, where it comes from."
    for name, value in _values(settings).items():
        if is_dataclass(value):
            tables[name] = _values(value)
        elif isinstance(value, dict):
            tables[name] = value
        elif value is None or value == ():
            unset.append(name)
        else:
            yield f"{name} = {_text(value)}  # {origins.of(name)}"
    for name, table in tables.items():
        filled = {key: value for key, value in table.items() if value is not None}
        if not filled:
            unset.append(f"[{name}]")
            continue
        unset += [f"{name}.{key}" for key in table if key not in filled]
        yield ""
        yield f"[{name}]"
        for key, value in filled.items():
            yield f"{_key(key)} = {_text(value)}  # {origins.of(name, key)}"
    yield ""
    yield from _secrets()
    for line in output.wrapped(f"Not set: {', '.join(unset)}.", 2).splitlines():
        yield f"#{line[1:]}"


def _secrets() -> Iterator[str]:
    """Variables that hold a password or key; their values are shown nowhere."""
    for variable, setting in (
        (passwords.VARIABLE, "password_file"),
        (passwords.REDACT_KEY.variable, "redact_key_file"),
        (passwords.REPORT_PASSWORD.variable, "report_password_file"),
    ):
        if os.environ.get(variable):
            yield f"# {variable} is set; it goes before a configuration file's {setting}."


def _values(settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass
    return {each.name: getattr(settings, each.name) for each in fields(settings)}


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: object) -> str:
    """A value as TOML writes it, which for texts, numbers and lists is JSON but for DEL."""
    if isinstance(value, Path):
        value = str(value.absolute())
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _leaves(found: Mapping[str, Any]) -> Iterator[object]:
    for value in found.values():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield value


def _unusable(settings: config.Settings) -> Iterator[str]:
    """What the settings name that is not there, or is no layout."""
    for name in ("password_file", "redact_key_file", "report_password_file"):
        path = getattr(settings, name)
        if path is not None and not path.is_file():
            yield f"{name}: there is no file {path}"
    if settings.layout is not None and settings.columns:
        yield "layout and [columns] both say where the fields stand: leave one of them out"
    if settings.layout is not None:
        from auditor.intake.layout import load

        try:
            load(settings.layout)
        except ConfigError as error:
            yield f"layout: {error}"
