"""All line rules in one pass.

What a line rule asks of code, modifiers, place of service and line of business is asked once per
distinct kind of line: a million lines are a few thousand kinds. Only the lines of kinds that some
rule wants are looked at one by one, for what differs from line to line (units, charge, dates).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from auditor.engine.hits import CERTAIN, HITS, hits
from auditor.engine.state import business_tier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from auditor.engine.state import State
    from auditor.rules import Rule


def line_rules(state: State, asked: Sequence[Rule]) -> Iterator[tuple[Rule, pl.DataFrame]]:
    """Each of the line rules `asked` that is evaluated, and its hits."""
    rules = [r for r in asked if r.id not in state.silent]
    if not rules:
        return
    lines = state.at_every_epoch()
    key = _key(lines, state)
    kinds = _kinds(lines, key, state)
    with state.clock.part("line rules", "conditions", kinds.height):
        scope = {r.id: business_tier(state, r) for r in rules}
        flags = kinds.select([_asked(r, scope[r.id]).alias(r.id) for r in rules])
        some = {flag.name for flag in flags if flag.any()}
    with state.clock.part("line rules", "candidates", lines.height):
        kinds = kinds.with_row_index("kind")
        wanted = kinds.filter(flags.select(pl.any_horizontal(pl.all())).to_series())
        lines = lines.with_columns(key=key).filter(pl.col("key").is_in(wanted["key"].implode()))
        lines = lines.join(wanted[["key", "kind"]], on="key").drop("key")
    for rule in rules:
        with state.clock.part("line rule", rule.id) as told:
            chosen = flags[rule.id]
            if rule.id not in some:
                continue
            mine = lines.filter(chosen[lines["kind"]])
            found = _worded(state, rule, mine, kinds, scope[rule.id])
            told.rows = found.height
        yield rule, found


def _key(lines: pl.DataFrame, state: State) -> pl.Series:
    """The kind of each line, as one number."""
    number: pl.Expr = pl.col("ce").cast(pl.Int64) * state.batch.mods.height + pl.col("m")
    for column in ("pos", "lob"):
        filled = pl.col(column).fill_null("")
        values = lines.select(filled.unique().sort()).to_series()
        index = filled.cast(pl.Enum(values)).to_physical().cast(pl.Int64)
        number = number * len(values) + index
    return lines.select(key=number).to_series()


def _kinds(lines: pl.DataFrame, key: pl.Series, state: State) -> pl.DataFrame:
    """One row a distinct kind of line: key, ce, m, pos, lob and all that is known of these.

    facility_bills: how sure it is (a tier) that the facility bills the technical part there.
    """
    kinds = lines.select("ce", "m", "pos", "lob", key=key).unique("key", maintain_order=True)
    places = state.batch.reference.policy("facility_pos")
    kinds = kinds.join(
        places.select("pos", facility_bills="component_tier"),
        on="pos",
        how="left",
        maintain_order="left",
    )
    facts = state.batch.facts.table.drop("ce").rename({"day": "epoch_day"})
    mods = state.batch.mods.drop("tokens")
    return pl.concat([kinds, facts[kinds["ce"]], mods[kinds["m"]]], how="horizontal").with_columns(
        medicare=pl.col("lob") == "medicare",
        fee_known=pl.col("status").is_not_null(),
        padded=pl.concat_str(pl.lit(" "), "mods", pl.lit(" ")),
    )


def _asked(rule: Rule, scope: pl.Expr) -> pl.Expr:
    """The rule's condition on kinds of lines, where the line of business has the rule."""
    assert rule.when is not None  # noqa: S101 - the caller filters; mypy needs to hear it
    return (_made(rule.when) & scope.is_not_null()).fill_null(value=False)


@cache
def _made(when: Callable[[], pl.Expr]) -> pl.Expr:
    """A rule's condition, made once: some are expressions of many parts."""
    return when()


def _worded(
    state: State, rule: Rule, lines: pl.DataFrame, kinds: pl.DataFrame, scope: pl.Expr
) -> pl.DataFrame:
    """The hits of one line rule among lines of the kinds that it asks for."""
    assert rule.says is not None  # noqa: S101 - a rule with `when` has `says`; a test checks it
    if rule.denies:
        lines = lines.filter(~pl.col("dup"))
    if rule.refine is not None:
        refine = rule.refine(state.options)
        lines = _with(state, lines, kinds, refine)
        lines = lines.filter(refine.fill_null(value=False))
    lines = lines.unique("row", keep="first", maintain_order=True)
    said = {name: value for name, value in rule.says().items() if name in {*HITS, "tier"}}
    own = said.pop("tier", pl.lit(CERTAIN)).cast(pl.UInt8)
    lines = _with(state, lines, kinds, *said.values(), own, scope)
    return hits(lines, rule.id, tier=pl.max_horizontal(own, scope), **said)


def _with(state: State, lines: pl.DataFrame, kinds: pl.DataFrame, *asked: pl.Expr) -> pl.DataFrame:
    """`lines` with every column that `asked` names: of the line, of its kind, or of the claim."""
    names = {name for expression in asked for name in expression.meta.root_names()}
    missing = sorted(names - set(lines.columns))
    raw = state.batch.raw
    more = [
        kinds[name][lines["kind"]] if name in kinds.columns else raw[name][lines["row"]]
        for name in missing
    ]
    return lines.hstack(more) if more else lines
