"""Where the password of a protected workbook comes from: a file, the environment, a prompt.

Never an argument, which other users of the machine can see. It is asked for when a workbook needs
it, and is held no longer than it takes to open that.
"""

from __future__ import annotations

import getpass
import os
import sys
import warnings
from functools import partial
from typing import TYPE_CHECKING

from auditor.cli import output
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VARIABLE = "AUDITOR_PASSWORD"


def source(flag: Path | None, setting: Path | None) -> Callable[[str], str | None]:
    """What to ask, with a file's name, for its password.

    The file that `flag` names, else the environment, else the file of the `setting`, else a
    prompt, where there is a terminal; the answer is None where there is none.
    """
    return partial(_known, flag, setting)


def _known(flag: Path | None, setting: Path | None, name: str) -> str | None:
    if flag is not None:
        return _first_line(flag)
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE]
    if setting is not None:
        return _first_line(setting)
    return _asked(name)


def _first_line(path: Path) -> str:
    """The first line of a text file without its end; blanks count."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            line = file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise ConfigError(
            f"The password file cannot be read ({why}).",
            where=str(path),
            next_step="Name a text file with --password-file; its first line is the password.",
        ) from None
    if not line:
        raise ConfigError(
            "The first line of the password file is empty.",
            where=str(path),
            next_step="Write the password there, and nothing else.",
        )
    return line


def _asked(name: str) -> str | None:
    """What the operator types, hidden; None without a terminal, or where it could not be hidden."""
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        return None
    with output.still(), warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(f"Password of {output.plain(name)}: ", stream=sys.stderr)
        except (getpass.GetPassWarning, EOFError):
            return None
