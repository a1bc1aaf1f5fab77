"""How long each stage and each rule took, and over how many rows: for --timings."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Part:
    """One timed part. Rules run in three threads, so that parts may overlap."""

    stage: str
    """intake, reference, enrichment, line rules (the common pass), line rule, join rules,
    findings, coverage, review or outputs."""
    name: str
    """Of the rule or the module; within a stage."""
    seconds: float = 0.0
    rows: int | None = None
    """Lines looked at, or hits made: docs/performance.md says which."""


@dataclass(slots=True)
class Clock:
    """The parts of one run, in the order in which they began."""

    parts: list[Part] = field(default_factory=list)

    @contextmanager
    def part(self, stage: str, name: str, rows: int | None = None) -> Iterator[Part]:
        """Time what runs inside; the part's `rows` may be set there."""
        told = Part(stage, name, rows=rows)
        self.parts.append(told)  # appending is atomic: threads share the clock
        started = time.perf_counter()
        try:
            yield told
        finally:
            told.seconds = time.perf_counter() - started
