"""What the operator's words for rules stand for: an id, a name, an alias or a family."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.rules.interface import Rule


def words(values: Iterable[str]) -> tuple[str, ...]:
    """The single words of texts that may be lists: 'AOC, PTP-0' is two."""
    return tuple(word for value in values for word in re.split(r"[\s,;]+", value) if word)


def own_name(word: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules whose id, name or alias `word` is, in any case."""
    wanted = word.casefold()
    return tuple(r for r in rules if wanted in {x.casefold() for x in (r.id, r.name, *r.aliases)})


def rules_named(word: str, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that `word` stands for: an id, name or alias, else a family such as AOC."""
    return own_name(word, rules) or tuple(
        r for r in rules if family(r.id).casefold() == word.casefold()
    )


def family(rule_id: str) -> str:
    """The family of a rule: AOC of AOC-1."""
    return rule_id.rpartition("-")[0]


def words_known(rules: Sequence[Rule]) -> list[str]:
    """Every word that stands for a rule."""
    return sorted({x for r in rules for x in (r.id, r.name, *r.aliases, family(r.id))})
