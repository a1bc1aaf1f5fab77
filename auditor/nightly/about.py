"""What one start of the nightly run is about, and the right to run."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import config
from auditor.errors import AuditorError, ConfigError, ReportError, our_place
from auditor.ledger import store
from auditor.lock import locked
from auditor.nightly.agreement import check_ledger
from auditor.nightly.archiving import make_folder
from auditor.nightly.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from auditor.config import Settings
    from auditor.nightly.settings import Nightly

HELD = "Another nightly run, rerun or purge is at work."
"""Told where the holder of the lock does not say itself what it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Where passwords come from; asked when they are needed."""

    of_inputs: Callable[[Settings], Callable[[str], str | None]]
    """Settings of a feed -> what to ask, with a file's name, for its password."""
    of_report: Callable[[Settings], str]
    """Settings of a feed -> what opens its workbooks; raises ConfigError where there is none."""


def silent(event: str, **about: object) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What one start of the nightly run is about."""

    settings: Settings
    as_of: date
    now: datetime
    """The operator's clock, with its zone."""
    secrets: Secrets
    feeds: tuple[str, ...] = ()
    """Names of the feeds to run; empty: all."""
    tell: Callable[..., None] = silent
    """Told (event, **counts and names) as the night goes on; never a word from a claim."""
    debug: Callable[[BaseException], None] = field(default=lambda _: None)
    """Given what nobody foresaw: it may write it where the operator asked for it."""
    sleep: Callable[[float], None] = time.sleep
    report: bool = True
    """Write the workbook too; without it findings and summary tell all that a program reads."""

    @property
    def nightly(self) -> Nightly:
        """Its table in the configuration; raises ConfigError where it has none."""
        if self.settings.nightly is None or not self.settings.feeds:
            raise ConfigError(
                "The configuration has no nightly run."
                if self.settings.nightly is None
                else "The configuration has no feed.",
                next_step="`auditor nightly init` writes one to begin with; docs/nightly.md tells"
                " of its settings.",
            )
        return self.settings.nightly

    @property
    def places(self) -> Places:
        """Its folders."""
        return Places.of(self.nightly)

    @property
    def ledger(self) -> Path:
        """The file of the ledger."""
        return self.settings.ledger or self.nightly.state / config.LEDGER

    def names(self) -> tuple[str, ...]:
        """The feeds to run, in the order of the configuration."""
        known = self.settings.feeds
        for name in self.feeds:
            if name not in known:
                raise ConfigError(
                    f"There is no feed {name}.",
                    next_step=f"The configuration has: {', '.join(known)}.",
                )
        return tuple(name for name in known if not self.feeds or name in self.feeds)


@contextmanager
def at_work(night: Night, doing: str) -> Iterator[sqlite3.Connection]:
    """The ledger of the night, with the right to run; nobody else has it meanwhile.

    `doing` is what others are told of us (auditor.lock.locked).
    Raises Locked where another run has it, LedgerError where the ledger is no good or older than
    what lies beside it, ConfigError where a folder cannot be made.
    """
    _folders(night)
    try:
        with locked(night.places.lock, HELD, doing), store.opened(night.ledger) as ledger:
            check_ledger(night.places, ledger)
            yield ledger
    except OSError as error:
        raise refused(error, night.nightly) from None


FORESEEN = (AuditorError, sqlite3.Error, OSError)
"""What `problem_of` can say in words."""


def problem_of(night: Night, error: Exception) -> AuditorError:
    """One of `FORESEEN` in words."""
    if isinstance(error, AuditorError):
        return error
    if isinstance(error, sqlite3.Error):
        return store.told(error, night.ledger)
    if isinstance(error, OSError):
        return refused(error, night.nightly)
    raise AssertionError


def refused(error: OSError, nightly: Nightly) -> AuditorError:
    """What the file system refused, in words: no file's name, for that may be a patient's."""
    folder = _folder_of(error, nightly)
    return ReportError(
        f"The file system refused its service ({error.strerror or type(error).__name__}, in"
        f" {our_place(error)}).",
        where="" if folder is None else str(folder),
        next_step="Check space on the disks and permissions of the folders; nothing is lost,"
        " and the next night takes up what was left.",
    )


def _folder_of(error: OSError, nightly: Nightly) -> Path | None:
    """The innermost folder with a name of ours in which the file lies that the error is about."""
    state = nightly.state
    known = (
        *(state / name for name in ("history", "layouts", "manifests", "staging")),
        *(state, nightly.inbox, nightly.outbox, nightly.archive),
    )
    for name in (error.filename, error.filename2):
        if isinstance(name, str | os.PathLike):
            path = Path(os.fsdecode(name))
            folder = next((f for f in known if path.is_relative_to(f)), None)
            if folder is not None:
                return folder
    return None


def _folders(night: Night) -> None:
    places = night.places
    for folder in (places.outbox, places.archive, places.state, places.staging):
        try:
            make_folder(folder)
        except OSError as error:
            raise ConfigError(
                f"The folder cannot be made ({error.strerror or type(error).__name__}).",
                where=str(folder),
                next_step="Check [nightly] in the configuration, and permissions.",
            ) from None
