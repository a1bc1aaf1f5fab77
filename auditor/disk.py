"""Writing tables, where a disk that is full or broken is told as what it is.

polars tells what the system says of a Parquet file as a fault of the format, and of others as an
OSError without a number: "parquet: File out of specification: underlying IO error: No space left on
device (os error 28)".
"""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SAID = re.compile(r"(?P<reason>[^:]+) \(os error (?P<number>\d+)\)")
_UNSAID = "transport error"
"""At the end of a Parquet file, where nothing more is said."""


@contextmanager
def errors() -> Iterator[None]:
    """What the system says while polars writes, as the OSError that it is."""
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        said = _SAID.search(str(error))
        if said is not None:
            raise OSError(int(said["number"]), said["reason"].strip()) from None
        if _UNSAID in str(error):
            raise OSError(errno.EIO, os.strerror(errno.EIO)) from None
        raise


def write_parquet(frame: pl.DataFrame, file: Path | BinaryIO, **options: Any) -> None:  # noqa: ANN401 - polars' own
    """Write `frame` as polars.DataFrame.write_parquet does; raises OSError with its number."""
    with errors():
        frame.write_parquet(file, **options)
