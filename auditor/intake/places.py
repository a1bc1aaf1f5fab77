"""The places of a large text file where others may read: whole records each, from byte to byte.

To find them, and what the whole file is, takes one look at all bytes, a tenth of what reading them
takes; so one process looks and several read. Files that must be unpacked or decoded on the way
have no such places.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from auditor.ahead import ahead
from auditor.intake import textfile
from auditor.intake.outcome import Outcome
from auditor.intake.scanning import BOM, Scanning

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from auditor.intake import steps
    from auditor.intake.content import Content
    from auditor.intake.evidence import Evidence
    from auditor.intake.header import HeaderRow
    from auditor.intake.interface import Keeper
    from auditor.intake.outcome import Sums
    from auditor.intake.source import Body, Source
    from auditor.intake.textfile import Form, TextFile


class Place(NamedTuple):
    """Bytes of a file, from the first of a record to behind the last of one."""

    start: int
    stop: int


@dataclass(slots=True)
class Text:
    """How the text of any place of one file is read; it may go to other processes."""

    content: Content
    encoding: str
    form: Form

    def body(self, place: Place, *, skip: int, row: int) -> tuple[Body, int]:
        """Its records after `skip` lines, the first in row `row`, and the row that would follow.

        Raises InputRejected where the bytes are no text, or the file is no longer what it was.
        """
        data = self.content.between(place.start, place.stop)
        if place.start == 0:
            data = data.removeprefix(BOM)
        data = textfile.recoded(data, self.encoding, self.content.name)
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        return self.form.body(data, skip=skip, row=row)


class Places:
    """The places of one file, each asked for once: read here, or told to others."""

    def __init__(self, source: TextFile, header: HeaderRow) -> None:
        """Look through `source` from its beginning."""
        self.text = Text(source.content, source.known.scan.encoding, source.form(header))
        self.size = source.content.stamp.size
        self.row = header.record.row + 1
        """The row that follows what was read here."""
        self.at = 0
        """Bytes that were read here."""
        self._skip = header.record.lines
        self._coming = ahead(_found(source))

    def here(self) -> Iterator[Body]:
        """Each place in turn, read by this process."""
        for place in self._coming:
            body, self.row = self.text.body(place, skip=self._skip, row=self.row)
            self._skip, self.at = 0, place.stop
            yield body

    def rest(self) -> Iterator[Place]:
        """Those that were not read here.

        Raises OtherEncodingError behind the last where what the beginning told is not so.
        """
        yield from self._coming


def of(source: Source, header: HeaderRow) -> Places | None:
    """The places of `source`; None where nobody but this process can read it, or in one go."""
    if not isinstance(source, textfile.TextFile) or source.content.held is not None:
        return None
    scan = source.known.scan
    plain = not source.content.packing and not scan.macintosh
    return Places(source, header) if plain and scan.encoding in {"utf-8", "cp1252"} else None


def _found(source: TextFile) -> Generator[Place]:
    """The places, each of about the bytes of a block, and cut where a block is."""
    content, encoding = source.content, source.known.scan.encoding
    scanning = Scanning()
    rest = b""  # a line that goes on
    start = at = 0
    ready: Place | None = None  # held back, so that a last line without an end goes with it
    with closing(content.pieces(textfile.BLOCK)) as pieces:
        for piece in pieces:
            scanning.add(piece)
            if encoding == "utf-8" and scanning.encoding != encoding:
                break
            # With a quote in it the line that goes on tells what is inside quotes in the piece.
            text = rest + piece if b'"' in rest else piece
            end = textfile.record_end(text)
            behind = at + len(piece)
            if end:
                if ready is not None:
                    yield ready
                ready = Place(start, behind - len(text) + end)
                start = ready.stop
                rest = bytes(memoryview(text)[end:])
            elif behind - start > textfile.MOST_LINE:
                raise textfile.no_table(content.name)
            else:
                rest += piece
            at = behind
        else:
            # The last character may be one that UTF-8 does not end with.
            if at and (encoding != "utf-8" or scanning.done().encoding == encoding):
                yield Place(start if ready is None else ready.start, at)
    source.scanned(scanning)


@dataclass(slots=True)
class Reading:
    """How places of a file are read; it goes to other processes."""

    text: Text
    plan: steps.Plan
    evidence: Evidence
    """Without any; what it remembers of dates serves all places that a process reads."""

    def run(self, places: list[Place], keeper: Keeper) -> Gone:
        """Read `places`, which follow each other; `keeper` takes their lines.

        The rows of all that is told and kept are numbered as if the first were 0.
        """
        outcome = Outcome(self.plan, keeper)
        evidence = self.evidence.anew()
        row = 0
        for place in places:
            body, row = self.text.body(place, skip=0, row=row)
            evidence.add(body.cells)
            outcome.add(body)
        return Gone(outcome.sums, evidence.without_memory(), row)


@dataclass(slots=True)
class Gone:
    """What came of places that follow each other, but for the lines."""

    sums: Sums
    evidence: Evidence
    rows: int
    """Records, blank ones too."""
    first_row: int = field(default=0)
    """Of the file, where that is known."""
