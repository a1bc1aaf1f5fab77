"""Every error a user can cause, with its exit code and what to do next.

Raised anywhere, caught only by `auditor.cli`, which prints it and exits. Texts never quote a
patient, a claim or a provider: files, sheets, rows, columns and codes only. Errors carry plain
values, so they cross process borders.
"""

import traceback
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command; documented in docs/exit-codes.md and fixed."""

    DONE = 0
    FINDINGS = 1  # done, and findings at or above --fail-on
    USAGE = 2  # usage or configuration
    UNREADABLE = 3  # an input could not be read at all
    INTERNAL = 4
    LOCKED = 5
    INCOMPLETE = 6
    INTERRUPTED = 130


class AuditorError(Exception):
    """A problem the user can mend: what happened, where, and what to do next."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, *, where: str = "", next_step: str = "") -> None:
        """Keep the three parts apart, so that the command line can lay them out."""
        super().__init__(what, where, next_step)
        self.what = what
        self.where = where
        self.next_step = next_step

    def __str__(self) -> str:
        """Where, what happened, what to do: two sentences."""
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f" {self.next_step}" if self.next_step else "")


class ConfigError(AuditorError):
    """The command line or the configuration file asks for something impossible."""


class InputRejected(AuditorError):  # noqa: N818 - it names what happened to the file
    """A claim file could not be read at all."""

    exit_code = ExitCode.UNREADABLE


class LayoutDiffers(InputRejected):
    """A claim file is not what its layout says."""


class SheetUnclear(InputRejected):
    """Which sheet of a workbook is meant is not clear; the words quote the titles of its sheets."""


class ReferenceDataError(AuditorError):
    """A CMS file is unknown, damaged or contradicts what is loaded; nothing was changed."""

    exit_code = ExitCode.UNREADABLE


class ReportError(AuditorError):
    """An output could not be written."""


class LedgerError(AuditorError):
    """The ledger cannot be read or written, or is none of ours; nothing was changed."""

    exit_code = ExitCode.UNREADABLE


class HistoryError(AuditorError):
    """The store of earlier lines lacks a file or holds a damaged one; nothing was changed."""

    exit_code = ExitCode.UNREADABLE


class LedgerDiffers(LedgerError):  # noqa: N818 - it names what happened, like its fellows
    """The ledger is whole, and its tables are not those of this version.

    That is our own fault, or somebody changed them by hand.
    """

    exit_code = ExitCode.INTERNAL


class LedgerBusy(LedgerError):  # noqa: N818 - it names what happened, like its fellows
    """Another program writes to the ledger and did not come to an end."""

    exit_code = ExitCode.LOCKED


def our_place(error: BaseException) -> str:
    """Module and line of the innermost frame of our own code: what may be told of an error."""
    place = "no module of ours"
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = frame.f_globals.get("__name__", "")
        if module.split(".")[0] in {"auditor", "schemas"}:
            place = f"{module}:{line}"
    return place
