"""The day that a night counts as: not far ahead, and not unsaid where it goes back.

The day names the run and its folder, is the day on which findings were first seen, and decides
which services lie in the future; the ledger keeps all of it for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.errors import ConfigError
from auditor.nightly.outcome import Warned

if TYPE_CHECKING:
    import sqlite3
    from datetime import date

MOST_AHEAD = 7
"""Days: enough for zones and a weekend worked ahead. A slip in the year would make every later
night one that goes back."""


def check(as_of: date, today: date) -> None:
    """Raise ConfigError where `as_of` lies more than MOST_AHEAD days after `today`."""
    ahead = (as_of - today).days
    if ahead > MOST_AHEAD:
        raise ConfigError(
            f"{as_of} is {ahead:,} days from now: a night counts as a day at most {MOST_AHEAD} days"
            f" ahead. The machine's clock says {today}.",
            where="--as-of",
            next_step="Mend the date (AUDITOR_AS_OF in the environment says it too). Nothing was"
            " taken.",
        )


def warned(ledger: sqlite3.Connection, as_of: date) -> tuple[Warned, ...]:
    """What to say where the ledger has a night, or a run, of a day after `as_of`."""
    (newest,) = ledger.execute(
        "SELECT max(as_of) FROM (SELECT as_of FROM nights UNION ALL SELECT as_of FROM runs)"
    ).fetchone()
    if newest is None or newest <= as_of.isoformat():
        return ()
    text = (
        f"This night counts as {as_of}, before the newest one in the ledger ({newest}). What is"
        f" found for the first time is dated {as_of}, and services after it count as in the future."
        " Where that is not meant, look at --as-of, AUDITOR_AS_OF and the machine's clock."
    )
    return (Warned(kind="day", text=text),)
