"""Intake: claim files in, claim lines out, no row lost.

Importing this package is cheap; polars and pandera load with the first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.intake.interface import FileRead, Intake, IntakeOptions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from auditor.intake.layout import Layout

__all__ = ["FileRead", "Intake", "IntakeOptions", "layout_of", "load_layout", "read_claims"]


def read_claims(
    paths: Iterable[str | Path],
    options: IntakeOptions = IntakeOptions(),  # noqa: B008 -- frozen, so sharing it is safe
) -> Intake:
    """Read claim files of any supported format into claim lines of one canonical form.

    In: paths of files, audited together; how the operator helps the reader along. Out: claim
    lines (schemas.ClaimLines: money in cents, units in thousandths, dates as calendar dates,
    codes and ids as text; line_key dense over all files), rejected rows with every reason and
    the raw cells, lines set aside, repairs, and what was read from each file. For every file
    lines read = lines + set aside + rejected.

    Formats: delimited text, fixed width (with a layout), workbooks (.xlsx, .xlsm, .xlsb, .xls,
    .ods), Parquet, X12 837P, and gzip or zip of them.

    `source_row` is the row a spreadsheet program shows: for a workbook the row of the sheet, for
    a text file the record, blank lines and everything above the header counted; for Parquet the
    record, for 837P the segment of the service line.

    Raises InputRejected where a file cannot be read at all or its columns cannot be told,
    ConfigError where `options` names a field, column or sheet that does not exist.
    """
    from auditor.intake.reader import read  # noqa: PLC0415 -- keeps the import of this cheap

    return read(paths, options)


def load_layout(path: Path) -> Layout:
    """A layout file (docs/layouts.md), for IntakeOptions.layout.

    Raises ConfigError, which names every problem of the file.
    """
    from auditor.intake.layout import load  # noqa: PLC0415 -- keeps the import of this cheap

    return load(path)


def layout_of(text: str, name: str) -> Layout:
    """The layout that stands in `text`, for messages a file called `name`; raises the same."""
    from auditor.intake.layout import of_text  # noqa: PLC0415 -- keeps the import of this cheap

    return of_text(text, name)
