"""Sheet Worklist: the claims to look at, in the order to take them, each with its reasons.

The sheet is not protected, so that it can be sorted and filtered. Answers are given on Findings;
the column Note is the reviewer's own and is not read back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from auditor.report.sheet import Column, Sheet
from auditor.report.style import TIER_LOOKS
from auditor.report.words import number

if TYPE_CHECKING:
    from auditor.report.sheet import Book
    from auditor.report.view import View

COLUMNS = (
    Column("No.", 6, "number", pl.col("order")),
    Column("Tier", 9, "text", pl.col("tier"), TIER_LOOKS),
    Column("Claim", 18, "link", pl.col("claim_id"), link=pl.col("lines_place")),
    Column("Patient", 16, "wrapped", pl.col("patient_id")),
    Column("Service from", 11, "date", pl.col("first_date")),
    Column("Service to", 11, "date", pl.col("last_date")),
    Column("Why", 80, "wrapped", pl.col("why")),
    Column("Findings", 10, "link number", pl.col("findings"), link=pl.col("finding_place")),
    Column("Certain", 9, "count", pl.col("certain")),
    Column("At risk (estimate)", 12, "money", pl.col("amount")),
    Column("What the amount is", 22, "wrapped", pl.col("basis")),
    Column("Days since service", 10, "number", pl.col("days")),
    Column("Received", 11, "date", pl.col("received")),
    Column("Rendering NPI", 14, "wrapped", pl.col("npis")),
    Column("Payer", 18, "wrapped", pl.col("payer")),
    Column("Decided before", 30, "wrapped", pl.col("decision")),
    Column("Note", 36, "entry", pl.lit(None, pl.String)),
)
SEEN = (
    Column("Seen", 14, "wrapped", pl.col("seen")),
    Column("First seen", 11, "date", pl.col("first_seen")),
    Column("Days since first seen", 10, "number", pl.col("since")),
)
"""Where earlier nights are known, after the claim."""
AFTER = "Claim"
_OPTIONAL = {"Received": "received", "Payer": "payer", "Decided before": "decision"}
"""Columns that hide where no claim has anything in them."""
LAST_PRINTED = "Payer"
"""On paper the columns after it would make the rest too small to read."""


def write(book: Book, view: View) -> None:
    """Write the sheet."""
    life = view.result.life is not None
    columns = with_seen(COLUMNS, SEEN, AFTER) if life else COLUMNS
    sheet = Sheet(book, "Worklist", [c.width for c in columns], freeze="D3", protected=False)
    letters = dict(zip((c.header for c in columns), sheet.letters, strict=True))
    claims = view.worklist
    sheet.add([_note(claims.height, view.cap, life=life)], ["note"], height=20)
    sheet.table("Worklist", columns, claims.head(view.cap))
    for header, name in _OPTIONAL.items():
        if claims[name].null_count() == claims.height:
            sheet.ws.column_dimensions[letters[header]].hidden = True
    sheet.print_columns(letters[LAST_PRINTED])


def with_seen(
    columns: tuple[Column, ...], seen: tuple[Column, ...], after: str
) -> tuple[Column, ...]:
    """`columns` with `seen` behind the one named `after`, in the place of any of the same name."""
    ours = {c.header for c in seen}
    kept = [c for c in columns if c.header not in ours]
    at = [c.header for c in kept].index(after) + 1
    return (*kept[:at], *seen, *kept[at:])


def _note(claims: int, cap: int, *, life: bool) -> str:
    """What the sheet holds and how to use it."""
    if not claims:
        return "No claim waits for a decision: there is no open finding that is certain or review."
    first = "those with something new first, then " if life else ""
    shown = f" The sheet holds the first {cap:,}." if claims > cap else ""
    return (
        f"{number(claims, 'claim')} to look at: {first}certain before review, then the highest"
        f" amount, then the oldest.{shown} Claim leads to its lines, Findings to its findings,"
        " where answers are given. An amount is that of the strongest tier alone. Note is yours: it"
        " is not read back."
    )
