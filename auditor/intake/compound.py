"""Compound files (OLE): old workbooks (.xls), and the envelope of workbooks with a password.

The reader of workbooks believes what a compound file and its records say of their own sizes, and
makes room accordingly. So it is handed a file made anew, with the stream of records alone, in
which the sizes that it would believe are left out.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import olefile  # type: ignore[import-untyped]  # it ships no type hints

from auditor.errors import InputRejected
from auditor.intake.extent import BIFF_END, Extent, of_biff
from auditor.intake.package import damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURE = b"\xd0\xcf\x11\xe0"
ENVELOPE = "EncryptedPackage"
_OTHERS = (
    ("worddocument", "a Word document"),
    ("powerpoint document", "a PowerPoint presentation"),
    ("visiodocument", "a Visio drawing"),
    ("__properties_version1.0", "an Outlook message"),
    ("props", "a Publisher or Project file"),
)
_FILEPASS, _SHEET, _DATEMODE, _TEXTS, _SIZE = 0x2F, 0x85, 0x22, 0xFC, 0x200
_LEAST_TEXT = 3  # bytes of one of the texts of a workbook
_SECTOR = 4096
_PER_TABLE = _SECTOR // 4  # sectors that one sector of the table tells of
_MOST_TABLES = 109  # of the table, that the header has room for: 446 MB
_FREE, _LAST, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NO_GRID = frozenset({0x02, 0x06})  # a chart sheet, a Visual Basic module
_STATES = ("visible", "hidden", "veryHidden")


def stream_of(raw: bytes, name: str) -> tuple[str, bytes]:
    """(its name, what is in it) of the stream that makes a compound file a workbook.

    The name is ENVELOPE for a workbook encrypted whole; then nothing is read of it. Raises
    InputRejected for a damaged file and for one that is no workbook, by what it is.
    """
    _believable(raw, name)
    try:
        with olefile.OleFileIO(io.BytesIO(raw)) as file:
            names = {"/".join(parts).lower(): parts for parts in file.listdir()}
            if ENVELOPE.lower() in names:
                return ENVELOPE, b""
            for known in ("workbook", "book"):
                if known in names:
                    return names[known][-1], file.openstream(names[known]).read()
    except Exception:  # noqa: BLE001 -- of a damaged file it raises whatever it stumbles over
        raise damaged(name) from None
    word = next((word for start, word in _OTHERS if start in names), "no workbook")
    raise InputRejected(
        f"The file is {word}, which is not read.",
        where=name,
        next_step="Export the claim lines as CSV or as an Excel workbook (.xlsx).",
    )


def records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """(kind, where its content begins, size) of each record of an .xls workbook."""
    at, end = 0, len(stream) - 4
    while at <= end:
        kind, size = stream[at] | stream[at + 1] << 8, stream[at + 2] | stream[at + 3] << 8
        yield kind, at + 4, size
        at += size + 4


def overview(stream: bytes) -> tuple[list[tuple[str, bool]], bool, bool]:
    """(state of each sheet and whether it has cells, dates count from 1904, it is encrypted)."""
    sheets: list[tuple[str, bool]] = []
    mac = locked = False
    for kind, at, size in records(stream):
        if kind == _SHEET and size > 5:  # noqa: PLR2004 -- place of the state, then of the kind
            state = _STATES[min(stream[at + 4] & 3, 2)]
            sheets.append((state, stream[at + 5] not in _NO_GRID))
        elif kind == _DATEMODE and size > 1:
            mac = stream[at] == 1
        elif kind == _FILEPASS:
            return [], False, True
        elif kind == BIFF_END:
            break
    return sheets, mac, locked


def _believable(raw: bytes, name: str) -> None:
    """Raises InputRejected where the header speaks of more sectors than the file has."""
    if len(raw) < _MOST_TABLES * 4 + 76:
        raise damaged(name)
    (shift,) = struct.unpack_from("<H", raw, 30)
    counts = struct.unpack_from("<II", raw, 40) + struct.unpack_from("<I4xI", raw, 64)
    if shift not in (9, 12) or max(counts) << shift > len(raw):
        raise damaged(name)


def measured(stream: bytes, name: str) -> tuple[bytes, Extent]:
    """(the stream of records without what the reader would believe, the extent of its sheets).

    Sheets are looked through from where the workbook says that they begin, as the reader does.
    """
    starts: list[int] = []
    for kind, at, size in records(stream):
        if kind == _SHEET and size > 3:  # noqa: PLR2004 -- the place of the sheet
            starts += struct.unpack_from("<I", stream, at)
        elif kind == _TEXTS and size > 7:  # noqa: PLR2004 -- two counts of texts
            (texts,) = struct.unpack_from("<i", stream, at + 4)
            if not 0 <= texts * _LEAST_TEXT <= len(stream):
                raise damaged(name)
        elif kind == BIFF_END:
            break
    clean = bytearray(stream)
    most, left = Extent(), 2 * len(stream)
    for start in starts:
        found, end, sizes = of_biff(stream, start)
        left -= end - start
        if left < 0 or start >= len(stream):  # sheets within sheets
            raise damaged(name)
        for at, size in sizes:
            clean[at : at + size] = bytes(size)
        most = max(most, found, key=lambda extent: extent.rows * extent.columns)
    return bytes(clean), most


def packed(stream: bytes, name: str) -> bytes:
    """A compound file with this stream of records and nothing else."""
    sectors = max(-(-len(stream) // _SECTOR), 1)
    tables = 1
    while tables * _PER_TABLE < sectors + tables + 2:
        tables += 1
    if tables > _MOST_TABLES:
        raise damaged(name)  # ten times what the format can hold
    first = tables + 2  # behind the folder, and the empty place of short streams it must have
    chain = [*range(first + 1, first + sectors), _LAST]
    table = [*[_TABLE] * tables, _LAST, _LAST, *chain]
    table += [_FREE] * (tables * _PER_TABLE - len(table))
    header = SIGNATURE + b"\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H6x", 0x3E, 4, 0xFFFE, 12, 6)
    header += struct.pack("<9I", 1, tables, tables, 0, 4096, _LAST, 0, _LAST, 0)
    header += struct.pack("<109I", *range(tables), *[_FREE] * (_MOST_TABLES - tables))
    folder = _entry("Root Entry", 5, 1, tables + 1, _SECTOR)
    folder += _entry("Workbook", 2, _FREE, first, sectors * _SECTOR)
    return b"".join(
        (
            header.ljust(_SECTOR, b"\0"),
            struct.pack(f"<{len(table)}I", *table),
            folder.ljust(2 * _SECTOR, b"\0"),
            stream.ljust(sectors * _SECTOR, b"\0"),
        )
    )


def _entry(title: str, kind: int, child: int, start: int, size: int) -> bytes:
    """An entry of the folder of a compound file."""
    text = title.encode("utf-16-le") + b"\0\0"
    tree = struct.pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child)
    return text.ljust(64, b"\0") + tree + bytes(36) + struct.pack("<IQ", start, size)
