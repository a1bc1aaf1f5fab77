"""The batch as the oracle walks it: who stands beside whom, and what never pays by itself."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

from oracle.model import Line, Tables
from oracle.normalise import Standing

NEVER_PAYS = frozenset("BINP")
FEE_SCHEDULE_PAYS = frozenset("ACR")
Rejected = tuple[str | None, str | None, date | None]
"""Claim, patient and date of a line that could not be placed."""


def _may_take(credit: Line, line: Line) -> bool:
    """Of the same patient, payer, code and a day; by the same practitioner, or perhaps by him."""
    if (credit.patient, credit.payer, credit.sequence) != (line.patient, line.payer, line.sequence):
        return False
    if credit.code != line.code or not set(credit.days) & set(line.days):
        return False
    return None in (credit.s1, line.s1) or credit.s1 == line.s1


def _covered(line: Line, credits_: list[Line]) -> bool:
    """Whether the credits are for as much as the line, of charge or units; where unknown, yes."""
    for_less = []
    for billed, back in (
        (line.charge, [c.charge for c in credits_]),
        (line.units, [c.units for c in credits_]),
    ):
        if billed is not None and None not in back:
            for_less.append(sum(abs(amount or 0) for amount in back) < billed)
    return bool(credits_) and not (for_less and all(for_less))


class Batch:
    """Lines that stand, without those set aside as exact duplicates."""

    def __init__(
        self,
        standing: Standing,
        duplicates: frozenset[int],
        tables: Tables,
        rejected: Iterable[Rejected] = (),
        credits_: Iterable[Line] = (),
    ) -> None:
        self.tables = tables
        self.rejected = list(rejected)
        self.loose = standing.loose
        self.borrowed = standing.borrowed
        self.credits = list(credits_)
        """Those that match no line of their claim."""
        self.groups = standing.groups
        self.everyone = standing.lines
        """Exact duplicates among them: rules that deny nothing look at these too."""
        self.lines = [line for line in standing.lines if line.key not in duplicates]
        own = {c.key for c in self.credits}
        touching = {
            line: [c for c in self.credits if _may_take(c, line)]
            for line in self.everyone
            if line.key not in own
        }
        self.lessened = frozenset(line.key for line, some in touching.items() if some)
        """Lines of which credits may take back some or all."""
        self.shaken = frozenset(x.key for x, some in touching.items() if _covered(x, some))
        """Lines that credits may take back whole."""
        self._days: dict[tuple[str | None, ...], list[Line]] = defaultdict(list)
        for line in self.lines:
            for day in line.days:
                self._days[line.patient, line.payer, line.sequence, str(day)].append(line)

    def patient_day(self, line: Line, day: date) -> Iterator[Line]:
        """Every other line of this patient and payer on that day."""
        for other in self._days[line.patient, line.payer, line.sequence, str(day)]:
            if other.key != line.key:
                yield other

    def beside(self, line: Line, day: date) -> Iterator[Line]:
        """Every other line of this patient, payer and practitioner (S1) on that day."""
        for other in self.patient_day(line, day):
            if line.s1 is not None and other.s1 == line.s1:
                yield other

    def may_lack(self, line: Line) -> bool:
        """A rejected row of the claim, or of the patient those days, may be what is missed.

        It is known by its first day alone, and may last as long as the line does.
        """
        return any(
            claim == line.claim_id or (patient == line.patient and when in (None, *line.days))
            for claim, patient, when in self.rejected
        )

    def doubtful(self, one: Line, other: Line) -> bool:
        """Not sure to be one practitioner's, or perhaps one claim and its replacement."""
        if {one.key, other.key} & (self.borrowed | self.shaken):
            return True
        return one.claim != other.claim and (one.key in self.loose or other.key in self.loose)

    def zero_limit(self, line: Line, day: date) -> bool:
        """MUE-0: the table expects none of this code; GY and GX lines ask for the denial."""
        limit = self.tables.limit(line.code, day)
        return (
            line.business != "medicaid"
            and limit is not None
            and limit.value == 0
            and line.units is not None
            and line.units > 0
            and not line.modifiers & {"GY", "GX"}
        )

    def denied_itself(self, line: Line, day: date, *, as_column1: bool = False) -> set[str]:
        """Why this line does not pay, whatever else is billed: status, T, MUE-0, export.

        The status speaks of Medicare: for other payers it matters only for a column 1 line.
        """
        why = set()
        if line.denied:
            why.add("export")
        if self.zero_limit(line, day):
            why.add("MUE-0")
        fee = self.tables.fee(line.code, day)
        if fee is not None and (as_column1 or line.business == "medicare"):
            if fee.status in NEVER_PAYS:
                why.add("status")
            if fee.status == "T" and not self._alone(line, day):
                why.add("status")
        return why

    def _alone(self, line: Line, day: date) -> bool:
        """No other line of this practitioner and day that the fee schedule pays."""
        for other in self.beside(line, day):
            fee = self.tables.fee(other.code, day)
            pays = fee is not None and fee.status in FEE_SCHEDULE_PAYS
            stands = other.counts and not other.credit and not other.denied
            if pays and stands and not self.zero_limit(other, day):
                return False
        return True
