"""Which stored lines a night looks at again, in slow plain Python: what the memory must answer.

An EPISODE of a patient is a run of days with lines, each beside the next or the same; a line holds
the days of its span, and only its first where it spans over 366. What happens on one episode is
judged by lines of that episode alone, but for the few rules that look far back (Reach), for who
pays where a patient's claim leaves it out, and for what claims say of each other: a replacement or
void is TIED to all that share its id or the number it gives, and these to what is tied to them.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from auditor.engine.reach import Reach

Row = dict[str, Any]
LONGEST = 366


@dataclass(frozen=True)
class Night:
    """What came to pass: indices of lines, and keys of rejected rows."""

    came: Collection[int]
    """Tonight's lines."""
    ended: Collection[int]
    """Stored lines that stand no longer: another version of their claim came."""
    stored: Collection[int]
    """All others of earlier nights, with those that a void or a replacement took out."""
    lost: Sequence[tuple[str | None, str | None, date | None]]
    """Claim, patient and day of tonight's rejected rows."""


def span(row: Row) -> tuple[date, date]:
    """First and last day that a line holds."""
    first = date.fromisoformat(row["service_date_from"])
    last = max(first, date.fromisoformat(row["service_date_to"]))
    return first, (first if (last - first).days >= LONGEST else last)


def episodes(rows: Sequence[Row], some: Collection[int]) -> list[set[int]]:
    """`some` lines of one patient, run by run."""
    runs: list[set[int]] = []
    end = date.min
    for n in sorted(some, key=lambda n: span(rows[n])):
        first, last = span(rows[n])
        if not runs or (first - end).days > 1:
            runs.append(set())
            end = last
        runs[-1].add(n)
        end = max(end, last)
    return runs


def after(rows: Sequence[Row], cause: int, effect: int, days: int) -> bool:
    """Whether `effect` is on a day up to `days` days after one of `cause`."""
    first, last = span(rows[cause])
    begins, ends = span(rows[effect])
    return first <= ends and (begins - last).days <= days


def whole(rows: Sequence[Row], some: Collection[int]) -> bool:
    """Whether all lines of a patient hang together, because a payer is left out."""
    payers = {rows[n]["payer"] for n in some}
    return None in payers and len(payers) > 1


def ties(rows: Sequence[Row], some: Collection[int]) -> list[set[int]]:
    """What may take each other out of `some` lines of one patient, set by set."""
    tying = {
        rows[n][name]
        for n in some
        if rows[n]["claim_frequency"] in ("7", "8")
        for name in ("claim_id", "original_claim_id")
    } - {None}
    found: list[tuple[set[object], set[int]]] = []
    for n in some:
        row = rows[n]
        numbers = {row["claim_id"], row["payer_claim_id"]}
        if row["claim_frequency"] in ("7", "8"):
            numbers.add(row["original_claim_id"])
        numbers &= tying
        if not numbers:
            continue
        met = [each for each in found if each[0] & numbers]
        found = [each for each in found if not each[0] & numbers]
        joined = numbers.union(*(each[0] for each in met))
        found.append((joined, {n}.union(*(each[1] for each in met))))
    return [lines for _, lines in found]


def again(rows: Sequence[Row], night: Night, reaches: Sequence[Reach]) -> set[int]:
    """The stored lines that are judged once more."""
    found: set[int] = set()
    for patient in {rows[n]["patient_id"] for n in range(len(rows))}:
        mine = [n for n in night.stored if rows[n]["patient_id"] == patient]
        fresh = [n for n in (*night.came, *night.ended) if rows[n]["patient_id"] == patient]
        touched = {*fresh, *_lacking(rows, mine, night)}
        if touched and whole(rows, [*mine, *fresh]):
            found.update(mine)
            continue
        runs = episodes(rows, [*mine, *fresh])
        tied = set().union(*(tie for tie in ties(rows, [*mine, *fresh]) if tie & touched))
        near = [run for run in runs if run & (touched | tied)]
        far = [
            run
            for run in runs
            for reach in reaches
            if any(
                after(rows, cause, effect, reach.days)
                for cause in fresh
                if rows[cause]["code"] in reach.causes
                for effect in run
                if rows[effect]["code"] in reach.effects
            )
        ]
        found.update(set().union(*near, *far) & set(mine))
    return found


def _lacking(rows: Sequence[Row], mine: Sequence[int], night: Night) -> Iterator[int]:
    """Lines of a claim, or on a day of a patient, a row of which was rejected tonight."""
    for n in mine:
        claim, patient = rows[n]["claim_id"], rows[n]["patient_id"]
        first, last = span(rows[n])
        if any(
            claim == lost_claim
            or (patient == lost_patient and (not lost_day or first <= lost_day <= last))
            for lost_claim, lost_patient, lost_day in night.lost
        ):
            yield n


def context(
    rows: Sequence[Row], night: Night, chosen: Collection[int], reaches: Sequence[Reach]
) -> set[int]:
    """Stored causes before a line that is judged by them, and what ties say of either."""
    judged = [*night.came, *chosen]
    looked = {
        cause
        for reach in reaches
        for cause in set(night.stored) - set(chosen)
        if rows[cause]["code"] in reach.causes
        for effect in judged
        if rows[effect]["patient_id"] == rows[cause]["patient_id"]
        if rows[effect]["code"] in reach.effects and after(rows, cause, effect, reach.days)
    }
    found = set(looked)
    for patient in {rows[n]["patient_id"] for n in range(len(rows))}:
        known = [*night.came, *night.ended, *night.stored]
        for tie in ties(rows, [n for n in known if rows[n]["patient_id"] == patient]):
            if tie & {*judged, *looked}:
                found |= tie & set(night.stored) - set(chosen)
    return found


def selected(
    rows: Sequence[Row], night: Night, reaches: Sequence[Reach]
) -> tuple[set[int], set[int]]:
    """again and context."""
    chosen = again(rows, night, reaches)
    return chosen, context(rows, night, chosen, reaches)
