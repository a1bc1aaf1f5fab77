"""Findings as the ledger keeps them: what is open, and what was found before and closed since."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import polars as pl

from auditor.ledger import open_copy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_TEXT, _WHOLE = pl.String, pl.Int64

LINE: dict[str, Any] = {
    "rule_id": _TEXT,
    "claim_id": _TEXT,
    "line_number": pl.Int32,
    "patient_id": _TEXT,
    "rendering_npi": _TEXT,
    "payer": _TEXT,
    "service_date": _TEXT,
    "code": _TEXT,
}
"""What a finding is about: as it was found first. Dates are ISO texts."""
FACTS: dict[str, Any] = {
    "tier": _TEXT,
    "modifiers": _TEXT,
    "units": _WHOLE,
    "charge_amount": _WHOLE,
    "amount_at_risk": _WHOLE,
    "amount_basis": _TEXT,
    "counterpart_claim_id": _TEXT,
    "counterpart_line_number": pl.Int32,
    "counterpart_code": _TEXT,
    "also": _TEXT,
}
"""What a night found of it: as it was found last. Units in thousandths, amounts in cents."""
COMPARED = tuple(f for f in FACTS if f not in ("counterpart_claim_id", "counterpart_line_number"))
"""The facts whose change is told; the counterpart is known by its code, as in a decision."""
OPEN: dict[str, Any] = {
    "finding": _WHOLE,
    "finding_id": _TEXT,
    "first_seen": _TEXT,
    **LINE,
    **FACTS,
    "runs_found": pl.Int32,
    "last_run": _WHOLE,
}
"""Columns of open_findings, but for the feed."""
_OPEN = f"""
SELECT {", ".join(f"json_group_array({name})" for name in OPEN)} FROM (
    SELECT {", ".join(OPEN)} FROM open_findings WHERE feed = ? AND finding > ?
    ORDER BY finding LIMIT ?
)
"""
_RUNS = "SELECT run, run_id, as_of FROM runs WHERE feed = ?"
_EARLIER = """
SELECT finding, finding_id, first_seen,
       (SELECT runs_found FROM finding_events AS e WHERE e.finding = f.finding
        ORDER BY event_id DESC LIMIT 1)
FROM findings AS f WHERE feed = ? AND service_date = ? AND finding_id IN ({places})
"""
_SEEN = """
SELECT finding_id, first_seen FROM findings
WHERE feed = ? AND service_date = ? AND finding_id IN ({places}) AND run <= ?
"""
_EARLIER_TYPES = {
    "finding": _WHOLE,
    "finding_id": _TEXT,
    "first_seen": _TEXT,
    "runs_found": pl.Int32,
}
THEN = "_then"
"""Ends the names of what an open finding was, beside what it is tonight."""
_PIECE = 100_000
"""Rows handed over at a time."""
MOST_PLACES = 10_000
"""Ids asked for in one statement."""
CACHE_KIB = 65_536
"""Pages kept in memory while a night is worked out: SQLite's own 2 MiB are read again and again."""


def open_of(ledger: sqlite3.Connection, feed: str, copy: Path | None = None) -> pl.DataFrame:
    """The open findings of `feed`, oldest first: the columns of OPEN, dates as dates.

    And told_in and told_on: the id and the day of the run that found each last. From the file
    `copy` where that is a copy of what the ledger has.
    """
    ledger.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    found = None if copy is None else open_copy.read(copy, ledger, feed)
    if found is None:
        found = _stored(ledger, feed)
    runs = ledger.execute(_RUNS, (feed,)).fetchall()
    told = pl.DataFrame(
        runs, schema={"last_run": _WHOLE, "told_in": _TEXT, "told_on": _TEXT}, orient="row"
    )
    told = told.with_columns(pl.col("told_on").str.to_date("%Y-%m-%d"))
    return found.join(told, on="last_run", how="left", maintain_order="left")


def _stored(ledger: sqlite3.Connection, feed: str) -> pl.DataFrame:
    """The columns of OPEN from the ledger, dates as dates."""
    pieces = [pl.DataFrame(schema=OPEN)]
    last = -1
    while True:
        # A column comes as one JSON text: half a million rows as Python objects take twice as long.
        columns = ledger.execute(_OPEN, (feed, last, _PIECE)).fetchone()
        piece = pl.DataFrame(
            [
                pl.Series(name, [text]).str.json_decode(pl.List(kind)).explode(empty_as_null=False)
                for (name, kind), text in zip(OPEN.items(), columns, strict=True)
            ]
        )
        if piece.is_empty():
            break
        pieces.append(piece)
        last = piece["finding"][-1]
    dates = pl.col("first_seen", "service_date").str.to_date("%Y-%m-%d")
    return pl.concat(pieces).with_columns(dates)


def earlier_of(ledger: sqlite3.Connection, feed: str, asked: pl.DataFrame) -> pl.DataFrame:
    """finding, finding_id, first_seen, runs_found of those of `asked` that `feed` ever had.

    asked: finding_id, service_date (date).
    """
    return _asked(ledger, _EARLIER, feed, asked, _EARLIER_TYPES)


def seen_before(
    ledger: sqlite3.Connection, feed: str, asked: pl.DataFrame, run: int
) -> pl.DataFrame:
    """finding_id, first_seen of those of `asked` that runs of `feed` up to `run` had.

    asked: finding_id, service_date (date).
    """
    types = {"finding_id": _TEXT, "first_seen": _TEXT}
    return _asked(ledger, _SEEN, feed, asked, types, run)


def _asked(
    ledger: sqlite3.Connection,
    query: str,
    feed: str,
    asked: pl.DataFrame,
    types: dict[str, Any],
    *more: int,
) -> pl.DataFrame:
    """What `query` answers of `asked`, day by day: their index begins with the day."""
    pieces = [pl.DataFrame(schema=types)]
    # A day's ids in their order, so that neighbours in the index are read together.
    days = asked.select(pl.col("service_date").dt.to_string("%Y-%m-%d"), "finding_id")
    most = min(MOST_PLACES, ledger.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) - 3)
    of_days = days.group_by("service_date").agg(pl.col("finding_id").sort()).sort("service_date")
    for day, ids in of_days.iter_rows():
        for some in parts(ids, most):
            places = ", ".join("?" * len(some))
            rows = ledger.execute(query.format(places=places), (feed, day, *some, *more))
            pieces.append(frame(rows.fetchall(), types))
    return pl.concat(pieces).with_columns(pl.col("first_seen").str.to_date("%Y-%m-%d"))


def kept(findings: pl.DataFrame) -> pl.DataFrame:
    """finding_id, story_id, and LINE and FACTS of `findings` (schemas.Findings) as kept here."""
    return findings.select(
        "finding_id",
        "story_id",
        *LINE,
        *(
            pl.col(name).cast(pl.Decimal(18, places)).to_physical().cast(pl.Int64)
            if (places := _PLACES.get(name))
            else pl.col(name).cast(kind)
            for name, kind in FACTS.items()
        ),
    )


def given(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with units and amounts as schemas.Findings has them."""
    return frame.with_columns(
        # The scale comes first: a decimal without places stays without them when it is divided.
        (pl.col(name).cast(pl.Decimal(18, places)) / 10**places).cast(pl.Decimal(18, places))
        for name, places in _PLACES.items()
    )


_PLACES = {"units": 3, "charge_amount": 2, "amount_at_risk": 2}


def frame(rows: Sequence[tuple[Any, ...]], types: dict[str, Any]) -> pl.DataFrame:
    """`rows` as columns: a column at a time is several times as fast as a row at a time."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in types)
    return pl.DataFrame(
        [pl.Series(n, c, t) for (n, t), c in zip(types.items(), columns, strict=True)]
    )


def parts(ids: list[str], size: int) -> Iterator[list[str]]:
    """`ids` in pieces of at most `size`."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
