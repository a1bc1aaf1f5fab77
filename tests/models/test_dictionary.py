"""docs/data-dictionary.md says what the models say, and the models say enough."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import pandera.polars as pa
import polars as pl
import pytest

import schemas
from schemas import dictionary
from schemas.tools import models

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"
EVERY = [
    model
    for module in iter_modules(schemas.__path__)
    for model in models(import_module(f"schemas.{module.name}"))
]
MODELS = pytest.mark.parametrize("model", EVERY, ids=lambda model: model.__name__)


class Invented(pa.DataFrameModel):
    """A table of nothing."""

    name: pl.String = pa.Field(isin=["", "a|b"], description="A name | or none")
    code: pl.String = pa.Field(nullable=True, str_matches="^A$", description="A code")
    price: pl.Int64 = pa.Field(metadata={"unit": "cents"}, description="A price")
    at: pl.Datetime = pa.Field(description="A moment")


def test_the_document_is_made_from_the_models(golden: Callable[[Path, str], None]) -> None:
    golden(DOCUMENT, dictionary.markdown())


@MODELS
def test_every_model_is_exported_and_in_the_document(model: type[pa.DataFrameModel]) -> None:
    assert model.__name__ in schemas.__all__
    assert dictionary.markdown().count(f"### {model.__name__}\n") == 1


@MODELS
def test_every_column_is_described(model: type[pa.DataFrameModel]) -> None:
    for name, column in model.to_schema().columns.items():
        assert column.description, name
        assert not column.description.endswith("."), name


@MODELS
def test_whole_numbers_of_money_and_units_name_their_unit(model: type[pa.DataFrameModel]) -> None:
    units = {"units": "thousandths of a unit"}
    for name, column in model.to_schema().columns.items():
        if column.dtype.type == pl.Int64:
            wanted = "cents" if name.endswith("_amount") else units[name]
            assert (column.metadata or {}).get("unit") == wanted, name


def test_a_table_in_words() -> None:
    *_, name, code, price, at, _ = dictionary.table(Invented).split("\n")
    assert name == "| `name` | text (String) | no | A name \\| or none | empty text, `a\\|b` |"
    assert code == "| `code` | text (String) | yes | A code | text of the form `^A$` |"
    assert price == "| `price` | whole number of cents (Int64) | no | A price |  |"
    assert at == "| `at` | date and time (Datetime) | no | A moment |  |"
