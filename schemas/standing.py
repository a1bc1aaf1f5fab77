"""What stands for a model until more than its columns is asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from schemas.columns import COLUMNS

if TYPE_CHECKING:
    import pandera.polars as pa
    import polars as pl


class StandIn:
    """A pandera model by its name: its columns at once, all else of it through pandera."""

    def __init__(self, name: str) -> None:
        """`name` is the model's own."""
        self.__name__ = name

    @property
    def stands_for(self) -> "type[pa.DataFrameModel]":
        """The model itself; imports pandera."""
        module, _ = COLUMNS[self.__name__]
        model: type[pa.DataFrameModel] = getattr(import_module(module), self.__name__)
        return model

    @property
    def columns(self) -> "dict[str, pl.DataType]":
        """The columns of the model, in order, with their polars types."""
        return dict(COLUMNS[self.__name__][1])

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the model has
        """What the model has under that name."""
        return getattr(self.stands_for, name)

    def __repr__(self) -> str:
        """As the model is told."""
        return self.__name__
