"""The rules as a document: docs/rules.md is this text, and a test holds the two together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.rules.interface import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.rules.interface import Rule

_HEAD = """# The rules

Made from the declarations in `auditor/rules`; do not edit by hand (see docs/developing.md).
`auditor rules RULE` prints one of these pages. Tiers: **certain**, the published table or
definition alone proves it; **review**, it needs the record, the payer's policy or data that is
not on the claim; **info**, a ledger entry. A finding may be weaker than its rule's tier, and says
why.
"""


def markdown() -> str:
    """Every rule's page, in the order of the catalogue."""
    index = [f"| [{r.id}](#{r.id.lower()}-{r.name}) | {r.name} | {r.tier} |" for r in catalogue()]
    table = "\n".join(["| rule | name | tier |", "|---|---|---|", *index])
    pages = "\n".join("\n".join(_page(r)) for r in catalogue())
    return f"{_HEAD}\n{table}\n\n{pages}"


def _page(rule: Rule) -> Iterator[str]:
    """One rule as lines of markdown."""
    yield f"## {rule.id} {rule.name}\n"
    yield f"**Flags** ({rule.tier}): {rule.flags}\n"
    yield f"**Why**: {rule.why}\n"
    yield f"**Not flagged**: {rule.not_flagged}\n"
    yield f"**Remedy**: {rule.remedy}\n"
    scope = ", ".join(rule.profiles)
    if rule.review_for:
        scope += f"; at most review for {', '.join(rule.review_for)}"
    yield f"**Lines of business**: {scope}\n"
    yield f"**Needs**: columns {', '.join(rule.columns)}" + (
        f"; tables {', '.join(rule.tables)}\n" if rule.tables else "\n"
    )
    for title, example in (("Flagged", rule.example_flag), ("Not flagged", rule.example_ok)):
        if example:
            yield f"{title}: " + "; ".join(f"`{line}`" for line in example) + "\n"
    yield f"**Source**: {rule.citation}\n"
