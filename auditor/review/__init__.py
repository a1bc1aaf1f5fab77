"""Reviewers' decisions: read from the workbooks they give back, and held against later findings.

- `read_decisions`: what a workbook says, as far as its check values prove that it says it.
- `consult` and `applied`: what the ledger says about a batch, brought to the result of its audit.
- `standing` and `unmatched`: the same for findings and decisions at hand.
"""

from auditor.review.applying import Consulted, applied, consult
from auditor.review.decisions import Problem, Reviewed, ReviewOptions, read_decisions
from auditor.review.standing import standing, unmatched

__all__ = [
    "Consulted",
    "Problem",
    "ReviewOptions",
    "Reviewed",
    "applied",
    "consult",
    "read_decisions",
    "standing",
    "unmatched",
]
