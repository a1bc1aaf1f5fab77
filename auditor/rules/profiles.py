"""Which rule runs for which line of business, and at which tier: one table.

docs/profiles.md is this text, and a test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.rules.interface import catalogue

if TYPE_CHECKING:
    from auditor.rules.interface import Rule

BUSINESSES = ("medicare", "medicaid", "commercial", "unknown")
SILENT = "-"

_HEAD = """# Profiles: which rule runs for whom

Made from the declarations in `auditor/rules`; do not edit by hand (see docs/developing.md).
`auditor rules --profiles` prints the same table. A cell is the strongest tier that the rule gives
for that line of business: where it is weaker than the rule's own, the rule is at most that.
`-`: the rule does not run there. `unknown` is a line whose payer nothing tells.

A line's business comes from its own column, else from `[payers]`, else from the payer's name, else
from `--line-of-business`. `[adopted]` raises what is at most review for commercial or Medicaid to
the rule's own tier; `[tiers]` lowers ([configuration](configuration.md)).
"""


def cell(rule: Rule, business: str) -> str:
    """The strongest tier of `rule` for a line of business, or SILENT."""
    if business in rule.profiles:
        return rule.tier
    if business in rule.review_for:
        return "info" if rule.tier == "info" else "review"
    return SILENT


def row(rule: Rule) -> tuple[str, ...]:
    """The rule's id and its cell for each of BUSINESSES."""
    return (rule.id, *(cell(rule, business) for business in BUSINESSES))


def markdown() -> str:
    """The table of the whole catalogue."""
    lines = [("rule", *BUSINESSES, "name"), ("---",) * (len(BUSINESSES) + 2)]
    lines += [
        (f"[{r.id}](rules.md#{r.id.lower()}-{r.name})", *row(r)[1:], r.name) for r in catalogue()
    ]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{_HEAD}\n{table}\n"
