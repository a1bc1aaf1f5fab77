"""The rules: one module a rule or close family, each a declaration and one pure thing.

A rule module holds `RULES`, a tuple of `Rule`, and either a boolean expression per rule
(`Rule.when`, evaluated with all other line rules in one pass over the lines) or a function
`find(batch)` that answers hits of every rule of the module. Modules are found by walking this
package, so that a new rule touches one module and one case file.
"""

from __future__ import annotations

from auditor.rules.interface import (
    CodePolicy,
    Rule,
    Shape,
    Stage,
    any_of,
    catalogue,
    modules,
    rule_ids,
)

__all__ = ["CodePolicy", "Rule", "Shape", "Stage", "any_of", "catalogue", "modules", "rule_ids"]
