"""What flags and environment say of the settings that a configuration file may hold too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import get_args

from auditor import config
from auditor.cli import selection

FAIL_ON: tuple[config.FailOn, ...] = get_args(config.FailOn)
"""The weakest finding that counts, strongest first."""
_ORDERS: tuple[config.DateOrder, ...] = get_args(config.DateOrder)


@dataclass(frozen=True, slots=True)
class Given:
    """What they say; None or nothing: nothing."""

    reference: Path | None
    line_of_business: str | None
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    fail_on: str | None
    sheet: str | None
    columns: tuple[str, ...]
    layout: Path | None = None
    date_order: str | None = None
    year_pivot: int | None = None
    password_file: Path | None = None
    ledger: Path | None = None
    redact_key_file: Path | None = None
    report_password_file: Path | None = None


def merged(given: Given, file: Path | None) -> config.Settings:
    """Flag, else environment (Typer has joined the two), else file, else default."""
    base = config.Settings() if file is None else config.load(file)
    business, fail_on = given.line_of_business, given.fail_on
    return replace(
        base,
        reference=given.reference or base.reference,
        line_of_business=selection.payer(business) if business else base.line_of_business,
        select=given.select or base.select,
        ignore=given.ignore or base.ignore,
        fail_on=selection.one_of(fail_on, FAIL_ON, "--fail-on") if fail_on else base.fail_on,
        sheet=given.sheet or base.sheet,
        password_file=given.password_file or base.password_file,
        redact_key_file=given.redact_key_file or base.redact_key_file,
        report_password_file=given.report_password_file or base.report_password_file,
        columns=base.columns | selection.column_map(given.columns, "--map"),
        layout=given.layout or base.layout,
        date_order=selection.one_of(given.date_order, _ORDERS, "--date-order")
        if given.date_order
        else base.date_order,
        ledger=given.ledger or base.ledger,
        year_pivot=base.year_pivot if given.year_pivot is None else given.year_pivot,
    )


def today() -> date:
    """Today as the operator's clock has it."""
    return date.today()  # noqa: DTZ011 - a calendar date, and dates never shift by a time zone
