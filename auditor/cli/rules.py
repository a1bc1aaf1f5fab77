"""`auditor rules`: the catalogue, a family of it, or one rule's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli import output, selection
from auditor.rules.naming import rules_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.rules import Rule

_EVERYWHERE = {"medicare", "medicaid", "commercial"}


def rules(
    rule: Annotated[str | None, typer.Argument(metavar="RULE", hidden=True)] = None,
    by_profile: Annotated[
        bool,
        typer.Option("--profiles", help="Show the tier of each rule by line of business."),
    ] = False,
) -> None:
    """List the rules, or show one in full.

    RULE: an id, a name or a family: AOC-1, orphan-add-on, AOC.
    """
    from auditor.rules import catalogue

    found: Sequence[Rule] = catalogue()
    if rule is not None:
        found = rules_named(rule, found)
        if not found:
            raise selection.unknown_rule(rule, catalogue())
    if by_profile:
        output.say(by_business(found))
        output.say()
        output.say("- does not run; review below a stronger tier: at most review there")
    elif rule is not None and len(found) == 1:
        for text in page(found[0]):
            output.say(text)
    else:
        output.say(listing(found))
        output.say()
        output.say("One rule in full: auditor rules RULE")


def listing(found: Sequence[Rule]) -> str:
    """The catalogue as a table."""
    head = ("RULE", "TIER", "NAME", "PROFILES")
    return output.table([head, *((r.id, r.tier, r.name, profiles(r)) for r in found)])


def by_business(found: Sequence[Rule]) -> str:
    """The tier of each rule for each line of business."""
    from auditor.rules.profiles import BUSINESSES, row

    head = ("RULE", *(business.upper() for business in BUSINESSES), "NAME")
    return output.table([head, *((*row(r), r.name) for r in found)])


def profiles(rule: Rule) -> str:
    """The lines of business the rule judges at its own tier."""
    return "all" if set(rule.profiles) >= _EVERYWHERE else ", ".join(rule.profiles)


def page(rule: Rule) -> Iterator[str]:
    """One rule's page, section by section."""
    yield f"{rule.id} {rule.name} ({rule.tier})"
    sections = {
        "What it flags": rule.flags,
        "Why it matters": rule.why,
        "Not flagged": rule.not_flagged,
        "Remedy": rule.remedy,
        "Citation": rule.citation,
        "Lines of business": profiles(rule)
        + (f"; at review only: {', '.join(rule.review_for)}" if rule.review_for else ""),
        "Needs": "; ".join(
            f"{what} {', '.join(names)}"
            for what, names in (("columns", rule.columns), ("tables", rule.tables))
            if names
        ),
        "Also known as": ", ".join(rule.aliases),
    }
    for title, text in sections.items():
        if text:
            yield f"\n{title}"
            yield output.wrapped(" ".join(text.split()), 2)
    for title, example in (
        ("Example: flagged", rule.example_flag),
        ("Example: not flagged", rule.example_ok),
    ):
        yield f"\n{title}"
        yield from (f"  {line}" for line in example)
