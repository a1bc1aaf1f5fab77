"""The commands, gathered: one Typer application."""

from __future__ import annotations

from typing import Annotated

import typer

from auditor import RULE_SET_VERSION, __version__
from auditor.cli import config_commands, hold, layout, nightly, output, reference, review
from auditor.cli.asking.check import check
from auditor.cli.asking.code import code
from auditor.cli.asking.search import search
from auditor.cli.audit import audit
from auditor.cli.demo import demo
from auditor.cli.estimate import estimate
from auditor.cli.purge import purge
from auditor.cli.reproduce import reproduce
from auditor.cli.rules import rules
from auditor.cli.sample import sample
from auditor.cli.trend import trend

_GROUPS = ("config", "hold", "layout", "nightly", "reference", "review")

# Plain help, without boxes and colours: it is the same on every terminal, in every encoding and
# in the README. Unforeseen errors are told by auditor.cli.failures alone.
app = typer.Typer(
    name="auditor",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": output.WIDEST,
        # Typer gives the --help of a group no default, and converts that None by pydantic, which
        # takes longer to import than all the rest: with a default, help shows in half the time
        "default_map": {"help": False} | {group: {"help": False} for group in _GROUPS},
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


app.command()(audit)
app.command()(check)
app.command()(code)
app.command()(rules)
app.command()(search)
app.add_typer(config_commands.app, name="config")
app.add_typer(hold.app, name="hold")
app.add_typer(layout.app, name="layout")
app.add_typer(nightly.app, name="nightly")
app.add_typer(reference.app, name="reference")
app.add_typer(review.app, name="review")
app.command()(purge)
app.command()(trend)
app.command()(reproduce)
app.command()(sample)
app.command()(estimate)
app.command()(demo)
