"""What a reviewer gave back as grids of text: every sheet of a workbook, or a CSV copy of one."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import fastexcel
import polars as pl

from auditor.errors import InputRejected
from auditor.intake import book as books
from auditor.intake import compound, protection
from auditor.intake.content import look_at
from auditor.intake.package import damaged
from auditor.intake.scanning import scan
from auditor.intake.sheet import Sheet, guarded
from auditor.intake.textfile import DELIMITERS, decoded, looks_binary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from auditor.intake.content import Content

MOST_BYTES = 1 << 30
_MOST_CELL = 1 << 20  # characters; a cell of a workbook holds 32,767


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet."""

    sheet: str
    """Its name; '' for a CSV copy."""
    cells: pl.DataFrame
    """From row 1 on, all String; an empty cell is null."""
    day_zero: date
    """The day before day 1 of a bare day number."""


@dataclass(frozen=True, slots=True)
class Given:
    """One file that a reviewer gave back."""

    name: str
    sha256: str
    grids: tuple[Grid, ...]


def load(path: Path, password: Callable[[str], str | None] | None) -> Given:
    """The grids of the workbook (xlsx, xlsm, xlsb, xls, ods) or delimited text at `path`.

    Hidden sheets and rows count: a filter hides rows that were decided. `password` is asked, with
    the file's name, where the workbook is encrypted. Raises InputRejected for what is damaged,
    encrypted without a password, or neither.
    """
    if path.is_dir():
        raise InputRejected(
            "This is a folder.", where=str(path), next_step="Name the workbooks in it."
        )
    content = look_at(path, path.name)
    if content.start.startswith((b"PK", compound.SIGNATURE)):
        return _workbook(content, password)
    if looks_binary(content.start) or content.start.startswith(b"%PDF"):
        raise InputRejected(
            "The file is neither a workbook nor a CSV copy of one.",
            where=content.name,
            next_step="Name the workbook (.xlsx, .ods) that the reviewers gave back.",
        )
    return _text(content)


def _workbook(content: Content, password: Callable[[str], str | None] | None) -> Given:
    name = content.name
    raw = content.read(MOST_BYTES, "a workbook")
    digest = hashlib.sha256(raw).hexdigest()
    if raw.startswith(compound.SIGNATURE):
        raw = protection.unlocked(raw, name, password)
    book = books.look(raw, name)
    with guarded(name):
        reader = fastexcel.read_excel(book.content)
        titles = list(reader.sheet_names)
    if book.tabs and len(book.tabs) != len(titles):
        raise damaged(name)
    like = Sheet(name, digest, book.kind, book.day_zero, (), pl.DataFrame(), reader, "", "")
    tabs = book.tabs or [books.Tab("")] * len(titles)
    sheets = [
        Sheet.load(reader, title, like)
        for title, tab in zip(titles, tabs, strict=True)
        if tab.grid  # a chart sheet has no cells
    ]
    grids = (Grid(s.title, s.grid, s.day_zero) for s in sheets if not s.empty and not s.too_wide)
    return Given(name, digest, tuple(grids))


def _text(content: Content) -> Given:
    """A CSV copy: one grid for each delimiter that its first lines may have."""
    found = scan(content)
    if content.stamp.size > MOST_BYTES:
        raise InputRejected(
            f"The file is larger than {MOST_BYTES >> 20:,} MiB; it was not opened.",
            where=content.name,
            next_step="Name the workbook that the reviewers gave back.",
        )
    text = b"".join(decoded(content, found)).decode("utf-8", errors="replace")
    head = text[:_MOST_CELL]
    grids = [
        Grid("", _grid(text, delimiter, content.name), books.DAY_ZERO)
        for delimiter in DELIMITERS
        if delimiter in head
    ]
    return Given(content.name, found.sha256, tuple(grids))


def _grid(text: str, delimiter: str, name: str) -> pl.DataFrame:
    rows = list(_rows(text, delimiter, name))
    width = max(map(len, rows), default=0)
    padded = ([cell or None for cell in row] + [None] * (width - len(row)) for row in rows)
    schema = {str(n): pl.String for n in range(width)}
    return pl.DataFrame(list(padded), schema=schema, orient="row")


def _rows(text: str, delimiter: str, name: str) -> Iterator[list[str]]:
    before = csv.field_size_limit(_MOST_CELL)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error:
        raise InputRejected(
            "The file cannot be read as CSV: a text in it never ends.",
            where=name,
            next_step="Name the workbook itself, or save the CSV copy anew.",
        ) from None
    finally:
        csv.field_size_limit(before)
