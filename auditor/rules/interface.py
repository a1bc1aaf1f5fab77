"""What a rule is, and the catalogue of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    import polars as pl

    from auditor.reference.interface import Reference
    from auditor.rules.options import RuleOptions

Tier = Literal["certain", "review", "info"]
Shape = Literal["line", "day", "span", "provider"]
ADD_ON_TABLE_BEGINS = date(2013, 4, 1)
"""The first rows of the CMS add-on table; nothing is judged by it before (DESIGN, dates)."""


class Stage(IntEnum):
    """The order of judgement (docs/order-of-judgement.md); a later stage sees earlier denials."""

    DUPLICATES = 1
    LINES = 2
    PAIRS = 3
    UNITS = 4
    ADD_ONS = 5
    POLICY = 6
    AFTER = 7
    """Reads the hits of all others (State.hits_of): what restates them or needs their absence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: metadata, documentation and examples in one declaration."""

    id: str
    """Family and number, for ever: AOC-1. A retired id is never used again."""
    name: str
    """The defect in kebab case: orphan-add-on."""
    tier: Tier
    """The strongest tier the rule gives; single findings may be lower."""
    shape: Shape
    precedence: int
    """Rank among findings that deny one line (SPEC 2.6): the lowest is the headline."""
    denies: bool
    """True: the finding says that the line does not pay, so it joins the line's one headline."""
    profiles: tuple[str, ...]
    """Lines of business it is judged for at its own tier."""
    review_for: tuple[str, ...] = ()
    """Lines of business it is judged for at most at review (SPEC 2.7); silent for the rest."""
    columns: tuple[str, ...]
    """Claim-line columns without which it cannot be judged."""
    cells: tuple[str, ...] = ()
    """Those of `columns` whose blank cell keeps a rule that joins lines from judging the line; a
    rule on single lines asks for all of its columns."""
    tables: tuple[str, ...]
    """Kinds of reference table without which it cannot be judged."""
    looks_back: int = 0
    """Span rules: days before the line in which another one matters; coverage says where the
    lines at hand do not reach back so far."""
    causes: Callable[[], pl.Expr] | None = field(default=None, compare=False)
    """With `looks_back`: the codes whose lines matter to others so many days later, as a boolean
    expression over code facts. Every other rule judges a line by lines of its own day and of the
    days beside it (docs/order-of-judgement.md)."""
    effects: Callable[[], pl.Expr] | None = field(default=None, compare=False)
    """With `looks_back`: the codes whose lines are judged by those of `causes` before them."""
    whole_batch: bool = False
    """It depends on lines of other patients or of the whole claim (what others of the laboratory,
    the practice or the practitioner carry), which a night that judges a line again need not see:
    that it does not find it again takes nothing back. It stands as long as its line does."""
    blind: Callable[[Reference], tuple[tuple[str, pl.Expr], ...]] | None = field(
        default=None, compare=False
    )
    """Reasons of its own for which it does not judge a line: words for Coverage, and a condition
    over the kinds of auditor.engine.reasons."""
    flags: str
    why: str
    not_flagged: str
    remedy: str
    citation: str
    example_flag: tuple[str, ...]
    """Claim lines in the notation of auditor.rules.notation; at least one is flagged."""
    example_ok: tuple[str, ...]
    """Claim lines none of which this rule flags."""
    aliases: tuple[str, ...] = ()
    speaks_in_also: bool = False
    """Where another rule is the headline, this one adds its message and gives its remedy."""
    amount: Literal["line", "not determined", "none"] = "line"
    practitioner: Literal["", "rendering", "group-specialty", "group"] = ""
    """Who counts as the same practitioner, where the configuration may say otherwise."""
    when: Callable[[], pl.Expr] | None = field(default=None, compare=False)
    """Line rules: what is asked of a kind of line: code facts, modifiers, pos and lob.

    A boolean expression over auditor.engine.line_rules kinds, tried once per distinct kind.
    """
    refine: Callable[[RuleOptions], pl.Expr] | None = field(default=None, compare=False)
    """Line rules: what is asked of each line that `when` leaves: units, charge, dates.

    It may name any column of the lines, of their kinds and of schemas.ClaimLines.
    """
    says: Callable[[], dict[str, pl.Expr]] | None = field(default=None, compare=False)
    """Line rules: message, remedy and, where it varies, tier, over the lines that were hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePolicy:
    """A policy table of codes that a rule module asks the enrichment for (module's CODES).

    Its rows in force become columns of the facts of each code and epoch, null or False elsewhere.
    """

    table: str
    """auditor/reference/policy/TABLE.csv: code_low, code_high, effective, deletion and values."""
    flag: str = ""
    """Name of a fact that is True where a row of the table is in force; blank: none."""
    columns: tuple[tuple[str, str], ...] = ()
    """(fact, column of the table) of values that go along, as text."""
    only: tuple[str, tuple[str, ...]] | None = None
    """(column, values): only rows whose column holds one of these values."""


def any_of(*modifiers: str) -> pl.Expr:
    """The line carries one of `modifiers` (for `when` of line rules)."""
    import polars as pl  # noqa: PLC0415 - importing the catalogue's form stays cheap

    return pl.col("padded").str.contains(f" (?:{'|'.join(modifiers)}) ")


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of this package that declares rules, in name order."""
    package = import_module("auditor.rules")
    found = (import_module(f"auditor.rules.{m.name}") for m in iter_modules(package.__path__))
    return tuple(m for m in found if hasattr(m, "RULES"))


@cache
def catalogue() -> tuple[Rule, ...]:
    """Every rule, sorted by family and number."""
    return tuple(sorted((r for m in modules() for r in m.RULES), key=lambda r: r.id))


@cache
def code_policies() -> tuple[CodePolicy, ...]:
    """What all rules ask of the policy tables of codes."""
    return tuple(policy for module in modules() for policy in getattr(module, "CODES", ()))


@cache
def rule_of(rule_id: str) -> Rule:
    """The rule of this id."""
    return next(r for r in catalogue() if r.id == rule_id)


@cache
def rule_ids() -> frozenset[str]:
    """Every rule id."""
    return frozenset(r.id for r in catalogue())
