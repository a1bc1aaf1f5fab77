"""`auditor nightly init`: a commented configuration file and the folders of the night."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Template
from typing import Annotated, get_args

import typer

from auditor import config
from auditor.cli import output, selection
from auditor.errors import ConfigError
from auditor.nightly.settings import Mode, Nightly

TEMPLATE = Path(__file__).with_name("template.toml")
REFERENCE = "reference"
"""The folder of CMS tables that the template names; an empty one is a store in the making."""
_MODES: tuple[Mode, ...] = get_args(Mode)
_COMMAND = "nightly init"


def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", hidden=True, readable=False)] = Path(),
    feed: Annotated[
        str, typer.Option(metavar="NAME", help="What the first feed is called.")
    ] = "claims",
    files: Annotated[
        str, typer.Option(metavar="GLOB", help="Names of its files in the inbox: 'clinic_*.csv'.")
    ] = "*.csv",
    mode: Annotated[
        str,
        typer.Option(
            metavar="snapshot|delta",
            help="snapshot: a claim that comes again comes whole; delta: only its new and changed"
            " lines come.",
        ),
    ] = "snapshot",
    line_of_business: Annotated[
        str | None,
        typer.Option(
            metavar="medicare|medicaid|commercial",
            help="Of every line that does not say so itself.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a commented auditor.toml into FOLDER, and make the folders of the night.

    FOLDER: by default this one. A file that is there is never written over.
    """
    text = filled(feed, files, mode, line_of_business)
    from auditor.report.place import PRIVATE_FOLDER, place_new, workroom

    path = folder / config.DEFAULT_NAME
    if path.exists() or path.is_symlink():
        raise _there(path)
    nightly = Nightly()
    with workroom(path) as room:
        made = room / path.name
        made.write_text(text, encoding="utf-8", newline="\n")
        places = (nightly.inbox, nightly.outbox, nightly.archive, nightly.state, REFERENCE)
        for place in places:
            (folder / place).mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        try:
            place_new(made, path)
        except FileExistsError:
            raise _there(path) from None
    names = ", ".join(map(str, places))
    output.say(output.wrapped(f"Wrote {path}, and beside it the folders {names}. Next:"))
    for step in _next(path):  # each on one line, whatever the width: they are to be copied
        output.say(step)


def filled(feed: str, files: str, mode: str, line_of_business: str | None) -> str:
    """The template with the first feed filled in; ConfigError for what cannot stand there."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", feed):
        raise ConfigError(
            f"'{feed}' cannot name a feed.",
            where="--feed",
            next_step="Folders are called after it: letters, digits, - and _ only.",
        )
    if not files.strip() or "/" in files or "\\" in files:
        raise ConfigError(
            f"'{files}' is no pattern for names of files.",
            where="--files",
            next_step="Give the names without a folder: 'clinic_*.csv'.",
        )
    note = "# Of this feed's lines that do not say so themselves."
    if line_of_business is None:
        business = f'{note}\n#line_of_business = "medicare"'
    else:
        known = selection.payer(line_of_business)
        business = f'{note}\nline_of_business = "{known}"'
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        feed=feed,
        files=_text(files),
        mode=_text(selection.one_of(mode, _MODES, "--mode", _COMMAND)),
        business=business,
    )


def _text(value: str) -> str:
    """As TOML writes a text: as JSON does, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _there(path: Path) -> ConfigError:
    return ConfigError(
        f"'{path}' is there already.",
        next_step="Change it by hand, or name another folder: auditor nightly init FOLDER.",
    )


def _next(path: Path) -> tuple[str, str, str]:
    """What to do after this, each in a line."""
    folder = path.parent
    check = f"auditor config check {path}"
    load = f"auditor reference import CMS-FILES --reference {folder / REFERENCE}"
    run = f"auditor nightly --config {path} --dry-run"
    return (
        f"1. Read the file, change what differs, check it: {check}",
        f"2. Load Medicare's tables: {load}",
        f"3. Put an export into {folder / Nightly().inbox}, see what would be done: {run}",
    )
