"""The data dictionary: every table that crosses a border, in Markdown, from the models.

docs/data-dictionary.md is this text; a test holds the two together.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import polars as pl

from schemas import claims, history, life, reference, results, review
from schemas.tools import models

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandera.polars as pa

_SECTIONS = (
    ("Claim lines and what did not become one", claims),
    ("Lines of earlier nights", history),
    ("Findings and coverage", results),
    ("The life of findings", life),
    ("Reviewers' decisions", review),
    ("Reference tables", reference),
)
_HEAD = """\
# Data dictionary

Made from the pandera models of `schemas`, which check the tables where they cross a border;
`python -m pytest tests/models --update-golden` renews it. Every table has exactly these columns,
in this order. Empty means that there is no value (null); empty text is a value. Types are those of
polars. What CSV, JSON lines and Parquet files of findings look like stands in
[findings.md](findings.md).
"""
_WORDS = {
    pl.String: "text",
    pl.Boolean: "true or false",
    pl.Date: "calendar date",
    pl.Datetime: "date and time",
}
"""Types in words; whole and decimal numbers say more."""
_CHECKS = {"str_matches": "text of the form", "greater_than_or_equal_to": "at least"}
"""Checks beside lists of values, in words; an unknown one raises KeyError in the test."""


def markdown() -> str:
    """The whole document."""
    parts = [_HEAD]
    for title, module in _SECTIONS:
        parts.append(f"## {title}\n")
        parts.append(f"{inspect.getdoc(module)}\n")
        parts += [table(model) for model in models(module)]
    return "\n".join(parts)


def table(model: type[pa.DataFrameModel]) -> str:
    """One model: its name, what a row is, and its columns."""
    return "\n".join(
        [
            f"### {model.__name__}",
            "",
            inspect.getdoc(model) or "",
            "",
            "| column | type | may be empty | meaning | allowed values |",
            "|---|---|---|---|---|",
            *_rows(model),
            "",
        ]
    )


def _rows(model: type[pa.DataFrameModel]) -> Iterator[str]:
    """A row of the Markdown table for each column."""
    for name, column in model.to_schema().columns.items():
        cells = (
            f"`{name}`",
            _type(column),
            "yes" if column.nullable else "no",
            column.description or "",
            _allowed(column),
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(column: pa.Column) -> str:
    """The type in plain words, with polars' own name."""
    dtype = column.dtype.type
    unit = (column.metadata or {}).get("unit")
    if dtype.is_integer():
        words = f"whole number of {unit}" if unit else "whole number"
    elif isinstance(dtype, pl.Decimal):
        words = f"decimal number, {dtype.scale} places"
    else:
        words = _WORDS[dtype.base_type()]
    return f"{words} ({dtype.base_type().__name__})"


def _allowed(column: pa.Column) -> str:
    """What the model's checks allow, or nothing."""
    told = []
    for check in column.checks:
        if check.name == "isin":
            told += [_value(value) for value in check.statistics["allowed_values"]]
        else:
            (what,) = check.statistics.values()
            told.append(f"{_CHECKS[check.name]} `{what}`")
    return ", ".join(told)


def _value(value: object) -> str:
    """One allowed value; empty text is named."""
    return f"`{value}`" if value != "" else "empty text"
