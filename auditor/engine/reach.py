"""How far the codes of lines reach: which services are judged by others many days before them.

A night judges again what its lines may change. Rules look at the days beside a line's own; the few
that look further back say on which codes (`Rule.causes`, `Rule.effects`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from auditor.engine.codes import code_facts
from auditor.rules.interface import catalogue, code_policies

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from auditor.reference.interface import Reference


class Reach(NamedTuple):
    """Lines of `effects` may be judged by lines of `causes` up to `days` days before them."""

    days: int
    causes: frozenset[str]
    effects: frozenset[str]


def reaches(codes: pl.Series, first: date, last: date, reference: Reference) -> tuple[Reach, ...]:
    """What each rule that looks far back says of `codes` (text, as in schemas.ClaimLines).

    A code counts where the tables of any day from `first` to `last` say so: rather too many than
    too few. A rule for which `codes` hold no cause, or no effect, is left out.
    """
    known = codes.drop_nulls().unique().sort()
    if known.is_empty():
        return ()
    table = code_facts(known, first, last, reference, code_policies()).table
    found = []
    for rule in catalogue():
        if rule.causes is None or rule.effects is None:
            continue
        causes, effects = (
            frozenset(table.filter(says().fill_null(value=False))["code"])
            for says in (rule.causes, rule.effects)
        )
        if causes and effects:
            found.append(Reach(rule.looks_back, causes, effects))
    return tuple(found)
