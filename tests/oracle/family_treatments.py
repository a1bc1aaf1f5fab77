"""Therapy, anesthesia, foot care, hearing tests and drugs (SPEC 6.4, 6.6, 6.7, 6.8), line by line.

Codes are written out again here, as far as the tests use them.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from oracle.family_modifiers import em
from oracle.model import LABORATORY, Line
from oracle.payable import Batch

RANK: dict[str, int | None] = {
    "FOOT-2": 160,
    "EAR-1": 161,
    "THR-5": 162,
    "ANE-4": 163,
    "ANE-5": 164,
    "ANE-3": None,
    "DRG-1": None,
    "DRG-3": None,
    "DRG-4": None,
}
Found = dict[int, dict[str, str]]
SEPARATE = {"59", "XE", "XS", "XP", "XU"}


def judge(batch: Batch, _so_far: Mapping[int, Mapping[str, str]]) -> Found:
    """Line key -> rule -> tier."""
    found: Found = defaultdict(dict)
    for line in batch.lines:
        for rule, tier in _alone(batch, line):
            found[line.key][rule] = tier
        for rule in _drugs(batch, line):
            found[line.key][rule] = "review"
        for tier in _surgeon(batch, line):
            if found[line.key].get("ANE-4") != "certain":
                found[line.key]["ANE-4"] = tier
    for rule, key in [
        *(("THR-5", key) for key in _second(batch, _discipline, _evaluations)),
        *(("ANE-5", key) for key in _second(batch, _one_anesthesia, _shorter)),
        *(("ANE-3", key) for key in _teams(batch)),
    ]:
        found[key][rule] = "review"
    return found


def _medicare(line: Line) -> str:
    """The tier of a Medicare-only rule that is certain; empty: silent."""
    return {"medicare": "certain", "unknown": "review"}.get(line.business, "")


# one line

FEET = {"11055", "11056", "11057", "11719", "11720", "11721", "G0127"}


def _alone(batch: Batch, line: Line) -> Iterator[tuple[str, str]]:
    if line.denied:
        return
    several = line.units is not None and line.units / len(line.days) > Fraction(3, 2)
    if line.code in FEET and several and _medicare(line):
        yield "FOOT-2", _medicare(line)
    if "92550" <= line.code <= "92588" and len(line.code) == 5 and line.counts:
        twice = "50" in line.modifiers and any(
            fee is None or fee.bilateral not in ("0", "2", "9")
            for fee in (batch.tables.fee(line.code, day) for day in line.days)
        )
        if several or twice:
            yield "EAR-1", "certain" if line.business == "medicare" else "review"


# two lines of one practitioner and day

Group = tuple[str | None, ...]


def _second(
    batch: Batch,
    kind: Callable[[Line], str],
    others: Callable[[list[Line]], list[Line]],
) -> set[int]:
    """Of the billed lines of a kind on one day: `others`, all but what stays."""
    days: dict[Group, list[Line]] = defaultdict(list)
    for line in batch.lines:
        if kind(line) and line.s1 and line.counts and not line.denied and _medicare(line):
            for day in line.days:
                who = (line.patient, line.payer, line.sequence, line.s1)
                days[*who, str(day), kind(line)].append(line)
    return {line.key for group in days.values() for line in others(group)}


def _discipline(line: Line) -> str:
    if line.code in {"97161", "97162", "97163", "97164"}:
        return "physical"
    return "occupational" if line.code in {"97165", "97166", "97167", "97168"} else ""


def _evaluations(group: list[Line]) -> list[Line]:
    """The most complex evaluation stays; a re-evaluation is the last to stay."""
    again = {"97164", "97168"}

    def order(line: Line) -> tuple[Any, ...]:
        return (line.code in again, -int(line.code), *_place(line))

    return sorted(group, key=order)[1:]


def _place(line: Line) -> tuple[Any, ...]:
    """The order of lines that agree in what matters; nothing comes before something."""
    texts = (line.raw.get(n) for n in ("rendering_npi", "place_of_service"))
    return (
        line.claim_id,
        -1 if line.number is None else line.number,
        line.first,
        line.code,
        line.raw.get("modifiers") or "",
        line.units is not None,
        line.units or 0,
        line.charge is not None,
        line.charge or 0,
        *((text is not None, text or "") for text in texts),
    )


def _anesthesia(line: Line) -> bool:
    return bool(re.fullmatch(r"0[01]\d\d\d", line.code))


def _one_anesthesia(line: Line) -> str:
    apart = line.modifiers & (SEPARATE | {"58", "76", "77", "78", "79"})
    beside = line.code in {"01953", "01968", "01969", "01996"}
    return "anesthesia" if _anesthesia(line) and not apart and not beside else ""


def _shorter(group: list[Line]) -> list[Line]:
    def order(line: Line) -> tuple[Any, ...]:
        return (-(line.units or 0), -(line.charge or 0), line.code)

    longest = min(group, key=order)
    return [line for line in group if line.code != longest.code]


# the surgeon's own anesthesia

PLACED = [("36555", "36620"), ("62320", "62327"), ("64400", "64530"), ("31500", "31500")]


def _surgeon(batch: Batch, line: Line) -> Iterator[str]:
    if not _anesthesia(line) or line.code == "01996" or line.modifiers & SEPARATE:
        return
    if line.denied or not line.counts or not _medicare(line):
        return
    for day in line.days:
        for other in batch.beside(line, day):
            if _operation(batch, other, day):
                doubt = batch.doubtful(line, other) or _vague(line) or _vague(other)
                yield "review" if doubt else _medicare(line)


def _vague(line: Line) -> bool:
    """The file dates the claim and not its lines."""
    return line.raw.get("claim_dates") == "True" and line.last > line.first


def _operation(batch: Batch, line: Line, day: date) -> bool:
    fee = batch.tables.fee(line.code, day)
    return (
        fee is not None
        and fee.days in ("010", "090")
        and line.counts
        and not any(low <= line.code <= high for low, high in PLACED)
        and not line.modifiers & (SEPARATE | {"55", "56", "80", "81", "82", "AS"})
        and not batch.denied_itself(line, day)
    )


# teams

DIRECTING, DIRECTED = frozenset({"QK", "QY", "AD"}), frozenset({"QX"})


def _teams(batch: Batch) -> Iterator[int]:
    lines = [line for line in batch.lines if _anesthesia(line) and line.counts]
    for mine, theirs in ((DIRECTING, DIRECTED), (DIRECTED, DIRECTING)):
        for line in lines:
            billed = {m for x in lines if x.tax and x.tax == line.tax for m in x.modifiers}
            if not (billed & mine and billed & theirs):
                continue
            if not line.modifiers & mine or line.modifiers & (theirs | {"GC"}):
                continue
            if len(line.modifiers & {"AA", "AD", "QK", "QX", "QY", "QZ"}) > 1:
                continue
            there = any(
                x.modifiers & theirs and x.patient == line.patient and set(x.days) & set(line.days)
                for x in lines
            )
            if not there and not line.denied and _medicare(line):
                yield line.key


# drugs

SINGLE_DOSE = {"J0178", "J0897", "J2350"}
OFFICES = {"11", "20", "49", "50", "72"}


def _drugs(batch: Batch, line: Line) -> Iterator[str]:
    if not line.counts:
        return
    same = [
        x
        for day in line.days
        for x in batch.patient_day(line, day)
        if x.code == line.code and x.counts
    ]
    quiet = line.modifiers & {"GX", "GY"}
    if (
        line.code in SINGLE_DOSE
        and line.first >= date(2023, 7, 1)
        and not line.modifiers & {"JW", "JZ"}
        and not quiet
        and line.pos not in {"19", "21", "22", "23"}
        and _medicare(line)
        and not any("JW" in x.modifiers for x in same)
    ):
        yield "DRG-1"
    wasted = re.fullmatch(r"[A-Z]\d{4}", line.code) and "JW" in line.modifiers
    if wasted and _medicare(line) and all("JW" in x.modifiers for x in same):
        yield "DRG-3"
    alone = not any(
        _gives(x) and x.counts and not _strangers(line, x)
        for day in line.days
        for x in batch.patient_day(line, day)
    )
    here = line.pos in OFFICES and line.charge != 0
    if alone and here and _injected(line.code) and not line.modifiers & {"GX", "GY", "JW"}:
        yield "DRG-4"


NOT_INJECTED = re.compile(
    "J057[1-5]|J060[1-57-9]|J0615|J075[0-2]|J0799|J0889|J0901|J1105|J1202|J181[137]|J2062|J2545"
    "|J3401|J3530|J3535"
)


def _injected(code: str) -> bool:
    if NOT_INJECTED.fullmatch(code):
        return False
    low = "J0120" <= code <= "J3590"
    return low or "J9000" <= code <= "J9999" or code.startswith("Q51")


def _gives(line: Line) -> bool:
    code = line.code
    if em(line, line.first) or code in LABORATORY | {"36415"}:
        return False
    if "99000" <= code <= "99091":
        return False
    return bool(re.fullmatch(r"\d{4}[\dT]|[GMS]\d{4}|T1(?:015|502|503)", code))


def _strangers(one: Line, other: Line) -> bool:
    if one.tax and other.tax:
        return one.tax != other.tax
    return bool(one.billing and other.billing and one.billing != other.billing)
