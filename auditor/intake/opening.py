"""From a path to the source that can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.errors import InputRejected
from auditor.intake import header as headers
from auditor.intake import mapping
from auditor.intake.textfile import TextFile, looks_binary
from auditor.intake.workbook import Sheet, locked, open_workbook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.intake.interface import IntakeOptions
    from auditor.intake.source import Source

_OTHER_FORMATS = (
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PAR1", "a Parquet file"),
    (b"ISA*", "an X12 file"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
)
_OLE = b"\xd0\xcf\x11\xe0"  # what .xls and password-protected workbooks begin with


def names_of(files: Sequence[Path]) -> list[str]:
    """A name for each file: its own, or with as many folders as tell it from the others."""
    depth = dict.fromkeys(files, 1)
    while True:
        names = [_text("/".join(path.parts[-depth[path] :])) for path in files]
        double = {
            path
            for path, name in zip(files, names, strict=True)
            if names.count(name) > 1 and depth[path] < len(path.parts)
        }
        if not double:
            return names
        for path in double:
            depth[path] += 1


def _text(name: str) -> str:
    r"""A file's name as valid text.

    A system hands over the bytes of a name that its locale cannot decode as lone surrogates; they
    are UTF-8 after all where the locale is plain C, and are shown as \xe9 where they are not.
    """
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a character, as a Windows name may hold
        return name.encode("utf-8", "backslashreplace").decode()


def open_source(path: Path, name: str, options: IntakeOptions) -> Source:
    """The source for a file, by what its first bytes say and not by its name."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputRejected(
            f"The file cannot be read ({error.strerror or type(error).__name__}).",
            where=name,
            next_step="Check that it exists and that you may read it.",
        ) from None
    mapped = tuple(options.columns.values())
    if raw.startswith(b"PK"):

        def fits(sheet: Sheet) -> bool:
            found = headers.find(sheet.head(), mapped)
            return found is not None and mapping.fits(found.names, options.columns)

        return open_workbook(name, raw, options.sheet, fits)
    if raw.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            raise locked(name)
        raise _unread(name, "an old Excel workbook (.xls)")
    for mark, word in _OTHER_FORMATS:
        if raw.startswith(mark):
            raise _unread(name, word)
    if looks_binary(raw):
        raise _unread(name, "not text")
    return TextFile.open(name, raw, mapped)


def _unread(name: str, word: str) -> InputRejected:
    return InputRejected(
        f"The file is {word}, which is not read.",
        where=name,
        next_step="Export the claim lines as CSV or as an Excel workbook (.xlsx).",
    )
