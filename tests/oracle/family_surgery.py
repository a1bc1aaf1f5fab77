"""GLB rules (SPEC 6.3): what the payment for an operation covers, on its day and after."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

from oracle.family_visits import NEW, Rules, visit
from oracle.model import Line
from oracle.payable import Batch
from oracle.together import SEPARATE, number, one_physician, pays, same_person, within

RANK: dict[str, int | None] = {
    "GLB-25": 81,
    "GLB-57": 82,
    "GLB-24": 120,
    "GLB-78": 121,
    "GLB-CLOS": 122,
    "GLB-CATH": 123,
    "GLB-NEURO": 124,
}
DAYS = {"010": 10, "090": 90}
ASSISTS = frozenset(["80", "81", "82", "AS"])
SIDES = frozenset(
    ["LT", "RT", "FA", "TA", "E1", "E2", "E3", "E4", "LC", "LD", "LM", "RC", "RI"]
    + [f"{letter}{n}" for letter in "FT" for n in range(1, 10)]
)
REPAIR = [(12001, 12021), (12031, 13153)]
LAYERED = [(12031, 13153)]
ALLOWED = [(11401, 11406), (11421, 11426), (11441, 11471), (11600, 11646)]
NO_INCISION = [(13160, 13160), (17000, 17286), (17311, 17315), (20526, 20527), (20550, 20553),
               (20600, 20612), (25600, 25605), (45300, 45393), (64400, 64530)]  # fmt: skip


def judge(batch: Batch, so_far: Rules) -> Rules:  # noqa: ARG001 - what others said is not asked
    found: Rules = defaultdict(dict)
    for line in batch.lines:
        if line.business not in ("medicare", "unknown"):
            continue
        found[line.key].update(_decision(batch, line))
        if not line.counts:
            continue
        if (
            visit(line.code, line.first)
            and not line.modifiers & {"24", "FT"}
            and _in_window(batch, line)
        ):
            found[line.key]["GLB-24"] = "review"
        if _later_procedure(batch, line) and _in_window(batch, line):
            found[line.key]["GLB-78"] = "review"
        for rule in _same_day(batch, line):
            found[line.key][rule] = "review"
    return found


def _decision(batch: Batch, line: Line) -> dict[str, str]:
    """The visit of the day, or of the eve, of an operation: 25 or 57 says that it counts apart."""
    if not visit(line.code, line.first) or line.code == "99292":  # an add-on follows its 99291
        return {}
    told = {}
    who = (line.patient, line.payer, line.sequence)
    for other in batch.lines:
        days = _days(batch, other)
        if (other.patient, other.payer, other.sequence) != who or not one_physician(line, other):
            continue
        if other.modifiers & (ASSISTS | {"55", "56"}):
            continue
        if other.business not in ("medicare", "unknown"):
            continue
        paid = [day for day in other.days if pays(batch, other, day)]
        that_day = line.first in paid
        eve = line.first + timedelta(days=1) in paid
        if days in ("000", "010") and that_day and not line.modifiers & {"25", "57"}:
            told["GLB-25"] = "info" if within(line.code, *NEW) else "review"
        if days == "090" and (that_day or eve) and "57" not in line.modifiers:
            told["GLB-57"] = "info" if "25" in line.modifiers else "review"
    return told


def _days(batch: Batch, line: Line) -> str | None:
    """Global days at the facts of the line's first day."""
    if visit(line.code, line.first) or within(line.code, (99200, 99499)):
        return None
    fee = batch.tables.fee(line.code, line.first)
    return fee.days if fee else None


def _later_procedure(batch: Batch, line: Line) -> bool:
    image_or_test = 70000 <= number(line.code) < 90000
    said = line.modifiers & (ASSISTS | {"55", "56", "58", "78", "79"})
    return _days(batch, line) in ("000", "010", "090") and not image_or_test and not said


def _in_window(batch: Batch, line: Line) -> bool:
    who = (line.patient, line.payer, line.sequence)
    for other in batch.lines:
        window = DAYS.get(_days(batch, other) or "")
        if window is None or other.key == line.key:
            continue
        if (other.patient, other.payer, other.sequence) != who or not one_physician(line, other):
            continue
        if other.business not in ("medicare", "unknown"):
            continue
        if other.modifiers & (ASSISTS | {"54", "55", "56", "78"}):
            continue
        for surgery in other.days:
            reached = any(1 <= (day - surgery).days <= window for day in line.days)
            if reached and pays(batch, other, surgery):
                return True
    return False


def _same_day(batch: Batch, line: Line) -> Iterator[str]:
    catheter = within(line.code, (51701, 51703))
    monitor = line.code in ("95940", "95941", "G0453")
    for day in line.days:
        for other in batch.beside(line, day):
            if other.business not in ("medicare", "unknown") or not pays(batch, other, day):
                continue
            if other.modifiers & (ASSISTS | {"55", "56"}) or not same_person(line, other):
                continue
            days = _days_on(batch, other, day)
            apart = (line.modifiers | other.modifiers) & SEPARATE
            minor = days in ("000", "010", "090")
            plain = within(line.code, *REPAIR) and not line.modifiers & SIDES
            if plain and not apart and _incision(line, other, days):
                yield "GLB-CLOS"
            if catheter and minor and not apart and not within(other.code, (51701, 51703)):
                yield "GLB-CATH"
            if monitor and minor and within(other.code, (10004, 69990)):
                yield "GLB-NEURO"


def _days_on(batch: Batch, line: Line, day: date) -> str | None:
    """Global days where the line has any on its first day, at the facts of `day`."""
    first = _days(batch, line)
    if first not in ("000", "010", "090", "MMM") and not within(line.code, (11102, 11107)):
        return None
    fee = batch.tables.fee(line.code, day)
    return fee.days if fee else None


def _incision(line: Line, other: Line, days: str | None) -> bool:
    if within(other.code, (11102, 11107)):
        return True
    if days not in ("010", "090", "MMM") or not within(other.code, (10004, 69990)):
        return False
    if within(other.code, *REPAIR, *NO_INCISION):
        return False
    return not (within(other.code, *ALLOWED) and within(line.code, *LAYERED))
