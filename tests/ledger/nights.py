"""A feed's nights made by hand: findings, lines judged and lines that ended."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
from polars.testing import assert_frame_equal

from auditor.ledger.known import open_of
from auditor.ledger.life import record, settle
from auditor.ledger.open_copy import keep
from auditor.ledger.store import transaction
from schemas import Findings, dtypes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from auditor.ledger.life import Life

FIRST = date(2026, 11, 1)
RULES = ("AOC-1", "PTP-1", "MUE-2")
_DAY = {"claim_id": pl.String, "patient_id": pl.String, "service_date": pl.Date}
_ENDED = {
    "claim_id": pl.String,
    "line_number": pl.Int32,
    "patient_id": pl.String,
    "service_date": pl.Date,
    "code": pl.String,
    "why": pl.String,
}


def finding(number: int = 1, **values: object) -> dict[str, Any]:
    """One finding as a dict: number n is of line 1 of claim Cn, patient Pn, one of three days."""
    plain = {
        "finding_id": f"{number:032x}",
        "story_id": f"{number:032x}",
        "rule_id": "AOC-1",
        "rule_name": "orphan-add-on",
        "tier": "certain",
        "source_file": "a.csv",
        "source_row": 2,
        "claim_id": f"C{number}",
        "line_number": 1,
        "patient_id": f"P{number}",
        "rendering_npi": "1234567893",
        "payer": None,
        "service_date": date(2026, 10, 1 + number % 3),
        "code": "77002",
        "modifiers": "",
        "units": Decimal("1.500"),
        "charge_amount": Decimal("120.50"),
        "amount_at_risk": Decimal("75.25"),
        "amount_basis": "allowed",
        "message": "m",
        "remedy": "r",
        "citation": "c",
        "release_gap_quarters": 0,
        "also": "",
        "first_seen": FIRST,
        "run_id": "r",
        "schema_version": 1,
    }
    return plain | values


def frame(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """schemas.Findings."""
    return pl.DataFrame(list(rows), schema=dtypes(Findings), orient="row")


def judged(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """The lines of `rows` as `settle` takes what was judged."""
    return pl.DataFrame([{n: row[n] for n in _DAY} for row in rows], schema=_DAY, orient="row")


def ended(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """`rows` (with why) as `settle` takes what ended."""
    return pl.DataFrame([{n: row[n] for n in _ENDED} for row in rows], schema=_ENDED, orient="row")


def add_run(ledger: sqlite3.Connection, feed: str, as_of: date) -> int:
    """A row of runs, as small as one may be; answers its number."""
    (last,) = ledger.execute("SELECT coalesce(max(run), 0) FROM runs").fetchone()
    ledger.execute(
        "INSERT INTO runs (run, run_id, feed, as_of, version, recorded_at, exit_code, figures,"
        " manifest, folder) VALUES (?, ?, ?, ?, 1, 'x', 0, '{}', '{}', 'f')",
        (last + 1, f"{as_of}-{last + 1:08x}", feed, as_of.isoformat()),
    )
    return int(last) + 1


def night(  # noqa: PLR0913 - the parts of a night
    ledger: sqlite3.Connection,
    number: int,
    found: Iterable[Mapping[str, Any]] = (),
    *,
    looked: Iterable[Mapping[str, Any]] = (),
    gone: Iterable[Mapping[str, Any]] = (),
    feed: str = "clinic",
    ran: Collection[str] = RULES,
    lasting: Collection[str] = (),
    copy: Path | None = None,
) -> Life:
    """Settle and record night `number` (0: the first): its lines are those found and `looked`.

    What is worked out to be open afterwards is what the ledger then has.
    """
    as_of = FIRST + timedelta(days=number)
    found = list(found)
    life = settle(
        ledger,
        feed,
        frame(found),
        judged=judged([*found, *looked]),
        ended=ended(gone),
        ran=ran,
        lasting=lasting,
        as_of=as_of,
        copy=copy,
    )
    with transaction(ledger):
        run = add_run(ledger, feed, as_of)
        recorded = record(ledger, life, run)
    after = life.opened_after(recorded, run)
    assert after is not None
    assert_frame_equal(after, open_of(ledger, feed).drop("told_in", "told_on"))
    if copy is not None:
        keep(copy, after, ledger, feed)
    return life
