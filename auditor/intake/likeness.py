"""What the cells of a whole column tell about it: blank, or the same as another."""

from __future__ import annotations

import polars as pl


def blank(column: pl.Series) -> bool:
    """No cell holds anything but blanks."""
    if column.null_count() == len(column):
        return True
    held = column.drop_nulls()
    # The first cells nearly always tell.
    return not any(part.str.contains(r"\S").any() for part in (held.head(100), held))


def equal(one: pl.Series, other: pl.Series) -> bool:
    """Both say the same in every row."""
    return bool(one.rename("").eq_missing(other.rename("")).all())


def same(one: pl.Series, other: pl.Series) -> float | None:
    """The share of the rows filled in both that say the same in both; None for no such row."""
    both = pl.DataFrame([one.rename("one"), other.rename("other")])
    filled = both.filter(pl.all_horizontal(pl.all().str.contains(r"\S")))
    share = (pl.col("one").str.strip_chars() == pl.col("other").str.strip_chars()).mean()
    found: float | None = filled.select(share).item()
    return found


def alike(one: pl.Series, other: pl.Series) -> bool:
    """Each value of one goes with exactly one value of the other, so either tells rows apart."""
    pairs = pl.DataFrame({"one": one, "other": other}).unique()
    if pairs.select((pl.col("one").is_null() != pl.col("other").is_null()).any()).item():
        return False
    return pairs.height == pairs["one"].n_unique() == pairs["other"].n_unique()


def side_by_side(columns: list[pl.Series]) -> bool:
    """Whether no row has two of `columns` filled with different texts, blanks apart."""
    table = pl.DataFrame([column.alias(str(n)) for n, column in enumerate(columns)])
    texts = [
        pl.when(pl.col(name).str.contains(r"\S")).then(pl.col(name).str.strip_chars())
        for name in table.columns
    ]
    first = pl.coalesce(texts)
    return not table.select(
        pl.any_horizontal((text != first).fill_null(value=False) for text in texts).any()
    ).item()
