"""`auditor nightly`: the unattended night, and what it tells of itself."""

from __future__ import annotations

import typer

from auditor.cli import options, output
from auditor.cli.nightly.group import OwnOptions
from auditor.cli.nightly.init import init
from auditor.cli.nightly.status import status
from auditor.errors import ExitCode

app = typer.Typer(
    name="nightly",
    cls=OwnOptions,
    help="The unattended night: from the inbox to reports.",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"max_content_width": output.WIDEST},
)


@app.callback()
def nightly(
    ctx: typer.Context,
    config_file: options.ConfigFile = None,  # noqa: ARG001 - auditor.cli.nightly.place reads it
) -> None:
    """The unattended night: from the inbox to reports."""
    if ctx.invoked_subcommand is None:
        output.complain(ctx.get_help())
        raise typer.Exit(ExitCode.USAGE)


app.command("init")(init)
app.command("status")(status)
