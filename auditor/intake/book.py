"""What a workbook says of itself, read before a reader of workbooks opens it.

Which format it is, which sheets it has and which of them are hidden, from which day its dates
count; and, while every byte of it is looked through, that no sheet reaches beyond all bounds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree  # type: ignore[import-untyped]  # it ships no type hints

from auditor.errors import InputRejected
from auditor.intake import compound, extent
from auditor.intake.package import Package, damaged, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from auditor.intake.extent import Extent

DAY_ZERO = date(1899, 12, 30)
DAY_ZERO_1904 = date(1904, 1, 1)
_STATES = ("visible", "hidden", "veryHidden")
_SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
_DOCUMENTS = {
    b"application/vnd.oasis.opendocument.text": "a text document (.odt)",
    b"application/vnd.oasis.opendocument.presentation": "a presentation (.odp)",
    b"application/vnd.oasis.opendocument.graphics": "a drawing (.odg)",
}
_NULL_DATE = re.compile(rb'<table:null-date[^>]*table:date-value="(\d{4})-(\d\d)-(\d\d)')
_WB_PROP, _BUNDLE, _BUNDLE_END = 0x99, 0x9C, 0x90  # records of an .xlsb workbook


class Tab(NamedTuple):
    """One sheet of a workbook, in its place."""

    state: str
    """visible, hidden or veryHidden; '' where the format says it elsewhere."""
    grid: bool = True
    """It has cells; a chart sheet has none."""
    uncalculated: int = 0
    """Cells with a formula and no value."""


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook that may be opened."""

    kind: str
    """xlsx, xlsm, xlsb, xls or ods."""
    tabs: tuple[Tab, ...]
    """In their order; empty where the format says nothing of them before it is opened."""
    content: bytes = field(repr=False)
    """What the reader of workbooks may be given."""
    day_zero: date = DAY_ZERO

    @property
    def notes(self) -> tuple[str, ...]:
        """What the operator should know of the whole workbook."""
        if self.day_zero == DAY_ZERO:
            return ()
        return (f"The workbook counts its days from {self.day_zero}: bare day numbers are too.",)


def look(raw: bytes, name: str) -> Book:
    """What `raw`, a workbook without encryption, says of itself.

    Raises InputRejected where it is damaged, is no workbook, or is beyond all bounds.
    """
    if raw.startswith(compound.SIGNATURE):
        return _xls(raw, name)
    package = Package.open(raw, name)
    if package.find("xl/workbook.bin") is not None:
        return _xlsb(package)
    if package.find("xl/workbook.xml") is not None:
        return _xlsx(package)
    if package.find("content.xml") is not None or package.find("encrypted-package") is not None:
        return _ods(package)
    raise InputRejected(
        "The file is a zip archive, but not a workbook.",
        where=name,
        next_step="Unpack it and name the claim file in it, or save it as CSV.",
    )


def _xls(raw: bytes, name: str) -> Book:
    _, stream = compound.stream_of(raw, name)
    clean, found = compound.measured(stream, name)
    _within(found, name)
    sheets, mac, _ = compound.overview(stream)
    tabs = tuple(Tab(state, grid) for state, grid in sheets)
    return Book("xls", tabs, compound.packed(clean, name), DAY_ZERO_1904 if mac else DAY_ZERO)


def _xlsx(package: Package) -> Book:
    root = _tree(package, "xl/workbook.xml")
    relations = _relations(package, "xl/_rels/workbook.xml.rels")
    mac = any(node.get("date1904") in ("1", "true") for node in root.iter("{*}workbookPr"))
    ids = []
    for node in root.iter("{*}sheet"):
        key = next((value for name, value in node.items() if name.endswith("}id")), "")
        ids.append((str(node.get("state", "visible")), relations.get(key, ("", ""))))
    sheets = {part for _, (part, _) in ids if part}
    measured = _look_through(package, sheets, extent.of_xml)
    tabs = tuple(
        Tab(state, "worksheet" in kind or not kind, measured[part].uncalculated)
        for state, (part, kind) in ids
    )
    macros = package.find("xl/vbaProject.bin") is not None
    types = package.part("[Content_Types].xml")
    kind = "xlsm" if macros or b"macroEnabled" in types else "xlsx"
    return Book(kind, tabs, package.raw, DAY_ZERO_1904 if mac else DAY_ZERO)


def _xlsb(package: Package) -> Book:
    data = package.part("xl/workbook.bin")
    relations = _relations(package, "xl/_rels/workbook.bin.rels")
    mac, found = False, list[tuple[str, tuple[str, str]]]()
    at = 0
    try:
        while at < len(data):
            kind, size, start = extent.record_at(data, at)
            at = start + size
            if kind == _WB_PROP:
                mac = bool(data[start] & 1)
            elif kind == _BUNDLE:
                state, _, length = (
                    int.from_bytes(data[start + n : start + n + 4], "little") for n in (0, 4, 8)
                )
                key = data[start + 12 : start + 12 + 2 * min(length, size)].decode("utf-16-le")
                found.append((_STATES[min(state, 2)], relations.get(key, ("", ""))))
            elif kind == _BUNDLE_END:
                break
    except (IndexError, UnicodeDecodeError):
        raise damaged(package.name) from None
    parts = {part for _, (part, _) in found if part}
    _look_through(package, parts, lambda pieces: extent.of_records(pieces()))
    tabs = tuple(Tab(state, "worksheet" in kind or not kind) for state, (_, kind) in found)
    return Book("xlsb", tabs, package.raw, DAY_ZERO_1904 if mac else DAY_ZERO)


def _ods(package: Package) -> Book:
    said = package.part("mimetype").strip()
    if said in _DOCUMENTS:
        raise InputRejected(
            f"The file is {_DOCUMENTS[said]}, which is not read.",
            where=package.name,
            next_step="Export the claim lines as CSV or as a workbook.",
        )
    manifest = package.part("META-INF/manifest.xml")
    if b"encryption-data" in manifest or package.find("content.xml") is None:
        raise InputRejected(
            "The workbook is protected by a password, and the protection of .ods files is not"
            " read.",
            where=package.name,
            next_step="Save a copy without the password, or as an Excel workbook (.xlsx).",
        )
    if said != _SPREADSHEET:
        raise damaged(package.name)
    zero = [DAY_ZERO]

    def watched(pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces; what they say of the first day is kept."""
        before = b""
        for piece in pieces:
            said = _NULL_DATE.search(before + piece)
            if said:
                with suppress(ValueError):
                    zero[0] = date(*map(int, said.groups()))
            before = piece[-200:]
            yield piece

    _look_through(package, {"content.xml"}, lambda pieces: extent.of_ods(watched(pieces())))
    return Book("ods", (), package.raw, zero[0])


def _look_through(
    package: Package, sheets: set[str], measure: Callable[[Callable[[], Iterator[bytes]]], Extent]
) -> defaultdict[str, Extent]:
    """Unpack every member once; the extents of those that are `sheets`."""
    found: defaultdict[str, Extent] = defaultdict(extent.Extent)
    for member in package.members:
        if member.filename.endswith("/"):
            continue
        part = plain(member.filename)
        pieces = partial(package.pieces, member)
        if part in sheets:
            found[part] = measure(pieces)
            _within(found[part], package.name)
        else:
            for _ in pieces():
                pass
    return found


def _within(found: Extent, name: str) -> None:
    if found.too_far:
        raise InputRejected(
            f"A sheet of the workbook reaches over {found.rows:,} rows and {found.columns:,}"
            " columns, far more than it holds; it was not opened."
            if found.filled < extent.MOST_CELLS
            else f"A sheet of the workbook has {found.filled:,} cells; it was not opened.",
            where=name,
            next_step="Delete what stands far away from the claim lines, split the workbook, or"
            " export the claim lines as CSV.",
        )


def _tree(package: Package, part: str) -> etree._Element:
    """A small part parsed: nothing is fetched and nothing expanded."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(package.part(part), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise damaged(package.name) from None


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """Id -> (member, type) of what the workbook refers to."""
    if package.find(part) is None:
        return {}
    found = {}
    for node in _tree(package, part).iter("{*}Relationship"):
        target = str(node.get("Target", "")).replace("\\", "/")
        inside = target.startswith(("/", "xl/"))
        whole = target if inside else f"xl/{target.removeprefix('./')}"
        if whole.startswith("xl/../"):
            whole = whole.removeprefix("xl/../")
        kind = str(node.get("Type", "")).rpartition("/")[2]
        found[str(node.get("Id", ""))] = (plain(whole), kind.lower())
    return found
