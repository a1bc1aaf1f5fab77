"""What one pass over the bytes of a text file tells: its encoding and its fingerprint."""

from __future__ import annotations

import codecs
import hashlib
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from auditor.intake.content import Content

HEAD = 1 << 20  # bytes that the header and the rows to compare it with are looked for in
PIECE = 8 << 20
BOM = b"\xef\xbb\xbf"
_BOMS = ((BOM, "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Scan(NamedTuple):
    """What one pass over all bytes of a text file tells."""

    encoding: str
    sha256: str
    macintosh: bool
    """Lines end with a carriage return alone, as old Macintosh programs wrote them."""
    empty: bool
    """Nothing but blanks."""


class Scanning:
    """The pass over all bytes of a text file, piece by piece.

    A byte order mark decides the encoding; else strict UTF-8 of the whole file is the proof; else
    cp1252.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._digest = hashlib.sha256()
        self._strict = codecs.getincrementaldecoder("utf-8")()
        self._returns = self._feeds = False
        self.encoding = ""
        """As far as was read; '' before the first piece."""
        self.empty = True
        """As far as was read."""

    def add(self, piece: bytearray) -> None:
        """Take the next bytes."""
        self._digest.update(piece)
        self.encoding = self.encoding or marked(piece)
        self._returns = self._returns or b"\r" in piece
        self._feeds = self._feeds or b"\n" in piece
        self.empty = self.empty and not piece.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
        if self.encoding == "utf-8" and not (piece.isascii() and not self._strict.getstate()[0]):
            try:
                for at in range(0, len(piece), PIECE):
                    self._strict.decode(piece[at : at + PIECE])
            except UnicodeDecodeError:
                self.encoding = "cp1252"

    @property
    def macintosh(self) -> bool:
        """Lines end with a carriage return alone, as far as was read."""
        return self._returns and not self._feeds

    def done(self) -> Scan:
        """What the whole file is."""
        cut = self.encoding == "utf-8" and self._strict.getstate()[0]  # in its last character
        encoding = "cp1252" if cut else self.encoding or "utf-8"
        return Scan(encoding, self._digest.hexdigest(), self.macintosh, self.empty)


def scan(content: Content) -> Scan:
    """The encoding and the fingerprint of a file."""
    scanning = Scanning()
    for piece in content.pieces(PIECE):
        scanning.add(piece)
    return scanning.done()


@dataclass(slots=True)
class Known:
    """What is known of a text file: all, or what its beginning tells."""

    scan: Scan
    whole: bool


def glance(content: Content) -> Known:
    """What the beginning of a large file tells, so that it need not be read twice.

    The rest can only tell of UTF-8 that it is none after all. Where the beginning is no lines of
    text all is read.
    """
    scanning = Scanning()
    with closing(content.pieces(HEAD)) as pieces:
        scanning.add(next(pieces))
    if scanning.empty or scanning.macintosh:
        return Known(scan(content), whole=True)
    return Known(Scan(scanning.encoding, "", macintosh=False, empty=False), whole=False)


def marked(start: bytes | bytearray) -> str:
    """The encoding that the first bytes of a file tell: UTF-8 where they say nothing."""
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding
    start = start[:4096]
    if start.count(0) * 3 > len(start):  # UTF-16 without a mark: every second byte is NUL
        return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"
    return "utf-8"
