"""What waits to be told, what one attempt came to, and what a night's deliveries came to.

Nothing here names an address or holds a secret, so all of it may be logged and stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

from auditor.nightly.outcome import Warned

if TYPE_CHECKING:
    from auditor.nightly.outcome import FeedOutcome

Kind = Literal["mail", "webhook"]
KINDS: tuple[Kind, ...] = ("mail", "webhook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One feed's night that is to be told in one way."""

    night_id: int
    feed: str
    kind: Kind
    as_of: str
    """The night's day, ISO."""
    started_at: str
    """UTC, ISO."""
    ended_at: str
    outcome: FeedOutcome
    attempts: int = 0
    """Before now."""
    reached: frozenset[str] = frozenset()
    """`mark` of each address that has it already."""

    @property
    def key(self) -> str:
        """32 hexadecimal digits, the same at every attempt: of ledger's night, feed, run, kind."""
        run = self.outcome.run_id or ""
        said = "\x1f".join((str(self.night_id), self.started_at, self.ended_at, self.feed, run))
        return blake2b(
            f"{said}\x1f{self.kind}".encode("utf-8", "replace"), digest_size=16
        ).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one attempt came to."""

    delivered: bool
    """There is nobody left to try: each has it, or is refused for good and somebody has it."""
    detail: str
    """In words, without an address, a secret or what a server wrote."""
    reached: frozenset[str] = frozenset()
    """`mark` of each address that has it, those of earlier attempts included."""
    again: bool = False
    """Trying once more within minutes may help."""
    silent: bool = False
    """The server could not be reached, or did not answer in time."""
    refused: int = 0
    """Addresses that are refused for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """What became of one delivery."""

    night_id: int
    feed: str
    kind: Kind
    as_of: str
    delivered: bool
    attempts: int
    """Of this call; 0: another one showed that the server does not answer, or a dry run."""
    detail: str
    given_up: bool = False
    """It is not tried on later nights."""
    refused: int = 0
    """Addresses that are refused for good, though others have it."""

    @property
    def warning(self) -> Warned | None:
        """What a person should look at, for status and log; None where all went well."""
        if self.delivered and not self.refused:
            return None
        told = "" if self.delivered else " was not delivered"
        return Warned(
            kind="delivery",
            text=f"The {self.kind} of {self.feed}, {self.as_of}{told}: {self.detail}",
        )


def mark(address: str) -> str:
    """What stands for an address where it is not to be read: 16 hexadecimal digits."""
    return blake2b(address.casefold().encode("utf-8", "replace"), digest_size=8).hexdigest()
