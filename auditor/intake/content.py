"""The bytes of an input: a regular file, unpacked where it is compressed, read as often as needed.

Nothing here knows what the bytes mean. A file is looked at before it is opened (a pipe would block
for ever), what it unpacks to is bounded while it is unpacked, and a file that changed while it was
read is refused, because nobody could say what of it was audited.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from auditor.errors import InputRejected

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from typing_extensions import Buffer

HELD = 256 << 20  # bytes; what is smaller is unpacked once and held, what is larger read in blocks
HELD_PLAIN = 32 << 20  # bytes; the same of a file that is not packed, which may be read twice
MOST_RATIO = 200  # honest claim exports shrink to a tenth or a twentieth
MOST_FREE = 64 << 20  # bytes that may be unpacked before the ratio is looked at
_START = 64 << 10
_PIECE = 4 << 20
_AGAIN = "Copy it again from where it comes from; if it stays so, export it again."
_CHANGED = "The file changed while it was read."
_WAIT = "Start again when the program that writes it has finished."


class Stamp(NamedTuple):
    """What tells that a file is no longer what it was."""

    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in a file, or in one member of a zip archive."""

    name: str
    """As the messages and ClaimLines.source_file have it."""
    path: Path
    stamp: Stamp
    packing: str = ""
    """'', gzip or zip."""
    member: str = ""
    """Of a zip archive."""
    held: bytes | None = None
    """Everything, where it is small enough."""

    @property
    def start(self) -> bytes:
        """The first bytes, enough to tell the format by."""
        with self.open() as stream:
            return stream.read(_START)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """A stream of the unpacked bytes from the first one on.

        Reading raises InputRejected where the file is damaged, cut short, unpacks to far more than
        a claim export can, or changed since it was first looked at.
        """
        if self.held is not None:
            yield io.BytesIO(self.held)
            return
        with _explained(self.name):
            raw = self.path.open("rb")
        with raw:
            with _explained(self.name):
                inner, most = self._unpacked(raw)
            yield io.BufferedReader(_Guarded(inner, most, self.name), _PIECE)
            _unchanged(raw, self.stamp, self.name)

    def pieces(self, size: int) -> Generator[bytearray]:
        """The unpacked bytes in pieces of `size`, and what is left, as `open` reads them.

        Each stands where the one before stood and is good until the next is asked for: a system
        gives new memory page by page, which takes longer than reading into the same.
        """
        known = len(self.held) if self.held is not None else self.stamp.size
        room = bytearray(size if self.packing and self.held is None else min(size, known + 1))
        with self.open() as stream:
            while found := stream.readinto(room):  # type: ignore[attr-defined]  # both kinds have it
                del room[found:]
                yield room

    def between(self, start: int, stop: int) -> bytes:
        """Bytes of a plain file that somebody looks through from its beginning to its end.

        The system is told that nobody needs them again: what it would keep of a large file it
        takes page by page from others. Raises InputRejected where the file cannot be read or is
        another than the one that was looked at first.
        """
        with _explained(self.name), self.path.open("rb") as raw:
            _unchanged(raw, self.stamp, self.name)
            raw.seek(start)
            data = raw.read(stop - start)
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(raw.fileno(), start, stop - start, os.POSIX_FADV_DONTNEED)
            if len(data) < stop - start:
                raise InputRejected(_CHANGED, where=self.name, next_step=_WAIT)
            return data

    def read(self, most: int, what: str) -> bytes:
        """All bytes at once, for formats that cannot be read in pieces; `what` names the format.

        Raises InputRejected where there are more than `most`.
        """
        if self.held is not None and len(self.held) <= most:
            return self.held
        with self.open() as stream:
            data = stream.read(most + 1)
            if len(data) > most:
                raise InputRejected(
                    f"The file is {what} of more than {most >> 20:,} MiB; it was not opened.",
                    where=self.name,
                    next_step="Split it, or export the claim lines as CSV.",
                )
            stream.read(1)  # an archive checks itself at its end
        return data

    def _unpacked(self, raw: BinaryIO) -> tuple[BinaryIO, int | None]:
        """(the stream of what is in the file, the most bytes it may honestly unpack to)."""
        if not self.packing:
            return raw, None
        if self.packing == "gzip":
            inner, packed = cast("BinaryIO", gzip.GzipFile(fileobj=raw)), self.stamp.size
        else:
            archive = zipfile.ZipFile(raw)
            inner = cast("BinaryIO", archive.open(self.member))
            packed = archive.getinfo(self.member).compress_size
        return inner, max(MOST_FREE, packed * MOST_RATIO)


class _Guarded(io.RawIOBase):
    """A stream whose errors are told in words, and that does not unpack without end."""

    def __init__(self, inner: BinaryIO, most: int | None, name: str) -> None:
        super().__init__()
        self._inner = inner
        self._most = most
        self._given = 0
        self._name = name

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Of a plain file; what is unpacked comes from first to last."""
        return self._most is None

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go elsewhere in a plain file."""
        with _explained(self._name):
            return self._inner.seek(offset, whence)

    def tell(self) -> int:
        """Where in a plain file."""
        return self._inner.tell()

    def readinto(self, buffer: Buffer) -> int:
        """Fill `buffer`, as far as there is something."""
        with _explained(self._name):
            found: int = self._inner.readinto(buffer)  # type: ignore[attr-defined]  # all have it
        self._given += found
        if self._most is not None and self._given > self._most:
            raise InputRejected(
                f"The archive unpacks to more than {MOST_RATIO} times its size; it was not"
                " unpacked further.",
                where=self._name,
                next_step="No claim export does so. If it is one after all, unpack it yourself and"
                " name the unpacked file.",
            )
        return found


def look_at(path: Path, name: str) -> Content:
    """The content of a plain file, held in memory where it is small.

    Raises InputRejected for what is no regular file or cannot be read.
    """
    with _explained(name):
        kind = path.stat()
    if not stat.S_ISREG(kind.st_mode):
        raise InputRejected(
            f"This is {_word(kind.st_mode)}.", where=name, next_step="Name the claim files."
        )
    with _explained(name), path.open("rb") as raw:
        before = _stamp(raw)
        if before.size > HELD_PLAIN:
            return Content(name, path, before)
        held = raw.read(HELD_PLAIN + 1)
        _unchanged(raw, before, name)
    return Content(name, path, before, held=held if len(held) <= HELD_PLAIN else None)


def unpacked(content: Content, packing: str, member: str = "") -> Content:
    """What a gzip file, or a `member` of a zip archive, holds."""
    name = f"{content.name} [{member}]" if member else content.name
    found = Content(name, content.path, content.stamp, packing, member)
    with found.open() as stream:
        start = stream.read(HELD + 1)
    return found if len(start) > HELD else replace(found, held=start)


def _stamp(raw: BinaryIO) -> Stamp:
    found = os.fstat(raw.fileno())
    return Stamp(found.st_size, found.st_mtime_ns)


def _unchanged(raw: BinaryIO, before: Stamp, name: str) -> None:
    if _stamp(raw) != before:
        raise InputRejected(_CHANGED, where=name, next_step=_WAIT)


def _word(mode: int) -> str:
    words = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((word for check, word in words if check(mode)), "a device")


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn what the system and the archives say into what the operator can use."""
    try:
        yield
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError):
        raise InputRejected(
            "The archive is damaged or cut short.", where=name, next_step=_AGAIN
        ) from None
    except (OSError, ValueError, NotImplementedError, RuntimeError) as error:
        # RuntimeError: zipfile's word for a member with a password.
        locked = isinstance(error, RuntimeError) and "password" in str(error).lower()
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InputRejected(
            "The archive is protected by a password."
            if locked
            else f"The file cannot be read ({why}).",
            where=name,
            next_step="Unpack it, and name the unpacked file."
            if locked
            else "Check that it exists and that you may read it.",
        ) from None
