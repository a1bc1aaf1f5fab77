"""The log of a night: one event a line, as text or JSON, with counts and never a word of a claim.

What may be a text is listed (`TEXTS`); any other text is withheld, so that no message, name or cell
gets into a log because somebody passed it on. Files are told by the first characters of their
digest, because their names may hold a patient's. docs/monitoring.md explains the fields.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from auditor.errors import AuditorError, ConfigError, our_place

if TYPE_CHECKING:
    from pathlib import Path

Form = Literal["text", "json"]
Level = Literal["info", "warning", "error"]
WITHHELD = "(withheld)"
MARK = 12
"""So many characters of a digest tell a file."""
TEXTS = frozenset(
    {"error", "feed", "file", "kind", "night", "place", "run", "step", "version", "why"}
)
"""Fields that may be texts: names of ours, of feeds and of runs, and what a foreseen problem says
(AuditorError.what, which quotes no claim)."""
_FIRST = ("time", "level", "event", "feed", "run")
# what needs no quotes in a line of text
_PLAIN = re.compile(r"[A-Za-z0-9_.:+/-]+")


@dataclass(frozen=True, slots=True)
class Log:
    """Where events go, and in which form."""

    path: Path | None = None
    """A file that is added to; None: standard error."""
    form: Form = "text"

    def tell(self, event: str, *, level: Level = "info", **fields: Any) -> None:  # noqa: ANN401 - kept or withheld by `told`
        """Write one event; a log that cannot be written keeps no night from its work."""
        line = self.line(event, level=level, **fields) + "\n"
        with suppress(OSError, ValueError):  # a full disk, a closed stream
            if self.path is not None:
                self._add(line)
            elif sys.stderr is not None:
                sys.stderr.write(line)
                sys.stderr.flush()

    def failed(self, event: str, error: BaseException, **fields: Any) -> None:  # noqa: ANN401 - as in `tell`
        """Write what went wrong: its type and our place, and never what it says."""
        place = {} if isinstance(error, AuditorError) else {"place": our_place(error)}
        self.tell(event, level="error", error=type(error).__name__, **place, **fields)

    def line(
        self,
        event: str,
        *,
        level: Level = "info",
        at: datetime | None = None,
        **fields: Any,  # noqa: ANN401 - as in `tell`
    ) -> str:
        """One event as a line; `at` is the moment, else now."""
        moment = (at or datetime.now(UTC)).astimezone(UTC)
        time = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        all_ = {"time": time, "level": level, "event": event, **told(fields)}
        ordered = {name: all_[name] for name in (*_FIRST, *all_) if name in all_}
        if self.form == "json":
            return json.dumps(ordered)
        head = f"{time} {level.upper():7} {event}"
        return " ".join([head, *(f"{n}={_word(v)}" for n, v in list(ordered.items())[3:])])

    def check(self) -> None:
        """Raise ConfigError where the file cannot be added to, before the work and not after."""
        if self.path is None:
            return
        try:
            self._add("")
        except OSError as error:
            raise ConfigError(
                f"The log cannot be written ({error.strerror or type(error).__name__}).",
                where=str(self.path),
                next_step="Name another file with --log-file, or look at the permissions.",
            ) from None

    def _add(self, text: str) -> None:
        """Opened each time, so that a log that was rotated away is begun anew."""
        if self.path is None:
            return
        number = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(number, "w", encoding="ascii") as file:
            file.write(text)


def told(fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` without those that are None, and with texts only where they belong."""
    return {name: _kept(name, value) for name, value in fields.items() if value is not None}


def mark(sha256: str) -> str:
    """What stands for a file in logs and messages."""
    return sha256[:MARK]


def _kept(name: str, value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, int):
        return value if isinstance(value, bool) else int(value)  # an ExitCode is its number
    return str(value) if name in TEXTS else WITHHELD


def _word(value: object) -> str:
    text = json.dumps(value)
    bare = text[1:-1]
    return bare if isinstance(value, str) and _PLAIN.fullmatch(bare) else text
