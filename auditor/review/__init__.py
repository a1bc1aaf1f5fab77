"""Reviewers' decisions: read from the workbooks they give back, and held against later findings.

- `read_decisions`: what a workbook says, as far as its check values prove that it says it.
- `standing` and `unmatched`: what the decisions in the ledger mean for the findings of a run.
"""

from auditor.review.decisions import Problem, Reviewed, ReviewOptions, read_decisions
from auditor.review.standing import standing, unmatched

__all__ = [
    "Problem",
    "ReviewOptions",
    "Reviewed",
    "read_decisions",
    "standing",
    "unmatched",
]
