"""The life of findings: found first, found again, closed, found after all.

`settle` reads what the ledger has of a feed's findings and works out what tonight means for them;
`record` writes that, in the transaction that commits the run. Words of a finding's life are new,
standing, reopened, resolved; a decision about it (auditor.review) is another matter: a finding
that somebody settled is still open here as long as it is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import polars as pl

from auditor.errors import ExitCode, LedgerError
from auditor.ledger import again, closing, known, trend
from auditor.ledger.known import COMPARED, FACTS, LINE
from schemas import CarriedFindings, ClosedFindings, FindingLife, dtypes

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence
    from datetime import date
    from pathlib import Path

    from auditor.ledger.again import Replaced
    from auditor.ledger.trend import Trends

TIERS = ("certain", "review", "info")
_STANDS = pl.col("open") | (pl.col("state") != "standing")
"""Open once the run is recorded: what a later run closed is not (auditor.ledger.again)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What a run means for the findings of its feed."""

    feed: str
    as_of: date
    findings: pl.DataFrame
    """schemas.FindingLife: a row for each of tonight's findings, in their order."""
    closed: pl.DataFrame
    """schemas.ClosedFindings: resolved tonight."""
    carried: pl.DataFrame
    """schemas.CarriedFindings: open, and about lines that tonight did not judge."""
    trends: Trends
    """The last nights of the feed, tonight included."""
    entries: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False)
    """Tonight's findings as the ledger keeps them, with what it knows of them; for `record`."""
    gone: pl.DataFrame = field(default_factory=pl.DataFrame, repr=False)
    """The closed ones in the same form."""
    after: int = 0
    """The feed's newest run when this was worked out; 0: none."""
    opened: pl.DataFrame | None = field(default=None, repr=False)
    """What was open before, as the ledger has it; None where a run was audited again."""

    def opened_after(self, recorded: pl.DataFrame, run: int) -> pl.DataFrame | None:
        """What is open once `record` answered `recorded` of `run`: the columns of known.OPEN.

        As known.open_of reads it from the ledger then. None where a run was audited again.
        """
        if self.opened is None:
            return None
        now = recorded.with_columns(last_run=pl.lit(run, pl.Int64))
        stands = now.filter(state="standing").select("finding", *_NOW)
        ended = pl.concat([stands["finding"], self.gone["finding"]])
        before = self.opened.select(list(known.OPEN))
        return pl.concat(
            [
                before.filter(~pl.col("finding").is_in(ended.implode())),
                before.drop(_NOW).join(stands, on="finding").select(list(known.OPEN)),
                now.filter(pl.col("state") != "standing").select(list(known.OPEN)),
            ],
            how="vertical_relaxed",
        ).sort("finding")

    def dated(self, findings: pl.DataFrame) -> pl.DataFrame:
        """`findings` (tonight's, in their order) with first_seen as the ledger has it."""
        return findings.with_columns(self.findings["first_seen"])

    def figures(self) -> dict[str, Any]:
        """new, reopened, standing, resolved, open, new_at_risk, by_rule of nightly.Figures."""
        of_state = dict(self.findings["state"].value_counts().iter_rows())
        new = self.entries.filter(pl.col("state") == "new", ~pl.col("moved"))
        sums = (
            known.given(new.drop_nulls("amount_at_risk"))
            .group_by("tier", "amount_basis")
            .agg(pl.col("amount_at_risk").sum())
            .sort("tier", "amount_basis")
        )
        at_risk: dict[str, dict[str, str]] = {}
        for tier, basis, amount in sums.iter_rows():
            at_risk.setdefault(tier, {})[basis] = f"{amount:.2f}"
        tonight, before = _tiers(self.entries.filter(_STANDS)), _tiers(self.carried)
        return {
            "new": _tiers(new),
            "reopened": of_state.get("reopened", 0),
            "standing": of_state.get("standing", 0),
            "resolved": self.closed.height,
            "open": {tier: tonight[tier] + before[tier] for tier in TIERS},
            "new_at_risk": at_risk,
            "by_rule": dict(new["rule_id"].value_counts().sort("rule_id").iter_rows()),
        }


def settle(  # noqa: PLR0913 - each says a thing of its own about the night
    ledger: sqlite3.Connection,
    feed: str,
    findings: pl.DataFrame,
    *,
    judged: pl.DataFrame,
    ended: pl.DataFrame,
    came: pl.DataFrame | None = None,
    ran: Collection[str],
    lasting: Collection[str],
    as_of: date,
    replaced: Replaced | None = None,
    copy: Path | None = None,
) -> Life:
    """What `findings` (schemas.Findings of tonight) mean for what the ledger has of `feed`.

    Reads only. `judged` has claim_id, patient_id and service_date of every line that was judged
    tonight, earlier ones judged again included; `ended` has claim_id, line_number, patient_id,
    service_date, code and why ('changed', 'no longer in the claim', 'void', 'superseded') of every
    line of an earlier night that stands no longer as it was; `came` has patient_id, service_date
    and code of tonight's own lines, which are named in reasons. `ran` are the ids of the rules that
    ran and could judge; `lasting` those whose findings close only with their line, because they
    rest on more than a later night sees again. `replaced` is given where a run is audited again.
    `copy` is where a copy of the open findings may lie (auditor.ledger.open_copy).
    """
    (after,) = ledger.execute(
        "SELECT coalesce(max(run), 0) FROM runs WHERE feed = ?", (feed,)
    ).fetchone()
    opened = known.open_of(ledger, feed, copy)
    entries = _entries(ledger, feed, known.kept(findings), opened, as_of)
    if replaced is not None:
        entries = again.undone(ledger, entries, replaced)
    absent = opened.join(findings.select("finding_id"), on="finding_id", how="anti")
    absent = absent.sort("finding").with_columns(_days(as_of))
    ends = closing.ending(absent, judged, ended, ran, lasting)
    if replaced is not None:
        ends = again.ending(ledger, absent, ends, replaced)
    gone, left = absent.filter(ends), absent.filter(~ends)
    why = closing.reasons(gone, findings, ended, came, moving=replaced is None)
    gone = gone.with_columns(why=why if replaced is None else again.worded(why, replaced.reason))
    entries, gone = _moved(entries, gone, ended, as_of)
    nothing = pl.lit(None, pl.String).alias("decision")
    return Life(
        feed=feed,
        as_of=as_of,
        findings=entries.with_columns(
            state=pl.when("moved").then(pl.lit("standing")).otherwise("state"),
            changed=pl.col("changed") | pl.col("moved"),
        ).select(list(dtypes(FindingLife))),
        closed=known.given(gone.filter(~pl.col("moved")))
        .with_columns(nothing)
        .select(list(dtypes(ClosedFindings))),
        carried=known.given(left)
        .with_columns(nothing, nothing.alias("decided"))
        .select(list(dtypes(CarriedFindings))),
        trends=_trends(ledger, feed, entries, gone, left, as_of),
        entries=entries,
        gone=gone,
        after=int(after),
        opened=opened if replaced is None else None,
    )


def _entries(
    ledger: sqlite3.Connection, feed: str, tonight: pl.DataFrame, opened: pl.DataFrame, as_of: date
) -> pl.DataFrame:
    """Tonight's findings with finding (null: new), state, changed, first_seen, days, runs_found.

    The facts of an open one as they were stand beside, named with _then.
    """
    before = opened.select(
        "finding_id", "finding", "first_seen", "runs_found", "rendering_npi", *FACTS
    )
    entries = tonight.join(
        before, on="finding_id", how="left", suffix=known.THEN, maintain_order="left"
    ).with_columns(pl.col("finding").is_not_null().alias("open"))
    strange = entries.filter(~pl.col("open")).select("finding_id", "service_date")
    earlier = known.earlier_of(ledger, feed, strange)
    entries = entries.join(
        earlier, on="finding_id", how="left", suffix="_before", maintain_order="left"
    ).with_columns(
        finding=pl.coalesce("finding", "finding_before"),
        # As it is stored: what is counted by practitioner must come off where it was put on.
        rendering_npi=pl.when("open").then("rendering_npi" + known.THEN).otherwise("rendering_npi"),
        first_seen=pl.coalesce("first_seen", "first_seen_before", pl.lit(as_of)),
        runs_found=pl.coalesce("runs_found", "runs_found_before", pl.lit(0, pl.Int32)) + 1,
    )
    differs = pl.any_horizontal(pl.col(n).ne_missing(pl.col(n + known.THEN)) for n in COMPARED)
    return entries.with_columns(
        _days(as_of),
        state=pl.when("open")
        .then(pl.lit("standing"))
        .when(pl.col("finding").is_not_null())
        .then(pl.lit("reopened"))
        .otherwise(pl.lit("new")),
        changed=pl.col("open") & differs,
    )


def _moved(
    entries: pl.DataFrame, gone: pl.DataFrame, ended: pl.DataFrame, as_of: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both with `moved`: told before on a line that has another number or name now.

    Such an entry keeps the first day of the finding that it takes the place of. For the ledger,
    which knows findings by their ids, the one is new and the other resolved.
    """
    new = entries.filter(pl.col("state") == "new")
    pairs = closing.moved(new, gone, ended)
    before = pairs.join(gone.select("finding", "first_seen", "runs_found"), on="finding")
    told = entries.join(
        before.select("finding_id", since="first_seen", found="runs_found"),
        on="finding_id",
        how="left",
        maintain_order="left",
    ).with_columns(
        first_seen=pl.coalesce("since", "first_seen"),
        runs_found=pl.col("runs_found") + pl.col("found").fill_null(0),
        moved=pl.col("since").is_not_null(),
    )
    moved = pl.col("finding").is_in(pairs["finding"].implode())
    went = gone.with_columns(
        moved=moved, why=pl.when(moved).then(pl.lit(closing.MOVED)).otherwise("why")
    )
    return told.with_columns(_days(as_of)).drop("since", "found"), went


def _trends(  # noqa: PLR0913, PLR0917 - the parts of the night
    ledger: sqlite3.Connection,
    feed: str,
    entries: pl.DataFrame,
    gone: pl.DataFrame,
    left: pl.DataFrame,
    as_of: date,
) -> Trends:
    """The last nights, tonight's included, which nothing has recorded yet."""
    runs = trend.runs_of(ledger, feed)
    (tonight,) = ledger.execute("SELECT coalesce(max(run), 0) + 1 FROM runs").fetchone()
    night = pl.DataFrame({"run": [tonight], "night": [as_of]}, schema=runs.schema)
    runs = pl.concat([runs, night]).with_columns(pl.col("night").cum_max())
    recent = runs.select("night").unique().sort("night").tail(trend.NIGHTS_SHOWN)
    runs = runs.join(recent, on="night", how="semi", maintain_order="left")
    first = runs["run"][0]
    tallies = pl.concat(
        [
            trend.tallies_of(ledger, feed, first),
            trend.tallied(entries, gone, tonight).select(list(trend.TALLIES)),
        ],
        how="vertical_relaxed",
    )
    columns = [*trend.KIND, "amount_at_risk"]
    stands = entries.filter(_STANDS)
    now = trend.counted(pl.concat([stands.select(columns), left.select(columns)]))
    return trend.Trends(
        *(trend.over(runs, tallies, now, feed, by) for by in ((), ("rule_id",), ("rendering_npi",)))
    )


def _days(as_of: date) -> pl.Expr:
    """Days from first_seen to `as_of`; a run for an earlier day counts none."""
    days = (pl.lit(as_of) - pl.col("first_seen")).dt.total_days().cast(pl.Int32)
    return pl.max_horizontal(days, pl.lit(0, pl.Int32)).alias("days")


def _tiers(frame: pl.DataFrame) -> dict[str, int]:
    counts = dict(frame["tier"].value_counts().iter_rows())
    return {tier: counts.get(tier, 0) for tier in TIERS}


_FINDING = (
    "finding",
    "feed",
    "finding_id",
    "run",
    "first_seen",
    "story_id",
    *LINE,
)
_EVENT = ("run", "finding", "event", *FACTS, "runs_found", "why")
_NOW = (*FACTS, "runs_found", "last_run")
_OPENED = ("finding", "feed", "finding_id", "first_seen", *LINE, *_NOW)


def record(ledger: sqlite3.Connection, life: Life, run: int) -> pl.DataFrame:
    """Write `life` into `ledger` as what `run` (runs.run) did; the caller holds the transaction.

    Answers its entries with the numbers that new findings got, for `Life.opened_after`.
    Raises LedgerError where another run of the feed was recorded since `settle` looked.
    """
    (after,) = ledger.execute(
        "SELECT coalesce(max(run), 0) FROM runs WHERE feed = ? AND run <> ?", (life.feed, run)
    ).fetchone()
    if after != life.after:
        error = LedgerError(
            "Another run of this feed was recorded while this one worked.",
            next_step="Nothing was recorded. Run again.",
        )
        error.exit_code = ExitCode.INTERNAL
        raise error
    (last,) = ledger.execute("SELECT coalesce(max(finding), 0) FROM findings").fetchone()
    entries = _numbered(life.entries, last).with_columns(
        pl.lit(life.feed).alias("feed"), run=pl.lit(run), last_run=pl.lit(run)
    )
    _insert(ledger, "findings", _FINDING, entries.filter(state="new"))
    _insert(ledger, "open_findings", _OPENED, entries.filter(pl.col("state") != "standing"))
    ledger.executemany(
        f"UPDATE open_findings SET {', '.join(f'{n} = ?' for n in _NOW)} WHERE finding = ?",
        _rows(entries.filter(state="standing"), (*_NOW, "finding")),
    )
    ledger.executemany(
        "DELETE FROM open_findings WHERE finding = ?", _rows(life.gone, ("finding",))
    )
    _insert(ledger, "finding_events", _EVENT, _events(entries, life.gone, run))
    _insert(ledger, "finding_tallies", trend.TALLY, trend.tallied(entries, life.gone, run))
    return entries


def _numbered(entries: pl.DataFrame, last: int) -> pl.DataFrame:
    """`entries` with the numbers that the new ones get, from `last` on.

    They go in as their index has them: each page of it is then written once.
    """
    entries = entries.sort("service_date", "finding_id")
    nth = (pl.col("state") == "new").cum_sum().cast(pl.Int64) + last
    return entries.with_columns(finding=pl.coalesce("finding", nth))


def _events(entries: pl.DataFrame, gone: pl.DataFrame, run: int) -> pl.DataFrame:
    """One row an event: what became new, changed, was reopened or resolved."""
    event = pl.when(pl.col("state") == "standing").then(pl.lit("changed")).otherwise("state")
    told = entries.filter((pl.col("state") != "standing") | pl.col("changed")).select(
        "finding", event.alias("event"), *FACTS, "runs_found", why=pl.lit(None, pl.String)
    )
    closed = gone.select("finding", pl.lit("resolved").alias("event"), *FACTS, "runs_found", "why")
    return pl.concat([told, closed]).with_columns(run=pl.lit(run))


def _insert(
    ledger: sqlite3.Connection, table: str, columns: Sequence[str], frame: pl.DataFrame
) -> None:
    places = ", ".join("?" * len(columns))
    ledger.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", _rows(frame, columns)
    )


def _rows(frame: pl.DataFrame, columns: Sequence[str]) -> Any:  # noqa: ANN401 - rows of any kind
    """The rows of `frame` as SQLite takes them: dates as ISO texts."""
    told = frame.select(columns).with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d"))
    return chain.from_iterable(piece.rows() for piece in told.iter_slices(50_000))
