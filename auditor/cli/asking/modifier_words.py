"""What `auditor code` prints of a modifier, the most asked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.asking.guidance import topics
from auditor.cli.asking.sections import section, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.asking.card_parts import ModifierCard


_SHOWN = 2
"""Topics told in full where none is of modifiers as such."""


def modifier_text(card: ModifierCard) -> Iterator[str]:
    """The card of a modifier as texts to print one below the other."""
    yield f"Modifier {card.modifier}, on {card.date}"
    yield from section("What it is", _what(card))
    yield from section("When it is proper", _proper(card))
    yield from section("Does it separate a pair", (card.separates,))
    yield from section("Where it stands on the line", (card.order,))
    yield from section("What it does not stand beside", _conflicts(card))
    yield from section(
        "Codes that the built-in tables name with it",
        (f"{sentence(each.text)} [{each.table}: {each.source}]" for each in card.codes),
    )
    yield from section("Rules that speak of it", _rules(card))
    yield from section(
        "Others of its kind", (f"{each.code}: {sentence(each.text)}" for each in card.related)
    )
    yield from section("Guidance", _guidance(card))
    yield from section("What is not known", card.not_known)


def _what(card: ModifierCard) -> Iterator[str]:
    yield sentence(card.title) if card.title else ""
    head = {"ended": "It has ended. ", "not yet": "It is not in force yet. "}
    yield head.get(card.state, "") + card.standing
    if card.descriptor is not None:
        yield (
            f"Your own file calls it: {card.descriptor.text} [{card.descriptor.release},"
            f" {card.descriptor.source}]"
        )
    if card.nearest:
        yield f"Written alike: {', '.join(card.nearest)}. See each with 'auditor code MODIFIER'."


def _proper(card: ModifierCard) -> Iterator[str]:
    if card.proper:
        yield f"{card.proper} [{card.citation}]"
    if card.not_proper:
        yield f"Not proper: {card.not_proper}"


def _guidance(card: ModifierCard) -> Iterator[str]:
    """What is written of modifiers as such; of codes with which it may go, the titles alone."""
    general = {topic.id for topic in topics() if not topic.codes}
    told = [g for g in card.guidance if g.id in general] or card.guidance[:_SHOWN]
    yield from (f"{g.title}: {g.text} [{g.citation}]" for g in told)
    others = [g.id for g in card.guidance if g not in told]
    if others:
        yield f"It is spoken of too, with 'auditor search NAME', in: {', '.join(others)}."


def _conflicts(card: ModifierCard) -> Iterator[str]:
    reasons: dict[tuple[str, str], list[str]] = {}
    for each in card.conflicts:
        reasons.setdefault((each.why, each.tier), []).append(each.modifier)
    for (why, tier), names in reasons.items():
        yield f"{', '.join(names)}: {why} ({tier})."


def _rules(card: ModifierCard) -> Iterator[str]:
    for rule in card.rules:
        yield f"{rule.id} ({rule.tier}): {rule.text}"
