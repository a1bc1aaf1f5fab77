"""`auditor nightly status`: the last runs, what waits, what failed and why."""

from __future__ import annotations

import typer

from auditor.cli import options, output
from auditor.cli.nightly.place import place_of


def status(ctx: typer.Context, config_file: options.ConfigFile = None) -> None:
    """Show the last runs, what waits, what failed and why."""
    from auditor.ledger.runs import runs
    from auditor.ledger.store import opened

    place = place_of(ctx, config_file)
    with opened(place.ledger) as connection:
        for run in runs(connection, last=10):
            output.say(f"{run.run_id}  {run.feed}")
