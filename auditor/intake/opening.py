"""From a path to the sources that can read it, by what the first bytes say and not by the name."""

from __future__ import annotations

import re
import zipfile
from pathlib import PurePath
from typing import TYPE_CHECKING

from auditor.errors import InputRejected
from auditor.intake import header as headers
from auditor.intake import mapping
from auditor.intake.content import look_at, unpacked
from auditor.intake.fixed import FixedFile
from auditor.intake.parquet import SIGNATURES as _PARQUET
from auditor.intake.parquet import open_parquet
from auditor.intake.scanning import marked
from auditor.intake.textfile import TextFile, looks_binary
from auditor.intake.x12 import begins, open_x12

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from auditor.intake.content import Content
    from auditor.intake.interface import IntakeOptions
    from auditor.intake.source import Source

_OTHER_FORMATS = (
    (b"%PDF", "a PDF document"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "a word processor's document"),
)
_NAMED = {
    ".zip": "a zip archive",
    ".gz": "a gzip archive",
    ".xlsx": "an Excel workbook",
    ".xlsm": "an Excel workbook",
    ".xlsb": "an Excel workbook",
    ".xls": "an Excel workbook",
    ".ods": "an OpenDocument workbook",
    ".parquet": "a Parquet file",
}
"""What a name says of a file; asked only where the bytes say nothing that we know."""
_BINARY = ("not text", "")
_RESAVED = "Open it in Excel and save it as a workbook (.xlsx) or as CSV."
# Text that is no table, by what it begins with. [Claim ID] is a column name in brackets.
_MARKUP = (
    (r"\{|\[\s*(?:[\[{\"\]\d-]|$)", "a JSON file", ""),
    (
        r"<(?:html|head|meta|body|style|table)\b|<!doctype\s+html\b",
        "a web page (HTML), perhaps saved with the ending .xls",
        _RESAVED,
    ),
    (r"<\?xml\b", "an XML file (perhaps a workbook saved as XML Spreadsheet)", _RESAVED),
)
_OLE = b"\xd0\xcf\x11\xe0"  # what .xls and password-protected workbooks begin with
# Members that make a zip archive a workbook; the last is that of an .ods file with a password.
_BOOKS = frozenset({"xl/workbook.xml", "xl/workbook.bin", "content.xml", "encrypted-package"})
_MOST_MEMBERS = 1_000  # of an archive of claim files
_NO_CLAIMS = (".pdf", ".md", ".doc", ".docx", ".rtf", ".htm", ".html", ".sha256", ".md5", ".sig",
             ".xml", ".json", ".log", ".sql", ".exe")  # fmt: skip
_BESIDE_CLAIMS = ("readme", "manifest", "checksum")


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


def open_sources(path: Path, name: str, options: IntakeOptions) -> list[Source]:
    """The sources of a file: one, or several for an archive or sheets that `options` name.

    Raises InputRejected, with what to do, for everything that cannot be read.
    """
    return _sources(look_at(path, name), options)


def _sources(content: Content, options: IntakeOptions, packed: str = "") -> list[Source]:
    """The sources of `content`; `packed` is the kind of archive that it lies in."""
    start = content.start
    if start.startswith(b"\x1f\x8b"):
        return _sources(_inside(content, packed, "gzip"), options, "gzip")
    if start.startswith(b"PK"):
        members = _members(content)
        if not _is_workbook(members):
            return _zipped(content, members, options, packed)
    return [*_of_format(content, start, options)]


def _of_format(content: Content, start: bytes, options: IntakeOptions) -> Sequence[Source]:
    """The sources of what is no archive, or a workbook."""
    if start.startswith((b"PK", _OLE)):
        # What reads XML, encryption and workbooks takes as long to import as a short file to read.
        from auditor.intake.workbook import open_workbook  # noqa: PLC0415 - see above

        def fits(source: Source) -> bool:
            if options.layout is not None:
                return options.layout.suits(source.head())
            found = headers.find(source.head(), tuple(options.columns.values()))
            return found is not None and mapping.fits(found.names, options.columns)

        return open_workbook(content, options, fits)
    if start.startswith(_PARQUET):
        return [open_parquet(content)]
    if begins(start):
        return [open_x12(content)]
    fixed = options.layout is not None and options.layout.fixed
    refused = _no_table(start, fixed=fixed)
    if refused == _BINARY and (named := _named(content)) is not None:
        raise InputRejected(
            f"The file's name says that it is {named}, and its content is none: it is damaged,"
            " encrypted, or something else.",
            where=content.name,
            next_step="Copy it again from where it comes from; if it stays so, export it again.",
        )
    if refused is not None:
        raise _unread(content.name, *refused)
    if options.layout is not None and fixed:
        return [FixedFile.open(content, options.layout)]
    return [TextFile.open(content, options)]


def _no_table(start: bytes, *, fixed: bool) -> tuple[str, str] | None:
    """What a file is that begins so and is no text in columns, and what to do with it.

    `fixed`: its lines are not divided by delimiters, and may begin with anything.
    """
    for mark, word in _OTHER_FORMATS:
        if start.startswith(mark):
            return word, ""
    if looks_binary(start):
        return _BINARY
    text = start.decode(marked(start), errors="ignore").lstrip("\ufeff \t\r\n\f\v")
    for pattern, word, then in () if fixed else _MARKUP:
        if re.match(pattern, text, re.IGNORECASE):
            return word, then
    return None


def _named(content: Content) -> str | None:
    """The format that the name of `content` promises; None for text, or where it promises none."""
    path = PurePath(content.member or content.path.name)
    name = path.stem if content.packing == "gzip" else path.name  # march.xlsx.gz
    return _NAMED.get(PurePath(name).suffix.lower())


def _inside(content: Content, packed: str, packing: str, member: str = "") -> Content:
    if packed:
        raise _unread(content.name, "an archive inside another")
    return unpacked(content, packing, member)


def _members(content: Content) -> list[zipfile.ZipInfo]:
    """What lies in a zip archive: files only."""
    try:
        with content.open() as stream, zipfile.ZipFile(stream) as archive:
            return [m for m in archive.infolist() if not m.filename.endswith("/")]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError):
        raise InputRejected(
            "The workbook or archive is damaged or cut short and cannot be opened.",
            where=content.name,
            next_step="Copy it again from where it comes from; if it stays so, export it again.",
        ) from None


def _is_workbook(members: Sequence[zipfile.ZipInfo]) -> bool:
    names = {member.filename.replace("\\", "/").lower() for member in members}
    return not names.isdisjoint(_BOOKS)


def _zipped(
    content: Content, members: Sequence[zipfile.ZipInfo], options: IntakeOptions, packed: str
) -> list[Source]:
    """The sources of an archive's files; what cannot hold claims by its name is left out."""
    files = [m.filename for m in members if not _hidden(m.filename)]
    claims = [name for name in files if _may_hold_claims(name)]
    if not claims or len(claims) > _MOST_MEMBERS:
        raise InputRejected(
            f"The archive holds {len(claims):,} files that could be claim files."
            if claims
            else "The archive holds no file that could be a claim file.",
            where=content.name,
            next_step="Unpack it and name the claim files.",
        )
    found: list[Source] = []
    for name in claims:
        found += _sources(_inside(content, packed, "zip", name), options, "zip")
    return found


def _may_hold_claims(member: str) -> bool:
    name = member.replace("\\", "/").lower().rpartition("/")[2]
    return not name.endswith(_NO_CLAIMS) and not name.startswith(_BESIDE_CLAIMS)


def _hidden(member: str) -> bool:
    """Whether a member is an archiver's own, such as __MACOSX/._claims.csv."""
    return any(part.startswith((".", "__MACOSX")) for part in member.split("/"))


def _unread(name: str, word: str, then: str = "") -> InputRejected:
    return InputRejected(
        f"The file is {word}, which is not read.",
        where=name,
        next_step=then or "Export the claim lines as CSV or as an Excel workbook (.xlsx).",
    )
