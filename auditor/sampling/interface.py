"""What the parts of this room hand to each other: the design of a sample, and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

By: TypeAlias = Literal["rule", "practitioner"]
Basis: TypeAlias = Literal["charge", "paid"]

METHOD = "blake2b-order/1"
"""The name of the way of drawing; another way gets another name, and old draws stay provable."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """One part of the frame, sampled on its own; an unstratified sample has one."""

    number: int
    """From 1; what rows of the worksheet refer to."""
    name: str
    lines: int
    """Claim lines in the frame."""
    charge_cents: int
    """What was billed for them."""
    sampled: int
    """Claim lines in the sample."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Claim lines that have a finding and are not in the frame."""

    reason: str
    lines: int


@dataclass(frozen=True, slots=True)
class Design:
    """All that is needed to draw the same sample again, and to estimate from its answers."""

    seed: int
    by: By | None
    basis: Basis
    findings_sha256: str
    """Of the bytes of the findings file; the same findings in another form have another one."""
    findings: int
    frame_digest: str
    """Of the frame's line ids, strata and charges: the same in whatever form and order."""
    tiers: tuple[str, ...]
    with_denied: bool
    strata: tuple[Stratum, ...]
    left_out: tuple[LeftOut, ...]
    sample_digest: str
    """Of the line ids drawn, in the order of drawing."""
    run_ids: str
    """Of the audits that wrote the findings."""
    version: str
    method: str = METHOD

    @property
    def lines(self) -> int:
        """Claim lines in the frame."""
        return sum(s.lines for s in self.strata)

    @property
    def sampled(self) -> int:
        """Claim lines in the sample."""
        return sum(s.sampled for s in self.strata)

    @property
    def charge_cents(self) -> int:
        """What was billed for the lines of the frame."""
        return sum(s.charge_cents for s in self.strata)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reviewer found of one claim line."""

    number: int
    """Place in the order of drawing, from 1."""
    stratum: int
    examined_cents: int
    """Billed or paid, by the basis of the sample."""
    correct_cents: int
    """What should have been billed or paid."""
    in_error: bool

    @property
    def difference_cents(self) -> int:
        """Overpaid; an underpayment is negative."""
        return self.examined_cents - self.correct_cents
