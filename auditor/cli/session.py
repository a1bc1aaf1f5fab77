"""What one start of the program carries from its first line to its exit code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(slots=True)
class Session:
    """One start of the program; commands reach it as `ctx.obj`."""

    run_id: str
    """Random until the inputs are read; then named after the work (auditor.cli.run)."""
    debug_file: Path | None = None
    """Where the traceback of an unforeseen error goes; None: nowhere."""
    own: bool = False
    """The process is this program's, and how it runs is not somebody else's matter."""
    left: Path | None = None
    """A folder with claim lines that may stay if it is interrupted, for the same command."""

    @classmethod
    def start(cls, *, own: bool = False) -> Session:
        """A new session; AUDITOR_DEBUG_FILE serves the commands without --debug-file."""
        named = os.environ.get("AUDITOR_DEBUG_FILE")
        # the clock, and not --as-of: this id only ties an error message to a debug file
        today = date.today()  # noqa: DTZ011 - a calendar date as the operator's clock shows it
        return cls(f"{today}-{os.urandom(4).hex()}", Path(named) if named else None, own)
