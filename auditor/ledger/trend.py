"""Findings over the nights: what each night brought and closed, and what was open after it.

The ledger keeps of each run what it added to and took from the open findings of each kind
(finding_tallies). What was open after an earlier night is what is open now without what came since
and with what went: so it is right also where the oldest nights are kept no longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.ledger import known
from schemas import Trend, dtypes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

NIGHTS_SHOWN = 14
"""Nights that a report looks back on."""
KIND = ("rule_id", "rendering_npi", "tier", "amount_basis")
_FLOWS = ("new", "reopened", "resolved", "opened", "new_at_risk", "opened_at_risk")
_SUMS = dict.fromkeys(_FLOWS, pl.Int64)
TALLIES = {"run": pl.Int64, **dict.fromkeys(KIND, pl.String), **_SUMS}
_OPEN = {**dict.fromkeys(KIND, pl.String), "open": pl.Int64, "open_at_risk": pl.Int64}
_RUNS = {"run": pl.Int64, "night": pl.String}
_RUNS_OF = """
SELECT run, CASE WHEN rerun_of IS NULL THEN as_of END FROM runs WHERE feed = ? ORDER BY run
"""
_TALLIES_OF = f"""
SELECT run, {", ".join(KIND)}, {", ".join(_FLOWS)} FROM finding_tallies JOIN runs USING (run)
WHERE feed = ? AND run >= ?
"""
_OPEN_OF = f"""
SELECT {", ".join(KIND)}, count(*), coalesce(sum(amount_at_risk), 0) FROM open_findings
WHERE feed = ? GROUP BY {", ".join(KIND)}
"""


TALLY = (
    "run",
    "rule_id",
    "rendering_npi",
    "tier",
    "amount_basis",
    "new",
    "reopened",
    "resolved",
    "opened",
    "new_at_risk",
    "opened_at_risk",
)
"""Columns of finding_tallies."""


class Trends(NamedTuple):
    """The last nights of a feed, tonight included: three times schemas.Trend."""

    nights: pl.DataFrame
    rules: pl.DataFrame
    """The same by rule."""
    people: pl.DataFrame
    """The same by practitioner."""

    def without(self) -> Trends:
        """Nothing of them."""
        return Trends(self.nights.clear(), self.rules.clear(), self.people.clear())


def trend(ledger: sqlite3.Connection, feed: str, by: Sequence[str] = ()) -> pl.DataFrame:
    """schemas.Trend of all nights of `feed`, by rule_id or rendering_npi where `by` names them."""
    runs = runs_of(ledger, feed)
    rows = ledger.execute(_OPEN_OF, (feed,)).fetchall()
    now = pl.DataFrame(rows, schema=_OPEN, orient="row")
    return over(runs, tallies_of(ledger, feed), now, feed, by)


def feeds(ledger: sqlite3.Connection) -> list[str]:
    """The feeds that have a run."""
    return [row[0] for row in ledger.execute("SELECT DISTINCT feed FROM runs ORDER BY feed")]


def runs_of(ledger: sqlite3.Connection, feed: str) -> pl.DataFrame:
    """run, night (the day that it counts to): all runs of `feed`, in order.

    What a later version of a run, or a run for an earlier day, did to the findings counts to the
    night in which it was done.
    """
    rows = ledger.execute(_RUNS_OF, (feed,)).fetchall()
    frame = pl.DataFrame(rows, schema=_RUNS, orient="row")
    day = pl.col("night").str.to_date("%Y-%m-%d")
    return frame.with_columns(night=day.cum_max().forward_fill())


def tallies_of(ledger: sqlite3.Connection, feed: str, first: int = 0) -> pl.DataFrame:
    """The tallies of the runs of `feed` from `first` on: the columns of TALLIES."""
    return known.frame(ledger.execute(_TALLIES_OF, (feed, first)).fetchall(), TALLIES)


def counted(opened: pl.DataFrame) -> pl.DataFrame:
    """Open findings (the columns of KIND and amount_at_risk in cents) as counts of each kind."""
    return opened.group_by(KIND).agg(
        open=pl.len().cast(pl.Int64), open_at_risk=pl.col("amount_at_risk").fill_null(0).sum()
    )


def tallied(entries: pl.DataFrame, gone: pl.DataFrame, run: int) -> pl.DataFrame:
    """What the run added to and took from the open findings of each kind (finding_tallies)."""
    kind = ("rule_id", "rendering_npi", "tier", "amount_basis")
    cents = pl.col("amount_at_risk").fill_null(0)
    none = pl.lit(0, pl.Int64)
    new, reopened = (pl.col("state") == "new") & ~pl.col("moved"), pl.col("state") == "reopened"
    came = entries.filter((pl.col("state") != "standing") | pl.col("changed")).select(
        *kind,
        new=new.cast(pl.Int64),
        reopened=reopened.cast(pl.Int64),
        resolved=none,
        opened=pl.lit(1, pl.Int64),
        new_at_risk=pl.when(new).then(cents).otherwise(0),
        opened_at_risk=cents,
    )
    was = entries.filter("changed").select(
        "rule_id",
        "rendering_npi",
        tier="tier" + known.THEN,
        amount_basis="amount_basis" + known.THEN,
        new=none,
        reopened=none,
        resolved=none,
        opened=pl.lit(-1, pl.Int64),
        new_at_risk=none,
        opened_at_risk=-pl.col("amount_at_risk" + known.THEN).fill_null(0),
    )
    went = gone.select(
        *kind,
        new=none,
        reopened=none,
        resolved=(~pl.col("moved")).cast(pl.Int64),
        opened=pl.lit(-1, pl.Int64),
        new_at_risk=none,
        opened_at_risk=-cents,
    )
    counted = pl.concat([came, was, went]).group_by(kind).agg(pl.all().sum())
    return counted.sort(kind).with_columns(run=pl.lit(run))


def over(
    runs: pl.DataFrame, tallies: pl.DataFrame, now: pl.DataFrame, feed: str, by: Sequence[str]
) -> pl.DataFrame:
    """schemas.Trend of the nights of `runs`, which `tallies` tell; `now` is open after the last."""
    keys = [name for name in KIND if name in by or name not in ("rule_id", "rendering_npi")]
    nights = runs.select("night").unique().sort("night")
    flows = tallies.join(runs, on="run").group_by("night", *keys).agg(pl.col(list(_FLOWS)).sum())
    last = now.group_by(keys).agg(pl.col("open", "open_at_risk").sum())
    kinds = pl.concat([flows.select(keys), last.select(keys)]).unique()
    whole = (
        nights.join(kinds, how="cross")
        .join(flows, on=["night", *keys], how="left", nulls_equal=True)
        .join(last, on=keys, how="left", nulls_equal=True)
        .with_columns(pl.col(*_FLOWS, "open", "open_at_risk").fill_null(0))
        .sort("night", *keys)
    )
    later = {
        name: pl.col(flow).sum().over(keys) - pl.col(flow).cum_sum().over(keys)
        for name, flow in (("open", "opened"), ("open_at_risk", "opened_at_risk"))
    }
    whole = whole.with_columns(pl.col(name) - since for name, since in later.items())
    # A kind that a night neither changed nor had is no row of it.
    told = whole.filter(pl.any_horizontal(pl.col("open", "new", "reopened", "resolved") != 0))
    return told.select(
        "night",
        pl.lit(feed).alias("feed"),
        *(
            pl.col(name) if name in keys else pl.lit(None, pl.String).alias(name)
            for name in ("rule_id", "rendering_npi")
        ),
        "tier",
        "amount_basis",
        *(pl.col(name).cast(pl.Int32) for name in ("new", "reopened", "resolved", "open")),
        *(
            (pl.col(name).cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2))
            for name in ("new_at_risk", "open_at_risk")
        ),
    ).select(list(dtypes(Trend)))
