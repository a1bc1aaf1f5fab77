"""The same batch audited at once, in parts, and in parts with the findings left on the disk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
from oracle.harness import AS_OF, intake_of
from polars.testing import assert_frame_equal

from auditor.auditing import audit
from auditor.parts.merge import merged
from auditor.parts.run import OnDisk, audit_parts, tell_parts
from auditor.parts.spill import Parts, Spill
from auditor.report.ages import late
from auditor.report.bypass import met
from auditor.report.practitioners import scorecard
from auditor.result import AuditOptions, AuditResult
from auditor.rules.options import RuleOptions
from schemas import ClaimLines, empty

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.reference.interface import Reference

TABLES = (
    "findings",
    "coverage",
    "table_coverage",
    "unjudged_codes",
    "set_aside",
    "rejected",
    "repairs",
)
VALUES = (
    "lines_read",
    "lines_audited",
    "lines_by_business",
    "first_service_date",
    "last_service_date",
    "notes",
)


def spilled(lines: pl.DataFrame, folder: Path, count: int, slab: int) -> Parts:
    """`lines` on the disk, as if two files had been read batch by batch."""
    spill = Spill(folder, count, slab)
    middle = lines.height // 2
    for file in (lines.slice(0, middle), lines.slice(middle)):
        spill.begin()
        for batch in file.drop("line_key").iter_slices(7):
            spill.add(batch)
        spill.done()
    return spill.parts()


def both(  # noqa: PLR0913 - what a batch is of, and how it is divided
    lines: pl.DataFrame,
    reference: Reference,
    room: Path,
    count: int,
    *,
    rejected: pl.DataFrame | None = None,
    slab: int = 50,
    rules: RuleOptions | None = None,
) -> tuple[AuditResult, AuditResult, OnDisk]:
    """At once, and in `count` parts with and without what a report shows."""
    intake = intake_of(lines, rejected)
    options = AuditOptions(as_of=AS_OF, run_id="test", rules=rules or RuleOptions())
    parts = spilled(lines, room / "lines", count, slab)
    without = replace(intake, lines=empty(ClaimLines))
    divided = audit_parts(parts, without, reference, options, room=room)
    told = tell_parts(parts, without, reference, options, room=room)
    return audit(intake, reference, options), divided, told


def assert_same(one: AuditResult, parts: AuditResult, told: OnDisk | None = None) -> None:
    """Whatever a report, and (in `told`) whatever figures and findings show is the same."""
    if told is not None:
        assert_told(one, told)
    for name in TABLES:
        assert_frame_equal(getattr(parts, name), getattr(one, name))
    for name in VALUES:
        assert getattr(parts, name) == getattr(one, name), name
    assert_frame_equal(scorecard(parts), scorecard(one))
    names = ["claim_id", "line_number", "source_file", "source_row"]
    for column in ("row", "other"):
        there, here = (
            each.lines.select(names)[each.places[column].drop_nulls()] for each in (one, parts)
        )
        assert_frame_equal(here, there)
    pairs = [met(each).drop("row", "other") for each in (one, parts)]
    assert_frame_equal(*(each.sort(each.columns) for each in pairs))
    assert late(one) == late(parts)


def assert_told(one: AuditResult, told: OnDisk) -> None:
    """Whatever can be shown without a line is the same."""
    for name in (*TABLES[1:], "tally"):
        assert_frame_equal(getattr(told, name), getattr(one, name))
    for name in (*VALUES, "found", "open_tiers", "decisions"):
        assert getattr(told, name) == getattr(one, name), name
    assert late(told) == late(one)
    for most in (3, 1000):
        pieces = list(merged(told.findings_in, most))
        assert {piece.height for piece in pieces[:-1]} <= {most}
        assert_frame_equal(pl.concat(pieces), one.findings)
