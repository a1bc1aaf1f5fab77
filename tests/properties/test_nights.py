"""Night after night comes to what one audit of all lines says.

Lines come in random nights, some are taken back or replaced, of some another version comes. Each
night judges its own lines and those of earlier nights that nights.py selects. Findings are carried
on as the ledger does: an open finding whose line is judged again closes unless it is made again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

import polars as pl
import pytest
from batches import Lost, Raw, batches, frame, lost_lines, often
from compare import notation
from hypothesis import assume, given
from hypothesis import strategies as st
from nights import Night, selected
from oracle.harness import AS_OF, intake_of
from tables import AOC, FAMILIES, FEES, MUE, PTP
from test_oracle import rejected, rounds

from auditor.auditing import audit
from auditor.engine.history import NIGHT_BITS, Earlier
from auditor.engine.reach import Reach, reaches
from auditor.reference import memory_reference
from auditor.result import AuditOptions, AuditResult
from auditor.rules import catalogue

REFERENCE = memory_reference(ptp=PTP, aoc=AOC, mue=MUE, fees=FEES)
OPTIONS = AuditOptions(as_of=AS_OF, run_id="night")
STANDS = frozenset(rule.id for rule in catalogue() if rule.whole_batch)
"""Not taken back because a night does not find it again."""
NOT_ALIKE = STANDS | {"ANE-3"}
"""Rules that join lines of several patients, of whom a night knows some."""
FAR = ("99203", "99205", "99213", "99214", "99291", "27447", "29881", "20610", "64490")
"""Visits and surgery: what is judged by lines of many days before."""
DAYS = (0, 1, 2, 3, 12, 60, 89, 90, 91, 92, 150, 181, 400, 1094, 1095, 1096, 1097, 1200)
APART = often(0, 1, 2, 3, 7, 30, 88, 91, 400, 1090, weight=6)
Told = tuple[Any, ...]


class Story(NamedTuple):
    """Lines, the night on which each comes, and what else comes to pass."""

    rows: list[Raw]
    night: list[int]
    """Of each line, from 1."""
    ended: dict[int, int]
    """Line -> the later night on which another version of its claim takes its place."""
    lost: dict[int, list[Lost]]
    """Night -> its rejected rows."""

    def __repr__(self) -> str:
        nights = " ".join(str(n) for n in self.night)
        return f"\n{notation(self.rows)}\nnight {nights} ended {self.ended} lost {self.lost}\n"

    @property
    def last(self) -> int:
        return max([*self.night, *self.lost, *self.ended.values()])

    def standing(self) -> list[int]:
        """The lines that no other version took the place of."""
        return [n for n in range(len(self.rows)) if n not in self.ended]


def shifted(row: Raw, days: int) -> Raw:
    """The row so many days later."""
    names = ("service_date_from", "service_date_to", "received_date")
    moved = {
        name: (date.fromisoformat(text) + timedelta(days)).isoformat()
        for name in names
        if (text := row[name]) is not None
    }
    return row | moved


def line(code: str, night: int, day: str, **values: str | None) -> tuple[Raw, int]:
    """A Medicare line by one practitioner, and the night on which it comes."""
    code, *modifiers = code.split("-")
    usual: Raw = {
        "claim_id": f"C{night}{day}",
        "line_number": None,
        "patient_id": "P1",
        "payer": "M",
        "payer_sequence": None,
        "line_of_business": "medicare",
        "claim_frequency": "1",
        "original_claim_id": None,
        "payer_claim_id": None,
        "rendering_npi": "1111111112",
        "billing_npi": "1234567893",
        "tax_id": "T1",
        "specialty": "207Q00000X",
        "received_date": "2026-01-20",
        "place_of_service": "22",
        "service_date_from": day,
        "service_date_to": day,
        "code": code,
        "modifiers": " ".join(modifiers),
        "units": "1",
        "charge_amount": "100",
        "paid_status": None,
    }
    return usual | values, night


@st.composite
def over_years(draw: st.DrawFn) -> list[Raw]:
    """Visits and surgery of one patient by one or two practitioners, line by line over years."""
    rows: list[Raw] = []
    for number in range(draw(st.integers(2, 14))):
        start = date(2022, 10, 3) + timedelta(draw(st.sampled_from(DAYS)))
        end = start + timedelta(draw(often(0, 1, 2, weight=10)))
        changed = draw(often("1", "7", "8", weight=16))
        row, _ = line(
            draw(st.sampled_from(FAR)),
            1,
            start.isoformat(),
            claim_id=f"C{draw(st.integers(0, 9))}{number:02}",
            patient_id=draw(often("P1", "P2", weight=9)),
            payer=draw(often("M", "m", "C", None, weight=20)),
            service_date_to=end.isoformat(),
            modifiers=draw(often("", "24", "25", "57", "78", "RT", weight=9)),
            rendering_npi=draw(often("1111111112", "1222222220", weight=4)),
            specialty=draw(often("207Q00000X", None, weight=4)),
            paid_status=draw(often(None, "denied", weight=9)),
            claim_frequency=changed,
            payer_claim_id=f"N{number}",
            original_claim_id=None if changed == "1" else f"N{draw(st.integers(0, number))}",
        )
        rows.append(row)
        if draw(st.integers(0, 9)) == 0:
            rows.append(row | {"units": "-1", "charge_amount": "-100"})
    return rows


@st.composite
def stories(draw: st.DrawFn, *, in_order: bool = False) -> Story:
    """One to forty lines over years; `in_order`: each night's are received before the next's."""
    if draw(st.booleans()):
        rows = draw(over_years())
        claims = sorted({str(row["claim_id"]) for row in rows})
    else:
        rows = draw(batches(FAMILIES))
        claims = sorted({str(row["claim_id"]) for row in rows})
        when = {claim: draw(APART) for claim in claims}
        rows = [shifted(row, when[str(row["claim_id"])]) for row in rows]
    # Whether a billing NPI stands for one practitioner only all lines together can tell.
    rows = [row | {"rendering_npi": row["rendering_npi"] or "1111111112"} for row in rows]
    most = draw(st.integers(2, 4))
    nights = st.integers(1, most)
    usual = {claim: draw(nights) for claim in claims}
    night = [draw(often(usual[str(row["claim_id"])], draw(nights), weight=4)) for row in rows]
    if in_order:
        rows = [
            row | {"received_date": (AS_OF + timedelta(n)).isoformat()}
            for row, n in zip(rows, night, strict=True)
        ]
    ended = {
        n: draw(st.integers(came + 1, most))
        for n, came in enumerate(night)
        if came < most and not in_order and draw(st.integers(0, 11)) == 0
    }
    lost = {n: draw(lost_lines(rows)) for n in range(1, most + 1)}
    return Story(rows, night, ended, {n: some for n, some in lost.items() if some})


@dataclass
class Ledger:
    """What is open after each night."""

    story: Story
    lines: pl.DataFrame
    """schemas.ClaimLines with `version`, in the order of the story."""
    reaches: tuple[Reach, ...]
    open: dict[str, tuple[int, Told]] = field(default_factory=dict)
    """finding_id -> its line, and what it says."""

    def run(self, number: int) -> None:
        """One night."""
        story = self.story
        came = [n for n, night in enumerate(story.night) if night == number]
        ended = [n for n, night in story.ended.items() if night == number]
        stored = [
            n
            for n, night in enumerate(story.night)
            if night < number and story.ended.get(n, number + 1) > number
        ]
        lost = story.lost.get(number, [])
        if not came and not ended and not lost:
            return
        night = Night(came, ended, stored, lost)
        again, context = (sorted(some) for some in selected(story.rows, night, self.reaches))
        before = [key for n, keys in story.lost.items() if n < number for key in keys]
        numbered = any(story.rows[n]["payer_claim_id"] for n in stored)
        result = judged(self.lines, came, again, context, lost, before, numbered=numbered)
        made = told(result, [*came, *again, *context])
        gone = set(result.lines_gone_before["version"] % 2**NIGHT_BITS) | set(ended)
        looked_at = {*came, *again}
        self.open = {
            key: (line, says)
            for key, (line, says) in self.open.items()
            if line not in gone and (line not in looked_at or says[0] in STANDS)
        } | made


def judged(  # noqa: PLR0913, PLR0917 - what a night is of
    lines: pl.DataFrame,
    came: Sequence[int],
    again: Sequence[int],
    context: Sequence[int],
    lost: Sequence[Lost],
    before: Sequence[Lost] = (),
    *,
    numbered: bool = False,
) -> AuditResult:
    intake = intake_of(lines[list(came)].drop("version", "since"), rejected(lost))
    again_, looked_at = lines[list(again)], lines[list(context)]
    earlier = Earlier(again_, looked_at, rejected(before), numbered=numbered)
    return audit(intake, REFERENCE, OPTIONS, earlier=earlier)


def told(result: AuditResult, order: Sequence[int]) -> dict[str, tuple[int, Told]]:
    """finding_id -> the line in the story, and what the finding says."""
    found = result.findings.with_columns(result.places["row"].alias("place"))
    return {
        row["finding_id"]: (
            order[row["place"]],
            (
                *(row["rule_id"], row["also"], row["tier"]),
                *(row["amount_at_risk"], row["amount_basis"]),
                *(row["counterpart_claim_id"], row["counterpart_line_number"]),
                *(row["counterpart_code"], row["message"], row["remedy"]),
            ),
        )
        for row in found.rows(named=True)
    }


def after_all(story: Story) -> tuple[pl.DataFrame, dict[str, tuple[int, Told]]]:
    """The lines, each in the file of its night, and what is open after the last night."""
    number = pl.Series(story.night, dtype=pl.UInt64)
    lines = frame(story.rows).with_columns(
        source_file=pl.format("night-{}.csv", number),
        version=number * 2**NIGHT_BITS + pl.int_range(pl.len(), dtype=pl.UInt64),
        since=number,
    )
    first, last = lines["service_date_from"].min(), lines["service_date_to"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    ledger = Ledger(story, lines, reaches(lines["code"], first, last, REFERENCE))
    for night in range(1, story.last + 1):
        ledger.run(night)
    return lines, ledger.open


def assert_alike(
    nights: Mapping[str, tuple[int, Told]],
    one: Mapping[str, tuple[int, Told]],
) -> None:
    ours, theirs = (
        {key: found for key, found in side.items() if found[1][0] not in NOT_ALIKE}
        for side in (nights, one)
    )
    only = [("nights", k, ours[k]) for k in ours if ours[k] != theirs.get(k)]
    only += [("one audit", k, theirs[k]) for k in theirs if theirs[k] != ours.get(k)]
    assert not only, "\n".join(map(str, only))


VISIT = line("99213", 1, "2025-11-04")
SURGERY = line("27447-RT", 2, "2025-10-02", payer_claim_id="N2")
VOID = line(
    "27447", 3, "2025-10-02", claim_frequency="8", original_claim_id="N2", payer_claim_id="N3"
)
NEW = line("99203", 1, "2025-11-04")
BESIDE = line("45380", 1, "2025-11-04", claim_id="C1", payer=None)
OTHER = line("45385", 1, "2025-11-04", claim_id="C1")
CASES = {
    "a surgery that comes after the visit it covers": ([VISIT, SURGERY], {"GLB-24"}),
    "a surgery of the night before": ([SURGERY, line("99213", 3, "2025-11-04")], {"GLB-24"}),
    "the visit of the day before": ([line("99213", 1, "2025-10-01"), SURGERY], {"GLB-57"}),
    "the surgery is taken back": ([VISIT, SURGERY, VOID], set()),
    "the new patient was seen before": ([NEW, line("99213", 2, "2023-05-03")], {"EM-NEW"}),
    "the new patient was seen before that": (
        [line("99213", 1, "2022-11-04"), line("99203", 2, "2025-11-03")],
        {"EM-NEW"},
    ),
    "a blank payer is the only one": ([BESIDE, OTHER], {"PTP-1"}),
    "a blank payer is one of two": (
        [BESIDE, OTHER, line("99213", 2, "2025-12-29", payer="C")],
        set(),
    ),
    "a line by line claim": (
        [line("22552", 1, "2025-11-04"), line("22551", 2, "2025-11-04")],
        set(),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_nights_with_a_name(name: str) -> None:
    came, expected = CASES[name]
    story = Story([row for row, _ in came], [night for _, night in came], {}, {})
    _, nights = after_all(story)
    found = {says[0] for _, says in nights.values()} | {
        rule for _, says in nights.values() for rule in says[1].split()
    }
    assert found & {"AOC-1", "EM-NEW", "GLB-24", "GLB-57", "PTP-1"} == expected
    one_audit(story)


def one_audit(story: Story) -> None:
    """What is open after all nights is what one audit of the lines says, in the same order."""
    lines, nights = after_all(story)
    standing = story.standing()
    last = max(story.night[n] for n in standing)
    came = [n for n in standing if story.night[n] == last]
    stored = [n for n in standing if story.night[n] < last]
    lost = [key for keys in story.lost.values() for key in keys]
    one = judged(lines, came, stored, [], lost)
    assert_alike(nights, told(one, [*came, *stored]))


@rounds(6)
@given(stories())
def test_nights_come_to_what_one_audit_says(story: Story) -> None:
    """The one audit has every line judged again, in the order in which they came."""
    assume(story.standing())
    one_audit(story)


@rounds(6)
@given(stories(in_order=True))
def test_nights_come_to_what_one_file_says(story: Story) -> None:
    """One file of all lines, received in the order of the nights: no earlier line is known of."""
    lines, nights = after_all(story)
    lost = [key for keys in story.lost.values() for key in keys]
    one = audit(intake_of(lines.drop("version", "since"), rejected(lost)), REFERENCE, OPTIONS)
    assert_alike(nights, told(one, range(lines.height)))
