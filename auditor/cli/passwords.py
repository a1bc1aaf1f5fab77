"""Where passwords and keys come from: a file, the environment, for a claim file also a prompt.

Never an argument, which other users of the machine can see. The password of a claim file is asked
for when a workbook needs it, and is held no longer than it takes to open that.
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
from auditor.secret import Secret, first_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VARIABLE = "AUDITOR_PASSWORD"


REPORT_PASSWORD = Secret(
    "password", "--report-password-file", "AUDITOR_REPORT_PASSWORD", "--encrypt"
)
REDACT_KEY = Secret(
    "key",
    "--redact-key-file",
    "AUDITOR_REDACT_KEY",
    "--redact",
    ' Make one with  python -c "import secrets; print(secrets.token_hex(32))"  and keep it: the'
    " same key gives the same pseudonyms.",
)


def source(flag: Path | None, setting: Path | None) -> Callable[[str], str | None]:
    """What to ask, with a file's name, for its password.

    The file that `flag` names, else the environment, else the file of the `setting`, else a
    prompt, where there is a terminal; the answer is None where there is none.
    """
    return partial(_known, flag, setting)


def unused(secret: Secret, flag: Path | None, *, purpose: bool) -> None:
    """Raise ConfigError where `flag` names a file for this run, and the run does not need it.

    The copy that was meant to be safe would be written plain. A setting may stand there unused.
    """
    if flag is not None and not purpose:
        raise ConfigError(
            f"{secret.option} does nothing without {secret.purpose}.",
            next_step=f"Say {secret.purpose} as well, or leave {secret.option} out.",
        )


def _known(flag: Path | None, setting: Path | None, name: str) -> str | None:
    if flag is not None:
        return first_line(flag)
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE]
    if setting is not None:
        return first_line(setting)
    return _asked(name)


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
