"""How far the cells of a sheet reach, found before the reader makes room for all between them.

The reader of workbooks holds a sheet as a full rectangle: one stray cell in the last row and the
last column makes seventeen thousand million of it. So the rectangle is measured first, from the
bytes of the sheet and not from what the sheet says of itself.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_CELLS = 64_000_000  # of a rectangle: about 4 GiB while it is read
_FREE = 16_000_000  # cells that may be empty whatever the others are
_SHARE = 10  # of an honest sheet, every tenth cell holds something
MOST_ROWS, MOST_COLUMNS = 1 << 20, 1 << 14  # of any spreadsheet program
_LONGEST = 7  # digits of the last row
_PREFIXED = re.compile(rb":c[\s/>]")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_DIGITS = bytes.maketrans(b"123456789", b"000000000")  # every digit becomes 0
_ORDER = re.compile(rb'<c r="([A-Za-z]+0+)"')  # as nearly all programs write it
_CELLS = (b"<c ", b"<c>", b"<c/", b"<c\t", b"<c\n", b"<c\r")
_PLACE = re.compile(rb'\sr\s*=\s*["\']([A-Za-z]+)([0-9]+)["\']')
_UNCALCULATED = re.compile(
    rb'<c\b(?![^>]*\bt="(?:str|e|b)")[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*'
    rb"(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
_MOST_CARRIED = 4 << 20
_REPEAT = re.compile(rb'repeated\s*=\s*["\'](\d+)["\']')
_ODS_CELL = re.compile(rb"<table:(?:covered-)?table-cell\b([^>]*)>")
_ODS_BLANKS = re.compile(rb'text:c\s*=\s*["\']\d{5,}')


@dataclass(slots=True)
class Extent:
    """A rectangle from the first row and column on, and what is in it."""

    rows: int = 0
    columns: int = 0
    filled: int = 0
    uncalculated: int = 0
    """Formulas without a value."""

    @property
    def too_far(self) -> bool:
        """Whether no claim sheet reaches so far."""
        return (
            self.rows * self.columns > min(MOST_CELLS, _FREE + _SHARE * self.filled)
            or self.rows > MOST_ROWS
            or self.columns > MOST_COLUMNS
        )


def of_xml(pieces: Callable[[], Iterable[bytes]]) -> Extent:
    """Of an .xlsx sheet; `pieces` gives its text, and is asked again only where it is in doubt.

    Exact where the answer matters; else never less than it is.
    """
    found, seen, odd = Extent(), set[bytes](), False
    for part in _cut(pieces(), b"<c "):
        places = _ORDER.findall(part.translate(_DIGITS))
        seen.update(places)
        cells = sum(map(part.count, _CELLS))
        found.filled += cells
        found.rows += part.count(b"<row")
        odd = odd or cells > len(places) or _PREFIXED.search(part) is not None
        if b"<f" in part:
            found.uncalculated += len(_UNCALCULATED.findall(part))
    digits = max((place.count(b"0") for place in seen), default=0)
    found.columns = max((_column(place.rstrip(b"0")) for place in seen), default=0)
    last = 10**digits - 1 if digits != _LONGEST else MOST_ROWS
    found.rows = max(min(found.rows, MOST_ROWS), last)
    if odd or found.too_far:
        found.rows, found.columns = _exactly(pieces())
    return found


def _exactly(pieces: Iterable[bytes]) -> tuple[int, int]:
    """Rows and columns of an .xlsx sheet, from every row and cell of it."""
    rows = last = columns = 0
    for part in _cut(pieces, b"<row"):
        for row in re.split(rb"<(?:\w+:)?row\b", part):
            rows += 1
            places = _PLACE.findall(row)
            last = max([last, *(int(at) for _, at in places)])
            letters = {letters for letters, _ in places}
            columns = max([columns, len(_CELL.findall(row)), *map(_column, letters)])
    return max(rows, last), columns


def _column(letters: bytes) -> int:
    """1 for A, 27 for AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _cut(pieces: Iterable[bytes], mark: bytes) -> Iterator[bytes]:
    """The same text cut before a `mark`, so that nothing that begins with one is torn."""
    held = b""
    for piece in pieces:
        text = held + piece
        at = text.rfind(mark)
        at = at if at > 0 and len(text) - at < _MOST_CARRIED else max(len(text) - 64, 0)
        yield text[:at]
        held = text[at:]
    yield held


def of_ods(pieces: Iterable[bytes]) -> Extent:
    """The largest of the sheets of an .ods file, from its content.xml."""
    most, sheet, pending = Extent(), Extent(), 0
    for part in _cut(pieces, b"<table:table-row"):
        if b"text:c" in part and _ODS_BLANKS.search(part):  # a thousand million blanks
            return Extent(MOST_CELLS, MOST_CELLS)
        for text in part.split(b"<table:table-row"):
            row, _, behind = text.partition(b"</table:table-row>")
            start, _, cells = row.partition(b">")
            again = _REPEAT.search(start) if b"repeated" in start else None
            repeats = int(again[1]) if again else 1
            width, filled = _ods_width(cells)
            if width:
                sheet.rows += pending + repeats
                sheet.columns = max(sheet.columns, width)
                sheet.filled += filled
                pending = 0
            else:
                pending += repeats
            if b"</table:table>" in behind:
                most, sheet, pending = max(most, sheet, key=_cells), Extent(), 0
    return max(most, sheet, key=_cells)


def _cells(extent: Extent) -> int:
    return extent.rows * extent.columns


def _ods_width(cells: bytes) -> tuple[int, int]:
    """(place of the last cell that holds something, cells that are written out)."""
    head, _, last = cells.rpartition(b"<table:table-cell")
    if head and last.endswith(b"/>") and b"office:" not in last:
        cells = head
    if b"repeated" not in cells:
        count = cells.count(b"<table:table-cell") + cells.count(b"<table:covered-")
        return (count, count) if b"office:" in cells else (0, 0)
    place = width = filled = 0
    for attributes in _ODS_CELL.findall(cells):
        again = _REPEAT.search(attributes)
        place += int(again[1]) if again else 1
        filled += 1
        if b"office:" in attributes or b"table:formula" in attributes:
            width = place
    return width, filled


def of_records(pieces: Iterable[bytes]) -> Extent:
    """Of an .xlsb sheet: its records, rows (0) and cells (2 to 11) among them."""
    found, row, held = Extent(), 0, b""
    columns = filled = 0
    for piece in pieces:
        data = held + piece
        at, end = 0, len(data) - 24  # so that a cell's column is always inside
        while at < end:
            kind, size, start = data[at], data[at + 1], at + 2
            if kind >= 0x80 or size >= 0x80:  # noqa: PLR2004 -- the bit that says: one more byte
                _, size, start = record_at(data, at)
            if kind < 12:  # noqa: PLR2004 -- see above
                number = int.from_bytes(data[start : start + 4], "little")
                if kind == 0:
                    row = max(row, number)
                elif kind > 1:
                    filled += 1
                    columns = max(columns, number)
            at = start + size
        held = data[at:] if at <= len(data) else b""
        if at > len(data):  # a record longer than this piece: its rest is skipped
            pieces_left = at - len(data)
            for rest in pieces:
                if len(rest) >= pieces_left:
                    held = rest[pieces_left:]
                    break
                pieces_left -= len(rest)
    found.rows, found.columns, found.filled = row + 1, columns + 1, filled
    return found


def record_at(data: bytes, at: int) -> tuple[int, int, int]:
    """(kind, size, start of what is in it) of the .xlsb record at `at`."""
    kind, at = data[at], at + 1
    if kind & 0x80:
        kind, at = (kind & 0x7F) | (data[at] & 0x7F) << 7, at + 1
    size = 0
    for n in range(4):
        byte, at = data[at], at + 1
        size |= (byte & 0x7F) << 7 * n
        if not byte & 0x80:
            break
    return kind, size, at


_BIFF = struct.Struct("<HHHH")  # kind, size, row, column
_BIFF_CELLS = frozenset({0x06, 0xBD, 0xD6, 0xFD, 0x203, 0x204, 0x205, 0x207, 0x27E})
_BIFF_SIZE, _BIFF_SEVERAL = 0x200, 0xBD
BIFF_END = 0x0A


def of_biff(stream: bytes, start: int) -> tuple[Extent, int, list[tuple[int, int]]]:
    """Of the sheet of an .xls file whose records begin at `start`.

    Also where it ends, and where (from, length) it says itself how large it is.
    """
    found, sizes = Extent(), []
    at, end = start, len(stream) - _BIFF.size
    rows = columns = filled = 0
    read = _BIFF.unpack_from
    while at <= end:
        kind, size, row, column = read(stream, at)
        if kind in _BIFF_CELLS:
            filled += 1
            if kind == _BIFF_SEVERAL:  # several cells of a row in one
                filled += size // 6
                column += size // 6
            rows = max(rows, row + 1)
            columns = max(columns, column + 1)
        elif kind == _BIFF_SIZE:
            sizes.append((at + 4, min(size, len(stream) - at - 4)))
        elif kind == BIFF_END:
            break
        at += size + 4
    found.rows, found.columns, found.filled = rows, columns, filled
    return found, at, sizes
