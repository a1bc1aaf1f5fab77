"""The words of the unit rules (MUE) that do not depend on which of them speaks."""

from __future__ import annotations

import polars as pl

from auditor.engine.hits import until


def row_words(code: pl.Expr) -> pl.Expr:
    """The deciding table row in words."""
    return pl.format(
        "{}: MUE value {}, adjudication indicator {}, {} to {}",
        code,
        pl.col("mue_value"),
        pl.col("mai"),
        pl.col("mue_from"),
        until("mue_to"),
    )


def credited() -> pl.Expr:
    """A sentence where credits that match no line are of the same code and day."""
    left = pl.col("total").clip(0)
    said = pl.format(" Credits that match no line take back {}, which leaves {}", "back", left)
    return (
        pl.when(pl.col("back") <= 0)
        .then(pl.lit(""))
        .when(pl.col("total") > pl.col("value"))
        .then(pl.concat_str(said, pl.lit(", still over the limit.")))
        .otherwise(
            pl.concat_str(said, pl.lit(": review, because they may take back money and no units."))
        )
    )


def half_decides(half: pl.Expr) -> pl.Expr:
    """A sentence where rounding decides."""
    return (
        pl.when(half & (pl.col("span") > 1))
        .then(pl.lit(" The units of the span divide into an exact half a day, which decides here."))
        .when(half)
        .then(pl.lit(" The units are not whole, and rounding decides here."))
        .otherwise(pl.lit(""))
    )
