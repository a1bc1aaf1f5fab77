"""A total order of claim lines that does not depend on the order of rows in the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from auditor.engine.batch import Batch

BY = (
    "claim_id",
    "line_number",
    "service_date_from",
    "code",
    "modifiers",
    "units",
    "charge_amount",
    "rendering_npi",
    "place_of_service",
    "source_file",
    "source_row",
)


def places(batch: Batch, rows: pl.Series) -> pl.DataFrame:
    """row, place: the rank of each of `rows` in the total order; only a few rows are sorted."""
    distinct = rows.drop_nulls().unique().sort()
    return (
        batch.raw.select("row", *BY)[distinct]
        .sort(BY, nulls_last=False)
        .select("row")
        .with_row_index("place")
    )
