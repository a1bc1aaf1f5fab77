"""AOC-1, AOC-2, AOC-3, AOC-4 and AOC-6 (SPEC 3 and 2.8; DESIGN, order of judgement, 6)."""

from collections import defaultdict
from datetime import date, timedelta

from oracle.model import BORN_THE_DAY_BEFORE, EM, FACILITY, AddOn, Line, strongest
from oracle.pairs import PairFindings
from oracle.payable import Batch
from oracle.together import pays

CONTRACTOR = "CCCCC"
TABLE_BEGINS = date(2013, 4, 1)
Open = tuple[Line, date, list[Line]]
"""An add-on on a day on which its primaries, the third, are there and none of them pays."""


class AddOns:
    """Judges every add-on of the batch, after pairs and units."""

    def __init__(
        self,
        batch: Batch,
        pairs: PairFindings,
        units: dict[int, dict[str, str]],
    ) -> None:
        self.batch = batch
        self.pairs = pairs
        self.units = units
        self.found: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.admitted = self._fixpoint()

    # what the tables and the other rules say

    def rows(self, line: Line, day: date) -> list[AddOn]:
        return self.batch.tables.addon_rows(line.code, day)

    def listed(self, line: Line, day: date) -> set[str]:
        return {row.primary for row in self.rows(line, day)} - {CONTRACTOR}

    def typed(self, line: Line, day: date, kind: int) -> bool:
        return any(row.kind == kind for row in self.rows(line, day))

    def fallen(self, line: Line, day: date) -> bool:
        """Denied by itself, by a pair or by its units: no primary."""
        return bool(
            self.batch.denied_itself(line, day)
            or self.pairs.rules(line.key)
            or self.units.get(line.key)
        )

    def primaries(self, line: Line, day: date) -> list[Line]:
        """Lines with a listed primary that are there, payable or not."""
        listed = self.listed(line, day)
        return [x for x in self.batch.beside(line, day) if x.code in listed and x.counts]

    # who is supported

    def _fixpoint(self) -> set[int]:
        """Least fixpoint: from payable lines that need no primary, admit what they carry."""
        admitted: set[int] = set()
        grew = True
        while grew:
            grew = False
            for line in self.batch.lines:
                if line.key not in admitted and all(
                    self._carried(line, day, admitted) for day in line.days
                ):
                    admitted.add(line.key)
                    grew = True
        return admitted

    def _carried(self, line: Line, day: date, admitted: set[int]) -> bool:
        if not self.typed(line, day, 1):
            return True
        carriers = (x for x in self.primaries(line, day) if not self.fallen(x, day))
        return any(x.key in admitted for x in carriers) or self._partner_critical_care(line, day)

    def _pays(self, line: Line, day: date) -> bool:
        return line.key in self.admitted and not self.fallen(line, day) and line.counts

    def _partner_critical_care(self, line: Line, day: date) -> bool:
        """99292 may follow the payable 99291 of a partner of known equal specialty."""
        if line.code != "99292" or line.specialty is None:
            return False
        return any(
            other.code == "99291"
            and other.specialty == line.specialty
            and _group(other, line, unknown=False)
            and other.counts
            and not self.fallen(other, day)
            for other in self.batch.patient_day(line, day)
        )

    # the rules

    def judge(self) -> dict[int, dict[str, str]]:
        """Line -> rule -> tier."""
        todo = []
        for line in self.batch.lines:
            for day in line.days:
                if not pays(self.batch, line, day):
                    continue  # no add-on rule is judged on a line that does not pay by itself
                self._modifiers(line, day)
                self._missing_rows(line, day)
                if line.s1 is None:
                    continue
                if self.typed(line, day, 1):
                    if self.primaries(line, day):
                        todo.append((line, day))
                    else:
                        self._orphan(line, day)
                elif self.rows(line, day):
                    self._bare(line, day)
        self._followers(todo)
        return {
            key: {rule: strongest(tiers) for rule, tiers in rules.items()}
            for key, rules in self.found.items()
        }

    def _modifiers(self, line: Line, day: date) -> None:
        if not self.rows(line, day):
            return
        fee = self.batch.tables.fee(line.code, day)
        if "51" in line.modifiers:
            self.found[line.key]["AOC-4"].add("certain")
        if "50" in line.modifiers and fee is not None and fee.bilateral == "0":
            self.found[line.key]["AOC-4"].add("review")

    def _missing_rows(self, line: Line, day: date) -> None:
        """The table judges from its earliest row on; before that it knows of nothing."""
        fee = self.batch.tables.fee(line.code, day)
        never = fee is None or fee.days != "ZZZ" or day < TABLE_BEGINS
        if not never and not self.rows(line, day):
            self.found[line.key]["AOC-3"].add("review")

    def _orphan(self, line: Line, day: date) -> None:
        if self._partner_critical_care(line, day):
            return
        lowered = (
            line.key in self.batch.borrowed | self.batch.shaken
            or "TC" in line.modifiers
            or self._partner(line, day)
            or self._other_payer(line, day)
            or self._day_before(line, day)
            or self.batch.may_lack(line)
            or (
                # A later file than the one at hand may list what else was done that day.
                day > self.batch.tables.vouches_to
                and any(x.counts and not self.rows(x, day) for x in self.batch.beside(line, day))
            )
        )
        self.found[line.key]["AOC-1"].add("review" if lowered else "certain")

    def _partner(self, line: Line, day: date) -> bool:
        listed = self.listed(line, day)
        return any(
            other.code in listed and other.counts and _group(other, line, unknown=True)
            for other in self.batch.patient_day(line, day)
        )

    def _other_payer(self, line: Line, day: date) -> bool:
        """The primary is there, billed to somebody else: the words must not deny it."""
        listed = self.listed(line, day)
        return any(
            other.patient == line.patient
            and (other.payer, other.sequence) != (line.payer, line.sequence)
            and other.s1 is not None
            and other.s1 == line.s1
            and day in other.days
            and other.code in listed
            and other.counts
            for other in self.batch.lines
        )

    def _day_before(self, line: Line, day: date) -> bool:
        listed = self.listed(line, day)
        for other in self.batch.beside(line, day - timedelta(days=1)):
            overnight = line.pos in FACILITY and other.pos in FACILITY
            if (
                other.code in listed
                and other.counts
                and (overnight or line.code in BORN_THE_DAY_BEFORE)
            ):
                return True
        # Labor and infusions run past midnight, and into the next shift of the group.
        return line.code in BORN_THE_DAY_BEFORE and any(
            other.code in listed and other.counts and _group(other, line, unknown=True)
            for other in self.batch.patient_day(line, day - timedelta(days=1))
        )

    def _bare(self, line: Line, day: date) -> None:
        """Types 2 and 3: nothing else that the add-on could belong to."""
        others = [x for x in self.batch.beside(line, day) if self._pays(x, day)]
        procedure = any(x.code not in EM and not self.rows(x, day) for x in others)
        if self.typed(line, day, 3):
            if not any(self._pays(x, day) for x in self.primaries(line, day)):
                self.found[line.key]["AOC-2"].add("info" if procedure else "review")
            return
        visit = line.code == "G0501" and any(x.code in EM for x in others)
        if not procedure and not visit:
            self.found[line.key]["AOC-2"].add("review")

    def _followers(self, todo: list[tuple[Line, date]]) -> None:
        """AOC-6: the primary is there and denied. Tier by whether every one fell for good."""
        open_ones: list[Open] = []
        for line, day in todo:
            primaries = self.primaries(line, day)
            carriers = {x.key for x in primaries if self._pays(x, day)}
            partner = self._partner_critical_care(line, day)
            taken = self.batch.shaken
            if carriers and carriers <= taken and line.key not in taken and not partner:
                # What carries it may have been taken back, and nobody knows.
                self.found[line.key]["AOC-1"].add("review")
            if carriers or partner:
                continue
            open_ones.append((line, day, primaries))
        soft: set[tuple[int, date]] = set()
        while True:
            more = {
                (line.key, day)
                for line, day, primaries in open_ones
                if (line.key, day) not in soft
                and (
                    line.key in self.batch.borrowed | self.batch.shaken
                    or self.batch.may_lack(line)
                    or any(self._may_stand(line, x, day, open_ones, soft) for x in primaries)
                )
            }
            if not more:
                break
            soft |= more
        for line, day, _ in open_ones:
            self.found[line.key]["AOC-6"].add("review" if (line.key, day) in soft else "certain")

    def _may_stand(
        self,
        line: Line,
        primary: Line,
        day: date,
        open_ones: list[Open],
        soft: set[tuple[int, date]],
    ) -> bool:
        """The primary is denied, but perhaps curably, or perhaps not this practitioner's."""
        if self.batch.doubtful(line, primary):
            return True
        orphan = "certain" in self.found.get(primary.key, {}).get("AOC-1", ())
        follows = any(x.key == primary.key and (x.key, d) not in soft for x, d, _ in open_ones)
        return not (self._for_good(primary, day) or orphan or follows)

    def _for_good(self, line: Line, day: date) -> bool:
        """Fallen to something that no modifier and no appeal cures."""
        why = self.batch.denied_itself(line, day)
        if why & {"export", "status"}:
            return True
        units = self.units.get(line.key, {})
        if "certain" in (units.get("MUE-0"), units.get("MUE-2")):
            return True
        return "PTP-0" in self.pairs.rules(line.key) and self.pairs.tier(line.key) == "certain"


def _group(one: Line, other: Line, *, unknown: bool) -> bool:
    """Partners: one tax id, or one billing NPI where a tax id is missing; else `unknown`."""
    if one.tax is not None and other.tax is not None:
        return one.tax == other.tax
    if one.billing is not None and other.billing is not None:
        return one.billing == other.billing
    return unknown
