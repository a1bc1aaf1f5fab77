"""LAB-1, LAB-4, INF-2 and INF-4 (SPEC 7.5, 7.6), for the codes of the tests."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from oracle.family_restated import PANELS
from oracle.model import Line
from oracle.payable import Batch

RANK: dict[str, int | None] = {"LAB-1": None, "INF-2": 180, "LAB-4": 181, "INF-4": 182}
REPEATS = frozenset({"76", "77", "91", "59", "XE", "XS", "XP", "XU"})
BLOOD_COUNTS = ({"85025"}, {"85027", "85004"}, {"85027", "85007"}, {"85027", "85009"})
PARTS: dict[str, list[set[str]]] = {
    **{panel: [set(tests.split())] for panel, tests in PANELS.items()},
    "80050": [{"80053", "84443"} | count for count in BLOOD_COUNTS],
    "80055": [
        {"86592", "86762", "86850", "86900", "86901", "87340"} | count for count in BLOOD_COUNTS
    ],
}
"""Panel -> the sets of tests any of which is the whole panel."""
LARGEST_FIRST = ("80053", "80069", "80048", "80055", "80051", "80074", "80050", "80061")
DRUG_ADMINISTRATION = (
    "96360 96361 96365 96366 96367 96368 96369 96372 96374 96375 96376 96401 96409 96413 96523"
)
Found = dict[int, dict[str, str]]


def judge(batch: Batch, so_far: Found) -> Found:
    """Line -> rule -> tier."""
    del so_far
    found: Found = defaultdict(dict)
    groups: dict[tuple[str | None, ...], list[Line]] = defaultdict(list)
    for line in batch.lines:
        for day in line.days:
            if _in_facility(batch, line, day):
                certain = _known(batch, line, day) and line.pos != "24"
                tier = "certain" if certain and line.business == "medicare" else "review"
                found[line.key].setdefault("INF-2", tier)  # the first day that has it
            if line.s1 is not None:
                groups[line.patient, line.payer, line.sequence, line.s1, str(day)].append(line)
    for lines in groups.values():
        for line in _whole_panels([x for x in lines if _fit(x)]):
            found[line.key]["LAB-1"] = "review"
        for rule, code in (("LAB-4", "36415"), ("INF-4", "96368")):
            one_code = [x for x in lines if _fit(x) and x.code == code]
            for line in _over_one(one_code):
                if rule == "INF-4" or line.business in ("medicare", "unknown"):
                    found[line.key][rule] = "review"
    return found


def _fit(line: Line) -> bool:
    return line.counts and not line.denied and not line.modifiers & REPEATS


def _known(batch: Batch, line: Line, day: date) -> bool:
    return batch.tables.fee(line.code, day) is not None


def _in_facility(batch: Batch, line: Line, day: date) -> bool:
    fee = batch.tables.fee(line.code, day)
    return (
        line.code in DRUG_ADMINISTRATION
        and line.pos in ("19", "21", "22", "23", "24")
        and "26" not in line.modifiers
        and line.business in ("medicare", "unknown")
        and (fee is None or fee.pctc == "5")
    )


def _whole_panels(lines: list[Line]) -> Iterable[Line]:
    """Lines of the panels that are there test by test, the largest first, none counted twice."""
    billed = {x.code for x in lines}
    covered = {test for panel in billed & PARTS.keys() for tests in PARTS[panel] for test in tests}
    left = [x for x in lines if x.code not in covered]
    for panel in LARGEST_FIRST:
        able = [x for x in left if panel != "80050" or x.business in ("commercial", "medicaid")]
        there = {x.code for x in able}
        whole = next((tests for tests in PARTS[panel] if tests <= there), None)
        if whole is None:
            continue
        taken = [x for x in able if x.code in whole]
        yield from taken
        left = [x for x in left if x not in taken]


def _over_one(lines: list[Line]) -> list[Line]:
    """All of them, where those of one place of service come to more than one unit."""
    single = [x for x in lines if len(x.days) == 1]
    places = {x.pos for x in single}
    by_place = [[x for x in single if x.pos == pos] for pos in places]
    return [
        x for some in by_place if sum(1 if y.units is None else y.units for y in some) > 1
        for x in some
    ]  # fmt: skip
