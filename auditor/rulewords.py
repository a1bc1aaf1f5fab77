"""The configuration's words about rules and payers: what they stand for, and which stand for none.

`problems` looks at every word of a file; `options` is what engine and rules read, for settings
without problems.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from auditor.rules.naming import own_name, rules_named, words, words_known
from auditor.rules.options import KEYS, SPECIALTIES, WEAKER_TIERS, RuleOptions
from auditor.tomlfile import hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from auditor.config import Settings
    from auditor.rules.interface import Rule

Value = TypeVar("Value", bound=str)

_OTHERS = ("medicaid", "commercial")
_MOST = 1_000_000
"""No day, count or number of quarters is larger; a typing error soon is."""
_NEVER_TIERS = {
    "off": "leave the rule out with ignore",
    "certain": "a tier can only be lowered",
}


def problems(settings: Settings) -> Iterator[str]:
    """What is wrong in the settings about rules and payers, each with its dotted place."""
    yield from _unknown_rules(settings)
    yield from _businesses("adopted", settings.adopted, "Medicare's edits need no adopting")
    yield from _businesses(
        "timely_filing_days", settings.timely_filing_days, "42 CFR 424.44 sets Medicare's limit"
    )
    yield from _values("tiers", settings.tiers, WEAKER_TIERS, _NEVER_TIERS)
    yield from _values("same_practitioner", settings.same_practitioner, KEYS, {})
    yield from _not_to_adopt(settings)
    yield from _no_choice_of_key(settings)
    yield from _numbers(settings)
    for name, codes in settings.specialties.items():
        if name not in SPECIALTIES:
            near = hint(name, SPECIALTIES) or f" ({', '.join(SPECIALTIES)})"
            yield f"specialties.{name} is no kind of practitioner{near}"
        if not all(code.strip() for code in codes):
            yield f"specialties.{name} holds an empty text"
    seen: dict[str, str] = {}
    for payer in settings.payers:
        folded = " ".join(payer.lower().split())
        if not folded.strip("* "):
            yield f"payers.{payer} names no payer: line_of_business says it of all others"
        elif folded in seen:
            yield f"payers.{payer} is '{seen[folded]}' again"
        seen.setdefault(folded, payer)


def options(settings: Settings) -> RuleOptions:
    """What engine and rules read, for settings that have no problems."""
    rules = _catalogue(settings)
    limits = settings.thresholds
    adopted = {
        business: frozenset(r.id for w in said for r in adoptable(w, business, rules))
        for business, said in sorted(settings.adopted.items())
        if said
    }
    return RuleOptions(
        tiers=_by_id(settings.tiers, WEAKER_TIERS, rules),
        adopted=adopted,
        same_practitioner=_by_id(settings.same_practitioner, KEYS, rules),
        minutes_per_day=limits.minutes_per_day,
        stronger_minutes_per_day=limits.stronger_minutes_per_day,
        therapy_units_per_day=limits.therapy_units_per_day,
        implausible_day_lines=limits.implausible_day_lines,
        timely_filing_days=dict(sorted(settings.timely_filing_days.items())),
        specialties={  # claim lines carry codes in upper case
            name: tuple(code.strip().upper() for code in codes)
            for name, codes in sorted(settings.specialties.items())
        },
        release_gap_review=limits.release_gap_review,
    )


def adoptable(word: str, business: str, rules: Sequence[Rule]) -> list[Rule]:
    """Of the rules that `word` names those that are at most review for the line of business."""
    return [r for r in rules_named(word, rules) if business in r.review_for]


def _places(settings: Settings) -> Iterator[tuple[str, str]]:
    """(dotted place, word) of every word for rules."""
    for name, said in (("select", settings.select), ("ignore", settings.ignore)):
        yield from ((name, word) for word in words(said))
    for name, table in (
        ("tiers", settings.tiers),
        ("same_practitioner", settings.same_practitioner),
    ):
        yield from ((f"{name}.{word}", word) for word in table)
    for business, said in settings.adopted.items():
        yield from ((f"adopted.{business}", word) for word in said)


def _catalogue(settings: Settings) -> tuple[Rule, ...]:
    """Every rule; none where no word asks for one, because the catalogue is slow to load."""
    if next(_places(settings), None) is None:
        return ()
    from auditor.rules import catalogue  # noqa: PLC0415 - see above

    return catalogue()


def _unknown_rules(settings: Settings) -> Iterator[str]:
    rules = _catalogue(settings)
    for place, word in _places(settings):
        if not rules_named(word, rules):
            yield f"{place}: there is no rule '{word}'" + hint(word, words_known(rules))
    for name, table in (
        ("tiers", settings.tiers),
        ("same_practitioner", settings.same_practitioner),
    ):
        said: dict[str, str] = {}
        for word, value in table.items():
            for rule in own_name(word, rules):
                if table[said.setdefault(rule.id, word)] != value:
                    yield f"{name}.{word} and {name}.{said[rule.id]} are one rule, said twice"


def _values(
    name: str, table: Mapping[str, str], choices: Sequence[str], never: Mapping[str, str]
) -> Iterator[str]:
    """Words of a table that are none of the `choices`; `never` says why some are not."""
    for word, value in table.items():
        if value not in choices:
            why = f" ({never[value]})" if value in never else hint(value, choices)
            quoted = [f"'{choice}'" for choice in choices]
            yield f"{name}.{word} must be {', '.join(quoted[:-1])} or {quoted[-1]}{why}"


def _businesses(name: str, table: Iterable[str], why: str) -> Iterator[str]:
    """Lines of business of a table that are none, and Medicare, for which `why` stands."""
    for business in table:
        if business == "medicare":
            yield f"{name}.medicare cannot be set: {why}"
        elif business not in _OTHERS:
            near = hint(business, _OTHERS) or f" ({', '.join(_OTHERS)})"
            yield f"{name}.{business} is no setting{near}"


def _not_to_adopt(settings: Settings) -> Iterator[str]:
    """Words of [adopted] whose rules are nowhere at most review for that line of business."""
    rules = _catalogue(settings)
    for business, said in settings.adopted.items():
        for word in said if business in _OTHERS else ():
            found = rules_named(word, rules)
            if not found or adoptable(word, business, rules):
                continue
            silent = all(business not in r.profiles for r in found)
            why = "not judged" if silent else "judged at its own tier already"
            yield f"adopted.{business}: {word} is {why} for {business}"


def _no_choice_of_key(settings: Settings) -> Iterator[str]:
    """Words of [same_practitioner] whose rules all compare the rendering NPI and nothing else."""
    rules = _catalogue(settings)
    for word in settings.same_practitioner:
        found = rules_named(word, rules)
        if found and not any(rule.practitioner for rule in found):
            some = ", ".join(r.id for r in rules if r.practitioner)
            yield (
                f"same_practitioner.{word}: {word} compares the rendering NPI, as CMS defines it"
                f" (rules that take a key: {some})"
            )


def _numbers(settings: Settings) -> Iterator[str]:
    limits = settings.thresholds
    least = {
        "thresholds.minutes_per_day": (limits.minutes_per_day, 1),
        "thresholds.stronger_minutes_per_day": (limits.stronger_minutes_per_day, 1),
        "thresholds.therapy_units_per_day": (limits.therapy_units_per_day, 1),
        "thresholds.implausible_day_lines": (limits.implausible_day_lines, 1),
        "thresholds.release_gap_review": (limits.release_gap_review, 0),
        **{f"timely_filing_days.{b}": (n, 1) for b, n in settings.timely_filing_days.items()},
    }
    for place, (number, bound) in least.items():
        if number is not None and not bound <= number <= _MOST:
            yield f"{place} must be from {bound} to {_MOST:,}"
    if limits.stronger_minutes_per_day < limits.minutes_per_day:
        yield (
            f"thresholds.stronger_minutes_per_day ({limits.stronger_minutes_per_day}) must not be"
            f" less than minutes_per_day ({limits.minutes_per_day})"
        )


def _by_id(
    table: Mapping[str, str], choices: Sequence[Value], rules: Sequence[Rule]
) -> dict[str, Value]:
    """Rule id -> value; what is said of a rule itself goes before what is said of its family."""
    found: dict[str, Value] = {}
    for word, value in sorted(table.items(), key=lambda item: bool(own_name(item[0], rules))):
        choice = next(choice for choice in choices if choice == value)
        found.update((r.id, choice) for r in rules_named(word, rules))
    return dict(sorted(found.items()))
