"""The built-in policy tables: facts of coding policy that no CMS file holds."""

from functools import cache
from pathlib import Path

import polars as pl

FOLDER = Path(__file__).with_name("policy")


@cache
def policy_table(name: str) -> pl.DataFrame:
    """The table `policy/NAME.csv`: all columns text, blank cells null.

    Raises LookupError for an unknown name: the names are the program's own, never a user's.
    """
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        message = f"no built-in policy table is called {name!r}"
        raise LookupError(message)
    return pl.read_csv(path, infer_schema=False)
