"""Small helpers around the models: which there are, their column types, an empty table of each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    import pandera.polars as pa

CENTS = {"unit": "cents"}
"""Metadata of a column of money in whole US cents; `unit` is told by the data dictionary."""

_HEAD = '''\
"""The columns of every model, so that they are known without pandera.

Made from the models; `python -m pytest tests/models --update-golden` renews it.
"""

import polars as pl

COLUMNS: dict[str, tuple[str, dict[str, pl.DataType]]] = {
'''


def dtypes(model: type[pa.DataFrameModel]) -> dict[str, pl.DataType]:
    """The columns of `model`, in order, with their polars types."""
    from schemas.standing import StandIn  # noqa: PLC0415 - made from what stands here

    if isinstance(model, StandIn):
        return model.columns
    return {name: column.dtype.type for name, column in model.to_schema().columns.items()}


def empty(model: type[pa.DataFrameModel]) -> pl.DataFrame:
    """A table of `model` without rows."""
    return pl.DataFrame(schema=dtypes(model))


def models(module: ModuleType) -> list[type[pa.DataFrameModel]]:
    """The models that `module` defines, in the order in which it does."""
    import pandera.polars as pa  # noqa: PLC0415 - most who ask for columns never need it

    return [
        found
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, pa.DataFrameModel)
        and found.__module__ == module.__name__
    ]


def columns_module(modules: Iterable[ModuleType]) -> str:
    """The text of schemas/columns.py: model -> its module and columns, of all models."""
    return _HEAD + "".join(_entry(m) for module in modules for m in models(module)) + "}\n"


def _entry(model: type[pa.DataFrameModel]) -> str:
    rows = "".join(f'            "{name}": {told},\n' for name, told in _told(model))
    return (
        f'    "{model.__name__}": (\n        "{model.__module__}",\n        {{\n{rows}        }},\n'
        "    ),\n"
    )


def _told(model: type[pa.DataFrameModel]) -> Iterator[tuple[str, str]]:
    for name, dtype in dtypes(model).items():
        whole = dtype if isinstance(dtype, pl.DataType) else dtype()
        text = re.sub(r"\b([A-Z]\w*)", r"pl.\1", repr(whole).replace("'", '"'))
        text = re.sub(r"(pl\.\w+)(?![\w(])", r"\1()", text)
        yield name, re.sub(r"=pl\.(None|True|False)\(\)", r"=\1", text)
