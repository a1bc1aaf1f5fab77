"""docs/data-dictionary.md says what the models say, and the models say enough."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl
import pytest

import schemas
from schemas import dictionary
from schemas.standing import StandIn
from schemas.tools import columns_module, models

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "data-dictionary.md"
SECTIONS = ("claims", "history", "results", "life", "review", "reference")
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


def test_the_columns_are_those_of_the_models(golden: Callable[[Path, str], None]) -> None:
    sections = [import_module(f"schemas.{name}") for name in SECTIONS]
    golden(ROOT / "schemas" / "columns.py", columns_module(sections))


@MODELS
def test_a_model_is_stood_for(model: type[pa.DataFrameModel]) -> None:
    stand_in = getattr(schemas, model.__name__)
    assert isinstance(stand_in, StandIn)
    assert stand_in.stands_for is model
    told = model.to_schema().columns.items()
    assert schemas.dtypes(stand_in) == {name: column.dtype.type for name, column in told}
    assert stand_in.to_schema() == model.to_schema()


def test_a_name_that_is_no_model_is_none_of_the_package() -> None:
    with pytest.raises(AttributeError, match="'Findigns'"):
        _ = schemas.Findigns  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("asked", "of_all"),
    [({"ge": 1}, {}), ({"unique": True}, {}), ({}, {"strict": False}), ({}, {"unique": ["code"]})],
)
def test_a_model_that_asks_more_than_can_be_told_is_not_told(
    asked: dict[str, Any], of_all: dict[str, Any]
) -> None:
    told = type("Config", (), {"strict": True} | of_all)
    members = {"__annotations__": {"code": pl.Int64}, "code": pa.Field(**asked), "Config": told}
    model = type("ClaimLines", (pa.DataFrameModel,), members | {"__module__": "made_here"})
    here = ModuleType("made_here")
    here.__dict__["ClaimLines"] = model
    with pytest.raises(ValueError, match="asks"):
        columns_module([here])


def test_columns_are_known_without_pandera() -> None:
    told = "import sys, schemas; schemas.empty(schemas.Findings); print('pandera' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "False"


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
    units = {"units": "thousandths of a unit", "disposition_id": None, "replaces": None}
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
