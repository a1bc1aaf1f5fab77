"""What the nightly run asks of the store of earlier lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from auditor.history import missing, overlap
from auditor.history.episodes import DAYS, days_of, select, touched
from auditor.history.index import named_hash
from auditor.history.staging import Staged, stage
from auditor.history.store import FOUND, Store
from auditor.history.upkeep import compact, forget, rebuild_index, sweep
from schemas import ClaimLines, EndedLines, SetAside, dtypes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from auditor.history.overlap import Mode

__all__ = [
    "Memory",
    "Reach",
    "Staged",
    "Tonight",
    "compact",
    "forget",
    "rebuild_index",
    "sweep",
]
_ENDED_TEXTS = (
    "claim_id",
    "claim_frequency",
    "original_claim_id",
    "received_date",
    "line_number",
    "patient_id",
    "service_date_from",
    "code",
)
_PATIENT = ("version", "patient_id")


class Reach(NamedTuple):
    """How far lines with some codes reach to later lines with others, of one patient."""

    days: int
    """From the last day of the cause to the first of the effect, at the most."""
    causes: frozenset[str]
    """Codes of the earlier lines that matter."""
    effects: frozenset[str]
    """Codes of the later lines that are judged by them."""


Reaches = Callable[[pl.Series, date, date], "Sequence[Reach]"]


@dataclass(frozen=True, slots=True)
class Tonight:
    """What tonight's lines are beside the stored ones."""

    fresh: pl.DataFrame
    """schemas.ClaimLines: new or changed lines, line_key dense, in the order of the files."""
    since: pl.Series
    """Of each of `fresh` the run with which it first came (u64); null for those that are new."""
    set_aside: pl.DataFrame
    """schemas.SetAside: 'seen before', and 'superseded' by a later one of tonight's files."""
    again: pl.DataFrame
    """schemas.StoredLines: standing lines that must be judged again."""
    context: pl.DataFrame
    """schemas.StoredLines: standing lines that are only looked at."""
    ended: pl.DataFrame
    """schemas.EndedLines: stored lines that end tonight."""
    rejected: pl.DataFrame
    """schemas.RejectedKeys of earlier nights that name a claim or patient of fresh or again."""
    groups: pl.Series
    """Billing NPIs under which earlier nights had another rendering NPI."""
    numbered: bool
    """Whether a stored line carries the payer's number of its claim."""
    cleared: pl.DataFrame
    """schemas.RejectedKeys of earlier nights whose claim came without a rejected row."""
    refused: pl.DataFrame
    """schemas.RejectedKeys of tonight that hold: not those of a claim that a later one of
    tonight's files has whole."""


class Memory:
    """The lines of a feed as they stood after `runs`."""

    def __init__(
        self, folder: Path, runs: Iterable[int], *, nobody: str, renewing: bool = True
    ) -> None:
        """Look at the files in `folder`.

        runs: those to look back at, of which a later one has the greater number; none on a first
        night. nobody: pattern of patient ids that stand for nobody; their lines touch nothing.
        Indexes that another version of polars wrote are made anew; without `renewing` they are so
        in memory alone, and nothing is written. Raises HistoryError.
        """
        self._store = Store(folder, runs, renewing=renewing)
        self._nobody = nobody

    def resolve(
        self,
        lines: pl.DataFrame,
        rejected: pl.DataFrame,
        mode: Mode,
        reaches: Sequence[Reach] | Reaches,
        *,
        anew: pl.Series | None = None,
    ) -> Tonight:
        """Hold tonight's `lines` (schemas.ClaimLines) against the stored ones.

        rejected: schemas.RejectedRows. reaches: what reaches over
        days, or who tells it of the codes, first and last day that patients of tonight have.
        anew: ids of claims whose stored lines are judged again whatever tonight brings. Raises
        HistoryError.
        """
        store = self._store
        refused = missing.keys(overlap.holding(rejected, lines, mode))
        doubtful = refused["claim_id"].drop_nulls().unique()
        keys = overlap.keys_of(lines, mode, doubtful)
        won = overlap.winning(keys)
        stored = store.standing("claim", won["claim"])
        new, rest = overlap.matched(won, stored)
        texts = store.lines(rest, _ENDED_TEXTS)
        ended = overlap.ending(new, texts, keys)
        fresh = lines[new["row"].sort()].with_columns(_dense())
        since = overlap.since(fresh, ended)
        held = missing.standing(store.rejected)
        cleared = missing.cleared(held, refused, lines["claim_id"].filter(keys["whole"]).unique())
        lost = refused.join(held, on=missing.KEYS, how="anti", nulls_equal=True)
        other = pl.concat([lost, cleared])
        gone = rest.join(ended.select("version"), on="version", how="semi")
        claims = pl.concat([other.select("claim_id").drop_nulls(), _ids(anew)])
        named = store.standing("claim", claims.select(named_hash())["claim"])
        named = named.join(gone.select("version"), on="version", how="anti")
        texts = pl.concat(
            [texts.select(_PATIENT), store.lines(named, ("patient_id",)).select(_PATIENT)]
        )
        day = touched(fresh, pl.concat([gone, named]), texts, other, self._nobody)
        near = store.standing("patient", day["patient"], [c for c in FOUND if c in DAYS])
        near = near.join(gone.select("version"), on="version", how="anti")
        days = days_of(day, near)
        if callable(reaches):
            span = days.select(pl.col("first").min(), pl.col("last").max()).cast(pl.Date).row(0)
            reaches = () if span[0] is None else reaches(days["code"], *span)
        chosen = select(days, reaches)
        again, context = _apart(store.lines(pl.concat(chosen)), chosen.again["version"])
        held = held.join(cleared, on=missing.KEYS, how="anti", nulls_equal=True)
        return Tonight(
            fresh=fresh,
            since=since,
            set_aside=_set_aside(lines, keys, won, new),
            again=again,
            context=context,
            ended=ended.select(list(dtypes(EndedLines))),
            rejected=missing.matter(held, [fresh, again]),
            groups=store.groups,
            numbered=store.numbered,
            cleared=cleared,
            refused=refused,
        )

    def height(self) -> int:
        """How many stored lines there are, those that ended included."""
        return self._store.height()

    def stage(self, tonight: Tonight, run: int, folder: Path) -> Staged:
        """Write the files of `run` into `folder`, onto the disk; nothing else is touched.

        The lines are stored in an order of their own, which does not depend on that of the rows.
        """
        ended, refused, cleared = tonight.ended, tonight.refused, tonight.cleared
        return stage(tonight.fresh, tonight.since, ended, refused, cleared, run, folder)

    def standing(self) -> pl.LazyFrame:
        """All lines that stand, as schemas.StoredLines."""
        return _stored(self._store.everything())


def _ids(claims: pl.Series | None) -> pl.DataFrame:
    found = pl.Series(dtype=pl.String) if claims is None else claims
    return found.rename("claim_id").to_frame()


def _dense() -> pl.Expr:
    return pl.int_range(pl.len(), dtype=pl.UInt32).alias("line_key")


def _stored(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Evidence as schemas.StoredLines."""
    return lines.with_columns(_dense()).select(*dtypes(ClaimLines), "version", "since")


def _apart(both: pl.DataFrame, again: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The evidence `both` as schemas.StoredLines: the versions `again`, and the others."""
    chosen = both.select(pl.col("version").is_in(again.implode())).to_series()
    again_, context = (_stored(both.filter(each).lazy()).collect() for each in (chosen, ~chosen))
    return again_, context


def _set_aside(
    lines: pl.DataFrame, keys: pl.DataFrame, won: pl.DataFrame, new: pl.DataFrame
) -> pl.DataFrame:
    """Tonight's lines that are not new, in the order of the files."""
    superseded = keys.join(won.select("row"), on="row", how="anti").select("row")
    seen = won.join(new.select("row"), on="row", how="anti").select("row")
    rows = pl.concat(
        [
            superseded.with_columns(reason=pl.lit("superseded")),
            seen.with_columns(reason=pl.lit("seen before")),
        ]
    ).sort("row")
    places = lines.select("source_file", "source_row", "claim_id")[rows["row"]]
    return places.with_columns(rows["reason"]).select(list(dtypes(SetAside)))
