"""MUE-0, MUE-1, MUE-2 and MUE-3 (SPEC 5 and 2.8 points 3, 6, 9)."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction

from oracle.model import ASC_SPECIALTIES, SUPPLIERS, Line, strongest
from oracle.payable import Batch

HALF = Fraction(1, 2)


def per_day(line: Line) -> tuple[int, int]:
    """Units a day, rounded with halves up and with halves down."""
    if line.units is None:
        return 0, 0
    share = line.units / len(line.days)
    return math.floor(share + HALF), math.ceil(share - HALF)


def _component(batch: Batch, line: Line, day: date) -> str:
    """26 and TC of a code that splits are apart; also where nothing says that it does not."""
    fee = batch.tables.fee(line.code, day)
    if fee is not None and fee.pctc != "1":
        return ""
    return next((m for m in ("26", "TC") if m in line.modifiers), "")


Sum = tuple[str | None, ...]
"""Patient, payer, sequence, practitioner, code, component and day of one sum."""


def judge_units(batch: Batch) -> dict[int, dict[str, str]]:
    """Line -> rule -> tier."""
    found: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    sums: dict[Sum, list[Line]] = defaultdict(list)
    for line in batch.lines:
        for day in line.days:
            for rule, tier in _line_limits(batch, line, day):
                found[line.key][rule].add(tier)
            if _summed(batch, line, day):
                who = (line.patient, line.payer, line.sequence, line.s1, line.code)
                sums[*who, _component(batch, line, day), str(day)].append(line)
    backs = _credited(batch)
    for key, lines in sums.items():
        code, day_text = key[-3], key[-1]
        limit = batch.tables.limit(str(code), date.fromisoformat(str(day_text)))
        if limit is None or sum(per_day(line)[0] for line in lines) <= limit.value:
            continue
        back = sum(backs[key])
        for line in lines:
            sure = _certain(batch, line, lines, limit.value + back)
            tier = _profile(line) if sure else "review"
            found[line.key][f"MUE-{limit.mai}"].add(tier)
    for key in batch.shaken & found.keys():  # a credit may take the whole line back
        for rule in found[key].keys() & {"MUE-0", "MUE-1"}:
            found[key][rule] = {"review"}
    return {k: {rule: strongest(tiers) for rule, tiers in v.items()} for k, v in found.items()}


def _credited(batch: Batch) -> dict[Sum, list[int]]:
    """Units a day that credits take back, whichever sign they are written with."""
    backs: dict[Sum, list[int]] = defaultdict(list)
    for line in batch.credits:
        for day in line.days:
            if _summed(batch, line, day):
                positive = replace(line, units=abs(line.units or 0))
                key = (line.patient, line.payer, line.sequence, line.s1, line.code)
                backs[*key, _component(batch, line, day), str(day)].append(per_day(positive)[0])
    return backs


def _line_limits(batch: Batch, line: Line, day: date) -> Iterator[tuple[str, str]]:
    """What one line shows by itself: MUE-0 and MUE-1. Medicaid has tables of its own."""
    limit = batch.tables.limit(line.code, day)
    if limit is None or line.business == "medicaid":
        return
    # For a commercial payer the value often says only what Medicare does not cover.
    fee = batch.tables.fee(line.code, day)
    tracking = fee is not None and fee.status == "B" and line.charge == 0
    if batch.zero_limit(line, day) and line.business != "commercial" and not tracking:
        yield "MUE-0", _profile(line)
    up, down = per_day(line)
    if line.specialty in SUPPLIERS:
        return
    if limit.value > 0 and limit.mai == 1 and up > limit.value and not line.denied:
        yield "MUE-1", _profile(line) if down > limit.value else "review"


def _summed(batch: Batch, line: Line, day: date) -> bool:
    limit = batch.tables.limit(line.code, day)
    if line.specialty in SUPPLIERS:
        return False
    if limit is None or limit.value == 0 or limit.mai == 1 or line.business == "medicaid":
        return False
    adds = line.units is not None and not line.denied and line.s1 is not None
    return adds and not _asc(line, limit.mai)


def _profile(line: Line) -> str:
    return "certain" if line.business == "medicare" else "review"


def _asc(line: Line, mai: int) -> bool:
    """The surgery center's own claim: two lines, left and right, are its correct form."""
    return mai == 2 and line.pos == "24" and line.specialty in ASC_SPECIALTIES


def _certain(batch: Batch, line: Line, lines: list[Line], value: int) -> bool:
    """Over the limit without waste (JW), without rounded halves, without doubtful lines."""
    if line.key in batch.borrowed or any("JW" in other.modifiers for other in lines):
        return False
    sure = [other for other in lines if other is line or not _unlike(batch, line, other)]
    return sum(per_day(other)[1] for other in sure) > value


def _unlike(batch: Batch, one: Line, other: Line) -> bool:
    """Not sure to be one practitioner's, or versions of one claim; credits are reckoned with."""
    versions = one.claim != other.claim and {one.key, other.key} & batch.loose
    return bool(other.key in batch.borrowed or versions)
