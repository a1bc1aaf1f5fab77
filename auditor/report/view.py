"""What the sheets show, worked out once: the findings in order, and where things stand.

Every sheet gets this one view, so that they agree: a claim's place in the Worklist is the order of
its findings in Findings, and links lead where the rows are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from auditor.report.figures import TIERS
from auditor.seal import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from auditor.result import AuditResult
    from auditor.rules import Rule

CLAIM = ("payer", "patient_id", "claim_id")
"""What tells one claim: claim ids of two payers or patients may be alike."""
FIRST_FINDING = 3
"""Row of the first finding on the sheet Findings: a note and the header stand above it."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names of files that the workbook speaks of; '' for none."""

    supersedes: str = ""
    """The report before this one."""
    findings: str = ""
    """The file beside the workbook that has all findings."""
    rejected: str = ""
    """The file beside the workbook that has all rejected rows."""


@dataclass(frozen=True, slots=True)
class View:
    """One report, before it is a workbook."""

    result: AuditResult
    rules: Sequence[Rule]
    findings: pl.DataFrame
    """schemas.Findings in the order of the sheet, the first `cap` of them, and

    - nth: their place in result.findings (and in result.places)
    - check: the column Check (auditor.seal)
    - decision: what was decided of it before, in a sentence; null for nothing
    - open: whether it still waits for a decision
    - place: the place of its line on the sheet Claim lines, as links name it; null for none
    """
    cap: int
    rejected_cap: int
    names: Names


def view_of(
    result: AuditResult, rules: Sequence[Rule], cap: int, rejected_cap: int, names: Names
) -> View:
    """Work out what the sheets show."""
    return View(result, rules, in_order(result).head(cap), cap, rejected_cap, names)


def in_order(result: AuditResult) -> pl.DataFrame:
    """All findings, certain first, with the columns that View names."""
    rank = pl.col("tier").replace_strict(TIERS, range(len(TIERS)))
    return result.findings.with_columns(
        checks(result.findings).alias("check"),
        nth=pl.int_range(pl.len(), dtype=pl.UInt32),
        decision=pl.lit(None, pl.String),
        open=pl.lit(value=True),
        place=pl.lit(None, pl.String),
    ).sort(rank, maintain_order=True)
