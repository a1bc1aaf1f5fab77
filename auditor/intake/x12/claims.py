"""An X12 file as a source of claim lines; see Source.

Read twice: once to prove the envelope and count what is worth a remark, once for the lines.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import InputRejected
from auditor.intake.scanning import scan
from auditor.intake.source import Body
from auditor.intake.textfile import decoded
from auditor.intake.x12 import delimiters, envelope, fields, lines, loops
from auditor.intake.x12.lookups import element
from auditor.intake.x12.segments import COMPONENT, segments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.intake.content import Content
    from auditor.intake.header import HeaderRow, Record
    from auditor.intake.mapping import Columns
    from auditor.intake.scanning import Scan

MOST_CLAIM = 500_000  # segments; an honest claim has 50 lines of a few dozen at most
_AGAIN = "Get the file again from where it comes from."


@dataclass(slots=True)
class _Seen:
    """What the first reading counts of the service lines."""

    services: int = 0
    minutes: int = 0
    """SV103 is MJ."""
    others: int = 0
    """The code's qualifier is not HC."""
    joints: Counter[str] = field(default_factory=Counter)
    """What stands behind the qualifier of codes that the ISA's mark does not divide."""
    test: bool = False
    """An ISA says that its interchange is a test."""
    dependents: bool = False

    def add(self, frame: pl.DataFrame) -> None:
        """Take in some segments."""
        kind = pl.col("id")
        services = frame.filter(kind == "SV1").select(code=element(1), measure=element(3))
        code = pl.col("code")
        joint = services.filter(~code.str.contains(COMPONENT, literal=True)).select(
            code.str.extract(r"^[A-Z]{2}([^A-Za-z0-9 ])")
        )
        counted = joint.drop_nulls().to_series().value_counts(name="services")
        self.joints.update(dict(counted.iter_rows()))
        self.services += services.height
        self.minutes += services.filter(pl.col("measure") == "MJ").height
        self.others += services.filter(code.str.head(2) != "HC").height
        self.test |= frame.filter(kind == "ISA", element(15) == "T").height > 0
        self.dependents |= frame.filter(kind == "HL", element(3) == "23").height > 0

    @property
    def joint(self) -> str:
        """What divides all components of the file, where its ISA says something else."""
        whole = len(self.joints) == 1 and self.joints.total() == self.services
        return next(iter(self.joints)) if whole else ""


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """A professional claim file (837P); see Source. Rows are segments, the first ISA is row 1."""

    content: Content
    scan: Scan
    seen: _Seen
    component: str
    """What its first ISA says divides components."""
    delimiter: str = ""
    title: str = ""
    warnings: tuple[str, ...] = ()
    day_zero: None = None
    header: HeaderRow = fields.HEADER

    @property
    def name(self) -> str:
        """As in ClaimLines.source_file."""
        return self.content.name

    @property
    def sha256(self) -> str:
        """Of the file's bytes, unpacked."""
        return self.scan.sha256

    @property
    def encoding(self) -> str:
        """837P, with the encoding where it is not UTF-8."""
        return "837P" if self.scan.encoding == "utf-8" else f"837P, {self.scan.encoding}"

    @property
    def columns(self) -> Columns:
        """The columns of every field."""
        return fields.columns()

    @property
    def notes(self) -> tuple[str, ...]:
        """How rows and patients are told, and what is unusual about the file."""
        seen = self.seen
        said = {
            "Rows are segments: the file's first ISA is row 1, and the row of a claim line is that"
            " of its SV1.": True,
            "The file is marked as test data (ISA15 is T).": seen.test,
            f"The ISA says that '{self.component}' divides components, but '{seen.joint}' does in"
            " every service line; it was read so.": bool(seen.joint),
            "Dependents without an id of their own are told apart by the subscriber's id, their"
            " birth date and their first name.": seen.dependents,
            f"{seen.minutes:,} of {seen.services:,} service lines count minutes (SV103 is MJ), as"
            " anesthesia does; they were read as units.": seen.minutes > 0,
            f"{seen.others:,} of {seen.services:,} service lines have a code that is not marked as"
            " HCPCS (SV101-1 is not HC); it was read as it stands.": seen.others > 0,
            "The file is not UTF-8; it was read as Windows-1252 (cp1252).": (
                self.scan.encoding == "cp1252"
            ),
        }
        return tuple(text for text, holds in said.items() if holds)

    def head(self) -> list[Record]:
        """The header alone: the format itself says what stands where."""
        return [self.header.record]

    def blocks(self, header: HeaderRow) -> Iterator[Body]:
        """Every claim line; a claim or an LX without a service is a row without a code."""
        for frame in self._whole_claims():
            found = lines.read(frame, self.seen.joint, self.component)
            cells = found.select(
                pl.col(name).alias(str(place)) for place, name in enumerate(fields.CELLS)
            )
            yield Body(header.names, cells, found["n"])

    def _whole_claims(self) -> Iterator[pl.DataFrame]:
        """Placed segments of whole claims, with the levels above the first of them."""
        context = waiting = pl.DataFrame()
        for read in segments(self.content, self.scan):
            whole, waiting = loops.cut(pl.concat([waiting, read]) if waiting.height else read)
            if waiting.height > MOST_CLAIM:
                raise InputRejected(
                    f"One claim of the X12 file has more than {MOST_CLAIM:,} segments: the file is"
                    " damaged.",
                    where=self.name,
                    next_step=_AGAIN,
                )
            if whole.height:
                frame = loops.placed(pl.concat([context, whole]) if context.height else whole)
                yield frame
                context = loops.carried(frame)
        yield loops.placed(pl.concat([context, waiting]) if context.height else waiting)


def open_x12(content: Content) -> ClaimFile:
    """The one source of an X12 file.

    Raises InputRejected for an X12 file that is no professional claim file of version 5010, by its
    name, and for one whose envelope does not close, count or number as it says.
    """
    found = scan(content)
    seen = _Seen()
    kept: list[pl.DataFrame] = []
    total = 0
    for frame in segments(content, found):
        total += frame.height
        kept.append(frame.filter(pl.col("id").is_null() | pl.col("id").is_in(envelope.KEPT)))
        seen.add(frame)
    envelope.check(pl.concat(kept), total, content.name)
    start = next(decoded(content, found)).lstrip(delimiters.BLANKS)
    marks = delimiters.read(start, content.name, "the file")
    return ClaimFile(content, found, seen, marks.component)
