"""Where passwords and keys come from: a file, the environment, for a claim file also a prompt.

Never an argument, which other users of the machine can see. The password of a claim file is asked
for when a workbook needs it, and is held no longer than it takes to open that.
"""

from __future__ import annotations

import getpass
import os
import sys
import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from auditor.cli import output
from auditor.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VARIABLE = "AUDITOR_PASSWORD"


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or key that is needed before the work begins."""

    name: str
    flag: str
    variable: str
    purpose: str
    """The option that needs it."""
    advice: str = ""


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


def needed(secret: Secret, flag: Path | None, setting: Path | None) -> str:
    """The secret: from the file that `flag` names, else the environment, else that of `setting`.

    Raises ConfigError where there is none.
    """
    if flag is None and os.environ.get(secret.variable):
        return os.environ[secret.variable]
    if (path := flag or setting) is not None:
        return _first_line(path, secret.name, secret.flag)
    raise ConfigError(
        f"{secret.purpose} needs a {secret.name}.",
        next_step=f"Set {secret.variable} in the environment, or name a file whose first line it"
        f" is with {secret.flag}.{secret.advice}",
    )


def unused(secret: Secret, flag: Path | None, *, purpose: bool) -> None:
    """Raise ConfigError where `flag` names a file for this run, and the run does not need it.

    The copy that was meant to be safe would be written plain. A setting may stand there unused.
    """
    if flag is not None and not purpose:
        raise ConfigError(
            f"{secret.flag} does nothing without {secret.purpose}.",
            next_step=f"Say {secret.purpose} as well, or leave {secret.flag} out.",
        )


def _known(flag: Path | None, setting: Path | None, name: str) -> str | None:
    if flag is not None:
        return _first_line(flag)
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE]
    if setting is not None:
        return _first_line(setting)
    return _asked(name)


def _first_line(path: Path, name: str = "password", option: str = "--password-file") -> str:
    """The first line of a text file without its end; blanks count."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            line = file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise ConfigError(
            f"The {name} file cannot be read ({why}).",
            where=str(path),
            next_step=f"Name a text file with {option}; its first line is the {name}.",
        ) from None
    if not line:
        raise ConfigError(
            f"The first line of the {name} file is empty.",
            where=str(path),
            next_step=f"Write the {name} there, and nothing else.",
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
