"""Delimited text files: their encoding, their delimiter, their rows."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from auditor.errors import InputRejected
from auditor.intake import header as headers
from auditor.intake import records
from auditor.intake.header import HeaderRow, Record
from auditor.intake.scanning import BOM, HEAD, PIECE, Known, Scanning, glance, scan
from auditor.intake.source import Body

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator

    from auditor.intake.content import Content
    from auditor.intake.interface import IntakeOptions
    from auditor.intake.scanning import Scan

DELIMITERS = ",|\t;~^"
BLOCK = 24 << 20
"""Bytes of text that are read at one time, by whichever process: the first block tells what the
columns are, so it must be the same one. What is read of so many is given back and taken again where
it lay, which a system does not do with larger pieces of memory."""
MOST_LINE = 16 << 20  # bytes; a line longer than that is none of a table
MOST_COLUMNS = 5_000
_SAMPLE = 200  # rows that show how many cells a row really has


class OtherEncodingError(Exception):
    """A file that began as UTF-8 is none: it must be read anew, as `source` does."""

    def __init__(self, source: TextFile) -> None:
        """`source`: the same file in its encoding."""
        super().__init__()
        self.source = source


def decoded(content: Content, found: Scan, size: int | None = None) -> Iterator[bytes]:
    """The text as UTF-8 without BOM and with LF line ends, in pieces that end anywhere.

    A piece is what `size` bytes of the file hold (None: PIECE).

    Raises InputRejected where the bytes are no text in their encoding.
    """
    return map(bytes, _decoded(content, found, size or PIECE))


def _decoded(
    content: Content, found: Scan, size: int, scanning: Scanning | None = None
) -> Iterator[bytes | bytearray]:
    """The same, each piece good until the next is asked for, and nothing of what is not `found`.

    scanning: told of all bytes on the way.
    """
    reader = codecs.getincrementaldecoder(found.encoding)()
    held = b""  # a carriage return whose line feed may come with the next piece
    first = True
    plain = found.encoding == "utf-8"
    for raw in content.pieces(size):
        if scanning is not None:
            scanning.add(raw)
            if scanning.encoding != found.encoding and plain:
                return
        piece = raw if plain else _recoded(reader, raw, content.name)
        if first and piece.startswith(BOM):
            piece = piece[len(BOM) :]
        first = False
        if held:
            piece, held = held + piece, b""
        if b"\r" in piece:
            if found.macintosh:
                piece = piece.replace(b"\r", b"\n")
            else:
                if piece.endswith(b"\r"):
                    piece, held = piece[:-1], b"\r"
                piece = piece.replace(b"\r\n", b"\n")
        yield piece
    rest = b"" if plain else _recoded(reader, b"", content.name)
    if held or rest:
        yield held + rest


def recoded(data: bytes, encoding: str, where: str) -> bytes:
    """A whole text as UTF-8; raises InputRejected where it is none in its encoding."""
    if encoding == "utf-8":
        return data
    return _recoded(codecs.getincrementaldecoder(encoding)(), data, where)


def _recoded(reader: codecs.IncrementalDecoder, raw: bytes | bytearray, where: str) -> bytes:
    try:
        return reader.decode(raw, final=not raw).encode()
    except UnicodeError:
        raise InputRejected(
            "The file is not text in UTF-8, UTF-16 or Windows-1252, or it is damaged.",
            where=where,
            next_step="Export it again as CSV (UTF-8) or as an Excel workbook (.xlsx).",
        ) from None


def in_blocks(
    content: Content, found: Scan, size: int | None = None, scanning: Scanning | None = None
) -> Generator[bytes]:
    """The text in blocks of about `size` bytes (None: BLOCK) that end where a record ends.

    scanning: told of all bytes on the way; where they are not in the encoding that was `found`
    the text ends there.

    Raises InputRejected for a line that is no line of a table.
    """
    rest = b""  # a line that goes on
    ready = b""  # held back, so that a last line without an end goes with it
    for piece in _decoded(content, found, size or BLOCK, scanning):
        # With a quote in it the line that goes on tells what is inside quotes in the piece.
        text, before = (rest + piece, b"") if b'"' in rest else (piece, rest)
        end = record_end(text)
        if end:
            if ready:
                yield ready
            ready = b"".join([before, memoryview(text)[:end]])
            before = b""
        elif len(text) + len(before) > MOST_LINE:
            raise no_table(content.name)
        rest = b"".join([before, memoryview(text)[end:]])
    if scanning is not None and scanning.done().encoding != found.encoding:
        return
    if ready or rest:
        yield ready + rest


def no_table(where: str) -> InputRejected:
    """Said of a line of MOST_LINE bytes and more."""
    return InputRejected(
        f"A line of the file is longer than {MOST_LINE >> 20} MiB: this is no table of"
        " claim lines.",
        where=where,
        next_step="Export it again as CSV, one claim line a row.",
    )


def record_end(text: bytes | bytearray) -> int:
    """Offset behind the last line end of `text` that ends a record; 0 where there is none.

    A line end between quotes ends none. Where no line end of the last ones is outside quotes, a
    stray quote has turned inside out what is inside, and the last one will do.
    """
    last = text.rfind(b"\n") + 1
    if not last or b'"' not in text:
        return last
    end, quotes = last, text.count(b'"', 0, last)
    for _ in range(records.MOST_LINES):
        if quotes % 2 == 0:
            return end
        before = text.rfind(b"\n", 0, end - 1) + 1
        if not before:
            return 0  # the one record that has begun may end in what is still to come
        quotes -= text.count(b'"', before, end)
        end = before
    return last


class Form(NamedTuple):
    """How the records of a delimited text file are written."""

    names: tuple[str, ...]
    width: int
    delimiter: str

    def body(self, data: bytes, *, skip: int, row: int) -> tuple[Body, int]:
        """Records of whole lines (UTF-8, LF) after `skip` of them, and the row that would follow.

        row: of the first record.
        """
        filled = data.rstrip(b"\n") + b"\n" if data.endswith(b"\n\n") else data
        found = records.split(
            filled, skip=skip, width=self.width, delimiter=self.delimiter, first_row=row
        )
        blank = len(data) - len(filled)
        body = Body(self.names, found.cells, found.rows, found.ragged, blank)
        return body, found.next_row + blank


@dataclass(frozen=True, slots=True)
class TextFile:
    """A delimited text file; see Source. Rows are records: a quoted line break starts none."""

    name: str
    delimiter: str
    content: Content
    known: Known
    start: tuple[Record, ...]
    title: str = ""
    warnings: tuple[str, ...] = ()
    day_zero: None = None
    header: None = None
    columns: None = None

    @property
    def scan(self) -> Scan:
        """What the whole file is; it is read where nobody has."""
        if not self.known.whole:
            self.known.scan, self.known.whole = scan(self.content), True
        return self.known.scan

    @property
    def sha256(self) -> str:
        """Of the file's bytes, unpacked."""
        return self.scan.sha256

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the whole file."""
        if self.encoding != "cp1252":
            return ()
        return ("The file is not UTF-8; it was read as Windows-1252 (cp1252).",)

    @property
    def encoding(self) -> str:
        """utf-8, cp1252, utf-16-le or utf-16-be."""
        return self.scan.encoding

    @classmethod
    def open(cls, content: Content, options: IntakeOptions) -> TextFile:
        """Look through `content`; `options` may name headers, or the delimiter by a layout."""
        mapped, marks = tuple(options.columns.values()), DELIMITERS
        if options.layout is not None:
            mapped, marks = options.layout.header or (), options.layout.delimiter or marks
        name = content.name
        large = content.held is None
        known = glance(content) if large else Known(scan(content), whole=True)
        if known.scan.empty:
            raise InputRejected(
                "The file is empty.", where=name, next_step="Export it again with its claim lines."
            )
        with closing(in_blocks(content, known.scan, HEAD)) as blocks:
            text = next(blocks)
        if len(text) > HEAD:
            text = text[:HEAD].rpartition(b"\n")[0] or text[:HEAD]
        delimiter, start = _reading(text.decode(errors="ignore"), mapped, marks, name)
        return cls(name, delimiter, content, known, tuple(start))

    def head(self) -> list[Record]:
        """The first records."""
        return list(self.start[: headers.LOOKED_AT])

    def blocks(self, header: HeaderRow) -> Iterator[Body]:
        """Every record below the header; ragged ones apart.

        Raises OtherEncodingError where what the beginning told of the encoding is not so.
        """
        scanning = None if self.known.whole else Scanning()
        form = self.form(header)
        skip, row = header.record.lines, header.record.row + 1
        for data in in_blocks(self.content, self.known.scan, None, scanning):
            body, row = form.body(data, skip=skip, row=row)
            yield body
            skip = 0
        if scanning is not None:
            self.scanned(scanning)

    def scanned(self, scanning: Scanning) -> None:
        """Keep what all bytes tell.

        Raises OtherEncodingError where what the beginning told of the encoding is not so.
        """
        found, known = scanning.done(), self.known
        if found.encoding != known.scan.encoding:
            other = Known(known.scan._replace(encoding="cp1252"), whole=False)
            raise OtherEncodingError(replace(self, known=other))
        known.scan, known.whole = found, True

    def form(self, header: HeaderRow) -> Form:
        """How records below the header are written."""
        return Form(*self._width(header), self.delimiter)

    def _width(self, header: HeaderRow) -> tuple[tuple[str, ...], int]:
        """Names and number of the cells of a row.

        A delimiter at the end of every row but not of the header, or of the header alone, is a
        habit of some exports and no damage: it only adds or takes an empty cell.
        """
        cells = header.record.cells
        sample = [r.cells for r in self.start if r.row > header.record.row and any(r.cells)]
        width = len(cells)
        if sample:
            (common, count), *_ = Counter(map(len, sample[:_SAMPLE])).most_common(1)
            extra = [c for row in sample if len(row) == common for c in row[width:]]
            if count * 2 > len(sample) and (
                (common > width and not any(extra)) or (common < width and not any(cells[common:]))
            ):
                width = common
        padded = (*cells, *[""] * (width - len(cells)))[:width]
        return headers.unique(padded), width


def _records(text: str, delimiter: str) -> list[Record]:
    """The first records of `text`."""
    found: list[Record] = []
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter)
    try:
        for row, cells in enumerate(reader, start=1):
            found.append(Record(row, tuple(map(str.strip, cells)), reader.line_num))
            if row >= headers.LOOKED_AT + _SAMPLE:
                break
    except csv.Error:  # a quote that never closes: what came before it is enough to go by
        pass
    return found


def _reading(
    text: str, mapped: Collection[str], marks: str, where: str
) -> tuple[str, list[Record]]:
    """Which of `marks` is the delimiter, and the first records as it divides them."""
    best: tuple[tuple[int, int], str, list[Record]] | None = None
    widest = 0
    for mark in [mark for mark in marks if mark in text] or [marks[0]]:
        start = _records(text, mark)
        width = max((len(record.cells) for record in start), default=0)
        widest = max(widest, width)
        if width <= MOST_COLUMNS:  # looking up a hundred thousand names would take for ever
            fit = _fit(start, mapped, width)
            if best is None or fit > best[0]:
                best = fit, mark, start
    if best is None or (best[0][0] == 0 and widest > MOST_COLUMNS):
        raise InputRejected(
            f"A row has more than {MOST_COLUMNS:,} cells, which no claim export has.",
            where=where,
            next_step="Export it again as CSV, one claim line a row.",
        )
    return best[1], best[2]


def _fit(head: list[Record], mapped: Collection[str], width: int) -> tuple[int, int]:
    """How well a delimiter fits: names recognised in one row, then cells in the widest row."""
    found = headers.find(head, mapped)
    return (0, width) if found is None else (found.score, len(found.record.cells))


def looks_binary(raw: bytes) -> bool:
    """Whether more than a stray one of the first bytes are control characters of no text."""
    start = raw[:512]
    return len(re.findall(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", start)) * 20 > len(start)
