"""What went wrong with much of a file, in words that the summaries repeat."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from auditor.intake import codes

if TYPE_CHECKING:
    from collections.abc import Mapping


def rejections(rejected: pl.DataFrame, read: int) -> list[str]:
    """A remark where more than half of the `read` lines of a file were rejected."""
    count = rejected.height
    if count * 2 <= read:
        return []
    reason, lines = (
        rejected["reasons"]
        .value_counts(name="lines")
        .sort(-pl.col("lines").cast(pl.Int64), "reasons")
        .row(0)
    )
    said = (
        f"Every line was rejected ({count:,}), so nothing of the file was audited"
        if count == read
        else f"{count:,} of {read:,} lines were rejected and not audited"
    )
    return [f"{said}. Most often: {reason} ({lines:,})."]


def shortened(repaired: Mapping[tuple[str, str], int], mapping: Mapping[str, str]) -> list[str]:
    """A remark for each column of ids that a spreadsheet shortened to 1.23E+11."""
    return [
        f"Column '{mapping.get(name, name)}' ({name}): {cells:,} numbers were shortened by a"
        " spreadsheet and cannot be told apart. Export the column as text."
        for (name, kind), cells in repaired.items()
        if codes.SHORTENED in kind
    ]


def emptied(
    lines: int,
    nulls: Mapping[str, int],
    repaired: Mapping[tuple[str, str], int],
    mapping: Mapping[str, str],
) -> list[str]:
    """A remark for each field of which more than half of the filled cells could not be read.

    `lines` and `nulls` count a file's claim lines and, by field, their empty cells, `repaired`
    their repairs by field and kind; `mapping` says from which header a field was read.
    """
    counted: Counter[str] = Counter()
    for (name, kind), cells in repaired.items():
        counted[name] += cells if kind.endswith("emptied") else 0
    said = []
    for name, cells in sorted((+counted).items()):
        filled = lines - nulls[name]
        # An unreadable last day of service is replaced by the first: those are not read either.
        read = min(filled, lines - cells)
        if cells > read:
            header = mapping.get(name, name)
            said.append(
                f"Column '{header}' ({name}): {cells:,} of {read + cells:,} values could not be"
                " read and were emptied."
            )
    return said
