"""Layouts: what a claim export must look like, said once and held to.

Without a layout the columns of a file are recognised anew each time. With one they are read from
where the layout says, and a file that looks different is refused with what differs, so that a
changed export never becomes a silent change of meaning. A layout is also the only way to read
files without a header and files of fixed width. docs/layouts.md shows the file.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from auditor import tomlfile
from auditor.errors import ConfigError, LayoutDiffers
from auditor.intake import header as headers
from auditor.intake import missing, names
from auditor.intake.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from auditor.intake.header import Record
    from auditor.intake.interface import IntakeOptions

LOST = "its header row was not found"
_MOST_PIVOT = 99  # two digits
_SHOWN = 10  # headers in a message
KIND = tomlfile.Kind("layout", "--layout", "docs/layouts.md")
RENEW = "If the export changed on purpose, renew the layout: auditor layout detect FILE --write"
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class Field:
    """Where a value stands in a line of fixed width."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    start: int
    """1-based character."""
    length: int


Place = str | int | Field
"""A header, a 1-based column of a file without one, or a place in a line of fixed width."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout file."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}

    columns: dict[str, Place | tuple[Place, ...]]
    """Field -> where it stands. Of several places modifiers, diagnoses and pointers are all read;
    of any other field the first that is filled."""
    lines: dict[str, dict[str, Place | tuple[Place, ...]]] = field(default_factory=dict)
    """Of a file with several lines a row: line number -> field -> where it stands."""
    header: tuple[str, ...] | Literal[False] = False
    """The header row that a file must have; false: it has none."""
    width: int | None = None
    """Columns of a file without a header."""
    skip: int = 0
    """Rows above the first line of a file without a header."""
    fixed: bool = False
    """Lines of fixed width."""
    delimiter: str | None = None
    sheet: str | None = None
    date_order: Literal["month-first", "day-first"] | None = None
    year_pivot: int | None = None
    cents: tuple[str, ...] = ()
    """Amount fields that count cents."""
    name: str = ""
    """Of the file, for messages; not part of it."""
    sha256: str = ""
    """Of the file; not part of it."""

    def header_row(self, head: Sequence[Record], where: str) -> headers.HeaderRow:
        """The header of a file whose first rows are `head`.

        Raises InputRejected, naming the differences, where it is not the layout's.
        """
        if self.header is False:
            self._check_width(head, where)
            row = headers.Record(self.skip, ("",) * (self.width or 0), self.skip)
            return headers.HeaderRow(row, 0)
        wanted = trimmed(self.header)
        for record in head[: headers.LOOKED_AT]:
            if trimmed(record.cells) == wanted:
                return headers.HeaderRow(record, len(wanted))
        likest = max(
            head[: headers.LOOKED_AT],
            key=lambda record: len(_folded(record.cells) & _folded(wanted)),
            default=None,
        )
        found = () if likest is None else trimmed(likest.cells)
        lost = _difference(wanted, found)
        if self.delimiter and lost == LOST:
            mark = _DELIMITERS.get(self.delimiter, f"'{self.delimiter}'")
            lost += f" (the layout says that {mark} divide the cells)"
        raise LayoutDiffers(
            f"The file does not have the layout {self.name}: {lost}.",
            where=where,
            next_step=f"{RENEW} {self.name} --replace. Else ask whoever makes the export.",
        )

    def _check_width(self, head: Sequence[Record], where: str) -> None:
        """Raise InputRejected where most rows of a file without a header have other cells."""
        rows = [record.cells for record in head if record.row > self.skip and any(record.cells)]
        # A delimiter at the end of every row only adds an empty cell.
        odd = [len(row) for row in rows if len(row) < (self.width or 0) or any(row[self.width :])]
        if len(odd) * 2 > len(rows):
            found = Counter(odd).most_common(1)[0][0]
            raise LayoutDiffers(
                f"The file does not have the layout {self.name}: its rows have {found} columns, not"
                f" {self.width}.",
                where=where,
                next_step=f"If the export changed on purpose, change {self.name}; else ask whoever"
                " makes it.",
            )

    def suits(self, head: Sequence[Record]) -> bool:
        """Whether a file whose first rows are `head` can be meant, to choose among sheets."""
        wanted = trimmed(self.header or ())
        return self.header is False or any(trimmed(r.cells) == wanted for r in head)

    def resolve(self, found: Sequence[str]) -> Columns:
        """The columns of every field in a file whose columns are named `found`."""
        columns = Columns(tuple(found), cents=frozenset(self.cents))
        for name, places in self.columns.items():
            numbers = [self._number(place, found) for place in _tuple(places)]
            if name in names.LISTS:
                columns.lists[name] = numbers
            else:
                columns.single[name], *more = numbers
                if more:
                    columns.fallbacks[name] = more
        for line, fields in self.lines.items():
            columns.slots[int(line)] = {
                name: [self._number(place, found) for place in _tuple(places)]
                for name, places in fields.items()
            }
        columns.settle_dates()
        return columns

    def fields(self) -> Iterator[tuple[str, str, Place]]:
        """(line number or '', field, place) of every column."""
        for line, found in (("", self.columns), *self.lines.items()):
            for name, places in found.items():
                for place in _tuple(places):
                    yield line, name, place

    def _number(self, place: Place, found: Sequence[str]) -> int:
        """The 0-based column at `place`."""
        if isinstance(place, Field):
            return self.slices().index(place)
        if isinstance(place, int):
            return place - 1
        return list(found).index(place)

    def slices(self) -> list[Field]:
        """The places in a line of fixed width, each once, from left to right."""
        places = {place for _, _, place in self.fields() if isinstance(place, Field)}
        return sorted(places, key=lambda place: (place.start, place.length))

    def slice_names(self) -> tuple[str, ...]:
        """A name for each of `slices`: the first field that stands there, and where."""
        said: dict[Field, str] = {}
        for line, name, place in self.fields():
            if isinstance(place, Field):
                label = f"{name} {line}".strip()
                last = place.start + place.length - 1
                said.setdefault(place, f"{label} ({place.start}-{last})")
        return tuple(said[place] for place in self.slices())


def joined(options: IntakeOptions) -> IntakeOptions:
    """`options` with what their layout says of sheet and dates, where they say nothing themselves.

    Raises ConfigError where columns are said twice.
    """
    pinned = options.layout
    if pinned is None:
        return options
    if options.columns:
        raise ConfigError(
            "Columns are said twice: by a layout and by --map (or [columns] in the configuration).",
            where=pinned.name,
            next_step="Leave one of them out, or change the layout.",
        )
    return replace(
        options,
        sheet=options.sheet or pinned.sheet,
        date_order=options.date_order or pinned.date_order,
        year_pivot=pinned.year_pivot if options.year_pivot is None else options.year_pivot,
    )


def load(path: Path) -> Layout:
    """The layout in the TOML file at `path`; ConfigError names every problem of it."""
    found = _sound(tomlfile.load(path, Layout, KIND), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(found, name=path.name, sha256=digest)


def of_text(text: str, name: str) -> Layout:
    """The layout that stands in `text`, which was a file called `name`; raises as `load` does."""
    found = _sound(tomlfile.of_text(text, Path(name), Layout, KIND), Path(name))
    return replace(found, name=name, sha256=hashlib.sha256(text.encode()).hexdigest())


def _sound(layout: Layout, path: Path) -> Layout:
    problems = list(_problems(layout))
    if problems:
        raise tomlfile.FileProblems(path, problems, KIND)
    return layout


def _problems(layout: Layout) -> Iterator[str]:
    if layout.name or layout.sha256:
        yield "name and sha256 are no settings"
    for line, name, place in layout.fields():
        where = f"{name} of line {line}" if line else name
        if name not in names.FIELDS:
            yield f"{where} is no field" + tomlfile.hint(name, names.FIELDS)
        else:
            yield from (f"{where} {said}" for said in _misplaced(layout, place))
    yield from _unplaced(layout)
    if layout.header is False and not layout.fixed and layout.width is None:
        yield "width must say how many columns a file without a header has"
    if not all(line.isdigit() for line in layout.lines):
        yield "lines must be numbered: [lines.1]"
    if layout.year_pivot is not None and not 0 <= layout.year_pivot <= _MOST_PIVOT:
        yield f"year_pivot must be from 0 to {_MOST_PIVOT}"
    if layout.delimiter is not None and len(layout.delimiter) != 1:
        yield "delimiter must be one character"
    unknown = sorted(set(layout.cents) - set(names.AMOUNTS))
    if unknown:
        yield f"cents may hold {', '.join(names.AMOUNTS)} only, not {', '.join(unknown)}"


def _misplaced(layout: Layout, place: Place) -> Iterator[str]:
    """What is wrong with one place."""
    kind = Field if layout.fixed else str if layout.header else int
    if not isinstance(place, kind):
        wanted = {
            Field: "{ start = 1, length = 12 }",
            str: "a header of the file in double quotes",
            int: "the number of a column",
        }
        yield f"must be {wanted[kind]}"
    elif isinstance(place, str) and place not in headers.unique(layout.header or ()):
        yield f"is read from '{place}', which is not in the header"
    elif isinstance(place, int) and layout.width and not 1 <= place <= layout.width:
        yield f"is column {place}, but width says {layout.width}"
    elif isinstance(place, Field) and (place.start < 1 or place.length < 1):
        yield "must start at 1 or later and have a length of 1 or more"


def _unplaced(layout: Layout) -> Iterator[str]:
    """Required fields that the layout does not place, and fields without a column."""
    placed = {name for _, name, _ in layout.fields()}
    if "claim_date_from" in placed:
        placed.add("service_date_from")
    absent = [name for name in names.REQUIRED if name not in placed]
    yield from (f"{name} ({missing.WORDS[name]}) is missing" for name in absent)
    if placed.isdisjoint(names.PRACTITIONER):
        yield f"rendering_npi ({missing.WORDS['rendering_npi']}) is missing"
    for found in (layout.columns, *layout.lines.values()):
        yield from (f"{name} has no column" for name, places in found.items() if places == ())


def _tuple(places: Place | tuple[Place, ...]) -> tuple[Place, ...]:
    return places if isinstance(places, tuple) else (places,)


def trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    """Cells without outer blanks, and without blank ones at the end."""
    found = [" ".join(cell.split()) for cell in cells]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _folded(cells: Sequence[str]) -> set[str]:
    return {cell.casefold() for cell in trimmed(cells)}


class _Changes(NamedTuple):
    gone: list[str]
    new: list[str]


def _difference(wanted: Sequence[str], found: Sequence[str]) -> str:
    """What differs between two headers, in words."""
    changes = _Changes(
        [name for name in wanted if name not in found],
        [name for name in found if name not in wanted],
    )
    if [name.casefold() for name in wanted] == [name.casefold() for name in found]:
        return "its column names differ in upper and lower case"
    if len(changes.gone) * 2 > len(wanted):
        return LOST
    said = [
        f"{'column' if len(names_) == 1 else 'columns'} {_quoted(names_)} {word}"
        for names_, word in zip(
            changes, ("is missing" if len(changes.gone) == 1 else "are missing",
                      "is new" if len(changes.new) == 1 else "are new"), strict=True
        )
        if names_
    ]  # fmt: skip
    if not said:
        return "its columns stand in another order or number"
    return " and ".join(said)


def _quoted(found: Sequence[str]) -> str:
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(f"'{name}'" for name in found[:_SHOWN]) + more


def written(
    columns: Columns, header: Sequence[str], settings: Mapping[str, object], about: str
) -> str:
    """The text of a layout file for what was recognised; `about` is a comment for its top."""

    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)  # TOML writes a text as JSON does

    out = [f"# {line}" for line in about.splitlines()]
    out += [f"{name} = {text(value)}" for name, value in settings.items() if value is not None]
    out += ["header = [", *(f"  {text(cell)}," for cell in trimmed(header)), "]"]
    named = columns.names

    def table(title: str, found: Mapping[str, list[int]]) -> None:
        out.extend(["", f"[{title}]"])
        for name, places in sorted(found.items()):
            cells = [named[place] for place in places]
            several = name in names.LISTS or len(cells) > 1
            out.append(f"{name} = {text(cells if several else cells[0])}")

    claim = {"service_date_from": "claim_date_from", "service_date_to": "claim_date_to"}
    aliases = claim if columns.claim_dates else {}
    single = {
        aliases.get(n, n): [p, *columns.fallbacks.get(n, ())] for n, p in columns.single.items()
    }
    table("columns", {**single, **columns.lists})
    for line, fields in sorted(columns.slots.items()):
        table(f"lines.{line}", fields)
    return "\n".join(out) + "\n"
