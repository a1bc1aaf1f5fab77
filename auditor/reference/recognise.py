"""Which CMS table a file holds, and of which quarter: by its contents and its names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import ReferenceDataError
from auditor.reference import aoc, fees, hcpcs, mue, ptp
from auditor.reference.containers import OLE_MAGIC
from auditor.reference.grids import Grid, delimited, fixed, sheets
from auditor.reference.kinds import KINDS, TITLES, quarter_name
from auditor.reference.layout import Header, Layout, Parsed, parse
from auditor.reference.names import Hints, merge, read_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from auditor.reference.containers import Member
    from auditor.reference.interface import Kind
    from auditor.reference.layout import Family

EXPECTED = (
    "Expected one of CMS's own files: add-on code edits, PTP edits, MUE values, "
    "PPRRVU relative values or HCPCS Level II, as text, CSV, xlsx or zip."
)
_PARSERS = (ptp, mue, aoc, fees, hcpcs)
_LAYOUTS: dict[Family, Layout] = {
    "aoc": aoc.LAYOUT,
    "ptp": ptp.LAYOUT,
    "mue": mue.LAYOUT,
    "fee-schedule": fees.LAYOUT,
    "hcpcs": hcpcs.LAYOUT,
}
_CHANGES: dict[Family, Layout] = {"ptp": ptp.CHANGES, "mue": mue.CHANGES}
_WORD_COLUMNS = hcpcs.WORD_COLUMNS | set(fees.WORDS_FIXED)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class NotACmsTable(ReferenceDataError):  # noqa: N818 - says what the file is, like its parent
    """A file that is no CMS table we keep; beside others it is skipped, alone it is an error."""


@dataclass(frozen=True, slots=True)
class Found:
    """One table found in a file; its rows are read when asked for."""

    kind: Kind
    change: str
    """'' for a whole table, else the sort of quarterly change file."""
    effective: date
    revision: int
    part: int
    """1 to 4 for a PTP file whose name says so, else 0."""
    shown: str
    """File, archive and sheet names, for messages."""
    layout: Layout
    read: Callable[[], Parsed]
    note: str

    @property
    def title(self) -> str:
        """What it is, in words: `PTP practitioner 2024Q3, part 1`."""
        words = f"{TITLES[self.kind]} {quarter_name(self.effective)}"
        if self.change:
            return f"{words}, {self.change}"
        if self.revision:
            words += f" r{self.revision}"
        return f"{words}, part {self.part}" if self.part else words


def find_tables(member: Member, kind: Kind | None, effective: date | None) -> list[Found]:
    """The tables in one file; `kind` and `effective` are the operator's word and win.

    Raises NotACmsTable for a file of another sort, ReferenceDataError for a CMS table that is
    damaged, undated, or not what `kind` says.
    """
    found = []
    for title, header, read in _look(member):
        shown = f"{member.shown} [{title}]" if title else member.shown
        hints = [*map(read_name, member.names), read_name(title), header.hints]
        said = merge(hints)
        if said.medicaid:
            raise NotACmsTable(
                "a Medicaid table; only Medicare tables are kept so far.", where=shown
            )
        its_kind = _kind(header, said, kind, shown)
        change = (read_name(title).change or said.change or "changes") if header.change else ""
        date_ = effective or said.effective
        if date_ is None:
            what = f"recognised as {TITLES[its_kind]}, but neither name nor contents date it."
            raise ReferenceDataError(
                what, where=shown, next_step="Say its first day with --effective YYYY-MM-DD."
            )
        layout = (_CHANGES if header.change else _LAYOUTS)[header.family]
        found.append(
            Found(
                kind=its_kind,
                change=change,
                effective=date_,
                revision=0 if header.change else said.revision or 0,
                part=(said.part or 0) if header.family == "ptp" else 0,
                shown=shown,
                layout=layout,
                read=read,
                note=_disagreement(hints, date_, given=effective is not None),
            )
        )
    return found


def _look(member: Member) -> list[tuple[str, Header, Callable[[], Parsed]]]:
    """Sheet name, header and reader of every table in the file."""
    data = member.data
    if data.startswith(OLE_MAGIC):
        raise NotACmsTable(
            "an old .xls workbook, or one locked by a password.",
            where=member.shown,
            next_step="Save it as .xlsx without a password.",
        )
    if member.is_office:
        looked = [(grid, _header(grid)) for grid in sheets(member)]
        tables = [(grid.title, header, _reader(grid, header)) for grid, header in looked if header]
        if tables:
            return tables
        grids = [grid for grid, _ in looked]
    else:
        data = _plain(data)
        if aoc.is_fixed(data):
            return [("", Header("aoc", 0, {}), lambda: _fixed(data, aoc.FIXED, aoc.LAYOUT))]
        if fees.is_fixed(data):
            lines = data.count(b"\n", 0, fees.header_end(data))
            header = Header("fee-schedule", lines, {})
            return [("", header, lambda: _fixed(data, fees.FIXED, fees.LAYOUT, lines))]
        grids = [delimited(data, separator) for separator in "\t,"]
        for grid in grids:
            header_ = _header(grid)
            if header_:
                return [("", header_, _reader(grid, header_))]
    return [_notice_only(member, grids)]


def _plain(data: bytes) -> bytes:
    """UTF-16 and byte order marks, as spreadsheets save text, out of the way."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", errors="replace").encode()
    return data.removeprefix(b"\xef\xbb\xbf")


def _header(grid: Grid) -> Header | None:
    return next(filter(None, (parser.header(grid.head) for parser in _PARSERS)), None)


def _reader(grid: Grid, header: Header) -> Callable[[], Parsed]:
    layout = (_CHANGES if header.change else _LAYOUTS)[header.family]

    def read() -> Parsed:
        raw, lost = grid.read(header.first)
        cells = {name: pl.col(f"c{position}") for name, position in header.columns.items()}
        raw = raw.select("row", **cells)
        if "rationale" not in raw.columns and header.family in ("ptp", "mue"):
            raw = raw.with_columns(rationale=pl.lit(None, pl.String))
        words = layout.words(raw) if layout.words else None
        if header.family == "hcpcs":
            raw = raw.filter(~pl.col("recid").is_in(hcpcs.CONTINUED).fill_null(value=False))
        parsed = parse(raw.drop(_WORD_COLUMNS, strict=False), layout)
        return replace(parsed, unparsed=parsed.unparsed + lost, words=words)

    return read


def _fixed(
    data: bytes, positions: dict[str, tuple[int, int]], layout: Layout, skip: int = 0
) -> Parsed:
    raw = fixed(data, positions | (fees.WORDS_FIXED if layout is fees.LAYOUT else {}), skip)
    words = layout.words(raw) if layout.words else None
    return replace(parse(raw.drop(_WORD_COLUMNS, strict=False), layout), words=words)


def _notice_only(member: Member, grids: list[Grid]) -> tuple[str, Header, Callable[[], Parsed]]:
    """A change file of a quarter without changes holds the copyright notice and nothing else."""
    words = [cell for grid in grids[:1] for record in grid.head for cell in record if cell]
    said = merge(map(read_name, member.names))
    name = member.names[0].lower()
    family: Family | None = "mue" if "mue" in name else "ptp" if "ncci" in name else None
    if not words or len(words) > 3 or "copyright" not in words[0].lower():  # noqa: PLR2004 - a notice is one cell, or few
        raise NotACmsTable("not a CMS table.", where=member.shown, next_step=EXPECTED)
    if said.change is None or family is None:
        raise ReferenceDataError(
            "it holds the copyright notice and no table.",
            where=member.shown,
            next_step="Download it from CMS again; nothing was changed.",
        )
    layout = _CHANGES[family]
    columns = ("column1", "column2", "modifier") if family == "ptp" else ("code", "value")
    raw = pl.DataFrame(schema={"row": pl.UInt32, **dict.fromkeys(columns, pl.String)})
    return "", Header(family, 0, {}, change=True), lambda: parse(raw, layout)


def _kind(header: Header, said: Hints, asked: Kind | None, shown: str) -> Kind:
    """The kind of a table: its header's word, else the operator's, else its name's."""
    kinds: set[str] = {header.family}
    if header.family in ("ptp", "mue"):
        provider = header.hints.provider or (None if asked else said.provider)
        kinds = {k for k in KINDS if k.startswith(f"{header.family}-{provider or ''}")}
    known = [kind for kind in KINDS if kind in kinds]
    if asked in known:
        return asked
    if asked:
        what = f"it holds {' or '.join(known)}, not {asked}."
        raise ReferenceDataError(what, where=shown, next_step="Leave --kind out or correct it.")
    if len(known) != 1:
        what = f"a {header.family.upper()} table whose name does not say whose it is."
        raise ReferenceDataError(
            what, where=shown, next_step=f"Say it with --kind {header.family}-practitioner or such."
        )
    return known[0]


def _disagreement(hints: list[Hints], believed: date, *, given: bool) -> str:
    """Names and contents of one file sometimes name two quarters: say which was believed."""
    others = sorted(
        {quarter_name(h.effective) for h in hints if h.effective} - {quarter_name(believed)}
    )
    if given or not others:
        return ""
    return (
        f"names and contents disagree: {quarter_name(believed)} believed, not {', '.join(others)}"
    )
