"""INPUTs as the cluster sees them.

A path is opened by the workers, so it lies where all of them see it. A URL (s3://, abfss://, hdfs://
...) is opened by Spark, which hands each file's bytes to a worker. `delta:PLACE` and `table:NAME`
are tables of Spark's own, which it writes as Parquet files first. Whatever it is, the files are
read by our own reader, whole: what is decided for a file is decided by all of it.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from auditor.errors import ConfigError, InputRejected
from auditor.intake.opening import names_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from auditor.spark.rows import Named

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/.*")
_DELTA, _TABLE = "delta:", "table:"
_MOST_CONTENT = 2_000_000_000
"""Bytes of a file that Spark can hand over whole."""


class File(NamedTuple):
    """One claim file."""

    place: str
    name: str
    """In the report."""
    size: int


@dataclass(frozen=True, slots=True)
class Listed:
    """All claim files of a run, in order."""

    files: tuple[File, ...]
    urls: tuple[str, ...] = ()
    """What Spark opens, to hand over the files' bytes; none: the workers open the files."""


def is_table(name: str) -> bool:
    """Whether an INPUT is a table of Spark's own."""
    return name.startswith((_DELTA, _TABLE))


def table(spark: SparkSession, name: str) -> DataFrame:
    """The rows of `delta:PLACE` or `table:NAME`."""
    if name.startswith(_DELTA):
        return spark.read.format("delta").load(name.removeprefix(_DELTA))
    return spark.read.table(name.removeprefix(_TABLE))


def listed(
    spark: SparkSession, named: Sequence[str], seen: Callable[[Sequence[str]], list[Named]]
) -> Listed:
    """The files behind `named` (paths, or URLs); `seen` asks a worker what is at paths."""
    urls = [name for name in named if _URL.fullmatch(name)]
    if urls and len(urls) != len(named):
        raise ConfigError(
            "Some INPUTs are URLs, which Spark opens, and others paths, which workers open.",
            next_step="Name all of them in one way, or audit them apart.",
        )
    found = []
    for url in urls:
        with read_by_spark(url):
            found += _of_url(spark, url)
    if not urls:
        found = [each for one in seen(named) for each in _of_path(one)]
    names = names_of([Path(place) for place, _ in found])
    if len({place for place, _ in found}) != len(found):
        raise ConfigError(
            "A claim file is named twice.",
            next_step="Name each claim file once: its lines would count as duplicates.",
        )
    files = zip(found, names, strict=True)
    return Listed(tuple(File(place, name, size) for (place, size), name in files), tuple(urls))


@contextmanager
def read_by_spark(name: str) -> Iterator[None]:
    """Raise InputRejected where Spark cannot read the INPUT called `name`."""
    from pyspark.errors import PySparkException  # noqa: PLC0415 - of the optional extra

    try:
        yield
    except PySparkException as error:
        why = error.getCondition() or type(error).__name__
        raise InputRejected(
            f"The cluster cannot read it ({why}).",
            where=name,
            next_step="Name files and tables as the cluster sees them. For delta: it needs Delta.",
        ) from error


def _of_path(seen: Named) -> list[tuple[str, int]]:
    about = json.loads(seen.data)
    if about["kind"] == "delta":
        raise InputRejected(
            "This is a Delta table, of whose files not all count.",
            where=seen.name,
            next_step=f"Name it as {_DELTA}{seen.name}.",
        )
    if about["kind"] == "unread":
        raise InputRejected(
            f"The workers of the cluster cannot read it ({about['why']}).",
            where=seen.name,
            next_step="Name a path that all workers see, or a URL that Spark opens"
            " (docs/spark.md).",
        )
    return _some([(place, size) for place, size in about["files"]], seen.name)


def _of_url(spark: SparkSession, url: str) -> list[tuple[str, int]]:
    frame = spark.read.format("binaryFile").load(url).select("path", "length").toArrow()
    found = sorted(zip(frame["path"].to_pylist(), frame["length"].to_pylist(), strict=True))
    large = [place for place, size in found if size > _MOST_CONTENT]
    if large:
        raise InputRejected(
            "A file of more than 2 GB cannot be handed to a worker.",
            where=large[0],
            next_step="Split the export, or put it where workers can open it by a path.",
        )
    return _some(found, url)


def _some(found: list[tuple[str, int]], where: str) -> list[tuple[str, int]]:
    if not found:
        raise InputRejected(
            "There is no file in it.", where=where, next_step="Name the claim files' folder."
        )
    return found


def frame(spark: SparkSession, files: Listed) -> DataFrame:
    """A row a file, each for a task of its own: its number, or its path and content."""
    count = len(files.files)
    if not files.urls:
        return spark.range(0, count, 1, count)
    content = spark.read.format("binaryFile").load(list(files.urls)).select("path", "content")
    return content.repartition(count)
