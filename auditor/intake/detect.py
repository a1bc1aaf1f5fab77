"""What would be read of a file, and from where, before anything is read of it.

For `auditor layout detect`: the same decisions as those that read the file, told field by field
with masked samples, and the layout that pins them.
"""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from auditor.ahead import ahead
from auditor.errors import InputRejected
from auditor.intake import layout, part
from auditor.intake.evidence import Evidence
from auditor.intake.opening import names_of, open_sources
from auditor.intake.survey import survey
from auditor.intake.textfile import OtherEncodingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from auditor.intake.columns import Columns
    from auditor.intake.evidence import Decided
    from auditor.intake.header import HeaderRow
    from auditor.intake.interface import IntakeOptions
    from auditor.intake.source import Body, Source
    from auditor.intake.survey import Survey

SAMPLES = 3
_WIDEST = 20  # characters of a sample
_SEPARATORS = {
    ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "~": "tilde", "^": "caret",
}  # fmt: skip
# Words of fixed vocabularies, which tell nothing of a person; everything else shows its form only.
_OPEN = {
    "code": r"[A-Za-z]?\d{4,5}[A-Za-z]?",
    "modifiers": r"[A-Za-z0-9]{2}(?:\W+[A-Za-z0-9]{2}){0,4}",
    "place_of_service": r"\d{1,2}",
    "units": r"\d{1,3}(?:\.\d{1,3})?",
    "line_number": r"\d{1,2}",
    "claim_frequency": r"\d",
    "claim_type": r"[A-Za-z0-9 ]{1,15}",
    "line_of_business": r"[A-Za-z ]{1,15}",
    "specialty": r"\d{2}",
}


class Detected(NamedTuple):
    """One source."""

    name: str
    form: str
    """How the text is written: 'utf-8, bar', 'xlsx'."""
    header_row: int
    rows: int
    """Rows that were looked at: the first block of a large file."""
    survey: Survey | None
    """None where the format itself, or a layout, says what every column is."""
    columns: Columns
    samples: dict[str, tuple[str, ...]]
    """Field -> a few of its values, masked."""
    notes: tuple[str, ...]
    problems: tuple[InputRejected, ...]
    """Why the file would be refused."""
    text: str
    """The layout that pins it; '' where there are problems, or a format that needs none."""


def detect(path: str | Path, options: IntakeOptions) -> list[Detected]:
    """What is recognised in the file at `path`, source by source.

    Raises InputRejected where the file cannot be opened or has no header, ConfigError where
    `options` names a field, column or sheet that does not exist.
    """
    file = Path(path)
    options = layout.joined(options)
    (name,) = names_of([file])
    return [_detected(source, options) for source in open_sources(file, name, options)]


def _detected(source: Source, options: IntakeOptions) -> Detected:
    try:
        return _of_beginning(source, options)
    except OtherEncodingError as other:
        return _of_beginning(other.source, options)


def _of_beginning(source: Source, options: IntakeOptions) -> Detected:
    header = part.header_of(source, options)
    with closing(ahead(source.blocks(header))) as blocks:
        body = part.first(source, blocks)[-1]
    found: Survey | None = None
    if source.columns is not None:
        columns = source.columns
    elif options.layout is not None:
        columns = options.layout.resolve(body.names)
    else:
        found = survey(body.names, body.cells, options.columns, source.name)
        columns = found.columns
    evidence = Evidence(columns)
    evidence.add(body.cells)
    decided, notes = evidence.decide(options, source.day_zero)
    problems = [] if found is None else list(found.problems)
    try:
        evidence.ask(decided, options, source.name)
    except InputRejected as error:
        problems.append(error)
    pinned = ""
    if found is not None and not problems:
        settings = {
            "delimiter": source.delimiter or None,
            "sheet": source.title or None,
            "date_order": _order(evidence, decided),
            "year_pivot": options.year_pivot,
        }
        pinned = _pinned(source, header, body, found, settings)
    return Detected(
        name=source.name,
        form=", ".join(filter(None, (source.encoding, _SEPARATORS.get(source.delimiter, "")))),
        header_row=header.record.row,
        rows=body.cells.height + len(body.ragged),
        survey=found,
        columns=columns,
        samples={
            field: masked(field, [body.cells[str(place)] for place in places])
            for field, places in columns.used().items()
        },
        notes=(*notes, *evidence.told(options), *source.notes, *columns.notes),
        problems=tuple(problems),
        text=pinned,
    )


def _order(evidence: Evidence, decided: Decided) -> str | None:
    """The order of all dates written with numbers; None where it is open, or columns differ."""
    written = {name for name, shown in evidence.shown.items() if shown.written}
    orders = {decided.readings[name].day_first for name in written}
    if len(orders) != 1 or None in orders:
        return None
    return "day-first" if orders.pop() else "month-first"


def _pinned(
    source: Source, header: HeaderRow, body: Body, found: Survey, settings: Mapping[str, object]
) -> str:
    about = (
        f"What a claim export must look like, as recognised in {source.name}.\n"
        "A file that looks different is refused. docs/layouts.md tells what may stand here."
    )
    cells = header.record.cells if any(header.record.cells) else body.names
    return layout.written(found.columns, cells, settings, about)


def masked(field: str, columns: Sequence[pl.Series]) -> tuple[str, ...]:
    """A few values of a field's columns: their form, and as they are where they tell of nobody."""
    found: list[str] = []
    for column in columns:
        values = column.head(1_000).drop_nulls().str.strip_chars()
        for value in values.filter(values != "").unique(maintain_order=True).head(20):
            shown = _shown(field, value)
            if shown not in found:
                found.append(shown)
            if len(found) == SAMPLES:
                return tuple(found)
    return tuple(found)


def _shown(field: str, value: str) -> str:
    vocabulary = _OPEN.get(field)
    if vocabulary and re.fullmatch(vocabulary, value):
        return value
    form = re.sub(r"[^\W\d_]", "X", value)
    form = re.sub(r"\d", "9", form)
    return form if len(form) <= _WIDEST else form[: _WIDEST - 3] + "..."
