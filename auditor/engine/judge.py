"""The order of judgement: families by stage, all line rules in one pass (docs/order.md)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.coverage import missing_columns
from auditor.engine.hits import CERTAIN, HITS, hits
from auditor.engine.state import State, business_tier, payability
from auditor.rules import Stage, catalogue, modules

if TYPE_CHECKING:
    from auditor.engine.batch import Batch
    from auditor.rules import Rule

_CODE_TEXT = (
    "code",
    "fee_release",
    "mue_release",
    "mue_rationale",
    "mue_from",
    "mue_to",
    "therapy",
)
_MOD_TEXT = ("mods", "repeated", "conflict_a", "conflict_b", "conflict_reason", "conflict_tier")
"""What the words of line rules may name, gathered for the lines that are hit."""


def judge(batch: Batch, present: frozenset[str]) -> State:
    """Every rule on `batch`, in order; the state holds all hits and the lines' payability.

    A rule that needs a column that is not among `present` is not evaluated; coverage says so.
    """
    nothing = pl.Series(dtype=pl.UInt32)
    silent = frozenset(r.id for r in catalogue() if missing_columns(r, present))
    state = State(batch, payability(batch.lines, nothing, batch), silent)
    finders = {
        stage: [m.find for m in modules() if stage == m.STAGE and hasattr(m, "find")]
        for stage in Stage
    }
    for find in finders[Stage.DUPLICATES]:
        state.add(find(state))
    # Families do not read each other's hits, but for the add-ons those of pairs and units; polars
    # works outside the interpreter's lock. Hits are taken in a fixed order.
    with ThreadPoolExecutor(2) as pool:
        denials = [pool.submit(f, state) for s in (Stage.PAIRS, Stage.UNITS) for f in finders[s]]
        line_rules = pool.submit(_line_rules, state)
        others = {
            s: [pool.submit(f, state) for f in finders[s]] for s in (Stage.LINES, Stage.POLICY)
        }
        hits_of_pairs = [f.result() for f in denials]
        first = [*line_rules.result(), *(f.result() for f in others[Stage.LINES])]
        for found in [*first, *hits_of_pairs]:
            state.add(found)
        for find in finders[Stage.ADD_ONS]:
            state.add(find(state))
        for f in others[Stage.POLICY]:
            state.add(f.result())
    return state


def _line_rules(state: State) -> list[pl.DataFrame]:
    """All line rules: one pass evaluates every condition, then each rule words its own hits."""
    rules = [r for r in catalogue() if r.when is not None and r.id not in state.silent]
    scope = {r.id: business_tier(r.profiles, r.review_for) for r in rules}
    lines = state.at_every_epoch()
    flags = lines.select([_condition(r, scope[r.id]).alias(r.id) for r in rules])
    return [
        _worded(
            state, rule, lines.filter(flags[rule.id]).unique("row", keep="first"), scope[rule.id]
        )
        for rule in rules
        if flags[rule.id].any()
    ]


def _condition(rule: Rule, scope: pl.Expr) -> pl.Expr:
    """The rule's condition where the line of business has it; no denying rule on duplicates."""
    assert rule.when is not None  # noqa: S101 - the caller filters; mypy needs to hear it
    condition = rule.when() & scope.is_not_null()
    if rule.denies:
        condition = condition & ~pl.col("dup")
    return condition.fill_null(value=False)


def _worded(state: State, rule: Rule, lines: pl.DataFrame, scope: pl.Expr) -> pl.DataFrame:
    """The hits of one line rule."""
    assert rule.says is not None  # noqa: S101 - a rule with `when` has `says`; a test checks it
    facts, mods = state.batch.facts.table, state.batch.mods
    lines = lines.with_columns(
        *(facts[n].gather(lines["ce"]) for n in _CODE_TEXT),
        *(mods[n].gather(lines["m"]) for n in _MOD_TEXT),
    )
    said = rule.says()
    own = said.pop("tier", pl.lit(CERTAIN)).cast(pl.UInt8)
    tier = pl.max_horizontal(own, scope)
    return hits(lines, rule.id, tier=tier, **{k: v for k, v in said.items() if k in HITS})
