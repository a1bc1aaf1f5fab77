"""The oracle: claim lines and tables in, findings out. Slow on purpose."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import import_module
from pkgutil import iter_modules

import oracle
from oracle.addons import AddOns
from oracle.duplicates import duplicates
from oracle.model import Finding, Line, Tables, strongest
from oracle.normalise import Raw, Standing, normalise, resolve, taken_back
from oracle.pairs import judge_pairs
from oracle.payable import Batch, Rejected
from oracle.units import judge_units

FAMILIES = tuple(
    import_module(f"oracle.{module.name}")
    for module in iter_modules(oracle.__path__)
    if module.name.startswith("family_")
)
"""Modules that judge a family each: RANK, as below, and judge(batch, so_far).

`judge` answers line key -> rule -> tier; `so_far` holds what the others said of each line.
"""
RANK: dict[str, int | None] = {
    "DUP-1": 10,
    "STA-B": 20,
    "PTP-0": 30,
    "AOC-1": 40,
    "AOC-6": 41,
    "PTP-1": 50,
    "MUE-0": 70,
    "MUE-1": 71,
    "MUE-2": 72,
    "MUE-3": 73,
    "PTP-2": 79,
    "AOC-2": None,
    "AOC-3": None,
    "AOC-4": None,
    "PTP-BYP": None,
}
"""Rule -> its rank among those that deny a line, the headline first (SPEC 2.6); None: it stands
on its own."""
for _family in FAMILIES:
    RANK |= _family.RANK
JUDGED = frozenset(RANK)
BY_UNITS = frozenset({"AOC-5", "EAR-1", "FOOT-2", "MUE-1"})
FORM = frozenset({"COD-", "DAT-", "NPI-"})
"""Families on how a line is written."""


@dataclass(frozen=True, slots=True)
class Verdict:
    lines: list[Line]
    standing: Standing
    findings: list[Finding]


def judge(raws: Iterable[Raw], tables: Tables, rejected: Iterable[Rejected] = ()) -> Verdict:
    """Findings of every rule in JUDGED on these lines."""
    lines = normalise(raws)
    standing = resolve(lines)
    gone = taken_back(standing.lines)
    credits_ = [x for x in standing.lines if x.credit and x.key not in gone]
    gone |= {x.key for x in credits_}
    left = [line for line in standing.lines if line.key not in gone]
    doubles = duplicates(replace(standing, lines=left))
    batch = Batch(standing, frozenset(doubles) | gone, tables, rejected, credits_)
    pairs = judge_pairs(batch)
    units = judge_units(batch)
    addons = AddOns(batch, pairs, units)
    own: dict[int, dict[str, str]] = defaultdict(dict)
    for key in doubles.keys() - _free_of_charge(lines):
        own[key]["DUP-1"] = doubles[key]
    for line in batch.lines:
        own[line.key].update(_bundled_status(batch, line))
        for rule in pairs.rules(line.key):
            own[line.key][rule] = pairs.tier(line.key)
        if pairs.weak.get(line.key):
            own[line.key]["PTP-2"] = "review"
        if pairs.bypassed.get(line.key):
            own[line.key]["PTP-BYP"] = "info"
    for source in (units, addons.judge()):
        for key, rules in source.items():
            own[key].update(rules)
    for family in FAMILIES:
        for key, rules in family.judge(batch, own).items():
            own[key].update(rules)
    partners = {
        **{key: pairs.counterparts(key) for key in pairs.denies},
    }
    own |= {c.key: _of_form(own[c.key]) for c in batch.credits}
    own |= {k: _shaken_tiers(own[k], batch, k) for k in batch.lessened & own.keys()}
    findings = [f for key, rules in own.items() for f in _headlines(key, rules, partners)]
    return Verdict(lines, standing, _not_settled(batch, findings))


def _of_form(rules: dict[str, str]) -> dict[str, str]:
    """A credit claims no service; how it is written may still be wrong."""
    return {rule: tier for rule, tier in rules.items() if rule[:4] in FORM}


def _shaken_tiers(rules: dict[str, str], batch: Batch, key: int) -> dict[str, str]:
    """A credit may take the line back, or units of it; MUE-2 and MUE-3 reckon with them."""
    denying = {r for r, tier in rules.items() if RANK[r] is not None and tier != "info"}
    soft = denying - {"MUE-2", "MUE-3"} if key in batch.shaken else denying & BY_UNITS
    return {rule: "review" if rule in soft else tier for rule, tier in rules.items()}


def _free_of_charge(lines: Iterable[Line]) -> frozenset[int]:
    """Tracking lines and lines priced at nothing: a copy of one asks nobody for anything."""

    def zero(line: Line, column: str) -> bool:
        return Fraction(line.raw.get(column) or 1) == 0

    cent = Fraction(1, 100)
    return frozenset(
        x.key
        for x in lines
        if (x.charge is not None and x.charge <= cent)
        or (zero(x, "allowed_amount") and zero(x, "paid_amount"))
    )


def _not_settled(batch: Batch, findings: list[Finding]) -> list[Finding]:
    """Without what denies a line that was billed again: the new line tells it."""
    again = frozenset(_billed_again(batch))
    return [f for f in findings if RANK[f.rule] is None or f.key not in again]


def _billed_again(batch: Batch) -> Iterable[int]:
    """Denied lines whose service another claim bills again, alone or with its whole claim."""
    together = defaultdict(list)
    for line in batch.lines:
        if line.s1 is not None:
            together[line.patient, line.payer, line.sequence, line.s1, line.first].append(line)
    for lines in together.values():
        paid = [line for line in lines if line.counts and not line.denied]
        again = {
            line.key
            for line in lines
            if line.denied
            and any(p.code == line.code and p.claim_id != line.claim_id for p in paid)
        }
        stood = {line.claim_id for line in lines if not line.denied}
        whole = {line.claim_id for line in lines if line.key in again} - stood
        yield from again | {line.key for line in lines if line.claim_id in whole}


def _bundled_status(batch: Batch, line: Line) -> dict[str, str]:
    """STA-B: payment is always in another service; Medicare's rule, so a hint elsewhere."""
    statuses = {fee.status for day in line.days if (fee := batch.tables.fee(line.code, day))}
    tier = {"medicare": "certain", "unknown": "review"}.get(line.business)
    # Reported so that it is counted; or nothing is billed at all.
    tracking = line.credit or line.charge == 0 or (line.code == "99024" and line.charge is None)
    return {"STA-B": tier} if "B" in statuses and tier and not tracking else {}


def _headlines(
    key: int, rules: dict[str, str], partners: dict[int, frozenset[str | None]]
) -> Iterable[Finding]:
    """What denies the line is one finding; whatever else is wrong stands on its own."""
    denying = sorted((r for r in rules if RANK[r] is not None), key=lambda r: RANK[r] or 0)
    if denying:
        named = partners.get(key, frozenset()) if denying[0].startswith("PTP") else frozenset()
        tier = strongest(rules[r] for r in denying)
        yield Finding(key, denying[0], tier, frozenset(denying[1:]), named)
    for rule in sorted(rules.keys() - set(denying)):
        yield Finding(key, rule, rules[rule])
