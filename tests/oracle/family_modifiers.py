"""AOC-5, GG-1, MOD-51, MOD-62, MOD-AST, MOD-BIL2 and QW-1 (SPEC 3.3, 6.2, 6.8)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from oracle.addons import _group
from oracle.bypass import two_places
from oracle.model import ASC_SPECIALTIES, Line, strongest
from oracle.payable import Batch
from oracle.units import per_day

RANK: dict[str, int | None] = {
    "AOC-5": 45,
    "MOD-AST": 150,
    "MOD-62": 151,
    "GG-1": None,
    "MOD-51": None,
    "MOD-BIL2": None,
    "QW-1": None,
}
So = Mapping[int, Mapping[str, str]]
Said = tuple[Line, str, str]
NEEDS = {"64492": "64491", "64495": "64494"}
NEVER_WITH = {"17003": ("17004", True), "93321": ("93320", False)}
"""Code -> the code it does not stand beside, and whether one encounter is all there can be."""
TOGETHER = {"95885": ("95886", 4, True), "95873": ("95874", 1, False)}
CEILINGS = {
    **dict.fromkeys(["20931", "20937", "20938", "22840", "22842", "22845"], 1),
    **dict.fromkeys(["64491", "64492", "64494", "64495", "95887", "96368"], 1),
    **dict.fromkeys(["76942", "77002", "77003", "77012", "77021"], 1),
    "17003": 13,
    "99439": 2,
    "64643": 3,
    "64645": 3,
}
WAIVED = frozenset(
    [
        "80048",
        "80053",
        "80061",
        "80305",
        "81003",
        "82947",
        "83036",
        "85025",
        "85610",
        "87804",
        "87880",
    ]
)
LAB_BY_LETTER = frozenset(["G0103", "G0480", "G0481", "G0482", "G0483", "G0659", "G0328"])
ENDED = [(99201, 99201, 2020), (99217, 99220, 2022), (99224, 99226, 2022), (99241, 99241, 2022),
         (99251, 99251, 2022), (99318, 99318, 2022), (99324, 99337, 2022), (99339, 99340, 2022),
         (99343, 99343, 2022), (99354, 99357, 2022), (99441, 99443, 2024)]  # fmt: skip
"""First and last E/M code, and the year with which they ended."""
EM_BY_LETTER = frozenset(
    [
        "G0316",
        "G0317",
        "G0318",
        "G0402",
        "G0438",
        "G0439",
        "G0463",
        "G2211",
        "G2212",
        "G0380",
        "G0381",
        "G0382",
        "G0383",
        "G0384",
    ]
)
OF_DIGITS_AND_LIDS = frozenset(
    [
        *("26055", "28285", "11730", "11750", "67800", "67820", "67840"),
        *("20600", "20604"),  # small joints, fingers and toes among them; not the larger ones
    ]
)
SEPARATE = frozenset(["59", "XE", "XS", "XP", "XU"])
REPEATS = SEPARATE | {"76", "77", "91"}
ASSISTANTS = frozenset(["80", "81", "82", "AS"])
OTHER_ROLES = ASSISTANTS | SEPARATE | {"62", "66", "54", "55", "56", "58", "78", "79", "76", "77"}
ANATOMIC = frozenset(
    ["LT", "RT", "FA", "TA", "LC", "LD", "LM", "RC", "RI"]
    + [f"{kind}{n}" for kind in "FT" for n in range(1, 10)]
    + [f"E{n}" for n in range(1, 5)]
)


def judge(batch: Batch, so_far: So) -> dict[int, dict[str, str]]:
    """Line -> rule -> tier."""
    found: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    families: list[Callable[[Batch, So], Iterable[Said]]] = [
        _levels,
        _exclusions,
        _sums,
        _ceilings,
        _mammograms,
        _fifty_one,
        _assistants,
        _co_surgeons,
        _two_sides,
        _waived,
    ]
    for family in families:
        for line, rule, tier in family(batch, so_far):
            found[line.key][rule].add(tier)
    return {k: {rule: strongest(t) for rule, t in rules.items()} for k, rules in found.items()}


# what is asked of a line


def _medicare(line: Line) -> bool:
    return line.business in ("medicare", "unknown")


def em(line: Line, day: date) -> bool:
    """An E/M service of that day: a code that has ended is none (SPEC 0, 8)."""
    five = line.code.isdigit() and len(line.code) == 5
    if five and any(a <= int(line.code) <= b and day.year > year for a, b, year in ENDED):
        return False
    remote = "98000" <= line.code <= "98016" and day >= date(2025, 1, 1)
    eye = line.code in ("92002", "92004", "92012", "92014")
    begun = line.code not in ("G2211", "G2212") or day >= date(2021, 1, 1)
    return (five and ("99201" <= line.code <= "99499" or eye or remote)) or (
        line.code in EM_BY_LETTER and begun
    )


def _lab(line: Line) -> bool:
    five = line.code.isdigit() and len(line.code) == 5
    letter = line.code[-1] in "UM" and line.code[:4].isdigit()
    return (five and "80047" <= line.code <= "89398") or letter or line.code in LAB_BY_LETTER


def _pays(batch: Batch, line: Line, day: date) -> bool:
    why = batch.denied_itself(line, day)
    return line.counts and not (why if line.business == "medicare" else why & {"export"})


def _part(batch: Batch, line: Line) -> str:
    fee = batch.tables.fee(line.code, line.first)
    if fee is not None and fee.pctc != "1":
        return ""
    return next((m for m in ("26", "TC") if m in line.modifiers), "")


def _paired(so_far: So, line: Line) -> bool:
    return bool({"PTP-0", "PTP-1"} & so_far.get(line.key, {}).keys())


def _with_days(batch: Batch) -> Iterator[tuple[Line, date]]:
    for line in batch.lines:
        for day in line.days:
            if line.s1 is not None:
                yield line, day


# AOC-5


def _levels(batch: Batch, _: So) -> Iterator[Said]:
    """A third level needs the second, by the same practitioner that day, paid or not."""
    for line, day in _with_days(batch):
        need = NEEDS.get(line.code)
        if need is None or not _pays(batch, line, day):
            continue
        if any(x.code == need and x.counts for x in batch.beside(line, day)):
            continue
        partner = any(
            x.code == need and x.counts and x.s1 != line.s1 and _group(x, line, unknown=True)
            for x in batch.patient_day(line, day)
        )
        odd = batch.borrowed | batch.loose | batch.shaken
        doubt = partner or line.key in odd or batch.may_lack(line)
        yield line, "AOC-5", "review" if doubt else "certain"


def _exclusions(batch: Batch, _: So) -> Iterator[Said]:
    for line, day in _with_days(batch):
        other_code, sure = NEVER_WITH.get(line.code, ("", False))
        if not other_code or not _pays(batch, line, day):
            continue
        for other in batch.beside(line, day):
            if other.code != other_code or not _pays(batch, other, day):
                continue
            if not sure and (line.modifiers | other.modifiers) & REPEATS:
                continue
            tier = "certain" if sure and not batch.doubtful(line, other) else "review"
            yield line, "AOC-5", tier


def _groups(batch: Batch, so_far: So, codes: frozenset[str]) -> Iterator[tuple[list[Line], date]]:
    """Lines of `codes` that pay, by patient, practitioner, component and day."""
    groups: dict[tuple[str | None, ...], list[Line]] = defaultdict(list)
    days = {}
    for line, day in _with_days(batch):
        pays = _pays(batch, line, day) and not _paired(so_far, line)
        if line.code in codes and pays and line.units is not None:
            who = (line.patient, line.payer, line.sequence, line.s1)
            key = (*who, _part(batch, line), str(day))
            groups[key].append(line)
            days[key] = day
    for key, lines in groups.items():
        yield lines, days[key]


def _sums(batch: Batch, so_far: So) -> Iterator[Said]:
    for first, (second, most, sure) in TOGETHER.items():
        for lines, _ in _groups(batch, so_far, frozenset([first, second])):
            if {line.code for line in lines} != {first, second}:
                continue
            if sum(per_day(line)[0] for line in lines) <= most:
                continue
            low = sum(per_day(line)[1] for line in lines) <= most
            doubt = low or any(batch.doubtful(a, b) for a in lines for b in lines)
            for line in lines:
                yield line, "AOC-5", "certain" if sure and not doubt else "review"


def _ceilings(batch: Batch, so_far: So) -> Iterator[Said]:
    """Where a unit limit is judged, it judges; Medicaid has limits of its own."""
    for code, most in CEILINGS.items():
        for lines, _ in _groups(batch, so_far, frozenset([code])):
            free = [
                line
                for line in lines
                if line.business == "medicaid" or not batch.tables.limit(code, line.first)
            ]
            if sum(per_day(line)[0] for line in free) > most:
                for line in free:
                    yield line, "AOC-5", "review"


# GG-1


def _mammograms(batch: Batch, so_far: So) -> Iterator[Said]:
    def takes_part(line: Line) -> bool:
        return line.counts and not line.denied and _medicare(line)

    for line, day in _with_days(batch):
        if line.code not in ("77065", "77066", "77067") or not takes_part(line):
            continue
        screening = line.code == "77067"
        near = [x for x in batch.beside(line, day) if takes_part(x)]
        near = [x for x in near if x.code in ("77065", "77066", "77067")]
        if not any((x.code == "77067") != screening for x in near):
            continue
        if screening:
            apart = any(x.modifiers & SEPARATE for x in [line, *near])
            named = {"PTP-0", "PTP-1", "PTP-2"} & so_far.get(line.key, {}).keys()
            if not apart and not named:
                yield line, "GG-1", "review"
        elif "GG" not in line.modifiers:
            yield line, "GG-1", "review"


# MOD-51


def _fifty_one(batch: Batch, _: So) -> Iterator[Said]:
    for line in batch.lines:
        if "51" not in line.modifiers or not line.counts:
            continue
        if batch.tables.addon_rows(line.code, line.first):
            continue
        visit = em(line, line.first)
        single = len(line.days) == 1 and (line.units is None or line.units <= 1)
        if visit or (single and line.s1 is not None and not _second(batch, line)):
            yield line, "MOD-51", "review"


def _second(batch: Batch, line: Line) -> bool:
    """Another procedure that day, by the practitioner or by who may be a partner."""
    for other in batch.lines:
        if other.key == line.key or other.patient != line.patient or not other.counts:
            continue
        if line.first not in other.days or em(other, line.first) or _lab(other):
            continue
        if other.code[0] in "ABEJKLQ" or batch.tables.addon_rows(other.code, line.first):
            continue
        specialties = {line.specialty, other.specialty} - {None}
        partner = _group(line, other, unknown=True) and len(specialties) < 2
        if other.s1 == line.s1 or partner:
            return True
    return False


# MOD-AST, MOD-62


def _assistants(batch: Batch, _: So) -> Iterator[Said]:
    for line in batch.lines:
        if not line.modifiers & ASSISTANTS or not _medicare(line):
            continue
        for day in line.days:
            fee = batch.tables.fee(line.code, day)
            if fee is not None and fee.assistant in ("0", "1", "9"):
                certain = fee.assistant == "1" and line.business == "medicare"
                yield line, "MOD-AST", "certain" if certain else "review"
                break


def _barred(batch: Batch, line: Line) -> Iterator[str]:
    for day in line.days:
        fee = batch.tables.fee(line.code, day)
        if fee is None:
            continue
        asked = {"62": fee.cosurgeon, "66": fee.team}
        first = next((m for m in asked if m in line.modifiers and asked[m] in ("0", "9")), None)
        if first is not None:
            certain = asked[first] == "0" and line.business == "medicare"
            yield "certain" if certain else "review"


def _co_surgeons(batch: Batch, _: So) -> Iterator[Said]:
    for line in batch.lines:
        if not line.modifiers & {"62", "66"} or not _medicare(line):
            continue
        tiers = list(_barred(batch, line))
        for tier in tiers:
            yield line, "MOD-62", tier
        known = any(batch.tables.fee(line.code, day) for day in line.days)
        if not tiers and known and "62" in line.modifiers and _alone(batch, line):
            yield line, "MOD-62", "review"


def _alone(batch: Batch, line: Line) -> bool:
    """Another practitioner bills the code that day, and nobody else carries 62."""
    if line.s1 is None or not line.counts:
        return False
    there = [
        other
        for day in line.days
        for other in batch.patient_day(line, day)
        if other.code == line.code and other.s1 not in (None, line.s1)
        if other.counts and not other.denied
    ]
    if any("62" in other.modifiers for other in there):
        return False
    return any(
        not other.modifiers & OTHER_ROLES and not two_places(line.modifiers, other.modifiers)
        for other in there
    )


# MOD-BIL2


def _two_sides(batch: Batch, so_far: So) -> Iterator[Said]:
    named = {"MUE-0", "MUE-1", "MUE-2", "MUE-3"}
    for line, day in _with_days(batch):
        if not _told_apart(batch, line) or named & so_far.get(line.key, {}).keys():
            continue
        sides = line.modifiers & {"LT", "RT"}
        if len(sides) == 1:
            near = [x for x in batch.beside(line, day) if x.code == line.code]
            other = {"LT", "RT"} - sides
            if any(_told_apart(batch, x) and x.modifiers & {"LT", "RT"} == other for x in near):
                yield line, "MOD-BIL2", "review"
        if not line.modifiers & ANATOMIC and line.units == 2 * len(line.days):
            yield line, "MOD-BIL2", "review"


def _told_apart(batch: Batch, line: Line) -> bool:
    """Surgery that can be bilateral, on a line without what says otherwise."""
    fee = batch.tables.fee(line.code, line.first)
    limit = batch.tables.limit(line.code, line.first)
    five = line.code.isdigit() and len(line.code) == 5
    return (
        five
        and "10004" <= line.code <= "69990"
        and fee is not None
        and fee.bilateral == "1"
        and fee.days != "ZZZ"
        and (limit is None or limit.value == 1)
        and not batch.tables.addon_rows(line.code, line.first)
        and line.code not in OF_DIGITS_AND_LIDS
        and line.specialty not in ASC_SPECIALTIES
        and line.counts
        and not line.denied
        and not line.modifiers & (REPEATS | {"50", "58", "78", "79", "26", "TC"})
    )


# QW-1


def _waived(batch: Batch, _: So) -> Iterator[Said]:
    told = {
        (line.raw.get("clia_number"), line.code)
        for line in batch.lines
        if "QW" in line.modifiers and line.counts
    }
    for line in batch.lines:
        laboratory = line.raw.get("clia_number")
        if (
            laboratory
            and (laboratory, line.code) in told
            and line.code in WAIVED
            and line.counts
            and not line.modifiers & {"QW", "90"}
            and _medicare(line)
        ):
            yield line, "QW-1", "review"
