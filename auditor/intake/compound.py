"""Compound files (OLE): old workbooks (.xls), and the envelope of workbooks with a password."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import olefile  # type: ignore[import-untyped]  # it ships no type hints

from auditor.errors import InputRejected
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
_FILEPASS, _SHEET, _DATEMODE, _END = 0x2F, 0x85, 0x22, 0x0A
_NO_GRID = frozenset({0x02, 0x06})  # a chart sheet, a Visual Basic module
_STATES = ("visible", "hidden", "veryHidden")


def stream_of(raw: bytes, name: str) -> tuple[str, bytes]:
    """(its name, what is in it) of the stream that makes a compound file a workbook.

    The name is ENVELOPE for a workbook encrypted whole; then nothing is read of it. Raises
    InputRejected for a damaged file and for one that is no workbook, by what it is.
    """
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
        elif kind == _END:
            break
    return sheets, mac, locked
