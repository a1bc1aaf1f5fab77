"""Whether a file holds a line of a patient under legal hold.

Asked before a file goes, so a doubt counts as yes: what cannot be looked into is kept. An id is
found wherever it stands as a part of a text, which may be in a longer id: then the file is kept
as well.
"""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

from auditor.errors import AuditorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from auditor.config import Settings
    from auditor.intake.content import Content
    from auditor.intake.interface import Intake
    from auditor.nightly.holds import Held

Answer = Literal["no", "yes", "cannot tell"]
_PLAIN = frozenset({".csv", ".tsv", ".txt", ".json", ".jsonl", ".md", ".837", ".x12", ".edi", ""})
_BOOK = "xl/workbook.xml"
"""The member that makes an archive a workbook whose texts are XML; other kinds are kept."""
_OLE = b"\xd0\xcf\x11\xe0"
"""Older workbooks, and those with a password."""
_MOST = 1_000
"""Members of an archive; intake reads no more."""
_ENCODINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_TAG = re.compile(r"<[^>]*>")


def in_outputs(folder: Path, held: Held) -> Answer:
    """Whether a file below `folder`, which a run wrote, names a patient of `held`."""
    told: Answer = "no"
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        found = in_text(path, held)
        if found == "yes":
            return "yes"
        told = "cannot tell" if found == "cannot tell" else told
    return told


def in_claims(path: Path, held: Held, read: Callable[[Path], Intake]) -> Answer:
    """Whether the export `path` names a patient of `held`: as text, and as `read` understands it.

    `read` may raise anything: a file that is not read is not looked into.
    """
    plain = in_text(path, held)
    if plain == "yes":
        return "yes"
    try:
        intake = read(path)
    except Exception:  # noqa: BLE001 - whatever it is, the file was not looked into
        return plain if path.suffix.lower() in _PLAIN else "cannot tell"
    known = (*intake.lines["patient_id"].unique(), *intake.rejected["patient_id"].unique())
    if any(map(held.has, known)):
        return "yes"
    aside = intake.rejected.height + intake.set_aside.height
    # of rows that did not become lines nobody knows the patient, but the text has been searched
    return "cannot tell" if aside and plain == "cannot tell" else "no"


def in_text(path: Path, held: Held) -> Answer:
    """Whether `path` names a patient of `held` anywhere in its text."""
    try:
        for text in _texts(path):
            folded = text.casefold()
            if any(patient in folded for patient in held.patients):
                return "yes"
    except (AuditorError, OSError, ValueError, _NoText, zipfile.BadZipFile, NotImplementedError):
        return "cannot tell"
    return "no"


def reader(
    settings: Settings, feed: str, pinned: Path, password: Callable[[str], str | None] | None
) -> Callable[[Path], Intake]:
    """Reads an export as the nightly run of `feed` reads it now.

    `pinned` is the layout file of a feed without one of its own, where it exists; `password` is
    asked with a file's name.
    """
    from auditor import config  # noqa: PLC0415 - the settings import this package
    from auditor.intake import load_layout, read_claims  # noqa: PLC0415 - heavy
    from auditor.nightly.reading import options_of  # noqa: PLC0415 - as above

    own = config.of_feed(settings, feed) if feed in settings.feeds else settings

    def read(path: Path) -> Intake:
        named = own.layout or (pinned if pinned.is_file() else None)
        layout = None if named is None else load_layout(named)
        return read_claims((path,), options_of(own, layout, password))

    return read


class _NoText(Exception):  # noqa: N818 - it says what was found, and nobody else sees it
    """A form that nobody here can read."""


def _texts(path: Path) -> Iterator[str]:
    """All texts of a file, also of those in an archive, as intake unpacks it."""
    from auditor.intake.content import look_at  # noqa: PLC0415 - as in reader

    yield from _texts_of(look_at(path, "an export"))


def _texts_of(content: Content) -> Iterator[str]:
    """By what the first bytes say, as intake has it, and by the name only where they say nothing.

    Every member of an archive is looked into, also those that intake leaves out.
    """
    from auditor.intake.content import unpacked  # noqa: PLC0415 - as in reader

    start = content.start
    if content.packing and content.held is None:
        raise _NoText  # too large to be held
    if start.startswith(b"\x1f\x8b") and not content.packing:
        yield from _texts_of(unpacked(content, "gzip"))
    elif start.startswith(b"PK"):
        raw = _raw(content)
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [m.filename for m in archive.infolist() if not m.is_dir()]
        if _BOOK in members:
            yield from _cells(raw)
        elif content.packing or len(members) > _MOST or len(set(members)) < len(members):
            raise _NoText
        else:
            for member in members:
                yield from _texts_of(unpacked(content, "zip", member))
    elif start.startswith(b"PAR1"):
        yield from _columns(_raw(content))
    elif not start.startswith(_OLE) and _form(content) in _PLAIN:
        yield _raw(content).decode(_ENCODINGS.get(start[:2], "utf-8"), errors="replace")
    else:
        raise _NoText


def _form(content: Content) -> str:
    """The ending of the name of what was packed."""
    path = PurePath(content.member or content.path.name)
    name = path.stem if content.packing == "gzip" else path.name  # march.csv.gz
    return PurePath(name).suffix.lower()


def _raw(content: Content) -> bytes:
    with content.open() as stream:
        return stream.read()


def _columns(raw: bytes) -> Iterator[str]:
    """The texts of a Parquet file, column by column."""
    import polars as pl  # noqa: PLC0415 - importing this module stays cheap

    try:
        frame = pl.scan_parquet(io.BytesIO(raw))
        names = [n for n, kind in frame.collect_schema().items() if kind == pl.String()]
        for name in names:
            yield "\n".join(frame.select(name).collect().to_series().drop_nulls().unique())
    except pl.exceptions.PolarsError:
        raise _NoText from None


def _cells(raw: bytes) -> Iterator[str]:
    """The texts of a workbook; one that needs a password is no archive and fails."""
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        for name in book.namelist():
            if name.endswith(".xml"):
                yield unescape(_TAG.sub("\n", book.read(name).decode("utf-8", errors="replace")))
