"""What the operator's words for rules, fields, tiers and dates stand for."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeVar

from auditor.errors import ConfigError
from auditor.payers import business, unknown
from auditor.rules.naming import rules_named, words, words_known
from auditor.tomlfile import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from auditor.payers import LineOfBusiness
    from auditor.rules import Rule

Word = TypeVar("Word", bound=str)


def unknown_rule(word: str, rules: Sequence[Rule], where: str = "") -> ConfigError:
    """The error for a word that stands for no rule."""
    return ConfigError(
        f"There is no rule '{word}'.{did_you_mean(word, words_known(rules))}",
        where=where,
        next_step="'auditor rules' lists them all.",
    )


def rule_ids(values: Iterable[str], rules: Sequence[Rule], where: str) -> frozenset[str]:
    """Ids of all rules that the words of one option or setting stand for."""
    chosen: set[str] = set()
    for word in words(values):
        found = rules_named(word, rules)
        if not found:
            raise unknown_rule(word, rules, where)
        chosen |= {r.id for r in found}
    return frozenset(chosen)


def chosen_words(
    selected: Sequence[str], ignored: Sequence[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of the rules that words select (none: all) and leave out."""
    if not (selected or ignored):
        return frozenset(), frozenset()
    from auditor.rules import catalogue

    rules = catalogue()
    select = rule_ids(selected, rules, "--select")
    ignore = rule_ids(ignored, rules, "--ignore")
    if not (select or {rule.id for rule in rules}) - ignore:
        raise ConfigError(
            "No rule is left to run.", next_step="Ask for more with --select or --ignore less."
        )
    return select, ignore


def one_of(value: str, choices: tuple[Word, ...], where: str, command: str = "audit") -> Word:
    """The choice that `value` names, in any case."""
    for choice in choices:
        if choice.casefold() == value.strip().casefold():
            return choice
    raise ConfigError(
        f"'{value}' is not one of {', '.join(choices)}.{did_you_mean(value, choices)}",
        where=where,
        next_step=f"See 'auditor {command} --help'.",
    )


def payer(value: str, where: str = "--line-of-business") -> LineOfBusiness:
    """The kind of payer that `value` names, in any case."""
    found = business(value)
    if found is None:
        what, next_step = unknown(value)
        raise ConfigError(what, where=where, next_step=next_step)
    return found


def day(value: str, where: str) -> date:
    """The calendar date that `value` names."""
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise ConfigError(
            f"'{value}' is not a date.", where=where, next_step="Give it as YYYY-MM-DD."
        ) from None


def column_map(values: Iterable[str], where: str) -> dict[str, str]:
    """FIELD=COLUMN pairs; the column may itself hold an equals sign."""
    pairs = {}
    for value in values:
        name, equals, column = value.partition("=")
        if not (equals and name.strip() and column.strip()):
            raise ConfigError(
                f"'{value}' is not of the form FIELD=COLUMN.",
                where=where,
                next_step="Give the field first, then the header in the file:"
                ' --map code="Proc Code".',
            )
        if name.strip() in pairs:
            raise ConfigError(
                f"'{name.strip()}' is mapped twice.",
                where=where,
                next_step="Name one column; a list of them only for what several make up:"
                ' --map modifiers="Mod 1,Mod 2".',
            )
        pairs[name.strip()] = column.strip()
    return pairs
