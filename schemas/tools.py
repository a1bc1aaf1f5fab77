"""Small helpers around the models: which there are, their column types, an empty table of each."""

from types import ModuleType

import pandera.polars as pa
import polars as pl

CENTS = {"unit": "cents"}
"""Metadata of a column of money in whole US cents; `unit` is told by the data dictionary."""


def dtypes(model: type[pa.DataFrameModel]) -> dict[str, pl.DataType]:
    """The columns of `model`, in order, with their polars types."""
    return {name: column.dtype.type for name, column in model.to_schema().columns.items()}


def empty(model: type[pa.DataFrameModel]) -> pl.DataFrame:
    """A table of `model` without rows."""
    return pl.DataFrame(schema=dtypes(model))


def models(module: ModuleType) -> list[type[pa.DataFrameModel]]:
    """The models that `module` defines, in the order in which it does."""
    return [
        found
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, pa.DataFrameModel)
        and found.__module__ == module.__name__
    ]
