"""PTP-0, PTP-1, PTP-2 and PTP-BYP (SPEC 4 and 2.8; DESIGN, order of judgement, 4)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from oracle.bypass import bypass, warned
from oracle.model import Line
from oracle.payable import NEVER_PAYS, Batch

RANK = ["ok", "weak", "none"]


@dataclass
class PairFindings:
    """Per column 2 line: who denies it and who was kept apart from it."""

    denies: dict[int, set[tuple[int, int, str, bool]]] = field(
        default_factory=lambda: defaultdict(set)
    )
    """Line -> (indicator, column 1 line, column 1 code, doubtful)."""
    weak: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    bypassed: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def rules(self, key: int) -> set[str]:
        return {f"PTP-{indicator}" for indicator, *_ in self.denies.get(key, ())}

    def tier(self, key: int) -> str:
        """Certain where at least one column 1 line stands that is beyond doubt."""
        for _, column1, _, doubtful in self.denies[key]:
            if column1 not in self.denies and not doubtful:
                return "certain"
        return "review"

    def counterparts(self, key: int) -> frozenset[str | None]:
        return frozenset(code for _, _, code, _ in self.denies[key])


def judge_pairs(batch: Batch) -> PairFindings:
    found = PairFindings()
    for line2 in batch.lines:
        if line2.business == "medicaid" or line2.s1 is None:
            continue
        for day in line2.days:
            _judge_day(batch, line2, day, found)
        denying = {code for indicator, _, code, _ in found.denies.get(line2.key, ()) if indicator}
        found.weak[line2.key] -= denying  # never beside PTP-1 on the same pair, whatever the day
        found.bypassed[line2.key] -= denying
    return found


def _judge_day(batch: Batch, line2: Line, day: date, found: PairFindings) -> None:
    indicators = batch.tables.indicators(day)
    by_code: dict[str, list[Line]] = defaultdict(list)
    for other in batch.beside(line2, day):
        if other.business == "medicaid":
            continue
        pays = other.counts and not batch.denied_itself(other, day, as_column1=True)
        if (other.code, line2.code) in indicators and pays:
            by_code[other.code].append(other)
    for code, lines1 in by_code.items():
        indicator = indicators[code, line2.code]
        if indicator == 1:
            outcomes = [(bypass(a, line2, day, batch.tables), warned(a, line2)) for a in lines1]
            best, caution = min(outcomes, key=lambda o: (RANK.index(o[0]), o[1]))
            if best != "none":
                found.bypassed[line2.key].add(code)
                if best == "weak" or caution:
                    found.weak[line2.key].add(code)
                continue
        for line1 in lines1:
            doubt = _doubt(batch, line1, line2, day)
            found.denies[line2.key].add((indicator, line1.key, code, doubt))


def _doubt(batch: Batch, line1: Line, line2: Line, day: date) -> bool:
    """Only Medicare has adopted the table; an unknown status may be one that never pays."""
    later = batch.tables.later_status(line1.code, day)
    uncertain_status = later is not None and later in NEVER_PAYS | {"T"}
    return line2.business != "medicare" or batch.doubtful(line1, line2) or uncertain_status
