"""Passwords and keys that are known before the work begins: from a file or the environment.

Never an argument, which other users of the machine can see, and never in a message.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secret:
    """A password or key that is needed before the work begins."""

    name: str
    option: str
    """The option or setting that names a file with it."""
    variable: str
    purpose: str
    """What needs it."""
    advice: str = ""


def needed(secret: Secret, flag: Path | None, setting: Path | None) -> str:
    """The secret: from the file that `flag` names, else the environment, else that of `setting`.

    Raises ConfigError where there is none.
    """
    if (found := known(secret, flag, setting)) is not None:
        return found
    raise ConfigError(
        f"{secret.purpose} needs a {secret.name}.",
        next_step=f"Set {secret.variable} in the environment, or name a file whose first line it"
        f" is with {secret.option}.{secret.advice}",
    )


def known(secret: Secret, flag: Path | None, setting: Path | None) -> str | None:
    """The secret as `needed` finds it; None where there is none. Raises ConfigError for a file."""
    if flag is None and os.environ.get(secret.variable):
        return os.environ[secret.variable]
    if (path := flag or setting) is not None:
        return first_line(path, secret.name, secret.option)
    return None


def first_line(path: Path, name: str = "password", option: str = "--password-file") -> str:
    """The first line of a text file without its end; blanks count. Raises ConfigError."""
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
