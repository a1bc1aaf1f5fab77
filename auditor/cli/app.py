"""The commands, gathered: one Typer application."""

from __future__ import annotations

from typing import Annotated

import typer

from auditor import RULE_SET_VERSION, __version__
from auditor.cli import output
from auditor.cli.commands import LazyGroup, plain

app = plain(
    name="auditor",
    cls=LazyGroup,
    no_args_is_help=True,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": output.WIDEST,
    },
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - the form that Typer calls it in
    if wanted:
        output.say(f"auditor {__version__}, rule set {RULE_SET_VERSION}")
        raise typer.Exit


@app.callback()
def auditor(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the versions and exit."
        ),
    ] = False,
) -> None:
    """Audit professional medical claim files (CPT/HCPCS) in batch."""
