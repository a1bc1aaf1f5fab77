"""The bypass test of SPEC 4.2 for one pair of lines of an indicator 1 edit."""

from datetime import date

from oracle.model import LABORATORY, SOFT, VISITS, WARNED, Line, Tables

DISTINCT = frozenset({"59", "XE", "XS", "XP", "XU"})
VISIT_MODIFIERS = frozenset({"24", "25", "57"})
EITHER_LINE_FROM = date(2019, 7, 1)

LEFT = {"FA", "F1", "F2", "F3", "F4", "TA", "T1", "T2", "T3", "T4", "E1", "E2", "LT"}
RIGHT = {"F5", "F6", "F7", "F8", "F9", "T5", "T6", "T7", "T8", "T9", "E3", "E4", "RT"}
VESSELS = {"LC", "LD", "LM", "RC", "RI"}
BOTH = {"50"}
ANATOMIC = LEFT | RIGHT | VESSELS | BOTH
WHOLE_SIDE = {"LT", "RT", "50"}


def _sides(modifier: str) -> set[str]:
    if modifier in BOTH:
        return {"left", "right"}
    return {"left"} if modifier in LEFT else {"right"}


def _apart(one: str, other: str) -> bool:
    """Do these two modifiers name two places?"""
    if one in VESSELS or other in VESSELS:
        return one in VESSELS and other in VESSELS and one != other
    if not _sides(one) & _sides(other):
        return True
    both_parts = one not in WHOLE_SIDE and other not in WHOLE_SIDE
    return both_parts and one != other


def two_places(mods1: frozenset[str], mods2: frozenset[str]) -> bool:
    """Every pairing of the two lines' anatomic modifiers differs, and both lines have some."""
    places1, places2 = mods1 & ANATOMIC, mods2 & ANATOMIC
    return bool(places1 and places2) and all(_apart(a, b) for a in places1 for b in places2)


def bypass(line1: Line, line2: Line, day: date, tables: Tables) -> str:
    """ok, weak or none for column 1 line `line1` and column 2 line `line2` on that day."""
    either = line1.modifiers | line2.modifiers
    visits = (line1.code in VISITS, line2.code in VISITS)
    if line1.code in SOFT or line2.code in SOFT:
        return "ok" if either & (VISIT_MODIFIERS | DISTINCT) else "none"
    if visits == (True, True):
        return "ok" if either & VISIT_MODIFIERS else "none"
    if visits == (False, True):
        return _column2_visit(line1, line2, day, tables)
    if visits == (True, False):
        return _column1_visit(line1, line2)
    return _procedures(line1, line2, day)


def _column2_visit(line1: Line, line2: Line, day: date, tables: Tables) -> str:
    mods1, mods2 = line1.modifiers, line2.modifiers
    fee = tables.fee(line1.code, day)
    major = fee is None or fee.days == "090"
    if mods2 & {"24", "25"} or ("57" in mods2 and major):
        return "ok"
    return "weak" if "57" in mods2 or (mods1 | mods2) & DISTINCT else "none"


def _column1_visit(line1: Line, line2: Line) -> str:
    mods1, mods2 = line1.modifiers, line2.modifiers
    if mods1 & VISIT_MODIFIERS or mods2 & DISTINCT:
        return "ok"
    return "weak" if mods1 & DISTINCT else "none"


def _procedures(line1: Line, line2: Line, day: date) -> str:
    mods1, mods2 = line1.modifiers, line2.modifiers
    either = mods1 | mods2
    distinct = either & DISTINCT if day >= EITHER_LINE_FROM else mods2 & DISTINCT
    laboratory = line1.code in LABORATORY and line2.code in LABORATORY
    if distinct or either & {"58", "78", "79"} or ("91" in mods2 and laboratory):
        return "ok"
    if two_places(mods1, mods2):
        return "ok"
    return "weak" if either & (ANATOMIC - BOTH) else "none"


def warned(line1: Line, line2: Line) -> bool:
    """A 59 or X modifier on a pair for which the manual asks for the record."""
    return frozenset({line1.code, line2.code}) in WARNED and bool(
        (line1.modifiers | line2.modifiers) & DISTINCT
    )
