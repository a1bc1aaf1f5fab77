"""Policies that restate pairs: LAB-2, LAB-3, IMG-2, IMG-3, END-1, ART-1, INF-1, VAC-3.

Codes of the tests only, written out pair by pair from the manual's sections (SPEC 7.5 to 7.8).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from oracle.bypass import bypass
from oracle.model import Line, strongest
from oracle.payable import Batch

RANK: dict[str, int | None] = {
    "LAB-2": 131,
    "LAB-3": 132,
    "IMG-2": 133,
    "END-1": 134,
    "ART-1": 135,
    "INF-1": 136,
    "VAC-3": 137,
    "IMG-3": 138,
}
EVERY_PAYER = {"IMG-3", "INF-1"}
"""The rest is Medicare's, and review elsewhere."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Why column 1 includes column 2."""

    rule: str
    tier: str = "certain"
    hard: bool = False
    """No modifier separates the two."""
    firm: bool = False
    """Modifiers that prove nothing do not lower it."""
    needs_pair: bool = False
    """Silent where a table is loaded that has no such pair."""


PANELS = {
    "80048": "82310 82374 82435 82565 82947 84132 84295 84520",
    "80051": "82374 82435 84132 84295",
    "80053": "82040 82247 82310 82374 82435 82565 82947 84075 84132 84155 84295 84450 84460 84520",
    "80061": "82465 83718 84478",
    "80069": "82040 82310 82374 82435 82565 82947 84100 84132 84295 84520",
    "80074": "86705 86709 86803 87340",
}
UNPROVEN_PANELS = {"80050": "80053 84443 85025 85027 85007 85004 85009"}
PANELS_WITH_PANELS = "80048 80051, 80053 80048, 80053 80051, 80053 80069, 80069 80048, 80069 80051"
ONE_A_DAY = (
    "80306 80305, 80307 80305, 80307 80306, G0480 G0659, G0481 G0480, G0481 G0659, G0483 G0480, "
    "G0483 G0481, 84439 84436, 84439 84479, 85025 85007, 85025 85008, 85027 85008"
)
SCOPES = {
    "45378": {"45380", "45385"},
    "43235": {"43239"},
    "52000": {"52332"},
    "31622": {"31623"},
    "29870": {"29871", "29873", "29874", "29877", "29880", "29881", "29888"},
}
"""Diagnostic scope -> surgical ones of its family."""
NOT_IN_TABLE = {"29915", "43290"}
KNEE = {"29871", "29873", "29880", "29881", "29888"}
OPEN = {"27447": {"29870", "29874", "29877", *KNEE}, "23412": {"29827"}}
INITIAL = ("96413", "96409", "96365", "96360", "96374")
VIEWS = (("71046", "71045"), ("73562", "73560"), ("72050", "72040"), ("72114", "72110"))


def _couples(text: str) -> list[tuple[str, str]]:
    return [(a, b) for a, b in (part.split() for part in text.split(","))]


def _policies() -> dict[tuple[str, str], list[Policy]]:  # noqa: C901, PLR0912 - one list
    found: dict[tuple[str, str], list[Policy]] = defaultdict(list)
    for panel, tests in PANELS.items():
        for test in tests.split():
            found[panel, test].append(Policy("LAB-2"))
    for panel, tests in UNPROVEN_PANELS.items():
        for test in tests.split():
            found[panel, test].append(Policy("LAB-2", "review"))
    for couple in _couples(PANELS_WITH_PANELS):
        found[couple].append(Policy("LAB-2"))
    for couple in _couples(ONE_A_DAY):
        found[couple].append(Policy("LAB-3", hard=True))
    every_scope = {*SCOPES, *(s for group in SCOPES.values() for s in group), "29827"}
    for scope in every_scope:
        found[scope, "76000"].append(Policy("IMG-2"))
    for scope in NOT_IN_TABLE:
        found[scope, "76000"].append(Policy("IMG-2", "review"))
    for diagnostic, surgical in SCOPES.items():
        for scope in surgical:
            found[scope, diagnostic].append(Policy("END-1"))
    found["43290", "43235"].append(Policy("END-1", "review"))
    for larger in KNEE | {"29877"}:
        found[larger, "29874"].append(Policy("ART-1", firm=True))
    for larger in KNEE:
        found[larger, "29877"].append(Policy("ART-1", firm=True))
    for larger, scopes in OPEN.items():
        for scope in scopes:
            found[larger, scope].append(Policy("ART-1", "review", needs_pair=True))
    for couple in combinations(INITIAL, 2):
        found[couple].append(Policy("INF-1", "review"))
    for couple in VIEWS:
        found[couple].append(Policy("IMG-3", "review"))
    for counseled in ("90460", "90461"):
        for other in ("90471", "90472", "90473", "90474"):
            paired = counseled == "90460" and other in ("90471", "90473")
            found[counseled, other].append(
                Policy("VAC-3", "certain" if paired else "review", hard=True)
            )
    return found


POLICIES = _policies()
ENDOSCOPIES = {*SCOPES, *(s for group in SCOPES.values() for s in group), *NOT_IN_TABLE, "29827"}


def judge(batch: Batch, so_far: dict[int, dict[str, str]]) -> dict[int, dict[str, str]]:
    """Line -> rule -> tier."""
    edges = [edge for line in batch.lines for edge in _edges(batch, line)]
    denied = {(rule, key2) for rule, _, key2, _ in edges}
    found: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for rule, key1, key2, tier in edges:
        chained = (rule, key1) in denied
        pair = [t for r, t in so_far.get(key2, {}).items() if r in ("PTP-0", "PTP-1")]
        outdone = bool(pair) and strongest(pair) == "review"
        found[key2][rule].add("review" if chained or outdone else tier)
    return {key: {r: strongest(t) for r, t in rules.items()} for key, rules in found.items()}


Edge = tuple[str, int, int, str]
"""Rule, column 1 line, column 2 line, tier but for chains."""


def _edges(batch: Batch, line2: Line) -> Iterator[Edge]:
    if not line2.counts or line2.s1 is None:
        return
    by_code: dict[tuple[str, Policy], dict[date, list[Line]]] = defaultdict(dict)
    for day in line2.days:
        for other in batch.beside(line2, day):
            for policy in POLICIES.get((other.code, line2.code), ()):
                if _party(policy, line2) and _party(policy, other) and _stands(batch, other, day):
                    by_code[other.code, policy].setdefault(day, []).append(other)
    for (_, policy), days in by_code.items():
        yield from _worst_day(batch, policy, line2, days)


def _party(policy: Policy, line: Line) -> bool:
    return policy.rule != "IMG-3" or not line.modifiers & {"76", "77"}


def _stands(batch: Batch, line: Line, day: date) -> bool:
    """Payable by itself; a unit limit of zero is Medicare's."""
    why = batch.denied_itself(line, day)
    if line.business != "medicare":
        why -= {"MUE-0"}
    return line.counts and not why


def _worst_day(
    batch: Batch, policy: Policy, line2: Line, days: dict[date, list[Line]]
) -> Iterator[Edge]:
    """One code of column 1: the best of its lines each day, of the days the worst."""
    order = ["none", "weak", "ok"]
    outcomes = {
        day: {line.key: _outcome(batch, policy, line, line2, day) for line in lines}
        for day, lines in days.items()
    }
    worst = min((max(o.values(), key=order.index) for o in outcomes.values()), key=order.index)
    if worst == "ok":
        return
    for day, lines in days.items():
        if max(outcomes[day].values(), key=order.index) != worst:
            continue
        for line1 in lines:
            if outcomes[day][line1.key] == worst:
                weak = worst == "weak" and not policy.firm
                yield from _edge(batch, policy, line1, line2, day, weak=weak)


def _outcome(batch: Batch, policy: Policy, line1: Line, line2: Line, day: date) -> str:
    if policy.hard:
        return "none"
    if "91" in line2.modifiers and policy.rule == "LAB-2":
        return "ok"  # a repeat of a laboratory test
    return bypass(line1, line2, day, batch.tables)


def _edge(  # noqa: PLR0913 - what an edge is made of
    batch: Batch, policy: Policy, line1: Line, line2: Line, day: date, *, weak: bool
) -> Iterator[Edge]:
    table = batch.tables.indicators(day)
    listed = (line1.code, line2.code) in table
    if not listed and (line2.code, line1.code) in table:
        return  # the table has it the other way round
    unlisted = bool(batch.tables.pairs) and not listed
    if unlisted and policy.needs_pair:
        return
    doubtful = (
        weak
        or unlisted
        or policy.tier == "review"
        or batch.doubtful(line1, line2)
        or _vague(line1)
        or _vague(line2)
        or (policy.rule not in EVERY_PAYER and line2.business != "medicare")
        or (policy.rule == "IMG-2" and _may_serve(batch, line2, day))
    )
    yield policy.rule, line1.key, line2.key, "review" if doubtful else "certain"


def _vague(line: Line) -> bool:
    """The dates are the claim's."""
    return line.raw.get("claim_dates") == "True" and line.last > line.first


def _may_serve(batch: Batch, fluoroscopy: Line, day: date) -> bool:
    """Another procedure of the surgery section, which is no endoscopy and no add-on."""
    return any(
        "10004" <= other.code <= "69990"
        and other.code.isdigit()
        and other.code not in ENDOSCOPIES
        and not batch.tables.addon_rows(other.code, day)
        and other.counts
        for other in batch.beside(fluoroscopy, day)
    )
