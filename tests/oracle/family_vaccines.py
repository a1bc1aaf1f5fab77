"""VAC-1, VAC-2, VAC-5, VAC-6 and VAC-7 (SPEC 7.5), for the codes of the tests."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date

from oracle.model import FACILITY, Line
from oracle.payable import Batch

RANK: dict[str, int | None] = dict.fromkeys(["VAC-1", "VAC-2", "VAC-5", "VAC-6", "VAC-7"])
VACCINES = {
    "90686": ("G0008", 1),
    "90677": ("G0009", 1),
    "90746": ("G0010", 1),
    "90651": ("", 1),
    "90697": ("", 6),
    "90700": ("", 3),
    "90707": ("", 3),
    "90715": ("", 3),
    "90750": ("", 1),
    "91304": ("", 1),
}
"""Vaccine -> Medicare's code for its administration, components."""
UNKNOWN_TO_THE_TABLE = {"90375", "90599", "90749"}
"""An immune globulin, a code too new, and the unlisted vaccine: only that one is in the table."""
GIVES = {"90460", "90461", "90471", "90472", "90473", "90474", "90480", "G0008", "G0009", "G0010"}
ROSTER = "73"
Found = dict[int, dict[str, str]]


def judge(batch: Batch, so_far: Found) -> Found:
    """Line -> rule -> tier."""
    del so_far
    found: Found = defaultdict(dict)
    for line in batch.everyone:
        if any(_too_old(line, day) for day in line.days):
            found[line.key]["VAC-5"] = "review"
    for line in batch.lines:
        if not line.counts:
            continue
        absent = "info" if batch.may_lack(line) else "review"
        product = line.code in VACCINES or line.code == "90749"
        if product and _lonely(batch, line, _is_administration):
            found[line.key]["VAC-1"] = absent
        if _gives(line, line.first) and _lonely(batch, line, _is_product):
            found[line.key]["VAC-2"] = absent
        if any(_medicares_own(batch, line, day) for day in line.days):
            found[line.key]["VAC-6"] = "review"
        if any(_too_many(batch, line, day) for day in line.days):
            found[line.key]["VAC-7"] = "review"
    return found


def _gives(line: Line, day: date) -> bool:
    return line.code in GIVES and (line.code != "90480" or day >= date(2023, 9, 11))


def _is_administration(line: Line, day: date) -> bool:
    old = line.code.startswith("00") and line.code.endswith("A")
    return _gives(line, day) or old


def _is_product(line: Line, day: date) -> bool:
    del day
    return line.code in VACCINES or line.code in UNKNOWN_TO_THE_TABLE


def _birth(line: Line) -> date | None:
    text = line.raw.get("patient_birth_date")
    return date.fromisoformat(text) if text else None


def _age(line: Line, day: date) -> int | None:
    born = _birth(line)
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _perhaps_one_group(one: Line, other: Line) -> bool:
    if one.s1 is not None and one.s1 == other.s1:
        return True
    if one.tax is not None and other.tax is not None:
        return one.tax == other.tax
    if one.billing is not None and other.billing is not None:
        return one.billing == other.billing
    return True


def _surely_one_group(one: Line, other: Line) -> bool:
    if one.s1 is not None and one.s1 == other.s1:
        return True
    if one.tax is not None and other.tax is not None:
        return one.tax == other.tax
    return one.billing is not None and one.billing == other.billing


def _near(batch: Batch, line: Line, day: date) -> list[Line]:
    """Lines of the person on that day by the group, whoever pays; the line among them."""
    return [
        other
        for other in batch.lines
        if other.patient == line.patient
        and day in other.days
        and other.counts
        and _perhaps_one_group(line, other)
    ]


def _lonely(batch: Batch, line: Line, wanted: Callable[[Line, date], bool]) -> bool:
    age = _age(line, line.first)
    child = line.business == "medicaid" and (age is None or age < 19)
    if line.denied or line.specialty == ROSTER or "SL" in line.modifiers or child:
        return False
    if line.pos in FACILITY | {"60"}:
        return False
    return not any(wanted(x, day) for day in line.days for x in _near(batch, line, day))


def _too_old(line: Line, day: date) -> bool:
    age = _age(line, day)
    return line.code in ("90460", "90461") and age is not None and 19 <= age < 120


def _medicares_own(batch: Batch, line: Line, day: date) -> bool:
    """A general code for one of Medicare's three vaccines, and no other that it may stand for."""
    age = _age(line, day)
    asked = line.business == "medicare" or (
        line.business == "unknown" and age is not None and age >= 65
    )
    general = line.code in {"90460", "90471", "90472", "90473", "90474"}
    if not asked or not general or line.denied:
        return False
    near = _near(batch, line, day)
    products = [x for x in near if _is_product(x, day)]
    if any(not VACCINES.get(x.code, ("", 1))[0] for x in products):
        return False
    wanted = {VACCINES[x.code][0] for x in products if _surely_one_group(line, x)}
    return bool(wanted - {x.code for x in near})


def _too_many(batch: Batch, line: Line, day: date) -> bool:
    if line.code != "90461" or line.denied or line.units is None:
        return False
    near = _near(batch, line, day)
    products = [x for x in near if _is_product(x, day)]
    if not products or any(x.code not in VACCINES for x in products):
        return False
    covered = sum((1 if x.units is None else x.units) * (VACCINES[x.code][1] - 1) for x in products)
    asked = sum(
        x.units
        for x in near
        if x.code == "90461" and x.units and not x.denied and _surely_one_group(line, x)
    )
    return asked > covered
