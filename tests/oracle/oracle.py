"""The oracle: claim lines and tables in, findings out. Slow on purpose."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from oracle.addons import AddOns, Rejected
from oracle.duplicates import duplicates
from oracle.model import Finding, Line, Tables, strongest
from oracle.normalise import Raw, Standing, normalise, resolve, taken_back
from oracle.pairs import judge_pairs
from oracle.payable import Batch
from oracle.units import judge_units

DENYING = (
    "DUP-1",
    "STA-B",
    "PTP-0",
    "AOC-1",
    "AOC-6",
    "PTP-1",
    "MUE-0",
    "MUE-1",
    "MUE-2",
    "MUE-3",
    "PTP-2",
)
"""Rules that deny a line, the headline first (SPEC 2.6)."""
JUDGED = frozenset({*DENYING, "AOC-2", "AOC-3", "AOC-4", "PTP-BYP"})


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
    left = [line for line in standing.lines if line.key not in gone]
    doubles = duplicates(replace(standing, lines=left))
    batch = Batch(standing, frozenset(doubles) | gone, tables)
    pairs = judge_pairs(batch)
    units = judge_units(batch)
    addons = AddOns(batch, pairs, units, rejected)
    own: dict[int, dict[str, str]] = defaultdict(dict)
    for key, tier in doubles.items():
        own[key]["DUP-1"] = tier
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
    partners = {
        **{key: pairs.counterparts(key) for key in pairs.denies},
    }
    findings = [f for key, rules in own.items() for f in _headlines(key, rules, partners)]
    return Verdict(lines, standing, findings)


def _bundled_status(batch: Batch, line: Line) -> dict[str, str]:
    """STA-B: payment is always in another service; Medicare's rule, so a hint elsewhere."""
    statuses = {fee.status for day in line.days if (fee := batch.tables.fee(line.code, day))}
    tier = {"medicare": "certain", "unknown": "review"}.get(line.business)
    tracking = line.charge == 0  # reported so that it is counted
    return {"STA-B": tier} if "B" in statuses and tier and not tracking else {}


def _headlines(
    key: int, rules: dict[str, str], partners: dict[int, frozenset[str | None]]
) -> Iterable[Finding]:
    """What denies the line is one finding; whatever else is wrong stands on its own."""
    denying = [r for r in DENYING if rules.get(r) in ("certain", "review")]
    if denying:
        named = partners.get(key, frozenset()) if denying[0].startswith("PTP") else frozenset()
        tier = strongest(rules[r] for r in denying)
        yield Finding(key, denying[0], tier, frozenset(denying[1:]), named)
    for rule in sorted(rules.keys() - set(denying)):
        yield Finding(key, rule, rules[rule])
