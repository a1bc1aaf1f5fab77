"""What `--timings` prints: time and rows by stage, and by rule, line rules and join rules apart."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from auditor.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from auditor.engine.clock import Part

STAGES = (
    "intake",
    "reference",
    "enrichment",
    "line rules",
    "join rules",
    "findings",
    "coverage",
    "review",
    "outputs",
)
_NOTE = (
    "Join rules and line rules run in two threads, and coverage beside the findings, so that the"
    " stages add up to more than the whole. Rows: lines read, looked at or counted; of rules, the"
    " hits before findings of one cause are joined."
)


def told(parts: Sequence[Part], seconds: float) -> Iterator[str]:
    """The tables, line by line; `seconds`: the whole run's."""
    by_stage: dict[str, float] = defaultdict(float)
    rows: dict[str, int] = defaultdict(int)
    for part in parts:
        stage = "line rules" if part.stage == "line rule" else part.stage
        by_stage[stage] += part.seconds
        if part.stage not in ("line rule", "join rules"):
            rows[stage] = max(rows[stage], part.rows or 0)
    yield "\nTimings"
    table = [("STAGE", "SECONDS", "ROWS")]
    table += [
        (stage, f"{by_stage[stage]:.3f}", f"{rows[stage]:,}" if rows[stage] else "")
        for stage in STAGES
        if stage in by_stage
    ]
    table.append(("whole run", f"{seconds:.3f}", ""))
    yield output.table(table, right=frozenset({1, 2}))
    for title, stage in (("Line rules", "line rule"), ("Join rules", "join rules")):
        yield ""
        mine = sorted((p for p in parts if p.stage == stage), key=lambda p: (-p.seconds, p.name))
        head = ("RULE" if stage == "line rule" else "RULES", "SECONDS", "HITS")
        listed = [(_name(p), f"{p.seconds:.3f}", f"{p.rows or 0:,}") for p in mine]
        yield output.table([(f"{title}: {head[0]}", *head[1:]), *listed], right=frozenset({1, 2}))
    yield ""
    yield output.wrapped(_NOTE, 0)


def _name(part: Part) -> str:
    """A rule's id, or the ids of the rules that a module judges together."""
    if part.stage == "line rule":
        return part.name
    from auditor.rules import modules

    for module in modules():
        if module.__name__.rsplit(".", 1)[-1] == part.name:
            ids = [rule.id for rule in module.RULES if rule.when is None]
            return f"{' '.join(ids)} ({part.name})"
    return part.name
