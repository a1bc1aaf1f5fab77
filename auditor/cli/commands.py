"""Commands that are imported when they are asked for.

Importing all of them, and reading their options out of their signatures, takes longer than most
of them take to answer; one run asks for one of them. Help that lists them all imports them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperGroup

from auditor.cli.conversion import quicken

SINGLE = {
    "audit": "auditor.cli.audit",
    "check": "auditor.cli.asking.check",
    "code": "auditor.cli.asking.code",
    "rules": "auditor.cli.rules",
    "search": "auditor.cli.asking.search",
    "purge": "auditor.cli.purge",
    "trend": "auditor.cli.trend",
    "reproduce": "auditor.cli.reproduce",
    "sample": "auditor.cli.sample",
    "estimate": "auditor.cli.estimate",
    "demo": "auditor.cli.demo",
}
"""Command -> the module with a function of its name, in the order of the help."""
GROUPS = {
    "config": "auditor.cli.config_commands",
    "hold": "auditor.cli.hold",
    "layout": "auditor.cli.layout",
    "nightly": "auditor.cli.nightly",
    "reference": "auditor.cli.reference",
    "review": "auditor.cli.review",
}
"""Group of commands -> the module with its Typer application `app`; after the single ones."""


def plain(**settings: Any) -> typer.Typer:  # noqa: ANN401 - whatever Typer takes
    """An application whose help has no boxes and colours, and that lets errors pass.

    Help is the same on every terminal, in every encoding and in the README. Unforeseen errors are
    told by auditor.cli.failures alone.
    """
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
        **settings,
    )


class LazyGroup(TyperGroup):
    """A group whose commands are those of SINGLE and GROUPS."""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 - what Typer makes a group of
        """Take everything that Typer knows but the commands."""
        super().__init__(**given)
        quicken(self)
        self.commands = cast("Any", _Commands())  # Typer reads it and no more


class _Commands(Mapping[str, Any]):
    """The commands by name, each made when it is looked up; once."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - Typer's class of commands is private
        if name not in self._made:
            self._made[name] = _make(name)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in SINGLE or name in GROUPS

    def __iter__(self) -> Iterator[str]:
        yield from SINGLE
        yield from GROUPS

    def __len__(self) -> int:
        return len(SINGLE) + len(GROUPS)


def _make(name: str) -> Any:  # noqa: ANN401 - as above
    """The command or group `name`; KeyError where there is none."""
    if name in SINGLE:
        app = plain()
        app.command(name)(getattr(import_module(SINGLE[name]), name))
        made: Any = typer.main.get_command(app)
        quicken(made)
        return made
    app = plain()
    app.callback()(lambda: None)
    app.add_typer(import_module(GROUPS[name]).app, name=name)
    made = typer.main.get_group(app).commands[name]
    quicken(made)
    return made
