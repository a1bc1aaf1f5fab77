"""`auditor nightly`: the unattended night, and what belongs to setting it up and watching it."""

from __future__ import annotations

import typer

from auditor.cli import output
from auditor.cli.nightly.init import init

app = typer.Typer(
    name="nightly",
    help="Audit what lies in the inbox, unattended, and look after it.",
    invoke_without_command=True,
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"max_content_width": output.WIDEST},
)


@app.callback()
def nightly() -> None:
    """Audit what lies in the inbox, unattended, and look after it."""


app.command("init")(init)
