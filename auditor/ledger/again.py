"""The life of findings where a run is audited again: what the version before it did is undone.

A later version takes the place of an earlier one, so what only that one found is found no more,
whatever rules run now; and what a run after it says, which is still to be audited again, stays said
until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.ledger.closing import UNNAMED

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable

_SPELLS = """
SELECT finding, last_run, (
    SELECT run FROM finding_events AS e
    WHERE e.finding = open_findings.finding AND event IN ('new', 'reopened')
    ORDER BY event_id DESC LIMIT 1
) FROM open_findings WHERE last_run IN ({runs})
"""
_CLOSED = """
SELECT finding FROM (
    SELECT finding, run, max(event_id) FROM finding_events
    WHERE finding IN (SELECT finding FROM finding_events WHERE run IN ({runs}))
    GROUP BY finding
)
WHERE run IN ({runs}) AND finding NOT IN (SELECT finding FROM open_findings)
"""
_CLAIMS = """
SELECT DISTINCT claim_id FROM finding_events JOIN findings USING (finding)
WHERE finding_events.run IN ({runs}) ORDER BY claim_id
"""
_TYPES = {"finding": pl.Int64, "last": pl.Int64, "began": pl.Int64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """What a run takes the place of: numbers of runs (runs.run)."""

    own: frozenset[int]
    """Its earlier versions."""
    runs: frozenset[int]
    """These, and those of the runs before it that are audited again together with it."""
    later: frozenset[int]
    """All versions of the runs after it, which are to be audited again next."""
    reason: str
    """Why, in the operator's words."""


def claims(ledger: sqlite3.Connection, runs: Collection[int]) -> pl.Series:
    """claim_id: the claims whose findings `runs` made, changed or closed."""
    found = [claim for (claim,) in ledger.execute(_CLAIMS.format(runs=_listed(runs)))]
    return pl.Series("claim_id", found, pl.String)


def ending(
    ledger: sqlite3.Connection, absent: pl.DataFrame, ends: pl.Series, replaced: Replaced
) -> pl.Series:
    """Which of the open findings `absent` end, by row; `ends` is what an ordinary run would end.

    What was opened and last found by what is replaced ends. What a later run found last stays: it
    is that one's turn to find it again or not.
    """
    rows = ledger.execute(_SPELLS.format(runs=_listed(replaced.runs | replaced.later))).fetchall()
    spells = pl.DataFrame(rows, schema=_TYPES, orient="row")
    told = absent.select("finding").join(spells, on="finding", how="left", maintain_order="left")
    last, began = told["last"], told["began"]
    later, runs = (_series(each) for each in (replaced.later, replaced.runs))
    stays = last.is_in(later.implode()).fill_null(value=False)
    only = last.is_in(runs.implode()) & began.is_in(runs.implode())
    return (ends & ~stays) | only.fill_null(value=False)


def undone(ledger: sqlite3.Connection, entries: pl.DataFrame, replaced: Replaced) -> pl.DataFrame:
    """`entries` (of auditor.ledger.life) with what the earlier versions and the later runs said.

    A finding that a later run closed stays closed until that run is audited again: it is standing
    here, and not open. One that an earlier version found too was not found in one run more.
    """
    closed = ledger.execute(_CLOSED.format(runs=_listed(replaced.later))).fetchall()
    found = ledger.execute(
        f"SELECT finding FROM open_findings WHERE last_run IN ({_listed(replaced.own)})"
    ).fetchall()
    finding = pl.col("finding")
    later = finding.is_in(_series(n for (n,) in closed).implode()).fill_null(value=False)
    same = finding.is_in(_series(n for (n,) in found).implode()).fill_null(value=False)
    return entries.with_columns(
        state=pl.when(later).then(pl.lit("standing")).otherwise("state"),
        runs_found=pl.col("runs_found") - same.cast(pl.Int32),
    )


def worded(why: pl.Series, reason: str) -> pl.Series:
    """The reasons `why` of findings that close, with the one for which the run was audited again.

    A reason that nobody knows gives way to it.
    """
    told = f" The run was audited again. The reason given: {reason}"
    instead = "The run was audited again, and does not make the finding any more. The reason given:"
    return (
        why.to_frame("why")
        .select(
            pl.when(pl.col("why") == UNNAMED)
            .then(pl.lit(f"{instead} {reason}"))
            .otherwise(pl.concat_str("why", pl.lit(told)))
            .alias("why")
        )
        .to_series()
    )


def _series(numbers: Iterable[int]) -> pl.Series:
    return pl.Series(list(numbers), dtype=pl.Int64)


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(map(str, sorted(numbers)))
