"""`auditor nightly`: the unattended night, and what belongs to setting it up and watching it."""

from __future__ import annotations

import typer

from auditor.cli import output
from auditor.cli.nightly.group import OwnOptions
from auditor.cli.nightly.init import init
from auditor.cli.nightly.rerun import rerun
from auditor.cli.nightly.run import nightly
from auditor.cli.nightly.status import status

app = typer.Typer(
    name="nightly",
    cls=OwnOptions,
    help="Audit what lies in the inbox, unattended, and look after it.",
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"max_content_width": output.WIDEST},
)
app.callback()(nightly)
app.command("init")(init)
app.command("rerun")(rerun)
app.command("status")(status)
