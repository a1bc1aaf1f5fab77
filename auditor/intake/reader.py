"""All files of a run together: each read by its source, none twice, the lines numbered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import ConfigError, InputRejected
from auditor.intake import layout, part
from auditor.intake.interface import Intake
from auditor.intake.opening import names_of, open_sources
from auditor.intake.outcome import stack
from auditor.intake.payers import PayerMap
from auditor.payers import BUSINESSES
from schemas import ClaimLines, RejectedRows, Repairs, SetAside, dtypes, empty

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.intake.interface import IntakeOptions
    from auditor.intake.part import Part


def read(paths: Iterable[str | Path], options: IntakeOptions) -> Intake:
    """All files together; see auditor.intake.read_claims."""
    options = settled(options)
    files = [Path(path) for path in paths]
    if not files:
        raise ConfigError("No claim file was named.", next_step="Name at least one file.")
    met = Met()
    parts: list[Part] = []
    for path, name in zip(files, names_of(files), strict=True):
        parts += read_file(path, name, options, met, several=len(files) > 1)
    return together(parts, options)


def settled(options: IntakeOptions) -> IntakeOptions:
    """`options` with what their layout says besides; raises ConfigError where they cannot be."""
    for business in (options.line_of_business, *options.payers.values()):
        if business not in (None, *BUSINESSES):
            raise ConfigError(
                f"There is no line of business '{business}'.",
                next_step=f"Say one of: {', '.join(BUSINESSES)}.",
            )
    return layout.joined(options)


class Met:
    """The sources of a run that were met already: none is read twice."""

    def __init__(self) -> None:
        """Know of none yet."""
        self._seen: dict[tuple[str, str], str] = {}

    def add(self, sha256: str, title: str, name: str) -> None:
        """Take one; raises InputRejected where another has the same content."""
        key = (sha256, title)
        if key in self._seen:
            raise InputRejected(
                f"It has the same content as {self._seen[key]}, so that every line would be there"
                " twice.",
                where=name,
                next_step="Name each file once.",
            )
        self._seen[key] = name


def read_file(
    path: Path, name: str, options: IntakeOptions, met: Met, *, several: bool
) -> list[Part]:
    """What each source of one file gave; `several`: the run has other files."""
    sources = open_sources(path, name, options)
    several = several or len(sources) > 1
    parts = []
    for source in sources:
        found = part.read(source, options, alone=not several)
        met.add(found.file.sha256, found.title, found.file.name)
        parts.append(found)
    return parts


def together(parts: list[Part], options: IntakeOptions) -> Intake:
    """The Intake of all sources of a run, emptying their lines; `options` as `settled`."""
    _check_mapped(parts, options)
    told = [each.spoken for each in parts]
    batches = [batch for each in parts for batch in each.lines]
    for each in parts:
        each.lines.clear()
    lines = _assembled(batches)
    return Intake(
        lines=lines,
        rejected=stack(RejectedRows, [each.rejected for each in parts]),
        set_aside=stack(SetAside, [each.set_aside for each in parts]),
        repairs=stack(Repairs, [each.repairs for each in parts]),
        files=tuple(each.file for each in parts),
        fields_present=frozenset().union(*(each.fields for each in parts)),
        notes=PayerMap(options.payers).notes(_spoken(told)) if options.payers else (),
    )


def _check_mapped(parts: list[Part], options: IntakeOptions) -> None:
    """Of several sources each column that was mapped must be in one."""
    met = frozenset[str]().union(*(each.mapped for each in parts))
    unmet = {name: column for name, column in options.columns.items() if name not in met}
    if unmet and len(parts) > 1:
        name, column = next(iter(unmet.items()))
        raise ConfigError(
            f"None of the files has a column '{column}' for --map {name}={column}.",
            next_step="See the header row of the files for the name.",
        )


def _spoken(told: list[pl.DataFrame]) -> pl.DataFrame:
    """Payers and lines of business of all files with their lines, each pair once."""
    return pl.concat(told).group_by("payer", "line_of_business").agg(pl.col("lines").sum())


def _assembled(batches: list[pl.DataFrame]) -> pl.DataFrame:
    """ClaimLines of all batches, emptying `batches`, of one chunk.

    Column after column: with two forms of one column in memory, and never of all. A column that
    says the same in every line, or nothing, takes no memory.
    """
    schema = dtypes(ClaimLines)
    if not batches:
        return empty(ClaimLines)
    frame = pl.concat(batches, rechunk=False).with_row_index("line_key")
    batches.clear()
    constant = _constant(_constant(frame.columns, frame.head(100)), frame)
    first = frame.head(1)
    columns = frame.drop(constant).get_columns()
    del frame
    whole = pl.DataFrame([columns.pop().rechunk() for _ in range(len(columns))])
    return whole.select(
        pl.lit(first[name][0], kind).alias(name) if name in constant else pl.col(name)
        for name, kind in schema.items()
    )


def _constant(names: list[str], lines: pl.DataFrame) -> list[str]:
    """Those of `names` in which every line says the same; the first few tell for most that not."""
    if lines.is_empty() or not names:
        return []
    same = lines.select(pl.col(name).eq_missing(pl.col(name).first()).all() for name in names)
    return [name for name in names if same[name][0]]
