"""Files as CMS hands them out: bare, zipped, or zipped several times over.

Every file of a container is given with the names it lies under, because only the names date it.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from auditor.errors import ReferenceDataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_MEMBER = 1 << 30
"""Bytes of one unpacked file. The largest CMS table is under 100 MB."""
MAX_MEMBERS = 1000
MAX_DEPTH = 3

OLE_MAGIC = b"\xd0\xcf\x11\xe0"
"""Begins an .xls file, and an .xlsx file locked by a password."""
_ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Member:
    """One file to look at, unpacked."""

    names: tuple[str, ...]
    """Its own name, then the names of the archives around it, innermost first."""
    data: bytes
    sha256: str
    """Of `data`."""
    file_sha256: str
    """Of the file on disk that it came from."""

    @property
    def file(self) -> str:
        """Name of the file on disk."""
        return self.names[-1]

    @property
    def shown(self) -> str:
        """`outer.zip/inner.txt`, for messages."""
        return "/".join(reversed(self.names))

    @property
    def is_office(self) -> bool:
        """True for an Office document, which is a zip archive of its own kind."""
        return self.data.startswith(_ZIP_MAGIC)


def members(path: Path) -> Iterator[Member]:
    """Every file in `path`, archives opened; raises ReferenceDataError for a damaged one."""
    try:
        if path.stat().st_size > MAX_MEMBER:
            raise _bad((path.name,), "the file is larger than any CMS table.")
        data = path.read_bytes()
    except OSError as error:
        what = f"the file could not be read ({error.strerror or type(error).__name__})."
        raise ReferenceDataError(what, where=path.name, next_step="Check the path.") from None
    digest = hashlib.sha256(data).hexdigest()
    yield from _unpack((path.name,), data, digest)


def _unpack(names: tuple[str, ...], data: bytes, file_sha256: str) -> Iterator[Member]:
    archive = _archive(names, data)
    if archive is None:
        digest = file_sha256 if len(names) == 1 else hashlib.sha256(data).hexdigest()
        yield Member(names, data, digest, file_sha256)
        return
    with archive:
        inside = sorted(
            (info for info in archive.infolist() if not info.is_dir()), key=lambda i: i.filename
        )
        if len(names) > MAX_DEPTH or len(inside) > MAX_MEMBERS:
            raise _bad(names, "the archive is nested too deep or holds too many files.")
        for info in inside:
            name = PurePosixPath(info.filename.replace("\\", "/")).name
            yield from _unpack((name, *names), _read(archive, info, names), file_sha256)


def _archive(names: tuple[str, ...], data: bytes) -> zipfile.ZipFile | None:
    """The open archive; None for a file that is not one, or is a workbook."""
    if not data.startswith(_ZIP_MAGIC):
        if names[0].lower().endswith((".zip", ".xlsx")) and not data.startswith(OLE_MAGIC):
            raise _bad(names, "the file is damaged: its name promises an archive it is not.")
        return None
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError):
        raise _bad(names, "the archive is damaged or was cut off.") from None
    if "[Content_Types].xml" in archive.namelist():  # an Office document: one file, not many
        archive.close()
        return None
    return archive


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, names: tuple[str, ...]) -> bytes:
    if info.flag_bits & 1:
        raise _bad(names, "the archive is locked by a password.")
    if info.file_size > MAX_MEMBER:
        raise _bad(names, "the archive unpacks to more than any CMS table holds.")
    try:
        with archive.open(info) as stream:
            data = stream.read(MAX_MEMBER + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError):
        raise _bad(names, "the archive is damaged: a file in it cannot be unpacked.") from None
    if len(data) > MAX_MEMBER:
        raise _bad(names, "the archive unpacks to more than any CMS table holds.")
    return data


def _bad(names: tuple[str, ...], what: str) -> ReferenceDataError:
    return ReferenceDataError(
        what,
        where="/".join(reversed(names)),
        next_step="Download it from CMS again; nothing was changed.",
    )
