"""Rows that did not become a claim line: what they hold, what could be read of them, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.intake import codes, dates, unfold
from schemas import RejectedRows, dtypes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.intake.columns import Columns
    from auditor.intake.source import Ragged
    from auditor.intake.steps import Plan

NO_LINE = "the row holds no service line"


def with_raw(rejected: pl.DataFrame, cells: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """RejectedRows: the whole row of the file as JSON beside each rejected line."""
    named = dict(zip(cells.columns, plan.columns.names, strict=False))
    texts = cells[rejected[unfold.CELL].to_list()].rename(named)
    raw = texts.select(raw=pl.struct(pl.all()).struct.json_encode()).to_series()
    return rejected.with_columns(pl.lit(plan.source_file).alias("source_file"), raw).select(
        list(dtypes(RejectedRows))
    )


def without_lines(
    raw: pl.DataFrame, cells: pl.DataFrame, rows: pl.Series, plan: Plan
) -> pl.DataFrame:
    """Wide rows with nothing in any of their places: one rejected row each."""
    places = pl.int_range(cells.height, dtype=pl.UInt32, eager=True)
    left = ~places.is_in(raw[unfold.CELL].unique().implode())
    rejected = _identity(cells.filter(left), plan).with_columns(
        places.filter(left).alias(unfold.CELL),
        rows.filter(left).alias("source_row"),
        pl.lit(NO_LINE).alias("reasons"),
        *_no_column(),
    )
    return with_raw(rejected, cells, plan)


def ragged(found: Sequence[Ragged], columns: Columns, plan: Plan) -> pl.DataFrame:
    """RejectedRows of the rows that do not have the header's number of cells."""
    width = len(columns.names)
    padded = [(*row.cells, *[""] * width)[:width] for row in found]
    cells = pl.DataFrame(
        {str(n): [each[n] or None for each in padded] for n in range(width)},
        schema={str(n): pl.String for n in range(width)},
    )
    return (
        _identity(cells, plan)
        .with_columns(
            pl.lit(plan.source_file).alias("source_file"),
            pl.Series("source_row", [row.row for row in found], dtype=pl.UInt32),
            pl.Series("reasons", [row.reason for row in found]),
            pl.Series("raw", [row.raw(columns.names) for row in found]),
            *_no_column(),
        )
        .select(list(dtypes(RejectedRows)))
    )


def _no_column() -> list[pl.Expr]:
    """Of a reason that is about the whole row."""
    return [pl.lit(None, pl.String).alias(name) for name in ("column", "value")]


def _identity(cells: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """claim_id, patient_id and service_date of rows that hold no readable line."""
    single = plan.columns.single
    dated = pl.Series([None], dtype=pl.Date).new_from_index(0, cells.height)
    for name in ("service_date_from", "claim_date_from"):
        if name in single and dated.null_count():
            raw = cells[str(single[name])].alias("raw")
            table = dates.parse(raw.drop_nulls().unique(), plan.readings[name])
            own = raw.to_frame().join(table, on="raw", how="left", maintain_order="left")["value"]
            dated = pl.select(pl.coalesce(dated, own)).to_series()
    return pl.DataFrame(
        {
            **{
                name: codes.ids(cells[str(single[name])]).values
                for name in ("claim_id", "patient_id")
            },
            "service_date": dated,
        }
    )
