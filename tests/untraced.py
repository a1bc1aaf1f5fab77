"""Coverage measures our own code; while a library works for it, nobody needs to look.

A trace function slows down every instruction of Python there is, and most of those that a test runs
belong to libraries, whose lines are not measured: the suite took nearly twice its time. So tracing
rests inside the calls of theirs that cost most. What our own code does when such a call comes back
to it (a generator or a function among the arguments) is then not seen, so that the figure can only
be too low; calls that exist to come back (`pipe`, `map_elements`) are left alone.
"""

from __future__ import annotations

import sys
import threading
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_COMES_BACK = frozenset({"pipe", "map_batches", "map_columns", "map_elements", "map_rows"})
_OPERATORS = frozenset({"__init__", "__getitem__", "__contains__", "__set__"})
_POLARS = (
    "coalesce",
    "collect_all",
    "concat",
    "concat_str",
    "format",
    "int_range",
    "read_csv",
    "read_parquet",
    "scan_csv",
    "scan_parquet",
    "struct",
    "when",
)


_idle = 0
"""Threads that were there before the first test: pytest's and xdist's own."""


def _called() -> None:
    """Coverage's tracer takes its quick way again at the next call: this one."""


def untraced(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, during which nothing is traced; left as it is where several threads are at work.

    Python refuses a trace function that is set while another thread is setting one.
    """

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the function takes
        trace = sys.gettrace()
        if trace is None or threading.active_count() > _idle:
            return function(*args, **named)
        sys.settrace(None)
        try:
            return function(*args, **named)
        finally:
            sys.settrace(trace)
            _called()

    return call


def _all_of(kind: type) -> None:
    for name, found in list(vars(kind).items()):
        if name in _COMES_BACK or (name.startswith("__") and name not in _OPERATORS):
            continue
        if isinstance(found, FunctionType):
            setattr(kind, name, untraced(found))
        elif isinstance(found, classmethod):
            setattr(kind, name, classmethod(untraced(found.__func__)))


def _some_of(place: object, names: Iterable[str]) -> None:
    for name in names:
        setattr(place, name, untraced(getattr(place, name)))


def install() -> None:
    """Let tracing rest in libraries from now on; before our own modules take names from them."""
    import tomllib

    import openpyxl
    import polars as pl
    import pydantic
    from _pytest.assertion import rewrite
    from openpyxl.descriptors.serialisable import Serialisable
    from openpyxl.styles.styleable import StyleDescriptor
    from polars.dataframe.group_by import GroupBy

    global _idle  # noqa: PLW0603 - known from now on
    _idle = threading.active_count()
    for kind in (pl.DataFrame, pl.LazyFrame, pl.Series, GroupBy, StyleDescriptor):
        _all_of(kind)
    _some_of(pl, _POLARS)
    _some_of(openpyxl, ["load_workbook"])
    _some_of(Serialisable, ["to_tree"])
    _some_of(pydantic.TypeAdapter, ["__init__"])
    _some_of(tomllib, ["loads"])
    _some_of(rewrite, ["_rewrite_test"])  # the assertions of the tests themselves
