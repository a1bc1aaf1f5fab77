"""What an audit is told in: the workbook for people, findings and figures for programs.

The workbook's sheets, and openpyxl with them, are imported when a workbook is written: an audit
that writes its findings alone does not wait for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# not when it is asked for: the module of its name would stand there instead
from auditor.report.redact import redact

if TYPE_CHECKING:
    from auditor.report.machine import summary, write_findings, write_summary, write_table
    from auditor.report.split import write_parts
    from auditor.report.workbook import write_report

__all__ = [
    "redact",
    "summary",
    "write_findings",
    "write_parts",
    "write_report",
    "write_summary",
    "write_table",
]

_WHERE = {
    "summary": "auditor.report.machine",
    "write_findings": "auditor.report.machine",
    "write_parts": "auditor.report.split",
    "write_report": "auditor.report.workbook",
    "write_summary": "auditor.report.machine",
    "write_table": "auditor.report.machine",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the attribute is what the caller asked for
    """Import a function when it is first asked for."""
    if name in _WHERE:
        return getattr(import_module(_WHERE[name]), name)
    message = f"module 'auditor.report' has no attribute {name!r}"
    raise AttributeError(message)
