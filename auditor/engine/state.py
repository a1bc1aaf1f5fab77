"""What earlier stages of the order of judgement decided, for the later ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.bits import marks
from auditor.engine.clock import Clock
from auditor.engine.credits import held_down, without_credits
from auditor.engine.hits import CERTAIN, DENIALS, no_hits
from auditor.engine.partners import same_practitioner
from auditor.engine.payable import FLAGS, Payable, payability
from auditor.rules.interface import rule_of
from auditor.rules.options import RuleOptions
from schemas import SeparablePairs, empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from auditor.engine.batch import Batch
    from auditor.engine.whole import Join
    from auditor.rules import Rule

ABROAD = {"key": pl.UInt32, "claim_id": pl.String, "line_number": pl.Int32}


@dataclass
class State:
    """The batch, its lines with payability, and the hits so far."""

    batch: Batch
    silent: frozenset[str] = frozenset()
    """Rules that the files lack a column for: not evaluated, so they deny and support nothing."""
    duplicates: pl.Series = field(default_factory=lambda: pl.Series(dtype=pl.UInt32))
    """Rows of exact duplicates, set aside: no denying rule is judged on them, and they support
    none."""
    payable: Payable = field(init=False)
    """The lines and what of them pays by itself: there once `weigh` was called."""
    found: list[pl.DataFrame] = field(default_factory=list)
    options: RuleOptions = field(default_factory=RuleOptions)
    clock: Clock = field(default_factory=Clock)
    pairs: pl.DataFrame = field(default_factory=lambda: empty(SeparablePairs))
    """schemas.SeparablePairs, of audited lines and of the history."""
    abroad: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ABROAD))
    """key, claim_id, line_number of counterparts in other parts of the batch."""
    counted: dict[str, pl.DataFrame] = field(default_factory=dict)
    """What rules counted of these lines (State.whole), by name."""

    def add(self, hits: pl.DataFrame) -> None:
        """Take the hits of a family, without those of rules that are not evaluated.

        Lines of the history are looked at, and judged only so far as tonight's lines need it: by
        what denies a primary. `judged` leaves that out.
        """
        if hits.is_empty():
            return
        if self.silent:
            hits = hits.filter(~pl.col("rule_id").is_in(self.silent))
        hits = held_down(without_credits(hits, self.batch), self.batch)
        if self.batch.has_history:
            hits = hits.filter(self._judged() | pl.col("rule_id").is_in(DENIALS))
        if not hits.is_empty():
            self.found.append(hits)

    def _judged(self) -> pl.Expr:
        return pl.col("row") < self.batch.audited_rows

    @property
    def lines(self) -> pl.DataFrame:
        """Batch.lines plus dup, alone_blocked, pays_as_column1, pays_as_primary."""
        return self.payable.lines

    def hits(self) -> pl.DataFrame:
        """All hits so far."""
        return pl.concat(self.found) if self.found else no_hits()

    def judged(self) -> pl.DataFrame:
        """All hits so far, of the lines that are judged."""
        return self.hits().filter(self._judged()) if self.batch.has_history else self.hits()

    def hits_of(self, *rule_ids: str) -> pl.DataFrame:
        """Hits of the rules named."""
        return self.hits().filter(pl.col("rule_id").is_in(rule_ids))

    @property
    def alone(self) -> bool:
        """True where these lines are the whole batch and no part of it."""
        return self.batch.whole is None

    def whole(self, name: str, count: Callable[[], pl.DataFrame], join: Join) -> pl.DataFrame:
        """What is counted under `name` of the whole batch, where `count` counts these lines.

        Once all parts have counted, none is asked again.
        """
        if self.batch.whole is not None and name in self.batch.whole.counts:
            return self.batch.whole.counts[name]
        mine = self.counted[name] = count()
        return join(mine if self.alone else mine.clear())

    def named(self, places: pl.DataFrame) -> pl.DataFrame:
        """`places` (row, other) by the keys of their lines, in a part of a batch."""
        if self.alone:
            return places
        keys = pl.concat([self.batch.raw["line_key"], self.abroad["key"]])
        return places.with_columns(
            keys.gather(places[name]).alias(name) for name in ("row", "other")
        )

    def lines_named(self, named: pl.DataFrame) -> pl.Series:
        """The rows of lines that `named` (key, claim_id, line_number) names, as counterparts.

        Lines of other parts get places behind all rows; `abroad` says what they are.
        """
        rows = self.batch.rows_of(named["key"])
        if not rows.has_nulls():
            return rows
        away = named.filter(rows.is_null()).select(self.abroad.columns)
        behind = pl.int_range(away.height, dtype=pl.UInt32, eager=True)
        behind += self.batch.raw.height + self.abroad.height
        self.abroad = pl.concat([self.abroad, away])
        return rows.scatter(rows.is_null().arg_true(), behind)

    def practitioner(self, rule_id: str) -> pl.Expr:
        """Whether line and other line (suffix `_`) count as one practitioner's for the rule."""
        key = self.options.same_practitioner.get(rule_id) or rule_of(rule_id).practitioner
        return same_practitioner(key or "rendering")

    def lines_of(self, codes: pl.Expr, *columns: str) -> pl.DataFrame:
        """The lines whose code's facts (auditor.engine.codes, at `ce`) satisfy `codes`.

        `columns`: what of the lines is wanted, all where none is named. Span lines come once, at
        the facts of their first day; State.by_day spreads them over their days.
        """
        asked = self.batch.facts.table.select(codes.fill_null(value=False)).to_series()
        wanted = [*columns] if columns else self.lines.columns
        if not asked.any():
            return self.lines[wanted].clear()
        # Columns first: a filter copies every column it is given.
        return self.lines[wanted].filter(asked[self.lines["ce"]])

    def lines_with(self, codes: pl.Series, *columns: str) -> pl.DataFrame:
        """`columns` of the lines whose code is one of `codes` (places in the batch's codes)."""
        asked = marks(self.batch.n_codes, codes)
        return self.lines[[*columns]].filter(asked.gather(self.lines["c"]))

    def lines_at(self, rows: pl.Series, *columns: str) -> pl.DataFrame:
        """`columns` of the lines `rows`, all of which stand."""
        # Rows rise, and lines that do not stand are left out.
        return self.lines[[*columns]][self.lines["row"].search_sorted(rows)]

    def with_facts(self, frame: pl.DataFrame, *names: str, at: str = "ce") -> pl.DataFrame:
        """`frame` with code facts gathered by its column `at`."""
        return beside(frame, self.batch.facts.table[[*names]][frame[at]])

    def with_mods(self, frame: pl.DataFrame, *names: str) -> pl.DataFrame:
        """`frame` with what is known of its modifier combinations (column `m`)."""
        return beside(frame, self.batch.mods[[*names]][frame["m"]])

    def with_raw(self, frame: pl.DataFrame, *names: str) -> pl.DataFrame:
        """`frame` with columns of schemas.ClaimLines, by its column `row`."""
        return beside(frame, self.batch.raw[[*names]][frame["row"]])

    def modifiers(self, *wanted: str) -> pl.Series:
        """Indices `m` of the modifier combinations that hold one of `wanted`."""
        held = self.batch.mods_with
        return pl.Series(
            "m", sorted({m for token in wanted for m in held.get(token, ())}), pl.UInt32
        )

    def at_every_epoch(self) -> pl.DataFrame:
        """The lines, and span lines again at the facts of the further epochs they reach."""
        if self.payable.later.is_empty():
            return self.lines
        return pl.concat([self.lines, self.payable.later])

    def by_day(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Batch.by_day, with what pays by itself on each day (needs ce)."""
        expanded = self.batch.by_day(lines)
        flags = [flag for flag in FLAGS if flag in lines.columns]
        if not flags or expanded is lines:
            return expanded
        for known, key in ((self.payable.later, "ce"), (self.payable.lone, "date")):
            if not known.is_empty():
                that_day = known.select("row", key, *(pl.col(f).alias(f"_{f}") for f in flags))
                expanded = expanded.join(that_day, on=["row", key], how="left")
                told = [pl.coalesce(f"_{f}", f).alias(f) for f in flags]
                expanded = expanded.with_columns(told).select(lines.columns)
        return expanded

    def weigh(self) -> None:
        """Find what pays by itself, once the exact duplicates are known."""
        self.payable = payability(self.batch.lines, self.duplicates, self.batch)


def beside(frame: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    """`frame` with the columns of `more`, row by row; those that it has already are replaced."""
    # Stacked at once where it can be: of a few lines a query takes longer to plan than to run.
    if set(frame.columns).isdisjoint(more.columns):
        return frame.hstack(more)
    return frame.with_columns(*more)


def business_tier(state: State, rule: Rule) -> pl.Expr:
    """0 where the line of business has `rule` at its own tier, 1 at review, null: silent.

    A payer that adopted the rule (configuration) has it at its own tier.
    """
    adopted = {b for b, rules in state.options.adopted.items() if rule.id in rules}
    full = (*rule.profiles, *(b for b in rule.review_for if b in adopted))
    return _tier(full, rule.review_for)


@cache
def _tier(full: tuple[str, ...], review: tuple[str, ...]) -> pl.Expr:
    """`business_tier` of these lines of business: a hundred rules share a handful of them."""
    lob = pl.col("lob")
    return (
        pl.when(lob.is_in([*full]))
        .then(pl.lit(CERTAIN, pl.UInt8))
        .when(lob.is_in([*review]))
        .then(pl.lit(1, pl.UInt8))
    )
