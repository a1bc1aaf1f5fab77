"""Options that several commands have; those of `audit` that a configuration file may hold too."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor import config

Reference = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        envvar="AUDITOR_REFERENCE",
        help="Folder of imported CMS tables [default: the user's data folder].",
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        metavar="IDS",
        envvar="AUDITOR_SELECT",
        help="Run only these rules or families: AOC,PTP-0. May be repeated.",
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        metavar="IDS",
        envvar="AUDITOR_IGNORE",
        help="Leave out these rules or families. May be repeated.",
    ),
]
FailOn = Annotated[
    str | None,
    typer.Option(
        metavar="certain|review",
        envvar="AUDITOR_FAIL_ON",
        help="Exit with 1 where a finding of this tier or above is open: made, and without a"
        " standing decision.",
    ),
]
LineOfBusiness = Annotated[
    str | None,
    typer.Option(
        metavar="medicare|medicaid|commercial",
        envvar="AUDITOR_LINE_OF_BUSINESS",
        help="Of every line that does not say so itself.",
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="File whose first line opens workbooks with a password [default:"
        " AUDITOR_PASSWORD, else asked for at a terminal].",
    ),
]
RedactKeyFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="File whose first line is the key of --redact [default: AUDITOR_REDACT_KEY].",
    ),
]
ReportPasswordFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="File whose first line is the password of --encrypt [default:"
        " AUDITOR_REPORT_PASSWORD].",
    ),
]
Sheet = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        envvar="AUDITOR_SHEET",
        help="Worksheet to read, or a pattern that several fit: 'Day *', or '*' for all"
        " [default: the one that looks like claim lines].",
    ),
]
Mapped = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN",
        help="Read a field from this column of the file. May be repeated.",
    ),
]
LayoutFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="AUDITOR_LAYOUT",
        help="Layout that the files must have; see 'auditor layout detect'.",
    ),
]
DateOrder = Annotated[
    str | None,
    typer.Option(
        metavar="month-first|day-first",
        envvar="AUDITOR_DATE_ORDER",
        help="Of dates such as 03/04/2024 [default: what the file's dates show].",
    ),
]
YearPivot = Annotated[
    int | None,
    typer.Option(
        metavar="NN",
        min=0,
        max=config.MOST_PIVOT,
        envvar="AUDITOR_YEAR_PIVOT",
        help="Two-digit years below NN are 20xx, the others 19xx.",
    ),
]
Ledger = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="AUDITOR_LEDGER",
        help="Ledger with the reviewers' decisions [default: the one in the user's data folder,"
        " where there is one].",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        envvar="AUDITOR_CONFIG",
        help="Settings in TOML [default: auditor.toml in this folder, if there is one].",
    ),
]
