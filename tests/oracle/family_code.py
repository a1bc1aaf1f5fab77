"""Status I, N and T, services that stand alone, suspect duplicates, pair chains, needless 59.

STA-I, STA-N, STA-T (SPEC 7.3), SOLE-1 (7.5), DUP-2, DUP-3 (7.1), PTP-3, PTP-4 (4.3).
"""

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from itertools import combinations
from typing import Any

from oracle.bypass import ANATOMIC
from oracle.duplicates import REPEATS
from oracle.family_modifiers import em
from oracle.family_visits import visit
from oracle.model import EM, LABORATORY, Line
from oracle.pairs import judge_pairs
from oracle.payable import FEE_SCHEDULE_PAYS, NEVER_PAYS, Batch
from oracle.together import within

RANK: dict[str, int | None] = {
    "STA-I": 25,
    "STA-N": 26,
    "STA-T": 27,
    "SOLE-1": 130,
    "DUP-2": 140,
    "DUP-3": 141,
    "PTP-3": None,
    "PTP-4": None,
}
Told = dict[int, dict[str, str]]

FLUSH = "96523"
DRAWS = frozenset({"36591", "36592"})
SEPARATE = frozenset({"59", "XE", "XS", "XP", "XU"})
SERVICE = re.compile(r"\d{4}[\dTUM]|G[0-7]\d{3}")
ROLES = (
    frozenset({"26", "TC", "GP", "GO", "GN", "JW", "JZ", "NU", "RR", "UE"})
    | frozenset({"54", "55", "56", "62", "66", "80", "81", "82", "AS"})
    | frozenset({"UN", "UP", "UQ", "UR", "US"})
    | frozenset({"CQ", "CO", "GA", "GX", "GY", "GZ", "SL"})
)
VISIT_SECTION = EM | {
    *(f"{n}" for n in range(99202, 99500)),
    *("92002", "92004", "92012", "92014"),
}
TESTS = LABORATORY | {"85025"}


def judge(batch: Batch, so_far: Told) -> Told:  # noqa: ARG001 - these look at lines alone
    """Line -> rule -> tier."""
    found: Told = {line.key: _of_line(batch, line) for line in batch.lines}
    for key, rule in _repeats(batch):
        found[key][rule] = "review"
    pairs = judge_pairs(batch)
    for key, edges in pairs.denies.items():
        if any(column1 in pairs.denies for _, column1, *_ in edges):
            found[key]["PTP-3"] = "info"
    return {key: rules for key, rules in found.items() if rules}


def _of_line(batch: Batch, line: Line) -> dict[str, str]:
    told = {}
    home = {"medicare": "certain", "unknown": "review"}.get(line.business)
    statuses = {fee.status for day in line.days if (fee := batch.tables.fee(line.code, day))}
    if home and _asks(line):
        if "I" in statuses and "GY" not in line.modifiers:
            told["STA-I"] = home
        if "N" in statuses and not line.modifiers & {"GX", "GY", "GZ"}:
            told["STA-N"] = "review"
        doubts = list(_beside_what_pays(batch, line)) if "T" in statuses else []
        if doubts:
            told["STA-T"] = "review" if all(doubts) else home
    doubts = list(_beside_services(batch, line))
    if doubts:
        told["SOLE-1"] = "review" if all(doubts) else "certain"
    if home and _needless(batch, line):
        told["PTP-4"] = "review"
    return told


def _asks(line: Line) -> bool:
    """Tracking lines are reported at nothing or at one cent; a credit asks for nothing either."""
    return not line.credit and (line.charge is None or line.charge > Fraction(1, 100))


def _section(line: Line) -> bool:
    """A visit or another E/M code, by letter too."""
    section = visit(line.code) or within(line.code, (99202, 99499)) or line.code in VISIT_SECTION
    return section or em(line, line.first)


def _vague(line: Line) -> bool:
    """The dates are the whole claim's, and they span days."""
    return line.raw.get("claim_dates") == "True" and line.last > line.first


def _doubtful(batch: Batch, one: Line, other: Line) -> bool:
    return batch.doubtful(one, other) or _vague(one) or _vague(other)


def _status(batch: Batch, line: Line, day: date) -> str | None:
    fee = batch.tables.fee(line.code, day)
    return fee.status if fee else None


def _beside_what_pays(batch: Batch, line: Line) -> Iterator[bool]:
    """For each other line that stops a status T line: whether that is in doubt."""
    for day in line.days:
        if _status(batch, line, day) != "T":
            continue
        for other in batch.beside(line, day):
            refused = other.denied or other.modifiers & {"GX", "GY", "GZ"}
            pays = _status(batch, other, day) in FEE_SCHEDULE_PAYS and other.counts
            if pays and not refused and not other.credit and not batch.zero_limit(other, day):
                yield _doubtful(batch, line, other)


def _beside_services(batch: Batch, line: Line) -> Iterator[bool]:
    """For each service that a flush or a draw may not accompany: whether that is in doubt."""
    if line.code not in {FLUSH, *DRAWS} or line.denied or not line.counts:
        return
    for day in line.days:
        for other in batch.beside(line, day):
            laboratory = other.code in TESTS
            if other.code == line.code or other.code in DRAWS or not SERVICE.fullmatch(other.code):
                continue
            if line.code in DRAWS and laboratory:
                continue
            never = (_status(batch, other, day) or "A") in NEVER_PAYS
            if other.denied or not other.counts or never or batch.zero_limit(other, day):
                continue
            elsewhere = line.pos and other.pos and line.pos != other.pos
            separate = (line.modifiers | other.modifiers) & SEPARATE
            yield bool(laboratory or elsewhere or separate or _doubtful(batch, line, other))


def _needless(batch: Batch, line: Line) -> bool:
    """59 or X, and neither an edit nor a second line of the code nor too many units."""
    if not line.modifiers & SEPARATE or _section(line) or line.s1 is None:
        return False
    if line.denied or not line.counts or len(line.days) > 1 or not batch.tables.pairs:
        return False
    (day,) = line.days
    limit = batch.tables.limit(line.code, day)
    if limit is not None and line.units is not None and line.units > limit.value:
        return False
    edits = batch.tables.indicators(day)
    for other in batch.patient_day(line, day):
        joined = (line.code, other.code) in edits or (other.code, line.code) in edits
        if other.counts and (joined or other.code == line.code):
            return False
    return True


def _age(line: Line) -> tuple[Any, ...]:
    values = (
        line.received,
        line.claim_id,
        line.number,
        line.first,
        line.code,
        line.raw.get("modifiers"),
        line.units,
        line.charge,
        line.rendering,
        line.pos,
    )
    return tuple((value is not None, value) if value is not None else (False,) for value in values)


def _repeats(batch: Batch) -> Iterator[tuple[int, str]]:
    """Later lines of the same patient and code that nothing tells apart from an earlier one."""
    able = [
        line
        for line in batch.lines
        if line.s1 is not None
        and not line.modifiers & REPEATS
        and not line.denied
        and line.counts
        and _asks(line)
    ]
    for one, other in combinations(sorted(able, key=_age), 2):
        if (one.patient, one.payer, one.sequence) != (other.patient, other.payer, other.sequence):
            continue
        if one.code != other.code or _own(one) != _own(other):
            continue
        if (one.first, one.last) == (other.first, other.last):
            if _suspect(one, other):
                yield other.key, "DUP-2"
        elif one.s1 == other.s1 and _apart(one) == _apart(other) and _overlap(one, other):
            yield other.key, "DUP-3"


def _own(line: Line) -> tuple[str | None, ...] | None:
    """A replacement or void is compared within its own claim only."""
    return _claim(line) if line.frequency in ("7", "8") else None


def _claim(line: Line) -> tuple[str, str]:
    return line.claim_id, line.control or ""


def _apart(line: Line) -> frozenset[str]:
    """Modifiers that make two lines two services."""
    if re.fullmatch(r"0\d{4}|A0\d{3}", line.code):
        return line.modifiers
    program = {m for m in line.modifiers if re.fullmatch(r"U[1-9A-D]|H[A-Z]", m)}
    return frozenset(line.modifiers & (ROLES | ANATOMIC)) | program


def _suspect(one: Line, other: Line) -> bool:
    equal = (one.units, one.charge, one.modifiers) == (other.units, other.charge, other.modifiers)
    if one.s1 != other.s1:
        group = (one.tax or one.billing, bool(one.tax))
        unknown = None in (one.specialty, other.specialty)
        strangers = _section(one) if unknown else one.specialty != other.specialty
        team = one.modifiers & {"62", "66"}
        same = (
            equal
            and one.pos == other.pos
            and group == (other.tax or other.billing, bool(other.tax))
        )
        return bool(same and group[0] and not strangers and not team)
    if one.pos != other.pos:
        known = one.pos is not None and other.pos is not None
        return equal and known and _claim(one) != _claim(other)
    vials = one.code[0] in "JQ" and _claim(one) == _claim(other)
    return not equal and _apart(one) == _apart(other) and not vials and not _split(one, other)


def _split(one: Line, other: Line) -> bool:
    """Units of one service over lines of one claim, at one price a unit."""
    if None in (one.units, other.units, one.charge, other.charge) or one.units == other.units:
        return False
    return _claim(one) == _claim(other) and one.charge * other.units == other.charge * one.units


def _overlap(one: Line, other: Line) -> bool:
    first, last = max(one.first, other.first), min(one.last, other.last)
    rented = one.code[0] in "ABEKLV"
    between = first == last and (one.last == other.first or other.last == one.first)
    vague = _vague(one) or _vague(other)
    return first <= last and not vague and not (rented and between)
