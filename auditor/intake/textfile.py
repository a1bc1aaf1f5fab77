"""Delimited text files: their encoding, their delimiter, their rows."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from auditor.errors import InputRejected
from auditor.intake import header as headers
from auditor.intake import records
from auditor.intake.header import HeaderRow, Record
from auditor.intake.source import Body

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator

    from auditor.intake.content import Content
    from auditor.intake.interface import IntakeOptions

DELIMITERS = ",|\t;~^"
_HEAD = 1 << 20  # bytes that the header and the rows to compare it with are looked for in
BLOCK = 64 << 20  # bytes of text that are read at one time
MOST_LINE = 16 << 20  # bytes; a line longer than that is none of a table
MOST_COLUMNS = 5_000
_PIECE = 8 << 20
_BOM = b"\xef\xbb\xbf"
_SAMPLE = 200  # rows that show how many cells a row really has
_BOMS = ((_BOM, "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Scan(NamedTuple):
    """What one pass over all bytes of a text file tells."""

    encoding: str
    sha256: str
    macintosh: bool
    """Lines end with a carriage return alone, as old Macintosh programs wrote them."""
    empty: bool
    """Nothing but blanks."""


def scan(content: Content) -> Scan:
    """The encoding and the fingerprint of a file.

    A byte order mark decides; else strict UTF-8 of the whole file is the proof; else cp1252.
    """
    digest = hashlib.sha256()
    encoding, first = "", True
    strict = codecs.getincrementaldecoder("utf-8")()
    returns = feeds = False
    empty = True
    for piece in content.pieces(_PIECE):
        digest.update(piece)
        if first:
            encoding, first = marked(piece), False
        returns = returns or b"\r" in piece
        feeds = feeds or b"\n" in piece
        empty = empty and not piece.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
        if encoding == "utf-8" and not (piece.isascii() and not strict.getstate()[0]):
            try:
                strict.decode(piece)
            except UnicodeDecodeError:
                encoding = "cp1252"
    if encoding == "utf-8" and strict.getstate()[0]:  # the last character is cut
        encoding = "cp1252"
    return Scan(encoding or "utf-8", digest.hexdigest(), returns and not feeds, empty)


def marked(start: bytes | bytearray) -> str:
    """The encoding that the first bytes of a file tell: UTF-8 where they say nothing."""
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding
    start = start[:4096]
    if start.count(0) * 3 > len(start):  # UTF-16 without a mark: every second byte is NUL
        return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"
    return "utf-8"


def decoded(content: Content, found: Scan, size: int | None = None) -> Iterator[bytes]:
    """The text as UTF-8 without BOM and with LF line ends, in pieces that end anywhere.

    A piece is what `size` bytes of the file hold (None: _PIECE).

    Raises InputRejected where the bytes are no text in their encoding.
    """
    return map(bytes, _decoded(content, found, size or _PIECE))


def _decoded(content: Content, found: Scan, size: int) -> Iterator[bytes | bytearray]:
    """The same, each piece good until the next is asked for."""
    reader = codecs.getincrementaldecoder(found.encoding)()
    held = b""  # a carriage return whose line feed may come with the next piece
    first = True
    plain = found.encoding == "utf-8"
    for raw in content.pieces(size):
        piece = raw if plain else _recoded(reader, raw, content.name)
        if first and piece.startswith(_BOM):
            piece = piece[len(_BOM) :]
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


def _recoded(reader: codecs.IncrementalDecoder, raw: bytes | bytearray, where: str) -> bytes:
    try:
        return reader.decode(raw, final=not raw).encode()
    except UnicodeError:
        raise InputRejected(
            "The file is not text in UTF-8, UTF-16 or Windows-1252, or it is damaged.",
            where=where,
            next_step="Export it again as CSV (UTF-8) or as an Excel workbook (.xlsx).",
        ) from None


def in_blocks(content: Content, found: Scan, size: int | None = None) -> Generator[bytes]:
    """The text in blocks of about `size` bytes (None: BLOCK) that end where a record ends.

    Raises InputRejected for a line that is no line of a table.
    """
    rest = b""  # a line that goes on
    ready = b""  # held back, so that a last line without an end goes with it
    for piece in _decoded(content, found, size or BLOCK):
        # With a quote in it the line that goes on tells what is inside quotes in the piece.
        text, before = (rest + piece, b"") if b'"' in rest else (piece, rest)
        end = _record_end(text)
        if end:
            if ready:
                yield ready
            ready = b"".join([before, memoryview(text)[:end]])
            before = b""
        elif len(text) + len(before) > MOST_LINE:
            raise InputRejected(
                f"A line of the file is longer than {MOST_LINE >> 20} MiB: this is no table of"
                " claim lines.",
                where=content.name,
                next_step="Export it again as CSV, one claim line a row.",
            )
        rest = b"".join([before, memoryview(text)[end:]])
    if ready or rest:
        yield ready + rest


def _record_end(text: bytes | bytearray) -> int:
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


@dataclass(frozen=True, slots=True)
class TextFile:
    """A delimited text file; see Source. Rows are records: a quoted line break starts none."""

    name: str
    delimiter: str
    notes: tuple[str, ...]
    content: Content
    scan: Scan
    start: tuple[Record, ...]
    title: str = ""
    warnings: tuple[str, ...] = ()
    day_zero: None = None
    header: None = None
    columns: None = None

    @property
    def sha256(self) -> str:
        """Of the file's bytes, unpacked."""
        return self.scan.sha256

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
        found = scan(content)
        if found.empty:
            raise InputRejected(
                "The file is empty.", where=name, next_step="Export it again with its claim lines."
            )
        with closing(in_blocks(content, found, _HEAD)) as blocks:
            text = next(blocks)
        if len(text) > _HEAD:
            text = text[:_HEAD].rpartition(b"\n")[0] or text[:_HEAD]
        delimiter, start = _reading(text.decode(errors="ignore"), mapped, marks, name)
        notes: tuple[str, ...] = ()
        if found.encoding == "cp1252":
            notes = ("The file is not UTF-8; it was read as Windows-1252 (cp1252).",)
        return cls(name, delimiter, notes, content, found, tuple(start))

    def head(self) -> list[Record]:
        """The first records."""
        return list(self.start[: headers.LOOKED_AT])

    def blocks(self, header: HeaderRow) -> Iterator[Body]:
        """Every record below the header; ragged ones apart."""
        names, width = self._width(header)
        skip, row = header.record.lines, header.record.row + 1
        for data in in_blocks(self.content, self.scan):
            filled = data.rstrip(b"\n") + b"\n" if data.endswith(b"\n\n") else data
            found = records.split(
                filled, skip=skip, width=width, delimiter=self.delimiter, first_row=row
            )
            blank = len(data) - len(filled)
            yield Body(names, found.cells, found.rows, found.ragged, blank)
            skip, row = 0, found.next_row + blank

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
