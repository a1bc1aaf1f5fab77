"""The order of judgement: families by stage (docs/order-of-judgement.md)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING

from auditor.engine import whole
from auditor.engine.hits import DENIALS
from auditor.engine.line_rules import line_rules
from auditor.engine.reasons import by_day, missing_columns, reach
from auditor.engine.state import State
from auditor.engine.whole import Joining
from auditor.engine.workers import workers
from auditor.rules import Stage, catalogue, modules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    import polars as pl

    from auditor.engine.batch import Batch
    from auditor.engine.clock import Clock
    from auditor.engine.whole import Join
    from auditor.rules import Rule
    from auditor.rules.options import RuleOptions


_HEARING = (Stage.ADD_ONS, Stage.AFTER)
"""Stages whose rules ask what pairs and unit limits deny (`DENIALS`)."""
_DENYING = (Stage.PAIRS, Stage.UNITS)


def judge(
    batch: Batch,
    present: frozenset[str],
    options: RuleOptions,
    clock: Clock,
    chosen: frozenset[str] | None = None,
) -> State:
    """Rules on `batch`, in order; the state holds their hits and the lines' payability.

    chosen: ids of the rules that are asked for, None: all; of the others those alone are evaluated
    that one of these listens to. A rule that needs a column that is not among `present` is not
    evaluated; coverage says so.
    """
    silent = frozenset(r.id for r in catalogue() if missing_columns(r, present))
    state = State(batch, silent, options=options, clock=clock)
    finders = _finders(chosen)
    for module in finders[Stage.DUPLICATES]:
        state.add(_found(module, state))
    with clock.part("enrichment", "payability", batch.lines.height):
        state.weigh()
    # Families do not read each other's hits, but for the add-ons those of pairs and units; polars
    # works outside the interpreter's lock. Hits are taken in a fixed order.
    with workers(batch.lines.height, 3) as pool:
        denials = [
            pool.submit(_found, m, state) for s in (Stage.PAIRS, Stage.UNITS) for m in finders[s]
        ]
        by_line = _line_rules(chosen)
        lined = pool.submit(lambda: [found for _, found in line_rules(state, by_line)])
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


def is_counted(chosen: frozenset[str] | None, *, covered: bool) -> bool:
    """Whether all parts must be counted before one is judged.

    chosen: as in `judge`. covered: whether coverage is told, which says of rules that look back
    how far the lines of all parts do.
    """
    if any(_asked_for(module, chosen) for module in _counters()):
        return True
    asked = (r for r in catalogue() if chosen is None or r.id in chosen)
    return covered and any(rule.looks_back for rule in asked)


def counted(
    batch: Batch,
    present: frozenset[str],
    options: RuleOptions,
    chosen: frozenset[str] | None = None,
) -> dict[str, pl.DataFrame]:
    """What the rules that look at the whole batch count of `batch`, which is a part of it."""
    silent = frozenset(r.id for r in catalogue() if missing_columns(r, present))
    state = State(batch, silent, options=options)
    for module in _finders(chosen)[Stage.DUPLICATES]:
        state.add(_found(module, state))
    state.weigh()
    reach(state)
    for module in _counters():
        if _asked_for(module, chosen):
            _found(module, state)
    return state.counted


_JOINED_AT_ONCE = 2
"""Joined tables: nobody else is at work then, and each of them leaves processors idle."""


def joined(
    counts: Mapping[str, Sequence[pl.LazyFrame]], options: RuleOptions
) -> dict[str, pl.DataFrame]:
    """`counts` of the parts, under each name, as one batch would have counted them.

    Of what is looked at by day or by number only what may be found is kept.
    """
    joins: dict[str, Join | Joining] = {"reach": by_day}
    for module in _counters():
        joins |= module.COUNTS

    def one(name: str) -> pl.DataFrame:
        how = joins[name]
        return whole.joined(
            how if isinstance(how, Joining) else Joining(how), counts[name], options
        )

    with ThreadPoolExecutor(_JOINED_AT_ONCE) as pool:
        return dict(zip(counts, pool.map(one, counts), strict=True))


@cache
def _counters() -> tuple[ModuleType, ...]:
    """The modules of rules that look at the whole batch."""
    return tuple(m for m in modules() if hasattr(m, "COUNTS"))


@cache
def _finders(chosen: frozenset[str] | None) -> dict[Stage, list[ModuleType]]:
    """The modules that find by joining, by stage: of the `chosen` rules and what these hear of."""
    heard = (Stage.DUPLICATES, *(_DENYING if _hears(chosen) else ()))
    return {
        stage: [
            m
            for m in modules()
            if stage == m.STAGE and hasattr(m, "find") and (stage in heard or _asked_for(m, chosen))
        ]
        for stage in Stage
    }


@cache
def _line_rules(chosen: frozenset[str] | None) -> tuple[Rule, ...]:
    """The line rules among the `chosen` ones and what these hear of."""
    heard = DENIALS if _hears(chosen) else ()
    return tuple(
        r
        for r in catalogue()
        if r.when is not None and (chosen is None or r.id in chosen or r.id in heard)
    )


def _hears(chosen: frozenset[str] | None) -> bool:
    """Whether one of the `chosen` rules asks what is denied."""
    return any(m.STAGE in _HEARING and _asked_for(m, chosen) for m in modules())


def _asked_for(module: ModuleType, chosen: frozenset[str] | None) -> bool:
    return chosen is None or any(rule.id in chosen for rule in module.RULES)


def _found(module: ModuleType, state: State) -> pl.DataFrame:
    """What a rule module finds, timed."""
    with state.clock.part("join rules", module.__name__.rsplit(".", 1)[-1]) as told:
        found: pl.DataFrame = module.find(state)
        told.rows = found.height
    return found
