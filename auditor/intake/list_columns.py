"""Fields that several columns make up: modifiers, diagnoses, diagnosis pointers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.intake import names
from auditor.intake.columns import bare

if TYPE_CHECKING:
    from auditor.intake.choosing import Candidate, Choosing


def find(choosing: Choosing, name: str) -> None:
    """Choose the columns of `name` in their order; in a wide file also those of its lines."""
    if choosing.settled(name):
        return
    free = choosing.free(name)
    if choosing.columns.slots:
        free = _slotted(choosing, name, free)
    plain = [(p, m) for p, m in free if m.number is None]
    bared = {names.plain(bare(choosing.columns.names[place])) for place, _ in plain}
    if len(plain) > 1 and len(bared) == 1:  # the same header repeated: in order
        places = [place for place, _ in plain]
    else:
        places = _in_order(choosing, name, plain, free)
    if places and not choosing.settled(name):
        choosing.columns.lists[name] = [choosing.take(place) for place in places]


def _in_order(
    choosing: Choosing, name: str, plain: list[Candidate], free: list[Candidate]
) -> list[int]:
    """The unnumbered column first, then the numbered ones."""
    numbered: dict[int, list[Candidate]] = {}
    for place, match in free:
        if match.number is not None:
            numbered.setdefault(match.number, []).append((place, match))
    if 1 not in numbered:
        numbered[0] = plain
    elif name == "modifiers":  # an unnumbered one would be the first, or all of them
        numbered[1] = [*plain, *numbered[1]]
    picked = [choosing.pick(name, candidates) for _, candidates in sorted(numbered.items())]
    return [place for place in picked if place is not None]


def _slotted(choosing: Choosing, name: str, free: list[Candidate]) -> list[Candidate]:
    """Hand the numbered columns of `name` to the lines of a wide row; return the others."""
    slots = choosing.columns.slots
    single = [(p, m) for p, m in free if m.number is not None and m.slot is None]
    double = [(p, m) for p, m in free if m.number is not None and m.slot is not None]
    rest = [(p, m) for p, m in free if m.number is None]
    if double:
        # MOD_1_2: whichever of the numbers counts the lines counts all of them.
        by_second = {m.slot for _, m in double} == slots.keys()
        by_first = {m.number for _, m in double} == slots.keys()
        named = all(m.line_named for _, m in double)
        if by_second == by_first and not named:
            choosing.undecided(name, [place for place, _ in double])
            return []
        for place, match in sorted(double, key=lambda c: (c[1].number or 0, c[1].slot or 0)):
            slot = match.slot if named or by_second else match.number
            slots[slot or 0].setdefault(name, []).append(choosing.take(place))
    elif single and name != "diagnoses":
        # Diagnoses 1 to 12 belong to the claim; MOD_1 to MOD_5 beside CPT_1 to CPT_5 to the
        # lines, one each.
        numbers = {m.number for _, m in single}
        if not numbers <= slots.keys():
            choosing.undecided(name, [place for place, _ in single])
            return []
        for slot in sorted(slots):
            own = choosing.pick(name, [(p, m) for p, m in single if m.number == slot], tested=False)
            if own is not None:
                slots[slot][name] = [choosing.take(own)]
    else:
        rest += single
    return rest
