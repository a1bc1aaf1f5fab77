"""The order of judgement: families by stage (docs/order-of-judgement.md)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.line_rules import line_rules
from auditor.engine.payable import payability
from auditor.engine.reasons import by_day, missing_columns, reach
from auditor.engine.state import State
from auditor.engine.workers import workers
from auditor.rules import Stage, catalogue, modules

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from auditor.engine.batch import Batch
    from auditor.engine.clock import Clock
    from auditor.engine.whole import Join
    from auditor.rules.options import RuleOptions


def judge(batch: Batch, present: frozenset[str], options: RuleOptions, clock: Clock) -> State:
    """Every rule on `batch`, in order; the state holds all hits and the lines' payability.

    A rule that needs a column that is not among `present` is not evaluated; coverage says so.
    """
    nothing = pl.Series(dtype=pl.UInt32)
    silent = frozenset(r.id for r in catalogue() if missing_columns(r, present))
    with clock.part("enrichment", "payability", batch.lines.height):
        payable = payability(batch.lines, nothing, batch)
    state = State(batch, payable, silent, options=options, clock=clock)
    finders = _finders()
    for module in finders[Stage.DUPLICATES]:
        state.add(_found(module, state))
    # Families do not read each other's hits, but for the add-ons those of pairs and units; polars
    # works outside the interpreter's lock. Hits are taken in a fixed order.
    with workers(batch.lines.height, 2) as pool:
        denials = [
            pool.submit(_found, m, state) for s in (Stage.PAIRS, Stage.UNITS) for m in finders[s]
        ]
        lined = pool.submit(lambda: [found for _, found in line_rules(state)])
        others = {
            s: [pool.submit(_found, m, state) for m in finders[s]]
            for s in (Stage.LINES, Stage.POLICY)
        }
        hits_of_pairs = [f.result() for f in denials]
        first = [*lined.result(), *(f.result() for f in others[Stage.LINES])]
        for found in [*first, *hits_of_pairs]:
            state.add(found)
        for module in finders[Stage.ADD_ONS]:
            state.add(_found(module, state))
        for f in others[Stage.POLICY]:
            state.add(f.result())
        for module in finders[Stage.AFTER]:
            state.add(_found(module, state))
    return state


def counted(batch: Batch, present: frozenset[str], options: RuleOptions) -> dict[str, pl.DataFrame]:
    """What the rules that look at the whole batch count of `batch`, which is a part of it."""
    payable = payability(batch.lines, pl.Series(dtype=pl.UInt32), batch)
    silent = frozenset(r.id for r in catalogue() if missing_columns(r, present))
    state = State(batch, payable, silent, options=options)
    reach(state)
    for module in _finders()[Stage.DUPLICATES]:
        state.add(_found(module, state))
    for module in _counters():
        _found(module, state)
    return state.counted


def joined(counts: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """`counts` of all parts, stacked under each name, as one batch would have counted them."""
    joins: dict[str, Join] = {"reach": by_day}
    for module in _counters():
        joins |= module.COUNTS
    return {name: joins[name](stacked) for name, stacked in counts.items()}


@cache
def _counters() -> tuple[ModuleType, ...]:
    """The modules of rules that look at the whole batch."""
    return tuple(m for m in modules() if hasattr(m, "COUNTS"))


@cache
def _finders() -> dict[Stage, list[ModuleType]]:
    """The modules that find by joining, by stage."""
    return {
        stage: [m for m in modules() if stage == m.STAGE and hasattr(m, "find")] for stage in Stage
    }


def _found(module: ModuleType, state: State) -> pl.DataFrame:
    """What a rule module finds, timed."""
    with state.clock.part("join rules", module.__name__.rsplit(".", 1)[-1]) as told:
        found: pl.DataFrame = module.find(state)
        told.rows = found.height
    return found
