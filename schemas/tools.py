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

ASKED: what a model asks of values besides their types, by column: whether there must be one, and
which are allowed (none named: any).

Made from the models; `python -m pytest tests/models --update-golden` renews it.
"""

import polars as pl

COLUMNS: dict[str, tuple[str, dict[str, pl.DataType]]] = {
'''
_ASKED_HEAD = """\
ASKED: dict[str, dict[str, tuple[bool, tuple[str, ...]]]] = {
"""
_ASKED = ("ClaimLines",)
"""Models of which it is known without pandera what they ask of values."""


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
    found = [m for module in modules for m in models(module)]
    asked = "".join(_asked(m) for m in found if m.__name__ in _ASKED)
    return f"{_HEAD}{''.join(_entry(m) for m in found)}}}\n\n{_ASKED_HEAD}{asked}}}\n"


def _entry(model: type[pa.DataFrameModel]) -> str:
    rows = "".join(f'            "{name}": {told},\n' for name, told in _told(model))
    return (
        f'    "{model.__name__}": (\n        "{model.__module__}",\n        {{\n{rows}        }},\n'
        "    ),\n"
    )


def _asked(model: type[pa.DataFrameModel]) -> str:
    """What `model` asks of values; ValueError where it asks more than ASKED can tell."""
    schema = model.to_schema()
    rows = ""
    for name, column in schema.columns.items():
        more = [check.name for check in column.checks if check.name != "isin"]
        if more or column.unique or column.coerce or not column.required or column.regex:
            message = f"{model.__name__}.{name} asks more than that values are there, or of a few"
            raise ValueError(message)
        if column.nullable and not column.checks:
            continue
        allowed = [value for check in column.checks for value in check.statistics["allowed_values"]]
        words = ", ".join(f'"{value}"' for value in allowed) + ("," if len(allowed) == 1 else "")
        rows += f'        "{name}": ({not column.nullable}, ({words})),\n'
    if schema.checks or schema.unique or schema.coerce or schema.strict is not True:
        message = f"{model.__name__} asks something of whole lines, or takes other columns"
        raise ValueError(message)
    return f'    "{model.__name__}": {{\n{rows}    }},\n'


def _told(model: type[pa.DataFrameModel]) -> Iterator[tuple[str, str]]:
    for name, dtype in dtypes(model).items():
        whole = dtype if isinstance(dtype, pl.DataType) else dtype()
        text = re.sub(r"\b([A-Z]\w*)", r"pl.\1", repr(whole).replace("'", '"'))
        text = re.sub(r"(pl\.\w+)(?![\w(])", r"\1()", text)
        yield name, re.sub(r"=pl\.(None|True|False)\(\)", r"=\1", text)
