"""The tables that cross a border inside the auditor, as pandera models.

One model a table: what goes in and out of intake, the reference store, the audit and the
report. The models are the contract; nothing here knows where data came from.

Importing this package imports pandera and polars (about 0.7 s), so the command line imports it
inside commands only.
"""

from schemas.claims import ClaimLines, RejectedRows, Repairs, SetAside
from schemas.history import EndedLines, RejectedKeys, StoredLines
from schemas.life import CarriedFindings, ClosedFindings, FindingLife, Trend
from schemas.reference import (
    AddOnEdits,
    FeeSchedule,
    HcpcsCodes,
    MueValues,
    PtpEdits,
    ReferenceChanges,
)
from schemas.results import (
    ComparedFindings,
    Coverage,
    Findings,
    SeparablePairs,
    TableCoverage,
    UnjudgedCodes,
)
from schemas.review import Decisions, Dispositions, Standing, Unmatched
from schemas.tools import dtypes, empty

__all__ = [
    "AddOnEdits",
    "CarriedFindings",
    "ClaimLines",
    "ClosedFindings",
    "ComparedFindings",
    "Coverage",
    "Decisions",
    "Dispositions",
    "EndedLines",
    "FeeSchedule",
    "FindingLife",
    "Findings",
    "HcpcsCodes",
    "MueValues",
    "PtpEdits",
    "ReferenceChanges",
    "RejectedKeys",
    "RejectedRows",
    "Repairs",
    "SeparablePairs",
    "SetAside",
    "Standing",
    "StoredLines",
    "TableCoverage",
    "Trend",
    "UnjudgedCodes",
    "Unmatched",
    "dtypes",
    "empty",
]
