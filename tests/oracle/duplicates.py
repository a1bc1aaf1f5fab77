"""DUP-1: the same line twice (SPEC 7.1; 2.8 points 7 and 15)."""

from datetime import date
from typing import Any

from oracle.model import Line
from oracle.normalise import Standing

REPEATS = frozenset({"76", "77", "91", "59", "XE", "XS", "XP", "XU"})


def _same(one: Line, other: Line) -> bool:
    return (
        one.s1 is not None
        and one.s1 == other.s1
        and (one.patient, one.payer, one.sequence) == (other.patient, other.payer, other.sequence)
        and (one.code, one.first, one.last) == (other.code, other.first, other.last)
        and (one.pos, one.modifiers, one.units) == (other.pos, other.modifiers, other.units)
        and one.charge == other.charge
        and one.raw.get("ndc") == other.raw.get("ndc")
        and not one.denied  # billed again after a denial: the usual way
        and not other.denied
        and not one.modifiers & REPEATS
    )


def _age(line: Line) -> tuple[Any, ...]:
    return (line.received or date.min, line.claim_id, line.number or 0, line.key)


def duplicates(standing: Standing) -> dict[int, str]:
    """Key of every later equal line -> tier."""
    found: dict[int, str] = {}
    for later in standing.lines:
        tiers = set()
        for earlier in standing.lines:
            if not _same(earlier, later) or _age(earlier) >= _age(later):
                continue
            if earlier.claim != later.claim and {earlier.frequency, later.frequency} & {"7", "8"}:
                continue  # perhaps the replacement of the other: never a duplicate
            doubtful = {earlier.key, later.key} & standing.borrowed
            tiers.add("review" if doubtful else "certain")
        if tiers:
            found[later.key] = "certain" if "certain" in tiers else "review"
    return found
