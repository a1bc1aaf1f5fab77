"""Small helpers around the models: their column types, and an empty table of each."""

import pandera.polars as pa
import polars as pl


def dtypes(model: type[pa.DataFrameModel]) -> dict[str, pl.DataType]:
    """The columns of `model`, in order, with their polars types."""
    return {name: column.dtype.type for name, column in model.to_schema().columns.items()}


def empty(model: type[pa.DataFrameModel]) -> pl.DataFrame:
    """A table of `model` without rows."""
    return pl.DataFrame(schema=dtypes(model))
