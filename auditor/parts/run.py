"""An audit in parts: count, join what was counted, judge, join what was found."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl

from auditor import disk
from auditor.auditing import audit, choose, count, notes_of
from auditor.engine.clock import Clock
from auditor.engine.judge import is_counted
from auditor.engine.judge import joined as joined_counts
from auditor.engine.known import Known
from auditor.engine.whole import Whole
from auditor.parts import crew, outcome
from auditor.parts.merge import merged
from auditor.result import PIECE, Audited, AuditResult
from auditor.tally import added
from schemas import ClaimLines, Repairs, SetAside, empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from auditor.intake.interface import Intake
    from auditor.parts.crew import Store
    from auditor.parts.spill import Parts
    from auditor.reference.interface import Reference
    from auditor.result import AuditOptions

_COUNTS, _KNOWN, _FOUND, _TOLD, _BEGUN = "counts", "known", "found", "told", "begun"


def audit_parts(  # noqa: PLR0913 - what an audit is of, and where it works
    parts: Parts,
    intake: Intake,
    reference: Reference,
    options: AuditOptions,
    *,
    room: Path,
    clock: Clock | None = None,
    store: Store | None = None,
) -> AuditResult:
    """What `auditor.auditing.audit` says of all lines of `parts`.

    intake: what was read, without its lines. room: a folder for what is found on the way; what an
    earlier call that was broken off left there is not done again. store: where `reference` lies;
    many lines are then judged by several processes beside one another. The result's `lines` are
    those of days on which something was found or compared.
    """
    clock = clock or Clock()
    work = Work(parts, of_part(intake), options, room, shown=True)
    folders = _judged(work, reference, clock, store)
    with clock.part("parts", "joining"):
        found = outcome.joined(outcome.read(folders), parts.lines_of)
    return together(found, intake, reference, options, clock)


def tell_parts(  # noqa: PLR0913 - as above
    parts: Parts,
    intake: Intake,
    reference: Reference,
    options: AuditOptions,
    *,
    room: Path,
    clock: Clock | None = None,
    store: Store | None = None,
) -> OnDisk:
    """The same for outputs that need neither a line nor all findings at once.

    Neither is held: what this takes of memory does not grow with their number. The findings can be
    had as long as `room` is there.
    """
    clock = clock or Clock()
    work = Work(parts, of_part(intake), options, room, shown=False)
    folders = _judged(work, reference, clock, store)
    with clock.part("parts", "joining"):
        stacked = outcome.read(folders)
        found = outcome.in_figures(stacked)
        sums = added(stacked("tally"))
    files = tuple(folder / f"{outcome.FINDINGS}.parquet" for folder in folders)
    told = _of_all(found, intake, reference, options, clock)
    return OnDisk(**found | told, sums=sums, findings_in=files)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDisk(Audited):
    """An audit in parts whose findings lie on the disk, and of which no ledger was asked."""

    sums: pl.DataFrame
    """auditor.tally of all findings."""
    findings_in: tuple[Path, ...]
    """One file a part, each in the total order."""

    @property
    def tally(self) -> pl.DataFrame:
        """auditor.tally of all findings."""
        return self.sums

    def pieces(self) -> Iterator[pl.DataFrame]:
        """The findings, PIECE after PIECE, while their files are there."""
        return merged(self.findings_in, PIECE)

    @property
    def open_tiers(self) -> frozenset[str]:
        """All tiers of findings: no decision is known."""
        return frozenset(self.sums["tier"])

    @property
    def decisions(self) -> dict[str, int]:
        """None."""
        return {}


def judged_before(room: Path, *, shown: bool) -> int:
    """How many parts an earlier call judged in `room`; shown: so that their lines can be shown."""
    folder = room / (_FOUND if shown else _TOLD)
    return sum(each.name.isdigit() for each in folder.iterdir()) if folder.is_dir() else 0


def _judged(work: Work, reference: Reference, clock: Clock, store: Store | None) -> list[Path]:
    """The folders with what was found in each part."""
    parts = work.parts
    many = 1 if store is None else crew.how_many(parts.census.lines, parts.count)
    with ExitStack() as stack:
        if store is None or many == 1:
            do = partial(_one_by_one, work, reference, clock)
        else:
            job = crew.Job(work, store.folder, reference.releases())
            if store.crew is None:
                hands = stack.enter_context(crew.crew(job, many))
            else:
                hands = store.crew
                hands.know(job)
                stack.callback(hands.stop)  # joining needs the memory that they hold
            do = partial(hands.work, clock=clock)
        whole = Whole(parts.census)
        chosen = choose(work.options.select, work.options.ignore)
        if is_counted(chosen, covered=work.options.covered):
            with clock.part("parts", "counting", parts.census.lines):
                do("count", range(parts.count), None)
                counts = _read(work.room / _COUNTS, parts.count)
                whole = Whole(parts.census, joined_counts(counts, work.options.rules))
        with clock.part("parts", "judging", parts.census.lines):
            do("judge", range(parts.count), whole)
    return [work.found / str(number) for number in range(parts.count)]


def of_part(intake: Intake) -> Intake:
    """`intake` without lines and without what is told of all files once.

    What was rejected stays: a finding is held back where a lost line may be what it misses.
    """
    return replace(
        intake,
        lines=empty(ClaimLines),
        set_aside=empty(SetAside),
        repairs=empty(Repairs),
        files=(),
        notes=(),
    )


def together(
    found: dict[str, Any],
    intake: Intake,
    reference: Reference,
    options: AuditOptions,
    clock: Clock,
) -> AuditResult:
    """The result of all parts, out of what they `found` and what was read."""
    return AuditResult(**found | _of_all(found, intake, reference, options, clock))


def _of_all(
    found: dict[str, Any],
    intake: Intake,
    reference: Reference,
    options: AuditOptions,
    clock: Clock,
) -> dict[str, Any]:
    """The fields of Audited that are made of what all parts `found` and of what was read."""
    aside = pl.concat([intake.set_aside, found["set_aside"]])
    return {
        "set_aside": aside,
        "rejected": intake.rejected,
        "repairs": intake.repairs,
        "files": intake.files,
        "lines_read": found["lines_audited"] + aside.height + intake.rejected.height,
        "releases": reference.releases(),
        "options": options,
        "notes": notes_of(found["lines_by_business"], reference) + intake.notes,
        "timings": tuple(clock.parts),
    }


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be audited in parts, and where what is found on the way lies."""

    parts: Parts
    intake: Intake
    """What was read, as `of_part` answers it."""
    options: AuditOptions
    room: Path
    shown: bool
    """Whether somebody needs the lines with the findings, and all findings at once."""

    @property
    def found(self) -> Path:
        """The folder for what is found in the parts."""
        return self.room / (_FOUND if self.shown else _TOLD)

    def part(self, number: int) -> Intake:
        """What was read of one part."""
        return replace(self.intake, lines=self.parts.read(number))


def count_part(work: Work, reference: Reference, number: int, _: None, __: Clock) -> None:
    """Write what is counted of a part, where that was not done before."""
    with _Once(work.room / _COUNTS / str(number)) as folder:
        if folder is not None:
            counted = count(work.part(number), reference, work.options, work.parts.census)
            _write(counted.counts, folder)
            if counted.known is not None:
                counted.known.write(folder / _KNOWN)


def judge_part(work: Work, reference: Reference, number: int, whole: Whole, clock: Clock) -> None:
    """Write what is found in a part, where that was not done before."""
    with _Once(work.found / str(number)) as folder:
        if folder is not None:
            part = work.part(number)
            known = Known.read(work.room / _COUNTS / str(number) / _KNOWN)
            whole = replace(whole, known=known)
            result = audit(part, reference, work.options, clock=clock, whole=whole)
            outcome.write(result, folder, shown=work.shown)


TASKS: Mapping[str, Callable[[Work, Reference, int, Any, Clock], None]] = {
    "count": count_part,
    "judge": judge_part,
}
"""What is done with a part, by name."""


def _one_by_one(  # noqa: PLR0913, PLR0917 - what a part is told
    work: Work, reference: Reference, clock: Clock, task: str, numbers: range, more: object
) -> None:
    """The parts in this process."""
    for number in numbers:
        TASKS[task](work, reference, number, more, clock)


class _Once:
    """A folder that is made whole or not at all; None where it was made before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun = folder.with_name(f"{folder.name}.{_BEGUN}-{os.getpid()}")

    def __enter__(self) -> Path | None:
        if self._folder.is_dir():
            return None
        for left in self._folder.parent.glob(f"{self._folder.name}.{_BEGUN}-*"):
            shutil.rmtree(left, ignore_errors=True)
        self._begun.mkdir(parents=True)
        return self._begun

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None and self._begun.is_dir():
            self._begun.rename(self._folder)


def _write(counts: dict[str, pl.DataFrame], folder: Path) -> None:
    for name, table in counts.items():
        path = folder / f"{name}.parquet"
        disk.write_parquet(table, path, compression="lz4", statistics=False)


def _read(room: Path, parts: int) -> dict[str, list[pl.LazyFrame]]:
    """What the parts counted, under each name."""
    found: dict[str, list[pl.LazyFrame]] = {}
    for number in range(parts):
        for path in sorted((room / str(number)).glob("*.parquet")):
            found.setdefault(path.stem, []).append(pl.scan_parquet(path, glob=False))
    return found
