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
    tables: tuple[str, ...]
    """Kinds of reference table without which it cannot be judged."""
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
    yields_to_pairs: bool = False
    """A policy that restates a PTP pair: silent where PTP names that line (SPEC 2.6)."""
    when: Callable[[], pl.Expr] | None = field(default=None, compare=False)
    """Line rules: the boolean expression over the enriched lines (auditor/enrich.py)."""
    says: Callable[[], dict[str, pl.Expr]] | None = field(default=None, compare=False)
    """Line rules: message, remedy and, where it varies, tier, over the lines that were hit."""


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
def rule_ids() -> frozenset[str]:
    """Every rule id."""
    return frozenset(r.id for r in catalogue())
