"""Which of the changes that clear a finding are advice, by what the question itself says.

A modifier that clears a finding is none where the question contradicts what it states: XP and 77
say that another practitioner did it, 76 that the same one did, and Medicare's PT is not for other
payers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.asking.guidance import breadth, topics_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.asking.encounters import Encounter
    from auditor.asking.judged import Cleared

_LAST = ("XE", "XS", "XP", "XU", "59")
"""59 is told after the X modifiers, which say more (NCCI Policy Manual ch. I E)."""
_LABORATORY = re.compile(r"8[0-9]{4}")
"""A repeated test takes 91, and neither 76 nor 77 (NCCI Policy Manual ch. I E)."""
_VISITS = "visit-with-procedure"
"""The topic whose codes are the visits; no repeat modifier fits one."""
_FAMILY = 3000
"""Topics about more codes than that, such as the sides, tell nothing of two codes of theirs."""
_PAYERS = {"PT": ("medicare", None), "33": ("medicaid", "commercial", None)}


def sensible(asked: Encounter, cleared: Iterable[Cleared]) -> list[Cleared]:
    """Of the changes that clear something those that the question does not contradict; 59 last."""
    found = [each for each in cleared if each.kind != "add" or _may(asked, each)]
    return sorted(found, key=lambda c: _LAST.index(c.value) if c.value in _LAST else -1)


def _may(asked: Encounter, change: Cleared) -> bool:
    """Whether the modifier may stand on its line, by practitioners, payer and kind of code."""
    line = asked.lines[change.line]
    if change.value in _PAYERS:
        return asked.payer in _PAYERS[change.value]
    if change.value == "XP":
        return len(asked.practitioners) > 1
    if change.value not in ("76", "77"):
        return True
    if _LABORATORY.fullmatch(line.code) or _is_visit(line.code):
        return False
    twins = [
        other.practitioner == line.practitioner
        for place, other in enumerate(asked.lines)
        if place != change.line and other.code == line.code
    ]
    return any(same == (change.value == "76") for same in twins) or not twins


def _is_visit(code: str) -> bool:
    return any(topic.id == _VISITS for topic in topics_of(code))


def topics_of_pair(code: str, other: str) -> tuple[str, ...]:
    """The narrowest topic about pair edits of both codes, or of one with the other as related."""
    for first, second in ((code, other), (other, code)):
        for topic in topics_of(first):
            pairs = any(rule.startswith("PTP-") for rule in topic.rules)
            if not pairs or breadth(topic) > _FAMILY:
                continue
            if topic in topics_of(second) or second in {name for name, _ in topic.related}:
                return (topic.id,)
    return ()
