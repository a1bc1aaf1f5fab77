"""What travels between workers and the place of the cluster: rows of bytes with their names.

Claim lines and tables cross as the bytes of Parquet files that polars wrote. So every type stays
what it is (Spark knows no unsigned numbers), and what one machine reads from its disk and a worker
gets from Spark is the same. Bytes are cut into pieces: a row of Spark is better small.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

SCHEMA = "kind string, part int, file int, name string, piece int, data binary"
TYPES = pl.Schema(
    {
        "kind": pl.String,
        "part": pl.Int32,
        "file": pl.Int32,
        "name": pl.String,
        "piece": pl.Int32,
        "data": pl.Binary,
    }
)
"""SCHEMA as polars has it."""
PIECE = 1 << 20


class Named(NamedTuple):
    """Some bytes and what they are."""

    kind: str
    """lines, told, error, count, found, worker, place."""
    part: int
    file: int
    name: str
    data: bytes


def pieces(found: Iterable[Named]) -> Iterator[tuple[str, int, int, str, int, bytes]]:
    """`found` cut into rows of SCHEMA."""
    for kind, part, file, name, data in found:
        for piece, at in enumerate(range(0, max(len(data), 1), PIECE)):
            yield kind, part, file, name, piece, data[at : at + PIECE]


def batches(found: Iterable[Named]) -> Iterator[pa.RecordBatch]:
    """`found` as Spark takes it, a piece a batch."""
    import pyarrow as pa  # noqa: PLC0415 - of the workers alone

    schema = pa.schema(
        [
            ("kind", pa.string()),
            ("part", pa.int32()),
            ("file", pa.int32()),
            ("name", pa.string()),
            ("piece", pa.int32()),
            ("data", pa.binary()),
        ]
    )
    for row in pieces(found):
        cells = [pa.array([cell], kind) for cell, kind in zip(row, schema.types, strict=True)]
        yield pa.RecordBatch.from_arrays(cells, schema=schema)


def whole(frame: pl.DataFrame) -> list[Named]:
    """The pieces in `frame` (SCHEMA) put together, in the order of kind, part, file and name.

    Raises RuntimeError where a piece before the last one is missing, or one is there twice.
    """
    keys = ["kind", "part", "file", "name"]
    seen = frame.group_by(keys).agg(pl.len(), found=pl.n_unique("piece"), last=pl.max("piece"))
    if seen.filter(
        (pl.col("len") != pl.col("found")) | (pl.col("last") + 1 != pl.col("len"))
    ).height:
        message = "pieces of a table are missing, or there twice"
        raise RuntimeError(message)
    ordered = frame.sort(*keys, "piece").group_by(keys, maintain_order=True).agg("data")
    return [
        Named(kind, part, file, name, b"".join(pieces))
        for kind, part, file, name, pieces in ordered.iter_rows()
    ]


def from_arrow(found: Iterable[pa.RecordBatch]) -> pl.DataFrame:
    """The rows of `found` with the columns of SCHEMA."""
    frames = (pl.DataFrame(batch) for batch in found)
    columns = [pl.col(name).cast(kind) for name, kind in TYPES.items()]
    return pl.concat([pl.DataFrame(schema=TYPES), *(frame.select(columns) for frame in frames)])


def packed(frame: pl.DataFrame) -> bytes:
    """A table as bytes."""
    stream = io.BytesIO()
    frame.write_parquet(stream, compression="lz4", statistics=False)
    return stream.getvalue()


def unpacked(data: bytes) -> pl.DataFrame:
    """The table that `packed` made these bytes of."""
    return pl.read_parquet(io.BytesIO(data))
