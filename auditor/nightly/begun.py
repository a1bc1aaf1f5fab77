"""A mark that a night began and has not come to its end: what a killed night leaves behind.

The ledger says nothing of a night that died before it could record itself.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor.errors import ConfigError
from auditor.report.place import PRIVATE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "begun"


@contextmanager
def marked(state: Path) -> Iterator[None]:
    """Mark in the folder `state` that a night is at work; the mark stays where the block raises.

    Belongs inside the lock and around everything up to the night's row in the ledger.
    """
    mark = state / NAME
    try:
        mark.touch(mode=PRIVATE_FILE)
        mark.write_text(datetime.now(UTC).isoformat(timespec="seconds"), encoding="ascii")
    except OSError as error:
        raise ConfigError(
            f"The state folder cannot be written ({error.strerror or type(error).__name__}).",
            where=str(state),
            next_step="Check its permissions and the space on its disk.",
        ) from None
    yield
    mark.unlink(missing_ok=True)


def left(state: Path) -> str | None:
    """The moment (UTC, ISO) at which a night began that has not come to its end; None: none."""
    mark = state / NAME
    with suppress(FileNotFoundError, ValueError):
        return datetime.fromisoformat(mark.read_text(encoding="ascii")).isoformat()
    with suppress(FileNotFoundError):  # killed before it had written the moment
        touched = datetime.fromtimestamp(mark.stat().st_mtime, UTC)
        return touched.isoformat(timespec="seconds")
    return None
