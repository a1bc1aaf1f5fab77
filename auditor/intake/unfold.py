"""From rows of cells to claim lines, still as raw text.

One row a line, or wide: one row a claim, with numbered columns for each of its lines. A wide
row's numbered place is a line when something in it shows that a service was there: a code, a
practitioner or tax id, a modifier, or an amount or units other than zero. (Real wide exports fill
unused places with 0.0 amounts, and leave gaps before filled ones. A date, a place of service or a
diagnosis alone is often filled in for every place and shows nothing.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from auditor.intake.columns import Columns

CELL = "_cell"
"""UInt32: place of the row in the batch's cells."""
SLOT = "_slot"
"""Int32: place of the line in a wide row."""

_SHOWS = ("code", "rendering_npi", "billing_npi", "tax_id", "modifiers")
_COUNTS = ("charge_amount", "allowed_amount", "paid_amount", "units")
_ZERO = r"^[\s$+\-(]*0*(?:\.0*)?[\s)]*$"


def spread(name: str, places: list[int]) -> dict[str, int]:
    """Raw columns of field `name`: its own name, or numbered where it has several."""
    if len(places) == 1:
        return {name: places[0]}
    return {f"{name}_{n}": place for n, place in enumerate(places, start=1)}


def parts(lines: pl.DataFrame, name: str) -> list[str]:
    """The raw columns of field `name` in `lines`, in order."""
    numbered = [c for c in lines.columns if c.rpartition("_")[0] == name and c[-1].isdigit()]
    return ([name] if name in lines.columns else []) + numbered


def lines_of(cells: pl.DataFrame, columns: Columns) -> pl.DataFrame:
    """Raw lines: CELL, (SLOT,) and one String column a field; lists as name_1, name_2 ...

    Rows of a wide file without any line are absent; the caller counts them by CELL.
    """
    base: dict[str, int] = dict(columns.single)
    for name, places in columns.lists.items():
        base |= spread(name, places)
    if not columns.slots:
        picked = {name: pl.col(str(place)) for name, place in base.items()}
        picked |= {name: _first(columns, name) for name in columns.fallbacks}
        return cells.select(**picked).with_row_index(CELL)
    indexed = cells.with_row_index(CELL)
    frames = [
        _slot(indexed, base, own, slot, columns) for slot, own in sorted(columns.slots.items())
    ]
    return pl.concat(frames).sort(CELL, SLOT)


def _first(columns: Columns, name: str) -> pl.Expr:
    """Of the columns that field `name` is spread over, the first that is filled."""
    every = [pl.col(str(place)) for place in (columns.single[name], *columns.fallbacks[name])]
    filled = [pl.when(each.str.contains(r"\S")).then(each) for each in every]
    return pl.coalesce(*filled, every[0])


def _slot(
    cells: pl.DataFrame,
    base: dict[str, int],
    own: dict[str, list[int]],
    slot: int,
    columns: Columns,
) -> pl.DataFrame:
    """The lines that stand in one place of the wide rows."""
    shown = [
        ~(_cell(place).str.contains(_ZERO) if name in _COUNTS else _cell(place).eq(""))
        for name in (*_SHOWS, *_COUNTS)
        for place in own.get(name, ())
    ]
    mine: dict[str, pl.Expr] = {}
    # Every slot has the columns of all, so that they stack; most numbers of one field decide.
    for name in sorted({name for each in columns.slots.values() for name in each}):
        width = max(len(each.get(name, ())) for each in columns.slots.values())
        places: list[int | None] = [*own.get(name, [])]
        places += [None] * (width - len(places))
        for n, place in enumerate(places, start=1):
            key = name if width == 1 else f"{name}_{n}"
            value = pl.lit(None, pl.String) if place is None else pl.col(str(place))
            if key in base:  # the claim's value stands in where the line has none
                other = pl.col(str(base[key]))
                value = pl.when(value.str.strip_chars() != "").then(value).otherwise(other)
            mine[key] = value
    rest = {name: pl.col(str(place)) for name, place in base.items() if name not in mine}
    return cells.filter(pl.any_horizontal(shown)).select(
        CELL,
        pl.lit(slot, pl.Int32).alias(SLOT),
        **rest,
        **mine,
    )


def _cell(place: int) -> pl.Expr:
    return pl.col(str(place)).fill_null("").str.strip_chars()
