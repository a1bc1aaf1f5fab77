"""PTP-3: pairs that hang together, because the column 1 line of one is column 2 of another."""

from __future__ import annotations

import polars as pl

from auditor.engine.hits import INFO, hits, no_hits


def chains(edges: pl.DataFrame) -> pl.DataFrame:
    """One hit a line at the end of a chain, among the `edges` that nothing separates."""
    ends = edges.filter("chain").sort("row2", "code1", "place1", "date")
    ends = ends.unique("row2", keep="first", maintain_order=True)
    if ends.is_empty():
        return no_hits()
    above = (
        edges.sort("row2", "code1", "place1", "date")
        .unique(["row2", "code1"], keep="first", maintain_order=True)
        .group_by("row2", maintain_order=True)
        .agg(firsts=pl.col("code1"))
        .rename({"row2": "row1"})
    )
    ends = ends.join(above, on="row1").with_columns(row=pl.col("row2"))
    first = pl.col("firsts").list.join(", ")
    return hits(
        ends,
        "PTP-3",
        tier=INFO,
        other=pl.col("row1"),
        other_code=pl.col("code1"),
        root=pl.col("row1"),
        message=pl.format(
            "{} on {} is column 2 of {}, which is itself column 2 of {}.",
            pl.col("code2"),
            pl.col("date"),
            pl.col("code1"),
            first,
        ),
        remedy=pl.format("Look at the chain as one, from {} down; the line counts once.", first),
        kind="ptp-practitioner",
    )
