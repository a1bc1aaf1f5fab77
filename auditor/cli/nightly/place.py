"""Which configuration a command about the night goes by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from auditor import config
from auditor.errors import ConfigError

if TYPE_CHECKING:
    import typer

    from auditor.nightly.settings import Nightly


class Place(NamedTuple):
    """A configuration that is about a night."""

    file: Path
    settings: config.Settings
    nightly: Nightly
    ledger: Path


def place_of(ctx: typer.Context, named: Path | None) -> Place:
    """The configuration that `--config` names: of the command, else of `auditor nightly` before it.

    Else the one of the environment, else `auditor.toml` in this folder. Raises ConfigError where
    there is none, or it does not speak of a night.
    """
    source = ctx.get_parameter_source("config_file")
    above = None if ctx.parent is None else ctx.parent.params.get("config_file")
    if above is not None and (source is None or source.name != "COMMANDLINE"):
        named = above
    file = config.find(named)
    if file is None:
        raise ConfigError(
            f"There is no {config.DEFAULT_NAME} in this folder.",
            next_step="Name the configuration of the night with --config FILE.",
        )
    settings = config.load(file)
    if settings.nightly is None:
        raise ConfigError(
            "This configuration says nothing of a night: it has no [nightly].",
            where=str(file),
            next_step="Name another with --config FILE; docs/nightly.md tells what belongs in it.",
        )
    ledger = settings.ledger or settings.nightly.state / config.LEDGER
    return Place(file, settings, settings.nightly, ledger)
