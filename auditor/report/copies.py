"""What the sheets say of a report that is not the first, the whole or the plain one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.report.sheet import FOOTER

if TYPE_CHECKING:
    from auditor.report.view import View
    from auditor.result import AuditResult

REDACTED = (
    "Redacted copy, for showing and not for answering: patient and claim numbers and finding ids"
    " are pseudonyms (the same in every copy made with one key); birth dates, claim notes, file"
    " names and values as they stood in the files are left out. Dates of service and ages stay, so"
    " it is still a limited data set (45 CFR 164.514(e)): keep it confidential."
)
REDACTED_FOOTER = "Confidential: redacted copy, still a limited data set (45 CFR 164.514(e))"


def told(view: View) -> list[str]:
    """Sentences that the reader must know before the figures."""
    said = []
    if view.result.part:
        said.append(
            f"Only what concerns {view.result.part}. Rejected rows, lines set aside and what could"
            " not be judged are told in the report of all lines."
        )
    if view.result.redacted:
        said.append(REDACTED)
    if view.names.supersedes:
        said.append(f"This report supersedes {view.names.supersedes}, which was left as it was.")
    if view.names.held:
        names = ", ".join(view.names.held)
        said.append(f"{names} was open in another program, so this report has the next free name.")
    return said


def footer(result: AuditResult) -> str:
    """What stands below every printed page."""
    return REDACTED_FOOTER if result.redacted else FOOTER


def subject(result: AuditResult) -> str:
    """The subject among the document's properties."""
    kind = "redacted copy" if result.redacted else "contains patient data"
    return f"Findings of a claim audit; confidential, {kind}"
