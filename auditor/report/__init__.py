"""What an audit is told in: the workbook for people, findings and figures for programs."""

from auditor.report.machine import summary, write_findings, write_summary, write_table
from auditor.report.redact import redact
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
