"""Findings and coverage as Parquet tables that the cluster's own tools read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from auditor.spark import rows
from auditor.spark.worker import quiet
from schemas import Findings, dtypes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

    from auditor.result import AuditResult

COVERAGE = ("coverage", "table_coverage", "unjudged_codes")


def schema() -> str:
    """The columns of findings, as Spark writes them."""
    return ", ".join(f"{name} {_spark(kind)}" for name, kind in dtypes(Findings).items())


def _spark(kind: Any) -> str:  # noqa: ANN401 - a polars type or its class
    if isinstance(kind, pl.Decimal):
        return f"decimal({kind.precision},{kind.scale})"
    whole = {pl.Int32: "int", pl.UInt32: "bigint", pl.Int64: "bigint"}
    return ({pl.String: "string", pl.Date: "date", pl.Boolean: "boolean"} | whole)[kind]


@quiet
def findings(given: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """On a worker: the findings of each part, all pieces of which it is given, row by row."""
    for each in rows.whole(rows.from_arrow(given)):
        table = rows.unpacked(each.data).select(list(dtypes(Findings)))
        yield from _arrow(table).to_batches()


def write(
    spark: SparkSession, result: AuditResult, place: str, save: Callable[[DataFrame, str], None]
) -> None:
    """What was judged of all lines, each table in a folder of `place`."""
    for name in COVERAGE:
        save(spark.createDataFrame(_arrow(getattr(result, name))), f"{place}/{name}")


def _arrow(table: pl.DataFrame) -> pa.Table:
    """`table` in the types that Spark knows: numbers with a sign, and plain text."""
    import pyarrow as pa  # noqa: PLC0415 - of the optional extra

    signed = table.with_columns(pl.col(pl.UInt32).cast(pl.Int64))
    found = signed.to_arrow(compat_level=pl.CompatLevel.oldest())
    fields = [
        pa.field(each.name, pa.string() if each.type == pa.large_string() else each.type)
        for each in found.schema
    ]
    return found.cast(pa.schema(fields))
