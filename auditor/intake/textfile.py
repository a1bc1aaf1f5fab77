"""Delimited text files: their encoding, their delimiter, their rows."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.errors import InputRejected
from auditor.intake import header as headers
from auditor.intake import records
from auditor.intake.header import HeaderRow, Record
from auditor.intake.source import Body

if TYPE_CHECKING:
    from collections.abc import Collection

DELIMITERS = ",|\t;~^"
_HEAD = 1 << 20  # bytes that the header and the rows to compare it with are looked for in
_SAMPLE = 200  # rows that show how many cells a row really has
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def decoded(raw: bytes, where: str) -> tuple[bytes, str]:
    """(UTF-8 without BOM and with LF line ends, name of the encoding that was found).

    A byte order mark decides; else strict UTF-8 of the whole file is the proof; else cp1252.
    Raises InputRejected where the bytes are no text in any of them.
    """
    encoding = _encoding(raw)
    try:
        if encoding == "utf-8":
            data = raw.removeprefix(b"\xef\xbb\xbf")
        else:
            data = raw.decode(encoding).removeprefix("\ufeff").encode()
    except UnicodeError:
        raise InputRejected(
            "The file is not text in UTF-8, UTF-16 or Windows-1252, or it is damaged.",
            where=where,
            next_step="Export it again as CSV (UTF-8) or as an Excel workbook (.xlsx).",
        ) from None
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        if b"\n" not in data:  # line ends of old Macintosh programs
            data = data.replace(b"\r", b"\n")
    return data, encoding


def _encoding(raw: bytes) -> str:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return encoding
    start = raw[:4096]
    if start.count(0) * 3 > len(start):  # UTF-16 without a mark: every second byte is NUL
        return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"
    if raw.isascii():
        return "utf-8"
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


@dataclass(frozen=True, slots=True)
class TextFile:
    """A delimited text file; see Source. Rows are records: a quoted line break starts none."""

    name: str
    sha256: str
    encoding: str
    delimiter: str
    notes: tuple[str, ...]
    data: bytes
    start: tuple[Record, ...]
    serials: bool = False

    @classmethod
    def open(cls, name: str, raw: bytes, mapped: Collection[str] = ()) -> TextFile:
        """Read `raw`, the bytes of a file, as text; `mapped` are headers named by the operator."""
        data, encoding = decoded(raw, name)
        if not data or data.isspace():
            raise InputRejected(
                "The file is empty.", where=name, next_step="Export it again with its claim lines."
            )
        text = data[:_HEAD].decode(errors="ignore")
        if len(data) > _HEAD:
            text = text.rpartition("\n")[0] or text
        readings = [(mark, _records(text, mark)) for mark in DELIMITERS if mark in text]
        delimiter, start = max(
            readings or [(",", _records(text, ","))],
            key=lambda reading: _fit(reading[1], mapped),
        )
        notes: tuple[str, ...] = ()
        if encoding == "cp1252":
            notes = ("The file is not UTF-8; it was read as Windows-1252 (cp1252).",)
        digest = hashlib.sha256(raw).hexdigest()
        return cls(name, digest, encoding, delimiter, notes, data, tuple(start))

    def head(self) -> list[Record]:
        """The first records."""
        return list(self.start[: headers.LOOKED_AT])

    def body(self, header: HeaderRow) -> Body:
        """Every record below the header; ragged ones apart."""
        data = self.data
        end = len(data)
        while data.endswith(b"\n\n", 0, end):
            end -= 1
        blank = len(data) - end
        names, width = self._width(header)
        found = records.split(
            data if blank == 0 else data[:end],
            skip=header.record.lines,
            width=width,
            delimiter=self.delimiter,
            first_row=header.record.row + 1,
        )
        return Body(names, found.cells, found.rows, found.ragged, blank)

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


def _fit(head: list[Record], mapped: Collection[str]) -> tuple[int, int]:
    """How well a delimiter fits: names recognised in one row, then cells in the widest row."""
    found = headers.find(head, mapped)
    if found is not None:
        return found.score, len(found.record.cells)
    return 0, max((len(record.cells) for record in head), default=0)


def looks_binary(raw: bytes) -> bool:
    """Whether more than a stray one of the first bytes are control characters of no text."""
    start = raw[:512]
    return len(re.findall(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", start)) * 20 > len(start)
