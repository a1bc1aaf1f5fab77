"""The archive that a workbook is: looked through whole before a reader of workbooks sees it.

The reader unpacks without bounds and believes what an archive says of itself. So every member is
unpacked here first, piece by piece and without holding any, and compared with what the archive's
directory says: its size, its checksum. A directory that lies is damage, and after this nothing
unpacks to more than what was counted.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditor.errors import InputRejected
from auditor.intake.content import MOST_FREE, MOST_RATIO

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 2 << 30  # unpacked; the largest honest sheet, 1,048,576 rows of 20 cells, has 0.9 GB
MOST_MEMBERS = 10_000
_MOST_PART = 64 << 20  # of a part that is held: the list of sheets, of relations
_FEED = 128 << 10  # bytes unpacked at a time; they give at most a thousand times as many
_PIECE = 8 << 20
_LOCAL = struct.Struct("<4s22xHH")  # signature, lengths of name and extra field
_ENTITY = b"<!ENTITY"
_XML = (".xml", ".rels", ".vml")


def damaged(name: str) -> InputRejected:
    """The error for a workbook that cannot be read."""
    return InputRejected(
        "The workbook is damaged or cut short and cannot be opened.",
        where=name,
        next_step="Open it in Excel and save it again as a workbook (.xlsx).",
    )


@dataclass(frozen=True, slots=True)
class Package:
    """A zip archive whose directory is within bounds; its members are not looked at yet."""

    name: str
    """Of the file, for messages."""
    raw: bytes = field(repr=False)
    members: tuple[zipfile.ZipInfo, ...]

    @classmethod
    def open(cls, raw: bytes, name: str) -> Package:
        """The archive `raw`. Raises InputRejected where it is damaged or beyond all bounds."""
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                members = tuple(archive.infolist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
            raise damaged(name) from None
        size = sum(member.file_size for member in members)
        if len(members) > MOST_MEMBERS or size > MOST_BYTES:
            raise InputRejected(
                f"The workbook unpacks to more than {MOST_BYTES >> 30} GiB or has more than"
                f" {MOST_MEMBERS:,} parts; it was not opened.",
                where=name,
                next_step="Split it, or export the claim lines as CSV.",
            )
        if size > max(MOST_FREE, len(raw) * MOST_RATIO):
            raise InputRejected(
                f"The workbook unpacks to more than {MOST_RATIO} times its size; it was not"
                " opened.",
                where=name,
                next_step="No claim export does so. Open it in Excel and save it again.",
            )
        return cls(name, raw, members)

    def find(self, part: str) -> zipfile.ZipInfo | None:
        """The member `part`, whatever the case; the last of several, as the reader has it."""
        wanted = plain(part)
        return next((m for m in reversed(self.members) if plain(m.filename) == wanted), None)

    def part(self, part: str) -> bytes:
        """All of a small member; b'' where there is none."""
        member = self.find(part)
        if member is None:
            return b""
        if member.file_size > _MOST_PART:
            raise damaged(self.name)
        return b"".join(self.pieces(member))

    def pieces(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """What is in a member, in pieces of any size.

        Raises InputRejected where it is not what the directory says, is locked, or declares
        entities of its own, which no spreadsheet program does and some readers choke on.
        """
        given, check, tail = 0, 0, b""
        xml = member.filename.lower().endswith(_XML)
        for piece in self._inflated(member):
            given += len(piece)
            check = zlib.crc32(piece, check)
            if given > member.file_size:
                raise damaged(self.name)
            if xml:
                if _ENTITY in tail + piece[: len(_ENTITY)] or _ENTITY in piece:
                    raise InputRejected(
                        "The workbook declares XML entities, which no spreadsheet program does;"
                        " it was not opened.",
                        where=self.name,
                        next_step="Open it in Excel and save it again as a workbook (.xlsx).",
                    )
                tail = (tail + piece)[-len(_ENTITY) :] if len(piece) < len(_ENTITY) else piece[-8:]
            yield piece
        if given != member.file_size or check != member.CRC:
            raise damaged(self.name)

    def _inflated(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        packed = self._packed(member)
        if member.compress_type == zipfile.ZIP_STORED:
            for at in range(0, len(packed), _PIECE):
                yield bytes(packed[at : at + _PIECE])
            return
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for at in range(0, len(packed), _FEED):
                feed: bytes | memoryview = packed[at : at + _FEED]
                while feed and not unpacker.eof:
                    yield unpacker.decompress(feed, _PIECE)
                    feed = unpacker.unconsumed_tail
            yield unpacker.flush()
        except zlib.error:
            raise damaged(self.name) from None

    def _packed(self, member: zipfile.ZipInfo) -> memoryview:
        """The bytes of a member as they lie in the archive."""
        start = member.header_offset
        head = self.raw[start : start + _LOCAL.size]
        known = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if len(head) < _LOCAL.size or start < 0 or not known:
            raise damaged(self.name)
        if member.flag_bits & 1:
            raise InputRejected(
                "The archive is protected by a password.",
                where=self.name,
                next_step="Unpack it, and name the unpacked file.",
            )
        sign, name, extra = _LOCAL.unpack(head)
        at = start + _LOCAL.size + name + extra
        packed = memoryview(self.raw)[at : at + member.compress_size]
        if sign != b"PK\x03\x04" or len(packed) != member.compress_size:
            raise damaged(self.name)
        return packed


def plain(part: str) -> str:
    """The name of a member as the reader compares it."""
    return part.replace("\\", "/").lstrip("/").lower()
