"""Workbooks (.xlsx, .xlsm, .xlsb, .xls, .ods): which of their sheets hold claim lines."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

import fastexcel
import polars as pl

from auditor.errors import ConfigError, SheetUnclear
from auditor.intake import book as books
from auditor.intake import compound, protection
from auditor.intake import header as headers
from auditor.intake.package import damaged
from auditor.intake.sheet import Sheet, guarded, too_wide

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from auditor.intake.book import Tab
    from auditor.intake.content import Content
    from auditor.intake.interface import IntakeOptions
    from auditor.intake.source import Source

MOST_BYTES = 1 << 30  # of the file as it is
_ANY = "*"


def open_workbook(
    content: Content, options: IntakeOptions, fits: Callable[[Source], bool]
) -> Sequence[Source]:
    """The sheets of a workbook that hold claim lines.

    `options.sheet` names one, or is a pattern that several fit: then each visible one that fits
    is a source. Else it is the only sheet, or the one visible sheet of which `fits` says that its
    header has every required field. Raises InputRejected for a workbook that is damaged, whose
    password is not known, or whose sheets leave the choice open; ConfigError for a sheet that is
    not there.
    """
    name = content.name
    raw = content.read(MOST_BYTES, "a workbook")
    digest = hashlib.sha256(raw).hexdigest()
    if raw.startswith(compound.SIGNATURE):
        raw = protection.unlocked(raw, name, options.password)
    book = books.look(raw, name)
    with guarded(name):
        reader = fastexcel.read_excel(book.content)
        titles = list(reader.sheet_names)
    like = Sheet(name, digest, book.kind, book.day_zero, book.notes, pl.DataFrame(), reader, "", "")
    choice = _Choice(name, like, _tabs(titles, book.tabs, name))
    if options.sheet is not None:
        return choice.asked(options.sheet, tuple(options.columns.values()))
    return [choice.only(fits)]


class _Titled(NamedTuple):
    title: str
    tab: Tab


def _tabs(titles: Sequence[str], tabs: Sequence[Tab], name: str) -> list[_Titled]:
    """Each sheet that has cells, with what the workbook says of it."""
    if not titles or (tabs and len(tabs) != len(titles)):
        raise damaged(name)
    known = tabs or [books.Tab("")] * len(titles)
    return [_Titled(title, tab) for title, tab in zip(titles, known, strict=True) if tab.grid]


class _Choice:
    """The sheets of one workbook, each loaded at most once."""

    def __init__(self, name: str, like: Sheet, sheets: Sequence[_Titled]) -> None:
        self.name = name
        self.like = like
        self.loaded: dict[str, Sheet] = {}
        self.tabs = dict(sheets)
        self.titles = list(self.tabs)
        self.seen = [title for title in self.titles if self._visible(title)]
        self.hidden = [title for title in self.titles if title not in self.seen]

    def _visible(self, title: str) -> bool:
        state = self.tabs[title].state or self._load(title).state
        return state == "visible"

    def _load(self, title: str) -> Sheet:
        if title not in self.loaded:
            sheet = Sheet.load(self.like.reader, title, self.like)
            count = self.tabs[title].uncalculated
            if count:
                cells = "1 cell holds a formula" if count == 1 else f"{count:,} cells hold formulas"
                said = (
                    f"{cells} that no program has calculated, and counts as empty."
                    " Open the workbook in Excel and save it."
                )
                sheet = replace(sheet, warnings=(said,))
            self.loaded[title] = sheet
        return self.loaded[title]

    def _chosen(self, title: str, *notes: str) -> Sheet:
        sheet = self._load(title)
        if sheet.too_wide:
            raise too_wide(sheet)
        return replace(sheet, notes=(*sheet.notes, *notes))

    def asked(self, wanted: str, mapped: tuple[str, ...]) -> list[Sheet]:
        """The sheet that is called so, else every visible one that fits the pattern."""
        folded = wanted.strip().casefold()
        for same in (
            [t for t in self.titles if t == wanted],
            [t for t in self.titles if t.strip().casefold() == folded],
        ):
            if len(same) == 1:
                return [self._chosen(same[0])]
        fitting = [t for t in self.titles if fnmatchcase(t.strip().casefold(), folded)]
        seen = [title for title in fitting if title in self.seen]
        if not seen:
            raise ConfigError(
                f"There is no sheet '{wanted}'."
                if not fitting
                else f"Only hidden sheets fit '{wanted}'.",
                where=self.name,
                next_step=f"Its sheets are: {_quoted(self.titles)}."
                if not fitting
                else f"Name the one to read in full: {_quoted(fitting)}.",
            )
        return self._pattern(seen, [t for t in fitting if t not in seen], wanted.strip(), mapped)

    def _pattern(
        self, seen: list[str], hidden: list[str], wanted: str, mapped: tuple[str, ...]
    ) -> list[Sheet]:
        empty = [title for title in seen if self._load(title).empty]
        left = [title for title in seen if title not in empty]
        # '*' is all that there is, a cover page too; any other pattern means what it fits.
        bare = [t for t in left if wanted == _ANY and not self._headed(t, mapped)]
        left = [title for title in left if title not in bare]
        if not left:
            raise SheetUnclear(
                f"None of the sheets {_quoted(seen)} has a row of column names."
                if bare
                else f"The sheets {_quoted(seen)} are empty.",
                where=self.name,
                next_step="Name the sheet to read with --sheet NAME.",
            )
        notes = [
            f"{what} were not read: {_quoted(titles)}."
            for what, titles in (
                ("Empty sheets", empty),
                ("Sheets without column names", bare),
                ("Hidden sheets", hidden),
            )
            if titles
        ]
        first, *others = left
        return [self._chosen(first, *notes), *map(self._chosen, others)]

    def _headed(self, title: str, mapped: tuple[str, ...]) -> bool:
        sheet = self._load(title)
        return not sheet.too_wide and headers.find(sheet.head(), mapped) is not None

    def only(self, fits: Callable[[Source], bool]) -> Sheet:
        """The one sheet with claim lines."""
        if not self.seen:
            raise SheetUnclear(
                "Every sheet of the workbook is hidden.",
                where=self.name,
                next_step=f"Name the sheet with --sheet: {_quoted(self.titles)}.",
            )
        notes = (f"Hidden sheets were not read: {_quoted(self.hidden)}.",) if self.hidden else ()
        if len(self.seen) == 1 and not self.hidden:
            return self._chosen(self.seen[0])
        loaded = [self._load(title) for title in self.seen]
        fitting = [s.title for s in loaded if not s.too_wide and fits(s)]
        if len(fitting) > 1:
            raise SheetUnclear(
                f"{len(fitting)} sheets look like claim lines: {_quoted(fitting)}.",
                where=self.name,
                next_step="Name one with --sheet NAME, or read several with a pattern that their"
                f" names fit:{_example(fitting)} --sheet '*' for all.",
            )
        if not fitting:
            raise SheetUnclear(
                f"None of the sheets {_quoted(self.seen)} has a header with every required field."
                + (
                    f" Hidden ones were not looked at: {_quoted(self.hidden)}."
                    if self.hidden
                    else ""
                ),
                where=self.name,
                next_step="Name the sheet to read with --sheet NAME.",
            )
        others = [title for title in self.seen if title != fitting[0]]
        also = (f"Other sheets were not read: {_quoted(others)}.",) if others else ()
        return self._chosen(fitting[0], *also, *notes)


def _example(titles: Sequence[str]) -> str:
    """A pattern that fits the titles and says more than '*', where they begin alike."""
    start = titles[0]
    while start and not all(title.startswith(start) for title in titles):
        start = start[:-1]
    return f" --sheet '{start}*', or" if len(start) > 2 else ""  # noqa: PLR2004 -- 'J*' says little


def _quoted(titles: Collection[str]) -> str:
    return ", ".join(f"'{title}'" for title in titles)
