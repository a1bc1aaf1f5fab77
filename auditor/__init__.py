"""auditor: the batch auditor for professional claim files.

Library use, in four lines::

    from auditor import audit, load_reference, read_claims, write_report
    intake = read_claims(["claims.csv"])
    result = audit(intake, load_reference())
    write_report(result, "report.xlsx")

Nothing heavy is imported until one of these names is used.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
RULE_SET_VERSION = "2026.11.7"
"""Changes whenever a rule may judge a line otherwise than before."""

_WHERE = {
    "audit": "auditor.auditing",
    "load_reference": "auditor.reference",
    "read_claims": "auditor.intake",
    "write_findings": "auditor.report",
    "write_report": "auditor.report",
    "write_summary": "auditor.report",
}

__all__ = [
    "RULE_SET_VERSION",
    "__version__",
    "audit",
    "load_reference",
    "read_claims",
    "write_findings",
    "write_report",
    "write_summary",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the attribute is what the caller asked for
    """Import a public function when it is first asked for."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    message = f"module 'auditor' has no attribute {name!r}"
    raise AttributeError(message)
