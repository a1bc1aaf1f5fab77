"""The tables that cross a border inside the auditor, as pandera models.

One model a table: what goes in and out of intake, the reference store, the audit and the
report. The models are the contract; nothing here knows where data came from.

Importing pandera takes as long as a whole small audit, and most commands ask for the columns of a
model alone. So a name of this package stands for its model until something other than columns is
asked of it (schemas.standing).
"""

from typing import TYPE_CHECKING

from schemas.tools import dtypes, empty

if TYPE_CHECKING:
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
else:
    from schemas.standing import StandIn

    def __getattr__(name):  # noqa: ANN001, ANN202 - type checkers see the models themselves
        """The stand-in of a model, made when it is asked for first."""
        if name not in __all__:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        return globals().setdefault(name, StandIn(name))


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
