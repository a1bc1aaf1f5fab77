"""The ledger's decisions brought to one run: looked up before it, applied to its result after."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from auditor.auditing import choose
from auditor.ledger import history, opened
from auditor.review import lives
from auditor.review.standing import consulted, digest, standing, unmatched
from schemas import Dispositions, empty

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from auditor.result import AuditResult

_NO_LEDGER = (
    "The ledger that was named does not exist yet, so no reviewer's decision was looked at."
    " 'auditor review import' makes it."
)


@dataclass(frozen=True, slots=True)
class Consulted:
    """What the ledger says about the claims of one batch."""

    decisions: pl.DataFrame
    """schemas.Dispositions: the newest of each reviewer."""
    claims: pl.Series
    """Claim ids of the batch, and of the claims that its claims replace."""
    digest: str
    """Part of the run id: equal run ids stand for equal output."""
    notes: tuple[str, ...] = ()
    stored: pl.DataFrame = field(default_factory=lambda: empty(Dispositions), repr=False)
    """schemas.Dispositions: all of them. Findings that are carried on are of other claims."""


def consult(ledger: Path, lines: pl.DataFrame, as_of: date) -> Consulted:
    """Look up what the ledger at `ledger` says about the claims of `lines` (schemas.ClaimLines).

    A ledger that does not exist is not made: nothing is decided then, and a note says so. Raises
    LedgerError where the file is damaged or is no ledger.
    """
    ids = pl.concat([lines["claim_id"], lines["original_claim_id"].rename("claim_id")])
    claims = ids.drop_nulls().unique()
    notes: tuple[str, ...] = ()
    if ledger.exists():
        with opened(ledger) as connection:
            stored = history(connection)
    else:
        stored, notes = empty(Dispositions), (_NO_LEDGER,)
    found = consulted(stored, claims, as_of)
    return Consulted(found, claims, digest(found), notes, stored)


def applied(result: AuditResult, found: Consulted) -> AuditResult:
    """`result` with what the decisions mean for its findings.

    Of findings that are gone only those are told whose rule ran and judged anything. Where nights
    are known, the findings that were closed and those carried on say what was decided of them too.
    """
    options = result.options
    states = result.coverage.group_by("rule_id").agg(idle=(pl.col("state") == "not judged").all())
    idle = frozenset(states.filter("idle")["rule_id"])
    ran = choose(options.select, options.ignore) - idle
    gone = unmatched(result.findings, found.decisions, found.claims, options.as_of, ran)
    life = result.life
    if life is not None:
        life = lives.decided(life, found.stored)
        gone = lives.agreeing(gone, life)
    return replace(
        result,
        standing=standing(result.findings, found.decisions, options.as_of),
        unmatched=gone,
        life=life,
        consulted=True,
        notes=(*result.notes, *found.notes),
    )
