"""What `--timings` prints: time and rows by stage, and by rule, line rules and join rules apart."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from auditor.cli import output
from auditor.engine.clock import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STAGES = (
    "intake",
    "reference",
    "parts",
    "enrichment",
    "line rules",
    "join rules",
    "findings",
    "coverage",
    "review",
    "outputs",
)
_NOTE = (
    "Join rules and line rules run in three threads, and coverage beside the findings, so that the"
    " stages add up to more than the whole. Rows: lines read, looked at or counted; of rules, the"
    " hits before findings of one cause are joined."
)
_PARTS = "Stages of the audit are those of all parts together, and are within `parts`."


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
        mine = sorted(_added(parts, stage), key=lambda p: (-p.seconds, p.name))
        head = ("RULE" if stage == "line rule" else "RULES", "SECONDS", "HITS")
        listed = [(_name(p), f"{p.seconds:.3f}", f"{p.rows or 0:,}") for p in mine]
        yield output.table([(f"{title}: {head[0]}", *head[1:]), *listed], right=frozenset({1, 2}))
    yield ""
    yield output.wrapped(_NOTE if "parts" not in by_stage else f"{_NOTE} {_PARTS}", 0)


def _added(parts: Sequence[Part], stage: str) -> Iterator[Part]:
    """The parts of `stage`, one a name: of a batch in parts each rule ran more than once."""
    found: dict[str, Part] = {}
    for part in parts:
        if part.stage == stage:
            known = found.setdefault(part.name, Part(stage, part.name, rows=0))
            known.seconds += part.seconds
            known.rows = (known.rows or 0) + (part.rows or 0)
    yield from found.values()


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
