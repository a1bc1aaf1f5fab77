"""Rows below the header that are no lines: blank ones, rulers, totals, the header repeated.

They are counted out and said in the file's notes, never rejected and never audited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.intake.columns import Columns
    from auditor.intake.source import Ragged

# "Total", "Grand totals:", "Sub-total charges", "Record count: 11", "(11 rows affected)", "TRL".
_TOTAL = (
    r"(?i)^[\s*=\-(]*(?:(?:grand|sub|report|page|file|claim|batch|column)?[\s\-]*totals?\b"
    r"|sum\b|(?:record|row|line|claim)s?\s*(?:count|total)|count\b|trailer\b|trl\b|eof\b"
    r"|end of (?:file|report|data)|[0-9][0-9,]* (?:rows?|records?|lines?|claims?)\b)"
)
_RULER = r"^[\s\-=_+*.]*$"
_PLACES = ("patient_id", "code", "service_date_from")


class Leftover(NamedTuple):
    """What was found."""

    keep: pl.Series | None
    """Boolean over the rows; None where every row stays."""
    blank: int
    totals: int
    repeated: int


def find(cells: pl.DataFrame, columns: Columns) -> Leftover:
    """Rows of `cells` that are no lines.

    Only rows without a usable claim id are looked at closely. A totals row says so in one of its
    cells and has no patient, code or date; a row of bare numbers says nothing and is no totals
    row to us, so it is rejected with its reasons.
    """
    claim = pl.col(str(columns.single["claim_id"]))
    header = columns.names[columns.single["claim_id"]]
    suspect = cells.with_row_index("at").filter(
        claim.is_null() | claim.str.contains(f"{_TOTAL}|{_RULER}") | (claim == header)
    )
    if suspect.is_empty():
        return Leftover(None, 0, 0, 0)
    every = pl.all().exclude("at")
    blank = pl.all_horizontal(every.fill_null("").str.contains(_RULER))
    places = [str(columns.single[name]) for name in _PLACES if name in columns.single]
    places += [str(slot["code"][0]) for slot in columns.slots.values()]
    texts = [pl.col(place).fill_null("") for place in places]
    # The label may stand in any column, so a place is bare when it holds the label or nothing.
    bare = pl.all_horizontal(
        text.str.contains(_RULER) | text.str.contains(_TOTAL) for text in texts
    )
    total = pl.any_horizontal(every.str.contains(_TOTAL).fill_null(value=False)) & bare
    again = pl.sum_horizontal(
        (pl.col(str(n)).str.strip_chars() == name).fill_null(value=False)
        for n, name in enumerate(columns.names)
    ) * 2 > len(columns.names)
    judged = suspect.select("at", blank=blank, total=~blank & total, again=~blank & ~total & again)
    gone = judged.filter(pl.col("blank") | pl.col("total") | pl.col("again"))
    keep = ~pl.int_range(cells.height, dtype=pl.UInt32, eager=True).is_in(gone["at"].implode())
    return Leftover(
        keep if gone.height else None,
        int(judged["blank"].sum()),
        int(judged["total"].sum()),
        int(judged["again"].sum()),
    )


def ragged_totals(ragged: Sequence[Ragged], columns: Columns) -> tuple[list[Ragged], int]:
    """(the ragged rows that are no totals or trailer rows and not blank, how many are)."""
    if not ragged:
        return [], 0
    width = len(columns.names)
    padded = [(*row.cells, *[""] * width)[:width] for row in ragged]
    table = pl.DataFrame(
        {str(n): [cells[n] or None for cells in padded] for n in range(width)},
        schema={str(n): pl.String for n in range(width)},
    )
    found = find(table, columns)
    if found.keep is None:
        return list(ragged), 0
    kept = [
        row
        for row, keep in zip(ragged, found.keep, strict=True)
        # what stands beyond the header is no blank
        if keep or (any(row.cells[width:]) and not any(row.cells[:width]))
    ]
    return kept, len(ragged) - len(kept)


def notes(blank: int, totals: int, repeated: int) -> list[str]:
    """What was left out, in words."""
    said = (
        (blank, "blank row", "blank rows"),
        (totals, "totals or trailer row", "totals or trailer rows"),
        (repeated, "repetition of the header", "repetitions of the header"),
    )
    return [
        f"Left out: {count:,} {one if count == 1 else many}." for count, one, many in said if count
    ]
