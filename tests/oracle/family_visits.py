"""EM rules (SPEC 7.4): visits among themselves and with what they include."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from oracle.model import LABORATORY, Line, strongest
from oracle.payable import Batch
from oracle.together import (
    SEPARATE,
    number,
    one_group,
    one_physician,
    pays,
    place,
    same_person,
    unsure,
    unsure_who,
    vague,
    within,
)

RANK: dict[str, int | None] = {
    "EM-CONS": 24,
    "EM-NEW": None,
    "EM-DAY": 101,
    "EM-99211": 102,
    "EM-PREV": 103,
    "EM-CC": 104,
    "EM-G2211": 105,
    "EM-IMD": None,
}
Rules = dict[int, dict[str, str]]
DECISION = frozenset(["24", "25", "57"])
AGAIN = DECISION | SEPARATE | {"27", "76", "77"}
KINDS = {
    "office": [(99202, 99205), (99211, 99215)],
    "home": [(99341, 99342), (99344, 99345), (99347, 99350)],
    "emergency": [(99281, 99285)],
    "eye": [(92002, 92002), (92004, 92004), (92012, 92012), (92014, 92014)],
    "admission": [(99221, 99223)],
    "subsequent": [(99231, 99233)],
    "one-day stay": [(99234, 99236)],
    "discharge": [(99238, 99239)],
    "nursing admission": [(99304, 99306)],
    "nursing subsequent": [(99307, 99310)],
    "nursing discharge": [(99315, 99316)],
}
NEW = [(99202, 99205), (99341, 99345), (92002, 92004)]
NEW_ELSEWHERE = [(99381, 99387)]
NEW_REMOTE = [(98000, 98003), (98008, 98011)]
REMOTE = [(98000, 98015)]
REMOTE_FROM = date(2025, 1, 1)
PREVENTIVE = [(99381, 99387), (99391, 99397)]
CRITICAL = frozenset(["99291", "99292"])
ENDED = [(99217, 99220), (99224, 99226), (99241, 99241), (99251, 99251), (99318, 99318),
         (99324, 99337), (99343, 99343)]  # fmt: skip
"""With the year 2022."""
CONSULTATION = [(99242, 99245), (99252, 99255)]
SOFT_MEETING = [(99401, 99404), (99406, 99409), (99483, 99483), (99495, 99498)]
NO_MEETING = frozenset(["26", "TC", "55", "56", "80", "81", "82", "AS"])
OVER = [
    ("discharge", "office", 0),
    ("discharge", "subsequent", 0),
    ("discharge", "emergency", 0),
    ("admission", "office", 1),
    ("admission", "subsequent", 0),
    ("admission", "discharge", 0),
    ("admission", "emergency", 0),
    ("subsequent", "emergency", 0),
    ("one-day stay", "office", 1),
    ("one-day stay", "admission", 0),
    ("one-day stay", "subsequent", 0),
    ("one-day stay", "discharge", 0),
    ("one-day stay", "emergency", 0),
    ("nursing admission", "office", 0),
    ("nursing admission", "emergency", 0),
    ("office", "eye", 0),
    ("emergency", "eye", 0),
]
EYE_ORDER = ["92004", "92014", "92002", "92012"]
GIVEN = {
    0: [(96360, 96379), (96401, 96404), (96409, 96425), (96910, 96913)],
    1: [(90460, 90474), (90480, 90481), (95115, 95117), (96405, 96406)],
}
IN_CRITICAL = {
    0: {"36591", "36592", "93598", "93701", "94002", "94003", "94004", "94450", "94660", "94662",
        "94760", "94761", "94762"},
    1: {"36000", "36410", "36415", "36600", "43752", "43753", "71045", "71046", "92953", "93318",
        "94375"},
}  # fmt: skip
PART_B = frozenset(["G0402", "G0438", "G0439", "90471", "90472", "90473", "90474", "G0008",
                    "G0009", "G0010", "90480", "77067", "G0444", "90460"])  # fmt: skip
MINUTES = {"97110": 15, "97112": 15, "97140": 15, "97530": 15, "90832": 16, "90834": 38,
           "90837": 53, "96131": 60, "96133": 60, "96136": 16, "96137": 30, "96130": 31,
           "99291": 30, "99292": 30, "99497": 16, "99498": 30, "99417": 15, "90847": 26,
           "G2212": 15, "99407": 11, "90833": 16, "96132": 31}  # fmt: skip
THERAPY = frozenset(["97110", "97112", "97140", "97530"])


def kind(code: str) -> str:
    return next((name for name, ranges in KINDS.items() if within(code, *ranges)), "")


def visit(code: str, day: date | None = None) -> bool:
    """A visit of whatever kind, professional; on `day` where one is given: some codes ended."""
    more = [(99291, 99292), (99460, 99463), (99468, 99472), (99475, 99480)]
    if kind(code) or within(code, *CONSULTATION, *more):
        return True
    office = code == "99201" and (day is None or day <= date(2020, 12, 31))
    return office or (within(code, *ENDED) and (day is None or day <= date(2022, 12, 31)))


def judge(batch: Batch, so_far: Rules) -> Rules:  # noqa: ARG001 - what others said is not asked
    found: Rules = defaultdict(dict)
    for line in batch.lines:
        if _consultation(line):
            tier = {"medicare": "certain", "unknown": "review"}.get(line.business)
            if tier:
                found[line.key]["EM-CONS"] = tier
        if not line.counts:
            continue
        for rule, tiers in (
            ("EM-NEW", _new(batch, line)),
            ("EM-DAY", _same_day(batch, line)),
            ("EM-99211", _nurse(batch, line)),
            ("EM-PREV", _preventive(batch, line)),
            ("EM-CC", _critical(batch, line)),
            ("EM-G2211", _complexity(batch, line)),
        ):
            told = list(tiers)
            if told:
                found[line.key][rule] = strongest(told)
    for key in _impossible(batch):
        found[key]["EM-IMD"] = "review"
    return found


def _consultation(line: Line) -> bool:
    """99241 and 99251 ended with 2022; Medicare paid all of them until 2010."""
    old = line.code in ("99241", "99251") and line.first <= date(2022, 12, 31)
    asked = line.modifiers & {"GY", "GX"}
    known = within(line.code, *CONSULTATION) or old
    return known and line.first >= date(2010, 1, 1) and not asked


def _three_years_before(day: date) -> date:
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return date(day.year - 3, day.month, last)


def _new(batch: Batch, line: Line) -> Iterator[str]:
    remote = line.first >= REMOTE_FROM and within(line.code, *NEW_REMOTE)
    elsewhere = line.business != "medicare" and (remote or within(line.code, *NEW_ELSEWHERE))
    if not (within(line.code, *NEW) and visit(line.code, line.first)) and not elsewhere:
        return
    for earlier in batch.lines:
        if (earlier.patient, earlier.payer, earlier.sequence) != (
            line.patient,
            line.payer,
            line.sequence,
        ):
            continue
        if not _three_years_before(line.first) < earlier.last < line.first:
            continue
        if not pays(batch, earlier, earlier.first) or earlier.modifiers & NO_MEETING:
            continue
        solid = visit(earlier.code, earlier.first) or within(earlier.code, *PREVENTIVE)
        soft = _soft_meeting(earlier)
        if not solid and not soft and not _procedure(batch, earlier):
            continue
        same = one_physician(line, earlier)
        if not same and not _perhaps(line, earlier):
            continue
        partner = not same_person(line, earlier)
        broad = same and re.fullmatch(r"50|70|89|97|99|363[AL].*|364S.*", line.specialty or "")
        doubt = soft or not same or (partner and (line.business != "medicare" or bool(broad)))
        longer_ago = earlier.first <= _three_years_before(line.last)
        edge = longer_ago and (vague(line) or vague(earlier))
        doubt = doubt or edge or unsure_who(batch, line, earlier)
        yield "review" if doubt else "certain"


def _soft_meeting(line: Line) -> bool:
    """Often, not always, face to face; the telemedicine visits came with 2025."""
    remote = line.first >= REMOTE_FROM and within(line.code, *REMOTE)
    return remote or within(line.code, *SOFT_MEETING) or line.code in ("G0402", "G0438", "G0439")


def _procedure(batch: Batch, line: Line) -> bool:
    fee = batch.tables.fee(line.code, line.first)
    scanned = 70000 <= number(line.code) < 90000 or line.code in LABORATORY
    section = visit(line.code, line.first) or within(line.code, (99200, 99499))
    return fee is not None and fee.days in ("000", "010", "090") and not scanned and not section


def _perhaps(line: Line, earlier: Line) -> bool:
    """A colleague whose specialty nobody tells, in visits that might be of one specialty."""
    blank = line.specialty is None or earlier.specialty is None
    places = kind(earlier.code) == "emergency" or earlier.code in CRITICAL
    places = places or within(earlier.code, (99468, 99476))
    eyes = (kind(line.code) == "eye") == (kind(earlier.code) == "eye")
    meeting = visit(earlier.code, earlier.first) or within(earlier.code, *PREVENTIVE)
    meeting = meeting or _soft_meeting(earlier)
    return one_group(line, earlier) and blank and meeting and eyes and not places


def _rank(code: str) -> tuple[int, str]:
    if code in EYE_ORDER:
        return (EYE_ORDER.index(code), code)
    return (int(within(code, *NEW)), code)


def _included(code: str, kept: str) -> int | None:
    """The pair's indicator where `kept` includes `code`, else None."""
    mine, theirs = kind(code), kind(kept)
    if mine and mine == theirs:
        if _rank(code) > _rank(kept):
            return None
        both_new = within(code, *NEW) and within(kept, *NEW)
        return 1 if mine in ("office", "home", "emergency") and not both_new else 0
    for first, second, indicator in OVER:
        if (theirs, mine) == (first, second):
            return indicator
    wards = mine in ("office", "admission", "subsequent", "one-day stay", "discharge")
    therapy = within(code, (90832, 90840), (90845, 90853))
    evaluation = within(kept, (90791, 90792)) and (therapy or wards)
    analysis = kept in ("90845", "90865", "90880") and wards
    ventilation = within(code, (94002, 94004), (94660, 94660)) and within(kept, (99202, 99499))
    return 0 if evaluation or analysis or ventilation else None


def _same_day(batch: Batch, line: Line) -> Iterator[str]:
    for day in line.days:
        for other in batch.patient_day(line, day):
            indicator = _included(line.code, other.code)
            if indicator is None or not one_physician(line, other) or not pays(batch, other, day):
                continue
            both = line.modifiers | other.modifiers
            twice = line.code == other.code
            if twice and (place(line) < place(other) or both & AGAIN):
                continue
            if indicator == 1 and both & DECISION:
                continue
            plan = indicator == 1 and line.business != "medicare"
            doubt = twice or plan or not same_person(line, other) or unsure(batch, line, other)
            yield "review" if doubt else "certain"


def _nurse(batch: Batch, line: Line) -> Iterator[str]:
    if line.code != "99211":
        return
    for day in line.days:
        for other in batch.beside(line, day):
            vaccine = within(other.code, *GIVEN[1]) or other.code in ("G0008", "G0009", "G0010")
            if not vaccine and not within(other.code, *GIVEN[0]):
                continue
            if pays(batch, other, day):
                apart = vaccine and line.modifiers & DECISION
                yield "review" if apart or unsure(batch, line, other) else "certain"


def _preventive(batch: Batch, line: Line) -> Iterator[str]:
    if kind(line.code) != "office" or line.modifiers & {"25", "57"}:
        return
    if line.business == "medicare":
        return
    for day in line.days:
        for other in batch.patient_day(line, day):
            preventive = within(other.code, *PREVENTIVE)
            if preventive and one_physician(line, other) and pays(batch, other, day):
                yield "review"


def _critical(batch: Batch, line: Line) -> Iterator[str]:
    for day in line.days:
        indicator = next((n for n, codes in IN_CRITICAL.items() if line.code in codes), None)
        if line.code == "94662" and day > date(2025, 12, 31):
            indicator = None
        if indicator is None or "TC" in line.modifiers:
            continue
        for other in batch.beside(line, day):
            if other.code not in CRITICAL or not pays(batch, other, day):
                continue
            said = (line.modifiers | other.modifiers) & SEPARATE or other.modifiers & DECISION
            apart = indicator == 1 and said
            yield "review" if apart or unsure(batch, line, other) else "certain"


def _complexity(batch: Batch, line: Line) -> Iterator[str]:
    if line.code != "G2211" or line.first < date(2024, 1, 1):
        return
    if line.business not in ("medicare", "unknown"):
        return
    for day in line.days:
        homes = day >= date(2026, 1, 1)
        base = [
            other
            for other in batch.beside(line, day)
            if (kind(other.code) == "office" or (homes and kind(other.code) == "home"))
            and pays(batch, other, day)
        ]
        kept = any("25" not in other.modifiers for other in base)
        prevented = day >= date(2025, 1, 1) and any(
            other.code in PART_B and other.counts and other.s1 is not None
            for other in batch.patient_day(line, day)
        )
        if base and not kept and not prevented:
            yield "review"


def _impossible(batch: Batch) -> Iterator[int]:
    """The line of the most minutes of each practitioner's day over a limit."""
    by_day: dict[tuple[str, date], list[tuple[Line, int, int]]] = defaultdict(list)
    for line in batch.lines:
        each = MINUTES.get(line.code)
        assistants = line.modifiers & {"CO", "CQ", "GE", "HL", "HM", "HN"}
        if each is None or not line.counts or line.denied or assistants:
            continue
        if line.s1 is None or line.key in batch.borrowed or line.sequence != "primary":
            continue
        units = int((1 if line.units is None else line.units) * 1000) // len(line.days)
        for day in line.days:
            by_day[line.s1, day].append((line, units * each, units))
    first: dict[int, date] = {}
    for (_, day), told in by_day.items():
        if (
            _minutes(told, 1) <= 720
            and _minutes([t for t in told if t[0].code in THERAPY], 2) <= 32
        ):
            continue
        own = [(line, size) for line, size, _ in told if line.rendering not in batch.groups]
        if own:
            best = min(own, key=lambda t: (-t[1], place(t[0])))[0]
            first[best.key] = day
    yield from first


def _minutes(told: list[tuple[Line, int, int]], column: int) -> int:
    """Over all people; what two payers were billed for one person counts once."""
    sums: dict[tuple[str, str], dict[str | None, int]] = defaultdict(lambda: defaultdict(int))
    for entry in told:
        line = entry[0]
        sums[line.patient, line.code][line.payer] += entry[1] if column == 1 else entry[2]
    return sum(max(payers.values()) for payers in sums.values()) // 1000
