"""Claim lines by hand for the store of earlier lines, and a store to keep them in."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import polars as pl

from auditor.history.interface import Memory, Reach, Reaches, Tonight
from schemas import (
    ClaimLines,
    EndedLines,
    RejectedKeys,
    RejectedRows,
    SetAside,
    StoredLines,
    dtypes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Mode = Literal["snapshot", "delta"]
NOBODY = r"(?i)^(?:UNKNOWN|0+)$"
DAY_ZERO = date(2025, 3, 1)
REACHES = (
    Reach(4, frozenset({"CUT", "SEE"}), frozenset({"SEE", "NEW"})),
    Reach(9, frozenset({"CUT"}), frozenset({"NEW"})),
)


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says, as far as the tests vary it."""

    claim: str = "C1"
    number: int | None = 1
    patient: str = "P1"
    day: int = 0
    code: str = "OLD"
    units: int = 1000
    length: int = 0
    frequency: str | None = None
    payer: str | None = None
    original: str | None = None
    control: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What could be read of a rejected row."""

    claim: str | None = "C1"
    patient: str | None = "P1"
    day: int | None = 0
    file: int = field(default=0, compare=False)
    """The place of its file in the night."""


@dataclass(frozen=True, slots=True)
class Night:
    """The files of a night: (name, lines), and its rejected rows."""

    files: tuple[tuple[str, tuple[Line, ...]], ...]
    missing: tuple[Missing, ...] = ()


CONTENT = (
    "claim_id",
    "line_number",
    "patient_id",
    "service_date_from",
    "code",
    "units",
    "service_date_to",
    "claim_frequency",
    "payer",
    "original_claim_id",
    "payer_claim_id",
)


def day(n: int) -> date:
    return DAY_ZERO + timedelta(days=n)


def lines_of(night: Night) -> pl.DataFrame:
    """schemas.ClaimLines of a night, in the order of its files."""
    rows = [
        {
            "source_file": name,
            "source_row": place + 2,
            "claim_id": line.claim,
            "line_number": line.number,
            "patient_id": line.patient,
            "payer": line.payer,
            "claim_frequency": line.frequency,
            "original_claim_id": line.original,
            "payer_claim_id": line.control,
            "service_date_from": day(line.day),
            "service_date_to": day(line.day + line.length),
            "code": line.code,
            "units": line.units,
            "line_of_business": "unknown",
            "claim_dates": False,
            "modifiers": "",
            "diagnoses": "",
        }
        for name, held in night.files
        for place, line in enumerate(held)
    ]
    frame = pl.DataFrame(rows, schema=dtypes(ClaimLines))
    return frame.with_columns(line_key=pl.int_range(pl.len(), dtype=pl.UInt32))


def rejected_of(night: Night) -> pl.DataFrame:
    """schemas.RejectedRows of a night."""
    rows = [
        {
            "source_file": night.files[missing.file][0] if night.files else "",
            "source_row": n + 1000,
            "claim_id": missing.claim,
            "patient_id": missing.patient,
            "service_date": None if missing.day is None else day(missing.day),
            "reasons": "no code",
            "raw": "{}",
        }
        for n, missing in enumerate(night.missing)
    ]
    return pl.DataFrame(rows, schema=dtypes(RejectedRows))


def said(frame: pl.DataFrame) -> list[Line]:
    """The lines of a frame, in its order."""
    rows = frame.select(CONTENT).rows()
    return [
        Line(
            claim,
            number,
            patient,
            (start - DAY_ZERO).days,
            code,
            units,
            (end - start).days,
            *rest,
        )
        for claim, number, patient, start, code, units, end, *rest in rows
    ]


def order(line: Line) -> tuple[tuple[bool, object], ...]:
    """A total order of lines with empty values."""
    return tuple((value is not None, value) for value in astuple(line))


MODELS = {
    "fresh": ClaimLines,
    "again": StoredLines,
    "context": StoredLines,
    "ended": EndedLines,
    "set_aside": SetAside,
    "rejected": RejectedKeys,
    "cleared": RejectedKeys,
    "refused": RejectedKeys,
}


def check(tonight: Tonight, *, values: bool = False) -> None:
    """Every table has the columns of its model; with `values` all that the models say."""
    for name, model in MODELS.items():
        frame = getattr(tonight, name)
        assert dict(frame.schema) == dtypes(model), name
        if values:
            model.validate(frame)
        if "line_key" in frame.columns:
            assert frame["line_key"].to_list() == list(range(frame.height)), name


@dataclass
class Feed:
    """A store and the runs that were committed to it."""

    folder: Path
    mode: Mode = "snapshot"
    reaches: Sequence[Reach] | Reaches = REACHES
    runs: list[int] = field(default_factory=list)

    def memory(self, upto: int | None = None) -> Memory:
        runs = [run for run in self.runs if upto is None or run <= upto]
        return Memory(self.folder, runs, nobody=NOBODY)

    def look(self, night: Night) -> Tonight:
        """What a night would be, and nothing kept."""
        found = self.memory().resolve(lines_of(night), rejected_of(night), self.mode, self.reaches)
        check(found)
        return found

    def take(self, night: Night) -> Tonight:
        """A whole night: resolved, staged, its files moved in, its run known."""
        found = self.look(night)
        run = (self.runs[-1] if self.runs else 0) + 1
        room = self.folder.parent / f"staging-{run}"
        room.mkdir()
        staged = self.memory().stage(found, run, room)
        assert staged.lines == found.fresh.height
        assert staged.ended == found.ended.height
        assert sorted(path.name for path in room.iterdir()) == sorted(staged.files)
        for name in staged.files:
            (room / name).rename(self.folder / name)
        room.rmdir()
        self.runs.append(run)
        return found

    def standing(self, upto: int | None = None) -> dict[int, Line]:
        """Version -> line."""
        frame = self.memory(upto).standing().collect()
        assert dict(frame.schema) == dtypes(StoredLines)
        return dict(zip(frame["version"].to_list(), said(frame), strict=True))


def one_file(*lines: Line, missing: tuple[Missing, ...] = (), name: str = "a.csv") -> Night:
    return Night(((name, lines),), missing)


def versions(frame: pl.DataFrame) -> set[int]:
    return set(frame["version"].to_list())
