"""The store of earlier lines once more, slowly: dictionaries, loops and sets of days."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from history_world import NOBODY, Line, Missing, Mode, Night

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.history.interface import Reach

CHANGED, GONE = "changed", "no longer in the claim"


@dataclass
class Verdict:
    """What the model says of a night."""

    fresh: Counter[Line]
    seen: Counter[Line]
    superseded: Counter[Line]
    ended: dict[int, str]
    again: set[int]
    context: set[int]
    cleared: set[Missing]


@dataclass
class Slow:
    """Standing lines by version, and what is missing."""

    mode: Mode
    reaches: Sequence[Reach]
    standing: dict[int, Line] = field(default_factory=dict)
    missing: set[Missing] = field(default_factory=set)

    def judge(self, night: Night) -> Verdict:
        missing = self.holding(night)
        doubtful = {m.claim for m in missing if m.claim is not None}
        # Claim -> the last file that replaces it, whole or other editions, and that edition.
        whole = {
            claim_of(line): (number, edition(line))
            for number, (_, lines) in enumerate(night.files)
            for line in lines
            if (self.mode == "snapshot" or line.frequency == "7") and line.claim not in doubtful
        }
        won, superseded = self._won(night, whole)
        fresh, seen, surplus = self._matched(won)
        ended = self._ended(fresh, surplus, whole)
        claims = {
            claim
            for _, lines in night.files
            for line in lines
            if (claim := line.claim) not in doubtful
        }
        cleared = {m for m in self.missing if m.claim in claims and self.mode == "snapshot"}
        other = missing - self.missing | cleared
        again, context = self._near(fresh, [self.standing[v] for v in ended], other, ended)
        return Verdict(
            Counter(fresh), Counter(seen), Counter(superseded), ended, again, context, cleared
        )

    def keep(self, verdict: Verdict, night: Night, brought: dict[int, Line]) -> None:
        """After the commit; `brought`: the versions that the store gave the new lines."""
        assert Counter(brought.values()) == verdict.fresh
        for version in verdict.ended:
            del self.standing[version]
        self.standing |= brought
        self.missing = (self.missing - verdict.cleared) | self.holding(night)

    def holding(self, night: Night) -> set[Missing]:
        """What a line may be missing for: a snapshot that came later made good its claim."""
        if self.mode == "delta":
            return set(night.missing)
        whole = {
            claim_of(line): number
            for number, (_, lines) in enumerate(night.files)
            for line in lines
        }
        last: dict[object, int] = {}
        for each in night.missing:
            place = each.file if night.files[each.file][1] else len(night.files)
            last[each.claim] = max(place, last.get(each.claim, 0))
        return {
            each
            for each in night.missing
            if each.claim is None or last[each.claim] >= whole.get(each.claim, 0)
        }

    def _won(
        self, night: Night, whole: dict[object, tuple[int, str | None]]
    ) -> tuple[list[Line], list[Line]]:
        """Lines that no later file replaces, and the others."""
        last: dict[object, int] = {}
        superseded: list[Line] = []
        keyed: list[tuple[int, object, Line]] = []
        for number, (_, lines) in enumerate(night.files):
            met: Counter[Line] = Counter()
            for line in lines:
                key = claim_of(line)
                if key in whole and number < whole[key][0] and self._replaced(line, whole):
                    superseded.append(line)
                    continue
                if self.mode == "delta" or key not in whole:
                    key = (key, line.number)
                    if line.number is None:
                        key = (line, met[line])
                        met[line] += 1
                keyed.append((number, key, line))
                last[key] = number
        won = [line for number, key, line in keyed if last[key] == number]
        return won, superseded + [line for number, key, line in keyed if last[key] != number]

    def _replaced(self, line: Line, whole: dict[object, tuple[int, str | None]]) -> bool:
        """Whether a replacement takes the line away whose place it does not take."""
        return self.mode == "snapshot" or edition(line) != whole[claim_of(line)][1]

    def _matched(self, won: list[Line]) -> tuple[list[Line], list[Line], list[int]]:
        """New lines, those that came before, stored versions that did not come again."""
        open_ = Counter(won)
        surplus, seen = [], []
        claims = {claim_of(line) for line in won}
        for version, line in sorted(self.standing.items()):
            if open_[line]:
                open_[line] -= 1
                seen.append(line)
            elif claim_of(line) in claims:
                surplus.append(version)
        return list(open_.elements()), seen, surplus

    def _ended(
        self, fresh: list[Line], surplus: list[int], whole: dict[object, tuple[int, str | None]]
    ) -> dict[int, str]:
        room = Counter((claim_of(n), n.number) for n in fresh if n.number is not None)
        ended = {}
        for version in surplus:
            line = self.standing[version]
            claim = claim_of(line)
            if room[claim, line.number]:
                room[claim, line.number] -= 1
                ended[version] = CHANGED
            elif claim in whole and self._replaced(line, whole):
                ended[version] = GONE
        return ended

    def _near(
        self, fresh: list[Line], gone: list[Line], other: set[Missing], ended: Iterable[int]
    ) -> tuple[set[int], set[int]]:
        left = {v: line for v, line in self.standing.items() if v not in set(ended)}
        names = {m.claim for m in other}
        anywhere = {m.patient for m in other if m.day is None}
        doubted = [n for n in left.values() if claim_of(n) in names or n.patient in anywhere]
        touching = [line for line in [*fresh, *gone, *doubted] if _somebody(line.patient)]
        marks: dict[str, set[int]] = defaultdict(set)
        for line in touching:
            marks[line.patient] |= days_of(line)
        lost: dict[str, set[int]] = defaultdict(set)
        for each in other:
            if each.patient is not None and each.day is not None and _somebody(each.patient):
                lost[each.patient].add(each.day)
        again: set[int] = set()
        for patient in marks.keys() | lost.keys():
            ours = {v: line for v, line in left.items() if line.patient == patient}
            new = [line for line in touching if line.patient == patient]
            everything = [*ours.values(), *new]
            mixed = len({line.payer is None for line in everything}) > 1
            if mixed:
                again |= ours.keys()
                continue
            moved = [tie for tie in ties(everything) if tie & set(new)]
            tied = set().union(*(days_of(line) for tie in moved for line in tie))
            days = set().union(lost[patient], *map(days_of, everything))
            for stay in episodes(days):
                here = {v for v, line in ours.items() if days_of(line) & stay}
                hit = stay & (marks[patient] | lost[patient] | tied)
                if hit or any(self._reached(ours[v], new) for v in here):
                    again |= here
        judged = [*map(left.__getitem__, again), *(f for f in fresh if _somebody(f.patient))]
        context = {
            v
            for v, line in left.items()
            if v not in again and any(self._reached(each, [line]) for each in judged)
        }
        looked = {*judged, *(left[v] for v in context)}
        for patient in marks.keys() | lost.keys():
            context |= self._tied(left, patient, touching, looked) - again
        return again, context

    def _tied(
        self, left: dict[int, Line], patient: str, touching: list[Line], looked: set[Line]
    ) -> set[int]:
        """Stored lines that say whether a line of `looked` stands."""
        ours = {v: line for v, line in left.items() if line.patient == patient}
        new = [line for line in touching if line.patient == patient]
        found = [tie for tie in ties([*ours.values(), *new]) if tie & looked]
        return {v for v, line in ours.items() if any(line in tie for tie in found)}

    def _reached(self, effect: Line, causes: list[Line]) -> bool:
        return any(
            cause.patient == effect.patient
            and cause.code in reach.causes
            and effect.code in reach.effects
            and min(days_of(cause)) <= max(days_of(effect))
            and min(days_of(effect)) <= max(days_of(cause)) + reach.days
            for cause in causes
            for reach in self.reaches
        )


def edition(line: Line) -> str | None:
    """What tells one replacement of a claim from the next one of its id."""
    return (line.original or "") if line.frequency == "7" else None


def claim_of(line: Line) -> object:
    """What claim a line is of; a void that keeps the id of what it takes back is one apart."""
    return (line.claim, "void") if line.frequency == "8" else line.claim


def ties(lines: Iterable[Line]) -> list[set[Line]]:
    """Lines of a patient that may take each other out: of a replacement or void its own claim id
    and the number it gives tie all that share them, and what is tied to these."""
    some = set(lines)
    changes = [line for line in some if line.frequency in {"7", "8"}]
    tying = {number for line in changes for number in (line.claim, line.original)} - {None}
    found: list[set[Line]] = []
    for line in some:
        met = [each for each in found if any(_numbers(o) & _numbers(line) & tying for o in each)]
        if _numbers(line) & tying:
            found = [each for each in found if each not in met]
            found.append({line}.union(*met))
    return found


def _numbers(line: Line) -> set[str | None]:
    named = {line.original} if line.frequency in {"7", "8"} else set()
    return {line.claim, line.control} | named


def days_of(line: Line) -> set[int]:
    """A span of more than 366 days counts as its first."""
    length = line.length if line.length <= 366 else 0
    return set(range(line.day, line.day + length + 1))


def episodes(days: set[int]) -> list[set[int]]:
    """Runs of days with at most one empty day between two."""
    found: list[set[int]] = []
    for each in sorted(days):
        if found and each - max(found[-1]) <= 2:
            found[-1].add(each)
        else:
            found.append({each})
    return found


def in_order(lines: dict[int, Line]) -> bool:
    """Whether versions rise with date, patient, claim, number and code."""
    keys = [
        (line.day, line.patient, line.claim, (line.number is not None, line.number or 0), line.code)
        for _, line in sorted(lines.items())
    ]
    return keys == sorted(keys)


def _somebody(patient: str) -> bool:
    return re.search(NOBODY, patient) is None
