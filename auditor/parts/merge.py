"""Findings of many parts, each in order, as one order: a stretch of it at a time.

What is in memory is one stretch and, while the stretches are laid out, the columns that order one
part: neither grows with the number of findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.findings import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ORDER = (
    "tier",
    "amount_at_risk",
    "rule_id",
    "claim_id",
    "line_number",
    "source_file",
    "source_row",
    "finding_id",
)
"""What `in_order` looks at."""
_SAMPLES = 4
"""Rows that are looked at in each part for a stretch, so that stretches come out about equal."""


def merged(files: Sequence[Path], most: int) -> Iterator[pl.DataFrame]:
    """The rows of `files`, one of them at least and each in order, in the order of them all.

    Frames of `most` rows, the last of what is left; one without rows where there are none.
    """
    held: pl.DataFrame | None = None
    for stretch in _stretches(files, most):
        held = stretch if held is None else pl.concat([held, stretch])
        while held.height > most:
            yield held.head(most).rechunk()
            held = held.slice(most)
    if held is not None:
        yield held.rechunk()


def _stretches(files: Sequence[Path], most: int) -> Iterator[pl.DataFrame]:
    """Frames of about `most` rows, each in order and none with a row that belongs before them."""
    heights = [pl.scan_parquet(file).select(pl.len()).collect().item() for file in files]
    cuts = _cuts(files, most, sum(heights))
    ends = [[0, *_before(file, cuts), height] for file, height in zip(files, heights, strict=True)]
    for nth in range(cuts.height + 1):
        slices = [
            pl.scan_parquet(file).slice(end[nth], end[nth + 1] - end[nth])
            for file, end in zip(files, ends, strict=True)
        ]
        yield in_order(pl.concat(slices).collect())


def _cuts(files: Sequence[Path], most: int, rows: int) -> pl.DataFrame:
    """ORDER of the rows before which the stretches after the first begin, in order."""
    step = max(1, most // (_SAMPLES * len(files)))
    if rows <= most:
        return pl.scan_parquet(files[0]).select(ORDER).head(0).collect()
    samples = in_order(pl.concat([_ordering(file).gather_every(step) for file in files]))
    every = max(1, most // step)
    return samples.gather_every(every, offset=every)


def _ordering(file: Path) -> pl.DataFrame:
    """ORDER of the rows of `file`."""
    return pl.read_parquet(file, columns=list(ORDER))


def _before(file: Path, cuts: pl.DataFrame) -> list[int]:
    """How many rows of `file` come before each of `cuts`."""
    if cuts.is_empty():
        return []
    both = [_ordering(file).with_columns(cut=False), cuts.with_columns(cut=True)]
    at = in_order(pl.concat(both))["cut"].arg_true()
    return (at.cast(pl.Int64) - pl.int_range(cuts.height, eager=True)).to_list()
