"""X12 837P claim files (005010X222), read column by column."""

from __future__ import annotations

from auditor.intake.x12.claims import open_x12
from auditor.intake.x12.delimiters import begins

__all__ = ["begins", "open_x12"]
