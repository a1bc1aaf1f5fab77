"""All files of a run together: each read by its source, none twice, the lines numbered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from auditor.errors import ConfigError, InputRejected
from auditor.intake import part
from auditor.intake.interface import Intake
from auditor.intake.opening import names_of, open_sources
from schemas import ClaimLines, RejectedRows, Repairs, SetAside, dtypes, empty

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditor.intake.interface import IntakeOptions
    from auditor.intake.part import Part

_BUSINESS = ("medicare", "medicaid", "commercial")


def read(paths: Iterable[str | Path], options: IntakeOptions) -> Intake:
    """All files together; see auditor.intake.read_claims."""
    if options.line_of_business not in (None, *_BUSINESS):
        raise ConfigError(
            f"There is no line of business '{options.line_of_business}'.",
            next_step=f"Say one of: {', '.join(_BUSINESS)}.",
        )
    files = [Path(path) for path in paths]
    if not files:
        raise ConfigError("No claim file was named.", next_step="Name at least one file.")
    parts = _parts(files, options)
    batches = [batch for each in parts for batch in each.lines]
    for each in parts:
        each.lines.clear()
    return Intake(
        lines=_assembled(batches),
        rejected=part.stack(RejectedRows, [each.rejected for each in parts]),
        set_aside=part.stack(SetAside, [each.set_aside for each in parts]),
        repairs=part.stack(Repairs, [each.repairs for each in parts]),
        files=tuple(each.file for each in parts),
        fields_present=frozenset().union(*(each.fields for each in parts)),
    )


def _parts(files: list[Path], options: IntakeOptions) -> list[Part]:
    parts: list[Part] = []
    seen: dict[tuple[str, str], str] = {}
    unmet = dict(options.columns)
    several = len(files) > 1
    for path, name in zip(files, names_of(files), strict=True):
        sources = open_sources(path, name, options)
        several = several or len(sources) > 1
        for source in sources:
            key = (source.sha256, source.name.removeprefix(name))
            if key in seen:
                raise InputRejected(
                    f"It has the same content as {seen[key]}, so that every line would be there"
                    " twice.",
                    where=source.name,
                    next_step="Name each file once.",
                )
            seen[key] = source.name
            found = part.read(source, options, alone=not several)
            unmet = {name: unmet[name] for name in unmet if name not in found.mapped}
            parts.append(found)
    if unmet and several:
        name, column = next(iter(unmet.items()))
        raise ConfigError(
            f"None of the files has a column '{column}' for --map {name}={column}.",
            next_step="See the header row of the files for the name.",
        )
    return parts


def _assembled(batches: list[pl.DataFrame]) -> pl.DataFrame:
    """ClaimLines of all batches in one piece, emptying `batches`.

    Column by column, each let go as soon as it is copied, so that the lines are never held twice;
    a column that no file has takes no memory at all.
    """
    schema = dtypes(ClaimLines)
    if not batches:
        return empty(ClaimLines)
    height = sum(batch.height for batch in batches)
    pieces = {name: [batch[name] for batch in batches] for name in schema if name != "line_key"}
    batches.clear()
    found: list[pl.Series] = []
    for name in list(pieces):
        column = pieces.pop(name)
        if any(piece.null_count() < len(piece) for piece in column) or not height:
            found.append(pl.concat(column).rechunk())
        del column
    frame = pl.DataFrame(found).with_row_index("line_key")
    return frame.select(
        pl.col(name) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in schema.items()
    )
